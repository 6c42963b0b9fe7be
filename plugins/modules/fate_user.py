#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_user
short_description: Manage users of FATE, with their rights and kubeconfigs
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - A user of FATE is somebody whom Kubernetes knows, with a role in the namespaces of parties. Everything about users
    is kept in Kubernetes itself, as service accounts, roles and role bindings; there is no other list of them.
  - Service accounts and users with a client certificate are given a kubeconfig, for a while. Users and groups of the
    identity provider are given rights, and log in as they always do.
  - With O(role=deployer) the module makes the namespace of a party and the account that a play deploys it as, with
    exactly the rights that its chart needs.
  - All of it is granted or, where a right to grant is missing, nothing.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes
options:
  name:
    description:
      - Name of the user. That of a service account may have lower-case letters, digits, dashes and dots; that of a user
        or group is written as the identity provider does.
    type: str
    required: true
  kind:
    description:
      - V(service_account) is known by a token that Kubernetes issues for O(lifetime) and takes no longer once it is
        revoked.
      - V(certificate) is known by a client certificate of the signer C(kubernetes.io/kube-apiserver-client). Kubernetes
        cannot revoke a certificate; revoking takes away the rights of the group that it names. Needs the Python package
        cryptography, and the right to approve requests for certificates.
      - V(user) and V(group) are those of the identity provider.
    type: str
    choices: [service_account, certificate, user, group]
    default: service_account
  role:
    description:
      - V(viewer) reads state, logs and job records, and no Secret.
      - V(operator) also installs, updates, restarts and removes, and asks for training jobs. Data volumes are not
        deleted.
      - V(admin) also deletes data volumes, and manages users of the same namespaces and charts.
      - V(deployer) is the service account that a play deploys one party as.
      - Who may make pods in a namespace, as V(operator), can by way of them read its Secrets and act as its service
        accounts.
    type: str
    choices: [viewer, operator, admin, deployer]
    default: viewer
  namespaces:
    description:
      - Namespaces of the parties that the user is for. Name the store namespace, too, for an admin who manages users of
        several parties.
      - Rights in namespaces that are not named any more are taken away.
    type: list
    elements: str
    default: []
  namespace:
    description:
      - Namespace of the service account. By default the one of O(namespaces), or the store namespace for admins and for
        users of several namespaces.
      - If O(namespaces) is not given, it is also the only one of these.
    type: str
  state:
    description:
      - V(present) makes or corrects the user and, with O(kubeconfig_dest) or O(return_kubeconfig), sees to a kubeconfig
        that is valid longer than O(renew_before).
      - V(rotated) gives out another kubeconfig and revokes all before it.
      - V(absent) takes away rights, account and credentials. Nobody can revoke himself. Without O(namespace) it means
        who lives in O(namespaces) or has rights there; others of that name on the same Kubernetes stay.
    type: str
    choices: [present, rotated, absent]
    default: present
  lifetime:
    description:
      - How long a kubeconfig is valid, such as V(30m), V(8h) or V(7d). At least ten minutes. The API server has a limit
        of its own; where it gives less, nothing is changed and the limit is named.
    type: str
    default: 8h
  renew_before:
    description:
      - A kubeconfig at O(kubeconfig_dest) that is valid for less than this is renewed. A quarter of O(lifetime) by
        default.
    type: str
  kubeconfig_dest:
    description:
      - Path of the file that the kubeconfig is written to, on the machine that the module runs on. Only its owner can
        read it.
    type: path
  return_kubeconfig:
    description:
      - Return the kubeconfig as RV(kubeconfig), a new one each time. The result is then not shown, as with C(no_log),
        but can be registered.
    type: bool
    default: false
  on_forbidden:
    description:
      - What to do where a right to grant is missing. V(manifest) returns the objects for an administrator to apply, as
        RV(manifest), instead of failing.
    type: str
    choices: [fail, manifest]
    default: fail
  resources:
    description:
      - Kinds of objects that are deployed, as C(apiVersion/Kind), or single objects as C(apiVersion/Kind/name), which
        explain the rights better. M(federatedai.kubefate.fate_federation_info) returns them for each party.
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
  hooks:
    description:
      - The same for objects that helm runs as hooks of the chart.
    type: list
    elements: str
    default: []
  constraints:
    description:
      - Security context constraints of OpenShift that pods need, with O(role=deployer).
    type: list
    elements: dict
    default: []
    suboptions:
      service_account:
        description:
          - Service account of the pods.
        type: str
        default: default
      name:
        description:
          - Name of the constraint, such as V(nonroot-v2).
        type: str
        required: true
      why:
        description:
          - What needs it.
        type: str
        default: ""
      capabilities:
        description:
          - Capabilities that it has to allow. A constraint of that name is then made, with the rest as in C(anyuid) if
            the name begins with C(fate-anyuid), and as in C(nonroot-v2) otherwise.
        type: list
        elements: str
        default: []
  cluster_rights:
    description:
      - Whether O(role=deployer) also gets a cluster role, for objects of the chart that lie in no namespace and for
        reading nodes, storage classes and ingress classes, so that causes of trouble can be named with numbers.
    type: bool
    default: false
  create_namespace:
    description:
      - Whether namespaces that are missing are made, with O(role=deployer). On an OpenShift where that is not
        permitted, a project is requested.
    type: bool
    default: true
  namespace_labels:
    description:
      - Labels for the namespace, such as those of Pod Security, with O(role=deployer).
    type: dict
    default: {}
  quota:
    description:
      - What the namespace may use, as C(hard) of a ResourceQuota named C(fate), with O(role=deployer). Left as it is if
        empty.
    type: dict
    default: {}
  limit_range:
    description:
      - Entries of a LimitRange named C(fate) of the namespace, with O(role=deployer). Left as it is if empty.
    type: list
    elements: dict
    default: []
