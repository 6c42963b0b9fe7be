"""Runs that are killed, servers that go away, others who work on the same release: the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Federation, Run, workload

SIMULATE = "kubefate.federatedai.org/simulate"
HELD = "test.example/held"


def slow(seconds: int) -> dict[str, Any]:
    return workload("engine", annotations={SIMULATE: "slow-ready", f"{SIMULATE}-delay": f"{seconds}s"})


def hanging_hook(events: str) -> dict[str, Any]:
    """A Job for which helm waits until it is ended."""
    job = workload("prepare", "Job", annotations={SIMULATE: "never-ready"})
    job["metadata"]["annotations"] = {"helm.sh/hook": events, "helm.sh/hook-delete-policy": "before-hook-creation"}
    return job


def status_of(federation: Federation) -> list[str]:
    """Status of each revision of the release, oldest first."""
    listed = federation.in_objects("get", "secrets", "--selector", "owner=helm", "--output", "json", check=False)
    items = json.loads(listed)["items"] if listed else []
    labels = [item["metadata"]["labels"] for item in items]
    return [entry["status"] for entry in sorted(labels, key=lambda entry: int(entry["version"]))]


def until(condition: Callable[[], object], seconds: float = 30, pause: float = 0.3) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(pause)


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for the whole run, as when a CI runner is taken away."""
    assert process.poll() is None, process.communicate()[0]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def helm_processes(federation: Federation) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{federation.prefix}-objects" in line and "helm" in line.split(" ")[0]:
            found.append(line)
    return found


def result_of(run: Run) -> dict[str, Any]:
    return dict(run.of("Deploy objects")["localhost"])


