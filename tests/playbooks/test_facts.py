"""Two organisations that tell each other their public facts, each with an inventory and a store of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import Federation

SPEC = {
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "modules": ["osx", "clustermanager", "nodemanager", "mysql"],
}


@pytest.fixture
def bank(federation: Federation) -> Federation:
    """Its own party is 9999; of the insurer it knows the name."""
    federation.defaults = {"fate_spec_defaults": SPEC}
    federation.add("9999", fate_advertise_host="fate.bank.example", fate_advertise_port=30091)
    federation.hosts["insurer"] = {"fate_managed": False, "fate_party_id": "10000"}
    return federation


@pytest.fixture
def insurer(bank: Federation, tmp_path: Path) -> Iterator[Federation]:
    folder = tmp_path / "insurer"
    folder.mkdir()
    made = replace(bank, folder=folder, prefix=f"{bank.prefix}{uuid.uuid4().hex[:3]}", hosts={}, extra={})
    made.defaults = {"fate_spec_defaults": SPEC, "fate_certificates": "own"}
    spec = {"osx": {"enableTLS": True}}
    made.add("10000", fate_advertise_host="fate.insurer.example", fate_advertise_port=9370, fate_spec=spec)
    yield made


def document(folder: Path, host: str) -> dict[str, Any]:
    return dict(json.loads((folder / "facts" / f"{host}.facts.json").read_text()))


READ = """
- ansible.builtin.import_playbook: federatedai.kubefate.known_facts
- hosts: party-9999
  connection: local
  gather_facts: false
  tasks:
    - name: Variables of the insurer
      ansible.builtin.debug:
        msg: "{{ hostvars.insurer.fate_advertise_host }}:{{ hostvars.insurer.fate_advertise_port }}
          {{ hostvars.insurer.fate_versions.federation }} {{ hostvars.insurer.fate_trusts | length }}"
"""


def test_facts_of_another_organisation_are_accepted_with_its_pinned_key_only_and_make_it_routable(
    bank: Federation, insurer: Federation
) -> None:
    assert insurer.play("certificates").code == 0
    folder = str(insurer.folder / "facts")
    exported = insurer.play("export_facts", fate_facts_folder=folder)
    assert exported.code == 0
    said = exported.message("What to tell the others")
    pinned = said.rsplit(" ", 1)[1]
    facts = document(insurer.folder, "party-10000")["facts"]
    assert (facts["party_id"], facts["advertise_host"], facts["advertise_port"]) == (
        "10000",
        "fate.insurer.example",
        9370,
    )
    assert facts["certificates"]["osx"]["issuer"] in facts["trusts"] == facts["authority_fingerprints"]
    assert "PRIVATE" not in json.dumps(facts)

    sent = str(insurer.folder / "facts" / "party-10000.facts.json")
    bank.hosts["insurer"] |= {"fate_facts_file": sent}
    nobody = bank.play("import_facts")
    assert nobody.code != 0
    assert "fate_facts_fingerprint" in nobody.text, "there is no trust on first use"
    bank.hosts["insurer"]["fate_facts_fingerprint"] = pinned
    first = bank.play("import_facts")
    assert (first.code, first.changed()) == (0, 1)

    old = Path(sent).read_text()
    insurer.hosts["party-10000"]["fate_advertise_port"] = 9371
    assert insurer.play("export_facts", fate_facts_folder=folder).changed() > 0
    assert bank.play("import_facts").changed() == 1
    Path(sent).write_text(old)
    replayed = bank.play("import_facts")
    assert replayed.code != 0
    assert "was accepted already" in " ".join(replayed.text.split())
    read = bank.play(bank.write_playbook(READ))
    assert read.message("Variables of the insurer") == "fate.insurer.example:9371 OSX 1"
