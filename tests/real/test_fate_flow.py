# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for FATE-Flow, given to FATE-Flow: its parsers, then a server on a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.real.test_database import Account
from ansible_collections.federatedai.kubefate.tests.servers import fateflow
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError, RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.fateflow import FateFlow
from ansible_collections.federatedai.kubefate.tests.servers.flowpython import FlowPython
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import PARTIES, Combination
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

Settings = dict[str, Any]
# One of each combination of engines, as a server takes its time; all rows go through the parsers.
ONE_OF_EACH = list({item.engines: item for item in reversed(PARTIES)}.values())


class Party:
    """The pod of FATE-Flow of a combination below a folder, with FATE-Flow where the image has it."""

    def __init__(
        self, python: FlowPython, helm: Helm, combination: Combination, root: Path, account: Account | None = None
    ):
        plain = {"username": "fate", "password": "fate"}
        secrets = {"fate-mysql": plain, "fate-rabbitmq": plain, **(account.secrets() if account else {})}
        self.pod = Pod(combination.render(helm), "python", root, own_address(), secrets)
        home = self.pod.inside("/data/projects/fate")
        self.flow = FateFlow(python, home, configured=False, address=self.pod.address, ports=[9380, 9360])
        self.flow.lay_out()
        self.pod.mount()
        self.pod.run()

    def change(self, change: Callable[[Settings], None]) -> None:
        """Change its settings."""
        path = self.flow.home / "conf" / "service_conf.yaml"
        settings = yaml.safe_load(path.read_text())
        change(settings)
        path.write_text(yaml.safe_dump(settings))

    def with_database(self, account: Account) -> None:
        """Let its settings name the database by its address, as names do not lead to it here."""

        def here(settings: Settings) -> None:
            mysql = settings["database"]["mysql"]
            assert mysql["host"] == "mysql"
            mysql |= {"host": account.server.address, "name": account.name}

        self.change(here)


@pytest.mark.parametrize("combination", PARTIES, ids=lambda item: item.name)
def test_its_own_parsers_take_engines_and_routes(
    helm3: Helm, flow_python: FlowPython, tmp_path: Path, combination: Combination
) -> None:
    parsed = Party(flow_python, helm3, combination, tmp_path).flow.parsed()
    engines = tuple(parsed["engines"][kind] for kind in ("computing", "federation", "storage"))
    assert engines == combination.engines
    kind, key, config = combination.federation
    assert parsed["federation"]["type"] == kind
    made = parsed["federation"]["metadata"][key]
    assert {name: made[name] for name in config} == config


@pytest.mark.parametrize("combination", ONE_OF_EACH, ids=lambda item: item.name)
def test_it_starts_and_makes_its_tables(
    helm3: Helm, flow_python: FlowPython, mariadb: MariaDB, tmp_path: Path, combination: Combination
) -> None:
    account = Account(mariadb, f"flow_{combination.database}")
    party = Party(flow_python, helm3, combination, tmp_path, account)
    party.with_database(account)
    with party.flow as flow:
        answer = fateflow.call("GET", f"{flow.url}/v2/server/fateflow")
        assert answer["code"] == 0
        assert {"t_job", "t_task", "t_engine_registry"} <= set(account.tables())
        rows = mariadb.query(
            "SELECT f_engine_type, f_engine_name FROM t_engine_registry",
            user=account.user,
            password=account.password,
            database=account.name,
        )
        computing = combination.engines[0]
        assert ["computing", computing] in rows


def change(*path: str, to: Any = None, name: str = "") -> Callable[[Settings], None]:
    """A key with another value, or, with a name, under a wrong name."""

    def apply(settings: Settings) -> None:
        *folders, key = path
        for folder in folders:
            settings = settings[folder]
        if name:
            settings[name] = settings.pop(key)
        else:
            settings[key] = to

    return apply


REFUSED_BY_PARSERS = {
    "computing": (change("default_engines", "computing", to="spark_local"), "spark_local is illegal"),
    "storage": (change("default_engines", "storage", to="localfs"), "localfs is illegal"),
    "federation": (change("default_engines", "federation", to="eggroll"), "eggroll is illegal"),
    "engines": (change("default_engines", name="default_engine"), "must set default_engines"),
    "osx host": (change("federation", "osx", "host", name="ip"), "field required"),
    "osx port": (change("federation", "osx", "port", to="tcp"), "not a valid integer"),
    "osx mode": (change("federation", "osx", "mode", to="streams"), "is not supported"),
}


@pytest.mark.parametrize("mistake", REFUSED_BY_PARSERS)
def test_a_mistake_is_refused_by_its_parsers(
    helm3: Helm, flow_python: FlowPython, tmp_path: Path, mistake: str
) -> None:
    party = Party(flow_python, helm3, PARTIES[0], tmp_path)
    apply, said = REFUSED_BY_PARSERS[mistake]
    party.change(apply)
    with pytest.raises(RefusedError, match=said):
        party.flow.parsed()


REFUSED_BY_SERVER = {
    "key": change("database", "mysql", "passwd", name="password"),
    "port": change("database", "mysql", "port", to=3307),
    "engine": change("database", "engine", to="mysq"),
}


@pytest.mark.parametrize("mistake", REFUSED_BY_SERVER)
def test_a_mistake_keeps_it_from_starting(
    helm3: Helm, flow_python: FlowPython, mariadb: MariaDB, tmp_path: Path, mistake: str
) -> None:
    account = Account(mariadb, f"refused_{mistake}")
    party = Party(flow_python, helm3, PARTIES[0], tmp_path, account)
    party.with_database(account)
    party.change(REFUSED_BY_SERVER[mistake])
    with pytest.raises(NotStartedError), party.flow:
        pass
