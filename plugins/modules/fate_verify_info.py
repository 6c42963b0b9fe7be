#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_verify_info
short_description: Verify that a federation is as its inventory says, and that its links work
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Compares the route tables of all parties with those that the inventory makes, and looks at what answers. It changes
    nothing.
  - An endpoint is looked at from the machine that runs this; where it is not reached from there, from a pod of the
    party that calls it, with the Python of FATE-Flow's image.
  - Nothing listens, mounts or routes behind simulated pods, so what concerns them is V(SIMULATED) and never V(PASS).
    Route tables and certificates in Kubernetes are compared in any case.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.members
  - federatedai.kubefate.attributes.info
options:
  checks:
    description:
      - V(routes) compares each route table in its ConfigMap with the inventory.
      - V(mounted) compares what pods see of it with the ConfigMap.
      - V(certificate) looks at the certificates in Secrets, and whether those who call each other trust them.
      - V(tls) tries each port with TLS as a party does, without TLS, and with a certificate of another authority.
      - V(link) calls each next hop of each party, with TCP, TLS and its protocol, takes the time of a round trip, and
        finds out whether large bodies are refused.
    type: list
    elements: str
    choices: [routes, mounted, certificate, tls, link]
    default: [routes, mounted, certificate, tls, link]
  timeout:
    description:
      - Seconds that one connection may take.
    type: float
    default: 5
  rtt_warn:
    description:
      - Milliseconds of a round trip from which on it is a warning. V(0) for never.
    type: float
    default: 200
  rtt_fail:
    description:
      - Milliseconds of a round trip from which on it is a failure. V(0) for never.
    type: float
    default: 0
  body_bytes:
    description:
      - Size of a body that has to pass in HTTP and gRPC. It is announced, and only its beginning is sent. V(0) for
        none.
    type: int
    default: 33554432
  expiry_days:
    description:
      - Days before the end of a certificate from which on that is a warning.
    type: int
    default: 30
  mount_timeout:
    description:
      - Seconds that a changed ConfigMap may take to reach its pods.
    type: float
    default: 90
  use_current_context:
    description:
      - Let parties that name no kubeconfig, context or host be on the Kubernetes that is current.
    type: bool
    default: false
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
seealso:
  - module: federatedai.kubefate.fate_federation_info
"""

EXAMPLES = r"""
- name: Verify the federation
  federatedai.kubefate.fate_verify_info:
    parties: "{{ groups['fate'] | federatedai.kubefate.parties(hostvars) }}"
    links: "{{ groups['fate'] | federatedai.kubefate.party_links(hostvars) }}"
  register: verified

- name: For a person
  ansible.builtin.debug:
    msg: "{{ verified | federatedai.kubefate.verify_report }}"

- name: For a pipeline
  ansible.builtin.assert:
    that: verified.counts.FAIL == 0
"""

RETURN = r"""
results:
  description: What was found.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: The check; V(party) for a party that cannot be verified.
      type: str
      returned: always
    host:
      description: Inventory name of the party; of a link, of the one that calls.
      type: str
      returned: always
    target:
      description: Inventory name of the other end of a link.
      type: str
      returned: always
    subject:
      description: What it is about, such as proxy, address and port.
      type: str
      returned: always
    verdict:
      description: V(PASS), V(WARN), V(FAIL) or V(SIMULATED).
      type: str
      returned: always
    text:
      description: What was found.
      type: str
      returned: always
    hint:
      description: What to do about it.
      type: str
      returned: always
    seen_from:
      description: Where it was looked from.
      type: str
      returned: always
    measured:
      description: Figures, such as tcp_ms, tls_ms, rtt_ms, tls_version, certificate and body_bytes.
      type: dict
      returned: always
counts:
  description: How many there are of each verdict.
  returned: always
  type: dict
checks:
  description: The checks that were made.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.verify import VERIFY_FEDERATION
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(VERIFY_FEDERATION)


if __name__ == "__main__":
    main()
