#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_facts
short_description: Sign the public facts of a party, and accept those of others
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Public facts are what the others need to know of a party to reach it and to trust its certificates. They are signed
    with an Ed25519 key of its organisation, which this module makes and keeps in a Secret.
  - V(exported) gives the signed document. Without a change it is the same again, until half of its time is over.
  - V(imported) accepts a document that the pinned key signed, for this federation, in time, and not older than what was
    accepted before. It keeps it in the store namespace.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes
attributes:
  diff_mode:
    description: The facts are in the result; there is no difference to show.
    support: none
options:
  state:
    description:
      - What to do. V(absent) forgets what was accepted about a party, and with it the serial.
    type: str
    choices: [exported, imported, absent]
    required: true
  federation:
    description:
      - Name of the federation that the facts are for. All of its members have to use the same.
    type: str
    required: true
  role:
    description:
      - Whether they are those of a party or of an exchange.
    type: str
    choices: [party, exchange]
    default: party
  party_id:
    description:
      - Party id. With V(imported), facts of another party are refused.
    type: str
  name:
    description:
      - Name of the cluster.
    type: str
  advertise_host:
    description:
      - Address under which the others reach it.
    type: str
  advertise_port:
    description:
      - Port that belongs to O(advertise_host).
    type: int
  versions:
    description:
      - Versions and engines, name to text.
    type: dict
    default: {}
  authorities:
    description:
      - Certificates of the authority that issues its certificates, as PEM text; two while that changes.
    type: str
  certificates:
    description:
      - Its certificates.
    type: list
    elements: dict
    default: []
    suboptions:
      module:
        description:
          - Server that uses it.
        type: str
        required: true
      fingerprint:
        description:
          - SHA-256 of its DER form.
        type: str
        required: true
      issuer:
        description:
          - Fingerprint of the authority that signed it.
        type: str
        default: ""
      not_after:
        description:
          - When it ends.
        type: str
        required: true
  trusts:
    description:
      - Fingerprints of the authorities that it trusts.
    type: list
    elements: str
    default: []
  days:
    description:
      - Days after which the document is not accepted any more.
    type: int
    default: 90
  secret:
    description:
      - Name of the Secret in O(store_namespace) that keeps the key.
    type: str
    default: fate-facts-key
  private_key:
    description:
      - The key as PEM text, such as from a vault, instead of one in a Secret.
    type: str
  path:
    description:
      - With V(imported), the file that was sent.
    type: path
  fingerprint:
    description:
      - With V(imported), SHA-256 of the public key that has to have signed, in hexadecimal digits. Get it from the
        organisation by another way than the file.
    type: str
  create_namespace:
    description:
      - Whether the store namespace is made if it is missing.
    type: bool
    default: true
seealso:
  - module: federatedai.kubefate.fate_facts_info
"""

EXAMPLES = r"""
- name: Sign our facts
  federatedai.kubefate.fate_facts:
    state: exported
    federation: insurance
    party_id: "9999"
    name: fate-9999
    advertise_host: fate.bank.example
    advertise_port: 30091
    versions: {fate: 2.2.0}
  register: ours

- name: Write the file to send
  ansible.builtin.copy:
    content: "{{ ours.document }}"
    dest: insurance-9999.facts.json
    mode: "0644"

- name: Accept theirs
  federatedai.kubefate.fate_facts:
    state: imported
    federation: insurance
    party_id: "10000"
    path: insurance-10000.facts.json
    fingerprint: 5c3bb1ea0b2d4c2e2cf0f7a3c1a55dc0a4a5b6f3a7a64a1a3e39a5a8b3a7d911
"""

RETURN = r"""
facts:
  description: The facts, with serial, issued and expires.
  returned: always
  type: dict
document:
  description: The signed document, to be written to a file as it is. Empty in check mode while there is no key.
  returned: if state is exported
  type: str
fingerprint:
  description: SHA-256 of the public key. Tell it to the others by another way than the file.
  returned: unless state is absent
  type: str
serial:
  description: Serial of the facts. It grows with every change.
  returned: unless state is absent
  type: int
days_left:
  description: Whole days until they expire.
  returned: if state is imported
  type: int
vars:
  description: Inventory variables that make the party routable.
  returned: if state is imported
  type: dict
certificate_vars:
  description: Inventory variables about its certificates.
  returned: if state is imported
  type: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.facts import CHANGE_FACTS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_FACTS)


if __name__ == "__main__":
    main()
