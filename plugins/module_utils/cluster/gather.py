# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading everything that a plan or a report needs, with as few requests as that takes.

One list call for the Secrets (release records and generated Secrets), one for each kind; dry runs only for objects
whose live fields differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..chart.secrets import SecretRequest
from ..errors import KubefateError
from ..facts.labels import OWNER
from ..health.cluster import judge
from ..health.model import Health
from ..health.snapshot import Snapshot
from ..helm.cli import Helm
from ..kube.client import Api, ApiError
from ..objects import WORKLOADS, Object, Ref, labels_of
from ..plan.making import Gathered, questions
from ..plan.normalise import with_marks
from ..release import Release, Status, newest
from ..values import Values
from .listing import Objects
from .options import Options
from .recognise import refuse_foreign
from .rendering import hook_texts, hooks_of, render_manifest, to_tell
from .target import Target, values_of
from .trials import ask, ask_conflicts

SECRETS = "owner in (helm,kubefate),status!=superseded"
"""Selects the newest revisions of all releases and the Secrets that this collection made."""
RECORDS = "owner=helm,status!=superseded"
MADE = "owner=kubefate"
"""The two halves of that."""
HEALTH_KINDS = (("v1", "Pod"), ("v1", "PersistentVolumeClaim"))
TROUBLE_KINDS = (("apps/v1", "ReplicaSet"), ("v1", "Event"))


@dataclass(frozen=True, slots=True)
class Found:
    """What is there under a release's name. releases: revisions that are not superseded, newest first. secrets: those
    that this collection made, by name."""

    releases: tuple[Release, ...]
    secrets: Mapping[str, Object]

    @property
    def current(self) -> Release | None:
        """The newest revision, unless the release was uninstalled."""
        if self.releases and self.releases[0].status is not Status.UNINSTALLED:
            return self.releases[0]
        return None


def find_release(api: Api, name: str, namespace: str) -> Found:
    """One list call."""
    return sort_found(api.list_objects("v1", "Secret", namespace, labels=SECRETS), name, namespace)


def sort_found(secrets: Iterable[Object], name: str, namespace: str) -> Found:
    """What belongs to one release among Secrets of one or of all namespaces."""
    here = [secret for secret in secrets if secret["metadata"].get("namespace") == namespace]
    made = {str(secret["metadata"]["name"]): secret for secret in here if OWNER.items() <= labels_of(secret).items()}
    return Found(tuple(newest(here).get((namespace, name), ())), made)


def history(api: Api, name: str, namespace: str) -> list[Release]:
    """All revisions that helm keeps of a release, newest first."""
    secrets = api.list_objects("v1", "Secret", namespace, labels=f"owner=helm,name={name}")
    return newest(secrets).get((namespace, name), [])


def referred(api: Api, objects: Iterable[Object], release: str, namespace: str) -> dict[Ref, Object]:
    """Objects of a manifest by reference, each as Helm sends it."""
    found: dict[Ref, Object] = {}
    for obj in objects:
        ref = api.ref(obj, namespace)
        marked = with_marks(obj, release, namespace)
        if ref.namespace:
            marked["metadata"]["namespace"] = ref.namespace
        found[ref] = marked
    return found


def kinds_of(refs: Iterable[Ref]) -> set[tuple[str, str]]:
    return {(ref.api_version, ref.kind) for ref in refs}


def namespace_exists(api: Api, name: str) -> bool:
    """Whether a namespace exists; where that may not be read, it is taken to: credentials for one namespace were given.

    Raises ``KubefateError`` for one that is being deleted."""
    try:
        found = api.find(Ref("v1", "Namespace", "", name))
    except ApiError as error:
        if error.status == 403:
            return True
        raise
    return found is not None


@dataclass(frozen=True, slots=True)
class Prepared:
    """One cluster's recorded and desired objects, and the Secrets that it needs.

    desired and values are None where the release is proven to be the target. server_side: helm would apply it
    server-side, which the API server refuses where somebody else changed the same fields.
    """

    name: str
    namespace: str
    secrets: Sequence[SecretRequest]
    found: Found
    recorded: Mapping[Ref, Object]
    desired: Mapping[Ref, Object] | None
    values: Values | None
    hooks_changed: bool
    namespace_exists: bool
    hooks: Sequence[Object]
    server_side: bool = False

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """The kinds whose live objects the plan is made from."""
        return kinds_of([*self.recorded, *(self.desired or ())])


def is_proven(target: Target, found: Found) -> bool:
    """Whether the newest revision is known to be made from the target's chart and spec."""
    return found.current is not None and found.current.proves(target.fingerprint)


