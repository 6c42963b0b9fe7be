# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a network of its own (see test_api_server.py): prints what a deployer learns of a FATE-Flow through a real
API server, step by step, as JSON.

API servers pass requests on to addresses of pods, and take no loopback address for one. Here the loopback device has
another address, which FATE-Flow listens on and one pod has; nobody else can reach it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.grants import apply_grant, grant_changes
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.identity import token_for
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.parts import Part, parse
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.users import deployer_grant
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.lifecycle import run_verb
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.asking import ask
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.model import Unknown
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.servers.fateflow import FateFlow
from ansible_collections.federatedai.kubefate.tests.servers.flowpython import FlowPython
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.kit import SPACE, service, workload
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.test_training import NAME, record

ADDRESS = "10.99.0.1"
POD = Ref("v1", "Pod", SPACE, "python-0")
STATEFUL_SET = Ref("apps/v1", "StatefulSet", SPACE, "python")


def deploy(api: Api) -> list[dict[str, Any]]:
    """A release of FATE-Flow alone, and two service accounts: a deployer, and one without the right to ask."""
    deployed: dict[str, tuple[Part, ...]] = {
        "fate-deployer": parse(api, ["apps/v1/StatefulSet", "v1/Service/fateflow"]),
        "other": parse(api, ["apps/v1/StatefulSet", "v1/Service/other"]),
    }
    for name, parts in deployed.items():
        apply_grant(api, grant_changes(deployer_grant(name, SPACE, "kubefate", parts), api.find))
    stateful_set = workload(serviceName="fateflow")
    stateful_set["metadata"] = {key: stateful_set["metadata"][key] for key in ("name", "namespace", "labels")}
    headless = service()
    headless["spec"]["clusterIP"] = "None"
    manifest = [headless, stateful_set]
    for obj in (*manifest, record(manifest=manifest)):
        api.create(obj)
    return manifest


def make_ready(api: Api) -> None:
    """Say in the place of a kubelet that the pod is ready, and wait until the API server passes requests on to it."""
    await_true(lambda: (api.find(POD) or {}).get("status", {}).get("phase") == "Running")
    status = {
        "phase": "Running",
        "podIP": ADDRESS,
        "podIPs": [{"ip": ADDRESS}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    api.patch(POD, {"status": status}, subresource="status")
    slices = ("discovery.k8s.io/v1", "EndpointSlice", SPACE)
    await_true(lambda: ADDRESS in json.dumps([found.get("endpoints") for found in api.list_objects(*slices)]))


def await_true(asked: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not asked():
        if time.monotonic() > end:
            raise SystemExit("this took more than 60 s")
        time.sleep(0.2)


def learn(api: Api, folder: Path) -> dict[str, Any]:
    manifest = deploy(api)
    deployer, other = (
        Api(api.connection.with_token(token_for(api, name, SPACE), name)) for name in ("fate-deployer", "other")
    )

    def verdict(who: Api) -> dict[str, Any]:
        found = ask(who, manifest, SPACE)
        return {**dataclasses.asdict(found), "known": not isinstance(found, Unknown)}

    def restart(**options: Any) -> dict[str, Any]:
        context = Context(deployer, Helm(FakeRunner(), "helm"), Options(wait=False, **options), "test")
        try:
            done = run_verb(context, "restarted", NAME, SPACE, [], check_mode=False)
            return {"msg": "", "changed": done["changed"], "job": done["job"]}
        except KubefateError as error:
            return {"msg": error.msg, "changed": bool(error.result.get("changed"))}

    learnt: dict[str, Any] = {}
    await_true(lambda: api.find(POD) is not None)
    make_ready(api)
    learnt["gone"] = verdict(deployer)
    with FlowPython() as python, FateFlow(python, folder, address=ADDRESS, ports=[9380, 9360]) as flow:
        learnt["idle"] = verdict(deployer)
        learnt["job"] = flow.submit(2, ("guest", "9999"), ("host", "10000"))
        flow.await_status(learnt["job"], "running")
        learnt["running"] = verdict(deployer)
        learnt["forbidden"] = verdict(other)
        learnt["refused"] = restart()
        learnt["untouched"] = api.read(STATEFUL_SET)["metadata"]["generation"] == 1
        flow.end_tasks()
        learnt["restarted"] = restart(running_fate_jobs="wait")
    return learnt


def main() -> None:
    sandbox_python, sandbox, folder = sys.argv[1:]
    for argv in (["link", "set", "lo", "up"], ["address", "add", f"{ADDRESS}/32", "dev", "lo"]):
        subprocess.run(["ip", *argv], check=True)
    program = [sandbox_python, sandbox, "--name", f"real-{os.getpid()}"]
    try:
        subprocess.run([*program, "up"], check=True, stdout=sys.stderr)
        found = subprocess.run([*program, "kubeconfig"], check=True, capture_output=True, text=True).stdout.strip()
        print(json.dumps(learn(Api(resolve({"kubeconfig": found}, {})), Path(folder))))
    finally:
        subprocess.run([*program, "down"], check=False, stdout=sys.stderr)


if __name__ == "__main__":
    main()
