# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real gRPC server on the loopback, with or without TLS. Messages are bytes: no generated code is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import grpc

HEALTH = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"
"""HealthCheckResponse with status SERVING."""
TRANSFER = "/com.webank.ai.eggroll.api.networking.proxy.DataTransferService/unaryCall"
"""What parties of FATE call each other by, as FATE-Flow's package names it."""
MEBIBYTE = 1024 * 1024

Method = Callable[[bytes], bytes]


def echo(message: bytes) -> bytes:
    return message


@dataclass(slots=True)
class GrpcServer:
    """Runs while the ``with`` block does.

    :param methods: full name of each method and what makes its answer.
    :param certificates: a folder with tls.crt, tls.key and ca.crt: it speaks TLS.
    :param clients: whether clients must then show a certificate of that CA.
    :param largest: message that it takes, in bytes.
    """

    methods: Mapping[str, Method] = field(default_factory=lambda: {HEALTH: lambda _asked: SERVING, TRANSFER: echo})
    certificates: Path | None = None
    clients: bool = False
    largest: int = 4 * MEBIBYTE
    address: str = "127.0.0.1"
    port: int = 0
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Method and metadata of every call that came."""
    _server: Any = None

    def __enter__(self) -> Self:
        options = [("grpc.max_receive_message_length", self.largest), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4), handlers=(self._handlers(),), options=options)
        where = f"{self.address}:{self.port}"
        if self.certificates is None:
            self.port = self._server.add_insecure_port(where)
        else:
            self.port = self._server.add_secure_port(where, self._credentials(self.certificates))
        assert self.port, f"{where} is in use"
        self._server.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop(None).wait()

    def _credentials(self, folder: Path) -> Any:
        key, chain, authority = ((folder / name).read_bytes() for name in ("tls.key", "tls.crt", "ca.crt"))
        return grpc.ssl_server_credentials([(key, chain)], authority if self.clients else None, self.clients)

    def _handlers(self) -> Any:
        server = self

        class Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
            def service(self, details: Any) -> Any:
                server.calls.append((details.method, {key: str(value) for key, value in details.invocation_metadata}))
                method = server.methods.get(details.method)
                if method is None:
                    return None
                return grpc.unary_unary_rpc_method_handler(lambda message, _context: method(message))

        return Handlers()


def call(
    address: str,
    method: str,
    message: bytes = b"",
    *,
    authority: bytes | None = None,
    identity: tuple[bytes, bytes] | None = None,
    name: str = "",
    timeout: float = 10.0,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """The answer of a server. Raises grpc.RpcError.

    :param address: host and port.
    :param authority: PEM of the CA that is trusted; without one the connection is plain.
    :param identity: PEM of the client's key and certificate.
    :param name: that the server's certificate has to have, if it is not the address.
    """
    options: list[tuple[str, Any]] = [("grpc.ssl_target_name_override", name)] if name else []
    options += [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    options.append(("grpc.enable_http_proxy", 0))
    if authority is None:
        channel = grpc.insecure_channel(address, options)
    else:
        key, chain = identity or (None, None)
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(authority, key, chain), options)
    with channel:
        answer = channel.unary_unary(method)(message, timeout=timeout, metadata=list((metadata or {}).items()))
    assert isinstance(answer, bytes)
    return answer
