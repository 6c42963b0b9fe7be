# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for Spark, given to a master, a worker and a driver."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.servers.spark import Spark
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

COMBINATION = next(item for item in COMBINATIONS if item.has("spark"))


def defaults(helm: Helm, root: Path, spark: Spark) -> Path:
    """The folder with spark-defaults.conf, as the start of FATE-Flow's pod writes it. The name of the master becomes
    its address, as names do not lead to it here; executors are as small as the worker."""
    secrets = {name: {"username": "fate", "password": "fate"} for name in ("fate-mysql", "fate-rabbitmq")}
    pod = Pod(COMBINATION.render(helm), "python", root, spark.address, secrets)
    pod.inside("/data/projects/fate/fate_flow/conf").mkdir(parents=True)
    pod.mount()
    pod.run()
    conf = pod.inside(pod.environment()["SPARK_CONF_DIR"])
    path = conf / "spark-defaults.conf"
    text = path.read_text()
    assert f"spark.driver.host {spark.address}" in text
    assert "spark://spark-master:7077" in text
    path.write_text(text.replace("spark-master", spark.address) + "spark.executor.memory 512m\n")
    return conf


def workers(helm: Helm, root: Path) -> dict[str, str]:
    """Variables of a worker's pod, which has as much memory as the machine may not have."""
    variables = Pod(COMBINATION.render(helm), "spark-worker", root).environment()
    return {**variables, "SPARK_WORKER_MEMORY": "1g"}


def test_a_driver_computes_on_the_worker_and_a_wrong_key_leaves_it_without(helm3: Helm, tmp_path: Path) -> None:
    variables = workers(helm3, tmp_path)
    with Spark(tmp_path / "spark", variables, own_address()) as spark:
        assert spark.state()["cores"] == int(variables["SPARK_WORKER_CORES"])
        conf = defaults(helm3, tmp_path / "pod", spark)
        said = spark.run(conf)
        assert "sum 4950" in said, said
        assert f"('spark.driver.host', '{spark.address}')" in said
        assert [app["state"] for app in spark.state()["completedapps"]] == ["FINISHED"]
        path = conf / "spark-defaults.conf"
        good = path.read_text()
        for old, new in ((":7077", ":7078"), ("spark.master spark", "spark.master sparks")):
            path.write_text(good.replace(old, new) + "spark.network.timeout 5s\nspark.executor.heartbeatInterval 2s\n")
            assert "sum 4950" not in spark.run(conf)


def test_a_wrong_variable_of_a_worker_gives_it_other_cores(helm3: Helm, tmp_path: Path) -> None:
    variables = workers(helm3, tmp_path)
    wanted = int(variables.pop("SPARK_WORKER_CORES")) + 1
    with Spark(tmp_path, {**variables, "SPARK_WORKERS_CORES": str(wanted)}, own_address()) as spark:
        assert spark.state()["cores"] != wanted
