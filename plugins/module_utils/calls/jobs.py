# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_job`` and ``fate_job_info``."""

from __future__ import annotations

from typing import Any

from ..arguments import CONNECTION, HELM, PROGRESS, STORE, Arguments
from ..call import Call, Entry
from ..cluster import jobs
from ..job.book import JobBook


def change_job(call: Call) -> dict[str, Any]:
    """``fate_job``."""
    context = call.context("")
    book = JobBook(context.api, context.options.store_namespace)
    timeout = float(call.params["wait_timeout"])
    match call.params["state"]:
        case "finished":
            job = book.read(call.params["id"])
            if call.check_mode:
                return {"changed": False, "job": jobs.refresh(context, job).as_result()}
            return {"changed": False, "job": jobs.finished(context, job, timeout=timeout).as_result()}
        case "stopped":
            job, text = jobs.stop(context, book.read(call.params["id"]), check_mode=call.check_mode, timeout=timeout)
            return {"changed": True, "job": job.as_result(), "action": text}
        case _:
            found = book.find(call.params["id"])
            if found is None:
                return {"changed": False, "job": {}}
            jobs.delete(context, found, check_mode=call.check_mode)
            return {"changed": True, "job": found.as_result()}


def inform_jobs(call: Call) -> dict[str, Any]:
    """``fate_job_info``."""
    context = call.context("")
    if call.params.get("id"):
        found = JobBook(context.api, context.options.store_namespace).find(call.params["id"])
        return {"jobs": [jobs.refresh(context, found).as_result()] if found else []}
    listed = jobs.list_jobs(
        context,
        cluster=call.params.get("name") or "",
        namespace=call.params.get("namespace") or "",
        status=call.params["status"],
        limit=call.params["limit"],
    )
    return {"jobs": listed}


CHANGE_JOB = Entry(
    CONNECTION
    | HELM
    | STORE
    | PROGRESS
    | Arguments(
        {
            "id": {"type": "str", "required": True, "aliases": ["job_id"]},
            "state": {"type": "str", "choices": ["finished", "stopped", "absent"], "default": "finished"},
            "wait_timeout": {"type": "int", "default": 1800},
            "lock_timeout": {"type": "int", "default": 120},
        }
    ),
    change_job,
)
INFORM_JOBS = Entry(
    CONNECTION
    | HELM
    | STORE
    | Arguments(
        {
            "id": {"type": "str", "aliases": ["job_id"]},
            "name": {"type": "str"},
            "namespace": {"type": "str"},
            "status": {"type": "list", "elements": "str", "default": []},
            "limit": {"type": "int", "default": 0},
        }
    ),
    inform_jobs,
)
