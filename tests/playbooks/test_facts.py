"""Two organisations that tell each other their public facts, each with an inventory and a store of its own."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import TLS_SPEC, Federation

from ansible_collections.federatedai.kubefate.plugins.module_utils.publicfacts.document import read
from ansible_collections.federatedai.kubefate.plugins.module_utils.publicfacts.signing import sign


@pytest.fixture
def bank(federation: Federation) -> Federation:
    """Its own party is 9999; of the insurer it knows the name."""
    federation.defaults = {"fate_spec_defaults": TLS_SPEC, "fate_certificates": "own"}
    federation.add("9999", fate_advertise_host="fate.bank.example", fate_advertise_port=30091)
    federation.hosts["insurer"] = {"fate_managed": False, "fate_party_id": "10000"}
    return federation


@pytest.fixture
def insurer(bank: Federation, tmp_path: Path) -> Iterator[Federation]:
    folder = tmp_path / "insurer"
    folder.mkdir()
    made = replace(bank, folder=folder, prefix=f"{bank.prefix}{uuid.uuid4().hex[:3]}", hosts={}, extra={})
    made.defaults = {"fate_spec_defaults": TLS_SPEC, "fate_certificates": "own"}
    made.add("10000", fate_advertise_host="fate.insurer.example", fate_advertise_port=9370)
    yield made


EXPORT = "ansible-playbook federatedai.kubefate.export_facts -i inventory -e fate_facts_folder=facts"
IMPORT = "ansible-playbook federatedai.kubefate.import_facts -i inventory -e fate_facts_folder=facts"
REFUSED = {
    "tampered": "somebody changed it",
    "expired": "expired on",
    "elsewhere": "is for the federation 'retail', not for 'fate'",
    "replayed": "was accepted already",
    "another_key": "and not with abab",
}
"""What is said of files that are refused."""


def signing_key(federation: Federation) -> str:
    """The key that signs facts, where it is kept."""
    store = f"{federation.prefix}-store"
    found = json.loads(federation.kubectl("--namespace", store, "get", "secret", "fate-facts-key", "--output", "json"))
    return base64.b64decode(found["data"]["key"]).decode()


def wrong_documents(text: str, key: str) -> dict[str, str]:
    """Documents that differ from a good one in one respect; those that can be are signed with the right key."""
    facts = dict(read(text, "the document").facts)
    past = {"issued": "2026-01-01T00:00:00Z", "expires": "2026-02-01T00:00:00Z"}
    return {
        "tampered": text.replace("fate.insurer.example", "thief.example"),
        "expired": sign({**facts, **past}, key).text(),
        "elsewhere": sign({**facts, "federation": "retail"}, key).text(),
    }


def document(folder: Path, host: str) -> dict[str, Any]:
    return dict(json.loads((folder / "facts" / f"{host}.facts.json").read_text()))


def test_facts_of_another_organisation_are_accepted_with_its_pinned_key_only_and_make_it_routable(
    bank: Federation, insurer: Federation
) -> None:
    assert insurer.play("certificates").code == 0
    exported = insurer.documented(EXPORT)
    assert exported.code == 0
    said = exported.message("What to tell the others")
    pinned = said.rsplit(" ", 1)[1]
    facts = document(insurer.folder, "party-10000")["facts"]
    assert (facts["party_id"], facts["advertise_host"], facts["advertise_port"]) == (
        "10000",
        "fate.insurer.example",
        9370,
    )
    assert facts["certificates"]["osx"]["issuer"] in facts["trusts"]
    assert facts["trusts"] == facts["authority_fingerprints"]
    assert "PRIVATE" not in json.dumps(facts)

    sent = str(insurer.folder / "facts" / "party-10000.facts.json")
    bank.hosts["insurer"] |= {"fate_facts_file": sent}
    nobody = bank.documented(IMPORT)
    assert nobody.code != 0
    assert "fate_facts_fingerprint" in nobody.text, "there is no trust on first use"
    bank.hosts["insurer"]["fate_facts_fingerprint"] = pinned
    assert bank.documented(IMPORT).changed() == 1

    old = Path(sent).read_text()
    insurer.hosts["party-10000"]["fate_advertise_port"] = 9371
    assert insurer.documented(EXPORT).changed() > 0
    bad = wrong_documents(Path(sent).read_text(), signing_key(insurer)) | {"replayed": old}
    for name, text in bad.items():
        (bank.folder / f"{name}.json").write_text(text)
        bank.hosts[name] = bank.hosts["insurer"] | {"fate_facts_file": str(bank.folder / f"{name}.json")}
    bank.hosts["another_key"] = bank.hosts["insurer"] | {"fate_facts_fingerprint": "ab" * 32}
    mixed = bank.documented(IMPORT)
    assert mixed.code != 0
    (items,) = mixed.of("Accept the facts of each party that is not managed").values()
    said = {item["item"]["host"]: item for item in items["results"]}
    assert said["insurer"]["changed"]
    for name, words in REFUSED.items():
        assert words in said[name]["msg"]
        assert said[name]["failure"]["hint"]
        del bank.hosts[name]
    private = signing_key(insurer).split("\n")[1]
    assert all(private not in run.text for run in (exported, nobody, mixed))
    plan = bank.play("deploy_fate", "--check")
    assert plan.code == 0
    (planned,) = plan.of("Plan all parties").values()
    (route,) = planned["parties"]["party-9999"]["routes"]
    assert (route["to"], route["address"], route["port"]) == ("insurer", "fate.insurer.example", 9371)
    (certified,) = plan.of("Read the certificates of all parties").values()
    assert certified["trust"] == facts["authorities"], "the insurer's authority is trusted beside one's own"
