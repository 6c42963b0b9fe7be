# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real places for charts on loopback: a web server with TLS and a login, and an OCI registry."""

from __future__ import annotations

import base64
import http.server
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.index import write_index
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, read_chart, write_archive
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.repository import (
    NAME,
    Repository,
    write_settings,
)
from ansible_collections.federatedai.kubefate.tests.servers.process import free_ports
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority, Issued

USER = "robot$deploy"
PASSWORD = "planted-registry-password"
HASH = "$2b$04$GNwJDS2C3cIU9/txY1fNQeLmSUVAtnsz98Oc0LL2dbmkwwslmKwkq"
"""Of the password, as the registry wants it (bcrypt)."""


@dataclass(slots=True)
class Place:
    """A server. ca: path of the certificate of its authority. requests: what it was asked."""

    url: str
    ca: str
    folder: Path
    client: tuple[str, str] = ("", "")
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def repository(self, **options: object) -> Repository:
        """With everything that it takes to get in."""
        given = {"username": USER, "password": PASSWORD, "ca_cert": self.ca, **options}
        return Repository(self.url, **given)  # type: ignore[arg-type]

    def params(self, **options: object) -> dict[str, object]:
        """The same as options of a module."""
        found = self.repository(**options)
        names = ("url", "username", "password", "ca_cert", "client_cert", "client_key")
        return {f"chart_repo_{name}": getattr(found, name) for name in names if getattr(found, name)}


def write_issued(folder: Path, name: str, issued: Issued) -> tuple[str, str]:
    """Paths of a certificate and its key."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_text(issued.certificate)
    key.write_text(issued.key)
    return str(certificate), str(key)


def write_repository(folder: Path, *charts: Chart, index: bool = True) -> Path:
    """A folder of archives."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [write_archive(chart, str(folder)) for chart in charts]
    if index:
        made = [(read_chart(path), path) for path in paths]
        (folder / "index.yaml").write_text(write_index(made))
    return folder


@contextmanager
def web_server(
    folder: Path, *, tls: bool = True, login: bool = True, client: bool = False, moved_to: str = ""
) -> Iterator[Place]:
    """Serves a folder. client: asks for a client certificate. moved_to: sends everybody there instead."""
    authority = Authority("charts CA")
    state = Path(tempfile.mkdtemp(prefix=f"{folder.name}-tls-", dir=folder.parent))
    ca = state / "ca.crt"
    ca.write_text(authority.pem)
    place = Place("", str(ca), folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            place.requests.append((self.path, dict(self.headers)))
            token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if login and self.headers.get("Authorization") != f"Basic {token}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="charts"')
                self.end_headers()
            elif moved_to:
                self.send_response(302)
                self.send_header("Location", f"{moved_to}{self.path}")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *arguments: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ssl.SSLError, ConnectionError):  # a client that does not trust us goes away
                super().handle()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*write_issued(state, "server", authority.issue("charts", "127.0.0.1", "localhost")))
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(str(ca))
            place.client = write_issued(state, "client", authority.issue("somebody"))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    place.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def registry(folder: Path, *, tls: bool = True, login: bool = True) -> Iterator[Place]:
    """CNCF Distribution, with what it stores in a folder."""
    binary = os.environ.get("KUBEFATE_TEST_REGISTRY")
    assert binary, "KUBEFATE_TEST_REGISTRY must hold the path of the registry that tests/runner builds"
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority("registry CA")
    ca = folder / "ca.crt"
    ca.write_text(authority.pem)
    (port,) = free_ports(1)
    lines = [
        "version: 0.1",
        "log: {level: error, accesslog: {disabled: true}}",
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}",
        "http:",
        f"  addr: 127.0.0.1:{port}",
    ]
    if tls:
        issued = authority.issue("registry", "127.0.0.1", "localhost")
        certificate, key = write_issued(folder, "server", issued)
        lines.append(f"  tls: {{certificate: {certificate}, key: {key}}}")
    if login:
        (folder / "htpasswd").write_text(f"{USER}:{HASH}\n")
        lines.append(f"auth: {{htpasswd: {{realm: charts, path: {folder / 'htpasswd'}}}}}")
    (folder / "config.yml").write_text("\n".join(lines) + "\n")
    env = {"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"}
    log = (folder / "log").open("wb")
    process = subprocess.Popen([binary, "serve", str(folder / "config.yml")], stdout=log, stderr=log, env=env)
    try:
        _await_port(process, port, folder / "log")
        yield Place(f"oci://127.0.0.1:{port}/fate", str(ca), folder)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the registry does not listen:\n{log.read_text()}")


def push(place: Place, helm: str, *charts: Chart) -> dict[str, str]:
    """Upload charts with helm itself; archive name to the digest of the manifest."""
    home = place.folder / "push"
    write_settings(str(home), {NAME: place.repository()})
    env = {
        **os.environ,
        "HELM_REGISTRY_CONFIG": str(home / "registries.json"),
        "HELM_CONFIG_HOME": str(home),
        "HELM_CACHE_HOME": str(home / "cache"),
        "DOCKER_CONFIG": str(home),
    }
    found = {}
    for chart in charts:
        archive = write_archive(chart, str(home))
        argv = [helm, "push", archive, place.url, *place.repository().options()]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        digest = next(line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Digest: "))
        found[f"{chart.name}-{chart.version}"] = digest.removeprefix("Digest: ").strip()
    return found
