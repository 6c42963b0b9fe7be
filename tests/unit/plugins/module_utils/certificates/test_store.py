# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import Vault
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import Certificate, now
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.pem import (
    bundle,
    certificates,
    key_fits,
    signing_request,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.signing import sign
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.store import (
    Shelf,
    changed_at,
    held_of,
    listed,
    secret_ref,
    text_of,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.takeup import (
    Pod,
    Pods,
    TakeUp,
    consequence,
    take_up,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.certificates import (
    BY_MODULE,
    LABEL,
    MANAGER,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.mounts import MountedFile, mounted_file
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import (
    issued,
    new_signer,
    osx,
    server_of,
)

SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bank"}}
SIGNER = new_signer(now=now())
TRUST = (SIGNER.certificate,)
WANTED = osx()


def shelf_of(api: MemoryApi) -> Shelf:
    return Shelf(api, "bank", "fate-9999")


def secret(api: MemoryApi, name: str) -> dict[str, Any]:
    return api.objects[secret_ref("bank", name)]


def certified(shelf: Shelf) -> Certificate:
    """What an issuer makes of the party's request."""
    request, _made = shelf.request(WANTED, "fate")
    return sign(request, SIGNER.certificate, SIGNER.key, 365, now())


def test_a_key_is_in_a_secret_before_its_request_is_known_and_never_in_the_request() -> None:
    api = MemoryApi(SPACE)
    request, made = shelf_of(api).request(WANTED, "fate")
    assert made
    kept = secret(api, "osx-certs-request")
    assert "PRIVATE KEY" in text_of(kept, "tls.key")
    assert "PRIVATE" not in request.pem
    assert signing_request(request.pem, "x").names == WANTED.names
    again, made = shelf_of(api).request(WANTED, "fate")
    assert (again.pem, made) == (request.pem, False), "the same request as long as it fits"
    other, made = shelf_of(api).request(osx("bank", "fate.bank.example"), "fate")
    assert made and other.key != request.key


def test_a_certificate_and_its_key_come_together_in_the_secret_that_is_mounted() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    fresh = certified(shelf)
    assert shelf.install(WANTED, fresh, TRUST, now(), dry=True)
    assert secret_ref("bank", "osx-certs") not in api.objects
    assert shelf.install(WANTED, fresh, TRUST, now(), dry=False)
    there = secret(api, "osx-certs")
    assert set(there["data"]) == {"tls.crt", "tls.key", "ca.crt"}
    assert there["type"] == "kubernetes.io/tls"
    assert there["metadata"]["labels"] == {
        "owner": "kubefate",
        "name": "fate-9999",
        "app.kubernetes.io/part-of": "fate",
        LABEL: "osx",
    }
    assert key_fits(text_of(there, "tls.key"), fresh)
    assert secret_ref("bank", "osx-certs-request") not in api.objects
    assert {sent.query.get("fieldManager") for sent in api.sent if sent.method == "POST"} == {MANAGER}
    writes = len(api.writes)
    assert not shelf.install(WANTED, fresh, TRUST, now(), dry=False)
    assert len(api.writes) == writes, "installing it again writes nothing"


def test_only_the_trusted_authorities_change_where_no_certificate_is_given() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    shelf.install(WANTED, certified(shelf), TRUST, now(), dry=False)
    before = secret(api, "osx-certs")["data"]
    both = (*TRUST, new_signer().certificate)
    assert shelf.install(WANTED, None, both, now(), dry=False)
    after = secret(api, "osx-certs")["data"]
    assert (after["tls.crt"], after["tls.key"]) == (before["tls.crt"], before["tls.key"])
    assert base64.b64decode(after["ca.crt"]).decode() == bundle(both)


def test_pulsars_secret_has_the_keys_that_its_chart_mounts() -> None:
    api = MemoryApi(SPACE)
    shelf, wanted = shelf_of(api), server_of("pulsar")
    request, _made = shelf.request(wanted, "fate")
    shelf.install(wanted, sign(request, SIGNER.certificate, SIGNER.key, 9, now()), TRUST, now(), dry=False)
    assert set(secret(api, "pulsar-cert")["data"]) == {"broker.cert.pem", "broker.key-pk8.pem", "ca.cert.pem"}
    assert held_of(secret(api, "pulsar-cert"), wanted.server).usable(now())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            issued(SIGNER, WANTED, now=now())[0],
            "is not for the key that osx in namespace bank asked with",
        ),
        (SIGNER.certificate, "is not for the key"),
    ],
    ids=["another key", "the authority"],
)
def test_a_certificate_that_is_not_for_the_kept_key_is_refused(other: Certificate, words: str) -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    certified(shelf)
    with pytest.raises(KubefateError, match=words):
        shelf.install(WANTED, other, TRUST, now(), dry=False)
    assert secret_ref("bank", "osx-certs") not in api.objects


def test_a_certificate_of_an_unknown_authority_or_past_its_time_or_without_a_name_is_refused() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    fresh = certified(shelf)
    with pytest.raises(KubefateError, match="was signed by none of the trusted authorities"):
        shelf.install(WANTED, fresh, (new_signer().certificate,), now(), dry=False)
    with pytest.raises(KubefateError, match="has expired"):
        shelf.install(WANTED, fresh, TRUST, now() + timedelta(days=400), dry=False)
    wider = osx("bank", "fate.bank.example")
    with pytest.raises(KubefateError, match=r"is not for fate\.bank\.example"):
        shelf.install(wider, fresh, TRUST, now(), dry=False)


def test_a_secret_that_somebody_else_made_is_not_touched() -> None:
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "osx-certs", "namespace": "bank"}, "data": {}}
    api = MemoryApi(SPACE, foreign)
    shelf = shelf_of(api)
    with pytest.raises(KubefateError) as refused:
        shelf.install(WANTED, certified(shelf), TRUST, now(), dry=False)
    assert refused.value.kind is Kind.CONFLICT
    assert "osx.tls.existingSecret" in refused.value.hint
    shelf.remove(WANTED, dry=False)
    assert secret_ref("bank", "osx-certs") in api.objects


