# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for RabbitMQ, given to RabbitMQ: plugins, settings, and what FATE asks of its management."""

from __future__ import annotations

import functools
import re
import socket
import ssl
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError
from ansible_collections.federatedai.kubefate.tests.servers.process import free_ports, own_address
from ansible_collections.federatedai.kubefate.tests.servers.rabbitmq import RabbitMQ
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import PARTIES, Combination
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority

USER, PASSWORD = "fate", "S3cret-of_a.broker~"
LINK_SECONDS = 60.0
WITH_RABBITMQ = [item for item in PARTIES if item.spec["federation"] == "RabbitMQ"]


def rendered(helm: Helm, combination: Combination) -> tuple[str, ...]:
    """What makes a broker differ from another."""
    data = combination.render(helm).get("ConfigMap", "rabbitmq-config")["data"]
    return tuple(f"{key}={text}" for key, text in sorted(data.items()))


@functools.cache
def certificates() -> dict[str, str]:
    """Of the broker, and of who calls it."""
    authority = Authority("fate")
    issued = authority.issue("9999.fate.org", "9999.fate.org")
    return {"tls.crt": issued.certificate, "tls.key": issued.key, "ca.crt": authority.pem}


def says_tls(server: RabbitMQ, folder: Path, known: bool) -> bool:
    """Whether it talks to somebody, with a certificate or without one, through TLS."""
    context = ssl.create_default_context(cadata=certificates()["ca.crt"])
    if known:
        pem = folder / "client.pem"
        pem.write_text(certificates()["tls.key"] + certificates()["tls.crt"])
        context.load_cert_chain(pem)
    try:
        with (
            socket.create_connection((server.address, server.tls_port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname="9999.fate.org") as connection,
        ):
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def broker(helm: Helm, combination: Combination, root: Path, **changes: str) -> RabbitMQ:
    """A broker with the files that its pod has, after the pod's own start has filled them in. changes: texts to put in
    place of others."""
    secrets = {"fate-rabbitmq": {"username": USER, "password": PASSWORD}, "rabbitmq-certs": certificates()}
    pod = Pod(combination.render(helm), "rabbitmq", root, secrets=secrets)
    pod.mount("rabbitmq")
    pod.inside("/run/rabbitmq").mkdir(parents=True, exist_ok=True)
    pod.run("rabbitmq")
    variables = pod.environment("rabbitmq")
    settings = pod.inside(variables["RABBITMQ_CONFIG_FILE"]).read_text()
    plugins = pod.inside(variables["RABBITMQ_ENABLED_PLUGINS_FILE"]).read_text()
    for old, new in changes.items():
        assert old in settings + plugins
        settings, plugins = settings.replace(old, new), plugins.replace(old, new)
    distribution, names = free_ports(2)
    return RabbitMQ(
        root / "broker",
        plugins=plugins,
        settings=pod.moved(settings),
        user=USER,
        password=PASSWORD,
        address=own_address(),
        ports=[5672, 15672, distribution, names, 5671],
    )


def link_is_made(server: RabbitMQ) -> bool:
    """Whether what FATE does for a job works: a user and a virtual host of its own, an upstream, a policy, and a queue
    that fetches from the upstream - here the broker itself."""
    session = "202601010000000000000_toy_0"
    host = quote(session, safe="")
    uri = f"amqp://{session}:{session}@{server.address}:{server.port}/%2F"
    server.call("PUT", f"/users/{session}", {"password": session, "tags": "administrator"})
    server.call("PUT", f"/vhosts/{host}")
    for where in (host, "%2F"):
        for user in (session, USER):
            everything = {"configure": ".*", "write": ".*", "read": ".*"}
            server.call("PUT", f"/permissions/{where}/{user}", everything)
    server.call("PUT", f"/parameters/federation-upstream/{host}/other", {"value": {"uri": uri, "queue": "receive"}})
    policy = {"pattern": "^receive", "apply-to": "queues", "definition": {"federation-upstream": "other"}}
    server.call("PUT", f"/policies/{host}/fetch", policy)
    server.call("PUT", f"/queues/{host}/receive", {"durable": True})
    end = time.monotonic() + LINK_SECONDS
    while time.monotonic() < end:
        links = server.call("GET", "/federation-links")
        if any(link.get("status") == "running" for link in links):
            return True
        time.sleep(0.3)
    return False


def test_brokers_take_plugins_and_settings_and_make_the_links_of_a_job(helm3: Helm, tmp_path: Path) -> None:
    different = {rendered(helm3, combination): combination for combination in WITH_RABBITMQ}
    for combination in different.values():
        with broker(helm3, combination, tmp_path / combination.name) as server:
            wanted = re.findall(r"rabbitmq_\w+", server.plugins)
            assert set(wanted) <= server.running_plugins()
            assert server.accepts(USER, PASSWORD)
            assert not server.accepts(USER, "fate") and not server.accepts("guest", "guest")
            listens = {item["protocol"]: item["port"] for item in server.call("GET", "/overview")["listeners"]}
            assert (listens["amqp"], listens["http"]) == (5672, 15672)
            assert link_is_made(server)
            if "amqp/ssl" in listens:
                folder = tmp_path / combination.name
                assert says_tls(server, folder, known=True) and not says_tls(server, folder, known=False)
    assert len(different) == 2, "one with TLS and one without"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_message_size", "max_mesage_size"),
        pytest.param("= 15672", "= management", marks=pytest.mark.long),
        pytest.param("loopback_users = none", "loopback_users", marks=pytest.mark.long),
    ],
    ids=["key", "port", "syntax"],
)
def test_a_mistake_in_the_settings_keeps_it_from_starting(helm3: Helm, tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(NotStartedError), broker(helm3, WITH_RABBITMQ[0], tmp_path, **{old: new}):
        pass


@pytest.mark.long
def test_without_its_plugin_no_link_can_be_made(helm3: Helm, tmp_path: Path) -> None:
    plugins = {"rabbitmq_federation_management": "rabbitmq_prometheus", "rabbitmq_federation,": "rabbitmq_fedration,"}
    with broker(helm3, WITH_RABBITMQ[0], tmp_path, **plugins) as server:
        assert not set(re.findall(r"rabbitmq_\w+", server.plugins)) <= server.running_plugins()
        with pytest.raises(HTTPError):
            link_is_made(server)
