# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Waiting for readiness: the options of ``arguments.WAIT``."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until every module is ready. If not, the job's id is in the result, and
        M(federatedai.kubefate.fate_job) waits for it later.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds.
    type: int
    default: 1800
  patience:
    description:
      - How long, in seconds, a cause of trouble may last before waiting ends. Causes that are not given a time here
        or in the defaults are borne until O(wait_timeout).
      - The cause itself is named as soon as it shows.
    type: dict
    default: {}
    suboptions:
      image_missing:
        description: [An image is not found or access to it is denied. 30 s by default.]
        type: int
      image_pull:
        description: [An image cannot be pulled for another reason. 180 s by default.]
        type: int
      crash_loop:
        description:
          - A container ends again and again. 300 s by default, and only after 5 restarts while nothing else gets
            ready.
        type: int
      config_error:
        description: [A container cannot be created from its configuration. 180 s by default.]
        type: int
      failed_mount:
        description: [A volume cannot be mounted. Borne by default.]
        type: int
      unschedulable:
        description: [No node has room for a pod. Borne by default.]
        type: int
      volume_pending:
        description: [A volume is not provisioned. Borne by default.]
        type: int
      volume_lost:
        description: [The volume behind a claim is gone. 30 s by default.]
        type: int
      quota:
        description: [A quota forbids pods or claims. 30 s by default.]
        type: int
      admission:
        description: [An admission policy forbids pods. 30 s by default.]
        type: int
      evicted:
        description: [Pods are evicted. Borne by default.]
        type: int
      job_failed:
        description: [A Job failed. 30 s by default. A hook that fails ends the update at once.]
        type: int
      progress_deadline:
        description: [A Deployment exceeded its progress deadline. Borne by default.]
        type: int
      not_ready:
        description: [A probe fails. Borne by default.]
        type: int
"""
