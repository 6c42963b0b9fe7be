# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart as a whole: it renders, the same each time, and what is not asked for is not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from .kit import ALL_MODULES, CHART, Helm, HelmError, Manifests, party

HUGE = "123456789012345678901234567890"
SECRETS_OF = {"mysql": "s3cret-mysql", "root": "s3cret-root", "board": "s3cret-board", "notebook": "s3cret-notebook"}
OBJECTS_OF = {
    "osx": {("Deployment", "osx"), ("Service", "osx"), ("ConfigMap", "osx-config"), ("ConfigMap", "osx-route-table")},
    "clustermanager": {("Deployment", "clustermanager"), ("Service", "clustermanager"), ("ConfigMap", "mysql-config")},
    "nodemanager": {("StatefulSet", "nodemanager"), ("Service", "nodemanager")},
    "mysql": {("StatefulSet", "mysql"), ("Service", "mysql")},
    "python": {
        ("StatefulSet", "python"),
        ("Service", "fateflow"),
        ("Service", "fateflow-client"),
        ("ConfigMap", "python-config"),
    },
    "fateboard": {
        ("Deployment", "fateboard"),
        ("Service", "fateboard"),
        ("ConfigMap", "fateboard-config"),
        ("Ingress", "fateboard"),
    },
    "client": {
        ("StatefulSet", "client"),
        ("Service", "notebook"),
        ("ConfigMap", "client-config"),
        ("Ingress", "client"),
    },
}


for _name in ALL_MODULES:
    OBJECTS_OF[_name].add(("NetworkPolicy", _name))
OBJECTS_OF["nodemanager"].add(("PodDisruptionBudget", "nodemanager"))


def example() -> dict[str, object]:
    spec = yaml.safe_load(Path(CHART, "values-template-example.yaml").read_text(encoding="utf-8"))
    assert isinstance(spec, dict)
    return spec


def keys(manifests: Manifests) -> set[tuple[str, str]]:
    return {(item["kind"], item["metadata"]["name"]) for item in manifests.objects}


def test_lint_finds_nothing(helm: Helm) -> None:
    text = helm.run("lint", "--strict", str(CHART))
    assert "[WARNING]" not in text and "[ERROR]" not in text


def test_default_values_render(helm: Helm) -> None:
    assert helm.template({})


def test_example_spec_renders(helm: Helm) -> None:
    manifests = helm.render(example())
    assert {"osx", "clustermanager", "fateboard"} == manifests.names("Deployment")
    assert {"nodemanager", "mysql", "python", "client"} == manifests.names("StatefulSet")


def test_fate_versions_of_chart_yaml_are_those_that_have_facts() -> None:
    chart = yaml.safe_load(Path(CHART, "Chart.yaml").read_text(encoding="utf-8"))
    annotated = chart["annotations"]["kubefate.federatedai.org/fate-versions"].split(",")
    assert sorted(annotated) == sorted(path.stem for path in Path(CHART, "facts").glob("*.yaml"))
    assert chart["appVersion"] == max(annotated)


def test_fate_version_without_facts_is_refused_with_those_that_have_some(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"/fateVersion': value must be one of '2\.0\.0', '2\.2\.0'"):
        helm.template({"fateVersion": "1.11.2"})


@pytest.mark.parametrize("version", ["2.0.0", "2.2.0"])
def test_two_renders_are_identical(helm: Helm, version: str) -> None:
    spec = {**example(), "fateVersion": version, "client": {"image": "example/client", "imageTag": "1"}}
    first, second = (helm.template(helm.values_of([spec])[0]) for _rest in range(2))
    assert first == second


def test_both_helms_render_the_same_objects() -> None:
    rendered = [Helm.of_major(major).render(example()).objects for major in (3, 4)]
    assert rendered[0] == rendered[1]


def test_templates_use_nothing_that_differs_from_run_to_run() -> None:
    for path in Path(CHART, "templates").rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for word in ("lookup ", "rand", "now", "genCA", "genSelfSigned", "uuidv4", "htpasswd", "bcrypt"):
            assert f"{{{{ {word}" not in text and f"({word}" not in text and f"| {word}" not in text, f"{path}: {word}"


@pytest.mark.parametrize("module", ALL_MODULES)
def test_module_left_out_has_no_objects_and_the_others_stay(helm3: Helm, module: str) -> None:
    spec = party(modules=[name for name in ALL_MODULES if name != module])
    if module == "mysql":
        spec["externalMysqlIp"] = "db.example.com"
    whole, rest = keys(helm3.render(party())), keys(helm3.render(spec))
    assert whole - rest == OBJECTS_OF[module]
    assert rest <= whole


@pytest.mark.parametrize("module", ["osx", "mysql", "nodemanager", "fateboard", "client"])
def test_module_alone_stands_on_its_own(helm3: Helm, module: str) -> None:
    rendered = keys(helm3.render(party(modules=[module]))) - {("Pod", "fate-9999-test")}
    extra = {("ConfigMap", "eggroll-config")} if module == "nodemanager" else set()
    assert rendered == OBJECTS_OF[module] | extra


