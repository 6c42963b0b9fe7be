# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a federation adds to specs, what it says about what is missing, and what it leaves as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.routing import PROXIES
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.addresses import Seen
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.cycles import check_written
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.graph import edges, edges_total, nodes
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import DIRECT, NEVER, Link
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.reading import keep
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.routes import plan_routes
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.topology import exceptions
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import (
    added,
    exchange,
    member,
    texts,
)


def line(party_id: str, host: str, port: int = 9370, **more: Any) -> dict[str, Any]:
    return {"partyId": party_id, "partyIp": f"{host}.example", "partyPort": port, **more}


A, B, C = member("a", "1"), member("b", "22"), member("c", "3")
X, Y = exchange("x"), exchange("y")


# topologies -----------------------------------------------------------------------------------------------------------
def test_a_mesh_gives_each_party_a_line_for_each_other_in_order_of_their_ids() -> None:
    routing = plan_routes([B, A, C])
    assert added(routing, A) == {"osx": {"partyList": [line("3", "c"), line("22", "b")]}}
    assert added(routing, B) == {"osx": {"partyList": [line("1", "a"), line("3", "c")]}}
    assert routing.problems == []


def test_a_star_gives_each_party_one_way_out_and_the_exchange_a_line_for_each() -> None:
    routing = plan_routes([A, B, X])
    assert added(routing, A) == {"osx": {"exchange": {"ip": "x.example", "port": 9370}}}
    assert added(routing, X) == {"osx": {"partyList": [line("1", "a"), line("22", "b")]}}


def test_a_mixed_federation_has_lines_beside_the_way_out() -> None:
    routing = plan_routes([A, B, C, X], [Link(("a",), ("b",), DIRECT)])
    assert added(routing, A)["osx"] == {"partyList": [line("22", "b")], "exchange": {"ip": "x.example", "port": 9370}}
    assert added(routing, C)["osx"] == {"exchange": {"ip": "x.example", "port": 9370}}


def test_a_party_without_an_exchange_is_reached_directly() -> None:
    alone = member("b", "22", exchanges=())
    routing = plan_routes([A, alone, C, X])
    assert added(routing, A)["osx"]["partyList"] == [line("22", "b")]
    assert added(routing, alone)["osx"] == {"partyList": [line("1", "a"), line("3", "c")]}
    assert [entry["partyId"] for entry in added(routing, X)["osx"]["partyList"]] == ["1", "3"]


def test_who_must_never_reach_somebody_behind_the_exchange_has_no_way_to_everybody_else() -> None:
    routing = plan_routes([A, B, C, X], [Link(("a",), ("b",), NEVER)])
    assert added(routing, A)["osx"] == {"partyList": [line("3", "x")]}
    assert added(routing, B)["osx"] == {"partyList": [line("3", "x")]}
    assert added(routing, C)["osx"] == {"exchange": {"ip": "x.example", "port": 9370}}


def test_parties_of_two_exchanges_meet_over_both() -> None:
    left, right = member("a", "1", exchanges=("x",)), member("b", "22", exchanges=("y",))
    routing = plan_routes([left, right, X, Y])
    assert added(routing, left)["osx"]["exchange"]["ip"] == "x.example"
    assert added(routing, X)["osx"]["partyList"] == [line("1", "a"), line("22", "y")]
    assert added(routing, Y)["osx"]["partyList"] == [line("1", "x"), line("22", "b")]


def test_where_an_exchange_is_down_the_next_one_takes_over_and_the_first_comes_back() -> None:
    both = [member("a", "1"), member("b", "22"), X, Y]
    assert added(plan_routes(both), both[0])["osx"]["exchange"]["ip"] == "x.example"
    without = plan_routes(both, down={"x"})
    assert added(without, both[0])["osx"]["exchange"]["ip"] == "y.example"
    assert added(without, Y)["osx"]["partyList"] == [line("1", "a"), line("22", "b")], "it knew all parties before"
    assert added(plan_routes(both, down={"x", "y"}), both[0])["osx"]["exchange"]["ip"] == "x.example"


