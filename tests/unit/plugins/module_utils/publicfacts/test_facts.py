# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import canonical
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.publicfacts.document import (
    Document,
    certificate_variables,
    fingerprint_of,
    read,
    to_sign,
    variables,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.publicfacts.ledger import Ledger
from ansible_collections.federatedai.kubefate.plugins.module_utils.publicfacts.signing import (
    check,
    check_serial,
    fingerprint,
    new_key,
    sign,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import new_signer

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = new_key()
SIGNER = new_signer("insurer").certificate
BARE: dict[str, Any] = {
    "federation": "fate",
    "role": "party",
    "party_id": "10000",
    "name": "fate-10000",
    "advertise_host": "fate.insurer.example",
    "advertise_port": 9370,
    "versions": {"fate": "2.2.0", "federation": "OSX"},
    "authorities": SIGNER.pem,
    "authority_fingerprints": [SIGNER.fingerprint],
    "certificates": {
        "osx": {"fingerprint": "c" * 64, "issuer": SIGNER.fingerprint, "not_after": "2027-01-01T00:00:00Z"}
    },
    "trusts": ["a" * 64, "b" * 64],
}
DATED = {**BARE, "serial": 7, "issued": "2026-01-01T11:00:00Z", "expires": "2026-04-01T11:00:00Z"}
PIN = fingerprint(sign(DATED, KEY).public_key)


def verify(document: Document, **changes: Any) -> None:
    known = {"pinned": PIN, "federation": "fate", "party_id": "10000", "now": NOW, **changes}
    check(document, "The file", **known)


def again(document: Document) -> Document:
    return read(document.text(), "The file")


def test_what_was_signed_is_accepted_however_the_file_is_laid_out() -> None:
    document = sign(DATED, KEY)
    verify(again(document))
    compact = json.dumps(json.loads(document.text()), separators=(",", ":"), ensure_ascii=True)
    verify(read(compact, "The file"))


def test_the_signed_text_is_the_documented_one_and_does_not_change() -> None:
    assert to_sign({"b": [1, "ü"], "a": {"z": "x/y", "c": ""}}) == (
        'kubefate-public-facts/1\n{"a":{"c":"","z":"x/y"},"b":[1,"ü"]}'.encode()
    )


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
FACTS = st.fixed_dictionaries(
    {
        "name": TEXT,
        "advertise_host": TEXT,
        "advertise_port": st.integers(0, 65535),
        "versions": st.dictionaries(TEXT, TEXT, max_size=4),
        "serial": st.integers(0, 2**53),
        "later": st.recursive(
            st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
            max_leaves=6,
        ),
    }
)


@given(facts=FACTS)
def test_whatever_facts_say_comes_back_as_it_was_signed(facts: dict[str, Any]) -> None:
    document = sign({**DATED, **facts}, KEY)
    back = again(document)
    assert canonical(back.facts) == canonical(document.facts)
    verify(back)


@given(data=st.data())
def test_a_file_of_which_any_character_was_changed_is_refused_or_says_the_same(data: st.DataObject) -> None:
    document = sign(DATED, KEY)
    text = document.text()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda letter: letter != text[place]))
    try:
        found = read(text[:place] + other + text[place + 1 :], "The file")
        verify(found)
    except KubefateError as refused:
        assert refused.kind in (Kind.REFUSED, Kind.INPUT)
    else:
        assert found.facts == document.facts, "only what is not signed may differ: white space"


def tampered(**changes: Any) -> Document:
    signed = sign(DATED, KEY)
    return Document({**signed.facts, **changes}, signed.public_key, signed.signature)


