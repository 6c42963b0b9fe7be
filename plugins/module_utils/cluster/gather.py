# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading everything that a plan or a report needs, with as few requests as that takes.

One list call for the Secrets (release records and generated Secrets), one for each kind; dry runs only for objects
whose live fields differ.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..chart.secrets import SecretRequest
from ..errors import KubefateError
from ..facts.labels import OWNER
from ..health.cluster import judge
from ..health.model import Health
from ..health.snapshot import Snapshot
from ..helm.cli import Helm
from ..kube.client import Api, ApiError
from ..objects import WORKLOADS, Object, Ref, labels_of
from ..plan.making import Answer, Conflict, Gathered, contested, questions
from ..plan.normalise import HELM_MANAGER, as_replacement, with_marks
from ..release import Release, Status, newest
from ..values import Values
from .options import Options
from .recognise import refuse_foreign
from .rendering import hook_texts, hooks_of, render_manifest, to_tell
from .target import Target, values_of

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


class Objects:
    """Live objects of some kinds, listed once each and shared by all who ask.

    namespaces: those that are looked at. wide: try one list over all namespaces first, and fall back to one for each
    namespace where that is not permitted.
    """

    def __init__(self, api: Api, namespaces: Sequence[str], *, wide: bool = False):
        self.api, self.namespaces, self.wide = api, tuple(dict.fromkeys(namespaces)), wide
        self._kinds: set[tuple[str, str]] = set()
        self._everywhere: set[tuple[str, str]] = set()
        self._refused: dict[tuple[str, str, str], ApiError] = {}
        self._loading = threading.Lock()
        self._by_namespace: dict[str, list[dict[str, Any]]] = {}

    def load(self, kinds: Iterable[tuple[str, str]]) -> None:
        """List the kinds that are not there yet, several at once. Kinds that may not be read, or that the server does
        not know, count as empty; see ``refused``."""
        with self._loading:
            self._load([kind for kind in dict.fromkeys(kinds) if kind not in self._kinds])

    def _load(self, wanted: Sequence[tuple[str, str]]) -> None:
        self._kinds |= set(wanted)
        found: list[list[dict[str, Any]] | None] = self.api.parallel(self._list, wanted)
        narrow = [
            (kind, space)
            for kind, items in zip(wanted, found, strict=True)
            if items is None
            for space in self.namespaces
        ]
        lists: list[list[dict[str, Any]]] = self.api.parallel(lambda asked: self._or_none(*asked), narrow)
        for items in [*(items for items in found if items), *lists]:
            for item in items:
                self._by_namespace.setdefault(str(item["metadata"].get("namespace", "")), []).append(item)

    def _list(self, kind: tuple[str, str]) -> list[dict[str, Any]] | None:
        """With one list, where that is permitted; None for what has to be listed namespace by namespace."""
        namespaced = True
        try:
            namespaced = self.api.type_of(*kind).namespaced
            if not namespaced or self.wide:
                listed = self.api.list_objects(*kind)
                self._everywhere.add(kind)
                return listed
        except ApiError as error:
            if error.status == 403 and self.wide and namespaced:
                return None
            if error.status == 403:
                self._refused[(*kind, "")] = error
            if error.status in (403, 404, 405):
                return []
            raise
        return None

    def _or_none(self, kind: tuple[str, str], namespace: str) -> list[dict[str, Any]]:
        try:
            return self.api.list_objects(*kind, namespace)
        except ApiError as error:
            if error.status == 403:
                self._refused[(*kind, namespace)] = error
            if error.status in (403, 404, 405):
                return []
            raise

    def all_of(self, kind: tuple[str, str]) -> list[dict[str, Any]] | None:
        """Every object of a kind that was loaded, of all namespaces; None where that may not be read."""
        if kind not in self._everywhere:
            return None
        found = self.everything()
        return [item for item in found if (item["apiVersion"], item["kind"]) == kind]

    def refused(self, kind: tuple[str, str], namespace: str) -> ApiError | None:
        """What the server said about a kind that may not be listed in a namespace."""
        return self._refused.get((*kind, namespace)) or self._refused.get((*kind, ""))

    def require(self, kinds: Iterable[tuple[str, str]], namespace: str) -> None:
        """Raise what the server said about the first of the kinds that may not be listed."""
        for kind in sorted(kinds):
            refused = self.refused(kind, namespace)
            if refused is not None:
                raise explain_phase(refused, "plan")

    def find(self, ref: Ref) -> dict[str, Any] | None:
        """A live object of a kind that was loaded, from the lists or read now. Raises ``ApiError`` where it may not be
        read."""
        kind = (ref.api_version, ref.kind)
        listed = kind in self._everywhere or ref.namespace in self.namespaces
        if self.refused(kind, ref.namespace) is not None or not listed:
            return self.api.find(ref)
        return next((item for item in self._by_namespace.get(ref.namespace, ()) if Ref.of(item) == ref), None)

    def of(self, namespace: str) -> list[dict[str, Any]]:
        """What was listed in a namespace, and what lies in none."""
        return [*self._by_namespace.get(namespace, ()), *self._by_namespace.get("", ())]

    def everything(self) -> list[dict[str, Any]]:
        return [item for items in self._by_namespace.values() for item in items]


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


