# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a program in a container: the subresource ``exec`` of a pod, over a WebSocket.

The package websocket-client comes with the package kubernetes. Frames begin with the number of a channel: 0 is the
program's input, 1 and 2 are its outputs, and 3 brings a Status with the exit code at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import Kind, library_missing
from .client import ApiError, Executed, proxy_of, tls_context
from .connection import Connection
from .credentials import Credentials

PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
"""The newest first. v5 can say that the input ended; since Kubernetes 1.30."""
STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
FRAME = 32 * 1024
"""Bytes of input for each frame."""
MOST = 16 * 1024 * 1024
"""Bytes of output after which reading ends."""


def run(connection: Connection, creds: Credentials, path: str, stdin: bytes, timeout: float) -> Executed:
    """path: with the query. Raises ``ApiError``."""
    try:
        import websocket
    except ImportError:
        raise library_missing("websocket-client", "run a program in a pod") from None
    try:
        socket = _open(websocket, connection, creds, path, timeout)
        try:
            return _talk(websocket, socket, stdin, time.monotonic() + timeout)
        finally:
            socket.close()
    except websocket.WebSocketBadStatusException as error:
        raise _refused(error) from None
    except websocket.WebSocketTimeoutException:
        raise ApiError(f"the program did not end within {timeout:g} s.", Kind.TIMEOUT) from None
    except (OSError, websocket.WebSocketException) as error:
        raise ApiError(f"the connection for running a program failed: {error}", Kind.CONNECTION) from None


def _open(websocket: Any, connection: Connection, creds: Credentials, path: str, timeout: float) -> Any:
    parts = urlsplit(connection.server)
    options: dict[str, Any] = {}
    if parts.scheme == "https":
        context = tls_context(connection, creds.certificate)
        options["sslopt"] = {"context": context, "check_hostname": context.check_hostname}
        if connection.cluster.get("tls-server-name"):
            options["sslopt"]["server_hostname"] = connection.cluster["tls-server-name"]
    proxy = urlsplit(proxy_of(connection, parts.scheme, parts.netloc))
    if proxy.hostname:
        options |= {"http_proxy_host": proxy.hostname, "http_proxy_port": proxy.port or 3128, "proxy_type": "http"}
        if proxy.username:
            options["http_proxy_auth"] = (proxy.username, proxy.password or "")
    else:
        options["http_no_proxy"] = ["*"]
    scheme = "wss" if parts.scheme == "https" else "ws"
    headers = [f"{name}: {value}" for name, value in creds.request_headers()]
    url = f"{scheme}://{parts.netloc}{path}"
    # An Origin header would make some API servers take this for a browser.
    return websocket.create_connection(
        url, timeout=timeout, header=headers, subprotocols=PROTOCOLS, suppress_origin=True, **options
    )


def _talk(websocket: Any, socket: Any, stdin: bytes, end: float) -> Executed:
    for start in range(0, len(stdin), FRAME):
        socket.send_binary(bytes([STDIN]) + stdin[start : start + FRAME])
    if stdin and socket.getsubprotocol() == PROTOCOLS[0]:
        socket.send_binary(bytes([CLOSE, STDIN]))
    said = {STDOUT: bytearray(), STDERR: bytearray(), ERROR: bytearray()}
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise websocket.WebSocketTimeoutException("")
        socket.settimeout(left)
        code, frame = socket.recv_data()
        if code == websocket.ABNF.OPCODE_CLOSE:
            break
        data = frame.encode() if isinstance(frame, str) else bytes(frame)
        if data and data[0] in said:
            said[data[0]] += data[1:]
        if said[ERROR] or sum(map(len, said.values())) > MOST:
            break
    if not said[ERROR]:
        raise ApiError("the connection ended before the program's exit code came.", Kind.CONNECTION)
    return Executed(_exit_code(bytes(said[ERROR])), bytes(said[STDOUT]), bytes(said[STDERR]))


def _exit_code(text: bytes) -> int:
    """The exit code of a Status. Raises ``ApiError`` for one that says that the program could not be started."""
    try:
        status = json.loads(text)
    except ValueError:
        status = {}
    if status.get("status") == "Success":
        return 0
    for cause in (status.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).isdigit():
            return int(cause["message"])
    raise ApiError(str(status.get("message") or "the program could not be run."), Kind.REFUSED, body=status)


def _refused(error: Any) -> ApiError:
    """An answer that is no WebSocket."""
    body: Mapping[str, Any] = {}
    try:
        decoded = json.loads(error.resp_body or b"{}")
        body = decoded if isinstance(decoded, dict) else {}
    except ValueError:
        pass
    said = str(body.get("message") or f"the API server answered with status {error.status_code}")
    kinds = {401: Kind.UNAUTHORIZED, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND}
    hint = ""
    if error.status_code == 403:
        hint = "Running a program in a pod needs the verbs get and create on pods/exec."
    return ApiError(said, kinds.get(error.status_code, Kind.REFUSED), hint, status=error.status_code, body=body)
