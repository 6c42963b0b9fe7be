#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_cluster_info
short_description: Report on clusters of FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Reports chart, revision, health for each module, and addresses of one cluster of FATE, or of all clusters in a
    namespace or in a Kubernetes.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes.info
options:
  name:
    description:
      - Name of the cluster. Without it, all clusters of FATE are reported, those of KubeFATE included.
    type: str
    aliases: [release_name]
  namespace:
    description:
      - Namespace of the cluster. O(name) by default, and all namespaces where there is no O(name).
    type: str
    aliases: [release_namespace]
  details:
    description:
      - Report values (without secrets), the objects of the manifest, events and the revisions that Helm keeps, too.
    type: bool
    default: false
  specs:
    description:
      - Reconstruct the spec that makes each cluster what it is, and plan with it, to take over what KubeFATE or helm
        deployed. Nothing is changed.
      - With O(name), a release that is not one of FATE is an error.
    type: bool
    default: false
  spec_secrets:
    description:
      - Return the secrets of the specs, too. Set C(no_log) on the task.
    type: bool
    default: false
  charts_to:
    description:
      - Folder into which, with O(specs), the charts are written that are neither bundled nor uploaded. They are taken
        out of the release. The folder is made where it is needed.
    type: path
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
  logs:
    description:
      - Also read what the containers wrote, of all replicas. Needs O(name).
      - Secrets that the collection knows of the cluster are blanked out.
    type: dict
    suboptions:
      modules:
        description: [Only these modules; all by default.]
        type: list
        elements: str
        default: []
      tail:
        description: [So many lines of each container. V(0) for all.]
        type: int
        default: 200
      since:
        description: [Only what is newer, such as V(90s), V(10m), V(2h) or V(1d).]
        type: str
      previous:
        description: [Of the containers that ran before the present ones, after a crash.]
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: How is party 9999
  federatedai.kubefate.fate_cluster_info:
    context: party-9999
    name: fate-9999
  register: party

- name: It must be ready
  ansible.builtin.assert:
    that: party.clusters[0].ready
    fail_msg: "{{ party.clusters[0].reason }}"

- name: All clusters of a Kubernetes
  federatedai.kubefate.fate_cluster_info:
    kubeconfig: ~/.kube/config

- name: The spec of a cluster that KubeFATE deployed
  federatedai.kubefate.fate_cluster_info:
    context: party-9999
    name: fate-9999
    specs: true
  register: found
"""

RETURN = r"""
clusters:
  description:
    - One entry for each cluster. A cluster that was asked for by name and is not there has the state V(missing).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the Helm release.
      type: str
      returned: always
    namespace:
      description: Its namespace.
      type: str
      returned: always
    party_id:
      description: Its party id; empty where it has none.
      type: str
      returned: when the release exists
    chart:
      description:
        - Chart name, version, app_version and the digest of its content. The digest is empty for a revision that
          somebody else made.
      type: dict
      returned: when the release exists
    revision:
      description: Revision of the release.
      type: int
      returned: always
    status:
      description: Status of the release in Helm's words.
      type: str
      returned: when the release exists
    managed:
      description: Whether this collection deployed it, in contrast to KubeFATE or helm by hand.
      type: bool
      returned: when the release exists
    state:
      description:
        - Health, one of V(ready), V(suspended), V(unknown), V(progressing), V(deleting), V(degraded), V(missing),
          V(failed).
      type: str
      returned: always
    reason:
      description: Health in one sentence.
      type: str
      returned: always
    ready:
      description: Whether every module is ready.
      type: bool
      returned: always
    simulated:
      description: Whether the pods are simulated ones of the sandbox.
      type: bool
      returned: when there are pods
    modules:
      description: Health of each module's workload, with ready and wanted pods, and images.
      type: list
      elements: dict
      returned: always
    endpoints:
      description: Addresses of Services and Ingresses.
      type: list
      elements: dict
      returned: always
    release_values:
      description: Values of the release, without secrets.
      type: dict
      returned: when O(details) is set
    manifest:
      description: Objects of the release.
      type: list
      elements: dict
      returned: when O(details) is set
    adoption:
      description: How the cluster is taken over.
      type: dict
      returned: when O(specs) is set and the release exists
      contains:
        adopted:
          description: Whether the plan with the spec is empty.
          type: bool
          returned: always
        reasons:
          description: What the plan would change, object by object, or why there is none.
          type: list
          elements: str
          returned: always
        kind:
          description: V(fate), V(fate-serving) or V(fate-exchange), or the name of another chart.
          type: str
          returned: always
        party_id:
          description: Party id; empty where the cluster has none.
          type: str
          returned: always
        chart:
          description:
            - Name, version and source of the chart (V(bundled), V(store), or V(release) where it is nowhere else), and
              its path in O(charts_to).
          type: dict
          returned: always
        spec:
          description: The spec, without secrets.
          type: dict
          returned: always
        secret_paths:
          description: Dotted paths of the secrets of the spec.
          type: list
          elements: str
          returned: always
        secret_spec:
          description: The secrets, as a spec that is merged over the other.
          type: dict
          returned: when O(spec_secrets) is set
        leftover:
          description:
            - Values of the release that no spec brings about, with path, reason, what was found and what is made
              instead.
          type: list
          elements: dict
          returned: always
        plan:
          description: The plan with the spec, as M(federatedai.kubefate.fate_cluster) returns it.
          type: dict
          returned: always
        deployer:
          description: The service account that the playbooks deploy as, where it has all its rights already.
          type: str
          returned: always
    events:
      description: Events about its objects, oldest first.
      type: list
      elements: dict
      returned: when O(details) is set
    history:
      description: Revisions that Helm keeps, newest first, with status, chart, time and description.
      type: list
      elements: dict
      returned: when O(details) is set
    logs:
      description: An entry for each container, with module, pod, container, text, and error where there is no log.
      type: list
      elements: dict
      returned: when O(logs) is given
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import INFORM_CLUSTERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_CLUSTERS)


if __name__ == "__main__":
    main()
