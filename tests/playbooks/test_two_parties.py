"""A federation of two parties, from nothing to removed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from support import STATE, Federation, Run, required

BOTH_HELMS = pytest.mark.parametrize(
    "federation",
    ["KUBEFATE_HELM3", pytest.param("KUBEFATE_HELM4", marks=pytest.mark.smoke)],
    indirect=True,
    ids=["helm3", "helm4"],
)


def everything(federation: Federation) -> str:
    """Names and versions of all objects of all parties. Of what has a generation that: controllers write the status of
    such objects at any time."""
    seen = []
    kinds = "all,configmap,secret,ingress,role,rolebinding,serviceaccount,pvc"
    for host in federation.hosts:
        for obj in federation.objects(kinds, host):
            metadata = obj["metadata"]
            version = metadata.get("generation") or metadata["resourceVersion"]
            seen.append(f"{obj['kind']}/{metadata['namespace']}/{metadata['name']}@{version}")
    return "\n".join(sorted(seen))


def changes_of(run: Run, host: str) -> set[tuple[str, str]]:
    """Kind and name of what a run plans to change of a party, or has changed."""
    return {(change["kind"], change["name"]) for change in run.of(STATE)[host]["plan"]["changes"]}


def routes_of(federation: Federation, host: str) -> Mapping[str, Any]:
    table = federation.one("configmap", "osx-route-table", host)["data"]["route_table.json"]
    return dict(json.loads(table)["route_table"])


def restarts(federation: Federation, host: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in federation.objects("pods", host)}


@BOTH_HELMS
def test_deploys_what_a_dry_run_shows_with_routes_to_each_other_and_then_changes_nothing(
    two_parties: Federation,
) -> None:
    wide = two_parties.helm == required("KUBEFATE_HELM4")
    two_parties.defaults["fate_cluster_rights"] = wide
    dry = two_parties.play("deploy_fate", "--check", "--diff")
    assert dry.code == 0
    assert two_parties.prefix not in two_parties.kubectl("get", "namespaces"), "on an empty Kubernetes it makes nothing"
    for shown in (
        f"Namespace/{two_parties.prefix}-9999",
        f"ServiceAccount/fate-deployer ({two_parties.prefix}-9999): create",
        f"Role/fate-deployer ({two_parties.prefix}-10000): create",
        f"Deployment/osx ({two_parties.prefix}-9999): create, unvalidated: its namespace does not exist yet",
        f"StatefulSet/mysql ({two_parties.prefix}-10000): create",
        f"Secret/fate-mysql ({two_parties.prefix}-9999): generated",
    ):
        assert shown in dry.text

    first = two_parties.play("deploy_fate")
    assert first.code == 0
    planned, done = (changes_of(run, "party-9999") for run in (dry, first))
    assert planned - done <= {("Namespace", f"{two_parties.prefix}-9999")}, "the dry run and the run agree"
    assert done <= planned
    report = first.message("The federation now")
    assert report.startswith("SIMULATED"), "the summary says first that pods are simulated"
    for host, peer in (("party-9999", "10000"), ("party-10000", "9999")):
        result = first.of(STATE)[host]
        cluster, account = result["cluster"], f"{two_parties.prefix}-{host.removeprefix('party-')}:fate-deployer"
        assert result["job"]["creator"] == f"system:serviceaccount:{account}", "with the account's credentials"
        bound = two_parties.kubectl("get", "clusterrolebindings", "--output", "json")
        assert (account.partition(":")[0] in bound) == wide, "outside of its namespace only when that was said"
        assert cluster["ready"], cluster["reason"]
        assert {module["module"] for module in cluster["modules"]} == {
            "osx",
            "clustermanager",
            "nodemanager",
            "mysql",
            "python",
            "fateboard",
        }
        endpoint = routes_of(two_parties, host)[peer]["default"][0]
        assert endpoint["ip"] == f"osx.{two_parties.prefix}-{peer}.svc"
        assert endpoint["port"] == 9370
    said = rf"{two_parties.prefix}-9999: (planning|helm: revision 1|\d of 6 modules ready)"
    assert re.search(said, first.text), "progress is shown while it works"
    assert str(two_parties.kubeconfig) in first.message("Which Kubernetes is changed, and how")

    before = everything(two_parties)
    second = two_parties.play("deploy_fate")
    assert second.code == 0
    assert second.changed() == 0
    assert everything(two_parties) == before, "a run in which nothing changes writes nothing"


def test_one_more_nodemanager_touches_one_party_and_one_object(living: Federation) -> None:
    other = everything(living)
    pods = restarts(living, "party-9999")
    living.hosts["party-9999"]["fate_spec"] = {"nodemanager": {"replicas": 3}}
    check = living.play("deploy_fate", "--check", "--diff")
    assert "+spec.replicas: 3" in check.text.replace("+ ", "+")
    run = living.play("deploy_fate")
    assert run.code == 0
    assert list(run.of(STATE)) == ["party-9999"]
    assert ("StatefulSet", "nodemanager") in changes_of(run, "party-9999")
    assert len(living.objects("pods", "party-9999")) == len(pods) + 1
    untouched = [line for line in other.splitlines() if f"/{living.prefix}-10000/" in line]
    assert set(untouched) <= set(everything(living).splitlines()), "the other party is not touched"


def test_a_limit_restarts_only_its_module_and_a_module_taken_out_takes_its_objects_with_it(living: Federation) -> None:
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in living.objects("pods", "party-9999")}
    living.hosts["party-9999"]["fate_spec"] = {"fateboard": {"resources": {"limits": {"memory": "5Gi"}}}}
    living.hosts["party-10000"]["fate_spec"] = {"modules": ["osx", "clustermanager", "nodemanager", "mysql", "python"]}
    run = living.play("deploy_fate")
    assert run.code == 0

    plan = run.of(STATE)["party-9999"]["plan"]
    assert [restart["module"] for restart in plan["restarts"]] == ["fateboard"]
    after = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in living.objects("pods", "party-9999")}
    gone = {name for name, uid in before.items() if after.get(name) != uid}
    assert {name.rpartition("-")[0].rpartition("-")[0] for name in gone} == {"fateboard"}

    changes = run.of(STATE)["party-10000"]["plan"]["changes"]
    others = [change for change in changes if change["action"] != "delete"]
    assert {change["kind"] for change in others} == {"NetworkPolicy"}, "they let fateboard in no more"
    deleted = {(change["kind"], change["name"]) for change in changes if change not in others}
    assert {name for kind, name in deleted if kind != "NetworkPolicy"} == {"fateboard", "fateboard-config"}
    names = {obj["metadata"]["name"] for obj in living.objects("deploy,service,ingress", "party-10000")}
    assert "fateboard" not in names


def test_a_party_that_joins_changes_one_route_table_and_restarts_nothing(living: Federation) -> None:
    pods = restarts(living, "party-9999")
    living.add("20000")
    run = living.play("deploy_fate")
    assert run.code == 0
    changes = run.of(STATE)["party-9999"]["plan"]["changes"]
    assert [(change["kind"], change["name"]) for change in changes] == [("ConfigMap", "osx-route-table")]
    assert run.of(STATE)["party-9999"]["plan"]["restarts"] == []
    assert restarts(living, "party-9999") == pods
    assert "20000" in routes_of(living, "party-9999")


def test_removing_keeps_data_and_namespace_and_purging_takes_them_and_nothing_foreign(two_parties: Federation) -> None:
    two_parties.defaults["fate_spec_defaults"] = {
        "computing": "Eggroll",
        "federation": "OSX",
        "storage": "Eggroll",
        "persistence": True,
        "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python"],
    }
    assert two_parties.play("deploy_fate").code == 0
    claims = {claim["metadata"]["name"] for claim in two_parties.objects("pvc", "party-9999")}
    assert "data-mysql-0" in claims
    password = two_parties.one("secret", "fate-mysql", "party-9999")["data"]

    space = two_parties.namespace("party-9999")
    two_parties.kubectl("create", "deployment", "theirs", "--image=x", "--namespace", space)
    refused = two_parties.play("remove_fate", "--limit", "party-9999", purge_namespace=True)
    assert refused.code != 0, "a namespace with something foreign in it is not purged"
    assert "Deployment/theirs" in refused.text
    names = {obj["metadata"]["name"] for obj in two_parties.objects("deployment", "party-9999")}
    assert names >= {"theirs", "osx"}, "nothing was removed before that was found out"
    two_parties.kubectl("delete", "deployment", "theirs", "--wait", "--namespace", space)

    removed = two_parties.play("remove_fate")
    assert removed.code == 0
    said = removed.of("Which Kubernetes is changed")["party-9999"]["msg"]
    assert f"{two_parties.prefix}-9999 is to be absent on https://" in said
    assert str(two_parties.kubeconfig) in said
    assert two_parties.objects("pods", "party-9999") == []
    assert {claim["metadata"]["name"] for claim in two_parties.objects("pvc", "party-9999")} == claims
    jobs = two_parties.kubectl("get", "configmaps", "--namespace", f"{two_parties.prefix}-store", "--output", "name")
    assert jobs.count("configmap/job-") == 4, "an install and a removal for each party"

    assert two_parties.play("deploy_fate").code == 0
    assert two_parties.one("secret", "fate-mysql", "party-9999")["data"] == password, "data and password still fit"
    purged = two_parties.play("remove_fate", purge_data=True, purge_namespace=True)
    assert purged.code == 0
    jobs = two_parties.kubectl("get", "configmaps", "--namespace", f"{two_parties.prefix}-store", "--output", "name")
    assert jobs.count("configmap/job-") == 2, "of each party the record of its removal is left"
    spaces = json.loads(two_parties.kubectl("get", "namespaces", "--output", "json"))["items"]
    left = [
        space["metadata"]["name"]
        for space in spaces
        if space["metadata"]["name"].startswith(f"{two_parties.prefix}-") and space["status"]["phase"] == "Active"
    ]
    assert left == [f"{two_parties.prefix}-store"]
    again = two_parties.play("remove_fate")
    assert again.code == 0
    assert again.changed() == 0, "removing what is not there changes nothing"


def test_drift_is_told_left_alone_by_default_and_put_back_when_asked(living: Federation) -> None:
    space = living.namespace("party-9999")
    living.kubectl("scale", "statefulset/nodemanager", "--replicas=1", "--namespace", space)
    status = living.play("status")
    assert status.code == 0
    assert status.changed() == 0
    report = status.message("The federation now")
    assert "party-9999: READY" in report
    assert "drift: StatefulSet/nodemanager" in report

    living.kubectl("delete", "service", "fateboard", "--namespace", space)
    patch = json.dumps({"data": {"extra.conf": "x"}})
    living.kubectl("patch", "configmap", "osx-config", "--namespace", space, "--type=merge", "--patch", patch)
    left = living.play("deploy_fate")
    assert left.changed() == 0
    assert living.one("statefulset", "nodemanager", "party-9999")["spec"]["replicas"] == 1
    pods = restarts(living, "party-9999")
    repaired = living.play("deploy_fate", fate_drift="repair")
    assert repaired.code == 0
    assert list(repaired.of(STATE)) == ["party-9999"]
    assert living.one("statefulset", "nodemanager", "party-9999")["spec"]["replicas"] == 2
    assert "extra.conf" not in living.one("configmap", "osx-config", "party-9999")["data"]
    assert living.one("service", "fateboard", "party-9999")
    assert pods <= restarts(living, "party-9999"), "nothing is restarted by putting it back"
    assert living.play("deploy_fate", fate_drift="repair").changed() == 0
