# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventory variables to parties and specs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.filter.federation_report import (
    cluster_list,
    federation_halt,
    federation_work,
    party_outcome,
)
from ansible_collections.federatedai.kubefate.plugins.filter.parties import (
    chart_repo,
    clusters,
    kubernetes,
    links,
    parties,
    spec,
)

DEFAULTS = {"computing": "Eggroll", "nodemanager": {"replicas": 2, "image": "a"}}


def test_a_host_s_spec_is_merged_over_the_group_s_and_the_party_id_has_the_last_word() -> None:
    variables = {
        "fate_spec_defaults": DEFAULTS,
        "fate_spec": {"nodemanager": {"replicas": 3}, "partyId": "1"},
        "fate_party_id": "9999",
    }
    assert spec(variables) == {
        "computing": "Eggroll",
        "nodemanager": {"replicas": 3, "image": "a"},
        "partyId": "9999",
    }
    assert DEFAULTS["nodemanager"] == {"replicas": 2, "image": "a"}, "variables are not written to"


def test_the_chart_repository_is_what_the_variables_say_or_the_bundle() -> None:
    variables = {"fate_chart_repo_url": "https://charts.example", "fate_chart_repo_validate_certs": False}
    assert chart_repo(variables) == {"url": "https://charts.example", "validate_certs": False}
    assert chart_repo({**variables, "fate_bundle": "/usb/fate"}) == {"url": "/usb/fate/charts"}
    assert chart_repo({}) == {}
    (party,) = parties(["a"], {"a": {**variables, "fate_chart_digest": "sha256:0"}})
    assert party["chart_repo"]["url"] == "https://charts.example"
    assert party["chart_digest"] == "sha256:0"


def test_an_exchange_takes_none_of_the_defaults_of_parties() -> None:
    variables = {"fate_role": "exchange", "fate_spec_defaults": DEFAULTS, "fate_spec": {"modules": ["osx"]}}
    assert spec(variables) == {"modules": ["osx"]}


def test_scaling_goes_over_both() -> None:
    variables = {"fate_spec_defaults": DEFAULTS, "fate_spec": {}, "fate_scale": {"nodemanager": 5, "osx": 2}}
    assert spec(variables)["nodemanager"] == {"replicas": 5, "image": "a"}
    assert spec(variables)["osx"] == {"replicas": 2}


def test_each_host_is_a_party_with_what_its_variables_say() -> None:
    hostvars: dict[str, Any] = {
        "a": {"fate_party_id": "1", "fate_kubeconfig": "/k", "fate_spec_files": "one.yaml", "fate_name": "fate-a"},
        "b": {"fate_party_id": "2", "fate_context": "c", "fate_manage_rbac": False, "fate_namespace": ""},
    }
    first, second = parties(["a", "b"], hostvars)
    assert (first["host"], first["name"], first["connection"]) == ("a", "fate-a", {"kubeconfig": "/k"})
    assert first["spec_files"] == ["one.yaml"]
    assert first["deployer"] == "fate-deployer"
    assert second["connection"] == {"context": "c"}
    assert "deployer" not in second
    assert "namespace" not in second, "what is empty is not given"
    assert parties(["a"], hostvars, "2.2.0")[0]["chart_version"] == "2.2.0"


@pytest.mark.parametrize("said", [False, "false", "no", 0])
def test_rights_are_left_alone_however_that_is_said(said: Any) -> None:
    (party,) = parties(["a"], {"a": {"fate_manage_rbac": said}})
    assert "deployer" not in party


KUBECONFIG = {
    "clusters": [{"name": "c", "cluster": {"server": "https://bank.example:6443"}}],
    "users": [{"name": "u", "user": {"token": "geheim-4711"}}],
    "contexts": [{"name": "bank", "context": {"cluster": "c", "user": "u"}}],
}


def test_the_kubernetes_of_a_host_is_named_by_its_address_and_by_what_led_there(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps(KUBECONFIG))
    said = kubernetes({"fate_kubeconfig": str(path), "fate_api_key": "other-secret"})
    assert said.startswith("https://bank.example:6443 (")
    assert str(path) in said
    assert "context bank" in said
    assert "secret" not in said
    assert kubernetes({"fate_kubeconfig": KUBECONFIG}).startswith("https://bank.example:6443 (")


def test_a_kubeconfig_that_another_machine_has_is_named_as_it_is() -> None:
    assert (
        kubernetes({"fate_kubeconfig": "/over/there", "fate_context": "bank"}) == "context bank, kubeconfig /over/there"
    )


def test_a_name_in_place_of_a_list_of_names_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list of host names"):
        parties("fate", {})


def test_clusters_are_listed_one_in_a_line() -> None:
    chart = {"name": "fate", "version": "1.0.0", "app_version": "2.2.0"}
    one = {"name": "n", "namespace": "s", "state": "ready", "chart": chart, "revision": 3, "reason": "all is well"}
    assert cluster_list([one, one]) == "\n".join(["s/n: READY, fate 1.0.0, FATE 2.2.0, revision 3, all is well"] * 2)
    assert cluster_list([]) == "There is no cluster of FATE."


