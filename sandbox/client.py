# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for the HTTPS servers of a sandbox."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Object = dict[str, Any]


class ApiError(Exception):
    """An answer that is no success; `status` is the HTTP status, 0 if there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks with one server on the loopback interface, which must present a certificate of `authority`."""

    port: int
    authority: Path
    certificate: Path
    key: Path
    timeout: float = 5.0
    _contexts: list[ssl.SSLContext] = field(default_factory=list, compare=False)

    def get(self, path: str) -> Object:
        """The JSON object at `path`; raises ApiError."""
        result: Object = json.loads(self.request("GET", path))
        return result

    def create(self, path: str, content: Object) -> Object:
        """POSTs an object; raises ApiError, with status 409 if the object is there already."""
        result: Object = json.loads(self.request("POST", path, content))
        return result

    def apply(self, path: str, content: Object) -> None:
        """Server-side apply as the owner of all fields in `content`; raises ApiError."""
        query = "?fieldManager=kubefate-sandbox&force=true"
        self.request("PATCH", path + query, content, {"Content-Type": "application/apply-patch+yaml"})

    def delete(self, path: str) -> None:
        """Deletes the object if it is there; raises ApiError."""
        try:
            self.request("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def request(
        self, method: str, path: str, content: Object | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Sends a request and returns the body of the answer; raises ApiError."""
        body = None if content is None else json.dumps(content)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=self._context())
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, str(error) or type(error).__name__) from None
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiError(answer.status, _message(data) or f"HTTP status {answer.status}")
        return data

    def _context(self) -> ssl.SSLContext:
        if not self._contexts:
            context = ssl.create_default_context(cafile=str(self.authority))
            context.load_cert_chain(self.certificate, self.key)
            self._contexts.append(context)
        return self._contexts[0]


def _message(data: bytes) -> str:
    """The message of a Kubernetes Status, or the text of any other answer."""
    text = data.decode(errors="replace").strip()
    try:
        content = json.loads(text)
    except ValueError:
        return text
    return str(content.get("message", text)) if isinstance(content, dict) else text
