#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_job_info
short_description: List and describe job records
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Lists the operations on clusters of FATE, or describes one with its events and its sub-job for each workload.
  - The status of a job that nobody carries out any more is found out from the cluster, and written down once it is
    final.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes.info
options:
  id:
    description:
      - Id of the job to describe. Without it, jobs are listed.
    type: str
    aliases: [job_id]
  name:
    description:
      - List the jobs of this cluster only.
    type: str
  namespace:
    description:
      - List the jobs of clusters in this namespace only.
    type: str
  status:
    description:
      - List jobs with one of these statuses only.
    type: list
    elements: str
    default: []
  limit:
    description:
      - List so many jobs at most, newest first. V(0) is for all.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: What was done to party 9999
  federatedai.kubefate.fate_job_info:
    context: party-9999
    name: fate-9999

- name: What happened in one job
  federatedai.kubefate.fate_job_info:
    context: party-9999
    id: 2a6f1c0e-8a2c-4c55-9d5a-1b6f0a6f7e11
"""

RETURN = r"""
jobs:
  description:
    - The jobs, newest first. With O(id), the one job with all that is known about it, or none.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: always
    method:
      description: One of V(ClusterInstall), V(ClusterUpdate), V(ClusterDelete).
      type: str
      returned: always
    cluster:
      description: Name of the cluster.
      type: str
      returned: always
    namespace:
      description: Namespace of the cluster.
      type: str
      returned: always
    status:
      description: Its status now.
      type: str
      returned: always
    creator:
      description: The user that the API server took the caller for.
      type: str
      returned: always
    start:
      description: When it was started, in UTC.
      type: str
      returned: always
    end:
      description: When it ended, in UTC. Empty while it runs.
      type: str
      returned: always
    events:
      description: What happened, with time, type and message.
      type: list
      elements: dict
      returned: with O(id)
    sub_jobs:
      description: One entry for each workload, with module, status and reason.
      type: list
      elements: dict
      returned: with O(id)
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.jobs import INFORM_JOBS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_JOBS)


if __name__ == "__main__":
    main()
