# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How bytes get to an API server: TLS, proxies, and what is tried again."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from typing import Any
from urllib import request as urllib_request
from urllib.parse import urlsplit

from ..errors import bad_input
from .connection import Connection
from .credentials import authority, private_file

PROTOCOLS = ("http/1.1",)
"""Of connections to an API server, as TLS names them."""


def open_pool(urllib3: Any, connection: Connection, certificate: tuple[str, str] | None, size: int) -> Any:
    """A pool of so many connections to one server. Connection errors are retried, and for reads lost answers, for about
    2 s. certificate: the client's, and its key. Raises ``KubefateError`` (bad_input) for what cannot be used.
    """
    parts = urlsplit(connection.server)

    class Retry(urllib3.Retry):  # type: ignore[misc]
        def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
            """What a server turned away and names a time for was not done: writes too may be made again."""
            turned_away = status_code in (429, 503) and has_retry_after
            return bool(super().is_retry("GET" if turned_away else method, status_code, has_retry_after))

    options: dict[str, Any] = {
        "maxsize": size,
        "retries": Retry(
            total=6,
            allowed_methods=frozenset({"GET"}),
            connect=3,
            read=2,
            other=0,
            redirect=0,
            backoff_factor=0.3,
            status_forcelist=(429, 503),
            raise_on_status=False,
        ),
    }
    if parts.scheme == "https":
        options["ssl_context"] = tls_context(connection, certificate)
        if connection.cluster.get("insecure-skip-tls-verify"):  # said by the user, who needs not be told
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if connection.cluster.get("tls-server-name"):
            options["server_hostname"] = options["assert_hostname"] = connection.cluster["tls-server-name"]
    proxy = proxy_for(connection, parts.scheme, parts.netloc)
    if proxy:
        credentials_part = urlsplit(proxy)
        headers = None
        if credentials_part.username:
            headers = urllib3.make_headers(
                proxy_basic_auth=f"{credentials_part.username}:{credentials_part.password or ''}"
            )
        try:
            manager = urllib3.ProxyManager(proxy, proxy_headers=headers, **options)
        except ValueError as error:
            raise bad_input(f"The proxy for {connection.server} cannot be used: {error}.", phase="connect") from None
    else:
        manager = urllib3.PoolManager(**options)
    return _Rooted(manager, f"{parts.scheme}://{parts.netloc}")


class _Rooted:
    """A pool manager with the server's address in front of every path."""

    def __init__(self, manager: Any, root: str):
        self._manager = manager
        self._root = root

    def request(self, method: str, path: str, **options: Any) -> Any:
        return self._manager.request(method, self._root + path, **options)


def tls_context(connection: Connection, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    """What to trust and to show. Raises ``KubefateError`` (bad_input) for what is no certificate."""
    try:
        context = ssl.create_default_context(cadata=authority(connection.cluster) or None)
    except (ssl.SSLError, ValueError) as error:
        raise bad_input(
            f"The CA certificate for {connection.server} cannot be used: {error}.", "Give PEM text.", "connect"
        ) from None
    if connection.cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        with private_file("\n".join(certificate)) as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise bad_input(
                    f"The client certificate for {connection.server} and its key cannot be used: {error}.",
                    phase="connect",
                ) from None
    # All threads share it. urllib3 names the protocol for each connection anew, while OpenSSL reads it in other threads
    # without a lock: once in some thousand times it sent what lay in freed memory, and the server refused to talk.
    context.set_alpn_protocols(PROTOCOLS)
    context.set_alpn_protocols = _named_once  # type: ignore[assignment]
    return context


def _named_once(_protocols: Iterable[str]) -> None:
    """Stands for ``set_alpn_protocols`` of a context that has its protocols."""


def _bypassed(host: str, proxies: dict[str, str]) -> bool:
    """Whether ``no_proxy`` names the host, by the rules of the standard library, or its network, as for client-go."""
    if urllib_request.proxy_bypass_environment(host, proxies):  # type: ignore[attr-defined]
        return True
    try:
        address = ipaddress.ip_address(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    return any(_lies_in(address, entry.strip()) for entry in proxies.get("no", "").split(",") if "/" in entry)


def _lies_in(address: Any, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def proxy_for(connection: Connection, scheme: str, netloc: str) -> str:
    """The proxy for this server: the kubeconfig's, else the environment's, as client-go does."""
    proxies = urllib_request.getproxies()
    named = connection.cluster.get("proxy-url")
    if connection.no_proxy:
        proxies["no"] = connection.no_proxy
    host = netloc.rpartition("@")[2]
    if named:
        return "" if connection.no_proxy and _bypassed(host, proxies) else str(named)
    if _bypassed(host, proxies) or host.split(":")[0] in ("localhost", "127.0.0.1", "[", "[::1]"):
        return ""
    return str(proxies.get(scheme) or "")
