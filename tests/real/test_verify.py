# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifying looks at real servers: it takes what is right, and finds each fault that is planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import Signer
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.handshakes import check_handshakes
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.links import check_links
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.model import Identity, World
from ansible_collections.federatedai.kubefate.tests.servers import nginx
from ansible_collections.federatedai.kubefate.tests.servers.grpc import GrpcServer
from ansible_collections.federatedai.kubefate.tests.servers.rabbitmq import RabbitMQ
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import (
    issued,
    new_signer,
    osx,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.verify.kit import (
    PodApi,
    hop,
    identity,
    one_by_one,
    pod,
    site,
    table,
    world,
)

SIGNER = new_signer(now=now())
OTHER = new_signer(now=now())
NAMES = ("127.0.0.1", "localhost", "10000.fate.org")


def served(
    folder: Path, signer: Signer = SIGNER, *names: str, days: int = 365, at: Any = None
) -> tuple[Path, Identity]:
    """A folder with what a server of party 10000 needs for TLS, and the same as an identity."""
    folder.mkdir(exist_ok=True)
    found, key = issued(signer, osx("insurer", *(names or NAMES)), days, at or now())
    for name, text in (("tls.crt", found.pem), ("tls.key", key), ("ca.crt", SIGNER.certificate.pem)):
        (folder / name).write_text(text)
    return folder, Identity(found, key, (SIGNER.certificate,))


def federation(proxy: str, *ports: int, tls: bool, address: str = "127.0.0.1", **changes: Any) -> World:
    """Party 9999, which calls party 10000 at these ports."""
    limits = {name: changes.pop(name) for name in ("body", "rtt_warn", "rtt_fail") if name in changes}
    mine = changes.pop("mine", identity(SIGNER))
    theirs = changes.pop("theirs", None)
    block = {"osx": "osx", "nginx": "nginx", "rabbitmq": "rabbitmq"}[proxy]
    tables = {proxy: table(proxy, hop(proxy, "10000", address, *ports, tls=tls))}
    one = site("9999", tables=tables, identities={block: mine}, **changes)
    other = site("10000", identities={block: theirs} if theirs else {})
    return world(one, other, **{"rtt_warn": 0, **limits})


def links(found: World) -> list[tuple[str, str]]:
    return [(str(one.verdict), one.text) for one in check_links(found, one_by_one)]


def handshakes(found: World) -> dict[str, tuple[str, str]]:
    """What was tried to verdict and text."""
    tried = check_handshakes(found, one_by_one)
    return {one.subject.partition(": ")[2]: (str(one.verdict), one.text) for one in tried}


@pytest.fixture
def osx_server(tmp_path: Path) -> Iterator[tuple[GrpcServer, Identity]]:
    """A gRPC server with mutual TLS, as OSX is one."""
    folder, shown = served(tmp_path / "certs")
    with GrpcServer(certificates=folder, clients=True) as server:
        yield server, shown


# gRPC --------------------------------------------------------------------------------------------------------------
def test_a_grpc_server_is_called_plainly_and_over_tls(osx_server: tuple[GrpcServer, Identity]) -> None:
    server, shown = osx_server
    ((verdict, text),) = links(federation("osx", server.port, tls=True, theirs=shown, body=33554432))
    assert verdict == "PASS"
    assert text.startswith("TCP, TLSv1.3, gRPC, ") and text.endswith("33554432 bytes")
    with GrpcServer() as plain:
        ((verdict, text),) = links(federation("osx", plain.port, tls=False))
        assert (verdict, text[:10]) == ("PASS", "TCP, gRPC,")


def test_only_clients_of_the_federation_are_taken(osx_server: tuple[GrpcServer, Identity]) -> None:
    server, shown = osx_server
    found = handshakes(federation("osx", server.port, tls=True, theirs=shown))
    assert {what: verdict for what, (verdict, _text) in found.items()} == {
        "right authority": "PASS",
        "without TLS": "PASS",
        "with a certificate of another authority": "PASS",
        "expecting another authority": "PASS",
    }
    assert "refused" in found["without TLS"][1]
    assert "certificate verify failed" in found["expecting another authority"][1]


def test_a_server_that_takes_clients_of_any_authority_fails(tmp_path: Path) -> None:
    folder, shown = served(tmp_path / "certs")
    with GrpcServer(certificates=folder, clients=False) as open_to_all:
        found = handshakes(federation("osx", open_to_all.port, tls=True, theirs=shown))
    assert found["with a certificate of another authority"] == (
        "FAIL",
        "a connection with a certificate of another authority is taken",
    )
    assert found["right authority"][0] == "PASS"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("authority", "TLS: "),
        ("expired", "certificate has expired"),
        ("name", "certificate is not valid for '127.0.0.1'"),
        ("plain", "TLS: "),
    ],
)
def test_a_fault_of_a_server_s_tls_is_found_and_named(tmp_path: Path, fault: str, words: str) -> None:
    options: dict[str, Any] = {
        "authority": {"signer": OTHER},
        "expired": {"days": 1, "at": now() - timedelta(days=3)},
        "name": {},
        "plain": {},
    }[fault]
    signer = options.pop("signer", SIGNER)
    if fault == "expired":
        signer = new_signer(now=now() - timedelta(days=9))
    names = ("elsewhere.example",) if fault == "name" else NAMES
    folder, _shown = served(tmp_path / "certs", signer, *names, **options)
    mine = identity(SIGNER, trusted=(SIGNER, signer)) if fault == "expired" else identity(SIGNER)
    with GrpcServer(certificates=None if fault == "plain" else folder) as server:
        ((verdict, text),) = links(federation("osx", server.port, tls=True, mine=mine))
    assert verdict == "FAIL"
    assert words in text or words.replace("127.0.0.1'", "") in text.replace('"', "'"), text


