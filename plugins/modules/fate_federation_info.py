#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_federation_info
short_description: Plan a federation of FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Plans all parties of a federation in one process and changes nothing.
  - Party ids, namespaces and node ports that two parties claim are found before anything is contacted. Routes between
    the parties are made from the inventory. Then each party is planned as M(federatedai.kubefate.fate_cluster) would.
  - A party that cannot be planned fails alone, and the others are planned.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.attributes.info
attributes:
  diff_mode:
    description: Shows what applying the plan would change, object by object and field by field. Secrets are left out.
    support: full
options:
  parties:
    description:
      - The parties. The filter P(federatedai.kubefate.parties#filter) makes this list from an inventory.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description:
          - Name of the party in the inventory.
        type: str
        required: true
      connection:
        description:
          - How to reach its Kubernetes, with the options of M(federatedai.kubefate.fate_cluster), such as
            C(kubeconfig) and C(context).
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
      store_namespace:
        description:
          - Where its job records and uploaded charts are. O(store_namespace) by default.
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
      chart:
        description:
          - Name of the chart. The key C(chartName) of the spec by default.
        type: str
      chart_version:
        description:
          - Version of the chart. The key C(chartVersion) of the spec by default.
        type: str
      chart_path:
        description:
          - Path of a chart folder or archive.
        type: path
      advertise_host:
        description:
          - Address under which the other parties reach this one.
        type: str
      advertise_port:
        description:
          - Port that belongs to O(parties[].advertise_host).
        type: int
      routes:
        description:
          - V(inventory) gives the party a route to each other one. V(spec) leaves its routes to what its spec lists.
        type: str
        choices: [inventory, spec]
        default: inventory
      deployer:
        description:
          - Service account that deploys the party. If it is given, the plan says what granting it the rights would
            change.
        type: str
      namespace_labels:
        description:
          - Labels that the party's namespace shall have.
        type: dict
        default: {}
      quota:
        description:
          - What the party's namespace may use, as in M(federatedai.kubefate.fate_user).
        type: dict
        default: {}
      limit_range:
        description:
          - Entries of the LimitRange of the party's namespace, as in M(federatedai.kubefate.fate_user).
        type: list
        elements: dict
        default: []
      cluster_rights:
        description:
          - Whether the party's deployer gets a cluster role, as in M(federatedai.kubefate.fate_user).
        type: bool
        default: false
  use_current_context:
    description:
      - Let parties that name no kubeconfig, context or host be on the Kubernetes that is current.
    type: bool
    default: false
  drift:
    description:
      - What to do about live objects that somebody changed, as in M(federatedai.kubefate.fate_cluster).
    type: str
    choices: [ignore, report, repair]
    default: report
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
"""

EXAMPLES = r"""
- name: What would deploying the federation change
  federatedai.kubefate.fate_federation_info:
    parties: "{{ groups['fate'] | federatedai.kubefate.parties(hostvars) }}"
  register: plan

- name: Parties that change
  ansible.builtin.debug:
    msg: "{{ plan.changing }}"
"""

RETURN = r"""
parties:
  description: Inventory name to what was found out about that party.
  returned: always
  type: dict
  contains:
    party_id:
      description: Its party id.
      type: str
      returned: always
    name:
      description: Name of its cluster.
      type: str
      returned: always
    namespace:
      description: Namespace of its cluster.
      type: str
      returned: always
    kubernetes:
      description: URL of the API server.
      type: str
      returned: always
    connection:
      description: Which option or variable named it.
      type: str
      returned: always
    changed:
      description: Whether deploying would change anything.
      type: bool
      returned: always
    proven:
      description:
        - Whether its release is known to be made from this chart and this spec. If not, it had to be rendered to find
          out; M(federatedai.kubefate.fate_cluster) then notes on the release what was found.
      type: bool
      returned: always
    failed:
      description: Whether it could not be planned. RV(ignore:msg) and RV(ignore:failure) then say why.
      type: bool
      returned: always
    additions:
      description: What the federation adds to its spec, which is the list of its peers.
      type: dict
      returned: always
    routes:
      description: Its routes to the others.
      type: list
      elements: dict
      returned: always
    plan:
      description: Its plan, as in M(federatedai.kubefate.fate_cluster).
      type: dict
      returned: if it could be planned
    cluster:
      description: Its cluster as it is now.
      type: dict
      returned: if it could be planned
    access:
      description:
        - What granting the deployer's rights changes, and what the role P(federatedai.kubefate.rbac#role) has to be
          told for it, which are C(resources), C(hooks) and C(constraints).
      type: dict
      returned: if it could be planned
    summary:
      description: The plan in sentences.
      type: list
      elements: str
      returned: if it could be planned
problems:
  description: What is wrong between parties, each with the parties that cannot be deployed because of it.
  returned: always
  type: list
  elements: dict
routes:
  description: All routes, with from, to, address, port and how they were found.
  returned: always
  type: list
  elements: dict
servers:
  description: URLs of the API servers.
  returned: always
  type: list
  elements: str
changing:
  description: Parties that deploying would change.
  returned: always
  type: list
  elements: str
failing:
  description: Parties that could not be planned.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import PLAN_FEDERATION
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(PLAN_FEDERATION)


if __name__ == "__main__":
    main()
