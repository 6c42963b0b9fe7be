#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_user_info
short_description: List who may do what with FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Lists the users that M(federatedai.kubefate.fate_user) made, with their roles, rights and credentials, from the
    cluster itself.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.attributes.info
options:
  name:
    description:
      - Only users of this name.
    type: str
  namespaces:
    description:
      - Only what is granted in these namespaces.
    type: list
    elements: str
    default: []
  namespace:
    description:
      - Only what is granted in this namespace.
    type: str
  others:
    description:
      - Also list who has rights in these namespaces that the collection did not grant, as far as that may be read.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Who may do what here
  federatedai.kubefate.fate_user_info:
    context: administrator

- name: Everybody who has rights in one party, also by roles that others made
  federatedai.kubefate.fate_user_info:
    context: administrator
    namespaces: [fate-9999]
    others: true
"""

RETURN = r"""
users:
  description: The users, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    kind:
      description: V(service_account), V(certificate), V(user) or V(group).
      type: str
      returned: always
    role:
      description: Its role in one word; empty if a role of it is gone.
      type: str
      returned: always
    namespace:
      description: Namespace of the service account; empty for others.
      type: str
      returned: always
    namespaces:
      description: Where it has rights.
      type: list
      elements: str
      returned: always
    access:
      description: For each namespace C(rules), and C(abilities), what they come to in words.
      type: list
      elements: dict
      returned: always
    since:
      description: When it got its first right.
      type: str
      returned: always
    granted_by:
      description: Who granted that, as the API server knew it.
      type: str
      returned: always
    credentials:
      description:
        - Credentials that were given out, newest first, with kind, times and who gave them out. Null where Secrets may
          not be listed. No secret is in it.
      type: list
      elements: dict
      returned: always
others:
  description:
    - Who else has rights there, with C(kind), C(name), C(namespace), C(scope), C(role), C(binding) and C(abilities).
  returned: when O(others=true)
  type: list
  elements: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.users import INFORM_USERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_USERS)


if __name__ == "__main__":
    main()
