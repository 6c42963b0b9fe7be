# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever takes pods from a cluster asks FATE-Flow first."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster import training
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.changing import change
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.gather import find_release
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.lifecycle import run_verb
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.listing import Objects
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.planning import Planned
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.removal import absent
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rollback import rolled_back
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.target import Target
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.training import (
    ended_modules,
    noted,
    spare_jobs,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.parsing import verdict_of
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.making import REPLICAS, Gathered
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.model import (
    Action,
    Change,
    FieldChange,
    Operation,
    Plan,
    Restart,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import Release
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import dump_yaml
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.kit import (
    FLOW,
    SPACE,
    FlowApi,
    pod,
    recorded,
    service,
    workload,
)

NAME = "fate-9999"
BUSY, IDLE = FLOW["guest"], FLOW["idle"]
JOB = verdict_of(BUSY).jobs[0]  # type: ignore[union-attr]
MANIFEST = [service(), workload(), workload("fateboard", "Deployment")]


def record(revision: int = 1, status: str = "deployed", manifest: list[Any] | None = None) -> dict[str, Any]:
    """A release record as helm keeps it."""
    body = {
        "name": NAME,
        "version": revision,
        "info": {"status": status},
        "chart": {"metadata": {"name": "fate", "version": "1.0.0"}},
        "manifest": "\n---\n".join(dump_yaml(obj) for obj in manifest or MANIFEST),
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode()))).decode()
    labels = {"owner": "helm", "name": NAME, "version": str(revision), "status": status}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {"name": f"sh.helm.release.v1.{NAME}.v{revision}", "namespace": SPACE, "labels": labels},
        "data": {"release": packed},
    }


def cluster(*answers: Any, pods: tuple[Any, ...] = (pod(),)) -> FlowApi:
    """A deployed cluster whose FATE-Flow gives these answers."""
    return FlowApi(*MANIFEST, record(), *pods, answers=answers)


def context(api: FlowApi, **options: Any) -> Context:
    return Context(api, Helm(FakeRunner(), "helm"), Options(wait=False, **options), "somebody")


def restarting(module: str = "python") -> Plan:
    ref = Ref("apps/v1", "StatefulSet", SPACE, module)
    return Plan(NAME, SPACE, Operation.UPGRADE, "", restarts=(Restart(ref, module, 1, "image changed"),))


def current(api: FlowApi) -> Release | None:
    return find_release(api, NAME, SPACE).current


def spare(api: FlowApi, plan: Plan | None = None, **options: Any) -> list[str]:
    return spare_jobs(context(api, **options), plan or restarting(), current(api))


def refused(work: Callable[[], Any]) -> KubefateError:
    with pytest.raises(KubefateError) as caught:
        work()
    return caught.value


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LOOK_SECONDS", 0.01)


# which plans ask --------------------------------------------------------------------------------------------------
def changing(module: str, action: Action, *fields: FieldChange) -> Plan:
    obj = workload(module)
    return Plan(NAME, SPACE, Operation.UPGRADE, "", (Change(Ref.of(obj), action, fields, before=obj, after=obj),))


@pytest.mark.parametrize("module", ["python", "clustermanager", "nodemanager", "osx", "rabbitmq", "pulsar", "mysql"])
def test_a_plan_that_takes_pods_from_a_module_that_jobs_need_ends_it(module: str) -> None:
    assert ended_modules(restarting(module)) == [module]
    assert ended_modules(changing(module, Action.DELETE)) == [module]
    assert ended_modules(changing(module, Action.UPDATE, FieldChange(REPLICAS, 2, 1))) == [module]
    assert ended_modules(changing(module, Action.UPDATE, FieldChange(REPLICAS, None, 0))) == [module]


