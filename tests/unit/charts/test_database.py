# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Database: where it is, who waits for it, whose tables it has, and the Secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .kit import CHART, Helm, HelmError, Manifests, env_of, party, properties_of, spec_schema

EXTERNAL = {
    "modules": ["osx", "clustermanager", "nodemanager", "python", "fateboard"],
    "externalMysqlIp": "db.example.com",
    "externalMysqlPort": 3307,
    "externalMysqlDatabase": "fate_prod",
}


def flow_database(manifests: Manifests) -> dict[str, Any]:
    conf = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))
    database = conf["database"]["mysql"]
    assert isinstance(database, dict)
    return database


def jdbc_url(manifests: Manifests) -> str:
    settings = manifests.properties("eggroll-config", "eggroll.properties")
    return settings["eggroll.resourcemanager.clustermanager.jdbc.url"]


def test_database_of_another_name_is_the_same_for_all(helm: Helm) -> None:
    manifests = helm.render(party(mysql={"database": "fate_meta"}))
    assert env_of(manifests.container("mysql"))["MYSQL_DATABASE"] == "fate_meta"
    assert flow_database(manifests)["name"] == "fate_meta"
    assert "mysql:3306/fate_meta?" in jdbc_url(manifests)
    for name in ("python", "clustermanager"):
        assert env_of(manifests.pod(name)["initContainers"][0])["MYSQL_DATABASE"] == "fate_meta"
    sql = manifests.data("mysql-config", "create-eggroll-meta-tables.sql")
    assert "eggroll_meta" not in sql and "USE " not in sql.upper()


def test_external_database_is_used_and_gets_its_tables(helm: Helm) -> None:
    manifests = helm.render(party(**EXTERNAL))
    database = flow_database(manifests)
    assert (database["host"], database["port"], database["name"]) == ("db.example.com", 3307, "fate_prod")
    assert "db.example.com:3307/fate_prod?" in jdbc_url(manifests)
    wait = manifests.pod("clustermanager")["initContainers"][0]
    env = env_of(wait)
    assert (env["MYSQL_HOST"], env["MYSQL_PORT"], env["MYSQL_DATABASE"]) == ("db.example.com", "3307", "fate_prod")
    assert env["MYSQL_PASSWORD"]["secretKeyRef"]["name"] == "fate-external-mysql"
    assert "/etc/fate/*.sql" in wait["command"][-1]
    assert "mysql" not in manifests.names("StatefulSet") | manifests.names("Service")


def test_second_database_beside_an_external_one_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match="externalMysqlIp: it names a database, yet modules lists mysql"):
        helm.render(party(externalMysqlIp="db.example.com"))


def test_party_without_any_database_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match="python and clustermanager need a database"):
        helm.render(party(modules=["osx", "python"]))


def test_own_database_elsewhere_is_taken(helm: Helm) -> None:
    manifests = helm.render(party(modules=["python"], mysql={"ip": "shared-db", "port": 3310}))
    assert (flow_database(manifests)["host"], flow_database(manifests)["port"]) == ("shared-db", 3310)


