# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for ZooKeeper, given to ZooKeeper."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError
from ansible_collections.federatedai.kubefate.tests.servers.zookeeper import ZooKeeper
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

COMBINATION = next(item for item in COMBINATIONS if item.has("servingZookeeper"))
# What the image makes of its variables, by its own documentation.
KEYS = {
    "ZOO_TICK_TIME": "tickTime",
    "ZOO_INIT_LIMIT": "initLimit",
    "ZOO_SYNC_LIMIT": "syncLimit",
    "ZOO_MAX_CLIENT_CNXNS": "maxClientCnxns",
    "ZOO_MAX_SESSION_TIMEOUT": "maxSessionTimeout",
    "ZOO_4LW_COMMANDS_WHITELIST": "4lw.commands.whitelist",
    "ZOO_AUTOPURGE_INTERVAL": "autopurge.purgeInterval",
    "ZOO_AUTOPURGE_RETAIN_COUNT": "autopurge.snapRetainCount",
}
OTHERS = {
    "ZOO_PORT_NUMBER",
    "ZOO_ENABLE_AUTH",
    "ALLOW_ANONYMOUS_LOGIN",
    "ZOO_LOG_LEVEL",
    "ZOO_HEAP_SIZE",
}
"""Variables of the image that make nothing of ZooKeeper's own settings."""


def settings(helm: Helm, root: Path) -> dict[str, str]:
    variables = Pod(COMBINATION.render(helm), "serving-zookeeper", root).environment()
    assert set(variables) <= set(KEYS) | OTHERS, "the image knows no such variable"
    return {KEYS[name]: value for name, value in variables.items() if name in KEYS}


def test_it_starts_and_answers_what_probes_and_people_ask(helm3: Helm, tmp_path: Path) -> None:
    with ZooKeeper(tmp_path, settings(helm3, tmp_path)) as server:
        assert server.word("ruok") == "imok"
        assert "Mode: standalone" in server.word("srvr")
        assert "zk_version" in server.word("mntr")
        assert "not executed because it is not in the whitelist" in server.word("conf")


@pytest.mark.parametrize(("key", "value"), [("tickTime", "soon"), ("maxSessionTimeout", "-5"), ("server.x", "host")])
def test_a_mistake_keeps_it_from_starting(helm3: Helm, tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(NotStartedError), ZooKeeper(tmp_path, {**settings(helm3, tmp_path), key: value}):
        pass
