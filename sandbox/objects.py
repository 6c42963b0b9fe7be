# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that a sandbox has beside those of every Kubernetes: nodes, storage classes and the simulation policy."""

from __future__ import annotations

import platform
from pathlib import Path

from .client import ApiError, Client, Object
from .errors import SandboxError
from .layout import OBJECT_FILES

NODES = 4
# 100 parties request about 2000 CPUs and 4 TiB; a node more is to be left when one is drained.
CAPACITY = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "100Ti", "pods": "5000"}

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_COLLECTIONS = {
    "StorageClass": _STORAGE_CLASSES,
    "MutatingAdmissionPolicy": f"{_ADMISSION}/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": f"{_ADMISSION}/mutatingadmissionpolicybindings",
}

# An own namespace of Kubernetes in which nobody deploys: the trial of the policy disturbs no one there.
_TRIAL = "/api/v1/namespaces/kube-node-lease"
_TRIAL_MODULE = "sandbox-trial"


def furnish(client: Client, kubernetes: str, kwok_port: int) -> None:
    """Creates what is missing; raises ApiError. `kubernetes` is the version that the nodes show."""
    for index in range(1, NODES + 1):
        try:
            client.create("/api/v1/nodes", node(index, kubernetes, kwok_port))
        except ApiError as error:
            if error.status != 409:
                raise
    for content in load_objects():
        name = content["metadata"]["name"]
        client.apply(f"{_COLLECTIONS[content['kind']]}/{name}", content)


def load_objects(folder: Path = OBJECT_FILES) -> list[Object]:
    """The objects of the collection's files; raises SandboxError if the library for it is missing."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise SandboxError("the Python library PyYAML is missing", "Install it: python -m pip install PyYAML") from None
    return [
        content
        for file in sorted(folder.glob("*.yaml"))
        for content in yaml.safe_load_all(file.read_text(encoding="utf-8"))
    ]


def node(index: int, kubernetes: str, kwok_port: int) -> Object:
    """A simulated node. Its address is one for documentation (RFC 5737): nothing will ever answer there."""
    name = f"simulated-{index}"
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    pod_range = f"10.64.{(index - 1) * 32}.0/19"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "type": "kwok",
                "kubernetes.io/arch": architecture,
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
            "annotations": {"kwok.x-k8s.io/node": "fake", "kubefate.federatedai.org/simulated": "true"},
        },
        "spec": {"podCIDR": pod_range, "podCIDRs": [pod_range]},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"192.0.2.{10 + index}"},
                {"type": "Hostname", "address": name},
                # The API server fetches logs here: kwok answers for every node.
                {"type": "InternalDNS", "address": "localhost"},
            ],
            "allocatable": CAPACITY,
            "capacity": CAPACITY,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kwok_port}},
            "nodeInfo": {
                "architecture": architecture,
                "bootID": "",
                "containerRuntimeVersion": "kwok://simulated",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": f"{kubernetes}+kwok",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "simulated by kwok",
                "systemUUID": "",
            },
        },
    }


def count_ready_nodes(client: Client) -> int:
    """How many of the simulated nodes are Ready and can be scheduled to; raises ApiError."""
    nodes = client.get("/api/v1/nodes?labelSelector=type%3Dkwok")["items"]
    return sum(1 for item in nodes if _ready(item) and not item["spec"].get("taints"))


def _ready(item: Object) -> bool:
    conditions = item["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def policy_in_force(client: Client) -> bool:
    """Whether a new pod would be told to fail by a ConfigMap `simulate`, tried by a dry run; raises ApiError.

    Admission learns of a new policy a while after its creation. Leaves a ConfigMap, see `end_trial`.
    """
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "simulate"}}
    try:
        client.create(f"{_TRIAL}/configmaps", {**config, "data": {_TRIAL_MODULE: "never-ready"}})
    except ApiError as error:
        if error.status != 409:
            raise
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _TRIAL_MODULE, "labels": {"app": _TRIAL_MODULE}},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }
    answer = client.create(f"{_TRIAL}/pods?dryRun=All", pod)
    annotations: dict[str, str] = answer["metadata"].get("annotations", {})
    return annotations.get("kubefate.federatedai.org/simulate") == "never-ready"


def end_trial(client: Client) -> None:
    """Removes what `policy_in_force` left; raises ApiError."""
    client.delete(f"{_TRIAL}/configmaps/simulate")
