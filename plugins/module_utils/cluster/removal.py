# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a cluster away.

Volumes, generated Secrets and the namespace stay unless a purge was asked for.
"""

from __future__ import annotations

import time
from dataclasses import replace

from ..access.model import Purpose
from ..access.namespaces import MADE_LABEL
from ..chart.secrets import SecretRequest
from ..errors import Kind, KubefateError
from ..job.record import Job, JobStatus, Method
from ..objects import WORKLOADS, Ref, labels_of, name_of
from ..plan.making import CLAIM, Gathered, make_removal, owned_claims
from ..plan.model import Action, Operation, Plan
from ..plan.show import sentences
from ..release import newest
from .applying import delete_all
from .changing import lock_of
from .context import Context
from .describe import describe
from .gather import Found, find_release, referred
from .listing import Objects
from .permission import require
from .recognise import refuse_foreign
from .recovery import keep_volumes
from .running import Running
from .settle import Mirror
from .shape import Result, result
from .training import noted, spare_jobs

REMOVAL_SECONDS = 300.0


def absent(context: Context, name: str, namespace: str, *, check_mode: bool) -> Result:
    """Take a cluster away. Volumes, generated Secrets, job records and the namespace stay unless a purge was asked
    for; the record of the removal stays."""
    found = find_release(context.api, name, namespace)
    refuse_foreign(found.current)
    objects = Objects(context.api, [namespace])
    gathered, plan = _removal(context, name, namespace, found, objects)
    purge = _namespace_purge(context, name, namespace, found) if context.options.purge_namespace else ""
    if purge:
        plan = replace(plan, operation=plan.operation if plan.changed else Operation.UNINSTALL, reason=purge)
    gone = describe(name, namespace, None, None, ())
    if check_mode:
        plan = noted(context, plan, found.current)
    if check_mode or not plan.changed:
        current = found.current
        return result(plan, describe(name, namespace, current, None, ()) if current and check_mode else gone)
    purposes = [Purpose.REMOVE, Purpose.PURGE] if context.options.purge_data else [Purpose.REMOVE]
    require(context, namespace, purposes, gathered.recorded.values())
    with lock_of(context, name, namespace):
        caveats = spare_jobs(context, plan, found.current)
        job = Job(cluster=name, namespace=namespace, method=Method.DELETE, changes=sentences(plan))
        job.previous_revision = found.current.revision if found.current else 0
        running = Running.start(context, job)
        try:
            _remove(running, found, gathered, plan)
        except KubefateError as error:
            running.end(JobStatus.FAILED, error.msg, error)
            error.within("remove")
            error.result = result(plan, describe(name, namespace, found.current, None, ()), job, changed=True)
            raise
    if purge:
        running.tell(f"namespace {namespace} is being deleted")
        context.api.delete(Ref("v1", "Namespace", "", namespace))
    running.end(JobStatus.SUCCESS, "removed")
    if context.options.purge_data:
        running.book.prune(job, 1)
    return result(plan, gone, job, warnings=caveats)


def _removal(context: Context, name: str, namespace: str, found: Found, objects: Objects) -> tuple[Gathered, Plan]:
    current = found.current
    recorded = referred(context.api, current.objects, name, namespace) if current else {}
    objects.load({(ref.api_version, ref.kind) for ref in recorded} | {("v1", "PersistentVolumeClaim")})
    live = {ref: item for item in objects.of(namespace) if (ref := Ref.of(item)) in recorded}
    claims = [
        obj for obj in objects.of(namespace) if obj["kind"] == "PersistentVolumeClaim" and Ref.of(obj) not in recorded
    ]
    mine = owned_claims(recorded.values(), claims) or [
        claim for claim in claims if labels_of(claim).get("name") == name
    ]
    secrets = [
        (SecretRequest(secret_name, ()), secret)
        for secret_name, secret in found.secrets.items()
        if labels_of(secret).get("name") == name
    ]
    gathered = Gathered(name, namespace, True, found.releases, recorded, {}, live, secrets)
    return gathered, make_removal(gathered, mine, context.options.purge_data)


def _remove(running: Running, found: Found, gathered: Gathered, plan: Plan) -> None:
    context = running.context
    if found.current is not None:
        running.tell(f"helm: removing {gathered.release}")
        keep_volumes(context.api, found.current, plan)
        context.helm.uninstall(gathered.release, gathered.namespace, timeout=REMOVAL_SECONDS)
        _await_gone(running, gathered)
    extra = [
        change.ref
        for change in plan.changes
        if change.action is Action.DELETE and (change.ref.kind == CLAIM or change.ref not in gathered.recorded)
    ]
    if extra:
        running.tell(f"deleting {', '.join(str(ref) for ref in extra)}")
        delete_all(context.api, extra)


def _await_gone(running: Running, gathered: Gathered) -> None:
    """Wait until pods of the release's workloads are gone: a new install beside dying ones would meet their volumes."""
    selectors = [
        (obj.get("spec") or {}).get("selector", {}).get("matchLabels") or {}
        for obj in gathered.recorded.values()
        if obj.get("kind") in WORKLOADS
    ]
    end = time.monotonic() + min(running.context.options.wait_timeout, REMOVAL_SECONDS)
    with Mirror(running.context.api, gathered.namespace, [("v1", "Pod")]) as mirror:
        while True:
            left = [
                name_of(pod)
                for pod in mirror.objects()
                if any(selector and selector.items() <= labels_of(pod).items() for selector in selectors)
            ]
            if not left:
                return
            if time.monotonic() >= end:
                raise KubefateError(
                    f"Pods of {gathered.release} are still there: {', '.join(sorted(left))}.",
                    Kind.TIMEOUT,
                    "remove",
                    "Look at the pods' finalizers and at their node; then run again.",
                )
            running.context.progress(f"{len(left)} pods are still ending")
            mirror.changed(1.0)


