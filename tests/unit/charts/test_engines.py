# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines: what each combination deploys and tells FATE-Flow, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from .kit import BASE, NGINX, Helm, HelmError, Manifests, Spec, env_of, merged, party, pulsar_party, rabbitmq_party
from .test_pods import image

LOCAL: Spec = {"computing": "Spark_local", "storage": "LocalFS"}
STANDALONE: Spec = {"computing": "Standalone", "storage": "Standalone"}
COMBINATIONS: dict[str, tuple[Spec, dict[str, str], str, str, set[str]]] = {
    # spec; engines of FATE-Flow; its proxy; variant of its image; workloads besides python, mysql, fateboard, client
    "eggroll-osx": (
        party(),
        {"computing": "eggroll", "federation": "osx", "storage": "eggroll"},
        "osx",
        "",
        {"osx", "clustermanager", "nodemanager"},
    ),
    "spark-rabbitmq": (
        rabbitmq_party(),
        {"computing": "spark", "federation": "rabbitmq", "storage": "hdfs"},
        "nginx",
        "-spark",
        {"spark-master", "spark-worker", "namenode", "datanode", "nginx", "rabbitmq"},
    ),
    "spark-pulsar": (
        pulsar_party(),
        {"computing": "spark", "federation": "pulsar", "storage": "hdfs"},
        "nginx",
        "-spark",
        {"spark-master", "spark-worker", "namenode", "datanode", "nginx", "pulsar"},
    ),
    "local-pulsar": (
        pulsar_party(modules=[*BASE, "nginx", "pulsar"], **LOCAL),
        {"computing": "spark", "federation": "pulsar", "storage": "file"},
        "nginx",
        "-spark",
        {"nginx", "pulsar"},
    ),
    "local-rabbitmq": (
        rabbitmq_party(modules=[*BASE, "nginx", "rabbitmq"], **LOCAL),
        {"computing": "spark", "federation": "rabbitmq", "storage": "file"},
        "nginx",
        "-spark",
        {"nginx", "rabbitmq"},
    ),
    "spark-osx": (
        party(modules=[*BASE, "spark", "hdfs", "osx"], computing="Spark", storage="HDFS"),
        {"computing": "spark", "federation": "osx", "storage": "hdfs"},
        "osx",
        "-spark",
        {"spark-master", "spark-worker", "namenode", "datanode", "osx"},
    ),
    "local-osx": (
        party(modules=[*BASE, "osx"], **LOCAL),
        {"computing": "spark", "federation": "osx", "storage": "file"},
        "osx",
        "-spark",
        {"osx"},
    ),
    "standalone-osx": (
        party(modules=[*BASE, "osx"], **STANDALONE),
        {"computing": "standalone", "federation": "osx", "storage": "standalone"},
        "osx",
        "",
        {"osx"},
    ),
    "standalone-rabbitmq": (
        rabbitmq_party(modules=[*BASE, "osx", "rabbitmq"], **STANDALONE),
        {"computing": "standalone", "federation": "rabbitmq", "storage": "standalone"},
        "osx",
        "-spark",
        {"osx", "rabbitmq"},
    ),
    "standalone": (
        party(modules=BASE, federation="Standalone", **STANDALONE),
        {"computing": "standalone", "federation": "standalone", "storage": "standalone"},
        "osx",
        "",
        set(),
    ),
}


def conf(manifests: Manifests) -> dict[str, Any]:
    parsed = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))
    assert isinstance(parsed, dict)
    return parsed


