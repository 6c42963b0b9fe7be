# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a cluster is ready, by watching: the cause of trouble is named as soon as it shows, and borne for as
long as that cause is worth bearing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from ..errors import Kind, KubefateError, Resource
from ..health.cluster import judge
from ..health.model import Cause, Health, State, Trouble
from ..health.snapshot import Snapshot
from ..kube.client import Api, ApiError
from ..kube.stop import Stop
from ..objects import Object, Ref
from .options import PATIENT_RESTARTS, Options
from .room import lacking

WATCHED = (
    ("v1", "Pod"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Event"),
    ("apps/v1", "ReplicaSet"),
)
CALM = 0.15
"""Seconds that changes are collected before they are judged."""
TICK = 1.0
LOG_LINES = 20
SHOWN = 240
"""Characters of a cause in a line of progress."""


class Mirror:
    """Live objects of some kinds in one namespace, kept up to date by watches in the background."""

    def __init__(self, api: Api, namespace: str, kinds: Iterable[tuple[str, str]]):
        self.api, self.namespace = api, namespace
        self.kinds = tuple(dict.fromkeys(kinds))
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._news: queue.SimpleQueue[tuple[str, Object]] = queue.SimpleQueue()
        self._stop = Stop()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        versions: list[str] = self.api.parallel(self._load, self.kinds)
        for kind, version in zip(self.kinds, versions, strict=True):
            threading.Thread(target=self._follow, args=(kind, version), name=f"watch-{kind[1]}", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()

    def objects(self) -> list[Object]:
        with self._lock:
            return list(self._objects.values())

    def changed(self, seconds: float) -> bool:
        """Wait until something changes, at most so long; take in what changed. True if something did."""
        try:
            self._take(*self._news.get(timeout=seconds))
        except queue.Empty:
            return False
        end = time.monotonic() + CALM
        while (left := end - time.monotonic()) > 0:
            try:
                self._take(*self._news.get(timeout=left))
            except queue.Empty:
                break
        return True

    def _take(self, event: str, obj: Object) -> None:
        ref = Ref.of(obj)
        key = (ref.kind, ref.namespace, ref.name)
        with self._lock:
            if event == "DELETED":
                self._objects.pop(key, None)
            else:
                self._objects[key] = obj

    def _load(self, kind: tuple[str, str]) -> str:
        """List a kind and remember it; the version to watch from, empty where it may not be read."""
        try:
            items, version = self.api.snapshot(*kind, self.namespace)
        except ApiError as error:
            if error.status in (403, 404, 405):
                return ""
            raise
        with self._lock:
            for key in [key for key in self._objects if key[0] == kind[1]]:
                del self._objects[key]
            for item in items:
                ref = Ref.of(item)
                self._objects[ref.kind, ref.namespace, ref.name] = item
        return version

    def _follow(self, kind: tuple[str, str], version: str) -> None:
        """Watch a kind until stopped, through closed connections, expired versions and a server that is away."""
        pause = 0.2
        while version and not self._stop.is_set():
            try:
                for event in self.api.watch(*kind, self.namespace, version=version, stop=self._stop):
                    if self._stop.is_set():
                        return
                    obj = event["object"]
                    if event["type"] == "ERROR":
                        raise ApiError("the watch expired", Kind.CONNECTION, status=int(obj.get("code") or 0))
                    version = obj["metadata"]["resourceVersion"]
                    pause = 0.2
                    if event["type"] != "BOOKMARK":
                        self._news.put((event["type"], {"apiVersion": kind[0], "kind": kind[1], **obj}))
            except KubefateError:
                if self._stop.wait(pause):
                    return
                pause = min(pause * 2, 5.0)
                version = self._again(kind) or version

    def _again(self, kind: tuple[str, str]) -> str:
        try:
            return self._load(kind)
        except KubefateError:
            return ""


class Patience:
    """How long each cause has lasted, on this machine's clock, and whether that is too long."""

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic):
        self.options, self.clock = options, clock
        self._since: dict[tuple[Trouble, str, str], float] = {}
        self._ready = -1
        self._moved = clock()

    def spent(self, health: Health) -> list[Cause]:
        """Causes that have lasted longer than they are worth, worst first."""
        moment = self.clock()
        ready = sum(work.verdict.ready for work in health.workloads)
        if ready > self._ready:
            self._ready, self._moved = ready, moment
        here = {(cause.trouble, cause.resource.kind, self._group(cause)) for cause in health.causes}
        self._since = {key: self._since.get(key, moment) for key in here}
        return [cause for cause in health.causes if self._is_spent(cause, moment)]

    def _is_spent(self, cause: Cause, moment: float) -> bool:
        limit = self.options.patience_for(cause.trouble)
        if limit is None:
            return False
        lasted = moment - self._since[cause.trouble, cause.resource.kind, self._group(cause)]
        if cause.trouble is Trouble.CRASH_LOOP:
            stuck = moment - self._moved >= limit
            return lasted >= limit and stuck and cause.restarts >= PATIENT_RESTARTS
        return lasted >= limit

    @staticmethod
    def _group(cause: Cause) -> str:
        """Pods that a controller replaces are one story: the name without what the controller appended."""
        name = cause.resource.name
        return name.rpartition("-")[0] if cause.resource.kind == "Pod" and "-" in name else name


def settle(
    api: Api,
    namespace: str,
    expected: Sequence[Object],
    options: Options,
    *,
    tell: Callable[[Health], None],
    interrupted: Callable[[], str] = lambda: "",
    deadline: float | None = None,
) -> Health:
    """Wait until every expected object is ready; its health.

    tell: called with the health whenever it changed. interrupted: asked about once a second; a text ends the waiting
    with an error (canceled). deadline: of ``time.monotonic``; ``wait_timeout`` from now by default. Raises
    ``KubefateError`` (unhealthy, timeout or canceled) with the causes, their events and the last lines of a crashed
    container's log.
    """
    end = time.monotonic() + options.wait_timeout if deadline is None else deadline
    kinds = [(str(obj["apiVersion"]), str(obj["kind"])) for obj in expected]
    patience = Patience(options)
    told = None
    asked = time.monotonic()
    with Mirror(api, namespace, [*kinds, *WATCHED]) as mirror:
        while True:
            health = judge(expected, Snapshot(mirror.objects()))
            if (health.state, health.reason) != told:
                told = (health.state, health.reason)
                tell(health)
            if health.ready:
                return health
            spent = patience.spent(health)
            if spent:
                raise unhealthy(api, health, spent)
            if time.monotonic() >= end:
                raise timed_out(api, health, options.wait_timeout)
            if time.monotonic() - asked >= TICK:
                asked = time.monotonic()
                why = interrupted()
                if why:
                    raise KubefateError(f"Waiting was stopped: {why}.", Kind.CANCELED, "settle")
            mirror.changed(min(TICK, max(0.05, end - time.monotonic())))


def unhealthy(api: Api, health: Health, causes: Sequence[Cause]) -> KubefateError:
    first = causes[0]
    return KubefateError(
        f"{health.reason}. Gave up on {first.text}",
        Kind.UNHEALTHY,
        "settle",
        _HINTS.get(first.trouble, "Look at the resources and events below."),
        _resources(api, [*causes, *health.causes]),
    )


def timed_out(api: Api, health: Health, seconds: float) -> KubefateError:
    hint = _HINTS.get(health.causes[0].trouble, "") if health.causes else ""
    resources = _resources(api, health.causes)
    missing = [resource.message for resource in resources if resource.message.endswith("are missing.")]
    return KubefateError(
        f"Not ready after {int(seconds)} s: {health.reason}." + (f" {missing[0]}" if missing else ""),
        Kind.TIMEOUT,
        "settle",
        hint or "Raise wait_timeout, or look at the resources and events below.",
        resources or tuple(_unready(health)),
    )


_HINTS: Mapping[Trouble, str] = {
    Trouble.IMAGE_MISSING: "Check image name and tag, registry, and imagePullSecrets.",
    Trouble.IMAGE_PULL: "Check that the node can reach the registry.",
    Trouble.CRASH_LOOP: "Read the log below; the container starts and ends by itself.",
    Trouble.CONFIG: "A ConfigMap or Secret that the container needs is missing, or its command is wrong.",
    Trouble.MOUNT: "A volume cannot be mounted: check the claim, the ConfigMap or Secret behind it, and the node.",
    Trouble.UNSCHEDULABLE: "Lower the requests, add nodes, or change nodeSelector, affinity and tolerations.",
    Trouble.VOLUME_PENDING: "Check the storage class, or give one that exists.",
    Trouble.VOLUME_LOST: "The volume behind the claim is gone; restore it, or delete the claim to start empty.",
    Trouble.QUOTA: "Raise the namespace's ResourceQuota, or lower the requests.",
    Trouble.ADMISSION: "Change the spec or the admission policy that refuses these pods.",
    Trouble.JOB_FAILED: "Read the Job's log, correct the cause, and run again.",
}


def _resources(api: Api, causes: Iterable[Cause]) -> tuple[Resource, ...]:
    """Each object once, with the last log lines of containers that crashed."""
    found: dict[tuple[str, str], Resource] = {}
    for cause in causes:
        resource = cause.resource
        if (resource.kind, resource.name) in found:
            continue
        if log := last_words(api, cause):
            resource = replace(resource, log=log)
        if cause.trouble is Trouble.UNSCHEDULABLE:
            resource = _with_room(api, resource)
        found[resource.kind, resource.name] = resource
    return tuple(found.values())


def _with_room(api: Api, resource: Resource) -> Resource:
    """The same with how much is missing, in its message."""
    try:
        pods = api.list_objects("v1", "Pod", resource.namespace, fields=f"metadata.name={resource.name}")
    except KubefateError:
        return resource
    text = lacking(api, pods[0], resource.message) if pods else ""
    return replace(resource, message=f"{resource.message} {text}") if text else resource


def _unready(health: Health) -> Iterable[Resource]:
    for work in health.workloads:
        if work.verdict.state not in (State.READY, State.SUSPENDED):
            yield Resource(work.kind, work.name, "", work.verdict.reason, work.verdict.message)


def module_line(health: Health) -> str:
    """Progress in one line: which modules are ready, and what the others wait for."""
    good, total = health.counts()
    waiting = [f"{work.module} {_short(work)}" for work in health.workloads if work.verdict.state is not State.READY]
    return f"{good} of {total} modules ready" + (f" ({', '.join(waiting)})" if waiting else "")


def progress_line(health: Health) -> str:
    """The same with the first cause of trouble in full, for whoever watches."""
    if not health.causes:
        return module_line(health)
    said = " ".join(health.causes[0].text.split())
    return f"{module_line(health)}: {said[:SHOWN]}{'...' if len(said) > SHOWN else ''}"


def last_words(api: Api, cause: Cause) -> str:
    """The last lines of a crashed container's log; empty for another cause, or where they cannot be read."""
    if cause.trouble is not Trouble.CRASH_LOOP or cause.resource.kind != "Pod":
        return ""
    ref = Ref("v1", "Pod", cause.resource.namespace, cause.resource.name)
    try:
        return api.text(ref, "log", previous="true", tailLines=str(LOG_LINES))
    except KubefateError:
        return ""


def _short(work: Any) -> str:
    verdict = work.verdict
    if verdict.causes:
        return f"{verdict.ready}/{verdict.wanted} {verdict.causes[0].resource.reason}"
    return f"{verdict.ready}/{verdict.wanted}"
