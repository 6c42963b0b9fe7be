"""Taking over what KubeFATE or helm deployed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import kubefate_like
import pytest
import yaml
from support import HELM4_AND_IN_LONG_HELM3, ROOT, STATE, Federation, Run, ansible_playbook, required

PASSWORD = "geheim-4711"


def helm(federation: Federation, *arguments: str, stdin: str = "", binary: str = "") -> str:
    argv = [binary or federation.helm, "--kubeconfig", str(federation.kubeconfig), *arguments]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(federation: Federation, chart: Path, spec: dict[str, Any]) -> str:
    """The values that a chart's own template makes of a spec, with nothing of the collection. The template is a file of
    its own, as some define templates themselves."""
    folder = federation.folder / "render"
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: render\nversion: 0.0.0\n")
    template = (chart / "values-template.yaml").read_text()
    (folder / "templates" / "_values.tpl").write_text(template)
    (folder / "templates" / "out.yaml").write_text(
        'out: {{ include "render/templates/_values.tpl" .Values | b64enc }}\n'
    )
    out = yaml.safe_load(helm(federation, "template", "x", str(folder), "--values", "-", stdin=json.dumps(spec)))
    import base64

    return base64.b64decode(out["out"]).decode().replace("<no value>", "")


def install(federation: Federation, chart: Path, spec: dict[str, Any], *more: str, binary: str = "") -> None:
    """A release that helm makes by itself."""
    values = rendered(federation, chart, spec)
    where = ["--namespace", spec["namespace"], "--create-namespace"]
    helm(
        federation,
        "upgrade",
        "--install",
        spec["name"],
        str(chart),
        *where,
        "--values",
        "-",
        *more,
        stdin=values,
        binary=binary,
    )


def kubefate(federation: Federation, *more: str) -> tuple[Path, Path]:
    """A release as KubeFATE makes it, with Helm 3; the chart and the cluster.yaml."""
    name = f"{federation.prefix}-9999"
    chart = kubefate_like.write_chart(federation.folder / "kubefate")
    text = kubefate_like.SPEC.format(name=name, namespace=name, password=PASSWORD)
    path = federation.folder / "cluster.yaml"
    path.write_text(text)
    install(federation, chart, yaml.safe_load(text), *more, binary=required("KUBEFATE_HELM3"))
    federation.hosts["party-9999"] = {"fate_name": name, "fate_namespace": name}
    return chart, path


def adopt(federation: Federation, *arguments: str, namespace: str = "", **extra: Any) -> Run:
    space = namespace or f"{federation.prefix}-9999"
    env = {"PWD": str(federation.folder)}
    return federation.play("adopt_fate", *arguments, env=env, fate_namespace=space, fate_adopt_dest="taken", **extra)


def words(run: Run) -> str:
    """What was printed, without the line breaks that the terminal's width makes."""
    return " ".join(run.text.split())


def deploy_written(federation: Federation, *arguments: str) -> Run:
    """deploy_fate from the inventory that was written, and nothing else."""
    values = {"fate_helm_binary": federation.helm}
    argv = ["federatedai.kubefate.deploy_fate", "-i", str(federation.folder / "taken" / "inventory.yml")]
    return ansible_playbook([*argv, "-e", json.dumps(values), *arguments], federation.folder, {})


def written(federation: Federation, host: str = "party-9999", file: str = "spec.yml") -> dict[str, Any]:
    return dict(yaml.safe_load((federation.folder / "taken" / "host_vars" / host / file).read_text()))


def assert_deploying_changes_nothing(federation: Federation, namespace: str) -> None:
    listing = ("get", "all,configmap,secret,serviceaccount,role,rolebinding", "--namespace", namespace, "-o", "json")
    before = {item["metadata"]["uid"]: item["metadata"].get("generation") for item in items(federation, *listing)}
    check = deploy_written(federation, "--check", "--diff")
    assert check.code == 0
    assert check.changed() == 0
    assert "create" not in check.message("Which Kubernetes is changed, and how")
    run = deploy_written(federation)
    assert run.code == 0
    assert run.changed() == 0
    after = {item["metadata"]["uid"]: item["metadata"].get("generation") for item in items(federation, *listing)}
    assert before == after


def items(federation: Federation, *arguments: str) -> list[dict[str, Any]]:
    return list(json.loads(federation.kubectl(*arguments))["items"])


def secrets_of_our_chart(federation: Federation, namespace: str) -> None:
    """What a user of the chart alone makes by hand."""
    federation.kubectl("create", "namespace", namespace)
    for name, keys in (
        ("fate-mysql", ("username", "password", "root-password")),
        ("fate-fateboard", ("username", "password")),
    ):
        literals = [f"--from-literal={key}={PASSWORD}" for key in keys]
        federation.kubectl("create", "secret", "generic", name, "--namespace", namespace, *literals)


