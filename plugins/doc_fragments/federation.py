# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """How a federation is planned: what ``calls.federation.FEDERATION`` has beside its members."""

    DOCUMENTATION = r"""
options:
  address_timeout:
    description:
      - How long to wait, in seconds, for addresses that load balancers have not given yet. After that, a party that
        others cannot reach fails. V(0) does not wait, and leaves these routes to the next run.
    type: int
    default: 0
  use_current_context:
    description:
      - Let parties that name no kubeconfig, context or host be on the Kubernetes that is current.
    type: bool
    default: false
  drift:
    description:
      - What to do about live objects that somebody changed, as in M(federatedai.kubefate.fate_cluster).
    type: str
    choices: [ignore, report, repair]
    default: report
  node_port_range:
    description:
      - Range of node ports, which no API server tells; that of its option C(--service-node-port-range).
    type: str
    default: 30000-32767
  preflight_ignore:
    description:
      - Checks of the preflight whose failures are only warnings.
    type: list
    elements: str
    choices:
      - helm
      - kubernetes
      - apis
      - clock
      - rights
      - storage
      - ingress
      - node_ports
      - architecture
      - capacity
      - gpu
      - pod_security
      - quota
    default: []
"""
