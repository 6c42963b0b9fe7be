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
  - Party ids, names, namespaces, node ports and host names that two parties claim, and versions and engines that do
    not work together, are found before anything is contacted. Routes between the parties, direct or through exchanges,
    are made from the inventory. Then each party is planned as M(federatedai.kubefate.fate_cluster) would.
  - A party that cannot be planned fails alone, and the others are planned.
extends_documentation_fragment:
  - federatedai.kubefate.federation
  - federatedai.kubefate.connection
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.members
  - federatedai.kubefate.attributes.info
attributes:
  diff_mode:
    description: Shows what applying the plan would change, object by object and field by field. Secrets are left out.
    support: full
options:
  preflight:
    description:
      - Of which parties to look, too, whether deploying them can work. V(changing) means those that deploying would
        change. A party for which something is found that would make it fail counts as one that cannot be planned.
      - M(federatedai.kubefate.fate_preflight_info) tells what is looked at.
    type: str
    choices: [none, changing, all]
    default: none
  details:
    description:
      - Of which parties to tell everything. Ansible takes its time for each value of a result, and in a mesh there are
        as many routes as pairs of parties.
      - V(changing) leaves out of RV(parties.cluster) of parties for which there is nothing to do the endpoints that
        are reached inside their Kubernetes only. In a federation of which no party speaks TLS, it also leaves out their
        RV(parties.additions) and RV(parties.routes) where there are more than 12.
    type: str
    choices: [changing, all]
    default: all
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
preflight:
  description: What the preflight found, as in M(federatedai.kubefate.fate_preflight_info).
  returned: unless O(preflight=none)
  type: dict
parties:
  description: Inventory name to what was found out about that party.
  returned: always
  type: dict
  contains:
    role:
      description: V(party) or V(exchange).
      type: str
      returned: always
    managed:
      description: Whether it is planned and deployed here.
      type: bool
      returned: always
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
    version:
      description: The version of FATE that is wanted, as far as it is known.
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
      description: What the federation adds to its spec, which are its route tables.
      type: dict
      returned: always
    tls:
      description: Its modules that speak TLS.
      type: list
      elements: str
      returned: always
    routes:
      description: The edges of RV(graph) that begin at it.
      type: list
      elements: dict
      returned: always
    routes_total:
      description: How many there are, told or not.
      type: int
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
graph:
  description: The federation as data.
  returned: always
  type: dict
  contains:
    nodes:
      description:
        - Members with host, role, party_id, name, namespace, kubernetes, managed, state, version, engine and proxies.
      type: list
      elements: dict
      returned: always
    edges:
      description:
        - Where the route tables of a member lead, with from, to, proxy, address, port, ports, tls, and party_ids, the
          parties that are reached this way; with default, everybody else is.
        - RV(ignore:how) is V(given), V(service), V(node_port), V(load_balancer), V(ingress), V(spec) for what was
          written by hand, or V(held) for what stays as it is since the address is not known at present.
      type: list
      elements: dict
      returned: always
pending:
  description: Inventory name to routes that can only be made once somebody else's Service has an address.
  returned: always
  type: dict
avoided:
  description:
    - Exchanges that do not work at present. Parties that have another one go through that; plan again when they work.
  returned: always
  type: list
  elements: str
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
unready:
  description: Parties that deploying would not change and that are not ready all the same.
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
