# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few verbs that are used, on JSON objects.

Objects are plain dictionaries as the API server sends them: no model classes, since a run compares whole objects, and
no discovery for the kinds in ``resources``. Every failure is an ``ApiError``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from ..errors import Kind, KubefateError, library_missing
from ..objects import Ref
from .connection import Connection
from .credentials import credentials
from .resources import KNOWN, ResourceType
from .stop import Stop
from .transport import open_pool, proxy_for, tls_context

if TYPE_CHECKING:
    from .executing import Ran

PAGE = 500
"""Objects for each page of a list."""
PROXY_SECONDS = 10.0
"""How much longer a request may take that the API server passes on: it gives up on the other side after 30 s."""
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""What a list without the objects' contents is asked for by."""
WORKERS = 8
"""Requests under way at once."""

In = TypeVar("In")
Out = TypeVar("Out")


class ApiError(KubefateError):
    """An answer of the API server that is not success, or none at all (status 0)."""

    def __init__(self, msg: str, kind: Kind, hint: str = "", *, status: int = 0, body: Mapping[str, Any] | None = None):
        super().__init__(msg, kind, "", hint)
        self.status = status
        self.body = dict(body or {})

    @property
    def causes(self) -> list[dict[str, str]]:
        """The server's own list of fields and reasons."""
        return list((self.body.get("details") or {}).get("causes") or [])

    @property
    def server_message(self) -> str:
        return str(self.body.get("message") or self.msg)


