"""Charts in the manner of KubeFATE's, of each type and line: uploaded, listed, rendered and deployed as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from support import Federation

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.kubefate import SHAPES

JOBS = {"upgrade-manager"}
"""What deploys a Job instead of modules."""


def said(value: Any) -> Any:
    """Without nulls, which Helm takes for "the chart's default", and with keys as JSON has them."""
    match value:
        case dict():
            return {str(key): said(item) for key, item in value.items() if item is not None}
        case list():
            return [said(item) for item in value]
    return value


@pytest.mark.parametrize("shape", SHAPES)
def test_a_chart_of_kubefates_is_uploaded_listed_rendered_and_deployed(shape: str, federation: Federation) -> None:
    chart = SHAPES[shape]
    path = chart.write(federation.folder / "chart")
    meta, spec = yaml.safe_load(chart.meta), yaml.safe_load(chart.spec)
    spec["name"] = spec["namespace"] = f"{federation.prefix}-objects"
    (federation.folder / "cluster.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    given = {"kubeconfig": str(federation.kubeconfig), "store_namespace": f"{federation.prefix}-store"}
    named = {"name": meta["name"], "version": meta["version"]}
    helm = {"helm_binary": federation.helm}
    tasks = [
        {"name": "Upload", "federatedai.kubefate.fate_chart": {**given, "path": str(path)}},
        {
            "name": "List",
            "federatedai.kubefate.fate_chart_info": {**given, **named, "sources": ["store"], "details": True},
        },
        {
            "name": "Render",
            "federatedai.kubefate.fate_chart_folder": {
                **helm,
                "path": str(path),
                "state": "rendered",
                "specs": ["cluster.yaml"],
                "dest": "out",
            },
        },
        {
            "name": "Deploy",
            "federatedai.kubefate.fate_cluster": {**given, **helm, "spec_files": ["cluster.yaml"], "wait_timeout": 60},
        },
        {
            "name": "Deploy again",
            "federatedai.kubefate.fate_cluster": {**given, **helm, "spec_files": ["cluster.yaml"], "wait_timeout": 60},
        },
    ]
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    run = federation.play(federation.write_playbook(yaml.safe_dump(play, sort_keys=False)))
    assert run.code == 0
    (listed,) = run.of("List")["localhost"]["charts"]
    assert (listed["version"], listed["values_template"]) == (meta["version"], chart.template)
    values = yaml.safe_load((federation.folder / "out" / spec["name"] / "values.yaml").read_text())
    deployed = run.of("Deploy")["localhost"]
    assert deployed["cluster"]["ready"]
    assert deployed["cluster"]["chart"]["digest"] == listed["digest"]
    assert not run.of("Deploy again")["localhost"]["changed"]
    if shape in JOBS:
        job = json.loads(federation.in_objects("get", "job", "fate-mysql-upgrade-job", "-o", "json"))
        assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["fate", "1.9.0", "1.11.2"]
        return
    wanted = {name.lower() for name, module in values["modules"].items() if module.get("include")}
    there = json.loads(federation.in_objects("get", "deployments", "-o", "json"))["items"]
    assert {item["metadata"]["name"] for item in there} == wanted
    for name, module in values["modules"].items():
        if module.get("include"):
            live = json.loads(federation.in_objects("get", "configmap", f"{name.lower()}-config", "-o", "json"))
            kept = json.loads(live["data"]["settings"])
            assert said(kept) == said({key: item for key, item in module.items() if key != "include"})
