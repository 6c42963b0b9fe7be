# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parties on their way to a plan: rights, addresses, exchanges that fail, and Leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.listing import Objects
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties import routing as parties_routing
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.locking import Leases
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.model import Party, Server
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.opening import Servers, read_records
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.routing import Router
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Member
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import Connection, resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.lock import ReleaseLock
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import exchange, member


def party(who: Member, api: MemoryApi | None = None, drift: str = "report") -> Party:
    found = Party(who.host, {"host": who.host, "role": str(who.role), "managed": who.managed}, Options(drift=drift))
    found.member, found.spec = who, Spec(dict(who.spec))
    found.name, found.namespace = who.name, who.namespace
    if api is not None:
        found.server = Server(api, None, Objects(api, [who.namespace], wide=True))  # type: ignore[arg-type]
    return found


class AllServers:
    """Stands in for ``Servers``: each party's own, asked one after the other."""

    def __init__(self, parties: list[Party]):
        self.parties = parties

    def on_each(self, work: Any) -> None:
        for server in {id(one.server): one.server for one in self.parties if one.server}.values():
            here = [one for one in self.parties if one.server is server and one.alive]
            try:
                work(server, here)
            except KubefateError as error:
                for one in here:
                    one.error = error


def route(parties: list[Party], wait: float = 0.0) -> Any:
    router = Router(parties, [], AllServers(parties), wait, lambda text: None)  # type: ignore[arg-type]
    return router, router.route()


def forbid(*plurals: str, namespaced: bool = False) -> Any:
    """A fault: lists of these may not be read, all over or (namespaced) at all."""

    def fault(sent: Sent) -> Any:
        tail = sent.path.rpartition("/")[2]
        return refusal(403) if tail in plurals and (namespaced or "/namespaces/" not in sent.path) else None

    return fault


# API servers ----------------------------------------------------------------------------------------------------------
def on(host: str, server: str, user: str) -> Party:
    """A party on an API server, reached with the credentials of a user."""
    found = party(member(host, host, kubernetes=server))
    found.connection, found.key = resolve({"host": server, "api_key": user}), f"{server} {user}"
    return found


def test_an_api_server_is_opened_once_for_each_set_of_credentials() -> None:
    opened: list[str] = []

    def helm(connection: Connection) -> Any:
        opened.append(connection.user["token"])

    here = [on("1", "https://k", "jane"), on("2", "https://k", "jane"), on("3", "https://k", "joe")]
    broken = on("4", "https://l", "jane")
    broken.error = KubefateError("Its spec is wrong.", Kind.INPUT)
    servers = Servers([*here, broken], helm)
    assert opened == ["jane", "joe"]
    assert here[0].on() is here[1].on() is not here[2].on()
    assert here[0].on().objects.namespaces == ("ns-1", "ns-2"), "one list for what both have"
    assert [one.host for one in servers.alive(here[0].on())] == ["1", "2"]


def test_api_servers_are_asked_at_once_and_where_one_fails_its_parties_fail() -> None:
    here = [on("1", "https://k", "jane"), on("2", "https://l", "jane"), on("3", "https://l", "jane")]
    servers, both = Servers(here, lambda connection: None), threading.Barrier(2, timeout=20)  # type: ignore[arg-type,return-value]

    def ask(server: Server, parties: list[Party]) -> None:
        both.wait()
        if server is here[1].server:
            raise KubefateError("It does not answer.", Kind.CONNECTION)
        asked.extend(one.host for one in parties)

    asked: list[str] = []
    servers.on_each(ask)
    assert asked == ["1"]
    assert [str(one.error) for one in here] == ["None", "It does not answer.", "It does not answer."]