@pytest.mark.parametrize(
    ("document", "changes", "words"),
    [
        (tampered(advertise_host="evil.example"), {}, "The signature of The file is wrong"),
        (tampered(serial=8), {}, "The signature of The file is wrong"),
        (sign(DATED, new_key()), {}, "which the inventory pins"),
        (sign(DATED, KEY), {"pinned": "0" * 64}, "which the inventory pins"),
        (sign({**DATED, "federation": "other"}, KEY), {}, "for the federation 'other', not for 'fate'"),
        (sign(DATED, KEY), {"party_id": "9999"}, "is about party 10000, not about party 9999"),
        (sign(DATED, KEY), {"now": NOW + timedelta(days=100)}, "expired on 2026-04-01 11:00 UTC"),
        (sign(DATED, KEY), {"now": NOW - timedelta(days=1)}, "which is still to come"),
    ],
    ids=["address", "serial", "key", "pin", "federation", "party", "expired", "future"],
)
def test_facts_that_are_not_what_they_should_be_are_refused(
    document: Document, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(KubefateError) as refused:
        verify(again(document), **changes)
    assert refused.value.kind is Kind.REFUSED
    assert words in refused.value.msg
    assert refused.value.hint


def test_an_authority_that_is_not_the_one_of_the_fingerprints_is_refused() -> None:
    with pytest.raises(KubefateError, match="do not go together"):
        verify(sign({**DATED, "authority_fingerprints": ["d" * 64]}, KEY))


def with_facts(**changes: Any) -> str:
    return sign({**DATED, **changes}, KEY).text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not have the form"),
        ("[]", "just the keys"),
        ("{}", "just the keys"),
        ("[" * 100000, ""),
        (
            sign(DATED, KEY).text().replace("kubefate-public-facts/1", "kubefate-public-facts/2"),
            "facts/1 is known here",
        ),
        (sign(DATED, KEY).text().replace('"serial": 7', '"serial": 7, "serial": 8'), "stands in it twice"),
        (sign(DATED, KEY).text().replace('"serial": 7', '"serial": 7.0'), "is no integer"),
        (sign(DATED, KEY).text().replace('"serial": 7', '"serial": NaN'), "is no integer"),
        (sign(DATED, KEY).text().replace('"fate-10000"', '"\\ud800"'), "half a character"),
        (with_facts(serial=True), "serial is no whole number"),
        (with_facts(serial=-1), "serial is no whole number"),
        (with_facts(party_id="ten"), "party_id is no number"),
        (with_facts(party_id=10000), "party_id is no text"),
        (with_facts(role="boss"), "role is neither"),
        (with_facts(expires="soon"), "expires is no point in time"),
        (with_facts(trusts=["x"]), "trusts is no list of fingerprints"),
        (with_facts(versions={"fate": 2}), "versions is no mapping of texts"),
        (with_facts(certificates={"osx": {"fingerprint": "x", "issuer": "", "not_after": "z"}}), "no fingerprint"),
        (json.dumps({**json.loads(sign(DATED, KEY).text()), "signature": "AAAA"}), "signature is not 64 bytes"),
        (with_facts(name="x" * 300000), "larger than 256 KiB"),
    ],
)
def test_a_file_without_the_form_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(KubefateError) as refused:
        read(text, "The file")
    assert refused.value.kind is Kind.INPUT
    assert words in refused.value.msg


def test_older_facts_are_refused_and_the_same_are_nothing_new() -> None:
    last = sign(DATED, KEY)
    assert check_serial(sign({**DATED, "serial": 8}, KEY), last, "x")
    assert check_serial(last, None, "x")
    assert not check_serial(again(last), last, "x")
    with pytest.raises(KubefateError, match="has serial 6, and 7 of party 10000 was accepted already"):
        check_serial(sign({**DATED, "serial": 6}, KEY), last, "x")
    with pytest.raises(KubefateError, match="but says something else"):
        check_serial(sign({**DATED, "name": "other"}, KEY), last, "x")


def test_a_fingerprint_is_read_however_people_write_it() -> None:
    colons = ":".join(PIN[place : place + 2] for place in range(0, 64, 2)).upper()
    assert fingerprint_of(colons) == fingerprint_of(f"SHA256:{PIN} ") == PIN
    with pytest.raises(KubefateError, match="is no fingerprint"):
        fingerprint_of("abc")


def test_the_variables_are_those_that_planning_reads() -> None:
    assert variables(DATED) == {
        "fate_party_id": "10000",
        "fate_name": "fate-10000",
        "fate_advertise_host": "fate.insurer.example",
        "fate_advertise_port": 9370,
        "fate_versions": {"fate": "2.2.0", "federation": "OSX"},
    }
    assert certificate_variables(DATED) == {
        "fate_trusts": ["a" * 64, "b" * 64],
        "fate_issuers": [SIGNER.fingerprint],
        "fate_authority_certificate": SIGNER.pem,
    }
    bare = variables({**DATED, "party_id": "", "advertise_host": "", "advertise_port": 0})
    assert set(bare) == {"fate_name", "fate_versions"}


# kept in Kubernetes ------------------------------------------------------------------------------------------------
SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kubefate"}}


def ledger() -> Ledger:
    return Ledger(MemoryApi(SPACE), "kubefate")


def test_a_key_is_made_once_and_stays_in_its_secret() -> None:
    book = ledger()
    assert book.signing_key("fate-facts-key", dry=True) == ""
    key = book.signing_key("fate-facts-key", dry=False)
    assert book.signing_key("fate-facts-key", dry=False) == key
    document, _fresh = book.export(BARE, key, 90, NOW, dry=False)
    assert "PRIVATE" not in document.text()
    stored = [obj for ref, obj in book.api.objects.items() if ref.kind == "ConfigMap"]  # type: ignore[attr-defined]
    assert "PRIVATE" not in json.dumps(stored)


