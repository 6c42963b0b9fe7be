"""What a run costs where nothing changes: requests, helm processes and seconds."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from counting import Costs
from support import ROOT, Federation, workload

from ansible_collections.federatedai.kubefate.plugins.filter.parties import parties
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import CHANGE_CLUSTER, INFORM_CLUSTERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import PLAN_FEDERATION
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.gathering import BARE_PODS
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rendering import Telling, render_manifest
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import PROOF_LABEL
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import TEMPLATE, render
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import run_program

CLUSTERS = 100
LISTING_SECONDS = 5.0
DRIFT_SECONDS = 2.0


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Costs]:
    yield Costs(monkeypatch.setattr)


def plan(costs: Costs, federation: Federation, **connection: Any) -> dict[str, Any]:
    """The federation's plan, as ``deploy_fate`` begins with it."""
    hostvars = {host: {**federation.group(), **variables} for host, variables in federation.hosts.items()}
    return costs.run(
        PLAN_FEDERATION,
        federation.folder,
        parties=[{"routes": "inventory", **party} for party in parties(federation.hosts, hostvars)],
        kubeconfig=str(federation.kubeconfig),
        helm_binary=federation.helm,
        store_namespace=f"{federation.prefix}-store",
        preflight="changing",
        **connection,
    )


def test_a_federation_that_is_as_it_should_be_costs_one_list_for_each_kind_and_no_helm(
    two_parties: Federation, costs: Costs
) -> None:
    assert two_parties.play("deploy_fate").code == 0
    planned = plan(costs, two_parties)
    assert planned["changing"] == planned["failing"] == []
    assert {kind for kind, _space in costs.lists} >= {"Secret", "Deployment", "StatefulSet", "Pod", "Service"}
    store = f"{two_parties.prefix}-store"
    assert [(kind, space) for kind, space in costs.lists if space] == [("ConfigMap", store)], "charts are looked for"
    assert set(costs.lists.values()) == {1}, costs.lists

    costs.lists.clear(), costs.selectors.clear()
    brief = plan(costs, two_parties, drift="ignore")
    assert {kind for kind, _space in costs.lists} >= {"Deployment", "Node"}
    assert costs.selectors["Pod"] == [BARE_PODS], "those of workloads are many, and everything is ready without them"
    assert healths(brief) == healths(planned) == [("ready", True)] * 2
    assert (costs.helms, costs.writes) == ([], [])

    two_parties.kubectl("apply", "-f", "-", stdin=json.dumps(bare_pod(two_parties, next(iter(two_parties.hosts)))))
    deadline = time.monotonic() + 30
    while (states := [state for state, _simulated in healths(plan(costs, two_parties, drift="ignore"))])[0] == "ready":
        assert time.monotonic() < deadline, "a pod without a workload is not looked at"
    assert states[1] == "ready"


