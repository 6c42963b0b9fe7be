#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_user_info
short_description: List the service accounts that deploy FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Lists the service accounts that M(federatedai.kubefate.fate_user) made, with what they may do, from the cluster
    itself.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.attributes.info
options:
  namespace:
    description:
      - Only accounts of this namespace.
    type: str
"""

EXAMPLES = r"""
- name: Who may deploy FATE here
  federatedai.kubefate.fate_user_info:
    context: administrator
"""

RETURN = r"""
users:
  description: The accounts, by namespace and name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the service account.
      type: str
      returned: always
    namespace:
      description: Its namespace.
      type: str
      returned: always
    role:
      description: What it may do, in one word; empty if its role is gone.
      type: str
      returned: always
    rules:
      description: Rules of its role.
      type: list
      elements: dict
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.users import INFORM_USERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_USERS)


if __name__ == "__main__":
    main()
