# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was gathered to a plan. Pure: the same gathering gives the same plan, in check mode and in the real run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..chart.secrets import SecretRequest
from ..objects import Object, Ref, annotations_of, labels_of, module_of, name_of, pods_of
from ..release import PROOF_LABEL, Release, Status, names
from .compare import Path, as_sent, at, contained, differences, overlaps, owners, strangers
from .ignoring import IgnoreRule, ignored, is_mark
from .model import Action, Change, FieldChange, Finding, Level, Operation, Plan, Restart, Source
from .normalise import pruned

KEEP = "helm.sh/resource-policy"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
CLAIM = "PersistentVolumeClaim"
REPLICAS: Path = ("spec", "replicas")
_IMMUTABLE = ("updates to statefulset spec", "field is immutable")
_RESTARTING = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said to the dry run of one object. obj: as it would be; None where it refused or was not
    asked. refused: its message. permitted: False where the right to ask is missing."""

    obj: Object | None
    refused: str = ""
    permitted: bool = True


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that helm would set server-side and that somebody else owns, in the API server's words."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a plan is made from.

    releases: revisions that are not superseded, newest first. desired: what the release should consist of, with Helm's
    marks; None where the newest revision is proven to be just that. recorded: the newest revision's objects, with the
    marks. live: live objects among those. answers: of the dry runs. conflicts: that a server-side apply would meet.
    secrets: what the chart needs, with the live Secret. hooks: what helm runs besides. hooks_changed: they are not
    those of the newest revision. past: what is known of a release that is not there any more. pods: live ones.
    """

    release: str
    namespace: str
    namespace_exists: bool
    releases: Sequence[Release]
    recorded: Mapping[Ref, Object]
    desired: Mapping[Ref, Object] | None
    live: Mapping[Ref, Object]
    secrets: Sequence[tuple[SecretRequest, Object | None]] = ()
    answers: Mapping[Ref, Answer] = field(default_factory=dict)
    hooks_changed: bool = False
    hooks: Sequence[Object] = ()
    ignore: Sequence[IgnoreRule] = ()
    conflicts: Mapping[Ref, tuple[Conflict, ...]] = field(default_factory=dict)
    past: str = ""
    pods: Sequence[Object] = ()

    @property
    def wanted(self) -> Mapping[Ref, Object]:
        return self.recorded if self.desired is None else self.desired


def questions(gathered: Gathered) -> list[Ref]:
    """The objects whose difference from the live ones only the API server can tell: those that lack something that is
    wanted, that somebody else wrote to, or that do not exist yet."""
    asked = []
    for ref, obj in gathered.wanted.items():
        live = gathered.live.get(ref)
        if live is None:
            if gathered.namespace_exists and ref not in gathered.recorded:
                asked.append(ref)
            continue
        changed = gathered.desired is not None and ref in gathered.recorded and obj != gathered.recorded[ref]
        if changed or strangers(live) or not contained(pruned(as_sent(obj)), live):
            asked.append(ref)
    return asked


def contested(gathered: Gathered) -> list[Ref]:
    """Objects that helm would apply and that somebody else wrote to."""
    live = gathered.live
    return [ref for ref in gathered.wanted if ref in live and strangers(live[ref])]


def make(gathered: Gathered, drift: str = "report") -> Plan:
    """The plan for a release that should be there.

    drift: ``ignore``, ``report`` (what somebody changed is listed) or ``repair`` (and put back).
    """
    operation, reason = _operation(gathered)
    changes: list[Change] = []
    drifted: list[Change] = []
    findings: list[Finding] = []
    same = 0
    for ref, obj in gathered.wanted.items():
        change, stray = _object(ref, obj, gathered, operation, findings)
        if change:
            changes.append(change)
        if stray:
            drifted.append(stray)
        same += not change and not stray
    changes += _deletions(gathered)
    woken, drifted = _woken(gathered, drifted)
    if woken and operation is Operation.NONE:
        operation, reason = Operation.REPAIR, "the cluster was stopped"
    changes += woken
    if drift == "ignore":
        drifted = []
    if drift == "repair" and drifted:
        changes += drifted
        drifted = []
        if operation is Operation.NONE:
            operation, reason = Operation.REPAIR, "live objects were changed by somebody else"
    secrets, secret_findings = _secrets(gathered)
    if operation is Operation.NONE and secrets:
        operation, reason = Operation.REPAIR, "a Secret that the chart needs is missing"
    changes = [*_namespace(gathered), *secrets, *changes]
    return Plan(
        gathered.release,
        gathered.namespace,
        operation,
        reason,
        tuple(changes),
        tuple(drifted),
        tuple(_restarts(changes, gathered)),
        (*findings, *secret_findings, *_refusals(gathered), *_contests(gathered, operation, drift)),
        tuple(_unknown(changes)),
        same,
    )