def ask_conflicts(api: Api, gathered: Gathered) -> dict[Ref, tuple[Conflict, ...]]:
    """What a server-side apply by helm would be refused for, object by object: fields that others own by now."""
    refs = contested(gathered)
    found = api.parallel(lambda ref: _conflicts(api, gathered.wanted[ref]), refs)
    return {ref: conflicts for ref, conflicts in zip(refs, found, strict=True) if conflicts}


def _conflicts(api: Api, obj: Object) -> tuple[Conflict, ...]:
    try:
        api.apply(obj, "", HELM_MANAGER, force=False, dry_run=True)
    except ApiError as error:
        if error.status == 409:
            return tuple(Conflict(cause.get("field", ""), cause.get("message", "")) for cause in error.causes)
        if error.status not in (403, 404, 422):
            raise
    return ()


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


def ask(api: Api, gathered: Gathered, refs: Sequence[Ref]) -> dict[Ref, Answer]:
    """The API server's dry-run answers, several at once."""
    answers = api.parallel(lambda ref: _answer(api, gathered.wanted[ref], gathered.live.get(ref)), refs)
    return dict(zip(refs, answers, strict=True))


def _answer(api: Api, obj: Object, live: Object | None) -> Answer:
    try:
        if live is None:
            return Answer(api.create(obj, dry_run=True, strict=True))
        return Answer(_replaced(api, obj, live))
    except ApiError as error:
        if error.status == 403 and "exceeded quota" not in error.server_message and not _policy(error):
            return Answer(None, permitted=False)
        if error.status in (400, 403, 409, 422, 500):
            return Answer(None, refused=error.server_message)
        if error.status == 404:
            return Answer(None, permitted=False)  # the namespace, or a kind that the chart itself brings as a CRD
        raise


def _replaced(api: Api, obj: Object, live: Object, tries: int = 5) -> dict[str, Any]:
    """The dry run of a replacement. Controllers write all the time: an object that has another version by now is read
    again."""
    try:
        return api.replace(as_replacement(obj, live), dry_run=True, strict=True)
    except ApiError as error:
        if error.status != 409 or tries <= 1:
            raise
    return _replaced(api, obj, api.read(Ref.of(live)), tries - 1)


def _policy(error: ApiError) -> bool:
    """True for a 403 that an admission plugin gave: the right is there, the object is not wanted."""
    text = error.server_message
    return "violates PodSecurity" in text or "denied the request" in text or "denied request" in text


def health(objects: Objects, expected: Iterable[Object], namespace: str) -> Health:
    """The health of a release from listed objects; events and ReplicaSets are read where something is not ready."""
    wanted = list(expected)
    objects.load({(str(obj["apiVersion"]), str(obj["kind"])) for obj in wanted} | set(HEALTH_KINDS))
    verdict = judge(wanted, Snapshot(objects.of(namespace)))
    if not verdict.ready and any(obj.get("kind") in WORKLOADS for obj in wanted):
        objects.load(TROUBLE_KINDS)
        verdict = judge(wanted, Snapshot(objects.of(namespace)))
    return verdict


def explain_phase(error: KubefateError, phase: str) -> KubefateError:
    """The same error with the phase filled in, where the one who raised it did not know."""
    error.phase = error.phase or phase
    return error
