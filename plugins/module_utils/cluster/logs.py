# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the containers of a cluster wrote, per module and pod, with the cluster's own secrets taken out."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..access.model import Purpose
from ..data import REDACTED, is_secret_key, seconds
from ..errors import KubefateError, bad_input
from ..objects import WORKLOADS, Object, Ref, module_of, name_of, pods_of
from .context import Context
from .gather import Found, referred
from .listing import Objects
from .permission import require

SHORTEST_SECRET = 6
"""Shorter values would blank out ordinary words."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """modules: all if empty. tail: lines of each container, 0 for all. since: seconds, 0 for all. previous: of the
    container that ran before the present one."""

    modules: Sequence[str] = ()
    tail: int = 0
    since: int = 0
    previous: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> LogRequest:
        """From the module's option. Raises ``KubefateError`` for a time that cannot be read."""
        return cls(
            tuple(options.get("modules") or ()),
            int(options.get("tail") or 0),
            seconds(str(options.get("since") or "0s"), "since"),
            bool(options.get("previous")),
        )

    @property
    def query(self) -> dict[str, str]:
        found = {"tailLines": str(self.tail), "sinceSeconds": str(self.since), "previous": "true"}
        kept = {"tailLines": self.tail, "sinceSeconds": self.since, "previous": self.previous}
        return {name: text for name, text in found.items() if kept[name]}


def read_logs(context: Context, found: Found, namespace: str, request: LogRequest) -> list[dict[str, str]]:
    """An entry for each container: module, pod, container, and text or, where there is none, error."""
    release = found.current
    if release is None:
        return []
    require(context, namespace, [Purpose.LOGS], (), secrets=bool(release.revision))
    expected = referred(context.api, release.objects, release.name, namespace).values()
    workloads = [obj for obj in expected if obj.get("kind") in WORKLOADS]
    known = sorted({module_of(obj) for obj in workloads})
    unknown = sorted(set(request.modules) - set(known))
    if unknown:
        raise bad_input(
            f"Cluster {release.name} has no module {', '.join(unknown)}; it has {', '.join(known)}.",
            "Correct logs.modules.",
        )
    objects = Objects(context.api, [namespace])
    objects.load([("v1", "Pod")])
    wanted = [obj for obj in workloads if not request.modules or module_of(obj) in request.modules]
    containers = [
        (module_of(obj), pod, container)
        for obj in wanted
        for pod in pods_of(obj, objects.of(namespace))
        for container in _containers(pod)
    ]
    hidden = sorted(set(secrets_of(release.values, found.secrets.values())), key=len, reverse=True)
    texts = context.api.parallel(lambda item: _read(context, item[1], item[2], request), containers)
    return [
        {"module": module, "pod": name_of(pod), "container": container, **_without(text, hidden)}
        for (module, pod, container), text in zip(containers, texts, strict=True)
    ]


def _containers(pod: Object) -> list[str]:
    spec = pod.get("spec") or {}
    return [str(item["name"]) for part in ("initContainers", "containers") for item in spec.get(part) or []]


def _read(context: Context, pod: Object, container: str, request: LogRequest) -> dict[str, str]:
    try:
        return {"text": context.api.text(Ref.of(pod), "log", container=container, **request.query), "error": ""}
    except KubefateError as error:
        return {"text": "", "error": error.msg}


def secrets_of(values: Mapping[str, Any], secrets: Iterable[Object]) -> Iterator[str]:
    """Secret values that the collection knows of a cluster: in its values, and those that it generated."""
    for secret in secrets:
        for encoded in (secret.get("data") or {}).values():
            text = base64.b64decode(encoded).decode(errors="replace")
            if len(text) >= SHORTEST_SECRET:
                yield text
    yield from _secret_values(values)


def _secret_values(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _secret_values(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _secret_values(item, key)
    elif isinstance(value, str) and is_secret_key(key) and len(value) >= SHORTEST_SECRET:
        yield value


def _without(entry: Mapping[str, str], hidden: Sequence[str]) -> dict[str, str]:
    text = entry["text"]
    for secret in hidden:
        text = text.replace(secret, REDACTED)
    return {**entry, "text": text}
