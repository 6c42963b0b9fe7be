# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that tests start: they answer, say why they do not start, and leave nothing behind."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from urllib import request
from urllib.error import HTTPError

import grpc as grpcio
import pytest

from ansible_collections.federatedai.kubefate.tests.servers import grpc, nginx
from ansible_collections.federatedai.kubefate.tests.servers.asking import opened
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError, RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.servers.process import free_ports
from ansible_collections.federatedai.kubefate.tests.servers.rabbitmq import RabbitMQ
from ansible_collections.federatedai.kubefate.tests.servers.redis import Redis
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority


def certificates(folder: Path, authority: Authority) -> Path:
    """A folder with what a server or client needs for TLS."""
    folder.mkdir()
    issued = authority.issue("test", "127.0.0.1", "localhost")
    for name, text in (("tls.crt", issued.certificate), ("tls.key", issued.key), ("ca.crt", authority.pem)):
        (folder / name).write_text(text)
    return folder


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def context(folder: Path, client: bool) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    if client:
        made.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return made


def test_mariadb_keeps_its_data_and_is_gone_afterwards(tmp_path: Path) -> None:
    with MariaDB(tmp_path, password="it's \\") as server:
        server.query("CREATE TABLE kept (id INT)")
        with pytest.raises(RefusedError, match="Access denied"):
            server.query("SELECT 1", password="wrong")
    assert not listens(server.port)
    with MariaDB(tmp_path, password="it's \\") as again:
        assert again.query("SHOW TABLES") == [["kept"]]


def test_redis_wants_its_password(tmp_path: Path) -> None:
    with Redis(tmp_path, arguments=["--requirepass", "a b"], password="a b") as server:
        assert server.command("SET", "key", "value") == "OK"
        assert server.command("GET", "key") == "value"
        with pytest.raises(RefusedError, match=r"NOAUTH|WRONGPASS"):
            server.command("GET", "key", password="")
    assert not listens(server.port)


def test_what_redis_says_of_a_wrong_setting_is_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="databasess"), Redis(tmp_path, settings="databasess 3\n"):
        pass


@pytest.mark.long
def test_rabbitmq_passes_messages_and_speaks_tls(tmp_path: Path) -> None:
    authority = Authority("rabbitmq")
    folder = certificates(tmp_path / "certificates", authority)
    with RabbitMQ(tmp_path / "mq", certificates=folder) as broker:
        assert "rabbitmq_federation" in broker.running_plugins()
        assert broker.accepts("fate", "fate") and not broker.accepts("fate", "wrong")
        with (
            socket.create_connection(("127.0.0.1", broker.tls_port), timeout=10) as plain,
            context(folder, client=True).wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            assert connection.recv(1) == b"\x01", "the first frame of AMQP is one of a method"
    assert not listens(broker.port) and not listens(broker.tls_port)


@pytest.mark.long
@pytest.mark.parametrize(
    ("plugins", "settings", "said"),
    [
        ("[rabbitmq_management]", "", "enabled_plugins|enabled plugins"),
        ("[rabbitmq_management].", "default_usr = fate", "default_usr"),
    ],
    ids=["syntax", "setting"],
)
def test_what_rabbitmq_says_of_a_mistake_is_in_the_error(
    tmp_path: Path, plugins: str, settings: str, said: str
) -> None:
    with pytest.raises(NotStartedError, match=said), RabbitMQ(tmp_path, plugins=plugins, settings=settings):
        pass


def test_nginx_speaks_tls_and_asks_clients_who_they_are(tmp_path: Path) -> None:
    folder = certificates(tmp_path / "certificates", Authority("nginx"))
    with nginx.with_tls(tmp_path / "nginx", folder, clients=True) as server:
        host, port = server.listens
        for client, answer in ((True, 200), (False, 400)):
            opener = request.build_opener(
                request.ProxyHandler({}), request.HTTPSHandler(context=context(folder, client=client))
            )
            try:
                status = opener.open(f"https://{host}:{port}/", timeout=10).status
            except HTTPError as error:
                status = error.code
            assert status == answer
    assert not listens(port)


def test_nginx_has_lua_and_streams_and_names_a_mistake(tmp_path: Path) -> None:
    (port, other) = free_ports(2)
    conf = f"""
events {{}}
http {{ server {{ listen 127.0.0.1:{port}; location / {{ content_by_lua_block {{ ngx.say(1 + 1) }} }} }} }}
stream {{ server {{ listen 127.0.0.1:{other}; proxy_pass 127.0.0.1:{port}; }} }}
"""
    with nginx.Nginx(tmp_path, conf, listens=("127.0.0.1", port)), opened(f"http://127.0.0.1:{other}/", 10) as answer:
        assert answer.read() == b"2\n"
    with pytest.raises(RefusedError, match='unknown directive "proxy_pas"'):
        nginx.Nginx(tmp_path, conf.replace("proxy_pass", "proxy_pas")).check()


def test_grpc_plain_and_with_tls_of_both_sides(tmp_path: Path) -> None:
    with grpc.GrpcServer() as plain:
        address = f"127.0.0.1:{plain.port}"
        assert grpc.call(address, grpc.TRANSFER, b"data", metadata={"dest-party-id": "10000"}) == b"data"
        assert plain.calls[0][1]["dest-party-id"] == "10000"
        with pytest.raises(grpcio.RpcError) as caught:
            grpc.call(address, grpc.TRANSFER, b"x" * (plain.largest + 1))
        assert caught.value.code() is grpcio.StatusCode.RESOURCE_EXHAUSTED
    authority = Authority("grpc")
    folder = certificates(tmp_path / "certificates", authority)
    trusted = authority.pem.encode()
    identity = ((folder / "tls.key").read_bytes(), (folder / "tls.crt").read_bytes())
    with grpc.GrpcServer(certificates=folder, clients=True) as secure:
        address = f"127.0.0.1:{secure.port}"
        assert grpc.call(address, grpc.HEALTH, authority=trusted, identity=identity) == grpc.SERVING
        for authority_pem, shown in ((trusted, None), (Authority("other").pem.encode(), identity), (None, None)):
            with pytest.raises(grpcio.RpcError):
                grpc.call(address, grpc.HEALTH, authority=authority_pem, identity=shown, timeout=5)
