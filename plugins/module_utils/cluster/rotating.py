# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New values for the Secrets of a cluster that runs, without losing data: the server is told first, then the Secret
changes, then exactly the pods that read it restart. See ``plan.rotating`` for what happens when it is interrupted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..chart.rotation import command, lines
from ..chart.secrets import decoded, encoded
from ..data import REDACTED
from ..errors import Kind, KubefateError, Resource, bad_input
from ..health.pods import is_ready, is_simulated
from ..health.snapshot import Snapshot
from ..job.record import Job, Method
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, module_of, name_of
from ..plan.model import Action, Change, FieldChange, Finding, Level, Operation, Plan, Restart
from ..plan.rotating import NEXT, PENDING, Step, Turn, readers, turns
from ..plan.show import sentences
from ..release import Release
from .applying import set_fields
from .changing import follow, lock_of
from .context import Context
from .describe import describe
from .gather import HEALTH_KINDS, find_release, health, referred
from .lifecycle import RESTARTED, ROLLED, deployed, replicas, restart_field
from .listing import Objects
from .running import Running
from .shape import Result, among, result
from .target import Target
from .training import noted, spare_jobs

MARK = (*RESTARTED[:-1], PENDING)
SECONDS = 180.0
"""How long telling one server may take."""


@dataclass(frozen=True, slots=True)
class _Rotation:
    """What is rotated, with the live workloads that the release consists of and their pods. mark: of this rotation."""

    plan: Plan
    turns: Sequence[Turn]
    workloads: Sequence[Object]
    seen: Snapshot
    mark: str


def rotated(
    context: Context,
    target: Target,
    named: Sequence[str],
    given: Mapping[str, Mapping[str, str]],
    *,
    check_mode: bool,
) -> Result:
    """Rotate the Secrets that the chart of a cluster needs.

    named: only those. given: Secret to key to value, where none is to be generated. Raises ``KubefateError``.
    """
    name, namespace = target.name, target.namespace
    release = deployed(context, name, namespace)
    objects = Objects(context.api, [namespace])
    expected = referred(context.api, release.objects, name, namespace)
    objects.load({(ref.api_version, ref.kind) for ref in expected} | set(HEALTH_KINDS))
    live = among(objects.of(namespace), expected.values())
    rotation = _planned(context, target, live, objects, named, given)
    if check_mode or not rotation.plan.changed:
        plan = noted(context, rotation.plan, release) if rotation.plan.changed else rotation.plan
        verdict = health(objects, expected.values(), namespace)
        live = among(objects.of(namespace), expected.values())
        return result(plan, describe(name, namespace, release, verdict, live))
    with lock_of(context, name, namespace):
        if deployed(context, name, namespace).revision != release.revision:
            raise KubefateError(f"Release {name} in {namespace} got another revision meanwhile.", Kind.LOCKED, "plan")
        caveats = spare_jobs(context, rotation.plan, release)
        job = Job(
            cluster=name,
            namespace=namespace,
            method=Method.ROTATE,
            revision=release.revision,
            previous_revision=release.revision,
            release_uid=release.uid,
            changes=sentences(rotation.plan),
        )
        return follow(
            context, job, rotation.plan, lambda running: _carry_out(running, rotation, release), warnings=caveats
        )


