# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether pods fit on nodes, and what is missing if not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.capacity import check_capacity
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.model import Status
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.nodes import check_architecture, check_gpu
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.placing import admits
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.pods import requests
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.preflight.kit import (
    SPACE,
    container,
    node,
    party,
    pod,
    said,
    server,
    workload,
)


def test_what_fits_says_what_is_asked_for_and_what_is_free() -> None:
    found = check_capacity(server(nodes=[node(cpu="4")], pods=[pod("x", "node-1")]), [party(workload(replicas=2))])
    assert said(found["bank"]) == ["PASS cpu 2, memory 2.0 GiB asked for, cpu 3 free, memory 15.0 GiB free"]


def test_what_does_not_fit_says_by_how_much_and_where_most_is_free() -> None:
    nodes = [node("small", cpu="1"), node("large", cpu="3500m")]
    found = check_capacity(server(nodes=nodes), [party(workload("big", containers=[container("6", "1Gi")]))])["bank"]
    assert said(found) == [
        "FAIL 1 of Deployment/big fit on no node: cpu: 6 for each, most is free on large, 3.5; 2.5 are missing"
    ]
    assert "Lower the requests" in found[0].hint


def test_the_pods_of_all_parties_on_one_kubernetes_are_placed_together() -> None:
    one = party(workload(replicas=3), host="one")
    two = party(workload(replicas=3), host="two")
    found = check_capacity(server(nodes=[node(cpu="4")]), [one, two])
    statuses = [found[host][0].status for host in ("one", "two")]
    assert Status.FAIL in statuses
    assert check_capacity(server(nodes=[node(cpu="6")]), [one, two])["two"][0].status is Status.PASS


def test_pods_that_a_party_has_already_make_room_for_those_that_it_will_have() -> None:
    own = [pod(f"python-{number}", "node-1", app="python", namespace=SPACE) for number in range(4)]
    found = check_capacity(server(nodes=[node(cpu="4")], pods=own), [party(workload(replicas=4))])
    assert found["bank"][0].status is Status.PASS
    others = [pod(f"python-{number}", "node-1", app="python") for number in range(4)]
    assert check_capacity(server(nodes=[node(cpu="4")], pods=others), [party(workload())])["bank"][0].status == "FAIL"


def test_pods_that_have_ended_take_no_room() -> None:
    ended = {**pod("x", "node-1"), "status": {"phase": "Succeeded"}}
    found = check_capacity(server(nodes=[node(cpu="1")], pods=[ended]), [party(workload())])
    assert found["bank"][0].status is Status.PASS


def test_nodes_that_may_not_be_read_are_a_warning_that_says_what_would_show_them() -> None:
    found = check_capacity(server(nodes=None), [party(workload())])["bank"][0]
    assert (found.status, found.text) == (Status.WARN, "not visible: the nodes")
    assert "list nodes" in found.hint


def test_pods_of_others_that_may_not_be_read_are_a_warning_too() -> None:
    found = check_capacity(server(pods=None), [party(workload())])["bank"][0]
    assert (found.status, found.text[:12]) == (Status.WARN, "not visible:")
    tight = check_capacity(server(pods=None, nodes=[node(cpu="1")]), [party(workload(replicas=2))])["bank"][0]
    assert tight.status is Status.FAIL, "what does not fit on empty nodes fits on no others"


def test_a_node_s_number_of_pods_counts() -> None:
    assert check_capacity(server(nodes=[node(pods="1")]), [party(workload(replicas=2))])["bank"][0].status == "FAIL"


TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
ZONE = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    rule = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": rule}}}


@pytest.mark.parametrize(
    ("there", "spec", "expected"),
    [
        (node(), {}, True),
        (node(unschedulable=True), {}, False),
        (node(), {"nodeSelector": {"zone": "a"}}, False),
        (node(labels={"zone": "a"}), {"nodeSelector": {"zone": "a"}}, True),
        (node(taints=[TAINT]), {}, False),
        (node(taints=[{**TAINT, "effect": "PreferNoSchedule"}]), {}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "operator": "Exists"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"operator": "Exists"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "value": "no"}]}, False),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]}, False),
        (node(labels={"zone": "a"}), affinity(ZONE), True),
        (node(labels={"zone": "c"}), affinity(ZONE), False),
        (node(), affinity(ZONE), False),
        (node(), affinity({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}), True),
        (node(labels={"zone": "a"}), affinity({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}), True),
        (
            node(labels={"zone": "c"}),
            affinity({"matchExpressions": [{**ZONE["matchExpressions"][0], "operator": "NotIn"}]}),
            True,
        ),
        (
            node(labels={"n": "5"}),
            affinity({"matchExpressions": [{"key": "n", "operator": "Gt", "values": ["4"]}]}),
            True,
        ),
        (
            node(labels={"n": "5"}),
            affinity({"matchExpressions": [{"key": "n", "operator": "Lt", "values": ["4"]}]}),
            False,
        ),
        (node("x"), affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["x"]}]}), True),
        (
            node(labels={"zone": "c"}),
            affinity(ZONE, {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}),
            True,
        ),
    ],
)
def test_a_pod_runs_where_selector_taints_and_affinity_let_it(there: Any, spec: Any, expected: bool) -> None:
    assert admits(there, spec) is expected


