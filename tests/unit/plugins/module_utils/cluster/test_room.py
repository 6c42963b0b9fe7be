# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room a pod lacks."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.room import lacking
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError


def pod(node: str = "", **requests: str) -> dict[str, Any]:
    return {"spec": {"nodeName": node, "containers": [{"resources": {"requests": requests}}]}, "status": {}}


def node(name: str, **allocatable: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"allocatable": allocatable}}


class Nodes:
    """An API server with nodes and pods. hidden: kinds that may not be listed."""

    def __init__(self, nodes: list[Any], pods: list[Any], *hidden: str):
        self.found, self.hidden = {"Node": nodes, "Pod": pods}, hidden

    def list_objects(self, _version: str, kind: str) -> list[Any]:
        if kind in self.hidden:
            raise ApiError("forbidden", Kind.FORBIDDEN, status=403)
        return self.found[kind]


SMALL, LARGE = node("small", cpu="2", memory="4Gi"), node("large", cpu="8", memory="32Gi")
BUSY = [pod("large", cpu="6500m", memory="1Gi"), pod("small", cpu="1")]


@pytest.mark.parametrize(
    ("api", "wanted", "message", "said"),
    [
        (
            Nodes([SMALL, LARGE], BUSY),
            pod(cpu="4"),
            "0/2 nodes are available: 2 Insufficient cpu. preemption: none.",
            "cpu: the pod asks for 4, node large has most of it free, 1.5; 2.5 are missing.",
        ),
        (
            Nodes([SMALL, LARGE], BUSY, "Pod"),
            pod(cpu="10"),
            "2 Insufficient cpu",
            "cpu: the pod asks for 10, node large has most of it free, 8; 2 are missing.",
        ),
        (
            Nodes([SMALL], []),
            pod(memory="6Gi"),
            "1 Insufficient memory.",
            "memory: the pod asks for 6.0 GiB, node small has most of it free, 4.0 GiB; 2.0 GiB are missing.",
        ),
        (
            Nodes([SMALL], []),
            pod(**{"nvidia.com/gpu": "2"}),
            "1 Insufficient nvidia.com/gpu.",
            "nvidia.com/gpu: the pod asks for 2, no node has any free; 2 are missing.",
        ),
        (Nodes([SMALL], [], "Node"), pod(cpu="10"), "1 Insufficient cpu", ""),
        (Nodes([SMALL], []), pod(cpu="1"), "1 node(s) had untolerated taint", ""),
    ],
    ids=["free of a node", "pods may not be seen", "memory", "gpu", "nodes may not be seen", "another reason"],
)
def test_it_is_told_how_much_is_missing(api: Any, wanted: Any, message: str, said: str) -> None:
    assert lacking(api, wanted, message) == said