def test_a_secret_of_somebody_else_does_not_sign() -> None:
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "k", "namespace": "kubefate"}, "data": {}}
    with pytest.raises(KubefateError, match="is not one that signs public facts"):
        Ledger(MemoryApi(SPACE, foreign), "kubefate").signing_key("k", dry=False)


def test_an_export_without_a_change_is_the_same_until_half_of_its_time_is_over() -> None:
    book = ledger()
    first, fresh = book.export(BARE, KEY, 90, NOW, dry=False)
    assert fresh and first.serial == int(NOW.timestamp())
    same, fresh = book.export(BARE, KEY, 90, NOW + timedelta(days=44), dry=False)
    assert (same.text(), fresh) == (first.text(), False)
    later, fresh = book.export(BARE, KEY, 90, NOW + timedelta(days=46), dry=False)
    assert fresh and later.serial > first.serial
    moved, fresh = book.export({**BARE, "advertise_port": 1}, KEY, 90, NOW + timedelta(days=46), dry=False)
    assert fresh and moved.serial == later.serial + 1, "a serial is never used twice"
    other, fresh = book.export({**BARE, "advertise_port": 1}, new_key(), 90, NOW + timedelta(days=47), dry=False)
    assert fresh and other.public_key != moved.public_key


def test_a_dry_export_and_a_dry_import_write_nothing() -> None:
    book = ledger()
    book.export(BARE, KEY, 90, NOW, dry=True)
    assert book.accept(sign(DATED, KEY), "x", NOW, dry=True)
    assert book.api.writes == []  # type: ignore[attr-defined]


def test_the_last_serial_is_kept_where_facts_are_accepted() -> None:
    book = ledger()
    assert book.accept(sign(DATED, KEY), "x", NOW, dry=False)
    assert not book.accept(sign(DATED, KEY), "x", NOW, dry=False)
    assert book.accept(sign({**DATED, "serial": 9}, KEY), "x", NOW, dry=False)
    with pytest.raises(KubefateError, match="serial 8, and 9"):
        book.accept(sign({**DATED, "serial": 8}, KEY), "x", NOW, dry=False)
    with pytest.raises(KubefateError, match="serial 8, and 9"):
        book.accept(sign({**DATED, "serial": 8}, new_key()), "x", NOW, dry=False)  # a new key begins no new count
    (kept,) = book.accepted()
    assert kept.serial == 9
    other = {**DATED, "federation": "second", "serial": 1}
    assert book.accept(sign(other, KEY), "x", NOW, dry=False), "each federation counts for itself"
    assert book.forget(DATED, dry=False) and not book.forget(DATED, dry=False)
    assert [document.facts["federation"] for document in book.accepted()] == ["second"]


def test_facts_that_somebody_changed_in_the_store_are_not_believed() -> None:
    book = ledger()
    book.accept(sign(DATED, KEY), "x", NOW, dry=False)
    ref = next(ref for ref in book.api.objects if ref.kind == "ConfigMap")  # type: ignore[attr-defined]
    stored = book.api.read(ref)
    stored["data"]["document"] = stored["data"]["document"].replace("fate.insurer.example", "evil.example")
    book.api.put(stored)  # type: ignore[attr-defined]
    with pytest.raises(KubefateError, match="signature"):
        verify(book.accepted()[0])
    stored["data"]["document"] = "{}"
    book.api.put(stored)  # type: ignore[attr-defined]
    assert book.accepted() == []
    with pytest.raises(KubefateError, match="is damaged"):
        book.accept(sign(DATED, KEY), "x", NOW, dry=False)


def test_two_imports_at_once_do_not_undo_each_other() -> None:
    book = ledger()
    api = book.api
    assert isinstance(api, MemoryApi)
    book.accept(sign(DATED, KEY), "x", NOW, dry=False)

    def meanwhile(sent: Sent) -> Any:
        if sent.method == "PUT":
            api.fault = lambda _sent: None
            book.accept(sign({**DATED, "serial": 20}, KEY), "x", NOW, dry=False)
        return None

    api.fault = meanwhile
    with pytest.raises(KubefateError) as refused:
        book.accept(sign({**DATED, "serial": 10}, KEY), "x", NOW, dry=False)
    assert "run again" in refused.value.hint
    assert book.accepted()[0].serial == 20


def test_objects_names_are_such_that_kubernetes_takes_them() -> None:
    book = ledger()
    exchange = {**DATED, "role": "exchange", "party_id": "", "name": "Exchange ÄÖ.one" + "x" * 80}
    book.accept(sign(exchange, KEY), "x", NOW, dry=False)
    (ref,) = [ref for ref in book.api.objects if ref.kind == "ConfigMap"]  # type: ignore[attr-defined]
    assert isinstance(ref, Ref)
    assert len(ref.name) < 64 and ref.name == ref.name.lower() and ref.name.isascii()