def test_what_a_host_is_to_the_others_comes_from_its_variables() -> None:
    hostvars: dict[str, Any] = {
        "x": {
            "fate_role": "exchange",
            "fate_inbound": False,
            "fate_advertise": {"osx": {"host": "h"}},
            "inventory_file": "hosts.yml",
        },
        "a": {"fate_exchange": "x", "fate_party_state": "left", "fate_version": "2.2.0", "fate_managed": False},
        "b": {"fate_exchange": [], "fate_node_address": "InternalIP"},
    }
    exchange, first, second = parties(["x", "a", "b"], hostvars)
    assert (exchange["role"], exchange["inbound"], exchange["inventory"]) == ("exchange", False, "hosts.yml")
    assert exchange["advertise"] == {"osx": {"host": "h"}}
    assert "exchanges" not in exchange
    assert (first["exchanges"], first["state"], first["fate_version"]) == (["x"], "left", "2.2.0")
    assert first["managed"] is False
    assert (second["exchanges"], second["node_address"]) == ([], "InternalIP")


def test_links_are_read_in_order_a_shared_list_once_and_groups_become_hosts() -> None:
    shared = [
        {"between": ["banks", "c"], "via": "never"},
        {"from": "a", "to": ["b", "c"], "via": "direct"},
        {"between": ["banks", "c"], "via": "never"},
    ]
    groups = {"banks": ["a", "b"]}
    hostvars = {host: {"fate_links": shared, "groups": groups} for host in "ab"}
    hostvars["c"] = {"fate_links": [{"between": ["a", "c"], "via": "x"}], "groups": groups}
    never = {"origins": ["a", "b"], "targets": ["c"], "via": "never", "both_ways": True}
    assert links(["a", "b", "c"], hostvars) == [
        never,
        {"origins": ["a"], "targets": ["b", "c"], "via": "direct", "both_ways": False},
        never,
        {"origins": ["a"], "targets": ["c"], "via": "x", "both_ways": True},
    ]


@pytest.mark.parametrize(
    "entry", ["a", {"between": ["a"], "via": "never"}, {"between": ["a", "b"]}, {"from": "a", "via": "never"}]
)
def test_a_link_of_another_form_is_refused_with_the_form(entry: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"fate_links of a has the entry .* Write \{between: \[one, other\]"):
        links(["a"], {"a": {"fate_links": [entry], "groups": {}}})


def test_a_cluster_has_the_routes_of_the_plan_and_what_is_said_about_applying() -> None:
    variables = {
        "fate_spec": {"osx": {"type": "NodePort"}},
        "fate_wait_timeout": 5,
        "fate_running_jobs": "wait",
        "fate_role": "party",
        "fate_drift": "repair",
    }
    planned = {
        "parties": {
            "a": {"failed": False, "additions": {"osx": {"partyList": []}}},
            "b": {"failed": True, "additions": {}},
        }
    }
    (found,) = clusters(["a", "b"], {"a": variables, "b": variables}, planned, "2.2.0")
    assert found["spec"] == {"osx": {"type": "NodePort", "partyList": []}}
    assert (found["wait_timeout"], found["running_fate_jobs"], found["drift"]) == (5, "wait", "repair")
    assert (found["chart_version"], "role" in found) == ("2.2.0", False)


def party(**said: Any) -> dict[str, Any]:
    return {"role": "party", "managed": True, "changed": True, "failed": False, "proven": False, **said}


def test_waves_and_outcomes_of_a_run() -> None:
    planned = {"parties": {host: party() for host in "abc"}, "unready": [], "changing": list("abc"), "failing": []}
    hostvars: dict[str, Any] = {host: {} for host in "abc"}
    hostvars["c"]["fate_wave"] = 1
    todo = federation_work(planned, ["a", "b", "c"], hostvars, "100%")
    assert (todo["order"], todo["waves"]) == (["c", "a", "b"], [1, 2])
    bad = {"failed": True, "msg": "It went wrong.", "failure": {}}
    hostvars["c"] |= {"fate_wave_done": {"clusters": {"c": bad}}, "fate_planned": planned}
    assert party_outcome(todo, "c", hostvars) == bad
    said = federation_halt(todo, ["c"], hostvars, 0)
    assert said == (
        "Halted at c: It went wrong. What remains: a, b. Run again when the cause is gone: it goes on from here."
    )
    good = {"clusters": {"a": {"changed": True}, "b": {"changed": True}}}
    hostvars["a"] |= {"fate_wave_done": good, "fate_planned": planned}
    assert federation_halt(todo, ["a", "b"], hostvars, 0) == ""
    hostvars["a"]["fate_wave"] = "soon"
    with pytest.raises(AnsibleFilterError, match="fate_wave of a is 'soon'"):
        federation_work(planned, ["a", "b", "c"], hostvars)
