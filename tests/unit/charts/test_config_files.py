# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Config files of each combination of engines: their servers read every key, and what they name is there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from .combinations import COMBINATIONS, ENGINES, OWN_IMAGE, Combination
from .config_schema import Node, Schema, problems, schemas, true
from .kit import CHART, Helm, spec_schema


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda item: item.name)
def test_every_file_is_one_that_its_server_reads(helm3: Helm, combination: Combination) -> None:
    manifests = combination.render(helm3)
    rendered = [schema for schema in schemas().values() if schema.text(manifests) is not None]
    wrong = [said for schema in rendered for said in problems(schema, manifests, combination.cluster)]
    assert wrong == []


@pytest.mark.parametrize("key", ENGINES)
def test_every_engine_of_the_chart_has_a_combination(key: str) -> None:
    known = {word for word in spec_schema()["properties"][key]["enum"] if word}
    tried = {combination.spec[key] for combination in COMBINATIONS if key in combination.spec}
    assert known - {"File", "Standalone"} <= tried


def test_every_kind_of_file_is_rendered_by_some_combination(helm3: Helm) -> None:
    every = [combination.render(helm3) for combination in COMBINATIONS]
    missing = [name for name, schema in schemas().items() if not any(schema.text(item) for item in every)]
    assert missing == []


@pytest.mark.parametrize("chart", ["fate", "fate-serving", "fate-exchange"])
def test_images_of_every_combination_are_announced_for_bundles(helm3: Helm, chart: str) -> None:
    described = yaml.safe_load((CHART.parent / chart / "Chart.yaml").read_text(encoding="utf-8"))
    listed = yaml.safe_load(described["annotations"]["artifacthub.io/images"])
    announced = {entry["image"] for entry in listed}
    asked: set[str] = set()
    for row in COMBINATIONS:
        if row.chart == chart:
            pods = row.render(helm3).pods()
            asked |= {item["image"] for pod in pods for item in [*pod["containers"], *pod.get("initContainers", [])]}
    own = {f"{OWN_IMAGE['image']}:{OWN_IMAGE['imageTag']}"}
    assert asked - own <= announced
    assert len(asked - own) >= 3


def test_no_combination_needs_an_api_that_has_been_replaced(helm3: Helm) -> None:
    stable = {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "policy/v1"}
    used = {item["apiVersion"] for row in COMBINATIONS for item in row.render(helm3).objects}
    assert used <= stable


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing put wrong. what: how an assertion calls it. content: the whole file with it."""

    what: str
    content: Any


WRONG_VALUES: dict[str, list[Any]] = {
    "int": ["many", True],
    "bool": ["maybe", 1],
    "enum": ["nonsense"],
    "party": ["1"],
    "filled": ["plain text"],
    "path": ["/nowhere/at/all"],
    "duration": ["soon"],
    "size": ["large"],
    "host": ["nosuchservice", "python-7.fateflow", 5],
    "url": ["http://nosuchservice:80", "http://fateflow:1", "fateflow"],
    "urls": ["http://nosuchservice:80", "http://fateflow"],
    "uri": ["hdfs://nosuchservice:9000", "hdfs://namenode:1", "namenode:9000"],
    "endpoint": ["nosuchservice:1", "fateflow"],
    "endpoints": ["nosuchservice:1", "fateflow"],
    "jdbc": ["jdbc:mysql://nosuchservice:3306/fate?useSSL=false", "jdbc:h2:mem"],
    "database": ["another"],
    "class": ["not a class"],
    "pattern": ["not such a text"],
    "spark": ["spark://nosuchservice:7077", "spark://spark-master:1", "locally"],
}


def mistakes(schema: Schema, content: Any) -> Iterator[Mistake]:
    """The file with one thing wrong, for each key that is in it."""

    def changed(path: list[Any], change: Any) -> Any:
        wrong = copy.deepcopy(content)
        inner = wrong
        for part in path[:-1]:
            inner = inner[part]
        change(inner, path[-1])
        return wrong

    def walk(node: Node, value: Any, path: list[Any], beside: dict[str, Any]) -> Iterator[Mistake]:
        where = ".".join(map(str, path))
        match node["type"]:
            case "map" if isinstance(value, dict):
                for key, item in value.items():
                    known = node.get("keys", {})
                    if key in known:
                        yield Mistake(f"{where}.{key} under another name", changed([*path, key], renamed))
                        if known[key].get("required"):
                            yield Mistake(f"{where}.{key} left out", changed([*path, key], left_out))
                    child = known.get(key, node.get("others"))
                    assert child is not None, f"{where}.{key}"
                    yield from walk(child, item, [*path, key], value)
                if path:
                    yield Mistake(f"{where} as text", changed(path, put("text")))
            case "list" if isinstance(value, list):
                yield Mistake(f"{where} as text", changed(path, put("text")))
                for index, item in enumerate(value):
                    yield from walk(node["items"], item, [*path, index], {})
            case kind if value not in (None, "") and ("when" not in node or true(beside.get(node["when"]))):
                for wrong in wrong_values(kind, value):
                    yield Mistake(f"{where}: {wrong!r}", changed(path, put(wrong)))

    def wrong_values(kind: str, value: Any) -> list[Any]:
        if kind in ("port", "listen", "tls_port"):
            other = int(value) + 1111
            return [str(other) if isinstance(value, str) else other, "http"]
        if kind == "str":
            return [] if schema.flat else [["a list"]]
        wrong = WRONG_VALUES[kind]
        if schema.flat:
            wrong = [item for item in wrong if isinstance(item, str)]
        return wrong

    yield from walk(schema.root, content, [], {})


def renamed(inner: Any, key: Any) -> None:
    inner[f"{key}x"] = inner.pop(key)


def left_out(inner: Any, key: Any) -> None:
    del inner[key]


def put(value: Any) -> Any:
    def change(inner: Any, key: Any) -> None:
        inner[key] = value

    return change


@pytest.mark.parametrize("name", schemas())
def test_a_wrong_key_host_port_or_path_is_found(helm3: Helm, name: str) -> None:
    schema = schemas()[name]
    seen = 0
    for combination in COMBINATIONS:
        manifests = combination.render(helm3)
        text = schema.text(manifests)
        if text is not None:
            for mistake in mistakes(schema, schema.parse(text)):
                found = problems(schema, manifests, combination.cluster, mistake.content)
                assert found, f"{combination.name}: {schema.file}: nothing is said about {mistake.what}"
                seen += 1
    assert seen > 5
