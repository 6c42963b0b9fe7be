#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_clusters
short_description: Deploy and update several clusters of FATE at once
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Brings several clusters to what their specs say, as M(federatedai.kubefate.fate_cluster) does with one, in one
    process. That is much quicker than one task for each.
  - Each has an outcome of its own. One that fails does not keep the others from going on, and the task itself does not
    fail. M(federatedai.kubefate.fate_outcome) gives a host its outcome as the result of a task.
  - The Leases of all clusters that change are taken first, in an order that all runs keep to. If one stays taken for
    O(lock_timeout), all are given back, the holder is named, and none of the clusters is changed.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.wait
  - federatedai.kubefate.apply
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.attributes
options:
  clusters:
    description:
      - The clusters. The filter P(federatedai.kubefate.party_clusters#filter) makes this list from an inventory and
        the plan of its federation.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description:
          - Name of the cluster in the inventory.
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
          - A C(cluster.yaml) as data, merged over O(clusters[].spec_files).
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
          - The cluster's own chart repository, with the options C(chart_repo_*) of this module, named C(url),
            C(username), C(password), C(ca_cert) and so on.
        type: dict
        default: {}
      deployer:
        description:
          - Service account that deploys the cluster. If it is given, it is granted the rights first.
        type: str
      certificates:
        description:
          - Whether M(federatedai.kubefate.fate_certificate) makes the Secrets with certificates before this. In check
            mode it is then no error that they are missing.
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
          - In place of O(drift), for this one.
        type: str
        choices: [ignore, report, repair]
      wait:
        description:
          - In place of O(wait), for this one.
        type: bool
      wait_timeout:
        description:
          - In place of O(wait_timeout), for this one.
        type: int
      patience:
        description:
          - In place of O(patience), for this one.
        type: dict
      on_failure:
        description:
          - In place of O(on_failure), for this one.
        type: str
        choices: [keep, rollback]
      running_fate_jobs:
        description:
          - In place of O(running_fate_jobs), for this one.
        type: str
        choices: [wait, fail, ignore]
  use_current_context:
    description:
      - Let clusters that name no kubeconfig, context or host be on the Kubernetes that is current.
    type: bool
    default: false
seealso:
  - module: federatedai.kubefate.fate_cluster
  - module: federatedai.kubefate.fate_federation_info
"""

EXAMPLES = r"""
- name: Deploy two clusters side by side
  federatedai.kubefate.fate_clusters:
    clusters:
      - host: bank
        connection: {context: bank}
        spec_files: [cluster-bank.yaml]
      - host: insurer
        connection: {context: insurer}
        spec_files: [cluster-insurer.yaml]
  register: done

- name: Those that failed
  ansible.builtin.debug:
    msg: "{{ done.failing }}"
"""

RETURN = r"""
clusters:
  description:
    - Inventory name to outcome, which has what M(federatedai.kubefate.fate_cluster) returns; of one that failed also
      RV(ignore:failed), RV(ignore:msg) and RV(ignore:failure).
  returned: always
  type: dict
failing:
  description: Names of those that failed.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import CHANGE_CLUSTERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_CLUSTERS)


if __name__ == "__main__":
    main()
