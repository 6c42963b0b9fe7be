"""Changing the version of FATE, there and back, in place."""

from __future__ import annotations

from typing import Any

from support import Federation

STATE = "Bring the cluster to what its spec says"


def images(federation: Federation) -> dict[str, str]:
    found = {}
    for kind in ("deployments", "statefulsets"):
        for item in federation.objects(kind, "party-9999"):
            found[item["metadata"]["name"]] = item["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def claims(federation: Federation) -> set[str]:
    return {item["metadata"]["uid"] for item in federation.objects("persistentvolumeclaims", "party-9999")}


def version(run: Any) -> str:
    return str(run.of(STATE)["party-9999"]["cluster"]["chart"]["app_version"])


def test_fate_is_upgraded_and_brought_back_with_its_data(federation: Federation) -> None:
    federation.add("9999", fate_chart_version="2.0.0", fate_spec={"persistence": True})
    first = federation.play("deploy_fate")
    assert first.code == 0
    assert version(first) == "2.0.0"
    old_images, data = images(federation), claims(federation)
    assert data

    planned = federation.play("upgrade_fate", "--check", "--diff", fate_upgrade_to="2.2.0")
    assert planned.code == 0
    assert "restart StatefulSet/python" in planned.text, "what restarts, and why, is said before"
    assert images(federation) == old_images

    upgraded = federation.play("upgrade_fate", fate_upgrade_to="2.2.0")
    assert upgraded.code == 0
    assert version(upgraded) == "2.2.0"
    assert images(federation) != old_images
    assert claims(federation) == data, "volumes stay"

    back = federation.play("deploy_fate")
    assert back.code == 0
    assert version(back) == "2.0.0"
    assert images(federation) == old_images
    assert claims(federation) == data


def test_an_upgrade_to_a_version_that_does_not_exist_names_those_that_do(federation: Federation) -> None:
    federation.add("9999")
    refused = federation.play("upgrade_fate", fate_upgrade_to="2.9.9")
    assert refused.code != 0
    assert "2.9.9" in refused.text
    assert "2.2.0" in refused.text
    assert "Say to which version" in federation.play("upgrade_fate").text