@pytest.mark.parametrize(("name", "container"), [("python", "ping-mysql"), ("clustermanager", "prepare-mysql")])
def test_wait_for_the_database_ends_and_asks_with_the_own_user(helm: Helm, name: str, container: str) -> None:
    wait = helm.render(party(mysql={"waitTimeout": 77})).pod(name)["initContainers"][0]
    assert wait["name"] == container
    assert env_of(wait)["WAIT_SECONDS"] == "77"
    script = wait["command"][-1]
    assert "SELECT 1" in script and "Access denied" in script and '"$SECONDS" -ge "$WAIT_SECONDS"' in script
    assert "mysqladmin" not in script
    assert wait["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_mysql_is_ready_when_a_query_works_not_when_ping_does(helm: Helm) -> None:
    container = helm.render(party()).container("mysql")
    ready = container["readinessProbe"]["exec"]["command"][-1]
    assert "SELECT 1" in ready and "mysqladmin" not in ready
    # A wrong password must not restart the database.
    assert container["livenessProbe"]["tcpSocket"] == {"port": 3306}


def test_root_of_mysql_has_a_password(helm: Helm) -> None:
    env = env_of(helm.render(party()).container("mysql"))
    assert env["MYSQL_ROOT_PASSWORD"] == {"secretKeyRef": {"name": "fate-mysql", "key": "root-password"}}
    assert "MYSQL_ALLOW_EMPTY_PASSWORD" not in env


def test_tables_can_be_made_twice(helm: Helm) -> None:
    sql = helm.render(party()).data("mysql-config", "create-eggroll-meta-tables.sql")
    assert sql.count("CREATE TABLE IF NOT EXISTS ") == 10
    assert sql.count("CREATE ") == 10, "an index of its own would fail the second time"


def test_existing_secrets_are_referred_to(helm: Helm) -> None:
    manifests = helm.render(
        party(
            mysql={"existingSecret": "own-mysql"},
            fateboard={"existingSecret": "own-board"},
            client={"existingSecret": "own-notebook"},
        )
    )
    for text in ("fate-mysql", "fate-fateboard", "fate-notebook"):
        assert f'"{text}"' not in manifests.text and f" {text}\n" not in manifests.text
    external = helm.render(party(**EXTERNAL, externalMysqlExistingSecret="own-external"))
    assert env_of(external.container("python"))["MYSQL_USER"]["secretKeyRef"]["name"] == "own-external"


# ---- secrets.yaml


def declared() -> dict[str, dict[str, Any]]:
    entries = yaml.safe_load(Path(CHART, "secrets.yaml").read_text(encoding="utf-8"))["secrets"]
    return {entry["name"]: entry for entry in entries}


def references(node: Any) -> set[tuple[str, str]]:
    """Name and key of every Secret that an object refers to."""
    found: set[tuple[str, str]] = set()
    if isinstance(node, dict):
        if "secretKeyRef" in node:
            found.add((node["secretKeyRef"]["name"], node["secretKeyRef"]["key"]))
        if "secretName" in node and "defaultMode" in node:
            found.add((node["secretName"], ""))
        for child in node.values():
            found |= references(child)
    elif isinstance(node, list):
        for child in node:
            found |= references(child)
    return found


def test_every_secret_that_pods_need_is_declared_with_its_keys_and_modules(helm: Helm) -> None:
    entries = declared()
    seen: set[str] = set()
    for spec in (party(osx={"enableTLS": True}), party(**EXTERNAL), *with_queues()):
        manifests = helm.render(spec)
        needed = references(manifests.objects)
        for name, key in needed:
            assert name in entries and (not key or key in entries[name]["keys"]), (name, key)
        for item in manifests.workloads():
            for name, _rest in references(item):
                needing = entries[name]["modules"]
                assert item["metadata"]["name"] in needing or set(needing) <= set(spec["modules"])
        seen |= {name for name, _rest in needed}
    assert seen == set(entries)


def with_queues() -> list[dict[str, Any]]:
    """Parties whose servers need Secrets that those of Eggroll do not."""
    secure = {"enableTLS": True}
    local = {"computing": "Spark_local", "storage": "LocalFS"}
    return [
        party(
            modules=["python", "mysql", "nginx", "rabbitmq"],
            federation="RabbitMQ",
            nginx=secure,
            rabbitmq=secure,
            **local,
        ),
        party(modules=["python", "mysql", "nginx", "pulsar"], federation="Pulsar", pulsar=secure, **local),
        party(
            modules=["python", "mysql", "nginx"], federation="RabbitMQ", python={"rabbitmq": {"host": "mq"}}, **local
        ),
    ]


def test_paths_of_declared_secrets_are_keys_of_the_cluster_yaml() -> None:
    known = {path for path, _rest in properties_of(spec_schema())}
    modules = spec_schema()["properties"]["modules"]["items"]["enum"]
    for entry in declared().values():
        assert set(entry) <= {"name", "existing", "modules", "without", "when", "unless", "create", "keys", "rotate"}
        assert set(entry["modules"]) | set(entry.get("without", [])) <= set(modules)
        when = entry.get("when", [])
        paths = [entry[word] for word in ("existing", "unless") if word in entry]
        paths += [when] if isinstance(when, str) else list(when)
        for key in entry["keys"].values():
            assert set(key) <= {"spec", "default", "generate", "required"} and key
            spec = key.get("spec", [])
            paths += [spec] if isinstance(spec, str) else spec
        assert set(paths) <= known


def test_every_secret_of_the_cluster_yaml_goes_into_a_declared_secret() -> None:
    used: set[str] = set()
    for entry in declared().values():
        for key in entry["keys"].values():
            spec = key.get("spec", [])
            used |= {spec} if isinstance(spec, str) else set(spec)
    secret = {
        path for path, schema in properties_of(spec_schema()) if schema.get("x-secret") and "x-ignored" not in schema
    }
    assert secret <= used
