# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of a party, on MariaDB: its user, Eggroll's tables, and the containers that wait for it and fill it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.errors import RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import PARTIES, Combination
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm, Manifests

WITH_EGGROLL = [item for item in PARTIES if item.spec["computing"] == "Eggroll"]
TABLES = [
    "node_resource",
    "processor_resource",
    "server_node",
    "session_main",
    "session_option",
    "session_processor",
    "session_ranks",
    "store_locator",
    "store_option",
    "store_partition",
]
AWKWARD = r"""a/b&c\d%e'f"g$h`i;j|k(l)*m#n!o=p:q@r s~t{u}v<w>x^y"""


class Account:
    """A database and its user, as the chart's Secret says them."""

    def __init__(self, server: MariaDB, name: str, password: str = AWKWARD):
        self.server, self.name, self.password = server, name, password
        server.add(name, self.user, password)

    @property
    def user(self) -> str:
        return f"user_{zlib.crc32(self.name.encode())}"

    def secrets(self) -> dict[str, dict[str, str]]:
        known = {"username": self.user, "password": self.password, "root-password": "root"}
        return {"fate-mysql": known}

    def variables(self) -> dict[str, str]:
        """What differs from the container's own variables: where the database is here, and how it is called."""
        return {"MYSQL_HOST": self.server.address, "MYSQL_DATABASE": self.name, "PATH": self.path()}

    def path(self) -> str:
        return self.server.environment()["PATH"]

    def tables(self) -> list[str]:
        rows = self.server.query("SHOW TABLES", user=self.user, password=self.password, database=self.name)
        return sorted(row[0] for row in rows)


def prepare(manifests: Manifests, account: Account, root: Path) -> str:
    """Run the container that makes Eggroll's tables."""
    pod = Pod(manifests, "clustermanager", root, secrets=account.secrets())
    pod.mount("prepare-mysql")
    libraries = account.server.environment().get("LD_LIBRARY_PATH", "")
    return pod.run("prepare-mysql", **account.variables(), LD_LIBRARY_PATH=libraries)


@pytest.mark.parametrize("combination", WITH_EGGROLL, ids=lambda item: item.name)
def test_eggrolls_tables_are_made_and_a_second_time_nothing_is_lost(
    helm3: Helm, mariadb: MariaDB, tmp_path: Path, combination: Combination
) -> None:
    account = Account(mariadb, combination.database)
    manifests = combination.render(helm3)
    assert "The tables of Eggroll are there." in prepare(manifests, account, tmp_path)
    assert account.tables() == TABLES
    node = "INSERT INTO server_node (host, port, node_type, status) VALUES ('nodemanager-0', 4671, 'N', 'HEALTHY')"
    asked = {"user": account.user, "password": account.password, "database": account.name}
    mariadb.query(node, **asked)
    prepare(manifests, account, tmp_path)
    assert account.tables() == TABLES
    assert mariadb.query("SELECT host FROM server_node", **asked) == [["nodemanager-0"]]


def test_the_pod_waits_with_its_own_user_and_learns_of_a_wrong_password(
    helm3: Helm, mariadb: MariaDB, tmp_path: Path
) -> None:
    account = Account(mariadb, "waits")
    pod = Pod(PARTIES[0].render(helm3), "python", tmp_path, secrets=account.secrets())
    libraries = mariadb.environment().get("LD_LIBRARY_PATH", "")
    assert "answers" in pod.run("ping-mysql", **account.variables(), LD_LIBRARY_PATH=libraries)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sleep").symlink_to("/bin/true")
    hasty = {**account.variables(), "PATH": f"{tmp_path}/bin:{account.path()}", "LD_LIBRARY_PATH": libraries}
    with pytest.raises(AssertionError, match="refuses the user and password of Secret fate-mysql"):
        pod.run("ping-mysql", **{**hasty, "MYSQL_PASSWORD": "wrong"})


def test_the_user_has_no_right_on_another_database(mariadb: MariaDB) -> None:
    account = Account(mariadb, "own")
    Account(mariadb, "others")
    with pytest.raises(RefusedError, match="denied"):
        mariadb.query("SHOW TABLES", user=account.user, password=account.password, database="others")


Change = Callable[[str], str]


@pytest.mark.parametrize(
    "change",
    [
        lambda sql: sql.replace("total_partitions INT UNSIGNED", "total_partitions INTT UNSIGNED"),
        lambda sql: sql.replace("INDEX idx_store_locator_st (store_type)", "INDEX idx_store_locator_st (type)"),
        lambda sql: sql.replace("CREATE TABLE IF NOT EXISTS session_ranks", "CREATE TABEL session_ranks"),
        lambda sql: sql.replace("namespace(767)", "namespace(76700)"),
    ],
    ids=["type", "column", "word", "key length"],
)
def test_a_mistake_in_the_tables_is_refused(helm3: Helm, mariadb: MariaDB, tmp_path: Path, change: Change) -> None:
    manifests = PARTIES[0].render(helm3)
    sql = manifests.data("mysql-config", "create-eggroll-meta-tables.sql")
    wrong = Manifests(manifests.text)
    wrong.get("ConfigMap", "mysql-config")["data"]["create-eggroll-meta-tables.sql"] = change(sql)
    assert change(sql) != sql
    account = Account(mariadb, tmp_path.name)
    with pytest.raises(AssertionError, match=r"ERROR \d+ "):
        prepare(wrong, account, tmp_path)
