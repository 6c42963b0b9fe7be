# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """How a plan is applied: the options of ``arguments.APPLY``."""

    DOCUMENTATION = r"""
options:
  drift:
    description:
      - What to do about live objects that somebody changed or deleted.
      - V(report) lists them field by field and leaves them alone, V(repair) puts them back, V(ignore) does not
        mention them.
    type: str
    choices: [ignore, report, repair]
    default: report
  ignore_differences:
    description:
      - Fields that are not compared, besides those under an annotation C(kubefate.federatedai.org/ignore-differences)
        of an object.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: [Kind of the objects, as a shell pattern.]
        type: str
        default: "*"
      name:
        description: [Name of the objects, as a shell pattern.]
        type: str
        default: "*"
      pointers:
        description: [JSON pointers of the fields. C(*) stands for the whole object.]
        type: list
        elements: str
        default: ["*"]
  on_failure:
    description:
      - What to do when an update fails, or is not ready in time.
      - V(keep) leaves it as it is, to be looked at. V(rollback) brings the cluster back to the revision before. An
        install is always left as it is.
      - What failed, with events and logs, is in the result and in the job record in both cases.
    type: str
    choices: [keep, rollback]
    default: keep
  running_fate_jobs:
    description:
      - What to do about training jobs in FATE-Flow that run or wait, before pods that they need are replaced or
        removed.
        FATE-Flow is asked through the API server, which takes the right to V(get) C(services/proxy).
      - V(fail) changes nothing and names the jobs and their partners. So it does where FATE-Flow is ready and cannot be
        asked.
      - V(wait) waits for them until O(wait_timeout) ends, and changes nothing if they have not ended by then.
      - V(ignore) does not ask, and ends jobs that run.
      - A FATE-Flow that is not ready is not asked; a warning says so. In check mode the plan's findings name the jobs.
    type: str
    choices: [wait, fail, ignore]
    default: fail
  lock_timeout:
    description:
      - How long to wait, in seconds, for somebody else who works on the same cluster.
    type: int
    default: 120
  pending_timeout:
    description:
      - After how many seconds a revision that somebody else left pending may be taken over.
    type: int
    default: 600
  force_unlock:
    description:
      - Take over a pending revision of somebody else at once.
    type: bool
    default: false
  history_max:
    description:
      - How many revisions Helm keeps.
    type: int
    default: 10
  job_history_max:
    description:
      - How many job records of the cluster are kept. The oldest ones that have ended are deleted after a success.
    type: int
    default: 50
  create_namespace:
    description:
      - Whether a namespace that is missing is made.
    type: bool
    default: true
  issued_secrets:
    description:
      - Secrets that M(federatedai.kubefate.fate_certificate) makes between planning and applying. In check mode it is
        no error that such a one is missing.
    type: list
    elements: str
    default: []
"""
