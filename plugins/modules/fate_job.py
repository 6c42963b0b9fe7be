#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_job
short_description: Wait for, stop and delete job records
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Each operation on a cluster of FATE is a job, whose record is kept in the store namespace. This is not a training
    job of FATE-Flow.
  - A job that was started without waiting can be waited for later, also from another machine.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.helm
  - federatedai.kubefate.store
  - federatedai.kubefate.progress
  - federatedai.kubefate.attributes
options:
  id:
    description:
      - Id of the job.
    type: str
    required: true
    aliases: [job_id]
  state:
    description:
      - V(finished) waits until the job has ended, and fails if it did not succeed.
      - V(stopped) stops it. A module that carries it out is asked to stop. If there is none any more, an update that
        is not finished is rolled back and an install is left as it is. Nothing is ever uninstalled.
      - V(absent) deletes its record. The cluster stays.
    type: str
    choices: [finished, stopped, absent]
    default: finished
  wait_timeout:
    description:
      - How long to wait, in seconds.
    type: int
    default: 1800
  lock_timeout:
    description:
      - How long to wait, in seconds, for somebody else who works on the same cluster.
    type: int
    default: 120
seealso:
  - module: federatedai.kubefate.fate_job_info
"""

EXAMPLES = r"""
- name: Wait for a deployment that was started earlier
  federatedai.kubefate.fate_job:
    context: party-9999
    id: 2a6f1c0e-8a2c-4c55-9d5a-1b6f0a6f7e11

- name: Stop it
  federatedai.kubefate.fate_job:
    context: party-9999
    id: 2a6f1c0e-8a2c-4c55-9d5a-1b6f0a6f7e11
    state: stopped
"""

RETURN = r"""
job:
  description: The job's record as it is now, empty if it was not there.
  returned: always
  type: dict
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
      description:
        - One of V(Pending), V(Running), V(Success), V(Failed), V(Rollback), V(Timeout), V(Stopping), V(Canceled),
          V(Superseded).
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
    revision:
      description: The revision that it made.
      type: int
      returned: always
    events:
      description: What happened, with time, type and message.
      type: list
      elements: dict
      returned: always
    sub_jobs:
      description: One entry for each workload, with module, status and reason.
      type: list
      elements: dict
      returned: always
action:
  description: What stopping the job did.
  returned: with O(state=stopped)
  type: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.jobs import CHANGE_JOB
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_JOB)


if __name__ == "__main__":
    main()
