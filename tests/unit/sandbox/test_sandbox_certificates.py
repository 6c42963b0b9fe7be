# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.certificates import LEAVES
from sandbox.client import ApiError, Client
from sandbox.kubeconfig import write_kubeconfig
from sandbox.pki import Pki, ensure_pki

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure_pki(tmp_path_factory.mktemp("state") / "pki")


def load(pki: Pki, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki.certificate(name).read_bytes())


def usages(certificate: x509.Certificate) -> set[object]:
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def names(certificate: x509.Certificate) -> tuple[list[str], list[str]]:
    value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in value.get_values_for_type(x509.IPAddress)]
    return value.get_values_for_type(x509.DNSName), addresses


def test_the_api_server_has_all_names_under_which_it_is_called(pki: Pki) -> None:
    hosts, addresses = names(load(pki, "kube-apiserver"))
    assert {"localhost", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"} <= set(hosts)
    assert addresses == ["127.0.0.1", "10.96.0.1"]
    assert usages(load(pki, "kube-apiserver")) == {SERVER}


def test_the_service_address_is_the_first_of_the_service_range(pki: Pki) -> None:
    from sandbox.components import SERVICE_RANGE

    first = next(ipaddress.ip_network(SERVICE_RANGE).hosts())
    assert str(first) in names(load(pki, "kube-apiserver"))[1]


def test_the_admin_may_do_everything_and_cannot_pose_as_a_server(pki: Pki) -> None:
    admin = load(pki, "admin")
    assert [it.value for it in admin.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]
    assert usages(admin) == {CLIENT}


@pytest.mark.parametrize("name", ["kube-controller-manager", "kube-scheduler"])
def test_controllers_have_the_names_to_which_kubernetes_gives_roles(pki: Pki, name: str) -> None:
    certificate = load(pki, name)
    assert [it.value for it in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [f"system:{name}"]
    assert not certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_every_certificate_is_signed_by_its_own_authority_only(pki: Pki, leaf) -> None:  # type: ignore[no-untyped-def]
    certificate = load(pki, leaf.name)
    other = {"ca": "etcd-ca", "etcd-ca": "ca"}[leaf.authority]
    certificate.verify_directly_issued_by(load(pki, leaf.authority))
    with pytest.raises(ValueError, match="does not match"):
        certificate.verify_directly_issued_by(load(pki, other))
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_only_the_api_server_and_etcd_itself_get_into_etcd(pki: Pki) -> None:
    assert {leaf.name for leaf in LEAVES if leaf.authority == "etcd-ca"} == {"etcd", "etcd-client"}


def test_certificates_are_valid_now_and_for_years(pki: Pki) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for name in ("ca", "etcd-ca", *(leaf.name for leaf in LEAVES)):
        certificate = load(pki, name)
        assert certificate.not_valid_before_utc < now
        assert certificate.not_valid_after_utc > now + datetime.timedelta(days=3000)


def test_only_the_owner_can_read_keys(pki: Pki) -> None:
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700
    keys = list(pki.folder.glob("*.key"))
    assert len(keys) == len(LEAVES) + 3
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_the_service_account_keys_are_a_pair(pki: Pki) -> None:
    private = serialization.load_pem_private_key(pki.service_account_key.read_bytes(), None)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert private.public_key().public_bytes(*form) == pki.service_account_public_key.read_bytes()


def test_certificates_are_made_once(pki: Pki) -> None:
    before = pki.authority.read_bytes()
    assert ensure_pki(pki.folder).authority.read_bytes() == before


def test_certificates_of_an_interrupted_start_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".pki.tmp").mkdir()
    (tmp_path / ".pki.tmp" / "ca.key").write_text("half")
    ensure_pki(tmp_path / "pki")
    assert [entry.name for entry in tmp_path.iterdir()] == ["pki"]


def test_the_kubeconfig_holds_its_certificates_and_is_private(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, "c", "https://127.0.0.1:1", pki.authority, pki.certificate("admin"), pki.key("admin"))
    content = json.loads(path.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    assert base64.b64decode(cluster["certificate-authority-data"]) == pki.authority.read_bytes()
    assert base64.b64decode(user["client-key-data"]) == pki.key("admin").read_bytes()
    assert "insecure-skip-tls-verify" not in cluster
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, body = (200, b'{"a": 1}') if self.path == "/good" else (403, b'{"message": "not for you"}')
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(pki: Pki) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.certificate("kube-apiserver"), pki.key("kube-apiserver"))
    context.load_verify_locations(pki.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    with HTTPServer(("127.0.0.1", 0), Handler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield web.server_port
        web.shutdown()


def test_the_client_shows_its_certificate_and_reads_the_answer(pki: Pki, server: int) -> None:
    client = Client(server, pki.authority, pki.certificate("admin"), pki.key("admin"))
    assert client.get("/good") == {"a": 1}
    with pytest.raises(ApiError, match="not for you") as caught:
        client.get("/bad")
    assert caught.value.status == 403


def test_the_client_refuses_a_server_of_another_authority(pki: Pki, server: int) -> None:
    client = Client(server, pki.etcd_authority, pki.certificate("admin"), pki.key("admin"))
    with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        client.get("/good")
    assert caught.value.status == 0


def test_a_client_without_a_certificate_of_the_cluster_is_refused(pki: Pki, server: int) -> None:
    client = Client(server, pki.authority, pki.certificate("etcd-client"), pki.key("etcd-client"))
    with pytest.raises(ApiError):
        client.get("/good")