@HELM4_AND_IN_LONG_HELM3
def test_a_release_that_helm_made_of_our_chart_is_taken_over_with_an_empty_plan(federation: Federation) -> None:
    name = f"{federation.prefix}-9999"
    secrets_of_our_chart(federation, name)
    spec = {
        "name": name,
        "namespace": name,
        "partyId": "9999",
        "fateVersion": "2.0.0",
        "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"],
        "osx": {
            "partyList": [
                {"partyId": "20000", "partyIp": "192.168.20.1", "partyPort": 30201, "useSSL": False},
                {"partyId": "10000", "partyIp": "192.168.10.1", "partyPort": 30101},
            ]
        },
        "nodemanager": {"replicas": 3, "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
        "mysql": {"subPath": ""},
        "python": {"podAnnotations": {"example.com/note": "{{ not a template }}"}},
    }
    install(federation, ROOT / "charts" / "fate", spec)
    run = adopt(federation)
    assert run.code == 0
    assert f"party-9999: {name} in namespace {name}, chart fate 1.0.0, bundled: deploying it changes nothing." in (
        run.message("What was found")
    )
    text = (federation.folder / "taken" / "host_vars" / "party-9999" / "spec.yml").read_text()
    assert "!unsafe '{{ not a template }}'" in text
    loaded = yaml.safe_load(text.replace("!unsafe ", ""))["fate_spec"]
    assert loaded == {key: loaded[key] for key in loaded}
    assert {key: value for key, value in spec.items() if key in loaded and key != "modules"} == {
        key: value for key, value in loaded.items() if key != "modules"
    }, "what was said, and no more"
    assert sorted(loaded["modules"]) == sorted(spec["modules"])
    assert_deploying_changes_nothing(federation, name)


def test_a_release_that_kubefate_made_is_taken_over_with_its_chart_and_its_secrets_apart(
    federation: Federation,
) -> None:
    kubefate(federation)
    run = adopt(federation)
    assert run.code == 0
    assert run.changed() > 0
    assert "chart fate v2.0.0, taken out of the release: deploying it changes nothing." in run.message("What was found")
    assert written(federation)["fate_spec"]["osx"]["nodePort"] == 30691
    secrets = federation.folder / "taken" / "host_vars" / "party-9999" / "secrets.yml"
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert written(federation, file="secrets.yml") == {"fate_secret_spec": {"mysql": {"password": PASSWORD}}}
    others = [path for path in (federation.folder / "taken").rglob("*") if path.is_file() and path != secrets]
    assert not [path for path in others if PASSWORD.encode() in path.read_bytes()], "secrets are in their file only"
    assert PASSWORD not in run.text
    assert "ansible-vault" in run.message("What was found")
    assert_deploying_changes_nothing(federation, f"{federation.prefix}-9999")


def test_the_same_chart_and_cluster_yaml_find_nothing_to_change_in_a_release_of_kubefate(
    federation: Federation,
) -> None:
    chart, path = kubefate(federation)
    federation.hosts["party-9999"] |= {
        "fate_spec_files": [str(path)],
        "fate_chart_path": str(chart),
        "fate_manage_rbac": False,
    }
    federation.defaults |= {"fate_chart": "", "fate_chart_version": "", "fate_spec_defaults": {}}
    check = federation.play("deploy_fate", "--check", "--diff")
    assert check.code == 0
    assert check.changed() == 0
    result = check.of(STATE)["party-9999"]
    assert (result["plan"]["changes"], result["plan"]["operation"]) == ([], "none")
    assert federation.play("deploy_fate").changed() == 0


def test_what_no_spec_can_say_is_reported_and_files_that_are_there_are_not_overwritten(federation: Federation) -> None:
    kubefate(federation, "--set", "modules.osx.unused=1")
    run = adopt(federation)
    assert "value modules.osx.unused is left over: no key of the spec reaches it" in run.message("What was found")
    assert "deploying it changes nothing" in run.message("What was found"), "no object depends on it"
    assert adopt(federation).changed() == 0, "the files are there"
    path = federation.folder / "taken" / "host_vars" / "party-9999" / "spec.yml"
    path.write_text("fate_spec: {mine: true}\n")
    refused = adopt(federation)
    assert refused.code != 0
    assert f"host_vars/party-9999/spec.yml in {federation.folder}/taken would change" in words(refused)
    assert path.read_text() == "fate_spec: {mine: true}\n"


