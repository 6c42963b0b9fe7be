# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for nginx, given to nginx: it takes the file, and passes requests on to the right party."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib import request
from urllib.error import HTTPError

import pytest

from ansible_collections.federatedai.kubefate.tests.real.nginx_lua import FILES
from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers import grpc
from ansible_collections.federatedai.kubefate.tests.servers.asking import opened
from ansible_collections.federatedai.kubefate.tests.servers.errors import RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.nginx import Nginx
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import PARTIES, Combination
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm, Manifests
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Server

WITH_NGINX = [item for item in PARTIES if "nginx" in item.spec["modules"]]
HOME = "/data/projects/fate/proxy/nginx"


def conf(manifests: Manifests) -> str:
    return manifests.data("nginx-config", "nginx.conf")


def table(manifests: Manifests) -> str:
    return manifests.data("nginx-route-table", "route_table.yaml")


def server(root: Path, text: str, routes: str, address: str = "127.0.0.1") -> Nginx:
    files = {**FILES, "conf/route_table.yaml": routes}
    return Nginx(root / "nginx", text, files, (address, 9300))


@pytest.mark.parametrize("combination", WITH_NGINX, ids=lambda item: item.name)
def test_it_takes_the_file_as_it_is(helm3: Helm, tmp_path: Path, combination: Combination) -> None:
    manifests = combination.render(helm3)
    text = conf(manifests)
    if "ssl_certificate" in text:
        # Only the certificates are elsewhere.
        certified(tmp_path / "certificates", Authority("fate"), "9999.fate.org")
        text = text.replace("/etc/fate/certificates", f"{tmp_path}/certificates")
    server(tmp_path, text, table(manifests)).check()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("keepalive_timeout", "keepalive_timout", "unknown directive"),
        ("lua_package_path", "lua_packages", "unknown directive"),
        ("http://http_cluster", "http://http_clusters", "host not found in upstream"),
        ("listen 9310", "listen grpc", "invalid|host not found"),
        ("include mime.types", "include mime_types", "No such file"),
        ("proxy_redirect off;", "proxy_redirect off", "invalid|unexpected"),
    ],
    ids=["key", "lua", "upstream", "port", "path", "syntax"],
)
def test_it_refuses_a_mistake(helm3: Helm, tmp_path: Path, old: str, new: str, said: str) -> None:
    manifests = WITH_NGINX[0].render(helm3)
    text = conf(manifests)
    assert old in text
    with pytest.raises(RefusedError, match=said):
        server(tmp_path, text.replace(old, new), table(manifests)).check()


@dataclass(frozen=True, slots=True)
class Parties:
    """FATE-Flow of the own party, and nginx of the other one."""

    own: Server
    other: Server
    own_grpc: grpc.GrpcServer
    other_grpc: grpc.GrpcServer

    def routes(self, text: str) -> str:
        """The route table with the addresses of these, as the start of the pod puts addresses in place of names."""
        for http, flow in ((self.own, self.own_grpc), (self.other, self.other_grpc)):
            name = "fateflow" if http is self.own else "192.168.10.1"
            block = re.compile(rf"host: {re.escape(name)}\n( +http_port: )\d+\n( +grpc_port: )\d+")
            assert block.search(text), text
            text = block.sub(rf"host: 127.0.0.1\n\g<1>{http.port}\n\g<2>{flow.port}", text)
        return text


@contextmanager
def parties() -> Iterator[Parties]:
    methods = {name: {grpc.TRANSFER: lambda message, name=name: name.encode() + message} for name in ("own", "other")}
    with (
        Server(Answer(200, {"party": "own"})) as own,
        Server(Answer(200, {"party": "other"})) as other,
        grpc.GrpcServer(methods=methods["own"]) as own_grpc,
        grpc.GrpcServer(methods=methods["other"]) as other_grpc,
    ):
        yield Parties(own, other, own_grpc, other_grpc)


def on(address: str, text: str) -> str:
    """The configuration on one address of the loopback, with the ports that it names."""
    return re.sub(r"\blisten (\d+)", rf"listen {address}:\1", text)


