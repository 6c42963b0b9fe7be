#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_cluster
short_description: Deploy, update and remove a cluster of FATE
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Brings one cluster (a Helm release of a FATE, FATE-Serving or FATE-Exchange chart in one namespace) to what a
    C(cluster.yaml) says, and waits until every module is ready.
  - First everything is gathered, then a plan is made, then the plan is applied. Check mode stops after the plan, diff
    mode prints it, and both use the same plan as the real run.
  - A release that failed or was interrupted is never taken for a good one, it is repaired.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.cluster
  - federatedai.kubefate.chart
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.wait
  - federatedai.kubefate.apply
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.attributes
options:
  state:
    description:
      - V(present) brings the cluster to what the spec says.
        A cluster that was stopped is started.
      - V(absent) removes it. Data volumes, the Secrets that were generated for it and job records stay, unless
        O(purge_data) is set, and so does the namespace, unless O(purge_namespace) is.
      - V(stopped) scales it to zero and V(started) back to what its release says; everything else stays.
      - V(restarted) replaces its pods, by each workload's own strategy. It does so in every run.
      - V(rolled_back) brings it back to an earlier revision, as a new one.
      - V(rotated) gives the Secrets that were generated for it new values, without losing data. The running server is
        told first, then the Secret changes, then exactly the pods that read it restart. It does so in every run; one
        that was interrupted is finished by the next. It needs the spec.
    type: str
    choices: [present, absent, stopped, started, restarted, rolled_back, rotated]
    default: present
  modules:
    description:
      - With O(state=stopped), O(state=started) or O(state=restarted), only these modules; all by default.
    type: list
    elements: str
    default: []
  revision:
    description:
      - With O(state=rolled_back), the revision to go back to. V(0) is the newest one before the present one that was
        deployed.
    type: int
    default: 0
  secrets:
    description:
      - With O(state=rotated), names of the Secrets to rotate; all that the chart says how to rotate by default.
    type: list
    elements: str
    default: []
  secret_values:
    description:
      - With O(state=rotated), values that are not to be generated, as a mapping of the names of Secrets to
        mappings of their keys to values. Keep them in a file that ansible-vault encrypts.
      - A value that the spec gives is changed by changing the spec.
    type: dict
    default: {}
  purge_data:
    description:
      - With O(state=absent), also delete the data volumes of the cluster, the Secrets that were generated for it, and
        the records of its jobs but for the removal's own.
      - What was stored in them is lost.
    type: bool
    default: false
  purge_namespace:
    description:
      - With O(state=absent), also delete the namespace. Refused if the collection did not make it, or if anything is
        in it that does not belong to the cluster.
    type: bool
    default: false
seealso:
  - module: federatedai.kubefate.fate_cluster_info
  - module: federatedai.kubefate.fate_job
"""

EXAMPLES = r"""
- name: Deploy a party from a cluster.yaml
  federatedai.kubefate.fate_cluster:
    kubeconfig: ~/.kube/party-9999.yaml
    spec_files: [cluster.yaml]

- name: Deploy a party from inline data, with one thing changed
  federatedai.kubefate.fate_cluster:
    context: party-9999
    spec_files: [cluster.yaml]
    spec:
      nodemanager:
        replicas: 3

- name: Start a deployment and do not wait for it
  federatedai.kubefate.fate_cluster:
    context: party-9999
    spec_files: [cluster.yaml]
    wait: false
  register: started

- name: Bring a party back to the revision before
  federatedai.kubefate.fate_cluster:
    context: party-9999
    name: fate-9999
    state: rolled_back

- name: Restart two modules
  federatedai.kubefate.fate_cluster:
    context: party-9999
    name: fate-9999
    state: restarted
    modules: [python, fateboard]

- name: Stop a party over the weekend
  federatedai.kubefate.fate_cluster:
    context: party-9999
    name: fate-9999
    state: stopped

- name: Give every generated password of a party a new value
  federatedai.kubefate.fate_cluster:
    context: party-9999
    spec_files: [cluster.yaml]
    state: rotated

- name: Give FATE-Board a password of one's own
  federatedai.kubefate.fate_cluster:
    context: party-9999
    spec_files: [cluster.yaml]
    state: rotated
    secrets: [fate-fateboard]
    secret_values:
      fate-fateboard:
        password: "{{ board_password }}"

- name: Remove a party, with its data
  federatedai.kubefate.fate_cluster:
    context: party-9999
    name: fate-9999
    namespace: fate-9999
    state: absent
    purge_data: true
"""

RETURN = r"""
cluster:
  description: The cluster as it is now.
  returned: always
  type: dict
  contains:
    name:
      description: Name of the Helm release.
      type: str
      returned: always
    namespace:
      description: Its namespace.
      type: str
      returned: always
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
plan:
  description: What was, or in check mode would be, changed. Secrets are left out.
  returned: always
  type: dict
  contains:
    operation:
      description: One of V(none), V(install), V(upgrade), V(repair), V(uninstall), V(stop), V(start),
        V(restart), V(rotate).
      type: str
      returned: always
    reason:
      description: Why.
      type: str
      returned: always
    changes:
      description: Objects with action and fields; a field has path, before, after and source (V(spec) or V(drift)).
      type: list
      elements: dict
      returned: always
    drift:
      description: What somebody else changed and is left alone.
      type: list
      elements: dict
      returned: always
    restarts:
      description: Workloads whose pods are replaced, with the names of these pods and the reason.
      type: list
      elements: dict
      returned: always
    findings:
      description: Errors, warnings and notes.
      type: list
      elements: dict
      returned: always
    known_after_apply:
      description: What is known only after applying.
      type: list
      elements: str
      returned: always
    unchanged:
      description: Number of objects that stay as they are.
      type: int
      returned: always
job:
  description: The job record of this operation, empty if nothing was changed.
  returned: always
  type: dict
failure:
  description: What failed, beside RV(ignore:msg).
  returned: on failure
  type: dict
  contains:
    kind:
      description: A word for the kind of failure, such as V(bad_input), V(forbidden) or V(unhealthy).
      type: str
      returned: always
    phase:
      description: Where it happened, such as V(plan), V(apply) or V(settle).
      type: str
      returned: always
    hint:
      description: What to do next.
      type: str
      returned: always
    resources:
      description: Objects concerned, with kind, name, reason, message, events and log.
      type: list
      elements: dict
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import CHANGE_CLUSTER
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_CLUSTER)


if __name__ == "__main__":
    main()