@pytest.mark.parametrize(
    "plan",
    [
        restarting("fateboard"),
        restarting("client"),
        changing("fateboard", Action.DELETE),
        changing("nodemanager", Action.UPDATE, FieldChange(REPLICAS, 2, 3)),
        changing("nodemanager", Action.UPDATE, FieldChange(REPLICAS, 0, None)),
        changing("nodemanager", Action.UPDATE, FieldChange(("metadata", "labels", "a"), "1", "2")),
        changing("nodemanager", Action.CREATE),
        Plan(NAME, SPACE, Operation.INSTALL, ""),
    ],
)
def test_any_other_plan_asks_nothing(plan: Plan) -> None:
    api = cluster(BUSY)
    assert spare(api, plan) == []
    assert api.asked == []


# fail, wait, ignore -----------------------------------------------------------------------------------------------
def test_jobs_that_run_refuse_the_plan_and_are_named_with_their_partners() -> None:
    error = refused(lambda: spare(cluster(BUSY)))
    assert (error.kind, error.phase) == (Kind.BUSY, "plan")
    assert f"2 training jobs of {NAME} would fail, since pods of python would end" in error.msg
    assert f"{JOB.job_id} (guest 9999 with host 10000, arbiter 10000; running since" in error.msg
    assert "Nothing was changed." in error.msg
    assert "running_fate_jobs: wait" in error.hint
    assert "running_fate_jobs: ignore" in error.hint
    first = error.resources[0]
    assert (first.kind, first.name, first.reason) == ("FATEJob", JOB.job_id, "running")
    assert error.result["changed"] is False
    assert error.result["plan"]["restarts"]


def test_an_idle_fate_flow_lets_the_plan_pass() -> None:
    assert spare(cluster(IDLE)) == []


def test_unknown_is_not_zero() -> None:
    error = refused(lambda: spare(cluster(recorded("forbidden"))))
    assert error.kind is Kind.BUSY
    assert "it is unknown whether training jobs run" in error.msg
    assert "Grant the verb get on services/proxy, resource name fateflow:9380" in error.hint
    assert "running_fate_jobs: ignore" in error.hint


def test_ignore_asks_nothing() -> None:
    api = cluster(BUSY)
    assert spare(api, running_fate_jobs="ignore") == []
    assert api.asked == []


def test_wait_asks_until_no_job_runs() -> None:
    api = cluster(BUSY, BUSY, recorded("no-endpoints"), IDLE)
    assert spare(api, running_fate_jobs="wait") == []
    assert len(api.asked) == 4


def test_whom_wait_waits_for_is_shown() -> None:
    told: list[str] = []
    api = cluster(BUSY, recorded("no-endpoints"), IDLE)
    here = context(api, running_fate_jobs="wait")
    here.progress = told.append
    spare_jobs(here, restarting(), current(api))
    assert told[0].startswith(f"waiting for 2 training jobs: {JOB.job_id}")
    assert told[1].startswith("waiting for FATE-Flow: ")


def test_wait_ends_when_its_time_is_up_and_nothing_is_changed() -> None:
    api = cluster(BUSY)
    error = refused(lambda: spare(api, running_fate_jobs="wait", wait_timeout=0.05))
    assert error.kind is Kind.TIMEOUT
    assert "still run after" in error.msg
    assert error.result["changed"] is False
    assert api.writes == []


def test_wait_does_not_wait_for_a_right_that_is_missing() -> None:
    api = cluster(recorded("forbidden"))
    assert refused(lambda: spare(api, running_fate_jobs="wait")).kind is Kind.BUSY
    assert len(api.asked) == 1


def test_a_fate_flow_that_is_not_ready_does_not_stop_its_repair() -> None:
    (warning,) = spare(cluster(BUSY, pods=(pod(ready=False),)))
    assert "was not asked for running jobs" in warning


def test_many_jobs_are_counted_and_not_all_named() -> None:
    answer = json.loads(json.dumps(BUSY))
    row = answer["data"]["data"][0]
    answer["data"]["data"] = [{**row, "job_id": f"job-{number:02}"} for number in range(12)]
    error = refused(lambda: spare(cluster(answer)))
    assert "12 training jobs" in error.msg
    assert error.msg.endswith("and 7 more. Nothing was changed.")
    assert len(error.resources) == 12


