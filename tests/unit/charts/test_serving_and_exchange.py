# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts fate-serving and fate-exchange as a whole: what holds for both, as it does for the chart of a party."""

from __future__ import annotations

import copy
import functools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from . import exchange as of_exchange
from . import serving as of_serving
from .kit import LOADER, Helm, HelmError, Spec, merged, properties_of
from .test_chart import check_mounts, keys
from .test_keys import changed, nested, pruned, with_value, without_effect
from .test_pods import BASELINE
from .test_spec import KEYWORDS

PARTY_LIST = [{"partyId": "10000", "partyIp": "peer", "partyPort": 30101}]


@dataclass(frozen=True)
class Other:
    """One of the charts.

    spec: a cluster.yaml with every module. names: module to fateMoudle. objects: kinds and names that go with each
    module. version: key of the version. secret: keys that hold something secret, which is ``s3cret``. said: parts of
    its notes. values: of keys, or names of keys, that need a particular one. contexts: beginning of a key's path to
    what else must be said for it to matter. hidden: keys that go into Secrets, or have one value only.
    """

    path: Path
    spec: Spec
    names: dict[str, str]
    objects: dict[str, set[tuple[str, str]]]
    version: str
    secret: Spec
    said: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    contexts: dict[str, Spec] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @functools.cached_property
    def schema(self) -> dict[str, Any]:
        schema = json.loads((self.path / "spec.schema.json").read_text(encoding="utf-8"))
        assert isinstance(schema, dict)
        return schema

    @functools.cached_property
    def example(self) -> Spec:
        spec = yaml.load((self.path / "values-template-example.yaml").read_text(encoding="utf-8"), Loader=LOADER)
        assert isinstance(spec, dict)
        return spec

    def changed(self, **changes: Any) -> Spec:
        return merged(self.spec, changes)

    def errors(self, spec: Any) -> list[str]:
        found = Draft202012Validator(self.schema).iter_errors(spec)
        return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


def _network(name: str) -> tuple[str, str]:
    return "NetworkPolicy", name


