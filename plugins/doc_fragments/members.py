# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """The members of a federation: the options ``calls.federation.MEMBERS``."""

    DOCUMENTATION = r"""
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
          - Where its job records and uploaded charts are. O(store_namespace) by default. The cluster's own namespace
            keeps it from needing any right outside.
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
          - Version of the chart, or a range. The key C(chartVersion) of the spec by default.
        type: str
      chart_path:
        description:
          - Path of a chart folder or archive.
        type: path
      chart_digest:
        description:
          - Digest that the chart must have.
        type: str
      chart_repo:
        description:
          - The party's own chart repository, with the options C(chart_repo_*) of this module, named C(url),
            C(username), C(password), C(ca_cert) and so on.
        type: dict
        default: {}
      deployer:
        description:
          - Service account that deploys the party. If it is given, the plan says what granting it the rights would
            change.
        type: str
      certificates:
        description:
          - Whether M(federatedai.kubefate.fate_certificate) makes the Secrets with certificates before the plan is
            applied, so that it is no error that they are missing.
        type: bool
        default: false
      namespace_labels:
        description:
          - Labels that its namespace shall have.
        type: dict
        default: {}
      quota:
        description:
          - What its namespace may use, as in M(federatedai.kubefate.fate_user).
        type: dict
        default: {}
      limit_range:
        description:
          - Entries of the LimitRange of its namespace, as in M(federatedai.kubefate.fate_user).
        type: list
        elements: dict
        default: []
      cluster_rights:
        description:
          - Whether its deployer gets a cluster role, as in M(federatedai.kubefate.fate_user).
        type: bool
        default: false
      drift:
        description:
          - What to do about live objects that somebody changed. By default what is done for all.
        type: str
        choices: [ignore, report, repair]
      role:
        description:
          - V(exchange) relays between parties.
        type: str
        choices: [party, exchange]
        default: party
      managed:
        description:
          - V(false) for a party of another organisation, of which only party id, address and version are known. The
            others get routes to it, and it is left alone.
        type: bool
        default: true
      state:
        description:
          - V(left) takes the party out of the others' tables, and the others out of its own.
        type: str
        choices: [present, left]
        default: present
      inventory:
        description:
          - File that speaks of the party, for messages.
        type: str
      fate_version:
        description:
          - Its version of FATE, where neither spec nor chart tells.
        type: str
      advertise_host:
        description:
          - Address under which the other parties reach this one.
        type: str
      advertise_port:
        description:
          - Port that belongs to O(parties[].advertise_host), of a party with OSX or a cluster of FATE-Serving.
        type: int
      advertise:
        description:
          - The same for single proxies. Each of C(osx), C(nginx), C(pulsar), C(rabbitmq), C(traffic_server) and
            C(serving) may have C(host) and its ports, C(port); of C(nginx) C(http_port) and C(grpc_port); of
            C(pulsar) C(port) and C(tls_port).
        type: dict
        default: {}
      inbound:
        description:
          - V(false) for a party that nobody can call. It is refused unless an address is given that reaches it.
        type: bool
        default: true
      node_address:
        description:
          - Which address of a node others use, where the Service's type is NodePort. The first of these that a node
            has by default.
        type: str
        choices: [ExternalIP, InternalIP, Hostname]
      exchanges:
        description:
          - Exchanges that the party may go through, in order of preference. All that there are by default, none with
            an empty list.
        type: list
        elements: str
      routes:
        description:
          - V(inventory) gives the party a route to each other one. V(spec) leaves its routes to what its spec lists.
        type: str
        choices: [inventory, spec]
        default: inventory
  links:
    description:
      - Exceptions from how parties reach each other. The filter P(federatedai.kubefate.party_links#filter) makes this
        list from an inventory. A later entry counts more than an earlier one.
    type: list
    elements: dict
    default: []
    suboptions:
      origins:
        description:
          - Names of parties.
        type: list
        elements: str
        required: true
      targets:
        description:
          - Names of parties.
        type: list
        elements: str
        required: true
      via:
        description:
          - V(never), V(direct), or the name of an exchange.
        type: str
        required: true
      both_ways:
        description:
          - Whether it is so in the other direction, too.
        type: bool
        default: true
"""
