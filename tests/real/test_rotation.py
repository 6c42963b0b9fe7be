# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New passwords for MariaDB, RabbitMQ and Redis that run and hold data, by what the charts say of each: the data stay,
the old passwords open nothing any more, and no password ever stands in an argument."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.secrets import decoded
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rotating import rotated
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.target import target
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref, module_of
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.servers.errors import RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.servers.rabbitmq import RabbitMQ
from ansible_collections.federatedai.kubefate.tests.servers.redis import Redis
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import CHART, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit import deployed
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import Helm as FakeHelm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi

SPACE = "fate-9999"
FATE: dict[str, Any] = {
    "name": SPACE,
    "partyId": "9999",
    "fateVersion": "2.0.0",
    "modules": ["nginx", "rabbitmq", "spark", "hdfs", "mysql", "python", "fateboard"],
    "computing": "Spark",
    "federation": "RabbitMQ",
    "storage": "HDFS",
    "nginx": {"route_table": {}},
    "rabbitmq": {"route_table": {}},
}
SERVING: dict[str, Any] = {"name": SPACE, "partyId": "9999", "modules": ["servingServer", "servingRedis"]}
OLD = {"username": "fate", "password": "0ld-Password", "root-password": "0ld-Root-Password"}
AWKWARD = r"""a 'b' "c" \d $(e) `f` %g ${h} # ; -- \' \\"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a server's programs are. tools: name to a shell command that stands for the program in the pod's image."""

    folder: Path
    environment: Mapping[str, str]
    tools: Mapping[str, str]

    def prepare(self) -> dict[str, str]:
        """An environment in which each program notes its arguments first."""
        bin_folder = self.folder / "tools"
        bin_folder.mkdir(parents=True, exist_ok=True)
        for name, command in self.tools.items():
            path = bin_folder / name
            path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{self.folder}/arguments'\n{command}\n")
            path.chmod(0o755)
        return {**self.environment, "PATH": os.pathsep.join([str(bin_folder), self.environment["PATH"]])}

    def arguments(self) -> str:
        """All arguments of all programs so far."""
        return (self.folder / "arguments").read_text()


class Interrupted(BaseException):
    """The run is killed."""


