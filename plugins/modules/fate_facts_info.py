#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_facts_info
short_description: The public facts of other parties that were accepted
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Reads what M(federatedai.kubefate.fate_facts) accepted, checks it again with the key that is pinned, and gives the
    inventory variables that follow from it.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes.info
options:
  federation:
    description:
      - Name of the federation.
    type: str
    required: true
  parties:
    description:
      - The parties whose facts are wanted. The filter P(federatedai.kubefate.facts_inventory#filter) makes this list
        from an inventory.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description:
          - Name of the party in the inventory.
        type: str
        required: true
      fingerprint:
        description:
          - SHA-256 of the public key that has to have signed.
        type: str
        required: true
      party_id:
        description:
          - Its party id, if it is known.
        type: str
  stores:
    description:
      - Where to look, for those who have facts on several Kubernetes. Of several the newest count.
    type: list
    elements: dict
    default: []
    suboptions:
      connection:
        description:
          - How to reach the Kubernetes, with the connection options of this module.
        type: dict
        default: {}
      namespace:
        description:
          - Its store namespace.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: What we know about the insurer
  federatedai.kubefate.fate_facts_info:
    federation: insurance
    parties:
      - host: insurer
        fingerprint: 5c3bb1ea0b2d4c2e2cf0f7a3c1a55dc0a4a5b6f3a7a64a1a3e39a5a8b3a7d911
  register: known

- name: Its address
  ansible.builtin.debug:
    msg: "{{ known.facts.insurer.vars.fate_advertise_host }}"
"""

RETURN = r"""
facts:
  description: Inventory name to what is known, for those of whom something is.
  returned: always
  type: dict
  contains:
    vars:
      description:
        - Inventory variables C(fate_party_id), C(fate_name), C(fate_advertise_host), C(fate_advertise_port) and
          C(fate_versions).
      type: dict
      returned: always
    certificate_vars:
      description: Inventory variables C(fate_authority_certificate), C(fate_trusts) and C(fate_issuers).
      type: dict
      returned: always
    facts:
      description: The facts as they were signed.
      type: dict
      returned: always
    serial:
      description: Their serial.
      type: int
      returned: always
    fingerprint:
      description: SHA-256 of the key that signed.
      type: str
      returned: always
    days_left:
      description: Whole days until they expire.
      type: int
      returned: always
problems:
  description: Whose facts are missing, expired or wrong, each with host, text and hint.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.facts import INFORM_FACTS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_FACTS)


if __name__ == "__main__":
    main()
