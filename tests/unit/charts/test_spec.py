# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster.yaml: its schema, the example, and what becomes of each key."""

from __future__ import annotations

import copy
import functools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from .kit import CHART, Helm, Spec, party, properties_of, spec_schema

# Keywords that the collection's own checker knows.
KEYWORDS = {
    *("$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "const", "properties"),
    *("patternProperties", "additionalProperties", "items", "required", "minItems", "uniqueItems", "minimum"),
    *("maximum", "minLength", "maxLength", "pattern", "format", "default", "examples", "deprecated"),
    *("x-ignored", "x-replaced-by", "x-secret"),
}
# Keys that say which chart and release this is, not what is in it.
NOT_IN_MANIFESTS = {"namespace", "chartName", "computing", "federation", "storage"}


def errors(spec: Any) -> list[str]:
    found = validator().iter_errors(spec)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


@functools.cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(spec_schema())


def example() -> Spec:
    spec = yaml.safe_load(Path(CHART, "values-template-example.yaml").read_text(encoding="utf-8"))
    assert isinstance(spec, dict)
    return spec


def kubefate_cluster() -> Spec:
    spec = yaml.safe_load(Path(__file__).with_name("kubefate-cluster.yaml").read_text(encoding="utf-8"))
    assert isinstance(spec, dict)
    # What the collection does with properties of format party-id.
    spec["partyId"] = str(spec["partyId"])
    for entry in spec["osx"]["partyList"]:
        entry["partyId"] = str(entry["partyId"])
    return spec


def test_schema_is_one_and_keeps_to_the_keywords_that_are_checked() -> None:
    schema = spec_schema()
    Draft202012Validator.check_schema(schema)

    def walk(node: Any, path: str) -> None:
        assert isinstance(node, (dict, bool)), path
        if isinstance(node, bool):
            return
        assert set(node) <= KEYWORDS, f"{path}: {set(node) - KEYWORDS}"
        if "$ref" in node:
            assert node["$ref"].startswith("#/$defs/") and node["$ref"][8:] in schema["$defs"], path
        for keyword in ("properties", "patternProperties", "$defs"):
            for name, child in node.get(keyword, {}).items():
                walk(child, f"{path}/{keyword}/{name}")
        for keyword in ("items", "additionalProperties"):
            if keyword in node:
                walk(node[keyword], f"{path}/{keyword}")

    walk(schema, "#")


def test_every_object_is_closed_or_a_free_map() -> None:
    for path, schema in properties_of(spec_schema()):
        kinds = schema.get("type", [])
        if "object" in ([kinds] if isinstance(kinds, str) else kinds):
            assert "additionalProperties" in schema, path
            assert schema["additionalProperties"] is False or "properties" not in schema, path


def test_every_property_is_explained_or_says_what_replaces_it() -> None:
    known = {path for path, _rest in properties_of(spec_schema())}
    for path, schema in properties_of(spec_schema()):
        if "extraEnv[]" in path or ".resources." in path:
            continue
        assert schema.get("description", "").endswith(".") or schema.get("x-ignored", "").endswith("."), path
        if "x-replaced-by" in schema:
            assert schema["x-replaced-by"] in known, path


def test_example_is_valid() -> None:
    assert errors(example()) == []


def test_example_has_every_key_and_names_every_ignored_one() -> None:
    text = Path(CHART, "values-template-example.yaml").read_text(encoding="utf-8")

    def present(node: Any, parts: list[str]) -> bool:
        if not parts:
            return True
        name, rest = parts[0], parts[1:]
        if name.endswith("[]"):
            return any(present(entry, rest) for entry in node[name[:-2]]) if node.get(name[:-2]) else False
        return isinstance(node, dict) and name in node and present(node[name], rest)

    spec = example()
    for path, schema in properties_of(spec_schema()):
        if "x-ignored" in schema:
            assert path in text, path
        elif ".extraEnv[]." not in path and ".resources." not in path:
            assert present(spec, path.split(".")), path


def test_documented_defaults_are_those_of_the_values() -> None:
    values = yaml.safe_load(Path(CHART, "values.yaml").read_text(encoding="utf-8"))
    elsewhere = {"chartName", "mysql.user", "fateboard.username", "osx.tls.existingSecret"}
    renamed = {
        "pullPolicy": "image.pullPolicy",
        "persistence": "persistence.enabled",
        "externalMysqlPort": "externalMysql.port",
        "servingPort": "serving.port",
    }
    for path, schema in properties_of(spec_schema()):
        if "default" not in schema or "[]" in path or path in elsewhere or path.endswith(("jvmHeap", "jvmDirect")):
            continue
        target = renamed.get(path, path if path.split(".")[0] not in values["modules"] else f"modules.{path}")
        node = values
        for part in target.split("."):
            node = node[part]
        assert node == schema["default"], path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modules": ["rollsite"]}, "modules.0: 'rollsite' is not one of"),
        ({"modules": ["spark"]}, "modules.0: 'spark' is not one of"),
        ({"computing": "Spark"}, "computing: 'Spark' is not one of"),
        ({"federation": "Eggroll"}, "federation: 'Eggroll' is not one of"),
        ({"storage": "LocalFS"}, "storage: 'LocalFS' is not one of"),
        ({"partyId": 9999}, "partyId: 9999 is not of type 'string'"),
        ({"chartVersion": "v1.11.2"}, "chartVersion: 'v1.11.2' is not one of"),
        ({"osx": {"nodport": 1}}, "osx: Additional properties are not allowed ('nodport' was unexpected)"),
        ({"mysql": {"database": "a;drop"}}, "mysql.database: 'a;drop' does not match"),
        ({"mysql": {"password": "p\u00e4ss"}}, "mysql.password: "),
        ({"osx": {"nodePort": 70000}}, "osx.nodePort: 70000 is greater than the maximum"),
    ],
)
def test_what_cannot_work_is_refused(change: Spec, message: str) -> None:
    assert any(error.startswith(message) for error in errors(party(**change))), errors(party(**change))