def test_who_left_is_in_no_table_and_has_none() -> None:
    gone = member("b", "22", left=True, spec={"osx": {"enableTLS": False}})
    routing = plan_routes([A, gone, C])
    assert added(routing, A)["osx"]["partyList"] == [line("3", "c")]
    assert added(routing, gone) == {}


def test_an_external_party_is_in_the_tables_of_ours_and_is_given_none() -> None:
    external = member("b", "22", managed=False, kubernetes="")
    routing = plan_routes([A, external])
    assert added(routing, A)["osx"]["partyList"] == [line("22", "b")]
    assert "b" not in routing.tables


def test_tls_is_said_in_a_line_only_where_the_two_sides_differ() -> None:
    secure = {"osx": {"enableTLS": True}}
    routing = plan_routes([member("a", "1", spec=secure), member("b", "22", spec=secure), C])
    assert added(routing, member("a", "1", spec=secure))["osx"]["partyList"] == [
        line("3", "c", useSSL=False),
        line("22", "b"),
    ]
    assert "a and b speak TLS (osx.enableTLS), and c has no certificate to do so." in texts(routing)
    assert routing.problems[0].hosts == ("c",)


def test_nginx_with_a_message_queue_is_routed_by_both() -> None:
    parties = [
        member(host, host, spec={"federation": "RabbitMQ"}, advertise={"": {"host": f"{host}.example"}})
        for host in "12"
    ]
    nginx = {"host": "2.example", "http_port": 9300, "grpc_port": 9310}
    assert added(plan_routes(parties), parties[0]) == {
        "nginx": {"route_table": {"2": {"proxy": [nginx], "fateflow": [nginx]}}},
        "rabbitmq": {
            "route_table": {"1": {"host": "rabbitmq", "port": 5672}, "2": {"host": "2.example", "port": 5672}}
        },
    }


def test_no_exchange_relays_rabbitmq_so_its_routes_stay_direct() -> None:
    parties = [
        member(host, host, spec={"federation": "RabbitMQ"}, advertise={"": {"host": f"{host}.example"}})
        for host in "12"
    ]
    found = added(plan_routes([*parties, X]), parties[0])
    assert found["nginx"] == {"exchange": {"ip": "x.example", "httpPort": 9300, "grpcPort": 9310}}
    assert found["rabbitmq"]["route_table"]["2"] == {"host": "2.example", "port": 5672}


def test_pulsar_goes_by_names_through_an_exchange() -> None:
    parties = [
        member(host, host, spec={"federation": "Pulsar"}, advertise={"": {"host": f"{host}.example"}}) for host in "12"
    ]
    routing = plan_routes([*parties, X])
    assert added(routing, parties[0])["pulsar"] == {"exchange": {"ip": "x.example", "port": 443, "domain": "fate.org"}}
    assert added(routing, X)["trafficServer"] == {
        "route_table": {
            "sni": [
                {"fqdn": "1.fate.org", "tunnelRoute": "1.example:6651"},
                {"fqdn": "2.fate.org", "tunnelRoute": "2.example:6651"},
            ]
        }
    }


def test_the_broker_that_is_elsewhere_is_named_in_the_party_s_own_line() -> None:
    spec = {"federation": "RabbitMQ", "python": {"rabbitmq": {"host": "mq.a.example", "port": 5673}}}
    parties = [member("1", "1", spec=spec), member("2", "2", spec={"federation": "RabbitMQ"})]
    own = added(plan_routes(parties), parties[0])["rabbitmq"]["route_table"]["1"]
    assert own == {"host": "mq.a.example", "port": 5673}


# what is wrong --------------------------------------------------------------------------------------------------------
def test_a_party_without_an_address_is_refused_alone_and_both_sides_are_named() -> None:
    hidden = member("b", "22", advertise={}, source="hosts.yml")
    routing = plan_routes([A, hidden, C, member("d", "4"), member("e", "5")])
    problem = routing.problems[0]
    assert len(routing.problems) == 1
    assert problem.hosts == ("b",)
    assert problem.text.startswith(
        "There is no address by which a, c and 2 others reach b (hosts.yml): its Service osx"
    )
    assert [entry["partyId"] for entry in added(routing, A)["osx"]["partyList"]] == ["3", "4", "5"]