# release records ------------------------------------------------------------------------------------------------------
def record(namespace: str, owner: str = "helm") -> dict[str, Any]:
    metadata = {
        "name": "sh.helm.release.v1.a.v1",
        "namespace": namespace,
        "labels": {"owner": owner, "status": "deployed"},
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": "large"}}


def test_records_are_read_with_one_request_where_that_is_permitted() -> None:
    api = MemoryApi(record("ns-a"), record("ns-b"))
    here = [party(member("a", "1"), api), party(member("b", "2"), api)]
    server = here[0].on()
    read_records(server, here)
    assert [sent.path for sent in api.sent] == ["/api/v1/secrets"]
    assert sorted(server.secrets) == ["ns-a", "ns-b"]


def test_of_a_single_namespace_nothing_is_read_from_others() -> None:
    api = MemoryApi(record("ns-a"), record("ns-b"))
    here = [party(member("a", "1"), api)]
    read_records(here[0].on(), here)
    assert [sent.path for sent in api.sent] == ["/api/v1/namespaces/ns-a/secrets"]
    helm: Any = None
    opened = [Servers([on(host, "https://k", "one") for host in hosts], lambda _to: helm) for hosts in ("a", "ab")]
    assert [server.objects.wide for found in opened for server in found.by_key.values()] == [False, True]


def test_where_rights_are_narrow_each_namespace_is_asked_and_only_the_party_without_rights_fails() -> None:
    api = MemoryApi(record("ns-a"))
    api.fault = lambda sent: (
        refusal(403) if sent.path in ("/api/v1/secrets", "/api/v1/namespaces/ns-b/secrets") else None
    )
    here = [party(member("a", "1"), api), party(member("b", "2"), api)]
    for one in here:
        one.server = here[0].server
    read_records(here[0].on(), here)
    assert here[0].error is None
    assert here[1].error is not None and here[1].error.kind is Kind.FORBIDDEN
    assert list(here[0].on().secrets) == ["ns-a"]


def test_where_drift_is_ignored_only_labels_of_records_are_asked_for_until_one_is_needed_in_full() -> None:
    asked: list[str] = []

    class Api(MemoryApi):
        def request(self, *arguments: Any, accept: str = "", **options: Any) -> dict[str, Any]:
            asked.append("metadata" if "PartialObjectMetadataList" in accept else "all")
            return super().request(*arguments, **options)

    api = Api(record("ns-a"))
    one = party(member("a", "1"), api, drift="ignore")
    read_records(one.on(), [one])
    assert asked == ["metadata", "all"]
    assert [dict(sent.query)["labelSelector"] for sent in api.sent] == [
        "owner=helm,status!=superseded",
        "owner=kubefate",
    ]
    one.there(), one.there()
    assert len(asked) == 2
    one.there_in_full(), one.there_in_full()
    assert asked == ["metadata", "all", "all"]


# addresses ------------------------------------------------------------------------------------------------------------
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n"},
    "status": {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


def by_node(**spec: Any) -> Member:
    return member("b", "2", advertise={}, spec={"osx": {"type": "NodePort", **spec}})


def service(kind: str, ingress: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "osx", "namespace": "ns-b"},
        "spec": {"type": kind, "ports": [{"port": 9370, "nodePort": 31000}]},
        "status": {"loadBalancer": {"ingress": ingress or []}},
    }


def test_a_node_s_address_is_looked_at_only_where_somebody_elsewhere_needs_it() -> None:
    api = MemoryApi(NODE)
    _router, routing = route([party(member("a", "1")), party(by_node(nodePort=30091), api)])
    assert routing.problems == []
    assert routing.tables["a"]["osx"].hops[0].endpoint.host == "10.0.0.1"
    quiet = MemoryApi(NODE)
    here = [party(member("a", "1", kubernetes="https://b")), party(by_node(nodePort=30091), quiet)]
    route(here)
    assert quiet.sent == []


def test_a_node_port_that_kubernetes_chose_is_found_and_one_that_may_not_be_read_is_pending() -> None:
    api = MemoryApi(NODE, service("NodePort"))
    _router, routing = route([party(member("a", "1")), party(by_node(), api)])
    assert routing.tables["a"]["osx"].hops[0].endpoint.ports == {"port": 31000}
    api.fault = forbid("services", namespaced=True)
    assert route([party(member("a", "1")), party(by_node(), api)])[1].pending["a"]


def test_where_nodes_may_not_be_read_that_party_alone_is_refused() -> None:
    api = MemoryApi(NODE)
    api.fault = forbid("nodes")
    _router, routing = route([party(member("a", "1")), party(by_node(nodePort=30091), api)])
    assert [problem.hosts for problem in routing.problems] == [("b",)]
    assert "its nodes may not be read" in routing.problems[0].text


def test_the_address_of_a_load_balancer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parties_routing, "LOOK_SECONDS", 0.02)
    api = MemoryApi(service("LoadBalancer"))
    balanced = member("b", "2", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    threading.Timer(0.1, lambda: api.put(service("LoadBalancer", [{"ip": "1.2.3.4"}]))).start()
    _router, routing = route([party(member("a", "1")), party(balanced, api)], wait=20)
    assert routing.pending == {}
    assert routing.tables["a"]["osx"].hops[0].endpoint.host == "1.2.3.4"


def test_an_address_that_does_not_come_is_that_party_s_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parties_routing, "LOOK_SECONDS", 0.02)
    balanced = member("b", "2", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    there = [party(member("a", "1")), party(balanced, MemoryApi(service("LoadBalancer")))]
    problem = route(there, wait=0.1)[1].problems[0]
    assert problem.hosts == ("b",)
    assert "no address by which a can reach b after 0 s: the load balancer has given its Service osx" in problem.text
    begun = time.monotonic()
    missing = route([party(member("a", "1")), party(balanced, MemoryApi())], wait=20)[1]
    assert missing.problems == [] and missing.pending["a"]
    assert time.monotonic() - begun < 5, "a Service that is not there is not waited for"


# exchanges ------------------------------------------------------------------------------------------------------------
def test_parties_go_around_an_exchange_that_cannot_be_reached() -> None:
    first, second = party(exchange("x"), MemoryApi()), party(exchange("y"), MemoryApi())
    first.error = KubefateError("The API server https://x cannot be reached.", Kind.CONNECTION)
    _router, routing = route([party(member("a", "1")), first, second])
    assert routing.tables["a"]["osx"].rest.target == "y"
    assert routing.avoided == ("x",)
    assert first.warnings == [
        "this exchange does not work: The API server https://x cannot be reached. Parties that have another one go "
        "through that until it does."
    ]


def test_an_exchange_that_is_not_deployed_yet_or_whose_spec_is_wrong_is_no_broken_one() -> None:
    first, second = party(exchange("x"), MemoryApi()), party(exchange("y"), MemoryApi())
    assert route([party(member("a", "1")), first, second])[1].tables["a"]["osx"].rest.target == "x"
    first.error = KubefateError("osxx: this key is unknown.", Kind.INPUT)
    assert route([party(member("a", "1")), first, second])[1].tables["a"]["osx"].rest.target == "x"


# Leases ---------------------------------------------------------------------------------------------------------------
def lease(namespace: str, holder: str) -> dict[str, Any]:
    metadata = {"name": "kubefate-r", "namespace": namespace}
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 3600, "renewTime": "2001-01-01T00:00:00.000000Z"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


class Shelf:
    """Locks of hosts, each in a namespace of its own, in one place."""

    def __init__(self, api: MemoryApi, me: str = "me", timeout: float = 0.0):
        self.api, self.me, self.timeout, self.taken = api, me, timeout, []  # type: ignore[var-annotated]

    def __call__(self, host: str) -> ReleaseLock:
        shelf = self

        class Noted(ReleaseLock):
            def __enter__(self) -> Any:
                entered = super().__enter__()
                shelf.taken.append(host)
                return entered

        return Noted(self.api, f"ns-{host}", "r", self.me, self.timeout)


def held(api: MemoryApi) -> Mapping[str, str]:
    leases = [obj for ref, obj in api.objects.items() if ref.kind == "Lease"]
    return {obj["metadata"]["namespace"]: obj["spec"]["holderIdentity"] for obj in leases}


@pytest.fixture
def api() -> Iterator[MemoryApi]:
    yield MemoryApi()


def test_leases_are_taken_in_the_same_order_whatever_order_they_are_asked_in(api: MemoryApi) -> None:
    shelf = Shelf(api)
    leases = Leases(shelf)
    leases.take(["c", "a", "b"])
    assert shelf.taken == ["a", "b", "c"]
    assert held(api) == {"ns-a": "me", "ns-b": "me", "ns-c": "me"}
    leases.release("b")
    assert held(api) == {"ns-a": "me", "ns-c": "me"}
    leases.release_all()
    assert held(api) == {}


def test_where_one_stays_taken_all_are_given_back_and_the_holder_is_named(api: MemoryApi) -> None:
    api.put(lease("ns-b", "jane@elsewhere (process 7)"))
    leases = Leases(Shelf(api))
    with pytest.raises(KubefateError, match=r"Release r in ns-b is being worked on by jane@elsewhere \(process 7\)"):
        leases.take(["a", "b", "c"])
    assert held(api) == {"ns-b": "jane@elsewhere (process 7)"}


def test_a_lease_that_may_not_be_asked_for_is_that_host_s_failure_alone(api: MemoryApi) -> None:
    api.fault = lambda sent: refusal(403) if "/ns-b/" in sent.path else None
    leases = Leases(Shelf(api))
    leases.take(["a", "b", "c"])
    assert list(leases.failed) == ["b"]
    assert held(api) == {"ns-a": "me", "ns-c": "me"}
    leases.release_all()


def test_two_runs_over_the_same_parties_both_end(api: MemoryApi) -> None:
    """Each wants both; taken crosswise, each would hold one and wait for the other."""
    done: list[str] = []

    def run(me: str, hosts: list[str]) -> None:
        leases = Leases(Shelf(api, me, timeout=20.0))
        leases.take(hosts)
        time.sleep(0.2)
        leases.release_all()
        done.append(me)

    runs = [threading.Thread(target=run, args=arguments) for arguments in (("one", ["a", "b"]), ("two", ["b", "a"]))]
    for one in runs:
        one.start()
    for one in runs:
        one.join(30)
    assert sorted(done) == ["one", "two"]
    assert Ref("coordination.k8s.io/v1", "Lease", "ns-a", "kubefate-r") not in api.objects
