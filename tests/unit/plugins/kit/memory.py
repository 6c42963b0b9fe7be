# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server in memory: everything above ``Api.request`` is the real thing."""

from __future__ import annotations

import copy
import queue
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import (
    METADATA,
    Api,
    ApiError,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.resources import KNOWN
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref, labels_of

_PATH = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?$"
)
_KINDS = {(found.api_version, found.plural): found for found in KNOWN.values()}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    @property
    def writes(self) -> bool:
        """Reviews are questions that are asked with POST."""
        return self.method != "GET" and "dryRun" not in self.query and not self.path.endswith("reviews")


Fault = Callable[[Sent], ApiError | None]


def refusal(status: int, message: str = "") -> ApiError:
    """An error as ``Api`` raises it for an answer of that status."""
    kind = {401: Kind.UNAUTHORIZED, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 409: Kind.CONFLICT}.get(status)
    body = {"message": message or f"status {status}", "code": status}
    return ApiError(message or f"status {status}", kind or Kind.REFUSED, status=status, body=body)


def fail_with(error: Exception | None) -> None:
    if error is not None:
        raise error


class MemoryApi(Api):
    """objects: what is stored. sent: every request. fault: asked before each request whether it fails."""

    def __init__(self, *objects: Mapping[str, Any]):
        super().__init__(resolve({"host": "https://memory.example"}, {}))
        self.objects: dict[Ref, dict[str, Any]] = {}
        self.sent: list[Sent] = []
        self.fault: Fault = lambda _sent: None
        self.texts: dict[str, str] = {}
        self.watches: dict[str, queue.SimpleQueue[Any]] = {}
        self._version = 100
        self._guard = threading.RLock()
        for obj in objects:
            self.put(obj)

    # what a test does to the objects ------------------------------------------------------------------------------
    def put(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """Store an object as it is, with a new resource version, and tell who watches."""
        with self._guard:
            stored = copy.deepcopy(dict(obj))
            ref = Ref.of(stored)
            kind = "MODIFIED" if ref in self.objects else "ADDED"
            self._version += 1
            metadata = stored["metadata"] = dict(stored["metadata"])
            metadata.setdefault("uid", f"uid-{self._version}")
            metadata["resourceVersion"] = str(self._version)
            self.objects[ref] = stored
            self.tell(kind, stored)
            return copy.deepcopy(stored)

    def drop(self, ref: Ref) -> None:
        with self._guard:
            self.tell("DELETED", self.objects.pop(ref))

    def tell(self, event: str, obj: Mapping[str, Any]) -> None:
        """Hand an event to whoever watches objects of that kind."""
        self.news(str(obj.get("kind"))).put({"type": event, "object": copy.deepcopy(dict(obj))})

    def news(self, kind: str) -> queue.SimpleQueue[Any]:
        with self._guard:
            return self.watches.setdefault(kind, queue.SimpleQueue())

    @property
    def writes(self) -> list[str]:
        """Method and path of every request that changes something."""
        return [f"{sent.method} {sent.path}" for sent in self.sent if sent.writes]

    # what the core asks -------------------------------------------------------------------------------------------
    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        once: bool = False,
    ) -> dict[str, Any]:
        sent = Sent(method, path, {key: value for key, value in (query or {}).items() if value}, copy.deepcopy(body))
        with self._guard:
            self.sent.append(sent)
            fail_with(self.fault(sent))
            answer = copy.deepcopy(self._answer(sent))
        if accept == METADATA:
            answer["items"] = [{"metadata": item["metadata"]} for item in answer["items"]]
        return answer

    def _answer(self, sent: Sent) -> dict[str, Any]:
        match = _PATH.match(sent.path)
        found = _KINDS.get((match["core"] or match["group"], match["plural"])) if match else None
        if match is None or found is None:
            raise refusal(404, f"no such path: {sent.path}")
        ref = Ref(found.api_version, found.kind, match["namespace"] or "", match["name"] or "")
        if match["sub"] == "token":
            return {"status": {"token": f"token-of-{ref.name}"}}
        match sent.method, bool(ref.name):
            case "GET", True:
                return self._existing(ref)
            case "GET", False:
                return self._list(ref, sent.query)
            case "POST", False:
                return self._create(ref, sent)
            case "PUT", True:
                return self._replace(ref, sent)
            case "PATCH", True:
                return self._store(sent, _merged(self._existing(ref), sent.body))
            case "DELETE", True:
                gone = self._existing(ref)
                self.drop(ref)
                return gone
        raise refusal(405)

    def _existing(self, ref: Ref) -> dict[str, Any]:
        if ref not in self.objects:
            raise refusal(404, f'{ref.kind} "{ref.name}" not found')
        return self.objects[ref]

    def _list(self, ref: Ref, query: Mapping[str, str]) -> dict[str, Any]:
        items = [
            obj
            for known, obj in self.objects.items()
            if (known.api_version, known.kind) == (ref.api_version, ref.kind)
            and (not ref.namespace or known.namespace == ref.namespace)
            and _selected(labels_of(obj), query.get("labelSelector", ""))
        ]
        return {"items": items, "metadata": {"resourceVersion": str(self._version)}}

    def _create(self, ref: Ref, sent: Sent) -> dict[str, Any]:
        space = Ref("v1", "Namespace", "", ref.namespace)
        if ref.namespace and any(known.kind == "Namespace" for known in self.objects) and space not in self.objects:
            raise refusal(404, f'namespaces "{ref.namespace}" not found')
        body = dict(sent.body)
        metadata = dict(body["metadata"])
        if ref.namespace:
            metadata["namespace"] = ref.namespace
        body["metadata"] = metadata
        if Ref.of(body) in self.objects:
            raise refusal(409, f'{ref.kind} "{metadata["name"]}" already exists')
        return self._store(sent, body)

    def _replace(self, ref: Ref, sent: Sent) -> dict[str, Any]:
        live = self._existing(ref)
        version = sent.body["metadata"].get("resourceVersion")
        if version and version != live["metadata"]["resourceVersion"]:
            raise refusal(409, "the object has been modified")
        metadata = {**sent.body["metadata"], "uid": live["metadata"]["uid"]}
        return self._store(sent, {**sent.body, "metadata": metadata})

    def _store(self, sent: Sent, obj: Mapping[str, Any]) -> dict[str, Any]:
        return dict(obj) if "dryRun" in sent.query else self.put(obj)

    def text(self, ref: Ref, subresource: str, **query: str) -> str:
        with self._guard:
            self.sent.append(Sent("GET", f"{ref.name}/{subresource}", query, None))
            if ref.name not in self.texts:
                raise refusal(404)
            return self.texts[ref.name]

    def watch(
        self, api_version: str, kind: str, namespace: str, *, version: str = "", **_options: Any
    ) -> Iterator[dict[str, Any]]:
        """Events as they come. None in the queue ends the request, an error is raised."""
        news = self.news(kind)
        sent = Sent("WATCH", kind, {"resourceVersion": version}, None)
        with self._guard:
            self.sent.append(sent)
            fail_with(self.fault(sent))
        while True:
            try:
                event = news.get(timeout=30)
            except queue.Empty:
                return
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event


def _merged(live: Any, patch: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(patch, Mapping):
        return patch
    out = dict(live) if isinstance(live, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = _merged(out.get(key), value)
    return out


def _selected(labels: Mapping[str, str], selector: str) -> bool:
    for part in re.split(r",(?![^(]*\))", selector):
        if " in (" in part:
            key, _in, values = part.partition(" in (")
            wanted = labels.get(key) in values.rstrip(")").split(",")
        elif "!=" in part:
            key, _not, value = part.partition("!=")
            wanted = labels.get(key) != value
        elif "=" in part:
            key, _is, value = part.partition("=")
            wanted = labels.get(key) == value
        else:
            wanted = not part or part in labels
        if not wanted:
            return False
    return True
