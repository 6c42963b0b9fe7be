# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running training jobs, asked of real FATE-Flows.

Between the core and FATE-Flow stands a small server instead of the API server: it knows one StatefulSet with a ready
pod, and passes requests to the Service proxy on.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster import training
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.training import spare_jobs
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow import inside
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.asking import ask
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.model import Known, Seat, Unknown
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import Release
from ansible_collections.federatedai.kubefate.tests.real.fateflow import passed_on, two_parties
from ansible_collections.federatedai.kubefate.tests.servers.fateflow import FateFlow
from ansible_collections.federatedai.kubefate.tests.servers.flowpython import FlowPython
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Request, Server, status
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.kit import (
    SPACE,
    pod,
    service,
    workload,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.test_training import (
    record,
    restarting,
)

PARTIES = (("guest", "9999"), ("host", "10000"), ("arbiter", "10000"))
MANIFEST = [service(), workload()]
PROXY = f"/api/v1/namespaces/{SPACE}/services/fateflow:9380/proxy"


@contextmanager
def api_server(flow: FateFlow) -> Iterator[Api]:
    """Stands for the API server of a cluster that a FATE-Flow belongs to."""

    def answer(asked: Request) -> Answer:
        if asked.target.startswith(PROXY):
            return passed_on(flow.url, asked, asked.target.removeprefix(PROXY))
        if asked.path.endswith("/statefulsets/python"):
            return Answer(200, workload())
        if asked.path.endswith("/pods"):
            return Answer(200, {"kind": "PodList", "items": [pod()], "metadata": {}})
        return status(404, asked.target)

    with Server(answer) as server:
        yield Api(resolve({"host": server.url}, {}))


class Closed(Api):
    """An API server whose way to Services is closed, and that runs commands in pods, which are this machine."""

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        assert (ref.name, container) == ("python-0", "python")
        done = subprocess.run(list(command), capture_output=True, text=True, timeout=seconds, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)


def test_a_fate_flow_that_a_network_policy_hides_is_asked_in_its_pod(
    flow_python: FlowPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(asked: Request) -> Answer:
        if asked.path.endswith("/statefulsets/python"):
            return Answer(200, workload())
        if asked.path.endswith("/pods"):
            return Answer(200, {"kind": "PodList", "items": [pod()], "metadata": {}})
        return status(503, "error trying to reach service: dial tcp 10.1.2.3:9380: i/o timeout")

    with FateFlow(flow_python, tmp_path) as flow, Server(answer) as server:
        monkeypatch.setattr(inside, "PORT", urlsplit(flow.url).port)
        assert ask(Closed(resolve({"host": server.url}, {})), MANIFEST, SPACE) == Known()
    with Server(answer) as server:
        assert isinstance(ask(Closed(resolve({"host": server.url}, {})), MANIFEST, SPACE), Unknown)


def known(flow: FateFlow) -> Known:
    with api_server(flow) as api:
        verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Known), verdict
    return verdict


def spare(flow: FateFlow, **options: object) -> list[str]:
    with api_server(flow) as api:
        context = Context(api, Helm(FakeRunner(), "helm"), Options.of(options))
        return spare_jobs(context, restarting(), Release.of(record()))


def test_a_job_of_two_parties_is_reported_on_both_sides_until_it_ends(
    flow_python: FlowPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LOOK_SECONDS", 0.5)
    with two_parties(flow_python, tmp_path) as (guest, host):
        assert known(guest) == Known()
        before = time.time() * 1000
        first = guest.submit(6, *PARTIES)
        guest.await_status(first, "running")
        host.await_status(first, "running")

        (here,), (there,) = known(guest).jobs, known(host).jobs
        assert (here.job_id, here.status, here.initiator) == (first, "running", "9999")
        assert (here.seats, here.partners) == (
            (Seat("guest", "9999"),),
            (Seat("host", "10000"), Seat("arbiter", "10000")),
        )
        assert (there.seats, there.partners) == (here.partners, here.seats)
        assert here.started is not None
        assert before <= here.started <= time.time() * 1000

        second = guest.submit(6, *PARTIES)  # there are not enough cores for both
        guest.await_status(second, "waiting")
        assert [(job.job_id, job.status) for job in known(guest).jobs] == [(first, "running"), (second, "waiting")]

        for party, partner in ((guest, "host 10000"), (host, "guest 9999")):
            with pytest.raises(KubefateError) as caught:
                spare(party)
            assert caught.value.kind is Kind.BUSY
            assert first in caught.value.msg
            assert second in caught.value.msg
            assert f"with {partner}" in caught.value.msg

        with pytest.raises(KubefateError) as caught:
            spare(guest, running_fate_jobs="wait", wait_timeout=2)
        assert caught.value.kind is Kind.TIMEOUT

        ending = threading.Timer(2, lambda: [party.end_tasks() for party in (guest, host)])
        ending.start()
        assert spare(guest, running_fate_jobs="wait", wait_timeout=60) == []
        guest.await_status(first, "failed")
        guest.await_status(second, "failed")
        ending.join()
        assert known(guest) == Known()


def test_a_fate_flow_that_wants_callers_to_identify_themselves_is_unknown(
    flow_python: FlowPython, tmp_path: Path
) -> None:
    with FateFlow(flow_python, tmp_path, authentication=True) as flow, api_server(flow) as api:
        verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Unknown)
    assert "refuses to list its jobs" in verdict.why


def test_a_fate_flow_that_has_gone_is_unknown(flow_python: FlowPython, tmp_path: Path) -> None:
    with FateFlow(flow_python, tmp_path) as flow:
        assert known(flow) == Known()

    def answer(asked: Request) -> Answer:
        if asked.path.endswith("/statefulsets/python"):
            return Answer(200, workload())
        if asked.path.endswith("/pods"):
            return Answer(200, {"kind": "PodList", "items": [pod()], "metadata": {}})
        try:
            return passed_on(flow.url, asked, "/")
        except OSError as error:
            return status(503, f"error trying to reach service: {error}")

    with Server(answer) as server:
        verdict = ask(Api(resolve({"host": server.url}, {})), MANIFEST, SPACE)
    assert isinstance(verdict, Unknown)
    assert "does not answer" in verdict.why
