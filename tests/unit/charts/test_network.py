# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicies and PodDisruptionBudgets: the connections of FATE's modules, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from .kit import BASE, Helm, Manifests, Spec, merged, party, pulsar_party, rabbitmq_party

ANY = "any"
# Who connects to whom, and at which ports: written down from the description of FATE's services and settings, not from
# the chart's facts, which have to agree with it.
EGGROLL: set[tuple[str, str, Any]] = {
    ("python", "mysql", 3306),
    ("clustermanager", "mysql", 3306),
    ("python", "clustermanager", 4670),
    ("osx", "clustermanager", 4670),
    ("nodemanager", "clustermanager", 4670),
    ("clustermanager", "nodemanager", 4671),
    ("python", "nodemanager", ANY),
    ("osx", "nodemanager", ANY),
    ("nodemanager", "nodemanager", ANY),
    ("nodemanager", "python", ANY),
    ("python", "osx", 9370),
    ("nodemanager", "osx", 9370),
    ("osx", "python", 9360),
    ("fateboard", "python", 9380),
    ("client", "python", 9380),
    ("client", "python", 9360),
}
SPARK: set[tuple[str, str, Any]] = {
    ("python", "mysql", 3306),
    ("python", "spark-master", 7077),
    ("spark-worker", "spark-master", 7077),
    ("spark-master", "spark-worker", ANY),
    ("python", "spark-worker", ANY),
    ("spark-worker", "spark-worker", ANY),
    ("spark-master", "python", ANY),
    ("spark-worker", "python", ANY),
    ("python", "namenode", 9000),
    ("spark-worker", "namenode", 9000),
    ("datanode", "namenode", 9000),
    ("datanode", "namenode", 9870),
    *((caller, "datanode", port) for caller in ("python", "spark-worker", "datanode") for port in (9866, 9867)),
    ("python", "nginx", 9300),
    ("python", "nginx", 9310),
    ("nginx", "python", 9360),
    ("nginx", "python", 9380),
    ("fateboard", "python", 9380),
    ("client", "python", 9380),
    ("client", "python", 9360),
}
RABBITMQ: set[tuple[str, str, Any]] = {
    ("python", "rabbitmq", 5672),
    ("python", "rabbitmq", 15672),
    ("spark-worker", "rabbitmq", 5672),
}
PULSAR: set[tuple[str, str, Any]] = {
    ("python", "pulsar", 6650),
    ("python", "pulsar", 8080),
    ("spark-worker", "pulsar", 6650),
}
GRAPHS: dict[str, tuple[Spec, set[tuple[str, str, Any]]]] = {
    "eggroll": (party(), EGGROLL),
    "rabbitmq": (rabbitmq_party(), SPARK | RABBITMQ),
    "pulsar": (pulsar_party(), SPARK | PULSAR),
}


def module(peer: dict[str, Any]) -> str:
    return str(peer.get("podSelector", {}).get("matchLabels", {}).get("fateMoudle", ""))


def ports(rule: dict[str, Any]) -> list[Any]:
    return [port["port"] for port in rule["ports"]] if "ports" in rule else [ANY]


def policies(manifests: Manifests) -> list[dict[str, Any]]:
    return [item for item in manifests.objects if item["kind"] == "NetworkPolicy"]


def allowed(manifests: Manifests, way: str, side: str) -> set[tuple[str, str, Any]]:
    """Connections between modules: as those say who are called (ingress), or those who call (egress)."""
    found = set()
    for policy in policies(manifests):
        own = policy["spec"]["podSelector"]["matchLabels"]["fateMoudle"]
        for rule in policy["spec"][way]:
            for peer in rule.get(side, []):
                if other := module(peer):
                    pair = (other, own) if way == "ingress" else (own, other)
                    found |= {(*pair, port) for port in ports(rule)}
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_modules_reach_what_they_need_and_nothing_else(helm: Helm, name: str) -> None:
    spec, graph = GRAPHS[name]
    manifests = helm.render(spec)
    assert allowed(manifests, "ingress", "from") == graph
    assert allowed(manifests, "egress", "to") == graph


@pytest.mark.parametrize("name", GRAPHS)
def test_every_workload_has_a_policy_for_both_ways(helm3: Helm, name: str) -> None:
    manifests = helm3.render(GRAPHS[name][0])
    pods = [item["spec"]["template"]["metadata"]["labels"] for item in manifests.workloads()]
    assert len(policies(manifests)) == len(pods)
    for policy in policies(manifests):
        selector = policy["spec"]["podSelector"]["matchLabels"]
        assert sum(selector.items() <= labels.items() for labels in pods) == 1
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def opened(manifests: Manifests, name: str, *, pages: bool = False) -> dict[Any, Any]:
    """Ports of a module that are reached from elsewhere, and from where."""
    rules = manifests.get("NetworkPolicy", name)["spec"]["ingress"]
    found = {}
    for rule in rules:
        peers = rule.get("from", [])
        if not any("podSelector" in peer and "namespaceSelector" not in peer for peer in peers):
            found |= dict.fromkeys(ports(rule), peers)
    return found


