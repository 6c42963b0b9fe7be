# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads at the end of a run, and before it changes anything."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.report import plan_lines, report

SERVER = "https://127.0.0.1:23746"


def module(name: str, state: str = "ready", ready: int = 1, message: str = "") -> dict[str, Any]:
    return {"module": name, "state": state, "ready": ready, "wanted": 2, "message": message}


def cluster(simulated: bool | None = True, **more: Any) -> dict[str, Any]:
    endpoints = [
        {"scope": "cluster", "address": "osx.fate-9999.svc:9370"},
        {"scope": "outside", "address": "http://party9999.fateboard.example.com/"},
        {"scope": "node", "address": "<any node>:30091"},
    ]
    chart = {"name": "fate", "version": "1.0.0", "app_version": "2.2.0"}
    return {
        "state": "ready",
        "simulated": simulated,
        "chart": chart,
        "revision": 3,
        "modules": [module("osx", ready=2)],
        "endpoints": endpoints,
        **more,
    }


def party(**more: Any) -> dict[str, Any]:
    plan = {"operation": "none", "reason": "all is well", "changes": [], "drift": []}
    return {
        "party_id": "9999",
        "namespace": "fate-9999",
        "kubernetes": SERVER,
        "connection": "option kubeconfig",
        "failed": False,
        "changed": False,
        "managed": True,
        "version": "2.2.0",
        "routes": [way()],
        "routes_total": 1,
        "plan": plan,
        "access": {"changes": []},
        "summary": [],
        "cluster": cluster(),
        **more,
    }


def way(**more: Any) -> dict[str, Any]:
    base = {"to": "b", "proxy": "osx", "address": "osx.fate-10000.svc", "port": 9370, "how": "service", "tls": False}
    return {**base, "party_ids": ["10000"], "default": False, **more}


def planned(**parties: Any) -> dict[str, Any]:
    failing = [host for host, one in parties.items() if one["failed"]]
    return {"parties": parties, "problems": [], "servers": [SERVER], "failing": failing}


FAILED = {"failed": True, "msg": "There is no chart fate 9.9.9.", "failure": {"hint": "Upload one."}}


@pytest.mark.parametrize(
    ("simulated", "first"),
    [
        ((True, True), "SIMULATED: "),
        ((True, False), "Some pods are SIMULATED"),
        ((False, False), "Pods are real"),
        ((None, None), "No pods are there"),
    ],
)
def test_whether_pods_are_simulated_is_said_first(simulated: tuple[bool | None, ...], first: str) -> None:
    hosts = {f"h{number}": party(cluster=cluster(found)) for number, found in enumerate(simulated)}
    assert report(planned(**hosts), {})[0].startswith(first)


def test_each_party_has_chart_version_modules_routes_and_addresses_and_the_end_says_how_to_look_further() -> None:
    _first, *lines = report(
        planned(a=party(), b=party(party_id="10000", namespace="fate-10000", routes=[], routes_total=0)), {}
    )
    assert lines == [
        f"a (party 9999): READY, fate 1.0.0, FATE 2.2.0, revision 3, namespace fate-9999 at {SERVER}",
        "  modules: osx ok 2/2",
        "  routes: to b (party 10000) by osx.fate-10000.svc:9370",
        "  addresses: http://party9999.fateboard.example.com/, <any node>:30091",
        f"b (party 10000): READY, fate 1.0.0, FATE 2.2.0, revision 3, namespace fate-10000 at {SERVER}",
        "  modules: osx ok 2/2",
        "  routes: none",
        "  addresses: http://party9999.fateboard.example.com/, <any node>:30091",
        "Look further: kubectl --namespace fate-9999 get pods, or ansible-playbook federatedai.kubefate.status",
    ]


def test_a_module_that_is_not_ready_says_why() -> None:
    ill = cluster(state="degraded", modules=[module("mysql", "degraded", 0, "no such image")])
    shown = "\n".join(report(planned(a=party(cluster=ill)), {}))
    assert "DEGRADED" in shown
    assert "mysql DEGRADED 0/2 (no such image)" in shown


def test_what_was_done_is_newer_than_what_was_planned() -> None:
    shown = "\n".join(report(planned(a=party(cluster={"state": "missing"})), {"a": cluster()}))
    assert "READY" in shown
    assert "MISSING" not in shown


def test_a_party_that_failed_and_a_problem_between_parties_are_in_it() -> None:
    found = planned(a=party(**FAILED))
    found["problems"] = [{"text": "Party id 1 is used twice.", "hint": "Give each its own."}]
    shown = report(found, {})
    assert "a (party 9999): FAILED: There is no chart fate 9.9.9. Upload one." in shown
    assert "PROBLEM Party id 1 is used twice. Give each its own." in shown


def test_before_anything_is_changed_it_is_said_on_which_api_server_and_what() -> None:
    changes = [{"action": "create"}, {"action": "create"}, {"action": "update"}, {"action": "generated"}]
    plan = {"operation": "upgrade", "reason": "chart or values are not those of the release", "changes": changes}
    changing = party(changed=True, plan=plan, summary=["create Service/osx", "update Deployment/osx: spec.replicas"])
    lines = plan_lines(planned(a=changing, b=party(), c=party(**FAILED)))
    assert lines == [
        f"Kubernetes: {SERVER}",
        "a (fate-9999, option kubeconfig): upgrade: 2 to create, 1 to update, 1 generated (chart or values are not "
        "those of the release)",
        "  update Deployment/osx: spec.replicas",
        "b (fate-9999, option kubeconfig): nothing changes",
        "c (fate-9999, option kubeconfig): cannot be planned: There is no chart fate 9.9.9. Upload one.",
    ]


def test_of_many_parties_only_those_that_change_are_listed() -> None:
    plan = {"operation": "upgrade", "reason": "why", "changes": []}
    many = {f"p{number}": party() for number in range(30)}
    lines = plan_lines(planned(**many, changing=party(changed=True, plan=plan), e=party(managed=False)))
    assert lines == [
        f"Kubernetes: {SERVER}",
        "changing (fate-9999, option kubeconfig): upgrade: nothing (why)",
        "e: of another organisation",
        "nothing changes for 30 of 32 parties",
    ]


def test_a_problem_that_keeps_no_party_of_ours_from_being_deployed_is_said_before() -> None:
    found = planned(a=party(), e=party(managed=False))
    found["problems"] = [{"text": "Nobody reaches e.", "hint": "Give an address.", "hosts": ["e"]}]
    assert plan_lines(found)[-1] == "PROBLEM Nobody reaches e. Give an address."


def test_routes_are_told_with_what_is_special_about_them() -> None:
    routes = [
        way(),
        way(to="", party_ids=["777"], how="spec", tls=True),
        way(to="x", party_ids=[], default=True, proxy="nginx"),
        way(to="x", party_ids=["3", "4"], how="held"),
    ]
    text = "\n".join(report(planned(a=party(routes=routes)), {}))
    at = "by osx.fate-10000.svc:9370"
    assert (
        f"routes: to b {at}, to party 777 {at} (TLS, written by hand), to everybody else through x {at} (nginx), to 2 "
        f"parties through x {at} (kept, its address is not known now)"
    ) in text
    many = "\n".join(report(planned(a=party(routes=[way()] * 40)), {}))
    assert "routes: 40, over osx" in many
    untold = "\n".join(report(planned(a=party(routes=[], routes_total=99)), {}))
    assert "routes: 99\n" in untold