class Cluster(MemoryApi):
    """What helm made of a cluster.yaml; behind the pod of one module there is a server.

    :param killed_after_telling: the run ends when the server has been told.
    """

    def __init__(self, helm: Helm, spec: dict[str, Any], module: str, machine: Machine, secrets: Any):
        self.spec, self.module, self.machine = spec, module, machine
        chart = CHART.parent / ("fate-serving" if "servingServer" in spec["modules"] else "fate")
        self.chart = read_chart(str(chart))
        objects = [obj for obj in helm.render(spec, chart).objects if obj["kind"] != "Pod"]
        for number, obj in enumerate(objects):
            obj["metadata"].update(namespace=SPACE, uid=f"uid-{number}")
        workloads = [obj for obj in objects if obj["kind"] in ("Deployment", "StatefulSet")]
        self.server = next(obj for obj in workloads if module_of(obj) == module)
        pods = [deployed.pod(obj, simulated=obj is not self.server) for obj in workloads]
        super().__init__(
            *objects,
            *pods,
            deployed.record(SPACE, SPACE, objects),
            *(deployed.secret(name, SPACE, values) for name, values in secrets.items()),
        )
        self.killed_after_telling = False
        self.commands: list[str] = []

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        assert ref.name == f"{self.server['metadata']['name']}-0"
        names = [item["name"] for item in self.server["spec"]["template"]["spec"]["containers"]]
        assert container in names
        self.commands += command
        done = subprocess.run(
            command,
            input=stdin,
            env=self.machine.prepare(),
            cwd=self.machine.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if self.killed_after_telling:
            raise Interrupted
        return Ran(done.returncode, done.stdout, done.stderr)

    def values(self, name: str) -> dict[str, str]:
        data = self.objects[Ref("v1", "Secret", SPACE, name)]["data"]
        return {key: decoded(value) for key, value in data.items()}

    def rotate(self, name: str, **given: str) -> dict[str, Any]:
        context = Context(self, FakeHelm(FakeRunner(), "helm"), Options(wait=False), "somebody")
        wanted = target(SPACE, SPACE, self.chart, Spec(self.spec))
        return rotated(context, wanted, [name], {name: given} if given else {}, check_mode=False)

    def interrupted(self, name: str) -> None:
        """A rotation that is killed between the server and the Secret."""
        self.killed_after_telling = True
        with pytest.raises(Interrupted):
            self.rotate(name)
        self.killed_after_telling = False


def unseen(cluster: Cluster, secret: str, *more: str) -> None:
    """No value, old or new, was an argument of anything."""
    said = "\n".join([*cluster.commands, cluster.machine.arguments()])
    passwords = {value for key, value in cluster.values(secret).items() if key != "username"}
    for value in {*passwords, *more, *(value for key, value in OLD.items() if key != "username")}:
        assert value not in said


# MySQL ------------------------------------------------------------------------------------------------------------
def database(folder: Path) -> MariaDB:
    password, root = OLD["password"], OLD["root-password"]
    return MariaDB(folder / "mariadb", password=password, root_password=root)


def with_mysql(helm: Helm, folder: Path, server: MariaDB) -> Cluster:
    """The mysql of its image: as root by its own socket, as anybody else by the address that it is told."""
    client = 'exec mariadb --no-defaults --socket={} {} "$@"'
    network = f"--host={server.address} --port={server.port} --protocol=TCP"
    reach = client.format(server._socket, "")
    tool = f'case "$*" in *--host=*) set -- "$@" {network} ;; esac\n{reach}'
    return Cluster(helm, FATE, "mysql", Machine(folder, server.environment(), {"mysql": tool}), {"fate-mysql": OLD})


def fill(server: MariaDB) -> None:
    server.query("CREATE TABLE jobs (id INT PRIMARY KEY, name TEXT)")
    server.query("INSERT INTO jobs VALUES (1, 'trained for days')")
    # The image makes root for two hosts.
    server._as_root("CREATE USER root@'%' IDENTIFIED BY '0ld-Root-Password'", OLD["root-password"])


def check_database(server: MariaDB, values: Mapping[str, str]) -> None:
    assert server.query("SELECT * FROM jobs", password=values["password"]) == [["1", "trained for days"]]
    for user in ("fate", "root"):
        with pytest.raises(RefusedError, match="Access denied"):
            server.query("SELECT 1", user=user, password=OLD["password" if user == "fate" else "root-password"])
    assert server.query("SELECT 1", user="root", password=values["root-password"], database="mysql") == [["1"]]
    assert server._run("SELECT 1", "root", values["root-password"], through_socket=True).returncode == 0


@pytest.mark.parametrize(
    "given", [{}, {"password": AWKWARD, "root-password": AWKWARD[::-1]}], ids=["generated", "given"]
)
def test_a_database_keeps_its_rows_and_gets_new_passwords(helm3: Helm, tmp_path: Path, given: dict[str, str]) -> None:
    with database(tmp_path) as server:
        fill(server)
        cluster = with_mysql(helm3, tmp_path, server)
        result = cluster.rotate("fate-mysql", **given)
        values = cluster.values("fate-mysql")
        check_database(server, values)
        assert values == {**OLD, **given} if given else values["password"] != OLD["password"]
        unseen(cluster, "fate-mysql")
        assert {entry["name"] for entry in result["plan"]["restarts"]} == {"python"}


def test_a_rotation_of_a_database_that_was_interrupted_is_finished(helm3: Helm, tmp_path: Path) -> None:
    with database(tmp_path) as server:
        fill(server)
        cluster = with_mysql(helm3, tmp_path, server)
        cluster.interrupted("fate-mysql")
        halfway = cluster.values("fate-mysql")
        assert halfway["password"] == OLD["password"], "the Secret still has what was in use"
        check_database(server, {key: halfway[f"next-{key}"] for key in ("password", "root-password")})
        cluster.rotate("fate-mysql")
        values = cluster.values("fate-mysql")
        assert values["password"] == halfway["next-password"]
        check_database(server, values)
        assert set(values) == set(OLD)


def test_a_database_that_knows_neither_password_is_left_as_it_is(helm3: Helm, tmp_path: Path) -> None:
    with database(tmp_path) as server:
        fill(server)
        cluster = with_mysql(helm3, tmp_path, server)
        cluster.objects[Ref("v1", "Secret", SPACE, "fate-mysql")]["data"] = deployed.secret(
            "fate-mysql", SPACE, {**OLD, "root-password": "not-Roots"}
        )["data"]
        with pytest.raises(KubefateError, match="neither the present nor the coming password") as caught:
            cluster.rotate("fate-mysql")
        assert caught.value.kind is Kind.REFUSED and "not-Roots" not in caught.value.msg
        assert server.query("SELECT * FROM jobs") == [["1", "trained for days"]]
        assert cluster.values("fate-mysql")["password"] == OLD["password"]


# RabbitMQ ---------------------------------------------------------------------------------------------------------
def with_rabbitmq(helm: Helm, folder: Path, server: RabbitMQ) -> Cluster:
    environment = server.environment()
    tools = {
        name: f"exec '{path}' \"$@\""
        for name in ("rabbitmqctl", "erl")
        for path in [next(p for p in environment["PATH"].split(os.pathsep) if (Path(p) / name).exists()) + f"/{name}"]
    }
    old = {key: OLD[key] for key in ("username", "password")}
    return Cluster(helm, FATE, "rabbitmq", Machine(folder, environment, tools), {"fate-rabbitmq": old})


def test_a_broker_keeps_its_messages_and_gets_a_new_password(helm3: Helm, tmp_path: Path) -> None:
    with RabbitMQ(tmp_path / "rabbitmq", password=OLD["password"]) as server:
        server.call("PUT", "/queues/%2F/data", {"durable": True})
        message = {"properties": {"delivery_mode": 2}, "routing_key": "data", "payload": "a gradient"}
        server.call("POST", "/exchanges/%2F/amq.default/publish", {**message, "payload_encoding": "string"})
        cluster = with_rabbitmq(helm3, tmp_path, server)
        cluster.interrupted("fate-rabbitmq")
        coming = cluster.values("fate-rabbitmq")["next-password"]
        assert server.accepts("fate", coming) and not server.accepts("fate", OLD["password"])
        result = cluster.rotate("fate-rabbitmq")
        values = cluster.values("fate-rabbitmq")
        assert values == {"username": "fate", "password": coming}
        server.password = coming
        got = server.call(
            "POST", "/queues/%2F/data/get", {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
        )
        assert [entry["payload"] for entry in got] == ["a gradient"]
        unseen(cluster, "fate-rabbitmq")
        assert {entry["name"] for entry in result["plan"]["restarts"]} == {"python"}


# Redis ------------------------------------------------------------------------------------------------------------
def redis(folder: Path) -> Redis:
    return Redis(folder / "redis", f'requirepass "{OLD["password"]}"\n', password=OLD["password"])


def with_redis(helm: Helm, folder: Path, server: Redis) -> Cluster:
    tool = f'exec "$(PATH=${{PATH#*:}} command -v redis-cli)" "$@" -p {server.port}'
    machine = Machine(folder, server.environment(), {"redis-cli": tool})
    secrets = {"fate-serving-redis": {"password": OLD["password"]}}
    return Cluster(helm, SERVING, "serving-redis", machine, secrets)


@pytest.mark.parametrize("given", [{}, {"password": AWKWARD}], ids=["generated", "given"])
def test_redis_keeps_its_keys_and_gets_a_new_password(helm3: Helm, tmp_path: Path, given: dict[str, str]) -> None:
    with redis(tmp_path) as server:
        server.command("SET", "result", "0.87")
        cluster = with_redis(helm3, tmp_path, server)
        result = cluster.rotate("fate-serving-redis", **given)
        values = cluster.values("fate-serving-redis")
        assert server.command("GET", "result", password=values["password"]) == "0.87"
        assert values == given or not given
        with pytest.raises(RefusedError, match=r"WRONGPASS|invalid password"):
            server.command("GET", "result")
        unseen(cluster, "fate-serving-redis")
        assert {entry["name"] for entry in result["plan"]["restarts"]} == {"serving-server"}


def test_a_rotation_of_redis_that_was_interrupted_is_finished(helm3: Helm, tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        server.command("SET", "result", "0.87")
        cluster = with_redis(helm3, tmp_path, server)
        cluster.interrupted("fate-serving-redis")
        coming = cluster.values("fate-serving-redis")["next-password"]
        cluster.rotate("fate-serving-redis")
        assert cluster.values("fate-serving-redis") == {"password": coming}
        assert server.command("GET", "result", password=coming) == "0.87"


def test_a_redis_that_knows_neither_password_says_so(helm3: Helm, tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        cluster = with_redis(helm3, tmp_path, server)
        stored = cluster.objects[Ref("v1", "Secret", SPACE, "fate-serving-redis")]
        stored["data"] = deployed.secret("x", SPACE, {"password": "another-one"})["data"]
        with pytest.raises(KubefateError, match="takes neither the present nor the coming password") as caught:
            cluster.rotate("fate-serving-redis")
        assert "another-one" not in caught.value.msg
        assert server.command("PING") == "PONG"