@pytest.mark.parametrize("name", COMBINATIONS)
def test_each_combination_deploys_its_modules_and_tells_fate_flow_its_engines(helm: Helm, name: str) -> None:
    spec, engines, proxy, variant, workloads = COMBINATIONS[name]
    manifests = helm.render(spec)
    there = manifests.names("Deployment") | manifests.names("StatefulSet")
    assert there == workloads | set(BASE)
    settings = conf(manifests)
    assert settings["default_engines"] == engines
    assert settings["fateflow"]["proxy_name"] == proxy
    assert image(manifests, "python") == f"federatedai/fateflow{variant}:2.0.0-release"
    federation = settings["federation"]
    assert ("osx" in federation) == ("osx" in workloads)
    if "osx" in workloads:
        assert federation["osx"]["mode"] == ("stream" if engines["computing"] == "eggroll" else "queue")
    assert ("nginx" in federation) == (proxy == "nginx")
    assert ("rabbitmq" in federation, "pulsar" in federation) == (
        engines["federation"] == "rabbitmq",
        engines["federation"] == "pulsar",
    )


@pytest.mark.parametrize("name", COMBINATIONS)
def test_every_host_in_the_settings_is_a_service_of_the_release(helm3: Helm, name: str) -> None:
    manifests = helm3.render(COMBINATIONS[name][0])
    settings = conf(manifests)
    services = manifests.names("Service")
    used = {settings["database"]["mysql"]["host"]}
    used |= {block["host"] for engine, block in settings["federation"].items() if engine in used_federations(settings)}
    if settings["default_engines"]["storage"] == "hdfs":
        used.add(settings["storage"]["hdfs"]["name_node"].split("//")[1].split(":")[0])
    assert used <= services, used - services


def used_federations(settings: dict[str, Any]) -> set[str]:
    return {settings["default_engines"]["federation"], settings["fateflow"]["proxy_name"]} - (
        {"osx"} if settings["default_engines"]["federation"] == "standalone" else set()
    )


def test_rabbitmq_is_told_with_its_secret_and_its_table(helm: Helm) -> None:
    manifests = helm.render(rabbitmq_party())
    rabbitmq = conf(manifests)["federation"]["rabbitmq"]
    assert (rabbitmq["host"], rabbitmq["port"], rabbitmq["mng_port"]) == ("rabbitmq-inside", 5672, 15672)
    assert (rabbitmq["user"], rabbitmq["password"]) == ("@RABBITMQ_USER@", "@RABBITMQ_PASSWORD@")
    table = yaml.safe_load(manifests.data("rabbitmq-route-table", "rabbitmq_route_table.yaml"))
    assert table == {
        "9999": {"host": "rabbitmq-inside", "port": 5672},
        "10000": {"host": "peer", "port": 30104},
    }
    for name in ("python", "rabbitmq"):
        secret = env_of(manifests.container(name))["RABBITMQ_PASSWORD"]
        assert secret == {"secretKeyRef": {"name": "fate-rabbitmq", "key": "password"}}


def test_spark_settings_have_the_drivers_own_address(helm: Helm) -> None:
    lines = helm.render(rabbitmq_party()).data("python-config", "spark-defaults.conf").splitlines()
    assert lines == ["spark.master spark://spark-master:7077", "spark.driver.host @POD_IP@"]
    local = party(
        modules=[*BASE, "osx"], python={"cores": 6, "spark": {"conf": {"spark.driver.memory": "2g"}}}, **LOCAL
    )
    lines = helm.render(local).data("python-config", "spark-defaults.conf").splitlines()
    assert lines == ["spark.master local[6]", "spark.driver.host @POD_IP@", "spark.driver.memory 2g"]


@pytest.mark.parametrize(
    ("python", "cores"),
    [({}, 8), ({"spark": {"cores_per_node": 20, "nodes": 3}}, 60)],
)
def test_cores_of_spark_are_those_of_its_workers_or_as_told(helm3: Helm, python: Spec, cores: int) -> None:
    manifests = helm3.render(rabbitmq_party(python=python))
    assert conf(manifests)["computing"]["spark"]["cores"] == cores


