"""Certificates of a federation, from nothing through renewal and a change of the authority."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from support import TLS_SPEC, Federation, Run

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.signing import new_authority


@pytest.fixture
def secure(two_parties: Federation) -> Federation:
    """Two parties of one OSX each, with TLS."""
    two_parties.defaults = {"fate_spec_defaults": TLS_SPEC, "fate_certificates": "own"}
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


def test_deploying_issues_certificates_first_changes_nothing_and_renews_them_before_they_end(
    secure: Federation,
) -> None:
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
    status = secure.documented("ansible-playbook federatedai.kubefate.status -i inventory")
    assert "(364 days)" in status.message("The certificates now"), "expiry is in the status"

    pods = osx_pods(secure)
    secure.defaults |= {"fate_certificate_days": 800, "fate_certificate_renew_days": 500}
    check = secure.documented("ansible-playbook federatedai.kubefate.certificates -i inventory --check --diff")
    assert check.code == 0
    assert RENEWAL.search(check.message("What is done about certificates"))
    assert secret(secure, "party-9999") == one
    assert "BEGIN" not in check.text, "a diff has the public facts of a certificate"
    deployed = secure.play("deploy_fate")
    assert deployed.code == 0
    assert RENEWAL.search(deployed.message("What is done about certificates"))
    renewed = secret(secure, "party-9999")
    assert renewed["tls.crt"] != one["tls.crt"] and renewed["tls.key"] != one["tls.key"]
    assert renewed["ca.crt"] == one["ca.crt"] and accepts(one, renewed)
    assert not pods & osx_pods(secure), "OSX reads its certificates only when it starts"
    no_key_leaked(secure, check, deployed)


RENEWAL = re.compile(
    r"party-9999: osx: certificate until [-0-9]+ \(364 days\); issue: it expires on [-0-9]+; then it restarts, and is "
    r"not reached for (about \d+ s|as long as it takes to get ready)"
)
ROTATE = "ansible-playbook federatedai.kubefate.certificates -i inventory -e fate_ca_rotate=true"
CERTIFICATES = "ansible-playbook federatedai.kubefate.certificates -i inventory"


def run_certificates(federation: Federation, command: str = CERTIFICATES) -> Run:
    run = federation.documented(command)
    assert run.code == 0
    return run


def test_the_authority_of_a_federation_changes_without_breaking_a_connection(secure: Federation) -> None:
    secure.defaults |= {"fate_certificates": "federation", "fate_ca_host": "party-9999"}
    assert secure.play("deploy_fate").code == 0
    before = secret(secure, "party-9999"), secret(secure, "party-10000")
    pods = osx_pods(secure)

    run = run_certificates(secure, ROTATE)
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


HAND_OVER = "ansible-playbook federatedai.kubefate.certificates -i inventory -e fate_certificate_folder=requests"


@pytest.fixture
def asker(secure: Federation, tmp_path: Path) -> Iterator[Federation]:
    """Another organisation with an inventory of its own, that gets the certificates of 10000 from ``secure``."""
    folder = tmp_path / "asker"
    folder.mkdir()
    there = {"fate_managed": False, "fate_party_id": "9999", "fate_advertise_host": "bank.example"}
    hosts = {"bank": there, "party-10000": {**secure.hosts["party-10000"], "fate_advertise_host": "insurer.example"}}
    made = replace(secure, folder=folder, hosts=hosts)
    made.defaults = {**secure.defaults, "fate_certificates": "federation", "fate_ca_host": "bank"}
    yield made


def test_another_organisation_is_certified_by_files_and_no_key_leaves_either(
    secure: Federation, asker: Federation
) -> None:
    authority, authority_key = new_authority("fate", 365, now())
    vault = {"fate_ca_certificate": authority, "fate_ca_key": authority_key}
    secure.defaults |= {"fate_certificates": "federation", **vault}
    secure.hosts["party-10000"] = {
        "fate_managed": False,
        "fate_party_id": "10000",
        "fate_namespace": asker.namespace("party-10000"),
        "fate_advertise_host": "stranger.example",
    }
    asker.hosts["bank"]["fate_authority_certificate"] = authority

    asked = asker.play("deploy_fate", env={"PWD": str(asker.folder)}, fate_certificate_folder="requests")
    assert "party-10000" in asked.failed()
    said = " ".join(asked.text.split())
    assert "Send 10000.fate.org-osx.csr in" in said
    assert "has no certificate for osx yet" in said
    assert asker.objects("deployments", "party-10000") == [], "servers that could not start are not deployed"
    requests = asker.folder / "requests"
    assert [path.name for path in requests.iterdir()] == ["10000.fate.org-osx.csr"]
    (key,) = private_keys(asker)
    (secure.folder / "requests").mkdir()
    (secure.folder / "requests" / "10000.fate.org-osx.csr").write_text(
        (requests / "10000.fate.org-osx.csr").read_text()
    )

    refused = secure.documented(HAND_OVER)
    assert refused.code != 0
    said = " ".join(refused.text.split())
    assert "names that are not known to be its own: insurer.example" in said
    assert "There is no address by which party-10000" in said, "nor is there a certificate for who is not reached"
    secure.hosts["party-9999"]["fate_advertise_host"] = "bank.example"
    secure.hosts["party-10000"]["fate_advertise_host"] = "insurer.example"
    answered = secure.documented(HAND_OVER)
    assert answered.code == 0
    answer = (secure.folder / "requests" / "10000.fate.org-osx.crt").read_text()
    (requests / "10000.fate.org-osx.crt").write_text(answer)

    placed = asker.documented(HAND_OVER)
    assert placed.code == 0
    ours, theirs = secret(secure, "party-9999"), secret(asker, "party-10000")
    assert (theirs["tls.crt"], theirs["ca.crt"]) == (answer, authority)
    assert key in theirs["tls.key"], "it is the key that was made where the party is"
    assert accepts(ours, theirs) and accepts(theirs, ours)
    runs = (asked, refused, answered, placed)
    no_key_leaked(secure, *runs)
    assert all(authority_key.split("\n")[1] not in run.text for run in runs)
    sent = "".join(path.read_text() for folder in (requests, secure.folder / "requests") for path in folder.iterdir())
    assert "PRIVATE" not in sent