SERVING = Other(
    of_serving.CHART,
    of_serving.SERVING,
    of_serving.NAMES,
    {
        "servingServer": {
            ("Deployment", "serving-server"),
            ("Service", "serving-server"),
            ("ConfigMap", "serving-server-config"),
            _network("serving-server"),
        },
        "servingProxy": {
            ("Deployment", "serving-proxy"),
            ("Service", "serving-proxy"),
            ("ConfigMap", "serving-proxy-config"),
            ("ConfigMap", "serving-proxy-route-table"),
            ("Ingress", "serving-proxy"),
            _network("serving-proxy"),
        },
        "servingAdmin": {
            ("Deployment", "serving-admin"),
            ("Service", "serving-admin"),
            ("ConfigMap", "serving-admin-config"),
            ("Ingress", "serving-admin"),
            _network("serving-admin"),
        },
        "servingRedis": {
            ("Deployment", "serving-redis"),
            ("Service", "serving-redis"),
            ("ConfigMap", "serving-redis-config"),
            _network("serving-redis"),
        },
        "servingZookeeper": {
            ("StatefulSet", "serving-zookeeper"),
            ("Service", "serving-zookeeper"),
            ("Service", "serving-zookeeper-headless"),
            _network("serving-zookeeper"),
        },
    },
    "servingVersion",
    {
        "servingAdmin": {"username": "s3cret-user", "password": "s3cret"},
        "servingRedis": {"password": "s3cret"},
        "externalRedisPassword": "s3cret",
        "externalZookeeperUser": "s3cret",
        "externalZookeeperPassword": "s3cret",
    },
    [
        "FATE 2 pushes no models",
        "servingIp: serving-server.fate-9999, servingPort: 8000",
        "http://party9999.serving-proxy.example.com/federation/v1/inference",
        "<address of a node>:30096",
        "It has routes to 1 party, and sends the rest to hub:30100.",
        "http://party9999.serving-admin.example.com/, user and password in Secret fate-serving-admin",
    ],
    {
        "modules": ["servingServer"],
        "servingProxy.partyList": PARTY_LIST,
        "externalZookeeperUrl": "zookeeper.example.com:2181",
        "networkPolicy.party": [{"podSelector": {}}],
        "cacheType": "redis",
        "singleAdaptor": "com.example.One",
        "batchAdaptor": "com.example.Many",
        "servingServer.subPath": "x",
    },
    {
        "externalRedis": {
            "modules": ["servingServer", "servingProxy", "servingZookeeper"],
            "externalRedisIp": "redis",
            "servingServer": {"cacheSwitch": True, "cacheType": "redis"},
        },
        "externalZookeeper": {
            "modules": ["servingServer", "servingProxy", "servingAdmin", "servingRedis"],
            "externalZookeeperUrl": "zookeeper:2181",
            "externalZookeeperAcl": True,
        },
        "externalZookeeperAcl": {
            "modules": ["servingServer"],
            "externalZookeeperUrl": "zookeeper:2181",
            "externalZookeeperAcl": None,
        },
        "servingServer.fateflow.": {"servingServer": {"fateflow": {"ip": "flow"}}},
        "servingProxy.exchange.": {"servingProxy": {"enableTLS": True, "exchange": {"ip": "hub", "port": 30000}}},
        "servingProxy.partyList[]": {"servingProxy": {"enableTLS": True, "partyList": PARTY_LIST}},
        "servingProxy.tls.": {"servingProxy": {"enableTLS": True}},
        "route.enabled": {},
    },
    frozenset({"servingVersion", "servingAdmin.username", "externalZookeeperUser"}),
)
EXCHANGE = Other(
    of_exchange.CHART,
    of_exchange.EXCHANGE,
    of_exchange.NAMES,
    {
        "osx": {
            ("Deployment", "osx"),
            ("Service", "osx"),
            ("ConfigMap", "osx-config"),
            ("ConfigMap", "osx-route-table"),
            _network("osx"),
        },
        "nginx": {
            ("Deployment", "nginx"),
            ("Service", "nginx"),
            ("ConfigMap", "nginx-config"),
            ("ConfigMap", "nginx-route-table"),
            _network("nginx"),
        },
        "trafficServer": {
            ("Deployment", "traffic-server"),
            ("Service", "traffic-server"),
            ("ConfigMap", "traffic-server-config"),
            ("ConfigMap", "traffic-server-sni"),
            _network("traffic-server"),
        },
    },
    "fateVersion",
    {},
    [
        "OSX: <address of a node>:30000",
        "It has routes to 2 parties.",
        "nginx: HTTP nginx.fate-9999:9300, from inside this Kubernetes only",
        "Traffic server: traffic-server.fate-9999:443",
        "It knows 2 names.",
        "name a digest with trafficServer.imageTag",
    ],
    {
        "modules": ["osx"],
        "osx.partyList": PARTY_LIST,
        "nginx.route_table": {"8": {"fateflow": [{"host": "other", "http_port": 1, "grpc_port": 2}]}},
        "trafficServer.route_table.sni": [{"fqdn": "8.fate.org", "tunnelRoute": "other:1"}],
        "trafficServer.route_table.sni[].fqdn": "8.fate.org",
        "trafficServer.route_table.sni[].tunnelRoute": "other:1",
        "domain": "bank.example",
    },
    {
        "osx.partyList[]": {"osx": {"enableTLS": True, "partyList": PARTY_LIST}},
        "osx.tls.": {"osx": {"enableTLS": True}},
        "nginx.tls.": {"nginx": {"enableTLS": True}},
        "trafficServer.route_table.sni[]": {
            "trafficServer": {"route_table": {"sni": [{"fqdn": "7.fate.org", "tunnelRoute": "seven:7"}]}}
        },
        "domain": {"nginx": {"enableTLS": True}},
        "persistence": {"osx": {"persistence": None}},
        "fateVersion": {"modules": ["osx"]},
        "chartVersion": {"modules": ["osx"], "fateVersion": None},
    },
)
OTHERS = [SERVING, EXCHANGE]
each = pytest.mark.parametrize("other", OTHERS, ids=["fate-serving", "fate-exchange"])
each_module = pytest.mark.parametrize(
    ("other", "module"),
    [(other, module) for other in OTHERS for module in other.names],
    ids=[name for other in OTHERS for name in other.names.values()],
)


# ---- the chart


@each
def test_lint_finds_nothing(helm: Helm, other: Other) -> None:
    text = helm.run("lint", "--strict", str(other.path))
    assert "[WARNING]" not in text and "[ERROR]" not in text


@each
def test_default_values_render_and_the_example_does(helm: Helm, other: Other) -> None:
    assert helm.template({}, other.path)
    example = helm.render(other.example, other.path)
    assert {item["metadata"]["name"] for item in example.workloads()} == set(other.names.values())


