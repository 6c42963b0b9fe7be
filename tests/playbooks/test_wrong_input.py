"""What a user gets for bad input: a sentence, a next step, exit code not zero, and nothing changed."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml
from support import STATE, Federation, Run, workload


def nothing_was_made(federation: Federation) -> bool:
    return federation.prefix not in federation.kubectl("get", "namespaces")


def refused(run: Run, *sentences: str) -> None:
    assert run.code != 0
    assert "Traceback" not in run.text
    for sentence in sentences:
        assert sentence in " ".join(run.text.split()), sentence


@pytest.mark.smoke
def test_a_play_that_names_no_kubernetes_refuses(federation: Federation) -> None:
    federation.add("9999")
    env = {"KUBECONFIG": str(federation.kubeconfig), "K8S_AUTH_KUBECONFIG": str(federation.kubeconfig)}
    refused(
        federation.play("deploy_fate", named=False, env=env),
        "Nothing says which Kubernetes party-9999 is on",
        "fate_use_current_context: true",
    )
    assert nothing_was_made(federation)
    allowed = federation.play("deploy_fate", "--check", named=False, env=env, fate_use_current_context=True)
    assert allowed.code == 0


@pytest.mark.parametrize("playbook", ["remove_fate", "clusters"])
def test_a_play_whose_variables_are_empty_refuses_as_well(federation: Federation, playbook: str) -> None:
    federation.add("9999")
    env = {"KUBECONFIG": str(federation.kubeconfig)}
    run = federation.play(playbook, named=False, env=env, fate_kubeconfig="", fate_context="")
    refused(run, "Nothing says which Kubernetes", "fate_use_current_context to true")


def test_a_party_id_that_is_used_twice_names_both_hosts(two_parties: Federation) -> None:
    two_parties.hosts["party-10000"]["fate_party_id"] = "9999"
    file = two_parties.folder / "inventory.yml"
    refused(two_parties.play("deploy_fate"), f"Party id 9999 is used by party-9999 ({file}) and party-10000 ({file})")
    assert nothing_was_made(two_parties)


def test_a_namespace_that_is_used_twice_names_both_hosts(two_parties: Federation) -> None:
    two_parties.hosts["party-10000"]["fate_namespace"] = two_parties.namespace("party-9999")
    refused(two_parties.play("deploy_fate"), "Namespace", "is used by party-9999", "and party-10000")
    assert nothing_was_made(two_parties)


def test_a_node_port_that_is_used_twice_names_both_hosts(two_parties: Federation) -> None:
    for host in two_parties.hosts:
        two_parties.hosts[host]["fate_spec"] = {"osx": {"type": "NodePort", "nodePort": 30091}}
    file = two_parties.folder / "inventory.yml"
    claims = f"party-9999 ({file}) as osx.nodePort and party-10000 ({file}) as osx.nodePort"
    refused(two_parties.play("deploy_fate"), "Node port 30091", claims)
    assert nothing_was_made(two_parties)


def test_a_party_that_cannot_be_planned_fails_alone(two_parties: Federation) -> None:
    two_parties.hosts["party-10000"]["fate_spec"] = {"osx": {"repliccas": 2}}
    run = two_parties.play("deploy_fate")
    refused(run, "osx.repliccas", "this key is unknown")
    assert run.failed() == ["party-10000"]
    assert run.of(STATE)["party-9999"]["cluster"]["ready"]
    assert f"{two_parties.prefix}-10000" not in two_parties.kubectl("get", "namespaces")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"modules": ["osx", "clustermanagr", "nodemanager", "mysql", "python"]}, "Did you mean clustermanager?"),
        ({"modules": ["osx", "mysql", "python"]}, "needs clustermanager and nodemanager"),
        ({"nodemanager": {"replicas": "many"}}, "nodemanager.replicas"),
        ({"nodemanager": "two"}, "must be a mapping"),
        ({"federation": "Eggroll"}, "it is OSX now"),
        ({"computing": "Eggrol"}, "Did you mean Eggroll?"),
        ({"nodemanagers": {"replicas": 2}}, "Did you mean nodemanager?"),
    ],
)
def test_a_wrong_spec_is_refused_with_what_is_wrong(
    federation: Federation, spec: dict[str, object], sentence: str
) -> None:
    federation.add("9999", fate_spec=spec)
    refused(federation.play("deploy_fate"), sentence)
    assert nothing_was_made(federation)


def test_an_error_in_a_spec_file_names_file_and_line(federation: Federation) -> None:
    path = federation.folder / "cluster.yaml"
    path.write_text("nodemanager:\n  replicas: 2\n  replicsa: 3\n")
    federation.add("9999", fate_spec_files=[str(path)])
    refused(federation.play("deploy_fate"), f"{path}, line 3", "Did you mean replicas?")
    path.write_text("nodemanager:\n  replicas: [2\n")
    refused(federation.play("deploy_fate"), f"{path} is not valid YAML: line 3")
    assert nothing_was_made(federation)


def test_a_chart_or_version_that_is_not_there_is_refused_with_what_there_is(federation: Federation) -> None:
    federation.add("9999", fate_chart_version="9.9.9")
    refused(
        federation.play("deploy_fate"), "There is no chart fate 9.9.9", "fate 1.0.0 (bundled, for FATE 2.0.0, 2.2.0)"
    )
    assert nothing_was_made(federation)


def test_a_chart_without_values_template_is_refused(federation: Federation) -> None:
    chart = federation.folder / "plain"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: plain\nversion: 0.1.0\n")
    federation.add("9999", fate_chart_path=str(chart))
    refused(federation.play("deploy_fate"), "Chart plain 0.1.0 has no values-template.yaml")


def test_an_api_server_that_cannot_be_reached_is_named_with_the_option(federation: Federation) -> None:
    federation.add("9999")
    broken = federation.folder / "kubeconfig"
    content = yaml.safe_load(federation.kubeconfig.read_text())
    content["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    broken.write_text(yaml.safe_dump(content))
    federation.kubeconfig, real = broken, federation.kubeconfig
    refused(federation.play("deploy_fate"), "https://127.0.0.1:1 cannot be reached", f"{broken} (option kubeconfig)")
    federation.kubeconfig = real


def test_credentials_that_the_api_server_does_not_know_are_named(federation: Federation) -> None:
    federation.add("9999", fate_api_key="wrong")
    refused(federation.play("deploy_fate"), "does not accept the credentials", "option kubeconfig")


def test_a_kubeconfig_or_context_that_does_not_exist_is_named(federation: Federation) -> None:
    federation.add("9999", fate_context="nowhere")
    refused(federation.play("deploy_fate"), "There is no context nowhere (option context)", "Contexts there:")
    federation.hosts["party-9999"]["fate_context"] = ""
    federation.kubeconfig, real = federation.folder / "missing", federation.kubeconfig
    refused(federation.play("deploy_fate"), "does not exist")
    federation.kubeconfig = real


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'Client: v2.17.0+ga690bad'", "is helm v2.17.0"),
        ("echo version.BuildInfo", "does not answer like helm"),
        ("echo 'v3.9.1+g1234567'; exit 0", "is helm v3.9.1"),
    ],
    ids=["helm2", "not-helm", "too-old"],
)
def test_a_helm_that_cannot_be_used_is_named_with_what_to_install(
    federation: Federation, script: str, sentence: str
) -> None:
    fake = federation.folder / "helm"
    fake.write_text(f"#!/bin/sh\ncase $1 in version) {script};; *) echo 'Error: unknown flag' >&2; exit 1;; esac\n")
    fake.chmod(0o755)
    federation.helm = str(fake)
    federation.add("9999")
    refused(federation.play("deploy_fate"), sentence, "Install helm 3 or 4")
    assert nothing_was_made(federation)


def test_no_helm_at_all_says_what_to_install(federation: Federation) -> None:
    federation.helm = str(federation.folder / "no-helm-here")
    federation.add("9999")
    refused(federation.play("deploy_fate"), "no-helm-here", "Install helm 3 or 4")


def test_a_namespace_that_another_release_owns_is_refused_before_anything_is_changed(federation: Federation) -> None:
    host = federation.add("9999")
    assert federation.play("deploy_fate").code == 0
    before = federation.kubectl("get", "all", "--namespace", federation.namespace(host), "--output", "name")
    federation.hosts[host]["fate_name"] = f"{federation.prefix}-other"
    refused(
        federation.play("deploy_fate"),
        f"Namespace {federation.namespace(host)} of {host} ",
        f"belongs to the release {federation.prefix}-9999 (revision 1)",
        "give the release's own name",
    )
    assert federation.kubectl("get", "all", "--namespace", federation.namespace(host), "--output", "name") == before


def test_a_release_record_that_would_not_fit_is_refused_before_anything_is_changed(federation: Federation) -> None:
    chart = federation.folder / "large"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: large\nversion: 0.1.0\n")
    (chart / "values-template.yaml").write_text("name: {{ .name }}\n")
    (chart / "templates" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (chart / "files.bin").write_bytes(os.urandom(1_500_000))
    federation.add("9999", fate_chart_path=str(chart), fate_manage_rbac=False)
    refused(federation.play("deploy_fate"), "release record", "1024 KiB")
    assert nothing_was_made(federation)


def test_json_output_of_a_failure_has_the_published_shape(federation: Federation) -> None:
    federation.add("9999")
    playbook = federation.write_playbook(
        """
        - hosts: fate
          gather_facts: false
          connection: local
          tasks:
            - name: Deploy
              federatedai.kubefate.fate_cluster:
                kubeconfig: "{{ fate_kubeconfig }}"
                spec: {name: x, namespace: kube-system, chartName: fate}
        """
    )
    run = federation.play(playbook)
    result = run.of("Deploy")["party-9999"]
    assert set(result["failure"]) == {"kind", "phase", "hint", "resources"}
    assert result["failure"]["kind"] == "bad_input"
    assert json.dumps(result)


@pytest.mark.parametrize("playbook", ["deploy_fate", "remove_fate", "stop_fate", "rollback_fate", "restart_fate"])
def test_a_release_that_is_not_of_fate_is_left_alone(federation: Federation, playbook: str) -> None:
    host = federation.add("9999", fate_manage_rbac=False)
    chart = federation.folder / "other"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 0.1.0\n")
    (chart / "templates" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    space = federation.namespace(host)
    helm = [federation.helm, "install", space, str(chart), "--namespace", space, "--create-namespace"]
    known = {"KUBECONFIG": str(federation.kubeconfig), "HOME": str(federation.folder), "PATH": os.environ["PATH"]}
    for verb in (helm, [federation.helm, "upgrade", space, str(chart), "--namespace", space]):
        subprocess.run(verb, env=known, check=True, capture_output=True)
    refused(federation.play(playbook), "is not one of FATE", "chart other 0.1.0")
    assert federation.one("configmap", "a", host)


def test_a_field_that_kubernetes_does_not_know_is_refused_before_helm_starts(federation: Federation) -> None:
    federation.kubectl("create", "namespace", f"{federation.prefix}-objects")
    wrong = workload("engine")
    wrong["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"
    refused(federation.deploy_objects(wrong), "imagePolicy")
    assert "sh.helm" not in federation.in_objects("get", "secrets", "--output", "name")