_FOREIGN_KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "PersistentVolumeClaim"),
)


def _namespace_purge(context: Context, name: str, namespace: str, found: Found) -> str:
    """Why the namespace may be deleted. Raises ``KubefateError`` where it may not; empty if it is not there."""
    space = context.api.find(Ref("v1", "Namespace", "", namespace))
    if space is None or (space.get("status") or {}).get("phase") == "Terminating":
        return ""
    if labels_of(space).get(MADE_LABEL) != "true":
        raise KubefateError(
            f"Namespace {namespace} was not made by this collection, so it is not deleted.",
            Kind.REFUSED,
            "plan",
            "Run without purge_namespace, and delete it yourself if nobody needs it.",
        )
    foreign = _foreign(context, name, namespace, found)
    if foreign:
        raise KubefateError(
            f"Namespace {namespace} holds what does not belong to {name}: {', '.join(foreign[:5])}.",
            Kind.REFUSED,
            "plan",
            "Run without purge_namespace, or remove these first.",
        )
    return f"namespace {namespace} is deleted with everything in it"


def _foreign(context: Context, name: str, namespace: str, found: Found) -> list[str]:
    """What lies in a namespace and is not of this release."""
    others = [
        f"release {other}"
        for (_space, other), revisions in newest(
            context.api.list_objects("v1", "Secret", namespace, labels="owner=helm")
        ).items()
        if other != name and revisions
    ]
    recorded = referred(context.api, found.current.objects, name, namespace) if found.current else {}
    objects = Objects(context.api, [namespace])
    objects.load(_FOREIGN_KINDS)
    selectors = [
        (obj.get("spec") or {}).get("selector", {}).get("matchLabels") or {}
        for obj in recorded.values()
        if obj.get("kind") in WORKLOADS
    ]
    for obj in objects.of(namespace):
        ref = Ref.of(obj)
        owned = (obj["metadata"].get("ownerReferences") or []) or ref in recorded
        mine = any(selector and selector.items() <= labels_of(obj).items() for selector in selectors)
        if not owned and not mine and labels_of(obj).get("name") != name:
            others.append(str(ref))
    return sorted(others)