def make_removal(gathered: Gathered, claims: Iterable[Object], purge_data: bool) -> Plan:
    """The plan for a release that should not be there. claims: its PersistentVolumeClaims that Helm does not know."""
    changes = []
    for ref, obj in gathered.recorded.items():
        live = gathered.live.get(ref)
        if live is not None:
            changes.append(_parting(ref, obj, live, purge_data))
    changes += [_parting(Ref.of(claim), claim, claim, purge_data) for claim in claims]
    for request, live in gathered.secrets:
        if live is not None:
            action = Action.DELETE if purge_data else Action.KEEP
            reason = "" if purge_data else "data cannot be read without it"
            changes.append(
                Change(Ref("v1", "Secret", gathered.namespace, request.name), action, before=live, reason=reason)
            )
    there = [release for release in gathered.releases if release.status is not Status.UNINSTALLED]
    deleting = [change for change in changes if change.action is Action.DELETE]
    operation = Operation.UNINSTALL if there else (Operation.REPAIR if deleting else Operation.NONE)
    reason = f"revision {there[0].revision} is {there[0].status}" if there else "there is no such release"
    return Plan(gathered.release, gathered.namespace, operation, reason, tuple(changes if deleting or there else ()))


def _woken(gathered: Gathered, drifted: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Workloads that stand at zero because the cluster was stopped, to be started again; and all other drift."""
    if not (gathered.releases and gathered.releases[0].stopped):
        return [], list(drifted)
    woken, left = [], []
    for change in drifted:
        replicas = tuple(item for item in change.fields if item.steps == REPLICAS and not item.before)
        others = tuple(item for item in change.fields if item not in replicas)
        if replicas:
            woken.append(replace(change, fields=replicas))
        if others or not replicas:
            left.append(replace(change, fields=others))
    return woken, left


def _namespace(gathered: Gathered) -> list[Change]:
    if gathered.namespace_exists:
        return []
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": gathered.namespace}}
    return [Change(Ref("v1", "Namespace", "", gathered.namespace), Action.CREATE, after=space)]


def _operation(gathered: Gathered) -> tuple[Operation, str]:
    newest = gathered.releases[0] if gathered.releases else None
    if newest is None:
        return Operation.INSTALL, gathered.past or "there is no such release yet"
    if newest.status is Status.UNINSTALLED:
        return Operation.INSTALL, f"revision {newest.revision} was uninstalled, and its record kept"
    if newest.status is Status.UNINSTALLING:
        return Operation.INSTALL, f"its removal was interrupted (revision {newest.revision})"
    if newest.status is not Status.DEPLOYED:
        said = f": {newest.description}" if newest.status is Status.FAILED and newest.description else ""
        return Operation.UPGRADE, f"revision {newest.revision} is {newest.status}{said}"
    if gathered.desired is None:
        return Operation.NONE, f"revision {newest.revision} is made from this chart and these values"
    if _manifests_differ(gathered) or gathered.hooks_changed:
        return Operation.UPGRADE, f"chart or values are not those of the release{_by_hand(newest)}"
    return Operation.NONE, f"revision {newest.revision} has the same manifest{_by_hand(newest)}"


def _by_hand(release: Release) -> str:
    """Who made a revision, where it was somebody else: helm carried the label of a revision before over to it."""
    label = release.labels.get(PROOF_LABEL)
    if not label or names(label, release.revision):
        return ""
    return f"; revision {release.revision} was made without this collection ({release.description})"


def _manifests_differ(gathered: Gathered) -> bool:
    desired = gathered.desired or {}
    return set(desired) != set(gathered.recorded) or any(
        pruned(obj) != pruned(gathered.recorded[ref]) for ref, obj in desired.items()
    )


def _object(
    ref: Ref, obj: Object, gathered: Gathered, operation: Operation, findings: list[Finding]
) -> tuple[Change | None, Change | None]:
    """What is done to one wanted object, and what somebody else did to it that stays."""
    live = gathered.live.get(ref)
    answer = gathered.answers.get(ref)
    if live is None:
        return _creation(ref, obj, gathered, operation, answer)
    if ref not in gathered.recorded and not _belongs(live, gathered):
        owner = annotations_of(live).get(RELEASE_NAME)
        whose = f"belongs to release {owner}" if owner else "was not made by this release"
        findings.append(
            Finding(Level.ERROR, f"{ref} is there already and {whose}.", "Choose another namespace, or remove it.", ref)
        )
        return None, None
    if answer is None:
        return None, None
    ours, foreign = _fields(ref, obj, live, answer, gathered, operation)
    why = "" if answer.permitted else "unvalidated: there is no right to dry-run"
    change = Change(ref, Action.UPDATE, ours, live, obj, answer.permitted, why) if ours else None
    stray = Change(ref, Action.UPDATE, foreign, live, obj, answer.permitted, why) if foreign else None
    return change, stray


def _creation(
    ref: Ref, obj: Object, gathered: Gathered, operation: Operation, answer: Answer | None
) -> tuple[Change | None, Change | None]:
    if ref in gathered.recorded:
        missing = Change(ref, Action.CREATE, after=obj, reason="somebody deleted it")
        return (None, missing) if operation is Operation.NONE else (missing, None)
    if not gathered.namespace_exists:
        reason = "unvalidated: its namespace does not exist yet"
    elif answer is None or not answer.permitted:
        reason = "unvalidated: there is no right to dry-run"
    else:
        reason = ""
    return Change(ref, Action.CREATE, after=obj, validated=not reason, reason=reason), None


def _belongs(live: Object, gathered: Gathered) -> bool:
    annotations = annotations_of(live)
    return (
        annotations.get(RELEASE_NAME) == gathered.release and annotations.get(RELEASE_NAMESPACE) == gathered.namespace
    )


def _fields(
    ref: Ref, obj: Object, live: Object, answer: Answer, gathered: Gathered, operation: Operation
) -> tuple[tuple[FieldChange, ...], tuple[FieldChange, ...]]:
    """The fields that applying changes, and those that somebody else changed and that applying leaves."""
    wanted = pruned(as_sent(obj))
    recorded = pruned(as_sent(gathered.recorded[ref])) if ref in gathered.recorded else {}
    planned = [path for path, _old, _new in differences(recorded, wanted)] if gathered.desired is not None else []
    managers = strangers(live)
    target = pruned(answer.obj) if answer.obj is not None else None
    ours: list[FieldChange] = []
    foreign: list[FieldChange] = []
    for path, before, after in _compare(pruned(live), target, wanted, recorded, planned):
        if ignored(ref, path, live, gathered):
            continue
        by = owners(path, managers)
        if overlaps(path, planned):
            ours.append(FieldChange(path, before, after, Source.SPEC, by))
        elif operation is not Operation.NONE and at(wanted, path) is not None:
            ours.append(FieldChange(path, before, after, Source.DRIFT, by))
        elif not (after is None and is_mark(path)):
            foreign.append(FieldChange(path, before, after, Source.DRIFT, by))
    return tuple(ours), tuple(foreign)


def _compare(
    live: Any, target: Any, wanted: Any, recorded: Any, planned: list[Path]
) -> Iterable[tuple[Path, Any, Any]]:
    """Live against what the server says it would be; without that word, against what is wanted, where that says
    anything."""
    if target is not None:
        yield from differences(live, target)
        return
    for path, before, after in differences(live, wanted):
        asked_for = after is not None and not contained(after, before, path)
        removed = after is None and overlaps(path, planned) and at(recorded, path) is not None
        if asked_for or removed:
            yield path, before, after


def _deletions(gathered: Gathered) -> list[Change]:
    if gathered.desired is None:
        return []
    found = []
    for ref, obj in gathered.recorded.items():
        live = gathered.live.get(ref)
        if ref not in gathered.desired and live is not None:
            found.append(_parting(ref, obj, live, purge_data=False))
    return found


def _parting(ref: Ref, obj: Object, live: Object, purge_data: bool) -> Change:
    """What becomes of an object that is wanted no more: volumes stay unless it is said that they shall not."""
    if ref.kind == CLAIM:
        action = Action.DELETE if purge_data else Action.KEEP
        return Change(ref, action, before=live, reason="" if purge_data else "data is kept")
    kept = annotations_of(obj).get(KEEP) == "keep"
    return Change(ref, Action.KEEP if kept else Action.DELETE, before=live, reason=KEEP if kept else "")


def _secrets(gathered: Gathered) -> tuple[list[Change], list[Finding]]:
    changes, findings = [], []
    for request, live in gathered.secrets:
        ref = Ref("v1", "Secret", gathered.namespace, request.name)
        missing = request.missing(live)
        if missing and not request.made:
            findings.append(_absent(ref, [key.name for key in missing], live is None))
        elif missing:
            changes.append(Change(ref, Action.GENERATE, reason="keys: " + ", ".join(key.name for key in missing)))
        for key in request.differing(live):
            findings.append(
                Finding(
                    Level.WARNING,
                    f"{key.path} of the spec is not what key {key.name} of {ref} holds; the Secret is kept as it is.",
                    _way_to_change(request, key.name),
                    ref,
                )
            )
    return changes, findings


def _way_to_change(request: SecretRequest, key: str) -> str:
    if request.rotation and key in request.rotation.keys:
        return (
            "Playbook rotate_secrets (state rotated of fate_cluster) brings it to the server, the Secret and the pods "
            "that read it."
        )
    return (
        "Programs were set up with the Secret's value. To change it, change it where it is used and in the Secret, "
        "then restart."
    )


def _absent(ref: Ref, keys: list[str], whole: bool) -> Finding:
    what = f"{ref} does not exist" if whole else f"{ref} has no key {', '.join(keys)}"
    hint = f"Make it in namespace {ref.namespace} with the keys {', '.join(keys)}, or let one be generated."
    return Finding(Level.ERROR, f"{what}, and the spec says that it is there.", hint, ref)


def _refusals(gathered: Gathered) -> list[Finding]:
    """What the API server would refuse, found before anything is changed."""
    found = []
    for ref, answer in gathered.answers.items():
        if answer.refused and answer.permitted:
            hint = "Change the spec, or what forbids it."
            if ref.kind == "StatefulSet" and any(words in answer.refused for words in _IMMUTABLE):
                hint = (
                    f"These fields of a StatefulSet cannot change. To go on: kubectl delete statefulset {ref.name} "
                    f"--namespace {ref.namespace} --cascade=orphan (pods and volumes stay), then run again; volumes "
                    "keep "
                    "their size and class."
                )
            found.append(Finding(Level.ERROR, f"The API server refuses {ref}: {answer.refused}", hint, ref))
    return found


def _contests(gathered: Gathered, operation: Operation, drift: str) -> list[Finding]:
    """Fields that helm would be refused to set, found before helm starts; with repair they are taken back."""
    if operation is not Operation.UPGRADE:
        return []
    level = Level.NOTE if drift == "repair" else Level.ERROR
    hint = "Run with drift: repair to take these fields back, or put what was changed into the spec."
    return [
        Finding(level, f"{ref} was changed by somebody else: {conflict.field}: {conflict.message}.", hint, ref)
        for ref, conflicts in gathered.conflicts.items()
        for conflict in conflicts
    ]


def _restarts(changes: Iterable[Change], gathered: Gathered) -> Iterable[Restart]:
    for change in changes:
        if change.action is not Action.UPDATE or change.ref.kind not in _RESTARTING:
            continue
        fields = [item.path for item in change.fields if item.path.startswith("spec.template.")]
        live = gathered.live[change.ref]
        strategy = at(live, ("spec", "updateStrategy", "type"))
        pods = int(at(live, ("status", "replicas")) or 0)
        names = tuple(name_of(pod) for pod in pods_of(live, gathered.pods))
        if fields and pods and strategy != "OnDelete":
            yield Restart(change.ref, module_of(change.after or {}), pods, _why(fields), names)


def _why(fields: Sequence[str]) -> str:
    """Why pods restart, in a few words: which configuration, image or field."""
    reasons = []
    for path in fields:
        short = path.removeprefix("spec.template.")
        if "annotations.checksum/" in short:
            reasons.append(f"configuration {short.rpartition('checksum/')[2]} changed")
        elif short.endswith(".image"):
            reasons.append("image changed")
        elif "annotations.kubectl.kubernetes.io/restartedAt" not in short:
            reasons.append(f"{short.removeprefix('spec.')} changed")
    return ", ".join(dict.fromkeys(reasons)) or "its pod template changed"


def _unknown(changes: Iterable[Change]) -> Iterable[str]:
    for change in changes:
        if change.action is Action.GENERATE:
            yield f"{change.ref}: the generated values"
        if change.action is Action.CREATE and change.ref.kind == "Service" and change.after:
            spec = change.after.get("spec") or {}
            if spec.get("type") == "LoadBalancer":
                yield f"{change.ref}: the load balancer's address"
            if spec.get("type") in ("NodePort", "LoadBalancer"):
                free = [
                    port.get("name") or port.get("port") for port in spec.get("ports") or [] if not port.get("nodePort")
                ]
                if free:
                    yield f"{change.ref}: the node ports of {', '.join(map(str, free))}"


def owned_claims(workloads: Iterable[Object], claims: Iterable[Object]) -> list[Object]:
    """The claims that StatefulSets made from their templates: Kubernetes keeps them when the set is deleted."""
    found = []
    prefixes = []
    for obj in workloads:
        if obj.get("kind") == "StatefulSet":
            name = (obj.get("metadata") or {}).get("name")
            for template in (obj.get("spec") or {}).get("volumeClaimTemplates") or []:
                prefixes.append((f"{template['metadata']['name']}-{name}-", labels_of(obj)))
    for claim in claims:
        name = str((claim.get("metadata") or {}).get("name"))
        if any(name.startswith(prefix) and name[len(prefix) :].isdigit() for prefix, _labels in prefixes):
            found.append(claim)
    return found
