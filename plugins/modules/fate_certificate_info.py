#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_certificate_info
short_description: The certificates of a federation, and what is to be done about them
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Reads the certificates of all parties in one process and changes nothing. No private key is returned.
  - Says what expires when, what is to be issued and why, which authority signs, who keeps an authority from changing,
    and which servers have to be restarted before they use what their Secrets hold.
  - What needs no Kubernetes to be seen is said before any is contacted. A Kubernetes whose parties speak no TLS is not
    contacted.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.progress
  - federatedai.kubefate.attributes.info
options:
  parties:
    description:
      - The parties. The filter P(federatedai.kubefate.certificate_inventory#filter) makes this list from an inventory.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description:
          - Name of the party in the inventory.
        type: str
        required: true
      managed:
        description:
          - Whether its Kubernetes is looked at. Otherwise only its public facts count.
        type: bool
        default: true
      role:
        description:
          - Whether it is a party or an exchange.
        type: str
        choices: [party, exchange]
        default: party
      connection:
        description:
          - How to reach its Kubernetes, with the options of M(federatedai.kubefate.fate_cluster).
        type: dict
        default: {}
      name:
        description:
          - Name of the cluster. The key C(name) of the spec by default.
        type: str
      namespace:
        description:
          - Namespace of the cluster. The key C(namespace) of the spec by default, and the name if there is none.
        type: str
      spec:
        description:
          - A C(cluster.yaml) as data, merged over O(parties[].spec_files).
        type: dict
        default: {}
      spec_files:
        description:
          - Paths of C(cluster.yaml) files.
        type: list
        elements: path
        default: []
      names:
        description:
          - Names and addresses under which others reach it, besides those of its Services.
        type: list
        elements: str
        default: []
      issuer:
        description:
          - Which of O(authorities) issues its certificates. Without one they are only looked at.
        type: str
      authority:
        description:
          - Certificate of the authority of a party that is not managed, as PEM text.
        type: str
      trusts:
        description:
          - Fingerprints of the authorities that a party which is not managed trusts.
        type: list
        elements: str
      issuers:
        description:
          - Fingerprints of the authorities that signed the certificates of a party which is not managed.
        type: list
        elements: str
  authorities:
    description:
      - The authorities that issue.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - What O(parties[].issuer) calls it.
        type: str
        required: true
      connection:
        description:
          - How to reach the Kubernetes that it is kept on.
        type: dict
        default: {}
      namespace:
        description:
          - Namespace of its Secret.
        type: str
      secret:
        description:
          - Name of its Secret.
        type: str
        default: fate-ca
      certificate:
        description:
          - Its certificate as PEM text, if it is not in a Secret.
        type: str
      previous_certificate:
        description:
          - Certificate of the authority that it takes over from.
        type: str
  routes:
    description:
      - Routes of the federation, as M(federatedai.kubefate.fate_federation_info) returns them. The addresses in them
        are names that certificates have to be for.
    type: list
    elements: dict
    default: []
  trust:
    description:
      - Certificates of further authorities that all trust, as PEM text.
    type: str
  days:
    description:
      - Days that a new certificate is valid.
    type: int
    default: 365
  renew_days:
    description:
      - How many days before its end a certificate is renewed.
    type: int
    default: 30
  ca_renew_days:
    description:
      - How many days before the end of an authority another one is introduced.
    type: int
    default: 180
  horizon:
    description:
      - Seconds that a run may take. What expires within and is not renewed is an error.
    type: int
    default: 3600
  force:
    description:
      - Renew all certificates.
    type: bool
    default: false
  rotate:
    description:
      - Introduce another authority beside each one.
    type: bool
    default: false
  use_current_context:
    description:
      - Let parties that name no kubeconfig, context or host be on the Kubernetes that is current.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: What expires, and what is to be done
  federatedai.kubefate.fate_certificate_info:
    parties: "{{ known.parties }}"
    authorities: "{{ known.authorities }}"
  vars:
    known: "{{ groups['fate'] | federatedai.kubefate.certificate_inventory(hostvars) }}"
  register: found

- name: For a person
  ansible.builtin.debug:
    msg: "{{ found | federatedai.kubefate.certificate_report }}"
"""

RETURN = r"""
parties:
  description: Inventory name to what was found out about that party.
  returned: always
  type: dict
  contains:
    namespace:
      description: Its namespace.
      type: str
      returned: always
    certificates:
      description:
        - Its certificates. Each has RV(ignore:action), which is V(keep), V(issue), V(trust) or V(refused), with
          RV(ignore:reason); RV(ignore:take_up), which is V(nothing), V(wait) or V(restart), with
          RV(ignore:gap_seconds); RV(ignore:certificate) with subject, names, fingerprint, not_after and days_left; and
          RV(ignore:trusts), fingerprints of authorities.
      type: list
      elements: dict
      returned: always
    requests:
      description: Certificates to issue, as the option C(certificates) of M(federatedai.kubefate.fate_certificate).
      type: list
      elements: dict
      returned: always
    managed:
      description: Certificates that change in any way, in the same form.
      type: list
      elements: dict
      returned: always
    restarts:
      description: Modules that have to be restarted before they use what their Secrets hold.
      type: list
      elements: str
      returned: always
    changed:
      description: Whether any of its Secrets is to be changed.
      type: bool
      returned: always
    failed:
      description: Whether something is wrong. RV(ignore:msg) and RV(ignore:failure) then say what.
      type: bool
      returned: always
authorities:
  description:
    - Name to what was found out about that authority. Its RV(ignore:stage) is V(keep), V(make), V(introduce), V(wait)
      or V(retire), with RV(ignore:reason) and RV(ignore:waiting), the hosts that it waits for. Its RV(ignore:signer) is
      the fingerprint of the certificate that signs for parties which are not managed.
  returned: always
  type: dict
staging:
  description: Authorities that are to be made or changed.
  returned: always
  type: list
  elements: str
trust:
  description: The authorities that all have to trust, as PEM text.
  returned: always
  type: str
findings:
  description: What a person should know, each with level, host, text and hint.
  returned: always
  type: list
  elements: dict
changing:
  description: Parties whose Secrets are to be changed.
  returned: always
  type: list
  elements: str
failing:
  description: Parties with which something is wrong.
  returned: always
  type: list
  elements: str
pending:
  description: Parties whose running servers do not use yet what their Secrets hold.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.certificate_survey import INFORM_CERTIFICATES
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_CERTIFICATES)


if __name__ == "__main__":
    main()