notes:
  - The API server remembers for up to ten seconds that it accepted a token; a revoked one may work so long.
seealso:
  - module: federatedai.kubefate.fate_user_info
"""

EXAMPLES = r"""
- name: An operator of one party, with a kubeconfig for a working day
  federatedai.kubefate.fate_user:
    context: administrator
    name: jane
    role: operator
    namespaces: [fate-9999]
    kubeconfig_dest: /home/jane/.kube/fate

- name: Everybody in a group of the identity provider may look at the whole federation
  federatedai.kubefate.fate_user:
    context: administrator
    name: fate-observers
    kind: group
    namespaces: [fate-9999, fate-10000]

- name: The kubeconfig was lost, so it must not work any longer
  federatedai.kubefate.fate_user:
    context: administrator
    name: jane
    role: operator
    namespaces: [fate-9999]
    state: rotated
    kubeconfig_dest: /home/jane/.kube/fate

- name: An account that deploys one party, and nothing else
  federatedai.kubefate.fate_user:
    context: administrator
    name: fate-deployer
    role: deployer
    namespace: fate-9999

- name: Deploy as that account
  federatedai.kubefate.fate_cluster:
    context: administrator
    service_account: fate-9999/fate-deployer
    spec_files: [cluster.yaml]
"""

RETURN = r"""
user:
  description: The user, empty if there is none any more.
  returned: always
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    kind:
      description: What it is.
      type: str
      returned: always
    role:
      description: Its role.
      type: str
      returned: always
    namespace:
      description: Namespace of the service account; empty for others.
      type: str
      returned: always
    namespaces:
      description: Where it has rights, the store namespace included.
      type: list
      elements: str
      returned: always
    access:
      description: Its rights in each namespace; each rule says what it is for, and which operations need it.
      type: list
      elements: dict
      returned: always
changes:
  description: Objects that were, or in check mode would be, made, changed or deleted.
  returned: always
  type: list
  elements: dict
credentials:
  description: Credentials of the user that are valid, with kind, times and who gave them out. No secret is in it.
  returned: always
  type: list
  elements: dict
expires:
  description: When the kubeconfig that was given out ends.
  returned: when one was given out
  type: str
kubeconfig:
  description: The kubeconfig. A result that has it is not shown.
  returned: when O(return_kubeconfig=true)
  type: dict
pending:
  description: Whether an administrator has to apply RV(manifest) first.
  returned: when O(on_forbidden=manifest) and a right to grant is missing
  type: bool
refusal:
  description: What the API server said about the right that is missing.
  returned: when O(on_forbidden=manifest) and a right to grant is missing
  type: str
manifest:
  description: What an administrator has to apply, as YAML that says what each rule is for.
  returned: when O(on_forbidden=manifest) and a right to grant is missing
  type: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.users import CHANGE_USER
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_USER)


if __name__ == "__main__":
    main()
