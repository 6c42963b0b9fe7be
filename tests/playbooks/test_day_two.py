"""What an operator does after the first day: back to an earlier revision, stop, start, restart, scale, logs, jobs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import STATE, Federation, Run

WITH_HELM4 = pytest.mark.parametrize("federation", ["KUBEFATE_HELM4"], indirect=True, ids=["helm4"])
"""For what helm itself does. All other tests are with Helm 3."""
NO_SUCH_IMAGE = {"fateboard": {"image": "federatedai/no-such"}}


@pytest.fixture
def party(living_party: Federation) -> Federation:
    """One party that is deployed."""
    return living_party


@pytest.fixture
def fresh(federation: Federation) -> Federation:
    """One party that is deployed for this test alone."""
    federation.add("9999")
    assert federation.play("deploy_fate").code == 0
    return federation


def cluster_of(run: Run) -> dict[str, Any]:
    return dict(run.of(STATE)["party-9999"]["cluster"])


def replicas(party: Federation, kind: str, name: str) -> int:
    return int(party.one(kind, name, "party-9999")["spec"]["replicas"])


def job_records(party: Federation) -> list[dict[str, Any]]:
    space = f"{party.prefix}-store"
    listed = party.kubectl("get", "configmaps", "--namespace", space, "--output", "json")
    found = [json.loads(item["data"]["job.json"]) for item in json.loads(listed)["items"] if "job.json" in item["data"]]
    return sorted((job for job in found if job["cluster"].startswith(party.prefix)), key=lambda job: job["start"])


@WITH_HELM4
def test_a_rollback_makes_the_cluster_what_it_was_and_says_so_before(fresh: Federation) -> None:
    refused = fresh.play("rollback_fate", fate_revision=7)
    assert refused.code != 0
    assert "has no revision 7; helm keeps 1 (deployed, fate 1.0.0)" in refused.text
    nothing = fresh.play("rollback_fate")
    assert nothing.code != 0
    assert "no earlier revision that was deployed" in nothing.text
    assert cluster_of(fresh.play("rollback_fate", fate_revision=1))["revision"] == 1, "that is what it is"

    fresh.hosts["party-9999"]["fate_spec"] = {"nodemanager": {"replicas": 3}}
    assert fresh.play("deploy_fate").code == 0
    assert replicas(fresh, "statefulset", "nodemanager") == 3

    planned = fresh.play("rollback_fate", "--check", "--diff")
    assert planned.code == 0
    assert planned.changed() == 1
    assert "-spec.replicas: 3" in planned.text
    assert replicas(fresh, "statefulset", "nodemanager") == 3, "check mode changes nothing"

    done = fresh.play("rollback_fate")
    assert done.code == 0
    assert cluster_of(done)["revision"] == 3
    assert cluster_of(done)["ready"]
    assert replicas(fresh, "statefulset", "nodemanager") == 2
    plan = done.of(STATE)["party-9999"]["plan"]
    assert "nodemanager" in {change["name"] for change in plan["changes"]}
    assert "back to revision 1" in plan["reason"]
    assert job_records(fresh)[-1]["method"] == "ClusterRollback"

    del fresh.hosts["party-9999"]["fate_spec"]
    assert fresh.play("deploy_fate").changed() == 0, "it is what the inventory says again"
    history = fresh.play("clusters", fate_name=f"{fresh.prefix}-9999").of("Look for clusters")["localhost"]
    assert [entry["revision"] for entry in history["clusters"][0]["history"]] == [3, 2, 1]


def test_an_update_that_fails_is_taken_back_when_asked_and_its_evidence_is_kept(fresh: Federation) -> None:
    fresh.hosts["party-9999"]["fate_spec"] = NO_SUCH_IMAGE
    failed = fresh.play("deploy_fate", fate_on_failure="rollback", fate_patience={"image_missing": 1})
    assert failed.code != 0
    result = failed.of(STATE)["party-9999"]
    assert "rolled back to what revision 1 was" in result["msg"]
    assert result["failure"]["kind"] == "unhealthy"
    job = job_records(fresh)[-1]
    assert job["status"] == "Rollback"
    assert "no-such" in json.dumps(job["failure"]["resources"]), "what failed can still be read"
    image = fresh.one("deployment", "fateboard", "party-9999")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert "no-such" not in image
    del fresh.hosts["party-9999"]["fate_spec"]
    again = fresh.play("deploy_fate")
    assert again.code == 0
    assert again.changed() == 0


def test_an_update_that_fails_stays_as_it_is_by_default(party: Federation) -> None:
    party.hosts["party-9999"]["fate_spec"] = NO_SUCH_IMAGE
    assert party.play("deploy_fate", fate_patience={"image_missing": 1}).code != 0
    image = party.one("deployment", "fateboard", "party-9999")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert "no-such" in image
    assert job_records(party)[-1]["status"] == "Failed"


def test_a_cluster_is_stopped_and_started_with_its_data(party: Federation) -> None:
    claims = {item["metadata"]["uid"] for item in party.objects("persistentvolumeclaims", "party-9999")}
    stopped = party.play("stop_fate")
    assert stopped.code == 0
    assert cluster_of(stopped)["state"] == "suspended"
    assert party.objects("pods", "party-9999") == []
    assert {item["metadata"]["uid"] for item in party.objects("persistentvolumeclaims", "party-9999")} == claims
    assert party.play("stop_fate").changed() == 0
    shown = party.play("status")
    assert "SUSPENDED" in shown.message("The federation now")

    assert replicas(party, "statefulset", "nodemanager") == 0
    started = party.play("start_fate")
    assert started.code == 0
    assert cluster_of(started)["ready"]
    assert replicas(party, "statefulset", "nodemanager") == 2
    assert party.play("start_fate").changed() == 0
    assert party.play("deploy_fate").changed() == 0
    assert [job["method"] for job in job_records(party)[-2:]] == ["ClusterStop", "ClusterStart"]


@WITH_HELM4
def test_deploying_starts_what_was_stopped(fresh: Federation) -> None:
    assert fresh.play("stop_fate").code == 0
    planned = fresh.play("deploy_fate", "--check", "--diff")
    assert "the cluster was stopped" in planned.text
    assert fresh.play("deploy_fate").code == 0
    assert replicas(fresh, "statefulset", "nodemanager") == 2
    assert fresh.play("deploy_fate").changed() == 0


@pytest.mark.long
def test_deploying_something_else_starts_what_was_stopped(fresh: Federation) -> None:
    assert fresh.play("stop_fate").code == 0
    fresh.hosts["party-9999"]["fate_spec"] = {"nodemanager": {"replicas": 3}}
    changed = fresh.play("deploy_fate")
    assert changed.code == 0
    assert replicas(fresh, "statefulset", "nodemanager") == 3
    assert replicas(fresh, "statefulset", "mysql") == 1
    assert fresh.play("deploy_fate").changed() == 0


def test_a_restart_replaces_the_pods_of_the_modules_that_are_named(party: Federation) -> None:
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in party.objects("pods", "party-9999")}
    restarted = party.play("restart_fate", fate_modules=["nodemanager"])
    assert restarted.code == 0
    assert cluster_of(restarted)["ready"]
    after = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in party.objects("pods", "party-9999")}
    assert {name for name in before if after.get(name) != before[name]} == {"nodemanager-0", "nodemanager-1"}
    assert party.play("deploy_fate").changed() == 0, "the annotation of a restart is no drift"
    wrong = party.play("restart_fate", fate_modules=["nodemanger"])
    assert wrong.code != 0
    assert "has no module nodemanger; it has clustermanager, fateboard" in wrong.text


def test_scaling_is_for_the_time_being(party: Federation) -> None:
    scaled = party.play("scale_fate", fate_scale={"nodemanager": 3})
    assert scaled.code == 0
    assert replicas(party, "statefulset", "nodemanager") == 3
    assert party.play("deploy_fate").changed() == 1
    assert replicas(party, "statefulset", "nodemanager") == 2
    assert "Say which modules" in party.play("scale_fate").text


def test_logs_of_all_replicas_come_into_files_that_only_their_owner_reads(party: Federation) -> None:
    folder = party.folder / "logs"
    read = party.play("logs", fate_logs_dir=str(folder), fate_logs={"modules": ["nodemanager"], "since": "1h"})
    assert read.code == 0
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.log"))
    assert [name for name in files if "-wait" not in name and "init" not in name] == [
        "party-9999/nodemanager/nodemanager-0-nodemanager.log",
        "party-9999/nodemanager/nodemanager-1-nodemanager.log",
    ]
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*.log")} == {0o600}
    wrong = party.play("logs", fate_logs_dir=str(folder), fate_logs={"since": "an hour"})
    assert "is not a time" in wrong.text


def test_jobs_are_started_on_one_machine_and_waited_for_on_another(party: Federation) -> None:
    party.hosts["party-9999"]["fate_spec"] = {
        "fateboard": {
            "podAnnotations": {
                "kubefate.federatedai.org/simulate": "slow-ready",
                "kubefate.federatedai.org/simulate-delay": "15s",
            }
        }
    }
    started = party.play("deploy_fate", fate_wait=False)
    assert started.code == 0
    job = started.of(STATE)["party-9999"]["job"]
    assert job["status"] == "Running"
    waited = party.play("wait_for_jobs")
    assert waited.code == 0
    assert "modules ready" in waited.text, "progress is shown while it waits"
    assert job_records(party)[-1]["status"] == "Success"
    described = party.play("jobs", fate_job_id=job["id"]).of("Read the jobs")["party-9999"]["jobs"][0]
    assert {sub["status"] for sub in described["sub_jobs"]} == {"Success"}
    listed = party.play("jobs").of("Read the jobs")["party-9999"]["jobs"]
    assert listed[0]["method"] == "ClusterUpdate"
    assert listed[-1]["method"] == "ClusterInstall"


def test_all_clusters_of_a_kubernetes_are_listed(party: Federation) -> None:
    listed = party.play("clusters")
    assert listed.code == 0
    line = f"{party.prefix}-9999/{party.prefix}-9999: READY, fate 1.0.0, FATE 2.2.0, revision "
    assert line in listed.message("The clusters")
