#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_user
short_description: Grant a service account the rights to deploy FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Makes the namespace, the service account, and a role and role binding with exactly the rights that deploying the
    given kinds of objects in that namespace needs.
  - Nothing outside the namespace is granted, except job records and uploaded charts in the store namespace.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes
options:
  name:
    description:
      - Name of the service account, of its role and of the role binding.
    type: str
    default: fate-deployer
  namespace:
    description:
      - Namespace of the service account and of the cluster that it deploys.
    type: str
    required: true
  state:
    description:
      - V(present) makes or corrects the objects, V(absent) deletes account, role and binding. Namespaces stay.
    type: str
    choices: [present, absent]
    default: present
  resources:
    description:
      - Kinds of objects that are deployed, as C(apiVersion/Kind). M(federatedai.kubefate.fate_federation_info)
        returns them for each party.
    type: list
    elements: str
    default:
      - apps/v1/Deployment
      - apps/v1/StatefulSet
      - networking.k8s.io/v1/Ingress
      - networking.k8s.io/v1/NetworkPolicy
      - policy/v1/PodDisruptionBudget
      - v1/ConfigMap
      - v1/PersistentVolumeClaim
      - v1/Service
  create_namespace:
    description:
      - Whether namespaces that are missing are made.
    type: bool
    default: true
  namespace_labels:
    description:
      - Labels for the namespace, such as those of Pod Security.
    type: dict
    default: {}
seealso:
  - module: federatedai.kubefate.fate_user_info
"""

EXAMPLES = r"""
- name: An account that deploys one party, and nothing else
  federatedai.kubefate.fate_user:
    context: administrator
    namespace: fate-9999

- name: Deploy as that account
  federatedai.kubefate.fate_cluster:
    context: administrator
    service_account: fate-9999/fate-deployer
    spec_files: [cluster.yaml]
"""

RETURN = r"""
user:
  description: The account, empty if it was deleted.
  returned: always
  type: dict
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
      description: What it may do, in one word.
      type: str
      returned: always
    rules:
      description: Rules of its role.
      type: list
      elements: dict
      returned: always
changes:
  description: Objects that were, or in check mode would be, made, changed or deleted.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.users import CHANGE_USER
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_USER)


if __name__ == "__main__":
    main()
