#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_preflight_info
short_description: Look whether deploying a federation of FATE can work
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Plans all parties of a federation, as M(federatedai.kubefate.fate_federation_info) does, and looks on the Kubernetes
    that are there whether what was planned can work. One process does it for all parties, and nothing is changed.
  - C(plan), whether the party can be planned. C(helm) and C(kubernetes), their versions. C(apis), API versions that a
    chart or a release has and the Kubernetes has not. C(clock), how far clocks differ.
  - C(rights), every right that the plan needs, or that granting them to the deployer needs.
  - C(storage), storage classes and their access modes, and claims that pods name. C(ingress), ingress classes.
    C(node_ports), whether they lie in the range and are free.
  - C(architecture), images against nodes. C(capacity), whether the pods of all parties fit on the nodes at once, and
    what is missing if not. C(gpu), devices that are asked for.
  - C(pod_security), the level that the namespace enforces against the pods. C(quota), quotas and limit ranges.
  - What may not be read is a warning that begins with C(not visible) and says which right would show it.
extends_documentation_fragment:
  - federatedai.kubefate.federation
  - federatedai.kubefate.connection
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.members
  - federatedai.kubefate.attributes.info
seealso:
  - module: federatedai.kubefate.fate_federation_info
"""

EXAMPLES = r"""
- name: Look before deploying
  federatedai.kubefate.fate_preflight_info:
    parties: "{{ groups['fate'] | federatedai.kubefate.parties(hostvars) }}"
  register: looked

- name: What was found
  ansible.builtin.debug:
    msg: "{{ looked | federatedai.kubefate.preflight_table }}"
"""

RETURN = r"""
checks:
  description: The table, worst first within each party.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: Name of the party in the inventory.
      type: str
      returned: always
    kubernetes:
      description: URL of its API server.
      type: str
      returned: always
    check:
      description: What was looked at.
      type: str
      returned: always
    status:
      description: V(PASS), V(WARN) or V(FAIL).
      type: str
      returned: always
    about:
      description: The object that it is about, as C(Kind/name); empty for the party as a whole.
      type: str
      returned: always
    text:
      description: What was found.
      type: str
      returned: always
    hint:
      description: What to do, or whom to ask; empty for V(PASS).
      type: str
      returned: always
counts:
  description: How many rows have each status, with the keys C(pass), C(warn) and C(fail).
  returned: always
  type: dict
failing:
  description: Parties with at least one V(FAIL).
  returned: always
  type: list
  elements: str
servers:
  description: URLs of the API servers.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import INSPECT_FEDERATION
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INSPECT_FEDERATION)


if __name__ == "__main__":
    main()
