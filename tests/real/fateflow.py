# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Flow servers from PyPI on the loopback, each laid out as in its image.

Everything in them is real but the algorithms: a stand-in for package ``fate.components`` keeps each task running until
it is told to end. Two parties reach each other through a router that passes requests on by their destination.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib import request

import yaml

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Request, Server

START_SECONDS = 60.0
JOB_SECONDS = 60.0
CORES = 8
"""That a server has; a job that asks for more than are left waits."""
STAND_IN = """\
import pathlib, sys, time

end = pathlib.Path(__file__).parent / "end"
while not end.exists():
    time.sleep(0.2)
sys.exit(1)
"""
LOCATE = "import importlib.util as u; print(u.find_spec('fate_flow').submodule_search_locations[0])"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _number in range(count)]
    ports = [int(found.getsockname()[1]) for found in sockets]
    for found in sockets:
        found.close()
    return ports


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """One request with a JSON body and a JSON answer."""
    data = json.dumps(body).encode() if body is not None else None
    asked = request.Request(url, data, {**(headers or {}), "Content-Type": "application/json"}, method=method)
    opener = request.build_opener(request.ProxyHandler({}))
    with opener.open(asked, timeout=30) as answer:
        return json.load(answer)


@dataclass(slots=True)
class FateFlow:
    """One server. python: of the virtual environment that has fate-flow. router: its URL; without one, this server
    plays all parties. authentication: callers have to identify themselves."""

    folder: Path
    python: str
    party_id: str = "9999"
    router: str = ""
    authentication: bool = False
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.ports[0]}"

    @property
    def _home(self) -> Path:
        return self.folder / "fate_flow"

    def __enter__(self) -> Self:
        self._lay_out()
        paths = str(self._home / "python")
        known = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        known |= {"FATE_PROJECT_BASE": str(self.folder), "FATE_PYTHONPATH": paths, "PYTHONPATH": paths}
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self.python, "python/fate_flow/fate_flow_server.py"],
                cwd=self._home,
                env=known,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_answer()
        return self

    def __exit__(self, *_error: object) -> None:
        """Its tasks are of its session: they end with it."""
        self.end_tasks()
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _lay_out(self) -> None:
        found = subprocess.run([self.python, "-c", LOCATE], capture_output=True, text=True, check=True)
        package = Path(found.stdout.strip().splitlines()[-1])
        shutil.copytree(package, self._home / "python" / "fate_flow")
        shutil.copytree(package / "conf", self._home / "conf")
        shutil.copy2(package / "fateflow.env", self._home)
        engine = self._home / "python" / "fate" / "components"
        engine.mkdir(parents=True)
        for init in (engine / "__init__.py", engine.parent / "__init__.py"):
            init.touch()
        (engine / "__main__.py").write_text(STAND_IN)
        settings = self._home / "conf" / "service_conf.yaml"
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

    def _await_answer(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                call("GET", f"{self.url}/v2/server/fateflow")
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("FATE-Flow does not answer:\n" + (self.folder / "server.log").read_text()[-2000:])

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
        (self._home / "python" / "fate" / "components" / "end").touch()

    def hold_tasks(self) -> None:
        """Let tasks that start from now on run until they are ended."""
        (self._home / "python" / "fate" / "components" / "end").unlink(missing_ok=True)


def passed_on(url: str, asked: Request, target: str = "") -> Answer:
    """The answer of another server to a request."""
    body = asked.body or None
    headers = {name: ", ".join(values) for name, values in asked.headers.items() if name not in ("host", "connection")}
    sent = request.Request(url + (target or asked.target), body, headers, method=asked.method)
    with request.build_opener(request.ProxyHandler({})).open(sent, timeout=30) as answer:
        return Answer(answer.status, answer.read(), {"Content-Type": answer.headers.get("Content-Type", "")})


@contextmanager
def two_parties(folder: Path, python: str, ids: Sequence[str] = ("9999", "10000")) -> Iterator[list[FateFlow]]:
    """Two servers and the router between them."""
    servers: dict[str, FateFlow] = {}

    def route(asked: Request) -> Answer:
        return passed_on(servers[asked.header("dest-party-id")].url, asked)

    with Server(route) as router:
        for party in ids:
            servers[party] = FateFlow(folder / party, python, party, router.url)
        with servers[ids[0]], servers[ids[1]]:
            yield list(servers.values())
