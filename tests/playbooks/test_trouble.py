"""What goes wrong while a cluster starts: each cause is found, named early, and borne for as long as it is worth."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import yaml
from support import HELM4_AND_IN_LONG_HELM3, Federation, Run, workload

SIMULATE = "kubefate.federatedai.org/simulate"
EARLY_SECONDS = 10
"""Within so many seconds of a cause's own event it is named."""


@pytest.fixture
def space(federation: Federation) -> Federation:
    federation.kubectl("create", "namespace", f"{federation.prefix}-objects")
    return federation


def failing(mode: str, **pod: Any) -> dict[str, Any]:
    return workload("engine", annotations={SIMULATE: mode}, **pod)


def result_of(run: Run) -> dict[str, Any]:
    return dict(run.of("Deploy objects")["localhost"])


def assert_failed(run: Run, kind: str, *words: str) -> dict[str, Any]:
    assert run.code != 0
    result = result_of(run)
    assert result["failure"]["kind"] == kind, result["msg"]
    for word in words:
        assert word in result["msg"], result["msg"]
    assert result["job"]["status"] in ("Failed", "Timeout")
    assert result["job"]["failure"]["kind"] == kind, "the evidence is in the job"
    return result


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def assert_named_early(space: Federation, result: dict[str, Any], reason: str, word: str) -> None:
    """That the job's record names the cause soon after Kubernetes' own event of that reason."""
    events = json.loads(space.in_objects("get", "events", "--output", "json"))["items"]
    times = [event.get("firstTimestamp") or event["eventTime"] for event in events if event["reason"] == reason]
    assert times, f"no event {reason}: {sorted({event['reason'] for event in events})}"
    named = [event["time"] for event in result["job"]["events"] if word in event["message"]]
    assert named, result["job"]["events"]
    seconds = (min(map(moment, named)) - min(map(moment, times))).total_seconds()
    print(f"named {seconds:.0f} s after the event {reason}")
    assert seconds <= EARLY_SECONDS


def test_an_image_that_is_not_found_is_named_with_image_node_and_the_registry_s_words(space: Federation) -> None:
    run = space.deploy_objects(failing("image-pull"), patience={"image_missing": 2})
    result = assert_failed(run, "unhealthy", "example.test/program:1", "simulated-", "failed to pull")
    assert "Check image name and tag" in result["failure"]["hint"]
    assert_named_early(space, result, "Failed", "example.test")


def test_a_crash_loop_is_borne_and_named_with_exit_code_and_restarts(space: Federation) -> None:
    run = space.deploy_objects(failing("crash-loop"), wait_timeout=8)
    result = assert_failed(run, "timeout", "engine", "exit code 1")
    assert_named_early(space, result, "BackOff", "exit code 1")


def test_a_crash_loop_is_given_up_after_five_restarts_when_nothing_gets_on(space: Federation) -> None:
    run = space.deploy_objects(failing("crash-loop"), patience={"crash_loop": 1}, wait_timeout=120)
    result = assert_failed(run, "unhealthy", "exit code 1")
    started, ended = moment(result["job"]["start"]), moment(result["job"]["end"])
    assert (ended - started).total_seconds() < 60, "not until the time is up"


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"requests": {"cpu": "100k"}}, "cpu"),
        ({"requests": {"memory": "900Ti"}}, "memory"),
        ({"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "1"}}, "nvidia.com/gpu"),
    ],
    ids=["cpu", "memory", "gpu"],
)
def test_what_no_node_has_room_for_is_named_and_borne(space: Federation, resources: dict[str, Any], said: str) -> None:
    run = space.deploy_objects(workload("engine", resources=resources), wait_timeout=3)
    result = assert_failed(run, "timeout", "engine", f"Insufficient {said}", f"{said}: the pod asks for", "are missing")
    assert_named_early(space, result, "FailedScheduling", f"Insufficient {said}")


