# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import (
    given as given_authority,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import issue
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.pem import (
    bundle,
    certificate,
    certificates,
    key_fits,
    signed_by,
    signing_request,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.signing import new_key, new_request
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.wanted import checked_name, wanted
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import (
    START,
    issued,
    new_signer,
    osx,
    server_of,
)

MODULES = ["nginx", "osx", "pulsar", "rabbitmq", "servingProxy", "trafficServer"]
NAMES = st.lists(
    st.lists(
        st.text("abc019-", min_size=1, max_size=8).filter(lambda part: part.strip("-") == part), min_size=1, max_size=4
    )
    .map(".".join)
    .filter(lambda name: not name[-1].isdigit())
    | st.ip_addresses().map(str),
    min_size=1,
    max_size=6,
    unique=True,
)


@given(names=NAMES, days=st.integers(1, 4000), ca_days=st.integers(1, 4000))
def test_a_certificate_is_for_just_its_names_and_never_outlives_its_authority(
    names: list[str], days: int, ca_days: int
) -> None:
    signer = new_signer(days=ca_days)
    wished = frozenset(names)
    key = new_key()
    request = signing_request(new_request(key, "9999.fate.org", "fate", wished), "request")
    found = issue([signer], request, wished | {"9999.fate.org"}, "bank", signer="", days=days, now=START)
    assert found.names == wished
    assert found.not_before < START < found.not_after <= signer.certificate.not_after
    assert found.not_after == START + timedelta(days=min(days, ca_days))
    assert key_fits(key, found) and not key_fits(new_key(), found)
    assert signed_by(found, signer.certificate) and not signed_by(found, new_signer().certificate)
    assert not found.authority and signer.certificate.authority


@pytest.mark.parametrize("module", MODULES)
def test_keys_are_pkcs8_and_of_a_kind_that_the_server_reads(module: str) -> None:
    entry = server_of(module)
    found, key = issued(new_signer(), entry)
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    kind = rsa.RSAPrivateKey if module == "pulsar" else ec.EllipticCurvePrivateKey
    assert isinstance(serialization.load_pem_private_key(key.encode(), None), kind)
    usage = x509.load_pem_x509_certificate(found.pem.encode()).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert {use.dotted_string for use in usage.value} == {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}


def handshake(
    tmp_path: Path, server: tuple[str, str], trusted_by_server: str, trusted_by_client: str, client: tuple[str, str]
) -> str:
    """A mutual TLS handshake over the loopback; what the client says was wrong, or nothing."""

    def context(protocol: int, own: tuple[str, str], trust: str) -> ssl.SSLContext:
        found = ssl.SSLContext(protocol)
        found.verify_flags |= ssl.VERIFY_X509_STRICT
        path = tmp_path / f"{protocol}.pem"
        path.write_text("".join(own))
        found.load_cert_chain(path)
        found.load_verify_locations(cadata=trust)
        found.verify_mode = ssl.CERT_REQUIRED
        return found

    inside = context(ssl.PROTOCOL_TLS_SERVER, server, trusted_by_server)
    outside = context(ssl.PROTOCOL_TLS_CLIENT, client, trusted_by_client)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            try:
                with inside.wrap_socket(listening.accept()[0], server_side=True) as accepted:
                    accepted.sendall(b"ok")
            except OSError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            with (
                socket.create_connection(listening.getsockname(), 10) as plain,
                outside.wrap_socket(plain, server_hostname="osx.bank.svc") as opened,
            ):
                return "" if opened.recv(2) == b"ok" else "nothing came"
        except OSError as error:
            return str(error)
        finally:
            thread.join()


def test_parties_of_one_federation_accept_each_other_and_nobody_else(tmp_path: Path) -> None:
    ours, other = new_signer(now=now()), new_signer(now=now())
    server, server_key = issued(ours, osx("bank"), now=now())
    client, client_key = issued(ours, osx("insurer"), now=now())
    stranger, stranger_key = issued(other, osx("insurer"), now=now())
    us, them = ours.certificate.pem, other.certificate.pem
    one, two, three = (server.pem, server_key), (client.pem, client_key), (stranger.pem, stranger_key)
    assert handshake(tmp_path, one, us, us, two) == ""
    assert handshake(tmp_path, one, us + them, us + them, two) == "", "two authorities while one takes over"
    assert "certificate verify failed" in handshake(tmp_path, one, us, them, two)
    assert handshake(tmp_path, one, us, us, three) != "", "the server refuses a client of another authority"


def test_two_authorities_never_have_the_same_subject() -> None:
    one, two = new_signer(), new_signer()
    assert one.certificate.subject != two.certificate.subject
    assert one.key not in repr(one)
    assert len(new_signer("x" * 200).certificate.common_name) <= 64


def test_a_request_for_names_that_are_not_the_askers_is_refused() -> None:
    key = new_key()
    request = signing_request(new_request(key, "9999.fate.org", "fate", ["9999.fate.org", "10000.fate.org"]), "request")
    with pytest.raises(KubefateError) as refused:
        issue([new_signer()], request, frozenset({"9999.fate.org"}), "bank for osx", signer="", days=1, now=START)
    assert refused.value.kind is Kind.REFUSED
    assert "bank for osx is for names that are not known to be its own: 10000.fate.org" in refused.value.msg
    assert "fate_certificate_names" in refused.value.hint


def test_a_common_name_is_a_name_too_and_the_issuer_writes_the_rest_of_the_subject() -> None:
    entry, signer = osx(), new_signer("federation")
    request = signing_request(new_request(new_key(), "10000.fate.org", "somebody", entry.names), "request")
    with pytest.raises(KubefateError, match=r"10000\.fate\.org"):
        issue([signer], request, entry.names, "bank", signer="", days=1, now=START)
    request = signing_request(new_request(new_key(), "9999.fate.org", "somebody", entry.names), "request")
    found = issue([signer], request, entry.names, "bank", signer="", days=1, now=START)
    assert found.subject == "CN=9999.fate.org,O=federation"


def forged(key: object) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "9999.fate.org")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.PEM).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no certificate signing request"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "is no certificate signing"),
        (forged(rsa.generate_private_key(65537, 1024)), "an RSA key of 1024 bits"),
        (forged(ec.generate_private_key(ec.SECP192R1())), "the curve secp192r1"),
        (forged(ed25519.Ed25519PrivateKey.generate()), "a kind of key that FATE's servers do not know"),
    ],
    ids=["empty", "garbage", "short", "curve", "ed25519"],
)
def test_a_request_that_is_none_or_has_a_weak_key_is_refused(text: str, words: str) -> None:
    with pytest.raises(KubefateError, match=words):
        signing_request(text, "The request")