def test_other_parties_reach_the_ports_for_them_from_everywhere(helm: Helm) -> None:
    assert opened(helm.render(party()), "osx") == {9370: []}
    assert opened(helm.render(party(osx={"enableTLS": True})), "osx") == {9883: []}
    manifests = helm.render(rabbitmq_party())
    assert opened(manifests, "nginx") == {9300: [], 9310: []}
    assert {port: peers for port, peers in opened(manifests, "rabbitmq").items() if not peers} == {5672: []}
    secure = helm.render(rabbitmq_party(nginx={"enableTLS": True}, rabbitmq={"enableTLS": True}))
    assert opened(secure, "nginx") == {9301: [], 9311: []}
    assert 5672 not in opened(secure, "rabbitmq") and opened(secure, "rabbitmq")[5671] == []
    assert opened(helm.render(pulsar_party()), "pulsar") == {6650: []}
    assert opened(helm.render(pulsar_party(pulsar={"enableTLS": True})), "pulsar") == {6651: []}


def test_other_parties_may_be_held_to_their_addresses(helm: Helm) -> None:
    manifests = helm.render(party(networkPolicy={"parties": ["192.168.0.0/16", "10.0.0.0/8"]}))
    blocks = [{"ipBlock": {"cidr": "192.168.0.0/16"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert opened(manifests, "osx") == {9370: blocks}


def test_pages_are_reached_from_other_namespaces_and_nothing_else_is(helm: Helm) -> None:
    manifests = helm.render(party())
    anywhere = [{"namespaceSelector": {}}]
    assert opened(manifests, "fateboard") == {8080: anywhere} and opened(manifests, "client") == {20000: anywhere}
    for name in ("python", "mysql", "clustermanager", "nodemanager"):
        assert opened(manifests, name) == {}
    hidden = helm.render(party(ingress={"fateboard": {"enabled": False}}))
    assert opened(hidden, "fateboard") == {}


def test_published_service_opens_its_ports_and_the_api_server_is_let_in_where_it_is_named(helm: Helm) -> None:
    manifests = helm.render(party(python={"type": "NodePort"}, mysql={"type": "LoadBalancer"}))
    assert opened(manifests, "python") == {9360: [], 9380: []} and opened(manifests, "mysql") == {3306: []}
    manifests = helm.render(party(networkPolicy={"apiServer": ["10.0.0.1/32"]}))
    assert opened(manifests, "python") == {9380: [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}


def outside(manifests: Manifests, name: str) -> set[Any]:
    """Ports that a module reaches anywhere, but those of DNS."""
    rules = manifests.get("NetworkPolicy", name)["spec"]["egress"]
    return {port for rule in rules if "to" not in rule for port in ports(rule)} - {53, 5353}


def test_what_talks_to_other_parties_reaches_their_ports_only(helm: Helm) -> None:
    manifests = helm.render(party(osx={"partyList": [peer(30101)], "exchange": {"ip": "hub", "port": 30000}}))
    assert outside(manifests, "osx") == {30101, 30000, 9370, 9883}
    for name in ("python", "clustermanager", "nodemanager", "mysql", "fateboard", "client"):
        assert outside(manifests, name) == set()
    manifests = helm.render(rabbitmq_party())
    assert outside(manifests, "nginx") == {30103, 30108, 9301, 9311}
    assert outside(manifests, "rabbitmq") == {30104, 5671}
    assert outside(helm.render(pulsar_party()), "pulsar") == {30104, 6651}


def test_who_joins_at_a_usual_port_changes_no_policy(helm: Helm) -> None:
    alone, joined = (helm.render(party(osx={"partyList": peers})) for peers in ([], [peer(9370)]))
    assert alone.get("NetworkPolicy", "osx") == joined.get("NetworkPolicy", "osx")
    assert outside(alone, "osx") == {9370, 9883}


def peer(port: int) -> dict[str, Any]:
    return {"partyId": "10000", "partyIp": "peer", "partyPort": port}


def test_servers_elsewhere_are_reached(helm: Helm) -> None:
    spec = party(
        modules=["osx", "clustermanager", "nodemanager", "python"], externalMysqlIp="db", externalMysqlPort=3307
    )
    manifests = helm.render(spec)
    assert outside(manifests, "python") == outside(manifests, "clustermanager") == {3307}


def test_test_pod_reaches_every_module_and_rules_of_ones_own_are_added(helm: Helm) -> None:
    own = [{"ports": [{"port": 443}], "to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
    manifests = helm.render(party(client={"extraEgress": own}))
    test = manifests.get("Pod", "fate-9999-test")["metadata"]["labels"]
    for policy in policies(manifests):
        selector = policy["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
        assert selector.items() <= test.items()
    assert manifests.get("NetworkPolicy", "client")["spec"]["egress"][-1] == own[0]


def test_policies_can_be_switched_off(helm: Helm) -> None:
    assert policies(helm.render(party(networkPolicy={"enabled": False}))) == []


# ---- PodDisruptionBudgets


def test_budgets_are_for_several_pods_only_and_let_one_go(helm: Helm) -> None:
    spec = merged(rabbitmq_party(), {"spark": {"worker": {"replicas": 4}}, "hdfs": {"datanode": {"replicas": 1}}})
    manifests = helm.render(spec)
    assert manifests.names("PodDisruptionBudget") == {"spark-worker"}
    budget = manifests.get("PodDisruptionBudget", "spark-worker")["spec"]
    assert budget["maxUnavailable"] == 1 and "minAvailable" not in budget
    assert budget["selector"]["matchLabels"]["fateMoudle"] == "spark-worker"
    assert helm.render(party(podDisruptionBudget={"enabled": False})).names("PodDisruptionBudget") == set()
    assert (
        helm.render(party(modules=[*BASE, "osx"], computing="Standalone", storage="Standalone")).names(
            "PodDisruptionBudget"
        )
        == set()
    )
