# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for Pulsar, given to Pulsar 2.10.2: its settings, and what tells it of the other parties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.tests.real import apart, pulsar_alone
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm, Manifests

COMBINATION = next(item for item in COMBINATIONS if item.has("pulsar"))


def said(manifests: Manifests, root: Path, old: str = "", new: str = "") -> dict[str, Any]:
    """What Pulsar says with the settings. old, new: a text in them put in place of another."""
    text = manifests.data("pulsar-config", "standalone.conf")
    assert old in text
    settings, routes = root / "standalone.conf", root / "routes"
    settings.write_text(text.replace(old, new) if old else text)
    routes.mkdir()
    for name, content in manifests.get("ConfigMap", "pulsar-route-table")["data"].items():
        (routes / name).write_text(content)
    arguments = [str(settings), str(routes), str(root / "pulsar")]
    learnt: dict[str, Any] = apart.result_of(pulsar_alone.__file__, arguments)
    return learnt


def test_it_takes_settings_routes_and_what_fate_asks_of_it(helm3: Helm, tmp_path: Path) -> None:
    learnt = said(COMBINATION.render(helm3), tmp_path)
    assert "error" not in learnt, learnt["error"]
    assert learnt["clusters before"] == ["standalone"]
    for key, value in {"maxMessageSize": "134217728", "brokerDeleteInactiveTopicsEnabled": "true"}.items():
        assert learnt["settings"][key] == value
    assert learnt["clusters"]["10000"]["brokerServiceUrl"] == "pulsar://192.168.10.1:30104"
    assert learnt["namespace"]["message_ttl_in_seconds"] == 180
    assert set(learnt["namespace"]["replication_clusters"]) == {"standalone", "10000"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("brokerServicePort=6650", "brokerServicePort=tcp"),
        ("clusterName=", "clustername="),
        ("maxMessageSize=1", "maxMessageSize=x"),
    ],
    ids=["port", "key", "number"],
)
def test_a_mistake_keeps_it_from_starting(helm3: Helm, tmp_path: Path, old: str, new: str) -> None:
    assert "error" in said(COMBINATION.render(helm3), tmp_path, old, new)