class Api:
    """One API server. Safe to use from several threads."""

    def __init__(self, connection: Connection, timeout: float = 30.0):
        """timeout: seconds that one request may take."""
        self.connection = connection
        self.timeout = timeout
        self._types: dict[tuple[str, str], ResourceType] = dict(KNOWN)
        self._versions: frozenset[str] | None = None
        self._version: str | None = None
        self._lock = threading.Lock()
        self._opened: Any = None
        self._base = urlsplit(connection.server).path.rstrip("/")

    # objects -------------------------------------------------------------------------------------------------------
    def type_of(self, api_version: str, kind: str) -> ResourceType:
        """Where a kind lives, asking the API server about kinds that are not in the table."""
        known = self._types.get((api_version, kind))
        if known:
            return known
        base = f"/api/{api_version}" if api_version == "v1" else f"/apis/{api_version}"
        try:
            listing = self.request("GET", base)
        except ApiError as error:
            if error.status != 404:
                raise
            listing = {"resources": []}
        with self._lock:
            for entry in listing.get("resources") or []:
                if "/" not in entry["name"]:
                    found = ResourceType(api_version, entry["kind"], entry["name"], bool(entry["namespaced"]))
                    self._types.setdefault((api_version, entry["kind"]), found)
        if (api_version, kind) not in self._types:
            raise ApiError(
                f"The API server at {self.connection.server} knows no {kind} in {api_version}.",
                Kind.NOT_FOUND,
                "Install its CustomResourceDefinition first, or use an API version that this server has.",
                status=404,
            )
        return self._types[api_version, kind]

    def versions(self) -> frozenset[str] | None:
        """The API versions that the server has, asked once; None where it does not tell."""
        if self._versions is None:
            try:
                groups = self.request("GET", "/apis").get("groups") or []
            except ApiError as error:
                if error.status not in (401, 403, 404):
                    raise
                return None
            found = {str(entry["groupVersion"]) for group in groups for entry in group.get("versions") or []}
            self._versions = frozenset({"v1", *found})
        return self._versions

    def version(self) -> str:
        """The server's version, asked once; empty where it does not tell."""
        if self._version is None:
            self._version, _skew = self.about()
        return self._version

    def about(self) -> tuple[str, float | None]:
        """The server's version, and by how many seconds its clock is ahead of ours, to about a second. Empty and None
        where it does not tell."""
        before = time.time()
        answer = self._send("GET", "/version", {}, None, "")
        here = (before + time.time()) / 2
        try:
            skew = parsedate_to_datetime(answer.headers.get("Date") or "").timestamp() + 0.5 - here
        except (TypeError, ValueError):
            return self._version_in(answer), None
        return self._version_in(answer), skew

    @staticmethod
    def _version_in(answer: Any) -> str:
        try:
            found = json.loads(answer.data) if answer.status < 300 else {}
        except ValueError:
            return ""
        return str(found.get("gitVersion") or "") if isinstance(found, dict) else ""

    def ref(self, obj: Mapping[str, Any], namespace: str) -> Ref:
        """The reference of an object as it would be in ``namespace``; none for kinds that lie in no namespace."""
        ref = Ref.of(obj, namespace)
        if not self.type_of(ref.api_version, ref.kind).namespaced:
            return Ref(ref.api_version, ref.kind, "", ref.name)
        return ref

    def _path(self, ref: Ref, subresource: str = "") -> str:
        return self.type_of(ref.api_version, ref.kind).path(ref.namespace, ref.name, subresource)

    def read(self, ref: Ref) -> dict[str, Any]:
        return self.request("GET", self._path(ref))

    def find(self, ref: Ref) -> dict[str, Any] | None:
        """The object, or None where it is missing."""
        try:
            return self.read(ref)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list_objects(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        only_metadata: bool = False,
    ) -> list[dict[str, Any]]:
        """All objects of a kind, in one namespace or in all of them; apiVersion and kind are filled in.

        only_metadata: the server leaves everything else out.
        """
        accept = METADATA if only_metadata else JSON
        return self.snapshot(api_version, kind, namespace, labels=labels, fields=fields, accept=accept)[0]

    def snapshot(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        accept: str = JSON,
    ) -> tuple[list[dict[str, Any]], str]:
        """The objects of a kind, and the resource version from which to watch them."""
        path = self.type_of(api_version, kind).path(namespace)
        query = {"limit": str(PAGE), "labelSelector": labels, "fieldSelector": fields}
        items: list[dict[str, Any]] = []
        while True:
            page = self.request("GET", path, query, accept=accept)
            items += page.get("items") or []
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                break
            query["continue"] = metadata["continue"]
        for item in items:
            if accept == METADATA:  # an item says of itself that it is a PartialObjectMetadata
                item.update(apiVersion=api_version, kind=kind)
            item.setdefault("apiVersion", api_version)
            item.setdefault("kind", kind)
        return items, str(metadata.get("resourceVersion") or "")

    def create(
        self,
        obj: Mapping[str, Any],
        namespace: str = "",
        *,
        dry_run: bool = False,
        manager: str = "",
        strict: bool = False,
    ) -> dict[str, Any]:
        """manager: whom the server notes as the owner; the client by default. strict: fields that the server does not
        know, and keys that come twice, are errors."""
        ref = self.ref(obj, namespace)
        path = self.type_of(ref.api_version, ref.kind).path(ref.namespace)
        return self.request("POST", path, _writing(dry_run=dry_run, manager=manager, strict=strict), obj)

    def replace(
        self,
        obj: Mapping[str, Any],
        namespace: str = "",
        *,
        dry_run: bool = False,
        manager: str = "",
        strict: bool = False,
    ) -> dict[str, Any]:
        """manager and strict: as for ``create``."""
        path = self._path(self.ref(obj, namespace))
        return self.request("PUT", path, _writing(dry_run=dry_run, manager=manager, strict=strict), obj)

    def patch(self, ref: Ref, patch: Any, *, subresource: str = "", dry_run: bool = False) -> dict[str, Any]:
        """A JSON merge patch (mapping) or a JSON patch (list of operations)."""
        kind = "application/json-patch+json" if isinstance(patch, list) else "application/merge-patch+json"
        return self.request("PATCH", self._path(ref, subresource), _dry(dry_run), patch, content_type=kind)

    def apply(
        self, obj: Mapping[str, Any], namespace: str, manager: str, *, force: bool, dry_run: bool
    ) -> dict[str, Any]:
        """Server-side apply."""
        query = {**_dry(dry_run), "fieldManager": manager, "force": "true" if force else "false"}
        path = self._path(self.ref(obj, namespace))
        return self.request("PATCH", path, query, obj, content_type="application/apply-patch+yaml")

    def delete(self, ref: Ref, *, propagation: str = "Background") -> None:
        """Delete an object; one that is not there is fine."""
        try:
            self.request("DELETE", self._path(ref), {"propagationPolicy": propagation})
        except ApiError as error:
            if error.status != 404:
                raise

    def sub(self, method: str, ref: Ref, subresource: str, body: Any = None, **query: str) -> dict[str, Any]:
        """A subresource: ``token`` of a ServiceAccount, ``scale`` of a workload."""
        return self.request(method, self._path(ref, subresource), query, body)

    def text(self, ref: Ref, subresource: str, **query: str) -> str:
        """A subresource that answers with text: ``log`` of a Pod."""
        answer = self._send("GET", self._path(ref, subresource), query, None, "", accept="*/*")
        data = answer.data
        if answer.status >= 300:
            raise self._error("GET", self._path(ref, subresource), answer.status, data)
        return str(data.decode("utf-8", "replace"))

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        """Run a command in a container of a pod. stdin: what it reads; it must know how much. The command itself stands
        in a URL, and so in logs: no secret may be in it."""
        from .executing import RefusedError, Way, query, run  # imported late: nearly no call needs it

        path = self._path(ref, "exec")
        _pool, creds, _urllib3 = self._open()
        server = self.connection.server
        parts = urlsplit(server)
        way = Way(
            f"{parts.scheme}://{parts.netloc}{self._base}{path}?{query(command, container)}",
            [("User-Agent", "federatedai.kubefate"), *creds.request_headers()],
            tls_context(self.connection, creds.certificate) if parts.scheme == "https" else None,
            str(self.connection.cluster.get("tls-server-name") or ""),
            proxy_for(self.connection, parts.scheme, parts.netloc),
        )
        try:
            return run(way, stdin, seconds)
        except RefusedError as answer:
            raise self._error("GET", path, answer.status, answer.body) from None

    def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        *,
        version: str = "",
        seconds: int = 300,
        fields: str = "",
        stop: Stop | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The events of one watch request, until the server ends it, at the latest after ``seconds``, or until
        ``stop`` is set, which may look like an error."""
        path = self.type_of(api_version, kind).path(namespace)
        query = {
            "watch": "true",
            "timeoutSeconds": str(seconds),
            "resourceVersion": version,
            "fieldSelector": fields,
            "allowWatchBookmarks": "true",
        }
        answer = self._send("GET", path, query, None, "", read_timeout=seconds + 10.0)
        try:
            if answer.status >= 300:
                raise self._error("GET", path, answer.status, answer.read())
            with stop.ends(answer) if stop else nullcontext():
                rest = b""
                for chunk in answer.stream(65536):
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield json.loads(line)
        except (OSError, ValueError) as error:
            raise ApiError(f"The watch of {kind} ended: {error}", Kind.CONNECTION) from None
        except Exception as error:
            if type(error).__module__.startswith("urllib3"):
                raise ApiError(f"The watch of {kind} ended: {error}", Kind.CONNECTION) from None
            raise
        finally:
            answer.release_conn() if answer.closed else answer.close()

    def parallel(self, work: Callable[[In], Out], over: Iterable[In]) -> list[Out]:
        """``work`` done on each item, several at once, results in the order of the items. The first error is raised."""
        items = list(over)
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(max_workers=min(WORKERS, len(items))) as pool:
            return list(pool.map(work, items))

    # requests ------------------------------------------------------------------------------------------------------
    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
        once: bool = False,
    ) -> dict[str, Any]:
        """One request; the decoded JSON answer. Raises ``ApiError``.

        once: it is not made again where it fails, and may take longer: the API server itself waits for somebody else.
        """
        answer = self._send(method, path, query or {}, body, content_type, accept=accept, once=once)
        data = answer.data
        if answer.status >= 300:
            raise self._error(method, path, answer.status, data)
        try:
            decoded = json.loads(data)
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            raise ApiError(
                f"{self.connection.server} does not answer like a Kubernetes API server (connection: "
                f"{self.connection.origin}).",
                Kind.CONNECTION,
                "Check host and port; a login page or another service may listen there.",
                status=answer.status,
            )
        return decoded

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any,
        content_type: str,
        *,
        accept: str = JSON,
        read_timeout: float | None = None,
        once: bool = False,
    ) -> Any:
        pool, creds, urllib3 = self._open()
        headers = urllib3.HTTPHeaderDict({"Accept": accept, "User-Agent": "federatedai.kubefate"})
        for name, value in creds.request_headers():
            headers.add(name, value)
        payload = None
        if body is not None:
            headers["Content-Type"] = content_type
            payload = json.dumps(body).encode()
        text = urlencode({name: value for name, value in query.items() if value != ""})
        options = {"retries": urllib3.Retry(0, raise_on_redirect=False)} if once else {}
        seconds = read_timeout or self.timeout + (PROXY_SECONDS if once else 0)
        try:
            return pool.request(
                method,
                self._base + path + (f"?{text}" if text else ""),
                body=payload,
                headers=headers,
                timeout=urllib3.Timeout(connect=10.0, read=seconds),
                preload_content=read_timeout is None,
                **options,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None

    def _open(self) -> tuple[Any, Any, Any]:
        with self._lock:
            if self._opened is None:
                try:
                    import urllib3
                except ImportError:
                    raise library_missing("kubernetes", "reach a Kubernetes API server") from None
                creds = credentials(self.connection.kubeconfig)
                self._opened = (open_pool(urllib3, self.connection, creds.certificate, WORKERS), creds, urllib3)
            return self._opened  # type: ignore[no-any-return]

    def _unreachable(self, error: Exception) -> ApiError:
        reason = getattr(error, "reason", None) or error
        text = str(reason)
        if "object at 0x" in text or "Connection(" in text:
            through = "its proxy: " if "connect to proxy" in text else ""
            text = through + text.rpartition(": ")[2].rstrip("'\")")
        hint = "Check the address, the network and the proxy."
        if "certificate" in text.lower():
            hint = "Check ca_cert: the API server's certificate is not signed by a CA that is trusted here."
        elif "ssl" in text.lower():
            hint = "Check address and port: what answers there does not speak TLS as an API server does."
        return ApiError(
            f"The API server {self.connection.server} cannot be reached: {text} (connection: "
            f"{self.connection.origin}).",
            Kind.CONNECTION,
            hint,
        )

    def _error(self, method: str, path: str, status: int, data: bytes) -> ApiError:
        try:
            decoded = json.loads(data)
        except ValueError:
            decoded = {}
        body = decoded if isinstance(decoded, dict) else {}
        message = body.get("message") or data[:300].decode("utf-8", "replace").strip() or "no message"
        who = f"(connection: {self.connection.origin})"
        match status:
            case 401:
                return ApiError(
                    f"{self.connection.server} does not accept the credentials {who}.",
                    Kind.UNAUTHORIZED,
                    "Renew the token or certificate, or name another kubeconfig or context.",
                    status=status,
                    body=body,
                )
            case 403:
                return ApiError(
                    f"Not permitted: {message} {who}.",
                    Kind.FORBIDDEN,
                    "Grant this right, or use credentials that have it.",
                    status=status,
                    body=body,
                )
            case 404:
                kind = Kind.NOT_FOUND
            case 409:
                kind = Kind.CONFLICT
            case _:
                kind = Kind.REFUSED
        return ApiError(f"{method} {path}: {message}", kind, status=status, body=body)


def _writing(*, dry_run: bool, manager: str, strict: bool) -> dict[str, str]:
    """What a request says that writes a whole object."""
    return {**_dry(dry_run), "fieldManager": manager, "fieldValidation": "Strict" if strict else ""}


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
