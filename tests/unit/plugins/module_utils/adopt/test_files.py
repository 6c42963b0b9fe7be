# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an inventory that takes over what runs, and secrets kept apart."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.inventory import OTHERS, files, hosts, report
from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.secrets import split


def cluster(name: str, party_id: str = "", **given: Any) -> dict[str, Any]:
    """A cluster with its adoption."""
    namespace = given.pop("namespace", name)
    adoption = {
        "adopted": True,
        "reasons": [],
        "kind": "fate",
        "party_id": party_id,
        "chart": {"name": "fate", "version": "1.0.0", "source": "bundled", "path": ""},
        "spec": {"name": name, "chartName": "fate", **({"partyId": party_id} if party_id else {}), "registry": "r"},
        "secret_paths": [],
        "leftover": [],
        "plan": {},
        "deployer": "",
        **given,
    }
    return {"name": name, "namespace": namespace, "adoption": adoption}


def inventory(*clusters: dict[str, Any]) -> dict[str, Any]:
    return dict(yaml.safe_load(files(clusters, {"fate_context": "bank"})[0].content))


def test_a_cluster_becomes_a_host_with_its_spec_and_keeps_its_routes() -> None:
    made = inventory(cluster("fate-9999", "9999"))
    assert made == {
        "fate": {
            "vars": {"fate_context": "bank", "fate_routes": "spec"},
            "hosts": {
                "party-9999": {
                    "fate_name": "fate-9999",
                    "fate_namespace": "fate-9999",
                    "fate_party_id": "9999",
                    "fate_chart": "fate",
                    "fate_chart_version": "1.0.0",
                    "fate_manage_rbac": False,
                }
            },
        }
    }
    spec = files([cluster("fate-9999", "9999")], {})[1]
    assert (spec.path, yaml.safe_load(spec.content)) == (
        "host_vars/party-9999/spec.yml",
        {"fate_spec": {"registry": "r"}},
    )


def test_a_deployer_that_is_there_is_used() -> None:
    made = inventory(cluster("x", "1", deployer="fate-deployer"))
    assert "fate_manage_rbac" not in made["fate"]["hosts"]["party-1"]


def test_a_chart_that_is_nowhere_else_is_named_by_its_path() -> None:
    chart = {"name": "fate", "version": "v2.0.0", "source": "release", "path": "/x/charts/fate-v2.0.0-abc.tgz"}
    host = inventory(cluster("x", "1", chart=chart))["fate"]["hosts"]["party-1"]
    assert host["fate_chart_path"] == "{{ inventory_dir }}/charts/fate-v2.0.0-abc.tgz"
    assert "fate_chart" not in host


def test_two_clusters_of_one_party_id_get_two_federations_and_both_are_named() -> None:
    found = hosts([cluster("a", "1"), cluster("b", "1"), cluster("c", "2")])
    assert [(host.name, host.group) for host in found] == [("party-1", "fate"), ("b", "fate_2"), ("party-2", "fate")]
    assert "Party id 1 is also that of b; one federation cannot have both." in found[0].notes
    assert "It is in the group fate_2: give -e fate_federation=fate_2." in found[1].notes
    assert not found[2].notes


def test_two_clusters_of_one_namespace_get_two_federations() -> None:
    found = hosts([cluster("a", "1", namespace="n"), cluster("b", "2", namespace="n")])
    assert [host.group for host in found] == ["fate", "fate_2"]


def test_serving_and_exchange_have_groups_of_their_own_and_no_party_id_is_said() -> None:
    found = hosts(
        [cluster("fate-9999", "9999"), cluster("s", "9999", kind="fate-serving"), cluster("e", kind="fate-exchange")]
    )
    assert [(host.name, host.group) for host in found] == [
        ("party-9999", "fate"),
        ("s", "fate_serving"),
        ("e", "fate_exchange"),
    ]
    assert "It has no party id." in found[2].notes


def test_hosts_of_one_name_are_told_apart_by_their_namespaces() -> None:
    found = hosts([cluster("a", namespace="n"), cluster("a", namespace="m")])
    assert [host.name for host in found] == ["a", "a.m"]


def test_what_is_not_reproduced_is_kept_away_from_deploying_with_the_reasons() -> None:
    left = [{"path": "a.b", "reason": "no key of the spec reaches it", "found": 1, "made": None}]
    bad = cluster("a", "1", adopted=False, reasons=["update ConfigMap/x: data.y"], leftover=left)
    assert list(inventory(bad)) == [OTHERS]
    assert report([bad]) == [
        "party-1: a in namespace a, chart fate 1.0.0, bundled: NOT taken over.",
        "  update ConfigMap/x: data.y",
        "  value a.b is left over: no key of the spec reaches it",
    ]


def test_secrets_are_in_a_file_of_their_own() -> None:
    made = files([cluster("a", "1", secret_paths=["m.password"], secret_spec={"m": {"password": "geheim"}})], {})
    [secret] = [file for file in made if file.secret]
    assert secret.path == "host_vars/party-1/secrets.yml"
    assert yaml.safe_load(secret.content) == {"fate_secret_spec": {"m": {"password": "geheim"}}}
    assert "geheim" not in "".join(file.content for file in made if not file.secret)
    assert "ansible-vault encrypt" in secret.content


def test_text_that_looks_like_a_template_is_marked() -> None:
    made = files([cluster("a", "1", spec={"partyId": "1", "x": "{{ y }}", "z": "plain"})], {})
    assert "x: !unsafe '{{ y }}'\n  z: plain" in made[1].content


def test_secrets_are_told_by_their_key_or_by_the_chart_and_lists_are_taken_whole() -> None:
    spec = {
        "mysql": {"password": "a", "user": "b"},
        "mine": {"x": "c"},
        "env": [{"name": "n", "token": "d"}],
        "only": {"secret": "e"},
    }
    public, secret, paths = split(spec, {"mine.x"})
    assert public == {"mysql": {"user": "b"}}
    assert secret == {key: spec[key] for key in ("mine", "env", "only")} | {"mysql": {"password": "a"}}
    assert sorted(paths) == ["env", "mine.x", "mysql.password", "only.secret"]