def jobs(federation: Federation) -> list[dict[str, Any]]:
    play = f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Read jobs
              federatedai.kubefate.fate_job_info:
                kubeconfig: {federation.kubeconfig}
                store_namespace: {federation.prefix}-store
        """
    return list(federation.play(federation.write_playbook(play)).of("Read jobs")["localhost"]["jobs"])


@pytest.mark.parametrize("federation", ["KUBEFATE_HELM3"], indirect=True, ids=["helm3"])
def test_killed_while_helm_installs_the_next_run_goes_on_at_once(federation: Federation) -> None:
    running = federation.start(federation.objects_playbook(workload("engine"), hanging_hook("pre-install")))
    until(lambda: status_of(federation) == ["pending-install"])
    kill(running)
    until(lambda: not helm_processes(federation), 5)  # helm died with its parent
    assert status_of(federation) == ["pending-install"]
    begun = time.monotonic()
    again = federation.deploy_objects(workload("engine"))
    assert again.code == 0
    assert result_of(again)["cluster"]["ready"]
    assert "was left pending-install" in json.dumps(result_of(again)["job"]["events"])
    assert time.monotonic() - begun < 90, (
        "the lease of a dead run is waited for, not the ten minutes of pending_timeout"
    )
    assert federation.deploy_objects(workload("engine")).changed() == 0
    assert {job["status"] for job in jobs(federation)} == {"Success", "Superseded"}


@pytest.mark.parametrize("federation", ["KUBEFATE_HELM4"], indirect=True, ids=["helm4"])
def test_killed_while_helm_upgrades_the_next_run_goes_on(federation: Federation) -> None:
    assert federation.deploy_objects(workload("engine")).code == 0
    changed = workload("engine", image="example.test/program:2")
    running = federation.start(federation.objects_playbook(changed, hanging_hook("pre-upgrade")))
    until(lambda: status_of(federation)[-1] == "pending-upgrade")
    kill(running)
    again = federation.deploy_objects(changed)
    assert again.code == 0
    image = federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={..image}")
    assert image == "example.test/program:2"
    assert federation.deploy_objects(changed).changed() == 0


@pytest.mark.long
def test_killed_while_helm_rolls_back_the_next_run_goes_on_at_once(federation: Federation) -> None:
    assert federation.deploy_objects(workload("engine"), hanging_hook("pre-rollback")).code == 0
    changed = workload("engine", image="example.test/program:2")
    assert federation.deploy_objects(changed).code == 0
    running = federation.start(federation.objects_playbook(changed, state="rolled_back"))
    until(lambda: status_of(federation)[-1] == "pending-rollback")
    kill(running)
    again = federation.deploy_objects(changed)
    assert again.code == 0, "it is ours, so nobody waits for pending_timeout"
    image = federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={..image}")
    assert image == "example.test/program:2"
    assert federation.deploy_objects(changed).changed() == 0


@pytest.mark.long
def test_killed_while_it_waits_the_job_is_finished_by_whoever_looks(federation: Federation) -> None:
    running = federation.start(federation.objects_playbook(slow(8)))
    until(lambda: status_of(federation) == ["deployed"])
    time.sleep(1)
    kill(running)
    until(lambda: federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={.status.readyReplicas}"))
    until(lambda: jobs(federation)[0]["status"] == "Success", 90, pause=10)
    assert federation.deploy_objects(slow(8)).changed() == 0


def test_killed_while_it_removes_the_next_run_finishes(federation: Federation) -> None:
    held = workload("engine")
    held["spec"]["template"]["metadata"]["finalizers"] = [HELD]
    assert federation.deploy_objects(held).code == 0
    running = federation.start(federation.objects_playbook(held, state="absent"))
    until(lambda: not federation.in_objects("get", "deployment", "--output", "name"))
    time.sleep(0.5)
    kill(running)
    pod = federation.in_objects("get", "pods", "--output", "name").strip()
    federation.in_objects("patch", pod, "--type=json", "--patch", '[{"op": "remove", "path": "/metadata/finalizers"}]')
    again = federation.deploy_objects(held, state="absent")
    assert again.code == 0
    assert status_of(federation) == []
    fresh = federation.deploy_objects(workload("engine"))
    assert fresh.code == 0, "what was removed can be installed again"


def test_two_controllers_at_once_do_one_thing_after_the_other(federation: Federation) -> None:
    first = federation.start(federation.objects_playbook(slow(6)))
    until(lambda: status_of(federation) == ["deployed"])
    second = federation.deploy_objects(slow(7))
    text, _nothing = first.communicate(timeout=60)
    assert first.returncode == 0, text
    assert second.code == 0
    assert "who works on this release" in second.text, "the other one is named"
    assert status_of(federation) == ["superseded", "deployed"]


def test_a_lock_that_is_held_longer_than_one_waits_is_an_error_that_names_its_holder(federation: Federation) -> None:
    first = federation.start(federation.objects_playbook(slow(12)))
    until(lambda: status_of(federation) == ["deployed"])
    second = federation.deploy_objects(slow(7), lock_timeout=1)
    assert second.code != 0
    result = result_of(second)
    assert result["failure"]["kind"] == "locked"
    assert "process" in result["msg"], "the holder is named"
    assert status_of(federation) == ["deployed"], "nothing was changed"
    assert first.wait(60) == 0
    first.communicate()


def leave_pending(federation: Federation) -> None:
    """helm alone, killed while it upgrades: a pending revision that nobody of ours has made."""
    chart = federation.folder / "plain"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: objects\nversion: 0.1.0\n")
    objects = [workload("engine", image="example.test/program:3"), hanging_hook("pre-upgrade")]
    (chart / "templates" / "all.yaml").write_text("\n---\n".join(json.dumps(item) for item in objects))
    helm = subprocess.Popen(
        [federation.helm, "upgrade", "objects", str(chart), "--namespace", f"{federation.prefix}-objects"],
        env={"KUBECONFIG": str(federation.kubeconfig), "HOME": str(federation.folder), "PATH": os.environ["PATH"]},
    )
    until(lambda: status_of(federation)[-1] == "pending-upgrade")
    helm.kill()
    helm.wait()


def test_a_pending_revision_of_somebody_else_is_left_alone_until_it_is_old_or_forced(federation: Federation) -> None:
    assert federation.deploy_objects(workload("engine")).code == 0
    leave_pending(federation)
    refused = federation.deploy_objects(workload("engine"))
    assert refused.code != 0
    assert result_of(refused)["failure"]["kind"] == "locked"
    assert "force_unlock: true" in refused.text
    assert status_of(federation)[-1] == "pending-upgrade"
    forced = federation.deploy_objects(workload("engine"), force_unlock=True)
    assert forced.code == 0
    assert result_of(forced)["cluster"]["ready"]


@pytest.mark.long
def test_a_pending_revision_of_somebody_else_is_taken_over_when_it_is_old(federation: Federation) -> None:
    assert federation.deploy_objects(workload("engine")).code == 0
    leave_pending(federation)
    assert federation.deploy_objects(workload("engine"), pending_timeout=1).code == 0


@pytest.mark.parametrize("verb", ["rollback", "uninstall", pytest.param("upgrade", marks=pytest.mark.long)])
def test_what_somebody_does_with_helm_by_hand_is_named_and_converges(federation: Federation, verb: str) -> None:
    first, second = workload("engine"), workload("engine", image="example.test/program:2")
    assert federation.deploy_objects(first).code == 0
    assert federation.deploy_objects(second).code == 0
    arguments = {
        "rollback": ["rollback", "objects", "1"],
        "uninstall": ["uninstall", "objects"],
        "upgrade": ["upgrade", "objects", federation.objects_chart(), "--set-json", "objects=[]"],
    }[verb]
    helm = [federation.helm, *arguments, "--namespace", f"{federation.prefix}-objects"]
    known = {"KUBECONFIG": str(federation.kubeconfig), "HOME": str(federation.folder), "PATH": os.environ["PATH"]}
    subprocess.run(helm, env=known, check=True, capture_output=True)
    planned = result_of(federation.play(federation.objects_playbook(second), "--check"))
    assert planned["changed"]
    said = {
        "rollback": "revision 3 was made without this collection (Rollback to 1)",
        "uninstall": "is gone: it was uninstalled without this collection",
        "upgrade": "revision 3 was made without this collection (Upgrade complete)",
    }
    assert said[verb] in planned["plan"]["reason"]
    converged = federation.deploy_objects(second)
    assert converged.code == 0
    image = federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={..image}")
    assert image == "example.test/program:2"
    assert federation.deploy_objects(second).changed() == 0


def test_a_namespace_that_is_being_deleted_is_an_error_before_anything_is_changed(federation: Federation) -> None:
    space = f"{federation.prefix}-objects"
    federation.kubectl("create", "namespace", space)
    federation.in_objects("create", "configmap", "held")
    patch = json.dumps({"metadata": {"finalizers": [HELD]}})
    federation.in_objects("patch", "configmap", "held", "--type=merge", "--patch", patch)
    federation.kubectl("delete", "namespace", space, "--wait=false")
    try:
        run = federation.deploy_objects(workload("engine"))
        assert run.code != 0
        assert "is being deleted" in result_of(run)["msg"]
        assert "finalizers" in result_of(run)["failure"]["hint"]
    finally:
        federation.in_objects("patch", "configmap", "held", "--type=merge", "--patch", '{"metadata":{"finalizers":[]}}')


@dataclass(slots=True)
class Sandbox:
    """A sandbox of one test, whose parts may be killed."""

    command: list[str]

    def run(self, *arguments: str) -> str:
        return subprocess.run([*self.command, *arguments], check=True, capture_output=True, text=True).stdout

    def kill_api_server(self) -> None:
        status = json.loads(self.run("status", "--json"))
        pid = next(item["pid"] for item in status["components"] if item["name"] == "kube-apiserver")
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    """Beside the one that other tests use at the same time."""
    made = Sandbox([sys.executable, str(ROOT / "sandbox"), "--name", f"recovery-{uuid.uuid4().hex[:4]}"])
    made.run("up")
    try:
        yield made
    finally:
        made.run("down")


def test_an_api_server_that_goes_away_and_comes_back_does_not_end_the_waiting(
    federation: Federation, own_sandbox: Sandbox
) -> None:
    there = replace(federation, kubeconfig=Path(own_sandbox.run("kubeconfig").strip()))
    running = there.start(there.objects_playbook(slow(12)))
    until(lambda: status_of(there) == ["deployed"])
    own_sandbox.kill_api_server()
    time.sleep(2)
    own_sandbox.run("up")
    text, _nothing = running.communicate(timeout=90)
    assert running.returncode == 0, text
    assert there.deploy_objects(slow(12)).changed() == 0
    assert jobs(there)[0]["status"] == "Success"


def test_only_so_many_job_records_are_kept(federation: Federation) -> None:
    for number in range(4):
        changed = workload("engine", image=f"example.test/program:{number}")
        assert federation.deploy_objects(changed, job_history_max=2).code == 0
    assert [job["revision"] for job in jobs(federation)] == [4, 3]