def test_secrets_are_marked() -> None:
    marked = {path for path, schema in properties_of(spec_schema()) if schema.get("x-secret")}
    assert marked >= {
        "mysql.password",
        "mysql.rootPassword",
        "fateboard.password",
        "client.notebook_hashed_password",
        "externalMysqlPassword",
    }


def test_kubefate_cluster_yaml_is_taken_and_gives_fate_2_0_0(helm: Helm) -> None:
    spec = kubefate_cluster()
    assert errors(spec) == []
    manifests = helm.render(spec)
    assert manifests.container("python")["image"] == "harbor.example.com/federatedai/fateflow:2.0.0-release"
    assert manifests.get("Service", "osx")["spec"]["ports"][0]["nodePort"] == 30091
    assert manifests.names("Ingress") == {"fateboard", "client"}


@pytest.mark.parametrize(
    ("keys", "version"),
    [
        ({"chartVersion": "v2.0.0"}, "2.0.0"),
        ({"chartVersion": "2.0.0"}, "2.0.0"),
        ({"chartVersion": "v2.2.0"}, "2.2.0"),
        ({"chartVersion": "1.0.0"}, "2.2.0"),
        ({}, "2.2.0"),
        ({"chartVersion": "v2.0.0", "fateVersion": "2.2.0"}, "2.2.0"),
    ],
)
def test_fate_version_comes_from_fate_version_or_chart_version(helm: Helm, keys: Spec, version: str) -> None:
    assert helm.values_of([{"partyId": "1", "modules": ["osx"], **keys}])[0]["fateVersion"] == version


def test_chart_version_takes_the_version_of_the_chart() -> None:
    chart = yaml.safe_load(Path(CHART, "Chart.yaml").read_text(encoding="utf-8"))
    assert errors(party(chartVersion=chart["version"])) == []


def test_null_and_empty_say_nothing(helm: Helm) -> None:
    silent = party(
        registry="",
        pullPolicy=None,
        ingress=None,
        ingressClassName="",
        persistence=None,
        osx={
            "type": None,
            "nodePort": None,
            "partyList": None,
            "exchange": {"ip": "", "port": None},
            "resources": None,
        },
        nodemanager={"replicas": None, "storageClass": None, "existingClaim": "", "nodeSelector": None},
        mysql={"port": None, "database": "", "ip": ""},
        python=None,
    )
    assert errors(silent) == []
    assert helm.render(silent).text == helm.render(party()).text


# ---- every key does something

CLAIM: Spec = {"persistence": True, "nodemanager": {"replicas": 1}, "python": {"replicas": 1}}
EXTERNAL: Spec = {
    "modules": ["osx", "clustermanager", "nodemanager", "python", "fateboard", "client"],
    "externalMysqlIp": "db.example.com",
}
PEER = {"partyId": "10000", "partyIp": "peer", "partyPort": 30101}
OF_NAME: dict[str, Any] = {
    "resources": {"limits": {"cpu": "7"}},
    "requests": {"cpu": "7"},
    "limits": {"cpu": "7"},
    "claims": [{"name": "gpu"}],
    "tolerations": [{"key": "x"}],
    "affinity": {"podAffinity": {}},
    "extraEnv": [{"name": "X", "value": "y"}],
    "podSecurityContext": {"fsGroup": 7},
    "securityContext": {"privileged": False},
    "nodeSelector": {"x": "y"},
    "podAnnotations": {"x": "y"},
    "podLabels": {"x": "y"},
    "annotations": {"x": "y"},
    "hosts": [{"name": "h.example.com"}],
    "tls": [{"secretName": "t"}],
    "imagePullSecrets": [{"name": "s"}],
    "jvmHeap": "300Mi",
    "jvmDirect": "200Mi",
    "size": "9Gi",
    "imageTag": "changed",
    "image": "changed/image",
    "logLevel": "DEBUG",
    "type": "NodePort",
    "algorithm": "NN",
    "device": "IPCL",
    "fateVersion": "2.2.0",
    "partyId": "7777",
    "mysqlServerTimezone": "GMT+8",
    "chartVersion": "v2.0.0",
    "imageSuffix": "-own",
    "replicas": 3,
}
OF_PATH: dict[str, Any] = {
    "modules": ["osx"],
    "ingress": {"fateboard": {"enabled": False}},
    "osx.partyList": [PEER],
    "osx.exchange": {"ip": "exchange", "port": 30000},
    "osx.tls": {"existingSecret": "own-certs"},
}