# the plan ----------------------------------------------------------------------------------------------------
def _planned(
    context: Context,
    target: Target,
    live: Sequence[Object],
    objects: Objects,
    named: Sequence[str],
    given: Mapping[str, Mapping[str, str]],
) -> _Rotation:
    workloads = [obj for obj in live if obj.get("kind") in ROLLED]
    seen = Snapshot(objects.of(target.namespace))
    secrets = [(request, context.api.find(_ref(target.namespace, request.name))) for request in target.secrets]
    found, notes = turns(secrets, named, given, {module_of(obj) for obj in workloads})
    rotation = _Rotation(_empty(target), found, workloads, seen, uuid.uuid4().hex[:8])
    told = [turn for turn in found if turn.step is not Step.RESTART and turn.module]
    simulated = [turn.module for turn in told if _is_simulated(_pods(rotation, turn))]
    for turn in told:
        if turn.module not in simulated and turn.module in {module_of(obj) for obj in workloads}:
            _ready_pods(rotation, turn)
    restarts = [change for turn in found for change in _restarts(rotation, turn)]
    changes = [
        *(_change(turn, target.namespace) for turn in found),
        *{change.ref: change for change in restarts}.values(),
    ]
    findings = [Finding(Level.NOTE, text) for text in notes]
    if simulated:
        names = ", ".join(dict.fromkeys(simulated))
        findings.append(Finding(Level.NOTE, f"SIMULATED: nothing runs behind the pods of {names}, so nothing is told."))
    plan = Plan(
        target.name,
        target.namespace,
        Operation.ROTATE if changes else Operation.NONE,
        "Secrets are to be rotated" if changes else "there is nothing to rotate",
        tuple(changes),
        restarts=tuple(
            Restart(change.ref, module_of(change.before or {}), replicas(change.before or {}), change.reason)
            for change in changes
            if change.ref.kind in ROLLED
        ),
        findings=tuple(findings),
        unknown=tuple(
            f"{_ref(target.namespace, turn.name)}: the generated values"
            for turn in found
            if None in turn.values.values()
        ),
        unchanged=len(live) - sum(change.ref.kind in ROLLED for change in changes),
    )
    return replace(rotation, plan=plan)


def _empty(target: Target) -> Plan:
    return Plan(target.name, target.namespace, Operation.NONE, "")


def _ref(namespace: str, name: str) -> Ref:
    return Ref("v1", "Secret", namespace, name)


def _change(turn: Turn, namespace: str) -> Change:
    if turn.step is Step.RESTART:
        fields = [FieldChange(("metadata", "annotations", PENDING), turn.mark, None)]
        reason = "its values are new already; pods that read it have to restart"
    else:
        fields = [FieldChange(("data", key), REDACTED, REDACTED) for key in turn.values]
        reason = ", ".join(f"{key} {turn.why[key]}" for key in turn.values)
    return Change(_ref(namespace, turn.name), Action.UPDATE, tuple(fields), turn.live, turn.live, reason=reason)


def _restarts(rotation: _Rotation, turn: Turn) -> list[Change]:
    """The workloads that have to restart for one Secret: those that read it and were not restarted for it already."""
    found = []
    for obj in readers(rotation.workloads, turn.name, turn.module):
        mark = turn.mark or rotation.mark
        if not replicas(obj) or _marked(obj) == mark:
            continue
        fields = (restart_field(obj), FieldChange(MARK, _marked(obj), mark))
        found.append(Change(Ref.of(obj), Action.UPDATE, fields, obj, obj, reason=f"reads Secret {turn.name}"))
    return found


def _marked(obj: Object) -> str | None:
    value: object = obj
    for step in MARK:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _pods(rotation: _Rotation, turn: Turn) -> list[Object]:
    servers = [obj for obj in rotation.workloads if module_of(obj) == turn.module]
    return [pod for obj in servers for pod in rotation.seen.pods(obj)]


def _is_simulated(pods: Sequence[Object]) -> bool:
    return bool(pods) and all(is_simulated(pod) for pod in pods)


def _ready_pods(rotation: _Rotation, turn: Turn) -> list[Object]:
    """The pods of a server. Raises ``KubefateError`` unless all of them are there to be told."""
    pods = _pods(rotation, turn)
    if not pods or not all(is_ready(pod) for pod in pods):
        waiting = [Resource("Pod", name_of(pod), rotation.plan.namespace) for pod in pods if not is_ready(pod)]
        state = "has no pod" if not pods else "is not ready"
        raise KubefateError(
            f"Secret {turn.name} cannot be rotated: its server, {turn.module}, {state}, so it cannot be told. Nothing "
            "was changed.",
            Kind.UNHEALTHY,
            "plan",
            f"Start {turn.module}, or bring it in order, first.",
            waiting,
        )
    return pods


# carrying it out ---------------------------------------------------------------------------------------------
def _carry_out(running: Running, rotation: _Rotation, release: Release) -> Release | None:
    api, namespace = running.context.api, release.namespace
    begun = [_begin(running, turn) for turn in rotation.turns]
    for turn in begun:
        if turn.step is Step.TELL:
            _tell(running, rotation, turn, namespace)
    marked = [_take_over(running, rotation, turn) for turn in begun]
    for change in {change.ref: change for turn in marked for change in _restarts(rotation, turn)}.values():
        set_fields(api, change.before or {}, change.fields)
        running.tell(f"restart {change.ref}: {change.reason}")
    for turn in marked:
        _finish(api, turn, namespace)
        running.tell(f"Secret {turn.name} is rotated")
    return find_release(api, release.name, namespace).current