def test_a_slow_link_is_a_warning_and_too_slow_a_one_a_failure() -> None:
    with GrpcServer() as server:
        assert links(federation("osx", server.port, tls=False, rtt_warn=0.0001))[0][0] == "WARN"
        assert links(federation("osx", server.port, tls=False, rtt_fail=0.0001))[0][0] == "FAIL"


# from inside a pod -------------------------------------------------------------------------------------------------
def test_an_address_that_is_known_inside_only_is_called_from_a_pod_of_the_party(
    osx_server: tuple[GrpcServer, Identity],
) -> None:
    server, shown = osx_server
    api = PodApi()
    pods = {"python": [pod("python", name="python-0")]}
    mine = identity(SIGNER)
    # A name without a dot is one that only the party's own pods know; here the pod's programs run on this machine.
    found = federation("osx", server.port, tls=True, address="localhost", theirs=shown, api=api, pods=pods, mine=mine)
    (one,) = check_links(found, one_by_one)
    assert (str(one.verdict), one.seen_from) == ("PASS", "pod bank/python-0"), one.text
    ((where, argv, stdin),) = api.ran
    assert where == "bank/python-0/main"
    assert mine.key not in " ".join(argv) and mine.key.split("\n")[1] in stdin, "a key goes to stdin only"
    server.__exit__()
    (one,) = check_links(found, one_by_one)
    assert (str(one.verdict), one.text) == ("FAIL", "TCP: Connection refused"), "from inside there is no doubt"


def test_a_pod_without_python_is_no_proof_of_anything() -> None:
    def without(_argv: Any) -> Any:
        return Ran(127, "", "")

    pods = {"python": [pod("python")]}
    found = federation("osx", 1, tls=False, address="osx.bank.svc", api=PodApi(without), pods=pods)
    ((verdict, text),) = links(found)
    assert verdict == "WARN"
    assert "has no Python" in text


# nginx -------------------------------------------------------------------------------------------------------------
def test_nginx_with_tls_is_called_over_http_and_http2(tmp_path: Path) -> None:
    folder, shown = served(tmp_path / "certs")
    with GrpcServer() as backend:
        there = nginx.with_tls(tmp_path / "nginx", folder, clients=True, backend=f"grpc://127.0.0.1:{backend.port}")
        with there:
            port = there.listens[1]
            found = links(federation("nginx", port, port, tls=True, theirs=shown, body=1000))
            assert [verdict for verdict, _text in found] == ["PASS", "PASS"], found
            assert "gRPC" in found[1][1] and "TLS" in found[1][1]
            tried = handshakes(federation("nginx", port, port, tls=True, theirs=shown))
    assert {verdict for verdict, _text in tried.values()} == {"PASS"}, tried


def test_a_limit_of_what_lies_between_is_found(tmp_path: Path) -> None:
    folder, shown = served(tmp_path / "certs")
    with GrpcServer() as backend:
        there = nginx.with_tls(tmp_path / "nginx", folder, clients=True, backend=f"grpc://127.0.0.1:{backend.port}")
        with there:
            port = there.listens[1]
            found = links(federation("osx", port, tls=True, theirs=shown, body=2 * 1024 * 1024))
            both = links(federation("nginx", port, port, tls=True, theirs=shown, body=2 * 1024 * 1024))
    expected = ("FAIL", "bodies of 2097152 bytes are refused (status 413)")
    assert found == [expected]
    assert both == [expected, expected]


def test_an_ingress_that_passes_grpc_to_nobody_is_found(tmp_path: Path) -> None:
    folder, shown = served(tmp_path / "certs")
    with nginx.with_tls(tmp_path / "nginx", folder) as there:
        found = links(federation("osx", there.listens[1], tls=True, theirs=shown))
    assert found == [("FAIL", "what answers speaks HTTP/2 and is no gRPC server: it answered 200")]


def test_a_server_that_still_shows_its_old_certificate_is_found(tmp_path: Path) -> None:
    folder, old = served(tmp_path / "certs")
    with nginx.with_tls(tmp_path / "nginx", folder, clients=True) as there:
        port = there.listens[1]
        _folder, new = served(folder)
        tried = handshakes(federation("nginx", port, port, tls=True, theirs=new))
        assert tried["right authority"][0] == "WARN"
        assert old.certificate.fingerprint[:12] in tried["right authority"][1]
        there.load_again()
        for _turn in range(50):
            tried = handshakes(federation("nginx", port, port, tls=True, theirs=new))
            if tried["right authority"][0] == "PASS":
                break
        assert tried["right authority"][0] == "PASS"


# RabbitMQ ----------------------------------------------------------------------------------------------------------
def test_rabbitmq_is_called_plainly_and_over_tls_and_what_is_not_amqp_is_found(tmp_path: Path) -> None:
    folder, shown = served(tmp_path / "certs")
    with RabbitMQ(tmp_path / "mq", certificates=folder) as broker:
        ((verdict, text),) = links(federation("rabbitmq", broker.port, tls=False))
        assert (verdict, text[:9]) == ("PASS", "TCP, AMQP")
        ((verdict, text),) = links(federation("rabbitmq", broker.tls_port, tls=True, theirs=shown))
        assert verdict == "PASS" and "AMQP" in text
        tried = handshakes(federation("rabbitmq", broker.tls_port, tls=True, theirs=shown))
        assert {verdict for verdict, _text in tried.values()} == {"PASS"}, tried
        ((verdict, text),) = links(federation("rabbitmq", broker.management_port, tls=False))
        assert verdict == "FAIL" and text.startswith("PROTOCOL: ")
        ((verdict, text),) = links(federation("osx", broker.port, tls=False))
        assert verdict == "FAIL" and text.startswith("PROTOCOL: ")
