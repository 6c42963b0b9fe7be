# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eggroll, FATE-Flow, FATE-Board, the notebook: their settings."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
import yaml

from .kit import Helm, HelmError, Manifests, env_of, party

EGGROLL = "eggroll.resourcemanager."


def service_conf(manifests: Manifests) -> dict[str, Any]:
    parsed = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))
    assert isinstance(parsed, dict)
    return parsed


# ---- Eggroll


def test_each_nodemanager_is_known_by_its_own_lasting_name(helm: Helm) -> None:
    manifests = helm.render(party())
    settings = manifests.properties("eggroll-config", "eggroll.properties")
    assert settings[EGGROLL + "nodemanager.host"] == "@NODEMANAGER_HOST@"
    assert "NODEMANAGER_HOST=$POD_NAME.nodemanager\n" in manifests.script("nodemanager")
    assert env_of(manifests.container("nodemanager"))["POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert manifests.workload("nodemanager")["spec"]["serviceName"] == "nodemanager"


def test_names_of_nodemanagers_resolve_before_they_are_ready(helm: Helm) -> None:
    service = helm.render(party()).get("Service", "nodemanager")["spec"]
    assert service["clusterIP"] == "None" and service["publishNotReadyAddresses"] is True


def test_eggroll_settings_can_be_read_by_java_python_and_grep(helm: Helm) -> None:
    text = helm.render(party(clustermanager={"mysqlServerTimezone": "GMT+8"})).data(
        "eggroll-config", "eggroll.properties"
    )
    assert text.splitlines()[0] == "[eggroll]"
    # Eggroll's Python interpolates: a percent sign would end it.
    assert "%" not in text
    parser = configparser.ConfigParser()
    parser.read_string(text)
    keys = list(parser["eggroll"])
    assert len(keys) > 15
    # Its scripts take every line that holds the text of a key, so none may hold another's.
    for key in keys:
        assert sum(key in line for line in text.splitlines()) == 1, key


def test_only_the_cluster_manager_gets_the_password(helm: Helm) -> None:
    manifests = helm.render(party())
    assert "MYSQL_PASSWORD" in env_of(manifests.container("clustermanager"))
    assert "MYSQL_PASSWORD" not in env_of(manifests.container("nodemanager"))
    assert "MYSQL_PASSWORD=\n" in manifests.script("nodemanager")


def test_cluster_manager_does_not_log_its_settings(helm: Helm) -> None:
    assert 'name="org.fedai.eggroll.core.config.MetaInfo" level="warn"' in helm.render(party()).script("clustermanager")


def test_no_sidecar_and_no_folder_of_fate_1(helm: Helm) -> None:
    manifests = helm.render(party())
    assert len(manifests.pod("nodemanager")["containers"]) == 1
    mounts = {mount["mountPath"] for mount in manifests.container("nodemanager")["volumeMounts"]}
    assert "/data/projects/fate/conf" not in mounts and "/data/projects/fate/conf/" not in mounts


def test_changed_settings_replace_the_pods_that_read_them_and_no_others(helm: Helm) -> None:
    before, after = helm.render(party()), helm.render(party(nodemanager={"sessionProcessorsPerNode": 8}))
    changed = {
        name
        for name in ("osx", "fateboard", "client", "clustermanager", "nodemanager", "python")
        if before.checksum(name) != after.checksum(name)
    }
    assert changed == {"clustermanager", "nodemanager", "python"}


# ---- FATE-Flow


@pytest.mark.parametrize(("replicas", "processors", "cores"), [(2, 4, 8), (3, 8, 24), (1, 1, 1)])
def test_cores_and_nodes_are_those_of_the_nodemanagers(helm: Helm, replicas: int, processors: int, cores: int) -> None:
    manifests = helm.render(party(nodemanager={"replicas": replicas, "sessionProcessorsPerNode": processors}))
    eggroll = service_conf(manifests)["computing"]["eggroll"]
    assert (eggroll["cores"], eggroll["nodes"]) == (cores, replicas)
    settings = manifests.properties("eggroll-config", "eggroll.properties")
    assert settings["eggroll.session.processors.per.node"] == str(processors)
    assert manifests.workload("nodemanager")["spec"]["replicas"] == replicas


def test_service_conf_has_the_types_that_fate_flow_expects(helm: Helm) -> None:
    conf = service_conf(helm.render(party(servingIp="serving.example.com")))
    assert conf["party_id"] == "9999"
    assert conf["default_engines"] == {"computing": "eggroll", "federation": "osx", "storage": "eggroll"}
    assert conf["federation"]["osx"] == {"host": "osx", "port": 9370, "mode": "stream"}
    assert conf["fateflow"]["proxy_name"] == "osx"
    assert conf["database"]["engine"] == "mysql" and conf["database"]["mysql"]["port"] == 3306
    assert conf["servings"]["hosts"] == ["serving.example.com:30095"]
    assert service_conf(helm.render(party()))["servings"]["hosts"] == []


def test_fate_flow_listens_on_the_address_of_its_pod(helm: Helm) -> None:
    manifests = helm.render(party())
    assert service_conf(manifests)["fateflow"]["host"] == "@POD_IP@"
    assert env_of(manifests.container("python"))["POD_IP"] == {"fieldRef": {"fieldPath": "status.podIP"}}


def test_fate_flow_starts_without_debugger_and_without_internet(helm: Helm) -> None:
    script = helm.render(party()).script("python")
    assert script.rstrip().endswith("exec python fate_flow/python/fate_flow/fate_flow_server.py")
    assert "--debug" not in script and "pip" not in script


@pytest.mark.parametrize(
    ("level", "number"), [("DEBUG", 10), ("INFO", 20), ("WARNING", 30), ("ERROR", 40), ("CRITICAL", 50)]
)
def test_log_level_reaches_fate_flow_as_the_number_it_reads(helm3: Helm, level: str, number: int) -> None:
    manifests = helm3.render(party(python={"logLevel": level}))
    env = env_of(manifests.container("python"))
    assert env["LOG_LEVEL"] == str(number) and "FATE_LOG_LEVEL" not in env
    assert service_conf(manifests)["log_level"] == number


@pytest.mark.parametrize("version", ["2.0.0", "2.2.0"])
def test_python_path_is_that_of_the_version(helm: Helm, version: str) -> None:
    manifests = helm.render(party(fateVersion=version, modules=["python", "mysql"]))
    path = env_of(manifests.container("python"))["PYTHONPATH"].split(":")
    assert ("/data/projects/fate/eggroll/python" in path) == (version == "2.2.0")


def test_token_is_mounted_only_for_a_named_account(helm: Helm) -> None:
    assert helm.render(party()).pod("python")["automountServiceAccountToken"] is False
    pod = helm.render(party(python={"serviceAccountName": "flow"})).pod("python")
    assert pod["serviceAccountName"] == "flow" and pod["automountServiceAccountToken"] is True


# ---- FATE-Board


def test_board_knows_every_fate_flow(helm: Helm) -> None:
    settings = helm.render(party(python={"replicas": 2})).properties("fateboard-config", "application.properties")
    assert settings["fateflow.url-list"] == "http://python-0.fateflow:9380;http://python-1.fateflow:9380"


def test_board_always_has_a_login(helm: Helm) -> None:
    manifests = helm.render(party(fateboard={"type": "ClusterIP"}))
    settings = manifests.properties("fateboard-config", "application.properties")
    assert settings["server.board.login.username"] == "@BOARD_USERNAME@"
    assert settings["server.board.login.password"] == "@BOARD_PASSWORD@"
    env = env_of(manifests.container("fateboard"))
    assert env["BOARD_PASSWORD"] == {"secretKeyRef": {"name": "fate-fateboard", "key": "password"}}


@pytest.mark.parametrize(
    ("version", "home", "launch"),
    [
        ("2.0.0", "fateboard", "'-jar' '/data/projects/fate/fateboard/fateboard.jar'"),
        ("2.2.0", "fate_board", "'org.fedai.fate.board.bootstrap.Bootstrap'"),
    ],
)
def test_board_starts_as_its_version_does(helm: Helm, version: str, home: str, launch: str) -> None:
    manifests = helm.render(party(fateVersion=version, modules=["fateboard"]))
    script = manifests.script("fateboard")
    assert launch in script
    assert f"-Dspring.config.location=/data/projects/fate/{home}/conf/application.properties" in script
    settings = manifests.properties("fateboard-config", "application.properties")
    assert ("zookeeper.enable" in settings) == (version == "2.2.0")
    if version == "2.2.0":
        assert settings["zookeeper.time_out"] == "30000" and settings["zookeeper.enable"] == "false"


# ---- notebook


def test_notebook_always_asks_who_is_there(helm: Helm) -> None:
    manifests = helm.render(party(client={"notebook_hashed_password": ""}))
    env = env_of(manifests.container("client"))
    assert env["JUPYTER_TOKEN"] == {"secretKeyRef": {"name": "fate-notebook", "key": "token"}}
    assert env["NOTEBOOK_HASHED_PASSWORD"] == {"secretKeyRef": {"name": "fate-notebook", "key": "hashed-password"}}
    assert "token" not in manifests.script("client") and "password" not in manifests.script("client")


class Anything:
    """Takes the place of Jupyter's configuration object."""

    def __init__(self) -> None:
        self.__dict__["said"] = {}

    def __getattr__(self, name: str) -> Any:
        return self.said.setdefault(name, Anything())

    def __setattr__(self, name: str, value: Any) -> None:
        self.said[name] = value


@pytest.mark.parametrize("hashed", ["", "argon2:$argon2id$v=19$m=10240,t=10,p=8$c2FsdA$aGFzaA"])
def test_notebook_takes_a_hashed_password_as_it_is(helm3: Helm, monkeypatch: pytest.MonkeyPatch, hashed: str) -> None:
    source = helm3.render(party()).data("client-config", "jupyter_config.py")
    monkeypatch.setenv("NOTEBOOK_HASHED_PASSWORD", hashed)
    settings = Anything()
    exec(compile(source, "jupyter_config.py", "exec"), {"c": settings})
    for app in (settings.NotebookApp, settings.ServerApp):
        assert app.said["port"] == 20000 and app.said["ip"] == "0.0.0.0"
        assert app.said.get("password") == (hashed or None)
        # An empty token switches the token off: only where there is a password.
        assert app.said.get("token") == ("" if hashed else None)


def test_client_of_2_2_0_without_an_image_is_refused_with_a_way_out(helm: Helm) -> None:
    with pytest.raises(
        HelmError, match=r"FATE 2.2.0 has no image for client. Leave client out of modules, or name an image"
    ):
        helm.render(party(fateVersion="2.2.0"))
    own = helm.render(party(fateVersion="2.2.0", client={"image": "example/client", "imageTag": "1"}))
    assert own.container("client")["image"] == "example/client:1"


def test_notebook_knows_serving_only_if_there_is_one(helm: Helm) -> None:
    assert "FATE_SERVING_HOST" not in env_of(helm.render(party()).container("client"))
    serving = helm.render(party(servingIp="10.0.0.1", servingPort=30105)).container("client")
    assert env_of(serving)["FATE_SERVING_HOST"] == "10.0.0.1:30105"