@each
def test_versions_of_chart_yaml_are_those_that_have_facts(other: Other) -> None:
    chart = yaml.safe_load((other.path / "Chart.yaml").read_text(encoding="utf-8"))
    known = sorted(path.stem for path in (other.path / "facts").glob("*.yaml"))
    assert chart["appVersion"] == max(known)
    assert other.schema["properties"][other.version]["enum"][: len(known)] == known
    (common,) = chart["dependencies"]
    assert (common["name"], common["repository"]) == ("fate-common", "file://../fate-common")


@each
def test_two_renders_are_identical_and_both_helms_agree(other: Other) -> None:
    first, second = Helm.of_major(3), Helm.of_major(4)
    texts = [first.template(first.values_of([other.example], other.path)[0], other.path) for _rest in range(2)]
    assert texts[0] == texts[1]
    assert first.render(other.example, other.path).objects == second.render(other.example, other.path).objects


@each
def test_templates_use_nothing_that_differs_from_run_to_run(other: Other) -> None:
    for path in (other.path / "templates").rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for word in ("lookup ", "rand", "now", "genCA", "genSelfSigned", "uuidv4", "htpasswd", "bcrypt"):
            assert f"{{{{ {word}" not in text and f"({word}" not in text and f"| {word}" not in text, f"{path}: {word}"


@each_module
def test_module_left_out_has_no_objects_and_the_others_stay(helm3: Helm, other: Other, module: str) -> None:
    rest = [name for name in other.names if name != module]
    spec = other.changed(modules=rest)
    if module == "servingZookeeper":
        spec["externalZookeeperUrl"] = "zookeeper:2181"
    whole, left = keys(helm3.render(other.spec, other.path)), keys(helm3.render(spec, other.path))
    assert whole - left == other.objects[module]
    assert left <= whole


@each_module
def test_module_alone_stands_on_its_own(helm3: Helm, other: Other, module: str) -> None:
    spec = other.changed(modules=[module])
    if module == "servingAdmin":
        spec["externalZookeeperUrl"] = "zookeeper:2181"
    manifests = helm3.render(spec, other.path)
    assert keys(manifests) - {("Pod", f"{spec['name']}-test")} == other.objects[module]
    check_mounts(manifests)


@each
@pytest.mark.parametrize("persistence", [True, False])
def test_what_a_pod_mounts_is_there(helm3: Helm, other: Other, persistence: bool) -> None:
    check_mounts(helm3.render(other.changed(persistence=persistence), other.path))


@each
def test_no_secret_is_made_and_no_password_stands_anywhere(helm3: Helm, other: Other) -> None:
    spec = merged(other.spec, other.secret)
    assert other.errors(spec) == []
    manifests = helm3.render(spec, other.path)
    assert "s3cret" not in json.dumps(helm3.values_of([spec], other.path)) + manifests.text
    assert not manifests.names("Secret")


@each
def test_values_refuse_unknown_keys_and_a_party_id_that_is_a_number(helm: Helm, other: Other) -> None:
    with pytest.raises(HelmError, match=r"partyId.*got number, want string"):
        helm.template({"partyId": 9999}, other.path)
    with pytest.raises(HelmError, match=r"additional properties 'nodeport' not allowed"):
        helm.template({"modules": {next(iter(other.names)): {"nodeport": 30091}}}, other.path)


@each
def test_notes_say_how_each_module_is_reached(helm: Helm, other: Other, tmp_path: Path) -> None:
    chart = tmp_path / other.path.name
    shutil.copytree(other.path, chart)
    (chart / "templates" / "NOTES.txt").rename(chart / "templates" / "_notes_text.tpl")
    wrapper = 'kind: Notes\ntext: {{ include (print $.Template.BasePath "/_notes_text.tpl") . | quote }}\n'
    (chart / "templates" / "notes.yaml").write_text(wrapper, encoding="utf-8")
    over: Spec = {"osx": {"type": "NodePort", "nodePort": 30000}}
    if other is SERVING:
        proxy = {"type": "NodePort", "nodePort": 30096, "partyList": PARTY_LIST}
        over = {"servingProxy": {**proxy, "exchange": {"ip": "hub", "port": 30100}}}
    objects = helm.render(merged(other.spec, over), chart).objects
    text = next(item["text"] for item in objects if item["kind"] == "Notes")
    for part in [*other.said, "helm test fate-9999 --namespace fate-9999"]:
        assert part in text, text
    assert "<no value>" not in text and "%!" not in text