def test_a_party_that_an_external_one_calls_needs_an_address_too() -> None:
    hidden = member("b", "22", advertise={})
    external = member("e", "5", managed=False, kubernetes="")
    assert plan_routes([hidden, external]).problems[0].hosts == ("b",)
    hub = exchange("x", managed=False, kubernetes="")
    assert {problem.hosts for problem in plan_routes([hidden, A, hub]).problems} == {("b",)}


def test_who_is_not_deployed_now_keeps_nobody_from_being_deployed() -> None:
    hidden = member("b", "22", advertise={})
    assert plan_routes([A, hidden], idle={"a"}).problems == []
    assert plan_routes([A, hidden, C], idle={"a"}).problems[0].hosts == ("b",)
    assert plan_routes([A, hidden], idle={"b"}).problems == [], "why it fails is said already"


def test_parties_on_one_kubernetes_need_no_address_but_one_elsewhere_does() -> None:
    here = [member(host, host, kubernetes="https://one", advertise={}) for host in "12"]
    assert plan_routes(here).problems == []
    apart = plan_routes([*here, C])
    assert {problem.hosts for problem in apart.problems} == {("1",), ("2",)}


def test_what_is_known_only_after_apply_is_pending_and_no_problem() -> None:
    later = member("b", "22", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    routing = plan_routes([A, later])
    assert routing.problems == []
    assert [entry.as_result() for entry in routing.pending["a"]] == [
        {
            "to": "b",
            "proxy": "osx",
            "reason": "its Service osx of type LoadBalancer is not there yet",
            "awaited": False,
        }
    ]
    assert added(routing, A) == {}
    service = {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    after = plan_routes([A, later], seen={"b": Seen({"osx": service})})
    assert after.pending == {}
    assert added(after, A)["osx"]["partyList"] == [{"partyId": "22", "partyIp": "1.2.3.4", "partyPort": 9370}]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([member("a", "1", exchanges=("z",)), X], "a goes through the exchange z, which is not in the federation."),
        ([member("a", "1", exchanges=("b",)), B], "a goes through the exchange b, which is a party."),
        (
            [member("a", "1", exchanges=("x",), chart="fate-serving"), X],
            "The exchange x does not relay what a speaks: serving.",
        ),
    ],
)
def test_an_exchange_that_cannot_be_used_is_refused(members: list[Any], said: str) -> None:
    routing = plan_routes(members)
    assert said in texts(routing)
    assert routing.problems[0].hosts == ("a",)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (Link(("a",), ("nobody",), NEVER), "fate_links (a and nobody: never) names nobody, which is not in the"),
        (Link(("a",), ("b",), "c", False), "fate_links (a to b: c): c is not an exchange of the federation."),
    ],
)
def test_a_link_that_means_nothing_is_refused(link: Link, said: str) -> None:
    assert said in texts(plan_routes([A, B, C, X], [link]))


# what was written by hand ---------------------------------------------------------------------------------------------
def test_lines_written_by_hand_are_kept_before_the_others_and_marked() -> None:
    own = {"osx": {"partyList": [line("777", "partner", 30001), line("22", "tunnel")]}}
    writer = member("a", "1", spec=own)
    routing = plan_routes([writer, B, C])
    assert added(routing, writer)["osx"]["partyList"] == [*own["osx"]["partyList"], line("3", "c")]
    assert [(edge["to"], edge["how"]) for edge in edges(routing, "a")] == [("", "spec"), ("b", "spec"), ("c", "given")]


def test_a_way_to_everybody_else_written_by_hand_is_kept() -> None:
    writer = member("a", "1", spec={"osx": {"exchange": {"ip": "hub.example", "port": 1}}})
    routing = plan_routes([writer, B, X])
    assert added(routing, writer) == {}
    assert edges(routing, "a")[0]["how"] == "spec"


def test_a_party_with_routes_of_its_own_is_given_none() -> None:
    own = member("a", "1", own_routes=True, spec={"osx": {"partyList": [line("22", "b")]}})
    routing = plan_routes([own, B, C])
    assert added(routing, own) == {}
    assert [edge["to"] for edge in edges(routing, "a")] == ["b"]


