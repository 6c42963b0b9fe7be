# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster.yaml: its schema, the example, and what becomes of each key."""

from __future__ import annotations

import functools
import subprocess
import sys
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
        elif not any(part in path for part in (".extraEnv[].", ".resources.", ".hosts[].", ".tls[].", ".env[].")):
            assert present(spec, path.split(".")), path


def test_documented_defaults_are_those_of_the_values() -> None:
    values = yaml.safe_load(Path(CHART, "values.yaml").read_text(encoding="utf-8"))
    elsewhere = {"chartName", "mysql.user", "fateboard.username", "rabbitmq.user"}
    renamed = {
        "pullPolicy": "image.pullPolicy",
        "persistence": "persistence.enabled",
        "externalMysqlPort": "externalMysql.port",
        "servingPort": "serving.port",
    }
    for path, schema in properties_of(spec_schema()):
        if "default" not in schema or "[]" in path or path in elsewhere:
            continue
        target = renamed.get(path, path if path.split(".")[0] not in values["modules"] else f"modules.{path}")
        node = values
        for part in target.split("."):
            node = node[part]
        assert node == schema["default"], path


def test_files_that_follow_from_the_folder_schema_are_current() -> None:
    root = CHART.parents[1]
    done = subprocess.run(
        [sys.executable, str(root / "scripts" / "chart_files.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modules": ["rollsite"]}, "modules.0: 'rollsite' is not one of"),
        ({"computing": "Flink"}, "computing: 'Flink' is not one of"),
        ({"federation": "Eggroll"}, "federation: 'Eggroll' is not one of"),
        ({"storage": "Hive"}, "storage: 'Hive' is not one of"),
        (
            {"rabbitmq": {"route_table": {"bank": {"host": "x", "port": 1}}}},
            "rabbitmq.route_table: 'bank' does not match",
        ),
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