def test_worker_of_spark_offers_what_it_asks_for(helm: Helm) -> None:
    worker = helm.render(rabbitmq_party(spark={"worker": {"cores": 3, "memory": "5Gi"}})).container("spark-worker")
    env = env_of(worker)
    assert (env["SPARK_WORKER_CORES"], env["SPARK_WORKER_MEMORY"], env["SPARK_DAEMON_MEMORY"]) == (
        "3",
        "5120m",
        "1024m",
    )
    assert worker["resources"]["requests"] == {"cpu": "3", "memory": f"{5120 + 1024 + 128 + 256}Mi"}


def test_hdfs_is_told_by_variables_that_become_its_properties(helm: Helm) -> None:
    manifests = helm.render(rabbitmq_party(hdfs={"datanode": {"replicas": 2}}))
    for name in ("namenode", "datanode"):
        data = manifests.get("ConfigMap", f"{name}-env")["data"]
        found = {hadoop_property(key): value for key, value in data.items() if "_CONF_" in key}
        assert found["fs.defaultFS"] == "hdfs://namenode:9000"
        assert found["dfs.namenode.rpc-bind-host"] == "0.0.0.0"
        assert found["dfs.namenode.datanode.registration.ip-hostname-check"] == "false"
        assert found["dfs.replication"] == "2"
        assert manifests.container(name)["envFrom"] == [{"configMapRef": {"name": f"{name}-env"}}]
        # The image's entry point writes to its files: none is mounted.
        mounts = manifests.container(name)["volumeMounts"]
        assert not any(mount["mountPath"].startswith("/etc/hadoop") for mount in mounts)


def hadoop_property(variable: str) -> str:
    """Name of a property as the image's entry point makes it of a variable."""
    name = variable.split("_CONF_", 1)[1]
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


# ---- servers that are not the party's own


def test_servers_elsewhere_are_used(helm: Helm) -> None:
    spec = party(
        modules=["python", "fateboard"],
        computing="Spark",
        federation="RabbitMQ",
        storage="HDFS",
        externalMysqlIp="db.example.com",
        python={
            "spark": {"master": "spark://spark.example.com:7077"},
            "hdfs": {"name_node": "hdfs://hdfs.example.com:8020"},
            "nginx": {"host": "proxy.example.com", "http_port": 80},
            "rabbitmq": {"host": "mq.example.com", "existingSecret": "mq"},
        },
    )
    manifests = helm.render(spec)
    settings = conf(manifests)
    assert settings["federation"]["rabbitmq"]["host"] == "mq.example.com"
    assert settings["federation"]["nginx"] == {
        "host": "proxy.example.com",
        "http_port": 80,
        "grpc_port": 9310,
        "protocol": "http",
    }
    assert settings["storage"]["hdfs"]["name_node"] == "hdfs://hdfs.example.com:8020"
    assert "spark.master spark://spark.example.com:7077" in manifests.data("python-config", "spark-defaults.conf")
    assert env_of(manifests.container("python"))["RABBITMQ_USER"]["secretKeyRef"]["name"] == "mq"


def test_pulsar_elsewhere_is_told_of_the_other_parties_too(helm: Helm) -> None:
    spec = pulsar_party(modules=[*BASE, "nginx"], python={"pulsar": {"host": "pulsar.example.com"}}, **LOCAL)
    routes = helm.render(spec).pod("python")["containers"][1]
    assert routes["name"] == "pulsar-routes" and "http://pulsar.example.com:8080" in routes["command"]


def test_drivers_get_a_service_for_executors_elsewhere(helm: Helm) -> None:
    spark = {"driverHost": "flow.example.com", "driverHostType": "NodePort", "portMaxRetries": 2}
    spark |= {"driverStartPort": 30500, "blockManagerStartPort": 30600, "master": "spark://other:7077"}
    service = helm.render(rabbitmq_party(python={"spark": spark})).get("Service", "fateflow-sparkdriver")["spec"]
    assert service["type"] == "NodePort"
    assert sorted(port["nodePort"] for port in service["ports"]) == [30500, 30501, 30600, 30601]
    assert all(port["nodePort"] == port["port"] for port in service["ports"])
    assert "fateflow-sparkdriver" not in helm.render(rabbitmq_party()).names("Service")