def test_a_line_written_by_hand_to_who_must_never_be_reached_is_refused() -> None:
    writer = member("a", "1", spec={"osx": {"partyList": [line("22", "b")]}})
    routing = plan_routes([writer, B], [Link(("a",), ("b",), NEVER)])
    assert "The spec of a has a route to b (party 22) in osx.partyList" in texts(routing)


def hand_written(members: list[Any], links: list[Link]) -> str:
    routing = plan_routes(members, links)
    found, _problems = exceptions(members, links)
    return "\n".join(problem.text for problem in check_written(routing, members, found))


def test_exchanges_that_send_everything_to_each_other_by_hand_are_a_circle() -> None:
    left = exchange("x", spec={"osx": {"exchange": {"ip": "y.example", "port": 9370}}})
    right = exchange("y", spec={"osx": {"exchange": {"ip": "x.example", "port": 9370}}})
    parties = [member("a", "1", exchanges=("x",)), member("b", "22", exchanges=("y",))]
    said = hand_written([*parties, left, right], [])
    assert said == "What is for a party that nobody knows goes round in a circle over osx: x -> y -> x."
    assert hand_written([*parties, left, Y], []) == ""


def test_a_line_written_by_hand_that_leads_to_a_forbidden_party_over_somebody_else_is_refused() -> None:
    writer = member("a", "1", exchanges=("x",), spec={"osx": {"partyList": [line("22", "x")]}})
    members = [writer, member("b", "22", exchanges=("x",)), X]
    assert "a -> x -> b: a reaches b over osx" in hand_written(members, [Link(("a",), ("b",), NEVER)])
    assert hand_written(members, []) == ""


# what cannot be told stays as it is -----------------------------------------------------------------------------------
def table(**data: str) -> list[dict[str, Any]]:
    return [{"kind": "ConfigMap", "metadata": {"name": "t"}, "data": data}]


def osx_table(*parties: str, rest: str = "") -> list[dict[str, Any]]:
    def at(host: str) -> dict[str, Any]:
        return {"default": [{"ip": f"{host}.example", "port": 9370}]}

    routes: dict[str, Any] = {
        "1": {"fateflow": [{"ip": "fateflow", "port": 9360}]},
        **{one: at(f"old-{one}") for one in parties},
    }
    if rest:
        routes["default"] = at(rest)
    return table(**{"route_table.json": json.dumps({"route_table": routes, "self_party": ["1"]})})


def kept(members: list[Any], recorded: list[dict[str, Any]], values: dict[str, Any] | None = None) -> dict[str, Any]:
    routing = plan_routes(members)
    known = {one.party_id: one for one in members}
    tables = routing.tables["a"]
    for name, one in tables.items():
        tables[name] = keep(members[0], one, values or {}, recorded, known)
    return added(routing, members[0])


def test_a_party_whose_spec_cannot_be_read_stays_in_the_tables_of_the_others() -> None:
    unread = member("b", "22", unread=True, spec={})
    assert kept([A, unread, C], osx_table("22", "3"))["osx"]["partyList"] == [line("3", "c"), line("22", "old-22")]
    assert kept([A, unread, C], osx_table("3"))["osx"]["partyList"] == [line("3", "c")], "it was in none before"


def test_so_does_one_whose_party_id_is_not_known() -> None:
    unread = member("b", "", unread=True, spec={})
    assert kept([A, unread, C], osx_table("22", "3"))["osx"]["partyList"] == [line("3", "c"), line("22", "old-22")]