def claim(storage_class: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def test_a_claim_whose_storage_class_does_not_exist_is_named_and_borne(space: Federation) -> None:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    run = space.deploy_objects(claim("no-such-class"), workload("engine", volumes=volumes), wait_timeout=3)
    result = assert_failed(run, "timeout", "data", "no-such-class")
    assert_named_early(space, result, "ProvisioningFailed", "no-such-class")


def test_a_claim_that_waits_for_its_first_consumer_is_no_trouble(space: Federation) -> None:
    run = space.deploy_objects(claim("standard-first-consumer"), workload("engine"), wait_timeout=20)
    assert run.code == 0, result_of(run).get("msg")


def test_a_quota_that_forbids_pods_is_named(space: Federation) -> None:
    space.in_objects("create", "quota", "none", "--hard=pods=0")
    run = space.deploy_objects(workload("engine"), patience={"quota": 1})
    result = assert_failed(run, "unhealthy", "exceeded quota")
    assert_named_early(space, result, "FailedCreate", "exceeded quota")


def test_pods_that_an_admission_policy_forbids_are_named(space: Federation) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    space.kubectl("label", "namespace", f"{space.prefix}-objects", label)
    run = space.deploy_objects(workload("engine", hostNetwork=True), patience={"admission": 1})
    result = assert_failed(run, "unhealthy", "violates PodSecurity")
    assert_named_early(space, result, "FailedCreate", "violates PodSecurity")


def test_a_container_that_cannot_be_created_is_named(space: Federation) -> None:
    run = space.deploy_objects(failing("config-error"), patience={"config_error": 1})
    result = assert_failed(run, "unhealthy", "engine", "CreateContainerConfigError")
    assert_named_early(space, result, "Failed", "CreateContainerConfigError")


def test_a_job_of_the_chart_that_fails_is_named(space: Federation) -> None:
    job = workload("setup", "Job", annotations={SIMULATE: "job-fail"})
    run = space.deploy_objects(job, patience={"job_failed": 1})
    result = assert_failed(run, "unhealthy", "setup", "BackoffLimitExceeded")
    assert_named_early(space, result, "BackoffLimitExceeded", "BackoffLimitExceeded")


def hook(mode: str) -> dict[str, Any]:
    job = workload("prepare", "Job", annotations={SIMULATE: mode})
    job["metadata"]["annotations"] = {"helm.sh/hook": "pre-install,pre-upgrade"}
    return job


@HELM4_AND_IN_LONG_HELM3
def test_a_hook_that_fails_ends_helm_and_is_named(space: Federation) -> None:
    run = space.deploy_objects(workload("engine"), hook("job-fail"))
    result = assert_failed(run, "helm", "failed pre-install")
    assert_named_early(space, result, "BackoffLimitExceeded", "prepare")


@pytest.mark.parametrize("federation", ["KUBEFATE_HELM3", "KUBEFATE_HELM4"], indirect=True, ids=["helm3", "helm4"])
def test_a_hook_that_hangs_is_named_while_helm_waits_and_helm_is_ended(space: Federation) -> None:
    run = space.deploy_objects(workload("engine"), hook("image-pull"), patience={"image_missing": 2})
    result = assert_failed(run, "unhealthy", "hook of the chart", "example.test/program:1")
    assert_named_early(space, result, "Failed", "example.test/program:1")
    started, ended = moment(result["job"]["start"]), moment(result["job"]["end"])
    assert (ended - started).total_seconds() < 60, "helm would have waited for five minutes"
    assert result["cluster"]["status"] == "failed"
    repaired = space.deploy_objects(workload("engine"))
    assert repaired.code == 0, "the next run goes on from a failed revision"


def test_a_failure_as_json_has_what_a_pipeline_needs(space: Federation) -> None:
    run = space.deploy_objects(failing("image-pull"), patience={"image_missing": 1})
    result = result_of(run)
    resource = result["failure"]["resources"][0]
    assert resource["kind"] == "Pod"
    assert resource["reason"] in ("ErrImagePull", "ImagePullBackOff")
    assert any("Failed" in yaml.safe_dump(event) for event in resource["events"])
    sub_jobs = {sub["module"]: sub["status"] for sub in result["job"]["sub_jobs"]}
    assert sub_jobs == {"engine": "Failed"}
