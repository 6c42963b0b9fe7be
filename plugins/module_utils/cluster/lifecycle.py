# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping, starting and restarting what a release consists of, without another revision.

A stopped cluster keeps volumes, Secrets, Services and its release; a label of the revision says that it was stopped on
purpose, so that the next plan does not take it for drift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..access.model import Purpose
from ..errors import Kind, KubefateError, bad_input
from ..job.record import Job, Method, now
from ..objects import Object, Ref, module_of, name_of, pods_of
from ..plan.making import REPLICAS
from ..plan.model import Action, Change, FieldChange, Operation, Plan, Restart
from ..plan.show import sentences
from ..release import STOPPED_LABEL, Release, Status
from .applying import apply_fields, set_fields
from .changing import follow, lock_of
from .context import Context
from .describe import describe
from .gather import HEALTH_KINDS, find_release, health, referred
from .listing import Objects
from .permission import require
from .recognise import refuse_foreign
from .recovery import mark
from .running import Running
from .shape import Result, among, result
from .training import noted, spare_jobs

RESTARTED = ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
"""The field that ``kubectl rollout restart`` sets."""
_SCALED = ("Deployment", "StatefulSet")
ROLLED = (*_SCALED, "DaemonSet")
"""Kinds of workloads whose pods are replaced when their template changes."""


@dataclass(frozen=True, slots=True)
class _Verb:
    """kinds: of workloads that it is about. field: the change of one workload, or None if it is so already."""

    operation: Operation
    method: Method
    kinds: tuple[str, ...]
    reason: str
    field: Callable[[Object, Object], FieldChange | None]


def _to_zero(live: Object, _wanted: Object) -> FieldChange | None:
    count = replicas(live)
    return FieldChange(REPLICAS, count, 0) if count else None


def _from_zero(live: Object, wanted: Object) -> FieldChange | None:
    count = replicas(wanted)
    return FieldChange(REPLICAS, 0, count) if count and not replicas(live) else None


def _roll(live: Object, _wanted: Object) -> FieldChange | None:
    return restart_field(live) if replicas(live) else None


def restart_field(live: Object) -> FieldChange:
    """The change that has the pods of a workload replaced."""
    value: object = live
    for step in RESTARTED:
        value = value.get(step) if isinstance(value, dict) else None
    return FieldChange(RESTARTED, value, now())


def replicas(obj: Object) -> int:
    """How many pods a workload asks for."""
    count = (obj.get("spec") or {}).get("replicas")
    return 1 if count is None else int(count)


_VERBS = {
    "stopped": _Verb(Operation.STOP, Method.STOP, _SCALED, "the cluster is to be stopped", _to_zero),
    "started": _Verb(Operation.START, Method.START, _SCALED, "the cluster is to be started", _from_zero),
    "restarted": _Verb(Operation.RESTART, Method.RESTART, ROLLED, "a restart was asked for", _roll),
}


def run_verb(
    context: Context, state: str, name: str, namespace: str, modules: Sequence[str], *, check_mode: bool
) -> Result:
    """Bring the workloads of a cluster to a state: stopped, started or restarted.

    modules: only those; all by default. Raises ``KubefateError`` for a cluster or a module that does not exist.
    """
    verb = _VERBS[state]
    release = deployed(context, name, namespace)
    objects = Objects(context.api, [namespace])
    expected = referred(context.api, release.objects, name, namespace)
    objects.load({(ref.api_version, ref.kind) for ref in expected} | set(HEALTH_KINDS))
    objects.require(((ref.api_version, ref.kind) for ref in expected), namespace)
    plan = _plan(verb, release, expected, objects, modules)
    if check_mode:
        plan = noted(context, plan, release)
    if check_mode or not plan.changed:
        verdict = health(objects, expected.values(), namespace)
        live = among(objects.of(namespace), expected.values())
        return result(plan, describe(name, namespace, release, verdict, live))
    require(context, namespace, [Purpose.RESTART], release.objects)
    with lock_of(context, name, namespace):
        now_there = deployed(context, name, namespace)
        if now_there.revision != release.revision:
            raise KubefateError(
                f"Release {name} in {namespace} got revision {now_there.revision} meanwhile.", Kind.LOCKED, "plan"
            )
        caveats = spare_jobs(context, plan, release)
        job = Job(
            cluster=name,
            namespace=namespace,
            method=verb.method,
            revision=release.revision,
            previous_revision=release.revision,
            release_uid=release.uid,
            changes=sentences(plan),
        )
        return follow(context, job, plan, lambda running: _carry_out(running, verb, plan, release), warnings=caveats)


def deployed(context: Context, name: str, namespace: str) -> Release:
    """The release of a cluster. Raises ``KubefateError`` unless it is one of FATE that is deployed."""
    release = find_release(context.api, name, namespace).current
    if release is None:
        raise bad_input(
            f"There is no release {name} in namespace {namespace}.", "List the clusters: fate_cluster_info."
        )
    refuse_foreign(release)
    if release.status is not Status.DEPLOYED:
        raise bad_input(
            f"Revision {release.revision} of release {name} is {release.status}.",
            "Bring it in order first, with state: present or state: rolled_back.",
        )
    return release


def _plan(verb: _Verb, release: Release, expected: dict[Ref, Object], objects: Objects, modules: Sequence[str]) -> Plan:
    workloads = {ref: obj for ref, obj in expected.items() if ref.kind in verb.kinds}
    known = sorted({module_of(obj) for obj in workloads.values()})
    unknown = sorted(set(modules) - set(known))
    if unknown:
        raise bad_input(
            f"Cluster {release.name} has no module {', '.join(unknown)}; it has {', '.join(known)}.",
            "Correct the option modules.",
        )
    live = {Ref.of(obj): obj for obj in objects.of(release.namespace)}
    changes = []
    for ref, obj in workloads.items():
        there = live.get(ref)
        if there is None or (modules and module_of(obj) not in modules):
            continue
        field = verb.field(there, obj)
        if field:
            changes.append(Change(ref, Action.UPDATE, (field,), there, obj))
    restarts = [
        Restart(
            change.ref,
            module_of(change.after or {}),
            replicas(change.before or {}),
            verb.reason,
            tuple(name_of(pod) for pod in pods_of(change.before or {}, live.values())),
        )
        for change in changes
        if verb.operation is Operation.RESTART
    ]
    operation = verb.operation if changes else Operation.NONE
    reason = verb.reason if changes else "it is so already"
    return Plan(
        release.name,
        release.namespace,
        operation,
        reason,
        tuple(changes),
        restarts=tuple(restarts),
        unchanged=len(expected) - len(changes),
    )


def _carry_out(running: Running, verb: _Verb, plan: Plan, release: Release) -> Release | None:
    api = running.context.api
    if verb.operation is Operation.STOP:  # first: a run that is killed in between is then seen as what it is
        mark(api, release, STOPPED_LABEL, f"r{release.revision}")
    for change in plan.changes:
        if release.server_side and verb.operation is not Operation.RESTART:
            apply_fields(api, change)
        else:
            set_fields(api, change.before or {}, change.fields)
        running.tell(f"{verb.operation} {change.ref}")
    if verb.operation is Operation.START:
        mark(api, release, STOPPED_LABEL, None)
    return find_release(api, release.name, release.namespace).current
