# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release with FATE-Flow as charts make it, and what was recorded of FATE-Flow and of the API server's proxy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.pods import SIMULATED
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal

FIXTURES = Path(__file__).parent / "fixtures"
FLOW: dict[str, Any] = json.loads((FIXTURES / "flow-2.2.0.json").read_text(encoding="utf-8"))
REFUSALS: dict[str, Any] = json.loads((FIXTURES / "api-server.json").read_text(encoding="utf-8"))
SPACE = "fate-9999"
LABELS = {"name": "fate-9999", "partyId": "9999", "fateMoudle": "python"}


def workload(module: str = "python", kind: str = "StatefulSet", **spec: Any) -> dict[str, Any]:
    """A workload of a manifest."""
    labels = {**LABELS, "fateMoudle": module}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": module, "image": f"{module}:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": module,
            "namespace": SPACE,
            "uid": f"uid-{module}",
            "labels": {**labels, "cluster": "fate"},
            "generation": 1,
        },
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def service(name: str = "fateflow", port: int = 9380, port_name: str = "tcp-http", **labels: str) -> dict[str, Any]:
    ports = [{"name": "tcp-grpc", "port": 9360}, {"name": port_name, "port": port, "targetPort": port}]
    metadata = {"name": name, "namespace": SPACE, "labels": {**LABELS, "fateMoudle": "fateflow"}}
    spec = {"selector": labels or LABELS, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def pod(*, ready: bool = True, simulated: bool = False) -> dict[str, Any]:
    """The pod of the workload."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if simulated:
        conditions.append({"type": SIMULATED, "status": "True"})
    owner = {"kind": "StatefulSet", "name": "python", "uid": "uid-python", "controller": True}
    metadata = {"name": "python-0", "namespace": SPACE, "labels": LABELS, "ownerReferences": [owner]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "status": {"phase": "Running", "conditions": conditions},
    }


def recorded(name: str) -> ApiError:
    """A refusal of the API server as ``Api`` raises it."""
    said = REFUSALS[name]
    error = refusal(said["status"], said["body"]["message"])
    error.body = dict(said["body"])
    return error


class FlowApi(MemoryApi):
    """An API server in memory whose Service proxy gives FATE-Flow's answers, in their order, the last one again and
    again."""

    def __init__(self, *objects: Mapping[str, Any], answers: tuple[Any, ...] = (FLOW["idle"],)):
        super().__init__(*objects)
        self.answers = answers
        self.asked: list[str] = []
        self.inside: Ran | KubefateError = refusal(403, "pods/exec is forbidden")
        self.executed: list[tuple[Ref, str, Sequence[str]]] = []

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        """The answer of FATE-Flow's pod: inside."""
        self.executed.append((ref, container, command))
        if isinstance(self.inside, KubefateError):
            raise self.inside
        return self.inside

    def _answer(self, sent: Sent) -> dict[str, Any]:
        if "/proxy/" not in sent.path:
            return super()._answer(sent)
        self.asked.append(sent.path)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, ApiError):
            raise answer
        return answer  # type: ignore[no-any-return]