@each
def test_helm_test_asks_every_service(helm: Helm, other: Other) -> None:
    manifests = helm.render(other.spec, other.path)
    pod = manifests.get("Pod", f"{other.spec['name']}-test")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    script = pod["spec"]["containers"][0]["command"][-1]
    for name in manifests.names("Service"):
        spec = manifests.get("Service", name)["spec"]
        if spec.get("clusterIP") != "None":
            for port in spec["ports"]:
                assert f"{name}:{port['port']}" in script


# ---- pods and Services


@each
def test_images_are_those_of_the_facts_from_whatever_registry(helm3: Helm, other: Other) -> None:
    spec = other.changed(registry="registry.example.com/mirror/", pullPolicy="Always", imagePullSecrets=[{"name": "s"}])
    manifests = helm3.render(spec, other.path)
    version = spec.get(other.version) or "2.1.6"
    facts = yaml.safe_load((other.path / "facts" / f"{version}.yaml").read_text(encoding="utf-8"))["images"]
    assert set(facts) == set(other.names)
    for module, name in other.names.items():
        container = manifests.container(name)
        fact = facts[module]
        assert container["image"] == f"registry.example.com/mirror/{fact['repository']}:{fact['tag']}"
        assert container["imagePullPolicy"] == "Always"
        assert manifests.pod(name)["imagePullSecrets"] == [{"name": "s"}]
        assert fact["source"] and isinstance(fact["verified"], bool)


@each
@pytest.mark.parametrize("profile", ["baseline", "restricted", "arbitrary"])
def test_pods_are_admitted_by_pod_security(helm3: Helm, other: Other, profile: str) -> None:
    manifests = helm3.render(other.changed(securityProfile=profile, persistence=True), other.path)
    for pod in manifests.pods():
        assert not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
        assert all("hostPath" not in volume for volume in pod.get("volumes", []))
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"] + pod.get("initContainers", []):
            context = container["securityContext"]
            added = set(context["capabilities"].get("add", []))
            assert context["allowPrivilegeEscalation"] is False and context["capabilities"]["drop"] == ["ALL"]
            assert added <= BASELINE
            if profile != "baseline":
                assert not added and {**pod["securityContext"], **context}["runAsNonRoot"] is True


@each
def test_every_container_is_probed_and_asks_for_what_it_needs(helm3: Helm, other: Other) -> None:
    manifests = helm3.render(other.spec, other.path)
    for name in other.names.values():
        container = manifests.container(name)
        assert {"livenessProbe", "readinessProbe", "startupProbe"} <= set(container), name
        assert {"cpu", "memory"} == set(container["resources"]["requests"]), name
        assert "limits" not in container["resources"]


@each
@pytest.mark.parametrize("profile", ["small", "medium", "large", "custom"])
def test_java_fits_what_its_container_asks_for(helm3: Helm, other: Other, profile: str) -> None:
    manifests = helm3.render(other.changed(resourceProfile=profile), other.path)
    found = 0
    for name in other.names.values():
        text = json.dumps(manifests.container(name))
        for heap, direct in re.findall(r"-Xmx(\d+)m -XX:MaxDirectMemorySize=(\d+)m", text):
            found += 1
            resources = manifests.container(name).get("resources", {})
            if profile == "custom":
                assert not resources.get("requests")
            else:
                assert int(resources["requests"]["memory"].removesuffix("Mi")) >= int(heap) + int(direct) + 128
    assert found


@each
def test_selectors_match_pods_and_labels_are_the_recommended_ones_too(helm3: Helm, other: Other) -> None:
    manifests = helm3.render(other.changed(persistence=True), other.path)
    pods = [item["spec"]["template"]["metadata"]["labels"] for item in manifests.workloads()]
    for item in manifests.objects:
        if item["kind"] == "Pod":
            continue
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] and labels["app.kubernetes.io/managed-by"] == "Helm"
        if item["kind"] == "Service":
            selector = item["spec"]["selector"]
            assert sum(selector.items() <= labels.items() for labels in pods) == 1, item["metadata"]["name"]
        if item["kind"] in ("Deployment", "StatefulSet"):
            assert (
                item["spec"]["selector"]["matchLabels"].items()
                <= item["spec"]["template"]["metadata"]["labels"].items()
            )
            assert "helm.sh/chart" not in item["spec"]["template"]["metadata"]["labels"]


