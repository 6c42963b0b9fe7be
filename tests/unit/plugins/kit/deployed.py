# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a release that is deployed, as an API server has them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.health.pods import SIMULATED
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import dump_yaml


def record(name: str, namespace: str, manifest: Sequence[Any]) -> dict[str, Any]:
    """helm's record of the only revision of a release."""
    body = {
        "name": name,
        "version": 1,
        "info": {"status": "deployed"},
        "chart": {"metadata": {"name": "fate", "version": "1.0.0"}},
        "manifest": "\n---\n".join(dump_yaml(obj) for obj in manifest),
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode()))).decode()
    labels = {"owner": "helm", "name": name, "version": "1", "status": "deployed"}
    metadata = {"name": f"sh.helm.release.v1.{name}.v1", "namespace": namespace, "labels": labels}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": metadata,
        "data": {"release": packed},
    }


def pod(workload: Mapping[str, Any], *, ready: bool = True, simulated: bool = False) -> dict[str, Any]:
    """A pod of a workload that has a uid. Those of a Deployment are known by their labels."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if simulated:
        conditions.append({"type": SIMULATED, "status": "True"})
    found = workload["metadata"]
    owner = {"kind": workload["kind"], "name": found["name"], "uid": found["uid"], "controller": True}
    metadata: dict[str, Any] = {"name": f"{found['name']}-0", "namespace": found["namespace"]}
    metadata["labels"] = workload["spec"]["template"]["metadata"]["labels"]
    if workload["kind"] != "Deployment":
        metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"conditions": conditions}}


def secret(name: str, namespace: str, values: Mapping[str, str]) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}