def test_and_one_whose_address_is_not_known_at_present() -> None:
    later = member("b", "22", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    assert kept([A, later, C], osx_table("22"))["osx"]["partyList"] == [line("3", "c"), line("22", "old-22")]


def test_and_the_way_to_an_exchange_whose_address_is_not_known() -> None:
    later = exchange("x", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    assert kept([A, B, later], osx_table(rest="hub"))["osx"] == {"exchange": {"ip": "hub.example", "port": 9370}}


def test_what_stays_is_as_the_values_of_the_release_say_it_where_they_do() -> None:
    unread = member("b", "22", unread=True, spec={})
    said = {"modules": {"osx": {"partyList": [line("22", "said", useSSL=False), line("1", "itself")]}}}
    found = kept([A, unread, C], osx_table("22"), said)["osx"]["partyList"]
    assert found == [line("3", "c"), line("22", "said", useSSL=False)]
    later = exchange("x", advertise={}, spec={"osx": {"type": "LoadBalancer"}})
    said = {"modules": {"osx": {"exchange": {"ip": "hub.example", "port": 1}}}}
    assert kept([A, B, later], [], said)["osx"] == {"exchange": {"ip": "hub.example", "port": 1}}


def test_who_left_the_inventory_does_not_stay() -> None:
    assert kept([A, C], osx_table("22", "3"))["osx"]["partyList"] == [line("3", "c")]


@pytest.mark.parametrize(
    ("proxy", "file", "content", "kept_line"),
    [
        ("nginx", "route_table.yaml", {"2": {"fateflow": [{"host": "h", "http_port": 1, "grpc_port": 2}]}}, None),
        ("rabbitmq", "rabbitmq_route_table.yaml", {"1": {"host": "rabbitmq"}, "2": {"host": "h", "port": 3}}, None),
        ("pulsar", "pulsar_route_table.yaml", {"2": {"host": "h", "port": 3, "sslPort": 4, "proxy": ""}}, None),
        (
            "traffic_server",
            "sni.yaml",
            {"sni": [{"fqdn": "2.fate.org", "tunnel_route": "h:6651"}]},
            {"fqdn": "2.fate.org", "tunnelRoute": "h:6651"},
        ),
    ],
)
def test_every_kind_of_table_is_read_as_the_proxy_does(
    proxy: str, file: str, content: dict[str, Any], kept_line: Any
) -> None:
    from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Table

    empty = Table(PROXIES[proxy], unresolved={"2"})
    found = keep(A, empty, {}, table(**{file: yaml.safe_dump(content)}), {})
    assert [hop.written for hop in found.hops] == [kept_line or content["2"]]
    assert [hop.endpoint.host for hop in found.hops] == ["h"]
    assert found.hops[0].how == "held"


def test_a_table_that_cannot_be_read_is_as_good_as_none() -> None:
    assert kept([A, member("b", "22", unread=True, spec={})], table(**{"route_table.json": "{"})) == {}


# as data --------------------------------------------------------------------------------------------------------------
def test_the_graph_says_of_each_edge_where_it_leads_and_how() -> None:
    routing = plan_routes([A, B, X], [Link(("a",), ("b",), DIRECT, both_ways=False)])
    direct, rest = edges(routing, "a")
    assert direct == {
        "from": "a",
        "to": "b",
        "proxy": "osx",
        "address": "b.example",
        "port": 9370,
        "ports": {"port": 9370},
        "how": "given",
        "tls": False,
        "party_ids": ["22"],
        "default": False,
    }
    assert (rest["to"], rest["default"], rest["party_ids"]) == ("x", True, [])


def test_lines_that_lead_to_one_exchange_are_one_edge() -> None:
    never = Link(("a",), ("b",), NEVER)
    routing = plan_routes([A, B, C, member("d", "4"), X], [never])
    assert [(edge["to"], edge["party_ids"]) for edge in edges(routing, "a")] == [("x", ["3", "4"])]


def test_edges_are_counted_without_being_made() -> None:
    links = [Link(("a",), ("b",), NEVER)]
    for routing in (plan_routes([A, B, C, member("d", "4"), X], links), plan_routes([A, B, C], [])):
        counts = {host: edges_total(routing, host) for host in ("a", "b", "c", "x")}
        assert counts == {host: len(edges(routing, host)) for host in counts}
        assert counts["a"] > 0


def test_the_nodes_say_what_each_member_is() -> None:
    found = {node["host"]: node for node in nodes([A, X, member("e", "5", managed=False, left=True, kubernetes="")])}
    assert found["a"]["engine"] == "OSX, stream mode"
    assert found["a"]["proxies"] == ["osx"]
    assert (found["x"]["role"], found["x"]["proxies"]) == ("exchange", ["osx", "nginx", "traffic_server"])
    assert (found["e"]["managed"], found["e"]["state"]) == (False, "left")
