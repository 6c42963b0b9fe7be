"""Charts and their versions: what the API server takes, and changing a version there and back, in place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, STATE, Federation, workload

CHARTS = sorted(path.parent.name for path in (ROOT / "charts").glob("*/values-template-example.yaml"))


def images(federation: Federation) -> dict[str, str]:
    found = {}
    for kind in ("deployments", "statefulsets"):
        for item in federation.objects(kind, "party-9999"):
            found[item["metadata"]["name"]] = item["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def claims(federation: Federation) -> set[str]:
    return {item["metadata"]["uid"] for item in federation.objects("persistentvolumeclaims", "party-9999")}


def version(run: Any) -> str:
    return str(run.of(STATE)["party-9999"]["cluster"]["chart"]["app_version"])


def test_fate_is_upgraded_and_brought_back_with_its_data(federation: Federation) -> None:
    federation.add("9999", fate_chart_version="2.0.0", fate_spec={"persistence": True})
    first = federation.play("deploy_fate")
    assert first.code == 0
    assert version(first) == "2.0.0"
    old_images, data = images(federation), claims(federation)
    assert data

    planned = federation.play("upgrade_fate", "--check", "--diff", fate_upgrade_to="2.2.0")
    assert planned.code == 0
    assert "restart StatefulSet/python" in planned.text, "what restarts, and why, is said before"
    assert images(federation) == old_images

    upgraded = federation.play("upgrade_fate", fate_upgrade_to="2.2.0")
    assert upgraded.code == 0
    assert version(upgraded) == "2.2.0"
    assert images(federation) != old_images
    assert claims(federation) == data, "volumes stay"

    back = federation.play("deploy_fate")
    assert back.code == 0
    assert version(back) == "2.0.0"
    assert images(federation) == old_images
    assert claims(federation) == data


def test_an_upgrade_to_a_version_that_does_not_exist_names_those_that_do(federation: Federation) -> None:
    federation.add("9999")
    refused = federation.play("upgrade_fate", fate_upgrade_to="2.9.9")
    assert refused.code != 0
    assert "2.9.9" in refused.text
    assert "2.2.0" in refused.text
    assert "Say to which version" in federation.play("upgrade_fate").text


@pytest.mark.parametrize(
    "persistence", [pytest.param(False, marks=pytest.mark.long), True], ids=["in-memory", "persistent"]
)
@pytest.mark.parametrize("chart", CHARTS)
def test_every_object_of_a_chart_is_taken_by_the_api_server(
    federation: Federation, chart: str, persistence: bool
) -> None:
    """The example of a chart has all of its modules and keys."""
    example = yaml.safe_load((ROOT / "charts" / chart / "values-template-example.yaml").read_text())
    space = f"{federation.prefix}-{chart}"
    federation.kubectl("create", "namespace", space)
    if "trafficServer" in example:
        keys = ("proxy.cert.pem", "proxy.key.pem", "ca.cert.pem")
        content = [f"--from-literal={key}=x" for key in keys]
        federation.kubectl("create", "secret", "generic", "traffic-server-cert", "--namespace", space, *content)
    spec = {**example, "persistence": persistence, "name": space, "namespace": space}
    module = {"kubeconfig": str(federation.kubeconfig), "helm_binary": federation.helm, "spec": spec}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": "Plan", "federatedai.kubefate.fate_cluster": module}],
    }
    run = federation.play(federation.write_playbook(yaml.safe_dump([play])), "--check")
    assert run.code == 0
    plan = run.of("Plan")["localhost"]["plan"]
    created = [change for change in plan["changes"] if change["action"] == "create"]
    assert len(created) > 2
    assert [change for change in created if not change["validated"]] == []


def test_a_cluster_goes_to_another_version_of_its_chart_and_back(federation: Federation) -> None:
    old = Path(federation.objects_chart())
    new = Path(shutil.copytree(old, federation.folder / "newer"))
    (new / "Chart.yaml").write_text((old / "Chart.yaml").read_text().replace("0.1.0", "0.2.0"))
    (new / "templates" / "more.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
    assert federation.deploy_objects(workload("engine")).code == 0
    pods = federation.in_objects("get", "pods", "--output", "jsonpath={..uid}")
    for chart, version, action in ((new, "0.2.0", "create"), (old, "0.1.0", "delete")):
        run = federation.deploy_objects(workload("engine"), chart_path=str(chart))
        assert run.code == 0
        result = run.of("Deploy objects")["localhost"]
        assert result["cluster"]["chart"]["version"] == version
        assert [(change["action"], change["name"]) for change in result["plan"]["changes"]] == [(action, "more")]
    assert federation.in_objects("get", "pods", "--output", "jsonpath={..uid}") == pods, "no pod was replaced"