# check mode -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "mode", "said", "hint"),
    [
        (BUSY, "fail", "2 training jobs", "will be refused"),
        (BUSY, "wait", "2 training jobs", "will be waited for"),
        (recorded("forbidden"), "fail", "It is unknown whether training jobs run.", "Grant"),
    ],
)
def test_check_mode_shows_what_would_stop_the_plan(answer: Any, mode: str, said: str, hint: str) -> None:
    api = cluster(answer)
    plan = noted(context(api, running_fate_jobs=mode), restarting(), current(api))
    assert not plan.errors
    (finding,) = plan.findings
    assert said in finding.text
    assert hint in finding.hint


@pytest.mark.parametrize("mode", ["fail", "wait"])
def test_check_mode_is_silent_where_nothing_would_stop_the_plan(mode: str) -> None:
    api = cluster(IDLE)
    assert noted(context(api, running_fate_jobs=mode), restarting(), current(api)) == restarting()


# everything that takes pods ---------------------------------------------------------------------------------------
def planned(api: FlowApi) -> Planned:
    found = find_release(api, NAME, SPACE)
    goal = Target(NAME, SPACE, chart({"Chart.yaml": "name: fate\nversion: 1.0.0"}), {}, (), frozenset(), "x")
    gathered = Gathered(NAME, SPACE, True, found.releases, {}, {}, {})
    return Planned(goal, found, Objects(api, [SPACE]), gathered, None, restarting())


VERBS: dict[str, Callable[[FlowApi, bool], Any]] = {
    "present": lambda api, check: change(context(api), planned(api)),
    "absent": lambda api, check: absent(context(api), NAME, SPACE, check_mode=check),
    "stopped": lambda api, check: run_verb(context(api), "stopped", NAME, SPACE, [], check_mode=check),
    "restarted": lambda api, check: run_verb(context(api), "restarted", NAME, SPACE, ["python"], check_mode=check),
    "rolled_back": lambda api, check: rolled_back(context(api), NAME, SPACE, 1, check_mode=check),
}


def rolled(answer: Any) -> FlowApi:
    """A cluster whose second revision has another image than the first."""
    api = cluster(answer)
    newer = workload()
    newer["spec"]["template"]["spec"]["containers"][0]["image"] = "python:2"
    api.put({**record(1), "metadata": {**record(1)["metadata"], "labels": labels(1, "superseded")}})
    api.put(record(2, manifest=[service(), newer, workload("fateboard", "Deployment")]))
    live = {**newer, "status": {"replicas": 1}}
    api.put(live)
    return api


def labels(revision: int, status: str) -> dict[str, str]:
    return {"owner": "helm", "name": NAME, "version": str(revision), "status": status}


def of(verb: str, answer: Any) -> FlowApi:
    api = rolled(answer) if verb == "rolled_back" else cluster(answer)
    api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    return api


@pytest.mark.parametrize("verb", VERBS)
def test_whatever_takes_pods_changes_nothing_while_jobs_run(verb: str) -> None:
    api = of(verb, BUSY)
    error = refused(lambda: VERBS[verb](api, False))
    assert JOB.job_id in error.msg
    assert error.kind is Kind.BUSY
    assert error.result["changed"] is False
    assert {line.partition("/namespaces/")[2].split("/")[1] for line in api.writes} == {"leases"}
    assert not [ref for ref in api.objects if ref.kind == "Lease"]


@pytest.mark.parametrize("verb", sorted({*VERBS} - {"present"}))
def test_in_check_mode_it_is_a_finding_and_no_error(verb: str) -> None:
    api = of(verb, BUSY)
    outcome = VERBS[verb](api, True)
    assert [finding["level"] for finding in outcome["plan"]["findings"]] == ["warning"]
    assert JOB.job_id in outcome["plan"]["findings"][0]["text"]
    assert api.writes == []


def test_a_stop_goes_on_when_no_job_runs() -> None:
    api = cluster(IDLE)
    outcome = VERBS["stopped"](api, False)
    assert outcome["changed"]
    assert api.objects[Ref("apps/v1", "StatefulSet", SPACE, "python")]["spec"]["replicas"] == 0
