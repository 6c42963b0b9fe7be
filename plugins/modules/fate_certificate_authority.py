#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_certificate_authority
short_description: Keep a certificate authority, and issue certificates with it
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Makes a certificate authority in a Secret of the organisation that issues, or uses one that is given. Its key is
    never returned.
  - Answers requests that M(federatedai.kubefate.fate_certificate) made. A request for a name that is not allowed is
    refused.
  - An authority changes in steps, so that no connection breaks. O(rotate) introduces another one beside it, which all
    have to trust before it signs; O(retire) forgets the older one, when nothing that it signed is in use.
    M(federatedai.kubefate.fate_certificate_info) says when either is due.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes
options:
  connection:
    description:
      - How to reach the Kubernetes of the authority, with the connection options of this module. It takes the place of
        all of them, for tasks whose C(module_defaults) lead to another Kubernetes.
    type: dict
  secret:
    description:
      - Name of the Secret that it is kept in.
    type: str
    default: fate-ca
  namespace:
    description:
      - Namespace of that Secret. O(store_namespace) by default.
    type: str
  organisation:
    description:
      - Organisation in its subject.
    type: str
    default: fate
    aliases: [organization]
  certificate:
    description:
      - Its certificate as PEM text, such as from a vault, instead of one in a Secret.
    type: str
  key:
    description:
      - The key that belongs to O(certificate).
    type: str
  previous_certificate:
    description:
      - Certificate of the authority that it takes over from.
    type: str
  previous_key:
    description:
      - The key that belongs to O(previous_certificate).
    type: str
  ca_days:
    description:
      - Days that a new authority is valid.
    type: int
    default: 3650
  days:
    description:
      - Days that a certificate is valid, at most as long as the authority.
    type: int
    default: 365
  rotate:
    description:
      - Introduce another authority beside the one that there is.
    type: bool
    default: false
  retire:
    description:
      - Forget the older of two.
    type: bool
    default: false
  requests:
    description:
      - Requests to answer.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - Whose request it is. It comes back with the answer.
        type: str
      module:
        description:
          - The server that the certificate is for.
        type: str
        required: true
        choices: [nginx, osx, pulsar, rabbitmq, servingProxy, trafficServer]
      request:
        description:
          - The request, as PEM text.
        type: str
        required: true
      names:
        description:
          - Names that the asker may have, as the issuer knows them. Those that the request came with tell nothing about
            that.
        type: list
        elements: str
        required: true
      common_name:
        description:
          - Common name of the request. It has to be among O(requests[].names).
        type: str
      signer:
        description:
          - Fingerprint of the certificate that signs, of the two that an authority has while it changes.
        type: str
  create_namespace:
    description:
      - Whether a namespace that is missing is made.
    type: bool
    default: true
seealso:
  - module: federatedai.kubefate.fate_certificate
"""

EXAMPLES = r"""
- name: An authority in the Kubernetes of the organisation that issues
  federatedai.kubefate.fate_certificate_authority:
    context: issuer
    organisation: my-federation

- name: Answer a request
  federatedai.kubefate.fate_certificate_authority:
    context: issuer
    requests:
      - host: bank
        module: osx
        request: "{{ lookup('ansible.builtin.file', 'bank-osx.csr') }}"
        names: [9999.fate.org, fate.bank.example, osx.fate-9999.svc]
  register: answer
"""

RETURN = r"""
authority:
  description: Its certificates, the newest first, and whether they were given.
  returned: always
  type: dict
trust:
  description: Its certificates as PEM text, for those who trust it.
  returned: always
  type: str
issued:
  description: The answers, each with host, module and certificate (PEM text). Empty in check mode.
  returned: always
  type: list
  elements: dict
changes:
  description: What was, or in check mode would be, done to the Secret.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.authority import CHANGE_AUTHORITY
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_AUTHORITY)


if __name__ == "__main__":
    main()