def test_a_secret_that_changed_since_it_was_read_is_not_overwritten() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    shelf.install(WANTED, certified(shelf), TRUST, now(), dry=False)

    def meanwhile(sent: Sent) -> Any:
        if sent.method == "PUT":
            api.fault = lambda _sent: None
            api.put({**secret(api, "osx-certs")})
        return None

    api.fault = meanwhile
    with pytest.raises(KubefateError) as refused:
        shelf.install(WANTED, None, (*TRUST, new_signer().certificate), now(), dry=False)
    assert "run again" in refused.value.hint


def test_no_error_quotes_a_private_key() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    shelf.request(WANTED, "fate")
    kept = secret(api, "osx-certs-request")
    kept["data"]["tls.key"] = base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nsecret\n").decode()
    with pytest.raises(KubefateError) as failed:
        shelf.install(WANTED, issued(SIGNER, WANTED, now=now())[0], TRUST, now(), dry=False)
    assert "secret\n" not in str(failed.value.as_failure()) + failed.value.msg


def test_removing_takes_what_was_made() -> None:
    api = MemoryApi(SPACE)
    shelf = shelf_of(api)
    shelf.install(WANTED, certified(shelf), TRUST, now(), dry=False)
    shelf.request(osx("bank", "later.example"), "fate")
    assert shelf.remove(WANTED, dry=True) == ["osx-certs", "osx-certs-request"]
    assert shelf.remove(WANTED, dry=False) == ["osx-certs", "osx-certs-request"]
    assert shelf.remove(WANTED, dry=False) == []


def test_what_cannot_be_read_in_a_secret_counts_as_not_there() -> None:
    data = {"tls.crt": "bm9uc2Vuc2U=", "tls.key": "/w==", "ca.crt": ""}
    held = held_of({"metadata": {"name": "osx-certs"}, "data": data}, BY_MODULE["osx"])
    assert held.there and held.certificate is None and held.trusted == () and not held.fits


def test_when_a_secret_changed_is_the_servers_word_about_its_data() -> None:
    def managed(manager: str, time: str, *fields: str) -> dict[str, Any]:
        return {"manager": manager, "time": time, "fieldsV1": {f"f:{field}": {} for field in fields}}

    metadata = {
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [
            managed(MANAGER, "2026-01-02T00:00:00Z", "data", "metadata"),
            managed("kubectl-annotate", "2026-01-05T00:00:00Z", "metadata"),
        ],
    }
    assert changed_at({"metadata": metadata}) == datetime(2026, 1, 2, tzinfo=UTC)
    assert changed_at({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}) == datetime(2026, 1, 1, tzinfo=UTC)
    assert changed_at({"metadata": {}}) is None


# the authority -----------------------------------------------------------------------------------------------------
def test_an_authority_is_made_once_and_changes_in_two_steps() -> None:
    api = MemoryApi(SPACE)
    vault = Vault(api, "bank", "fate-ca", "fate")
    (first,) = vault.make(3650, now())
    assert [signer.certificate for signer in vault.make(3650, now())] == [first.certificate]
    assert [signer.certificate for signer in vault.retire()] == [first.certificate]
    newest, older = vault.introduce(3650, now())
    assert older.certificate == first.certificate and key_fits(older.key, older.certificate)
    with pytest.raises(KubefateError, match="is being changed already"):
        vault.introduce(3650, now())
    assert [signer.certificate for signer in vault.retire()] == [newest.certificate]
    assert set(secret(api, "fate-ca")["data"]) == {"tls.crt", "tls.key"}, "the older key is gone for good"
    assert secret(api, "fate-ca")["metadata"]["labels"].get("owner") is None, "nothing lists it by accident"