def bare_pod(federation: Federation, host: str) -> dict[str, Any]:
    """A pod that helm made for a party, without a workload, and that cannot get its image."""
    name, space = federation.hosts[host]["fate_name"], federation.namespace(host)
    owner = {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": space}
    metadata = {
        "name": "bare",
        "namespace": space,
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {**owner, "kubefate.federatedai.org/simulate": "image-pull"},
    }
    spec = {"containers": [{"name": "main", "image": "example.test/program:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def healths(planned: dict[str, Any]) -> list[tuple[str, bool]]:
    clusters = [party["cluster"] for party in planned["parties"].values()]
    return [(found["state"], found["simulated"]) for found in clusters]


def test_where_rights_are_narrow_it_is_one_list_for_each_kind_and_namespace(
    two_parties: Federation, costs: Costs
) -> None:
    two_parties.defaults["fate_manage_rbac"] = False
    assert two_parties.play("deploy_fate").code == 0
    spaces = {two_parties.namespace(host) for host in two_parties.hosts}
    for space in (*spaces, f"{two_parties.prefix}-store"):
        grant = ["create", "rolebinding", "narrow", "--clusterrole=cluster-admin", "--user=narrow"]
        two_parties.kubectl(*grant, "--namespace", space)
    planned = plan(costs, two_parties, impersonate_user="narrow")
    assert planned["changing"] == planned["failing"] == []
    assert {space for _kind, space in costs.lists} >= spaces
    assert set(costs.lists.values()) == {1}, costs.lists
    assert {space for _kind, space in costs.refused} == {""}
    assert set(costs.refused.values()) == {1}, "whether everything may be listed is tried once for each kind"

    costs.lists.clear()
    brief = plan(costs, two_parties, impersonate_user="narrow", drift="ignore")
    assert {kind for kind, _space in costs.lists} >= {"Deployment", "Pod"}, "nodes may not be read"
    assert healths(brief) == [("ready", True)] * 2
    assert (costs.helms, costs.writes) == ([], [])


def cluster(costs: Costs, federation: Federation, *objects: dict[str, Any], **options: Any) -> dict[str, Any]:
    return costs.run(
        CHANGE_CLUSTER,
        federation.folder,
        kubeconfig=str(federation.kubeconfig),
        helm_binary=federation.helm,
        store_namespace=f"{federation.prefix}-store",
        chart_path=federation.objects_chart(),
        name="objects",
        namespace=f"{federation.prefix}-objects",
        spec={"objects": list(objects)},
        **options,
    )


@pytest.mark.parametrize("federation", ["KUBEFATE_HELM3", "KUBEFATE_HELM4"], indirect=True, ids=["helm3", "helm4"])
def test_helm_is_asked_only_about_what_is_not_proven_and_writes_nothing_then_either(
    federation: Federation, costs: Costs
) -> None:
    assert cluster(costs, federation, workload("engine"))["changed"]
    assert costs.writes
    costs.helms.clear(), costs.writes.clear()
    assert not cluster(costs, federation, workload("engine"))["changed"]
    assert (costs.helms, costs.writes) == ([], [])

    record = ("get", "secret", "sh.helm.release.v1.objects.v1", "--output", "name")
    assert federation.in_objects(*record)
    federation.in_objects("label", "secret", "sh.helm.release.v1.objects.v1", f"{PROOF_LABEL}-")
    assert not cluster(costs, federation, workload("engine"))["changed"]
    assert costs.helms
    for argv in costs.helms:
        assert "--dry-run=server" in argv or argv[1] in ("template", "version"), argv
    assert [line for line in costs.writes if "secrets/sh.helm.release" not in line] == [], "but for the proof itself"


def test_drift_of_a_cluster_is_found_soon(federation: Federation, costs: Costs) -> None:
    objects = [workload(f"engine{number}") for number in range(7)]
    cluster(costs, federation, *objects)
    federation.in_objects("scale", "deployment/engine3", "--replicas=3")
    federation.in_objects("delete", "deployment/engine5")
    begun = time.monotonic()
    found = cluster(costs, federation, *objects, wait=False)
    seconds = time.monotonic() - begun
    print(f"{seconds:.2f} s")
    assert sorted(change["name"] for change in found["plan"]["drift"]) == ["engine3", "engine5"]
    assert seconds <= DRIFT_SECONDS


def release(name: str, namespace: str) -> list[dict[str, Any]]:
    """A release as helm leaves it behind, record and object."""
    obj = workload(name)
    obj["metadata"]["namespace"] = namespace
    body = {
        "name": name,
        "namespace": namespace,
        "version": 1,
        "info": {"status": "deployed"},
        "chart": {"metadata": {"name": "small", "version": "0.1.0"}},
        "manifest": json.dumps(obj),
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode()))).decode()
    labels = {"owner": "helm", "name": name, "version": "1", "status": "deployed", PROOF_LABEL: "r1-x"}
    metadata = {"name": f"sh.helm.release.v1.{name}.v1", "namespace": namespace, "labels": labels}
    kind = {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1"}
    return [{**kind, "metadata": metadata, "data": {"release": packed}}, obj]


def test_a_hundred_clusters_are_listed_in_one_task_in_seconds(federation: Federation, costs: Costs) -> None:
    spaces = [f"{federation.prefix}-{number}" for number in range(CLUSTERS // 10)]
    api = Api(resolve({"kubeconfig": str(federation.kubeconfig)}))
    for space in spaces:
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    api.parallel(api.create, [it for space in spaces for number in range(10) for it in release(f"c{number}", space)])
    begun = time.monotonic()
    found = costs.run(INFORM_CLUSTERS, federation.folder, kubeconfig=str(federation.kubeconfig))
    seconds = time.monotonic() - begun
    print(f"{seconds:.2f} s")
    mine = [entry for entry in found["clusters"] if entry["namespace"] in spaces]
    assert len(mine) == CLUSTERS
    assert {entry["modules"][0]["kind"] for entry in mine} == {"Deployment"}
    # Releases of other tests may have Secrets among their objects, beside those that are records.
    assert {kind: count for (kind, _space), count in costs.lists.items() if count > 1 + (kind == "Secret")} == {}
    assert seconds <= LISTING_SECONDS


@pytest.mark.parametrize("name", ["fate", "fate-serving", "fate-exchange"])
@pytest.mark.parametrize("federation", ["KUBEFATE_HELM3", "KUBEFATE_HELM4"], indirect=True, ids=["helm3", "helm4"])
def test_what_helm_renders_alone_is_what_it_previews_with_the_server(federation: Federation, name: str) -> None:
    chart = read_chart(str(ROOT / "charts" / name))
    spec = {**chart.document("values-template-example.yaml"), "name": "alike", "namespace": "alike"}
    values = render(Helm(run_program, federation.helm), chart.text(TEMPLATE) or "", {"it": spec}, name)["it"]
    wanted: Any = SimpleNamespace(name="alike", namespace="alike", chart=chart)
    connection = resolve({"kubeconfig": str(federation.kubeconfig)}, {})
    helm = Helm(run_program, federation.helm, str(federation.kubeconfig), connection.server)
    asked = render_manifest(helm, wanted, values, None)  # type: ignore[arg-type]
    alone = render_manifest(helm, wanted, values, None, Telling(Api(connection).version()))  # type: ignore[arg-type]
    assert helm.calls.count("upgrade") == 1, "only the first asked"
    assert len(asked.objects) > 5
    assert alone == asked
