"""New passwords for clusters that run."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support import Federation


def data_of(party: Federation, secret: str) -> dict[str, str]:
    data = party.one("secret", secret, "party-9999")["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def pods_of(party: Federation) -> dict[str, str]:
    """Module to the uids of its pods."""
    found: dict[str, list[str]] = {}
    for pod in party.objects("pods", "party-9999"):
        found.setdefault(pod["metadata"]["labels"]["fateMoudle"], []).append(pod["metadata"]["uid"])
    return {module: " ".join(sorted(uids)) for module, uids in found.items()}


@pytest.fixture
def party(federation: Federation) -> Federation:
    """One party that is deployed."""
    federation.add("9999")
    assert federation.play("deploy_fate").code == 0
    return federation


@pytest.mark.parametrize("federation", ["KUBEFATE_HELM4"], indirect=True, ids=["helm4"])
def test_new_passwords_reach_the_secrets_and_exactly_the_pods_that_read_them(party: Federation) -> None:
    before, old = data_of(party, "fate-mysql"), pods_of(party)
    planned = party.play("rotate_secrets", "--check", "--diff")
    assert planned.code == 0
    assert planned.changed() == 1
    assert data_of(party, "fate-mysql") == before, "check mode changes nothing"

    done = party.play("rotate_secrets")
    assert done.code == 0
    assert "SIMULATED: nothing runs behind the pods of mysql" in done.text
    after, new = data_of(party, "fate-mysql"), pods_of(party)
    assert set(after) == set(before)
    assert after["username"] == before["username"]
    assert after["password"] != before["password"]
    assert after["root-password"] != before["root-password"]
    assert {module for module in new if new[module] != old[module]} == {"clustermanager", "fateboard", "python"}
    for value in [*before.values(), *after.values()]:
        assert len(value) < 10 or value not in done.text, "nobody reads a password in what a run prints"

    assert party.play("deploy_fate").changed() == 0, "it is what the inventory says"
    revisions = party.play("clusters", fate_name=f"{party.prefix}-9999").of("Look for clusters")["localhost"]
    assert [entry["revision"] for entry in revisions["clusters"][0]["history"]] == [1]


def test_one_secret_and_its_value_can_be_named(party: Federation) -> None:
    mysql, old = data_of(party, "fate-mysql"), pods_of(party)
    values: dict[str, Any] = {"fate-fateboard": {"password": "a new one: 'quoted'"}}
    done = party.play("rotate_secrets", fate_secrets=["fate-fateboard"], fate_secret_values=values)
    assert done.code == 0
    assert data_of(party, "fate-fateboard")["password"] == "a new one: 'quoted'"
    assert data_of(party, "fate-mysql") == mysql
    new = pods_of(party)
    assert {module for module in new if new[module] != old[module]} == {"fateboard"}
    assert party.play("rotate_secrets", fate_secrets=["fate-fateboard"], fate_secret_values=values).changed() == 0
    assert "'quoted'" not in done.text
    wrong = party.play("rotate_secrets", fate_secrets=["fate-mysq"])
    assert wrong.code != 0
    assert "no Secret fate-mysq that could be rotated" in wrong.text