@pytest.mark.long
def test_what_would_change_is_not_taken_over_and_files_are_overwritten_when_that_is_said(
    federation: Federation,
) -> None:
    kubefate(federation, "--set", "modules.osx.byHand=here,modules.mysql.replicas=1")
    assert adopt(federation, "--check").code == 0
    assert not (federation.folder / "taken").exists(), "check mode writes no file"
    path = federation.folder / "taken" / "host_vars" / "party-9999" / "spec.yml"
    path.parent.mkdir(parents=True)
    path.write_text("fate_spec: {mine: true}\n")
    run = adopt(federation, fate_adopt_overwrite=True)
    assert run.code == 0
    assert "mine" not in path.read_text()
    report = run.message("What was found")
    assert "NOT taken over" in report, "deploying it would change something"
    assert "value modules.osx.byHand is left over: no key of the spec reaches it" in report
    assert "update ConfigMap/osx-config: data.settings" in report
    groups = yaml.safe_load((federation.folder / "taken" / "inventory.yml").read_text())
    assert list(groups) == ["fate_not_adopted"], "a run of deploy_fate does not touch it"


def test_a_release_that_is_not_of_fate_is_neither_taken_over_nor_changed(federation: Federation) -> None:
    name = f"{federation.prefix}-9999"
    chart = federation.folder / "other"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.2.3\n")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "b"}}
    (chart / "templates" / "all.yaml").write_text(json.dumps(config))
    helm(federation, "install", name, str(chart), "--namespace", name, "--create-namespace")
    run = adopt(federation, fate_name=name)
    assert run.code != 0
    assert f"Release {name} in namespace {name} is not one of FATE: it was made from chart other 1.2.3" in words(run)
    federation.add("9999")
    run = federation.play("deploy_fate", fate_manage_rbac=False)
    assert run.code != 0
    assert "is not one of FATE" in words(run)
    assert '"version":1' in helm(federation, "history", name, "--namespace", name, "--output", "json").replace(
        '"revision":', '"version":'
    )
    assert federation.kubectl("get", "configmap", "theirs", "--namespace", name)


def inventory(federation: Federation, text: str) -> dict[str, Any]:
    """What ansible-inventory makes of a file of the plugin."""
    path = federation.folder / "all.kubefate.yml"
    path.write_text(f"plugin: federatedai.kubefate.clusters\nkubeconfig: {federation.kubeconfig}\n{text}")
    known = {"PATH": os.environ["PATH"], "HOME": str(federation.folder), "LANG": "C.UTF-8"}
    known["ANSIBLE_COLLECTIONS_PATH"] = required("KUBEFATE_COLLECTIONS")
    argv = [f"{required('KUBEFATE_ANSIBLE_BIN')}/ansible-inventory", "-i", str(path), "--list"]
    done = subprocess.run(argv, cwd=federation.folder, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    return dict(json.loads(done.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found)))


@pytest.mark.smoke
def test_the_inventory_plugin_lists_running_clusters_as_hosts(federation: Federation) -> None:
    kubefate(federation)
    name = f"{federation.prefix}-9999"
    text = f"""
namespace: {name}
keyed_groups:
  - {{key: fate_cluster.state, prefix: state}}
groups:
  old: fate_cluster.chart.version is version('v2.2.0', '<')
compose:
  fate_size: fate_cluster.modules | length
"""
    found = inventory(federation, text)
    seen = found["_meta"]["hostvars"][name]
    assert (seen["fate_name"], seen["fate_namespace"], seen["fate_party_id"]) == (name, name, "9999")
    assert seen["fate_kubeconfig"] == str(federation.kubeconfig)
    chart = {"name": "fate", "version": "v2.0.0", "app_version": "v2.0.0", "digest": ""}
    assert seen["fate_cluster"]["chart"] == chart, "the digest is not known of what others deployed"
    assert int(seen["fate_size"]) == 3, "a template makes text on ansible-core 2.18"
    state = seen["fate_cluster"]["state"]
    for group in ("fate_clusters", f"state_{state}", "old"):
        assert found[group]["hosts"] == [name]


def test_the_inventory_plugin_says_what_it_cannot_reach(federation: Federation) -> None:
    path = federation.folder / "x.kubefate.yml"
    path.write_text("plugin: federatedai.kubefate.clusters\nhost: http://127.0.0.1:1\n")
    known = {"PATH": os.environ["PATH"], "HOME": str(federation.folder), "LANG": "C.UTF-8"}
    known["ANSIBLE_COLLECTIONS_PATH"] = required("KUBEFATE_COLLECTIONS")
    argv = [f"{required('KUBEFATE_ANSIBLE_BIN')}/ansible-inventory", "-i", str(path), "--list"]
    done = subprocess.run(argv, cwd=federation.folder, env=known, capture_output=True, text=True, check=False)
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