def ask(address: str, party: str, port: int = 9300) -> bytes:
    headers = {"dest-party-id": party, "service": "fateflow", "Content-Type": "application/json"}
    asked = request.Request(f"http://{address}:{port}/v2/partner/job/create", b"{}", headers, method="POST")
    with opened(asked, 20) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("combination", WITH_NGINX[:1], ids=lambda item: item.name)
def test_requests_reach_the_party_that_they_are_for(helm3: Helm, tmp_path: Path, combination: Combination) -> None:
    manifests, address = combination.render(helm3), own_address()
    with parties() as others:
        routes = others.routes(table(manifests))
        with server(tmp_path, on(address, conf(manifests)), routes, address):
            assert ask(address, "9999") == b'{"party": "own"}'
            assert ask(address, "10000") == b'{"party": "other"}'
            sent = others.other.requests[0]
            assert (sent.method, sent.path, sent.body) == ("POST", "/v2/partner/job/create", b"{}")
            assert sent.header("dest-party-id") == "10000" and sent.header("service") == "fateflow"
            with pytest.raises(HTTPError, match="500"):
                ask(address, "30000")
            with opened(f"http://{address}:9302/test", 20) as health:
                assert health.read() == b"ok\n"
            for party, name in (("9999", b"own"), ("10000", b"other")):
                metadata = {"dest-party-id": party, "service": "fateflow"}
                answer = grpc.call(f"{address}:9310", grpc.TRANSFER, b"data", metadata=metadata)
                assert answer == name + b"data"


def certified(folder: Path, authority: Authority, name: str) -> dict[str, str]:
    """What a Secret with certificates has in it, also as files."""
    issued = authority.issue(name, name, "localhost")
    content = {"tls.crt": issued.certificate, "tls.key": issued.key, "ca.crt": authority.pem}
    folder.mkdir(parents=True)
    for key, text in content.items():
        (folder / key).write_text(text)
    return content


def test_with_tls_parties_know_each_other_by_their_certificates(helm3: Helm, tmp_path: Path) -> None:
    combination = next(item for item in WITH_NGINX if item.spec["nginx"].get("enableTLS"))
    manifests, address, authority = combination.render(helm3), own_address(), Authority("fate")
    own = certified(tmp_path / "certificates" / "own", authority, "9999.fate.org")
    pod = Pod(manifests, "nginx", tmp_path / "pod", address, {"nginx-certs": own})
    pod.mount()
    for peer, known in (("10000.fate.org", True), ("20000.fate.org", False)):
        issued = authority.issue(peer, peer)
        other = Server(Answer(200, {"party": "other"}), certificate=issued, clients=authority.pem).use_tls(tmp_path)
        with other, Server(Answer(200, {"party": "own"})) as flow, grpc.GrpcServer() as unused:
            routes = Parties(own=flow, other=other, own_grpc=unused, other_grpc=unused).routes(table(manifests))
            with server(tmp_path / peer, on(address, pod.moved(conf(manifests))), routes, address):
                assert ask(address, "9999") == b'{"party": "own"}'
                if known:
                    assert ask(address, "10000") == b'{"party": "other"}'
                    assert other.requests[0].client == "9999.fate.org"
                else:
                    with pytest.raises(HTTPError, match="502"):
                        ask(address, "10000")
                context = ssl.create_default_context(cadata=authority.pem)
                context.check_hostname = False
                opener = request.build_opener(request.ProxyHandler({}), request.HTTPSHandler(context=context))
                with pytest.raises(HTTPError, match="400"):
                    opener.open(f"https://{address}:9301/v2/server/fateflow", timeout=20)


@pytest.mark.parametrize(
    ("old", "new"),
    [("http_port", "http_prt"), ("fateflow:", "fateflw:"), ("10000:", "10001:")],
    ids=["key", "service", "party"],
)
def test_a_mistake_in_the_route_table_leaves_requests_unanswered(
    helm3: Helm, tmp_path: Path, old: str, new: str
) -> None:
    manifests, address = WITH_NGINX[0].render(helm3), own_address()
    with parties() as others:
        routes = others.routes(table(manifests)).replace(old, new)
        with server(tmp_path, on(address, conf(manifests)), routes, address), pytest.raises(HTTPError, match="50"):
            ask(address, "10000")