@each
def test_every_workload_has_a_policy_for_both_ways(helm3: Helm, other: Other) -> None:
    manifests = helm3.render(other.spec, other.path)
    policies = [item["spec"] for item in manifests.objects if item["kind"] == "NetworkPolicy"]
    assert len(policies) == len(manifests.workloads())
    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies)
    off = helm3.render(other.changed(networkPolicy={"enabled": False}), other.path)
    assert not off.names("NetworkPolicy")


# ---- cluster.yaml


@each
def test_schema_keeps_to_the_keywords_that_are_checked(other: Other) -> None:
    Draft202012Validator.check_schema(other.schema)

    def walk(node: Any, path: str) -> None:
        if isinstance(node, bool):
            return
        assert set(node) <= KEYWORDS, f"{path}: {set(node) - KEYWORDS}"
        for keyword in ("properties", "patternProperties", "$defs"):
            for name, child in node.get(keyword, {}).items():
                walk(child, f"{path}/{keyword}/{name}")
        for keyword in ("items", "additionalProperties"):
            if keyword in node:
                walk(node[keyword], f"{path}/{keyword}")

    walk(other.schema, "#")


@each
def test_every_object_is_closed_and_every_key_explained(other: Other) -> None:
    known = {path for path, _rest in properties_of(other.schema)}
    for path, schema in properties_of(other.schema):
        kinds = schema.get("type", [])
        if "object" in ([kinds] if isinstance(kinds, str) else kinds):
            assert schema["additionalProperties"] is False or "properties" not in schema, path
        assert schema.get("description", "").endswith(".") or schema.get("x-ignored", "").endswith("."), path
        assert schema.get("x-replaced-by", path) in known, path


@each
def test_example_is_valid_and_has_every_key(other: Other) -> None:
    assert other.errors(other.example) == []
    text = (other.path / "values-template-example.yaml").read_text(encoding="utf-8")
    for path, schema in properties_of(other.schema):
        if "x-ignored" in schema:
            assert path in text, path
        elif not any(part in path for part in ("[].", ".resources.")):
            node: Any = other.example
            for part in path.split("."):
                assert part in node, path
                node = node[part]


@each
def test_documented_defaults_are_those_of_the_values(other: Other) -> None:
    values = yaml.safe_load((other.path / "values.yaml").read_text(encoding="utf-8"))
    elsewhere = {
        "pullPolicy": "image.pullPolicy",
        "persistence": "persistence.enabled",
        "externalRedisPort": "externalRedis.port",
        "externalZookeeperAcl": "externalZookeeper.acl",
    }
    for path, schema in properties_of(other.schema):
        if "default" not in schema or "[]" in path or path in {"chartName", "servingAdmin.username"}:
            continue
        node = values
        target = elsewhere.get(path, path if path.split(".")[0] not in values["modules"] else f"modules.{path}")
        for part in target.split("."):
            node = node[part]
        assert node == schema["default"], path


@each
def test_secrets_are_marked(other: Other) -> None:
    marked = {path for path, schema in properties_of(other.schema) if schema.get("x-secret")}
    words = ("assword",)
    assert marked == {path for path, _rest in properties_of(other.schema) if path.endswith(words)}


@each
def test_null_and_empty_say_nothing(helm3: Helm, other: Other) -> None:
    silent = {"registry": "", "pullPolicy": None, "persistence": None, "pods": None, "networkPolicy": None}
    block = {"type": None, "image": "", "resources": None, "nodeSelector": None, "existingClaim": "", "size": None}
    for module in other.names:
        known = other.schema["properties"][module]["properties"]
        silent[module] = {key: value for key, value in block.items() if key in known}
    spec = merged(other.spec, silent)
    assert other.errors(spec) == []
    assert helm3.render(spec, other.path).text == helm3.render(other.spec, other.path).text


@each
def test_ignored_keys_change_nothing(helm3: Helm, other: Other) -> None:
    spec = other.spec
    for path, schema in properties_of(other.schema):
        if "x-ignored" in schema:
            spec = with_value(spec, path, {"ignored": 1})
    assert spec != other.spec and other.errors(spec) == []
    first, second = helm3.values_of([spec, other.spec], other.path)
    assert pruned(first) == pruned(second)


