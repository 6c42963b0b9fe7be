# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tunnel between brokers of RabbitMQ, given to nginx: what comes to a party's address goes to it over TLS, with
certificates of both sides."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.servers.nginx import Nginx
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm, merged, rabbitmq_party
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority

LISTENS = ("127.0.40.16", 5673)


@dataclass(slots=True)
class Broker:
    """A listener with TLS that sends back what it gets. heard: name in the certificate, and words, of each caller."""

    port: int
    heard: list[tuple[str, bytes]] = field(default_factory=list)


def written(folder: Path, authority: Authority, name: str) -> Path:
    """A certificate and its key, and the CA's certificate, as files."""
    issued = authority.issue(name, name)
    folder.mkdir(parents=True)
    for key, text in {"tls.crt": issued.certificate, "tls.key": issued.key, "ca.crt": authority.pem}.items():
        (folder / key).write_text(text)
    return folder


@contextmanager
def broker(files: Path) -> Iterator[Broker]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files / "ca.crt"))
    context.load_cert_chain(files / "tls.crt", files / "tls.key")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Broker(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    plain, _address = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as caller:
                        subject = dict(pair[0] for pair in (caller.getpeercert() or {})["subject"])
                        if said := caller.recv(100):
                            made.heard.append((subject["commonName"], said))
                            caller.sendall(said)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def ask(text: bytes) -> bytes:
    """What comes back through the tunnel; nothing where the connection is closed."""
    with socket.create_connection(LISTENS, timeout=20) as connection:
        connection.sendall(text)
        try:
            return connection.recv(100)
        except ConnectionError:
            return b""


@pytest.mark.parametrize(("name", "known"), [("10000.fate.org", True), ("20000.fate.org", False)])
def test_data_for_a_party_reach_the_broker_with_its_name_and_no_other(
    helm3: Helm, tmp_path: Path, name: str, known: bool
) -> None:
    authority = Authority("fate")
    own = written(tmp_path / "own", authority, "9999.fate.org")
    with broker(written(tmp_path / "other", authority, name)) as other:
        table = {"10000": {"host": "localhost", "port": other.port}}
        spec = merged(rabbitmq_party(), {"rabbitmq": {"enableTLS": True, "route_table": table}})
        data = helm3.render(spec).get("ConfigMap", "rabbitmq-tunnel")["data"]
        conf = data["tunnel.conf"].replace("/etc/fate/certificates", str(own))
        conf = conf.replace("/run/tunnel/peers", f"{tmp_path}/nginx/peers").replace("pid /run/tunnel/nginx.pid;\n", "")
        with Nginx(tmp_path / "nginx", conf, {"peers/10000.conf": data["peer-10000.conf"]}, LISTENS) as tunnel:
            assert ask(b"AMQP") == (b"AMQP" if known else b""), tunnel.log()
        assert other.heard == ([("9999.fate.org", b"AMQP")] if known else [])
