#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_certificate
short_description: Give the servers of one party their certificates
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Makes the Secrets with certificates that the charts mount. A private key is made by this module, written to a Secret
    of the party and never returned; what leaves is the request for a certificate.
  - Where somebody else issues, V(requested) makes keys and requests, the issuer answers with
    M(federatedai.kubefate.fate_certificate_authority), and V(present) puts the answer in place. With O(authority), one
    call does all three.
  - A Secret that this module did not make is never changed.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.attributes
options:
  namespace:
    description:
      - Namespace of the party.
    type: str
    required: true
  name:
    description:
      - Name of its cluster. The Secrets are then removed with the cluster's data.
    type: str
  state:
    description:
      - V(present) puts the certificates in O(issued) and the authorities in O(trust) into the Secrets, or issues what
        is needed with O(authority).
      - V(requested) makes a key and a request for each certificate, or returns the request that is there already.
      - V(absent) deletes the Secrets.
    type: str
    choices: [present, requested, absent]
    default: present
  certificates:
    description:
      - Which certificates this is about.
    type: list
    elements: dict
    required: true
    suboptions:
      module:
        description:
          - The server that uses it.
        type: str
        required: true
        choices: [nginx, osx, pulsar, rabbitmq, servingProxy, trafficServer]
      secret:
        description:
          - Name of the Secret. That which the charts mount by default.
        type: str
      common_name:
        description:
          - Common name. O(party_id) and O(domain) by default.
        type: str
      names:
        description:
          - DNS names and addresses that it is for. The names of the server's Services and the common name by default.
        type: list
        elements: str
        default: []
  issued:
    description:
      - Certificates that were issued for the requests.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - What the issuer's answer says here is not looked at.
        type: str
      module:
        description:
          - The server that it is for.
        type: str
        required: true
        choices: [nginx, osx, pulsar, rabbitmq, servingProxy, trafficServer]
      certificate:
        description:
          - The certificate, as PEM text.
        type: str
        required: true
  trust:
    description:
      - Certificates of the authorities that the servers trust, as PEM text. With O(authority), those besides that one.
    type: str
  authority:
    description:
      - Issue the certificates too, with this authority. It is made if it is missing.
    type: dict
    suboptions:
      secret:
        description:
          - Name of the Secret that it is kept in.
        type: str
        default: fate-ca
      namespace:
        description:
          - Namespace of that Secret. O(namespace) by default.
        type: str
      days:
        description:
          - Days that a new one is valid.
        type: int
        default: 3650
      certificate:
        description:
          - Its certificate as PEM text, instead of one in a Secret.
        type: str
      key:
        description:
          - The key that belongs to O(authority.certificate).
        type: str
      previous_certificate:
        description:
          - Certificate of the authority that it takes over from.
        type: str
      previous_key:
        description:
          - The key that belongs to O(authority.previous_certificate).
        type: str
  party_id:
    description:
      - Id of the party, for its name. Without it, it is an exchange.
    type: str
  domain:
    description:
      - Domain of the name that a party has in its federation. V(fate.org) by default.
    type: str
  organisation:
    description:
      - Organisation in the subject, and in that of an authority that is made.
    type: str
    default: fate
    aliases: [organization]
  days:
    description:
      - Days that a new certificate is valid.
    type: int
    default: 365
  renew_days:
    description:
      - With O(authority), how many days before its end a certificate is renewed.
    type: int
    default: 30
  force:
    description:
      - With O(authority), renew all certificates now.
    type: bool
    default: false
  create_namespace:
    description:
      - Whether a namespace that is missing is made.
    type: bool
    default: true
seealso:
  - module: federatedai.kubefate.fate_certificate_authority
  - module: federatedai.kubefate.fate_certificate_info
"""

EXAMPLES = r"""
- name: Certificates of one party, from an authority in its own namespace
  federatedai.kubefate.fate_certificate:
    namespace: fate-9999
    party_id: "9999"
    certificates:
      - module: osx
      - module: nginx
    authority: {}

- name: Ask for a certificate; the key stays in the party's Kubernetes
  federatedai.kubefate.fate_certificate:
    context: bank
    namespace: fate-9999
    party_id: "9999"
    certificates: [{module: osx}]
    state: requested
  register: asked

- name: The issuer answers
  federatedai.kubefate.fate_certificate_authority:
    context: issuer
    requests: "{{ asked.requests }}"
  register: answer

- name: Put it in place
  federatedai.kubefate.fate_certificate:
    context: bank
    namespace: fate-9999
    party_id: "9999"
    certificates: [{module: osx}]
    issued: "{{ answer.issued }}"
    trust: "{{ answer.trust }}"
"""

RETURN = r"""
changes:
  description: What was, or in check mode would be, done to which Secret.
  returned: always
  type: list
  elements: dict
requests:
  description: The requests, each with module, request (PEM text), common_name and names.
  returned: if state is requested
  type: list
  elements: dict
certificates:
  description: The certificates as they are afterwards, as in M(federatedai.kubefate.fate_certificate_info).
  returned: if state is present
  type: list
  elements: dict
trust:
  description: The authorities that are trusted, as PEM text.
  returned: if authority is given
  type: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.certificates import CHANGE_CERTIFICATE
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_CERTIFICATE)


if __name__ == "__main__":
    main()
