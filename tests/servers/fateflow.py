# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Flow from PyPI, laid out as in its image.

Everything in it is real but the algorithms: a stand-in for package ``fate.components`` keeps each task running until it
is told to end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib import request

import yaml

from .asking import opened
from .flowpython import WANTED, FlowPython
from .process import Process, free_ports
from .pypi import made

JOB_SECONDS = 60.0
CORES = 8
"""That a server has unless its settings are given; a job that asks for more than are left waits."""
STAND_IN = """\
import pathlib, sys, time

end = pathlib.Path(__file__).parent / "end"
while not end.exists():
    time.sleep(0.2)
sys.exit(1)
"""

TIMEOUT = 120.0
"""Seconds that one request may take, on a busy machine."""


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """One request with a JSON body and a JSON answer."""
    data = json.dumps(body).encode() if body is not None else None
    asked = request.Request(url, data, {**(headers or {}), "Content-Type": "application/json"}, method=method)
    with opened(asked, TIMEOUT) as answer:
        return json.load(answer)


@dataclass(slots=True)
class FateFlow:
    """One server.

    :param python: that it is a fork of.
    :param folder: what ``/data/projects/fate`` is in the image.
    :param configured: whether the settings below are written to its service_conf.yaml. Otherwise that file is what
        somebody else has put there, and address and ports have to be what stands in it.
    :param router: URL of what leads to the other parties; without one, this server plays all of them.
    :param authentication: callers have to identify themselves.
    """

    python: FlowPython
    folder: Path
    party_id: str = "9999"
    router: str = ""
    authentication: bool = False
    configured: bool = True
    address: str = "127.0.0.1"
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    """Of HTTP and of gRPC."""
    _process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.ports[0]}"

    @property
    def home(self) -> Path:
        """Where FATE-Flow itself is."""
        return self.folder / "fate_flow"

    def __enter__(self) -> Self:
        self.lay_out()
        argv = ["python/fate_flow/fate_flow_server.py"]
        self._process = Process("fate-flow", argv, self.home, self._environment(), ("logs/fate_flow/*ERROR*.log",))
        self._process.launch = self.python.launch
        # It waits for its threads when it is asked to end.
        self._process.stop_signal = signal.SIGKILL
        self._process.start(self._answers)
        return self

    def __exit__(self, *_error: object) -> None:
        """Its tasks are of its session: they end with it."""
        self.end_tasks()
        if self._process is not None:
            self._process.stop()

    def parsed(self) -> dict[str, Any]:
        """What its parsers make of its settings, without a server. Raises RefusedError."""
        self.lay_out()
        return self.python.parsed(self.home)

    def _answers(self) -> bool:
        """Whether it is up: where callers have to identify themselves, that it refuses says so, too."""
        code = call("GET", f"{self.url}/v2/server/fateflow")["code"]
        return self.authentication or code == 0

    def _environment(self) -> dict[str, str]:
        paths = str(self.home / "python")
        known = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        own = {"FATE_PROJECT_BASE": str(self.folder), "FATE_PYTHONPATH": paths, "PYTHONPATH": paths}
        return {**known, **own}

    def lay_out(self) -> None:
        """Write its folder, if that was not done before."""
        package = made(WANTED).packages / "fate_flow"
        if not (self.home / "fateflow.env").exists():
            shutil.copytree(package, self.home / "python" / "fate_flow")
            shutil.copytree(package / "conf", self.home / "conf", dirs_exist_ok=True)
            shutil.copy2(package / "fateflow.env", self.home)
            engine = self.home / "python" / "fate" / "components"
            engine.mkdir(parents=True)
            for init in (engine / "__init__.py", engine.parent / "__init__.py"):
                init.touch()
            (engine / "__main__.py").write_text(STAND_IN)
        if self.configured:
            settings = self.home / "conf" / "service_conf.yaml"
            settings.write_text(yaml.safe_dump(self._settings(yaml.safe_load(settings.read_text()))))

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        given["party_id"] = self.party_id
        given["fateflow"] |= {"host": self.address, "http_port": self.ports[0], "grpc_port": self.ports[1]}
        given["computing"]["standalone"]["cores"] = CORES
        given["authentication"]["client"] = self.authentication
        if self.router:
            host, _colon, port = self.router.removeprefix("http://").partition(":")
            given["fateflow"]["proxy_name"] = "nginx"
            given["default_engines"]["federation"] = "rabbitmq"
            given["federation"] = {
                "nginx": {"host": host, "http_port": int(port)},
                "rabbitmq": {"host": host, "port": 1, "mng_port": 1, "user": "fate", "password": "fate"},
            }
        return given

    def submit(self, cores: int, *parties: tuple[str, str]) -> str:
        """Submit a job of one task; its id. parties: role and party id of each."""
        dag = {
            "parties": [{"role": role, "party_id": [party]} for role, party in parties],
            "stage": "train",
            "conf": {"cores": cores},
            "tasks": {"lr_0": {"component_ref": "coordinated_lr", "parameters": {}}},
        }
        answer = call("POST", f"{self.url}/v2/job/submit", {"dag_schema": {"dag": dag, "schema_version": "2.2.0"}})
        assert answer["code"] == 0, answer
        return str(answer["job_id"])

    def await_status(self, job_id: str, *statuses: str) -> None:
        """Wait until every part that this server has in a job has one of the statuses."""
        end = time.monotonic() + JOB_SECONDS
        while time.monotonic() < end:
            rows = call("GET", f"{self.url}/v2/job/query?job_id={job_id}").get("data") or []
            if rows and all(row["status"] in statuses for row in rows):
                return
            time.sleep(0.3)
        raise AssertionError(f"job {job_id} did not become {statuses}: {[row['status'] for row in rows]}")

    def end_tasks(self) -> None:
        """Let the tasks that run end, which ends their jobs as failed."""
        (self.home / "python" / "fate" / "components" / "end").touch()

    def hold_tasks(self) -> None:
        """Let tasks that start from now on run until they are ended."""
        (self.home / "python" / "fate" / "components" / "end").unlink(missing_ok=True)
