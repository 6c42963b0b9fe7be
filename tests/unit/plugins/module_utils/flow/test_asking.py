# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.asking import ask
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.finding import flow_service
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.model import Known, Unknown
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import Sent, refusal
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.kit import (
    FLOW,
    SPACE,
    FlowApi,
    pod,
    recorded,
    service,
    workload,
)

MANIFEST = [service(), workload()]
PATH = f"/api/v1/namespaces/{SPACE}/services/fateflow:9380/proxy/v2/job/list/query?status=running&status=waiting"


def test_a_ready_fate_flow_is_asked_once_through_its_service() -> None:
    api = FlowApi(*MANIFEST, pod(), answers=(FLOW["guest"],))
    verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Known)
    assert [job.status for job in verdict.jobs] == ["running", "waiting"]
    assert api.asked == [PATH]
    assert api.writes == []


@pytest.mark.parametrize(
    "objects",
    [
        [],
        [workload(replicas=0), pod()],
        [workload(), pod(simulated=True)],
    ],
    ids=["deleted", "zero", "simulated"],
)
def test_nothing_is_asked_where_nothing_can_run(objects: list[dict[str, Any]]) -> None:
    api = FlowApi(*objects)
    assert ask(api, MANIFEST, SPACE) == Known()
    assert api.asked == []


def test_nothing_is_asked_of_a_release_without_fate_flow() -> None:
    api = FlowApi()
    assert ask(api, [workload("serving-server", "Deployment")], SPACE) == Known()
    assert api.sent == []


@pytest.mark.parametrize("pods", [[], [pod(ready=False)]], ids=["none", "not ready"])
def test_a_fate_flow_that_is_not_ready_is_not_asked_and_that_is_said(pods: list[dict[str, Any]]) -> None:
    api = FlowApi(workload(), *pods)
    verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Known)
    assert "StatefulSet/python) was not asked" in verdict.caveat
    assert api.asked == []


@pytest.mark.parametrize(
    ("error", "said", "hint", "passing"),
    [
        (recorded("forbidden"), "no right to ask", "Grant the verb get on services/proxy", False),
        (recorded("no-service"), 'services "gone" not found', "Put it back", False),
        (recorded("no-endpoints"), "does not answer", "log", True),
        (refusal(502, "bad gateway"), "does not answer", "network policy", True),
        (refusal(404, "no such page"), "not understood (status 404)", "2.x", False),
        (refusal(403, "go away"), "not understood (status 403)", "2.x", False),
        (ApiError("html", Kind.CONNECTION, status=200), "does not send JSON", "", False),
        (ApiError("timed out", Kind.CONNECTION, "Check the network."), "timed out", "Check the network.", True),
    ],
)
def test_what_cannot_be_asked_is_unknown_and_says_why(error: ApiError, said: str, hint: str, passing: bool) -> None:
    verdict = ask(FlowApi(*MANIFEST, pod(), answers=(error,)), MANIFEST, SPACE)
    assert isinstance(verdict, Unknown)
    assert said in verdict.why
    assert hint in verdict.hint
    assert verdict.passing is passing


@pytest.mark.parametrize(
    "error", [recorded("no-endpoints"), refusal(504, "i/o timeout"), ApiError("late", Kind.CONNECTION)]
)
def test_a_fate_flow_that_the_api_server_does_not_reach_is_asked_in_its_pod(error: ApiError) -> None:
    api = FlowApi(*MANIFEST, pod(), answers=(error,))
    api.inside = Ran(0, json.dumps(FLOW["guest"]), "")
    verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Known)
    assert [job.status for job in verdict.jobs] == ["running", "waiting"]
    ((ref, container, command),) = api.executed
    assert (ref, container) == (Ref("v1", "Pod", SPACE, "python-0"), "python")
    assert list(command[-2:]) == ["9380", PATH.rpartition("/proxy")[2]]


@pytest.mark.parametrize(
    "inside",
    [
        Ran(127, "", "no python"),
        Ran(0, "<html>", ""),
        refusal(403, "forbidden"),
        KubefateError("no library", Kind.INTERNAL),
    ],
)
def test_a_pod_that_cannot_tell_leaves_it_unknown_with_both_ways_out(inside: Ran | KubefateError) -> None:
    api = FlowApi(*MANIFEST, pod(), answers=(refusal(503, "no route to host"),))
    api.inside = inside
    verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Unknown)
    assert "no route to host" in verdict.why
    assert "networkPolicy.apiServer" in verdict.hint
    assert "pods/exec" in verdict.hint


def test_what_fate_flow_itself_answers_is_not_asked_again_in_its_pod() -> None:
    for answer in (recorded("forbidden"), refusal(404, "no such page"), FLOW["idle"]):
        api = FlowApi(*MANIFEST, pod(), answers=(answer,))
        ask(api, MANIFEST, SPACE)
        assert api.executed == []


def test_pods_that_may_not_be_read_make_it_unknown() -> None:
    def fault(sent: Sent) -> ApiError | None:
        return refusal(403, "pods is forbidden") if sent.path.endswith("/pods") else None

    api = FlowApi(*MANIFEST, pod())
    api.fault = fault
    verdict = ask(api, MANIFEST, SPACE)
    assert isinstance(verdict, Unknown)
    assert not verdict.passing
    assert "pods is forbidden" in verdict.why


def test_a_fate_flow_without_a_service_is_unknown() -> None:
    verdict = ask(FlowApi(workload(), pod()), [workload()], SPACE)
    assert isinstance(verdict, Unknown)
    assert "No Service" in verdict.why


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ([service("fateflow-client"), service("fateflow")], "fateflow:9380"),
        ([service("board", fateMoudle="fateboard"), service("fateflow-client")], "fateflow-client:9380"),
        ([service("flow", 8080, "http")], "flow:8080"),
        ([service("flow", 8080, "rest")], ""),
        ([service("fateflow", fateMoudle="osx")], ""),
    ],
)
def test_the_service_is_found_by_what_it_selects_and_by_its_port(services: list[Any], found: str) -> None:
    assert flow_service(services, workload()) == found