def test_two_runs_that_make_an_authority_at_once_end_with_the_same() -> None:
    api = MemoryApi(SPACE)
    vault = Vault(api, "bank", "fate-ca", "fate")

    def meanwhile(sent: Sent) -> Any:
        if sent.method == "POST":
            api.fault = lambda _sent: None
            vault.make(3650, now())
        return None

    api.fault = meanwhile
    (mine,) = vault.make(3650, now())
    (there,) = certificates(text_of(secret(api, "fate-ca"), "tls.crt"), "x")
    assert mine.certificate == there


def test_a_secret_that_is_no_authority_is_not_taken_for_one() -> None:
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "fate-ca", "namespace": "bank"}, "data": {}}
    with pytest.raises(KubefateError, match="is no authority of this collection"):
        Vault(MemoryApi(SPACE, foreign), "bank", "fate-ca", "fate").make(1, now())


# reading many ------------------------------------------------------------------------------------------------------
def test_where_not_all_may_be_listed_each_namespace_is_and_those_that_may_not_are_named() -> None:
    here = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "namespace": "one", "labels": {LABEL: "osx"}},
    }
    api = MemoryApi(here)
    assert [item["metadata"]["name"] for item in listed(api, ("v1", "Secret"), ["one", "two"], LABEL)[0]] == ["a"]
    assert len(api.sent) == 1
    api.fault = lambda sent: refusal(403) if "namespaces" not in sent.path or "/two/" in sent.path else None
    found, refused = listed(api, ("v1", "Secret"), ["one", "two"], LABEL)
    assert ([item["metadata"]["name"] for item in found], refused) == (["a"], ["two"])


# taking up ---------------------------------------------------------------------------------------------------------
CHANGED = datetime(2026, 1, 1, 12, tzinfo=UTC)
OLD = Pods((Pod("osx-0", CHANGED - timedelta(hours=1), 12.0, False),))


@pytest.mark.parametrize(
    ("module", "minutes", "expected"),
    [
        ("osx", 60, TakeUp.RESTART),
        ("nginx", 1, TakeUp.WAIT),
        ("nginx", 60, TakeUp.NOTHING),
        ("rabbitmq", 1, TakeUp.WAIT),
        ("rabbitmq", 60, TakeUp.NOTHING),
    ],
)
def test_what_a_pod_that_was_there_before_needs(module: str, minutes: int, expected: TakeUp) -> None:
    moment = CHANGED + timedelta(minutes=minutes)
    assert take_up(BY_MODULE[module], CHANGED, OLD, moment) is expected


def test_a_pod_that_came_later_or_none_at_all_needs_nothing() -> None:
    later = Pods((Pod("osx-0", CHANGED + timedelta(seconds=1), None, False),))
    for pods in (later, Pods()):
        assert take_up(BY_MODULE["osx"], CHANGED, pods, CHANGED) is TakeUp.NOTHING
    assert consequence(BY_MODULE["osx"], Pods()) is TakeUp.NOTHING
    assert consequence(BY_MODULE["osx"], OLD) is TakeUp.RESTART
    assert (OLD.gap_seconds, later.gap_seconds) == (12, 0)


def test_a_file_is_found_in_volumes_of_every_kind() -> None:
    def pod(volume: dict[str, Any], **mount: str) -> dict[str, Any]:
        place = {"name": "v", "mountPath": "/x/", **mount}
        return {"spec": {"containers": [{"name": "c", "volumeMounts": [place]}], "volumes": [{"name": "v", **volume}]}}

    plain = {"secret": {"secretName": "s"}}
    assert mounted_file(pod(plain), "Secret", "s", "k") == MountedFile("c", "/x/k", frozen=False)
    assert mounted_file(pod(plain, subPath="k"), "Secret", "s", "k") == MountedFile("c", "/x", frozen=True)
    assert mounted_file(pod(plain, subPath="other"), "Secret", "s", "k") is None
    assert mounted_file(pod(plain), "ConfigMap", "s", "k") is None
    items = {"configMap": {"name": "m", "items": [{"key": "k", "path": "a/b"}]}}
    assert mounted_file(pod(items), "ConfigMap", "m", "k") == MountedFile("c", "/x/a/b", frozen=False)
    assert mounted_file(pod(items), "ConfigMap", "m", "other") is None
    both = {"projected": {"sources": [{"configMap": {"name": "n"}}, {"configMap": {"name": "m"}}]}}
    assert mounted_file(pod(both), "ConfigMap", "m", "k") == MountedFile("c", "/x/k", frozen=False)