def cases(other: Other) -> Iterator[tuple[str, Spec, Spec]]:
    """For each key a spec without it and one with it. Keys that all modules have are looked at in one module."""
    first = next(iter(other.names), "")
    shared = other.schema["$defs"]
    for path, schema in properties_of(other.schema):
        hidden = {"namespace", "chartName", "route.enabled", *other.hidden}
        quiet = "x-ignored" in schema or schema.get("x-secret") or path in hidden or "type" not in schema
        detail = any(part in path for part in ("extraEnv[].", ".hosts[]", ".tls[]", "imagePullSecrets[]"))
        common = any(part in shared for part in path.split(".")[1:]) and not path.startswith((first, "pods."))
        if quiet or detail or common:
            continue
        before = context(other, path)
        name = path.rsplit(".", 1)[-1]
        value = other.values.get(path, other.values.get(name)) or changed(path, schema, before)
        if value is not None and not (name == "chartVersion" and other is SERVING):
            yield path, before, with_value(before, path, value)


def context(other: Other, path: str) -> Spec:
    block, _rest, key = path.rpartition(".")
    spec: Spec = copy.deepcopy(other.spec)
    for start, over in other.contexts.items():
        if path.startswith(start):
            spec = merged(spec, over)
    if key in ("existingClaim", "storageClass", "accessMode", "size"):
        spec = merged(spec, {"persistence": True})
    if key.endswith(("nodePort", "NodePort")):
        spec = merged(spec, nested(block, {"type": "NodePort"}))
    if key == "loadBalancerIP":
        spec = merged(spec, nested(block, {"type": "LoadBalancer"}))
    if path.startswith("podDisruptionBudget"):
        spec = merged(spec, {"nginx": {"replicas": 2}})
    return spec


@each
def test_every_key_that_is_not_marked_as_ignored_changes_the_manifests(helm3: Helm, other: Other) -> None:
    pairs = list(cases(other))
    assert len(pairs) > 60
    for path, _before, after in pairs:
        assert other.errors(after) == [], path
    assert without_effect(helm3, pairs, other.path) == []


def kubefate(other: Other) -> Spec:
    """A cluster.yaml of KubeFATE as the collection hands it on: party ids are text."""
    name = f"kubefate-{other.path.name.removeprefix('fate-')}.yaml"
    spec = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    spec["partyId"] = str(spec["partyId"])
    for entry in (spec.get("servingProxy") or {}).get("partyList") or []:
        entry["partyId"] = str(entry["partyId"])
    if table := (spec.get("nginx") or {}).get("route_table"):
        spec["nginx"]["route_table"] = {str(party): entry for party, entry in table.items()}
    assert isinstance(spec, dict)
    return spec


def test_kubefate_s_cluster_yaml_of_serving_is_taken(helm: Helm) -> None:
    spec = kubefate(SERVING)
    assert SERVING.errors(spec) == []
    manifests = helm.render(spec, SERVING.path)
    assert manifests.container("serving-server")["image"].startswith("harbor.example.com/federatedai/serving-server:")
    assert manifests.get("Service", "serving-server")["spec"]["ports"][0]["nodePort"] == 30095
    settings = manifests.properties("serving-server-config", "serving-server.properties")
    assert settings["remoteModelInferenceResultCacheSwitch"] == "true" and settings["cache.type"] == "redis"
    assert "fate_dev" not in manifests.text


def test_kubefate_s_cluster_yaml_of_an_exchange_is_taken(helm: Helm) -> None:
    spec = kubefate(EXCHANGE)
    assert EXCHANGE.errors(spec) == []
    manifests = helm.render(spec, EXCHANGE.path)
    assert {item["metadata"]["name"] for item in manifests.workloads()} == {"nginx", "traffic-server"}
    table = yaml.safe_load(manifests.data("nginx-route-table", "route_table.yaml"))
    assert table[10000]["fateflow"] == [{"host": "192.168.10.1", "http_port": 30107, "grpc_port": 30102}]
    sni = yaml.safe_load(manifests.data("traffic-server-sni", "sni.yaml"))["sni"]
    assert sni[0] == {"fqdn": "10000.fate.org", "tunnel_route": "192.168.0.2:30109"}
    assert manifests.get("Service", "traffic-server")["spec"]["ports"][0]["nodePort"] == 30007
    assert manifests.container("traffic-server")["image"].startswith("harbor.example.com/")
