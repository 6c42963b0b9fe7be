# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for Apache Traffic Server, given to it: connections reach the broker whose name they ask for."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers import trafficserver
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError, RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.servers.trafficserver import TrafficServer
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Server

COMBINATION = next(item for item in COMBINATIONS if item.has("trafficServer"))
PARTY = "10000.fate.org"


@pytest.fixture
def place() -> Iterator[Path]:
    with trafficserver.place() as folder:
        yield folder


def server(helm: Helm, root: Path, authority: Authority, broker: int, **changes: str) -> TrafficServer:
    """The server with the files of its pod, on an address of the loopback.

    :param broker: port that the party's broker has here.
    :param changes: texts to put in place of others.
    """
    address = own_address()
    issued = authority.issue("proxy.fate.org", "proxy.fate.org")
    keys = {"proxy.cert.pem": issued.certificate, "proxy.key.pem": issued.key, "ca.cert.pem": authority.pem}
    pod = Pod(COMBINATION.render(helm), "traffic-server", root, address, {"traffic-server-cert": keys})
    pod.mount()
    for folder in ("/run/fate", "/etc/fate"):
        pod.inside(folder).mkdir(parents=True, exist_ok=True)
    files = {}
    for path in pod.inside(pod.environment()["PROXY_CONFIG_CONFIG_DIR"]).iterdir():
        text = path.read_text().replace("192.168.10.1:30109", f"127.0.0.1:{broker}").replace("30109", str(broker))
        text = re.sub(r"STRING 8443:ssl", f"STRING 8443:ssl:ip-in={address}", pod.moved(text))
        for old, new in changes.items():
            text = text.replace(old, new)
        files[path.name] = text
    return TrafficServer(root / "server", files, (address, 8443))


def asked(proxy: TrafficServer, name: str, authority: Authority) -> str:
    """What a broker says to who comes through the proxy and asks for a name."""
    context = ssl.create_default_context(cadata=authority.pem)
    with (
        socket.create_connection(proxy.listens, timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
        said = b""
        while more := connection.recv(4096):
            said += more
    return said.decode()


def test_connections_reach_the_broker_that_they_ask_for(helm3: Helm, place: Path, tmp_path: Path) -> None:
    authority = Authority("fate")
    broker = Server(Answer(200, "the broker"), certificate=authority.issue(PARTY, PARTY)).use_tls(tmp_path)
    with broker, server(helm3, place, authority, broker.port) as proxy:
        assert asked(proxy, PARTY, authority).endswith("the broker")
        with pytest.raises(OSError):
            asked(proxy, "30000.fate.org", authority)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tunnel_route", "tunnel_rout"),
        ("fqdn", "fqn"),
        (PARTY, "20000.fate.org"),
        ("connect_ports STRING", "connect_ports STRING 1 #"),
    ],
    ids=["key", "name", "party", "port"],
)
def test_a_mistake_leaves_connections_without_a_broker(
    helm3: Helm, place: Path, tmp_path: Path, old: str, new: str
) -> None:
    authority = Authority("fate")
    broker = Server(Answer(200, "the broker"), certificate=authority.issue(PARTY, PARTY)).use_tls(tmp_path)
    with broker, pytest.raises((OSError, NotStartedError, RefusedError)):  # noqa: SIM117
        with server(helm3, place, authority, broker.port, **{old: new}) as proxy:
            asked(proxy, PARTY, authority)