def _begin(running: Running, turn: Turn) -> Turn:
    """Put the coming values beside the present ones: whatever happens then, they are not lost."""
    values = turn.coming()
    _hide(running, turn, values)
    if turn.step is not Step.BEGIN:
        return turn
    coming = {NEXT + key: encoded(value) for key, value in values.items()}
    live = _written(running.context.api, turn, {**turn.live["data"], **coming}, {})
    running.tell(f"Secret {turn.name}: the coming values are noted in it")
    return replace(turn, live=live, step=Step.TELL, values=values)


def _hide(running: Running, turn: Turn, values: Mapping[str, str]) -> None:
    """Keep what a server says from quoting a value."""
    data = turn.live.get("data") or {}
    keys = turn.request.rotation.keys if turn.request.rotation else ()
    running.context.secrets.update(decoded(data[key]) for key in keys if key in data)
    running.context.secrets.update(values.values())


def _tell(running: Running, rotation: _Rotation, turn: Turn, namespace: str) -> None:
    """Have the server take the coming values. It may have done so already."""
    declared = turn.request.rotation
    if declared is None or not declared.script or turn.module not in {module_of(obj) for obj in rotation.workloads}:
        return
    if _is_simulated(_pods(rotation, turn)):
        running.tell(f"SIMULATED: {turn.module} would be told the new values of Secret {turn.name}", "Warning")
        return
    present = {key: decoded(value) for key, value in turn.live["data"].items()}
    coming = {**present, **{key: value for key, value in turn.values.items() if value is not None}}
    keys = [key.name for key in turn.request.keys]
    if any("\n" in value for value in coming.values()):
        raise bad_input(
            f"A value of Secret {turn.name} has more than one line; such a one cannot be handed to its server."
        )
    for pod in _ready_pods(rotation, turn):
        ran = running.context.api.execute(
            Ref("v1", "Pod", namespace, name_of(pod)),
            declared.container,
            command(keys, declared.script),
            lines(keys, present, coming),
            SECONDS,
        )
        if ran.code != 0:
            said = " ".join((ran.err or ran.out).split())[-500:] or "nothing"
            raise KubefateError(
                f"{turn.module} did not take the new values of Secret {turn.name}: exit code {ran.code}, it said: "
                f"{said}",
                Kind.REFUSED,
                "apply",
                f"The Secret still has the values that are in use, and the coming ones under {NEXT}KEY. Correct what "
                "is wrong and run again: it goes on with those.",
                [Resource("Pod", name_of(pod), namespace, log=ran.out + ran.err)],
            )
        running.tell(f"{turn.module} ({name_of(pod)}) takes the new values of Secret {turn.name}")


def _take_over(running: Running, rotation: _Rotation, turn: Turn) -> Turn:
    """Put the coming values in the place of the present ones, and the mark of what is still to be restarted."""
    if turn.step is Step.RESTART:
        return turn
    coming = {key: encoded(value) for key, value in turn.values.items() if value is not None}
    data = {key: value for key, value in turn.live["data"].items() if key.removeprefix(NEXT) not in coming}
    live = _written(running.context.api, turn, {**data, **coming}, {PENDING: rotation.mark})
    running.tell(f"Secret {turn.name} has the new values")
    return replace(turn, live=live, step=Step.RESTART, mark=rotation.mark)


def _written(api: Api, turn: Turn, data: Mapping[str, str], marks: Mapping[str, str]) -> Object:
    """The Secret with this data. One that somebody else changed meanwhile is left alone."""
    metadata = dict(turn.live["metadata"])
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    try:
        return api.replace({**turn.live, "metadata": metadata, "data": dict(data)})
    except ApiError as error:
        if error.status != 409:
            raise
        raise KubefateError(
            f"Secret {turn.name} was changed by somebody else just now.",
            Kind.CONFLICT,
            "apply",
            "Look at what it holds, then run again: what was begun is gone on with.",
        ) from None


def _finish(api: Api, turn: Turn, namespace: str) -> None:
    api.patch(_ref(namespace, turn.name), {"metadata": {"annotations": {PENDING: None}}})
