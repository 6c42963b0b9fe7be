# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spark from PyPI: a master and a worker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from .asking import opened
from .java import java
from .process import Process, own_address
from .pypi import Environment, made

WANTED = Environment("pyspark-3.5.6", "pyspark-3.5.6.txt", ((3, 11), (3, 10), (3, 9)))
RUN_SECONDS = 480.0
"""That a small program may take on a machine that is busy."""
PROGRAM = """\
from pyspark.sql import SparkSession

session = SparkSession.builder.appName("test").getOrCreate()
print("sum", session.sparkContext.parallelize(range(100), 4).sum())
print("conf", sorted(session.sparkContext.getConf().getAll()))
session.stop()
"""


@dataclass(slots=True)
class Spark:
    """Both, on one address of the loopback with the ports that they have in a cluster.

    :param variables: of the containers: SPARK_WORKER_CORES and so on.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    address: str = field(default_factory=own_address)
    _processes: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.environment(**self.variables)
        master = f"spark://{self.address}:7077"
        here = ["--host", self.address]
        deploy = [self._home / "bin" / "spark-class"]
        try:
            for name, arguments, ready in (
                ("master.Master", [*here, "--port", "7077", "--webui-port", "8080"], self._alive),
                ("worker.Worker", [*here, "--webui-port", "8081", master], self._registered),
            ):
                argv: list[str | Path] = [*deploy, f"org.apache.spark.deploy.{name}", *arguments]
                process = Process(name.split(".", maxsplit=1)[0], argv, self.folder, known)
                self._processes.append(process)
                process.start(ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        while self._processes:
            self._processes.pop().stop()

    @property
    def _home(self) -> Path:
        return made(WANTED).packages / "pyspark"

    def environment(self, **extra: str) -> dict[str, str]:
        runtime = java()
        own = {"SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": self.address, "PYSPARK_PYTHON": str(WANTED.python)}
        return runtime.environment(runtime.program("java").parent, **own, **extra)

    def state(self) -> dict[str, Any]:
        """What the master says."""
        with opened(f"http://{self.address}:8080/json/", 20) as it:
            return dict(json.load(it))

    def _alive(self) -> bool:
        return bool(self.state()["status"] == "ALIVE")

    def _registered(self) -> bool:
        return bool(self.state()["aliveworkers"] == 1)

    def run(self, conf: Path) -> str:
        """What a small program prints whose driver reads spark-defaults.conf in a folder, or what Spark says."""
        known = self.environment(SPARK_CONF_DIR=str(conf))
        script = self.folder / "program.py"
        script.write_text(PROGRAM)
        argv = [str(self._home / "bin" / "spark-submit"), str(script)]
        log = self.folder / "driver.log"
        with log.open("w") as stream:
            try:
                done = subprocess.run(
                    argv,
                    cwd=self.folder,
                    env=known,
                    stdout=subprocess.PIPE,
                    stderr=stream,
                    text=True,
                    timeout=RUN_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return f"nothing within {RUN_SECONDS:g} s: {log.read_text()[-4000:]}"
        return done.stdout if done.returncode == 0 else log.read_text()[-4000:]