# ---- what is refused

REFUSED: list[tuple[Spec, str]] = [
    (party(storage="HDFS"), "storage: HDFS does not work with computing Eggroll; Eggroll does"),
    (party(computing="Spark"), "storage: Eggroll does not work with computing Spark; HDFS or LocalFS does"),
    (party(computing="Spark", storage="LocalFS"), "storage: LocalFS is a folder of FATE-Flow's pod"),
    (party(federation="Standalone"), "federation: Standalone keeps FATE-Flow to itself"),
    (rabbitmq_party(computing="Eggroll", storage="Eggroll"), "RabbitMQ needs its client in Eggroll's image too"),
    (party(osx={"mode": "stream"}, **STANDALONE), "osx.mode: stream goes straight into Eggroll"),
    (
        rabbitmq_party(modules=["python", "mysql", "rabbitmq", "hdfs", "nginx"]),
        "computing Spark needs spark in modules",
    ),
    (rabbitmq_party(modules=["python", "mysql", "rabbitmq", "spark", "nginx"]), "storage HDFS needs hdfs in modules"),
    (rabbitmq_party(modules=["python", "mysql", "nginx"], **LOCAL), "federation RabbitMQ needs rabbitmq in modules"),
    (pulsar_party(modules=["python", "mysql", "nginx"], **LOCAL), "federation Pulsar needs pulsar in modules"),
    (rabbitmq_party(modules=["python", "mysql", "rabbitmq"], **LOCAL), "go through osx or nginx, and osx is not there"),
    (
        rabbitmq_party(fateVersion="2.2.0", modules=["python", "mysql", "rabbitmq", "osx"], **LOCAL),
        "no source names an image",
    ),
    (
        rabbitmq_party(nginx={"route_table": {"10000": {"proxy": [{"host": "x", "http_port": 1, "grpc_port": 1}]}}}),
        "party 10000 has no list fateflow",
    ),
    (rabbitmq_party(nginx={"exchange": {"ip": "hub"}}), "nginx.exchange: httpPort and grpcPort of the exchange hub"),
    (
        rabbitmq_party(nginx={"route_table": {"123456789012345": NGINX["route_table"]["10000"]}}),
        "nginx takes party ids for numbers",
    ),
    (
        rabbitmq_party(rabbitmq={"route_table": {"default": {"host": "x", "port": 1}}}),
        "knows no entry default for RabbitMQ",
    ),
    (pulsar_party(pulsar={"route_table": {"default": {"host": "x"}}}), "the entry default has no domain"),
    (pulsar_party(pulsar={"exchange": {"ip": "hub"}}), "pulsar.exchange: port of the exchange hub is missing"),
    (rabbitmq_party(istio={"enabled": True}), "istio.enabled: it does not go with computing Spark"),
]


@pytest.mark.parametrize(("spec", "message"), REFUSED, ids=[message[:40] for _spec, message in REFUSED])
def test_what_cannot_work_is_refused_with_a_way_out(helm3: Helm, spec: Spec, message: str) -> None:
    with pytest.raises(HelmError) as caught:
        helm3.render(spec)
    assert message in str(caught.value)


def test_own_image_makes_possible_what_no_source_names(helm: Helm) -> None:
    own = {"image": "example/flow", "imageTag": "1", "imageSuffix": "", "spark": {"home": "/opt/spark"}}
    spec = rabbitmq_party(fateVersion="2.2.0", modules=["python", "mysql", "rabbitmq", "osx"], python=own, **LOCAL)
    manifests = helm.render(merged(spec, {"nginx": None}))
    assert image(manifests, "python") == "example/flow:1"
    assert conf(manifests)["computing"]["spark"]["home"] == "/opt/spark"
    assert env_of(manifests.container("python"))["SPARK_HOME"] == "/opt/spark"
