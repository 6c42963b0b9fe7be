"""Certificates of a federation, from nothing through renewal and a change of the authority."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from support import Federation, Run

SPEC = {
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "modules": ["osx", "clustermanager", "nodemanager", "mysql"],
    "osx": {"enableTLS": True},
}


@pytest.fixture
def secure(two_parties: Federation) -> Federation:
    """Two parties of one OSX each, with TLS."""
    two_parties.defaults = {"fate_spec_defaults": SPEC, "fate_certificates": "own"}
    return two_parties


def secret(federation: Federation, host: str, name: str = "osx-certs") -> dict[str, str]:
    found = federation.one("secret", name, host)["data"]
    return {key: base64.b64decode(value).decode() for key, value in found.items()}


def certificates(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(text.encode())


def names(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def accepts(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether the authorities of one party signed the certificate of the other."""
    shown = certificates(other["tls.crt"])[0]
    for authority in certificates(one["ca.crt"]):
        try:
            shown.verify_directly_issued_by(authority)
        except Exception:
            continue
        return True
    return False


def private_keys(federation: Federation) -> list[str]:
    """Every private key that lies in a Secret of the test, as it might be quoted."""
    listed = json.loads(federation.kubectl("get", "secrets", "--all-namespaces", "--output", "json"))["items"]
    mine = [item for item in listed if item["metadata"]["namespace"].startswith(federation.prefix)]
    texts = [base64.b64decode(value).decode("utf-8", "replace") for item in mine for value in item["data"].values()]
    return [text.split("\n")[2] for text in texts if "PRIVATE KEY" in text]


def osx_pods(federation: Federation) -> set[str]:
    pods = [pod for host in federation.hosts for pod in federation.objects("pods", host)]
    return {pod["metadata"]["uid"] for pod in pods if pod["metadata"]["labels"].get("fateMoudle") == "osx"}


def no_key_leaked(federation: Federation, *runs: Run) -> None:
    keys = private_keys(federation)
    assert keys
    files = "".join(
        path.read_text(errors="replace")
        for path in federation.folder.rglob("*")
        if path.is_file() and ".json" in path.name
    )
    for key in keys:
        assert all(key not in run.text for run in runs)
        assert key not in files


@pytest.mark.smoke
def test_deploying_with_tls_issues_certificates_first_and_then_changes_nothing(secure: Federation) -> None:
    check = secure.play("deploy_fate", "--check", "--diff")
    assert check.code == 0
    assert "osx: certificate none; issue: there is none yet" in check.message("What is done about certificates")
    assert secure.prefix not in secure.kubectl("get", "namespaces")

    first = secure.play("deploy_fate", "-vvv")
    assert first.code == 0
    one, two = secret(secure, "party-9999"), secret(secure, "party-10000")
    assert set(one) == {"tls.crt", "tls.key", "ca.crt"}
    assert one["tls.key"].startswith("-----BEGIN PRIVATE KEY-----"), "PKCS#8"
    assert serialization.load_pem_private_key(one["tls.key"].encode(), None)
    assert accepts(one, two) and accepts(two, one) and accepts(one, one)
    assert len(certificates(one["ca.crt"])) == 2
    space = secure.namespace("party-9999")
    assert {"9999.fate.org", f"osx.{space}.svc", f"osx.{space}.svc.cluster.local", "osx"} <= names(
        certificates(one["tls.crt"])[0]
    )
    assert not any("-request" in item["metadata"]["name"] for item in secure.objects("secrets", "party-9999"))
    no_key_leaked(secure, first)

    second = secure.play("deploy_fate")
    assert second.code == 0
    assert second.changed() == 0
    assert "(364 days)" in secure.play("status").message("The certificates now"), "expiry is in the status"


def run_certificates(federation: Federation, **extra: Any) -> Run:
    run = federation.play("certificates", **extra)
    assert run.code == 0
    return run


def test_the_authority_of_a_federation_changes_without_breaking_a_connection(secure: Federation) -> None:
    secure.defaults |= {"fate_certificates": "federation", "fate_ca_host": "party-9999"}
    assert secure.play("deploy_fate").code == 0
    before = secret(secure, "party-9999"), secret(secure, "party-10000")
    pods = osx_pods(secure)

    run = run_certificates(secure, fate_ca_rotate=True)
    assert "introduce: another one was asked for" in run.message("What is done about certificates")
    assert "trust: other authorities are to be trusted; then it restarts" in run.message("What that brings about")
    known = secret(secure, "party-9999"), secret(secure, "party-10000")
    for old, new in zip(before, known, strict=True):
        assert old["tls.crt"] == new["tls.crt"], "the new authority signs only when all trust it"
        assert len(certificates(new["ca.crt"])) == 2
    assert not pods & osx_pods(secure), "OSX reads its certificates only when it starts"

    run_certificates(secure)
    used = secret(secure, "party-9999"), secret(secure, "party-10000")
    for other in (known[1], used[1]):
        assert accepts(used[0], other) and accepts(other | {"ca.crt": known[1]["ca.crt"]}, used[0])
    assert all(
        old["tls.crt"] != new["tls.crt"] and old["tls.key"] != new["tls.key"]
        for old, new in zip(known, used, strict=True)
    )
    assert all(len(certificates(entry["ca.crt"])) == 2 for entry in used)

    last = run_certificates(secure)
    left = secret(secure, "party-9999"), secret(secure, "party-10000")
    assert all(len(certificates(entry["ca.crt"])) == 1 for entry in left)
    assert accepts(left[0], left[1]) and accepts(left[1], left[0])
    no_key_leaked(secure, last)
    assert run_certificates(secure).changed() == 0