def test_pods_that_no_node_takes_say_so() -> None:
    found = check_capacity(server(), [party(workload(nodeSelector={"zone": "a"}))])["bank"]
    assert said(found) == [
        "FAIL Deployment/python: no node has what its nodeSelector, affinity and tolerations ask for"
    ]


def test_a_pod_asks_for_its_containers_together_or_for_its_largest_init_container() -> None:
    spec = {
        "initContainers": [
            {**container("100m", "1Gi"), "restartPolicy": "Always"},
            container("3", "1Gi"),
        ],
        "containers": [container("1"), {"name": "b", "resources": {"limits": {"cpu": "500m"}}}],
        "overhead": {"cpu": "50m"},
    }
    asks = requests(spec)
    assert str(asks["cpu"]) == "3.150", "init container, with the sidecar that runs beside it, and the overhead"
    assert asks["memory"] == 2 * 2**30


@given(st.lists(st.integers(1, 8), max_size=12), st.lists(st.integers(0, 8), min_size=1, max_size=4))
def test_what_is_placed_never_exceeds_what_the_nodes_have(pods: list[int], nodes: list[int]) -> None:
    there = [node(f"n{number}", cpu=str(cpu)) for number, cpu in enumerate(nodes)]
    asked = [workload(f"w{number}", containers=[container(str(cpu))]) for number, cpu in enumerate(pods)]
    found = check_capacity(server(nodes=there), [party(*asked)])["bank"]
    if sum(pods) > sum(nodes):
        assert found[0].status is Status.FAIL
    if not pods or (sum(pods) <= max(nodes)):
        assert found[0].status is Status.PASS


# architecture and devices -------------------------------------------------------------------------------------------
FATE = {"containers": [{"name": "main", "image": "registry.test/mirror/federatedai/osx:1"}]}


@pytest.mark.parametrize(
    ("nodes", "status", "text"),
    [
        ([node()], "PASS", "amd64"),
        ([node(arch="arm64")], "FAIL", "the nodes that it may run on are arm64"),
        ([node(), node("b", arch="arm64")], "WARN", "it may run on nodes for arm64"),
        (None, "WARN", "not visible: the nodes"),
    ],
)
def test_images_of_fate_want_nodes_for_amd64(nodes: Any, status: str, text: str) -> None:
    (found,) = check_architecture(server(nodes=nodes), party(workload(**FATE)))
    assert found.status == status
    assert text in found.text


def test_a_node_selector_for_amd64_is_all_that_is_needed() -> None:
    chosen = workload(**FATE, nodeSelector={"kubernetes.io/arch": "amd64"})
    (found,) = check_architecture(server(nodes=[node(), node("b", arch="arm64")]), party(chosen))
    assert found.status is Status.PASS


def test_images_of_others_are_not_judged() -> None:
    (found,) = check_architecture(server(nodes=[node(arch="arm64")]), party(workload()))
    assert found.status is Status.PASS


def test_gpus_are_looked_for_by_their_resource() -> None:
    limits = {"limits": {"nvidia.com/gpu": "2"}}
    asking = workload(replicas=2, containers=[{"name": "main", "resources": limits}])
    amd = {"amd.com/gpu": "8"}
    many, few = {"nvidia.com/gpu": "4"}, {"nvidia.com/gpu": "1"}
    assert said(check_gpu(server(nodes=[node(**many)]), party(asking))) == ["PASS nvidia.com/gpu: 4 of 4"]
    assert said(check_gpu(server(nodes=[node(**few)]), party(asking))) == [
        "FAIL nvidia.com/gpu: 4 are asked for, and all nodes have 1; 3 are missing"
    ]
    (none,) = check_gpu(server(nodes=[node(**amd)]), party(asking))
    assert none.text == "Deployment/python asks for nvidia.com/gpu, which no node has"
    assert "Nodes have: amd.com/gpu" in none.hint
    assert said(check_gpu(server(), party(workload()))) == ["PASS no GPU is asked for"]
    assert next(iter(check_gpu(server(nodes=None), party(asking)))).status is Status.WARN