def test_a_request_that_somebody_changed_is_refused() -> None:
    good = new_request(new_key(), "9999.fate.org", "fate", ["9999.fate.org"])
    data = bytearray(x509.load_pem_x509_csr(good.encode()).public_bytes(serialization.Encoding.DER))
    place = bytes(data).index(b"9999.fate.org")
    data[place] = ord("8")
    text = base64.encodebytes(bytes(data)).decode()
    with pytest.raises(KubefateError, match="not signed with the key"):
        signing_request(
            f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n", "The request"
        )


def test_an_authority_that_cannot_sign_says_why() -> None:
    signer = new_signer(days=1)
    entry = osx()
    leaf, leaf_key = issued(signer, entry)
    own = {"certificate": signer.certificate.pem, "key": signer.key}
    cases = {
        "does not belong to the authority": ({"certificate": signer.certificate.pem, "key": new_key()}, START),
        "is not the certificate of an authority": ({"certificate": leaf.pem, "key": leaf_key}, START),
        "expired on 2026-01-02": (own, START + timedelta(days=9)),
    }
    request = signing_request(new_request(new_key(), entry.common_name, "", entry.names), "request")
    for words, (options, moment) in cases.items():
        with pytest.raises(KubefateError, match=words) as failed:
            issue(given_authority("x", options), request, entry.names, "bank", signer="", days=1, now=moment)
        assert "PRIVATE" not in str(failed.value.as_failure())
    with pytest.raises(KubefateError, match="was given without certificate"):
        given_authority("x", {"key": signer.key})


def test_a_bundle_has_each_certificate_once_and_reads_back() -> None:
    one, two = new_signer().certificate, new_signer().certificate
    text = bundle([one, two, one])
    assert bundle([two, one]) == text
    assert {found.fingerprint for found in certificates(text, "x")} == {one.fingerprint, two.fingerprint}
    with pytest.raises(KubefateError, match="trust is no certificate"):
        certificate("nonsense", "trust")


# names -------------------------------------------------------------------------------------------------------------
def test_the_names_are_those_under_which_others_reach_the_party() -> None:
    (found,) = wanted(
        {"partyId": "9999", "modules": ["osx", "nginx"], "osx": {"enableTLS": True}},
        "9999",
        "bank",
        ["Fate.Bank.Example"],
    )
    assert found.common_name == "9999.fate.org"
    assert found.names == {
        "9999.fate.org",
        "osx",
        "osx.bank",
        "osx.bank.svc",
        "osx.bank.svc.cluster.local",
        "fate.bank.example",
    }
    assert (found.secret, found.own) == ("osx-certs", False)


def test_each_server_that_speaks_tls_needs_a_certificate() -> None:
    spec = {
        "modules": ["osx", "nginx", "rabbitmq", "pulsar", "servingProxy", "trafficServer"],
        "osx": {"enableTLS": True, "tls": {"existingSecret": "mine"}},
        "nginx": {"enableTLS": False},
        "rabbitmq": {"enableTLS": True},
        "pulsar": {"exchange": {"ip": "192.0.2.1", "domain": "bank.example"}},
    }
    found = {entry.module: entry for entry in wanted(spec, "", "exchange")}
    assert set(found) == {"osx", "rabbitmq", "pulsar", "trafficServer"}
    assert (found["osx"].secret, found["osx"].own) == ("mine", True)
    assert found["pulsar"].common_name == "proxy.bank.example"
    assert wanted({"osx": {"enableTLS": True}, "modules": ["nginx"]}, "1", "x") == []
    assert [entry.module for entry in wanted({"osx": {"enableTLS": True}}, "1", "x")] == ["osx"]


@pytest.mark.parametrize("name", ["", "-a", "a b", "fate_bank", "a..b", "x" * 254, "https://fate.example", "ä.example"])
def test_what_cannot_be_a_name_in_a_certificate_is_refused(name: str) -> None:
    with pytest.raises(KubefateError, match="cannot be a name in a certificate"):
        checked_name(name)


def test_addresses_are_written_in_one_way() -> None:
    assert checked_name("[2001:DB8:0::1]") == checked_name("2001:db8::1")
    assert checked_name("*.Example.org.") == "*.example.org"