def context_of(path: str) -> Spec:
    """What else must be said for a key to matter."""
    module, _rest, key = path.partition(".")
    if key in ("existingClaim", "storageClass", "accessMode", "size"):
        return copy.deepcopy(CLAIM)
    if key.endswith(("nodePort", "NodePort")):
        return {module: {"type": "NodePort"}}
    if key == "loadBalancerIP":
        return {module: {"type": "LoadBalancer"}}
    if path.startswith("osx.tls"):
        return {"osx": {"enableTLS": True}}
    if path.startswith("osx.exchange."):
        return {"osx": {"enableTLS": True, "exchange": {"ip": "exchange", "port": 30000}}}
    if path.startswith("osx.partyList[]"):
        return {"osx": {"enableTLS": True, "partyList": [copy.deepcopy(PEER)]}}
    if path.startswith("externalMysql"):
        return copy.deepcopy(EXTERNAL)
    if path == "servingPort":
        return {"servingIp": "serving"}
    if path == "chartVersion":
        return {"fateVersion": None, "modules": ["osx"]}
    if path == "fateVersion":
        return {"modules": ["osx"]}
    return {}


def changed(path: str, schema: dict[str, Any]) -> Any:
    """A value that the key does not have otherwise."""
    name = path.rsplit(".", 1)[-1]
    if path in OF_PATH or name in OF_NAME:
        return OF_PATH.get(path, OF_NAME.get(name))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "boolean" in kinds:
        return path == "osx.enableTLS" or not (name in ("enabled", "useSSL") and "istio" not in path)
    if "integer" in kinds:
        return 31234
    if "enum" in schema:
        return next(item for item in schema["enum"] if item not in (None, schema.get("default")))
    if "object" in kinds:
        return None
    return "/changed" if name == "path" else "changed"


def with_value(spec: Spec, path: str, value: Any) -> Spec:
    spec = copy.deepcopy(spec)
    node: Any = spec
    parts = path.split(".")
    for part in parts[:-1]:
        if part.endswith("[]"):
            node = node.setdefault(part[:-2], [{}])[0]
        else:
            node[part] = node.get(part) or {}
            node = node[part]
    node[parts[-1]] = value
    return spec


def cases() -> dict[str, tuple[Spec, Spec]]:
    """For each key a spec without it and one with it."""
    found: dict[str, tuple[Spec, Spec]] = {}
    for path, schema in properties_of(spec_schema()):
        quiet = "x-ignored" in schema or schema.get("x-secret") or path in NOT_IN_MANIFESTS
        detail = any(part in path for part in ("extraEnv[].", ".hosts[]", ".tls[]", "imagePullSecrets[]"))
        goes_into_secret = path in ("mysql.user", "fateboard.username", "externalMysqlUser")
        value = None if quiet or detail or goes_into_secret else changed(path, schema)
        if value is not None:
            before = party(**context_of(path))
            found[path] = (before, with_value(before, path, value))
    return found


def test_every_key_that_is_not_marked_as_ignored_changes_the_manifests(helm3: Helm) -> None:
    pairs = cases()
    assert len(pairs) > 150
    for path, (_rest, after) in pairs.items():
        assert errors(after) == [], path
    values = helm3.values_of([after for _rest, after in pairs.values()])
    with ThreadPoolExecutor() as pool:
        texts = list(pool.map(helm3.template, values))
    without_effect = [
        path
        for (path, (before, _rest)), text in zip(pairs.items(), texts, strict=True)
        if text == helm3.render(before).text
    ]
    assert without_effect == []


def test_ignored_keys_change_nothing(helm3: Helm) -> None:
    spec = party()
    for path, schema in properties_of(spec_schema()):
        if "x-ignored" in schema:
            spec = with_value(spec, path, {"ignored": 1})
    assert errors(spec) == []
    assert json.loads(json.dumps(helm3.values_of([spec]))) == helm3.values_of([party()])