def prepare(api: Api, helm: Helm, target: Target, found: Found, values: Values | None = None) -> Prepared:
    """Read the release and, unless it is proven to be the target, render what it should be.

    values: where they are rendered already. Otherwise it takes two helm processes, else one.
    """
    current = found.current
    refuse_foreign(current)
    recorded = referred(api, current.objects, target.name, target.namespace) if current else {}
    if current is not None and is_proven(target, found):
        hooks = hooks_of(current.body)
        return Prepared(target.name, target.namespace, target.secrets, found, recorded, None, None, False, True, hooks)
    values = values or _values(helm, target)
    exists = current is not None or namespace_exists(api, target.namespace)
    preview = render_manifest(helm, target, values, current, to_tell(api, target))
    desired = referred(api, preview.objects, target.name, target.namespace)
    hooks_changed = current is not None and preview.hook_texts != hook_texts(current.body)
    return Prepared(
        target.name,
        target.namespace,
        target.secrets,
        found,
        recorded,
        desired,
        values,
        hooks_changed,
        exists,
        preview.hooks,
        preview.server_side,
    )


def complete(api: Api, prepared: Prepared, objects: Objects, options: Options) -> Gathered:
    """What a plan is made from: live objects, and dry-run answers for those that differ. The kinds are loaded.

    Raises ``KubefateError`` for a kind that may not be read: what is not seen would look as if somebody had deleted it.
    """
    objects.require(prepared.kinds, prepared.namespace)
    wanted = {*prepared.recorded, *(prepared.desired or ())}
    gathered = Gathered(
        release=prepared.name,
        namespace=prepared.namespace,
        namespace_exists=prepared.namespace_exists,
        releases=prepared.found.releases,
        recorded=prepared.recorded,
        desired=prepared.desired,
        live=_live(objects.of(prepared.namespace), wanted),
        secrets=[(request, _secret(api, prepared, request)) for request in prepared.secrets],
        hooks_changed=prepared.hooks_changed,
        hooks=prepared.hooks,
        ignore=options.ignore,
        issued=frozenset(options.issued_secrets),
        past=_past(api, prepared, options),
        pods=[item for item in objects.of(prepared.namespace) if item["kind"] == "Pod"],
    )
    gathered = replace(gathered, answers=ask(api, gathered, questions(gathered)))
    if not prepared.server_side:
        return gathered
    return replace(gathered, conflicts=ask_conflicts(api, gathered))


def _past(api: Api, prepared: Prepared, options: Options) -> str:
    """What the job records know of a release that is not there: helm keeps nothing of one that it uninstalled."""
    if prepared.found.releases or not prepared.namespace_exists:
        return ""
    from ..job.book import JobBook  # imported late: a run in which nothing changes is mostly imports
    from ..job.record import Method

    try:
        jobs = JobBook(api, options.store_namespace).jobs(prepared.name, prepared.namespace)
    except ApiError as error:
        if error.status in (403, 404):
            return ""
        raise
    last = next((job for job in jobs if job.release_uid or job.method is Method.DELETE), None)
    if last is None or last.method is Method.DELETE:
        return ""
    return f"revision {last.revision} of {last.end or last.start} is gone: it was uninstalled without this collection"


def _live(objects: Iterable[Object], refs: set[Ref]) -> dict[Ref, Object]:
    return {ref: item for item in objects if (ref := Ref.of(item)) in refs or ref.kind == "HorizontalPodAutoscaler"}


def _secret(api: Api, prepared: Prepared, request: SecretRequest) -> Object | None:
    """The live Secret; one that somebody made by hand carries no label and is read by its name."""
    made = prepared.found.secrets.get(request.name)
    if made or not prepared.namespace_exists:
        return made
    return api.find(Ref("v1", "Secret", prepared.namespace, request.name))


def _values(helm: Helm, target: Target) -> Values:
    found = values_of(helm, {target.name: target})[target.name]
    if isinstance(found, KubefateError):
        raise found
    return found


def health(objects: Objects, expected: Iterable[Object], namespace: str) -> Health:
    """The health of a release from listed objects; events and ReplicaSets are read where something is not ready."""
    wanted = list(expected)
    objects.load({(str(obj["apiVersion"]), str(obj["kind"])) for obj in wanted} | set(HEALTH_KINDS))
    verdict = judge(wanted, Snapshot(objects.of(namespace)))
    if not verdict.ready and any(obj.get("kind") in WORKLOADS for obj in wanted):
        objects.load(TROUBLE_KINDS)
        verdict = judge(wanted, Snapshot(objects.of(namespace)))
    return verdict