def test_every_config_map_and_claim_that_a_pod_mounts_is_there(helm: Helm) -> None:
    for modules in ([name] for name in ("osx", "nodemanager")):
        check_mounts(helm.render(party(modules=modules)))
    check_mounts(helm.render(party()))


def check_mounts(manifests: Manifests) -> None:
    for item in manifests.workloads():
        pod = item["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])}
        assert len(volumes) == len(pod.get("volumes", [])) + len(item["spec"].get("volumeClaimTemplates", []))
        for container in pod["containers"] + pod.get("initContainers", []):
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes
        for volume in pod.get("volumes", []):
            sources = volume.get("projected", {}).get("sources", [volume])
            for name in (source["configMap"]["name"] for source in sources if "configMap" in source):
                assert name in manifests.names("ConfigMap")


def test_no_secret_is_made_and_no_password_stands_anywhere(helm: Helm) -> None:
    spec = party(
        mysql={"password": SECRETS_OF["mysql"], "rootPassword": SECRETS_OF["root"], "user": "s3cret-user"},
        fateboard={"password": SECRETS_OF["board"], "username": "s3cret-name"},
        client={"notebook_hashed_password": SECRETS_OF["notebook"]},
        externalMysqlPassword="s3cret-external",
        externalMysqlUser="s3cret-external-user",
    )
    values = helm.values_of([spec])[0]
    manifests = helm.render(spec)
    assert "s3cret" not in json.dumps(values)
    assert "s3cret" not in manifests.text
    assert not manifests.names("Secret")


def test_huge_party_id_stays_text_everywhere(helm: Helm) -> None:
    spec = party(partyId=HUGE, osx={"partyList": [{"partyId": HUGE[::-1], "partyIp": "peer", "partyPort": 30101}]})
    manifests = helm.render(spec)
    for item in manifests.workloads():
        for labels in (
            item["metadata"]["labels"],
            item["spec"]["selector"]["matchLabels"],
            item["spec"]["template"]["metadata"]["labels"],
        ):
            assert labels["partyId"] == HUGE
    for item in manifests.objects:
        if item["kind"] == "Service":
            assert item["spec"]["selector"]["partyId"] == HUGE
    assert yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))["party_id"] == HUGE
    table = json.loads(manifests.data("osx-route-table", "route_table.json"))
    assert table["self_party"] == [HUGE] and set(table["route_table"]) == {HUGE, HUGE[::-1]}
    assert "e+" not in manifests.text


def test_values_refuse_a_party_id_that_is_a_number(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"partyId.*got number, want string"):
        helm.template({"partyId": 9999})


def test_values_refuse_unknown_and_missing_keys(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"additional properties 'nodeport' not allowed"):
        helm.template({"modules": {"osx": {"nodeport": 30091}}})
    with pytest.raises(HelmError, match=r"missing property 'port'"):
        helm.template({"modules": {"mysql": {"port": None}}})


def test_notes_name_real_addresses_and_secrets(helm: Helm, tmp_path: Path) -> None:
    chart = tmp_path / "fate"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "NOTES.txt").rename(chart / "templates" / "_notes.tpl")
    wrapper = 'kind: Notes\ntext: {{ include (print $.Template.BasePath "/_notes.tpl") . | quote }}\n'
    (chart / "templates" / "notes.yaml").write_text(wrapper, encoding="utf-8")
    spec = party(
        osx={
            "type": "NodePort",
            "nodePort": 30091,
            "partyList": [{"partyId": "10000", "partyIp": "peer", "partyPort": 30101}],
            "exchange": {"ip": "exchange.example.com", "port": 30000},
        },
        python={"type": "NodePort", "httpNodePort": 30097},
    )
    text = next(item["text"] for item in helm.render(spec, chart).objects if item["kind"] == "Notes")
    for part in (
        "<address of a node>:30091",
        "routes to 1 party, and sends the rest to exchange.example.com:30000.",
        "<address of a node>:30097 outside",
        "http://party9999.fateboard.example.com/",
        "http://party9999.notebook.example.com/",
        "Secret fate-mysql",
        "Secret fate-fateboard",
        "Secret fate-notebook",
        "helm test fate-9999 --namespace fate-9999",
    ):
        assert part in text
    assert "<no value>" not in text and "%!" not in text


def test_helm_test_asks_every_module_and_fate_flow(helm: Helm) -> None:
    pod = helm.render(party(nodemanager={"replicas": 3})).get("Pod", "fate-9999-test")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    script = pod["spec"]["containers"][0]["command"][-1]
    for address in (
        "osx:9370",
        "clustermanager:4670",
        "nodemanager-2.nodemanager:4671",
        "mysql:3306",
        "fateflow:9360",
        "fateboard:8080",
        "notebook:20000",
        "GET /v2/server/fateflow",
    ):
        assert address in script
    only_osx = helm.render(party(modules=["osx"])).get("Pod", "fate-9999-test")["spec"]["containers"][0]["command"][-1]
    assert "fateflow" not in only_osx and "mysql:3306" not in only_osx
