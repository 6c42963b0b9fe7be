# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the charts share: helm, the way from a cluster.yaml to manifests, and a look into manifests."""

from __future__ import annotations

import base64
import copy
import functools
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from . import batch, renders

CHART = Path(__file__).parents[3] / "charts" / "fate"
RELEASE = "fate-9999"
ALL_MODULES = ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard", "client"]
Spec = dict[str, Any]
LOADER = batch.LOADER

# A party of FATE 2.0.0, the version that has an image of every module.
PARTY: Spec = {"name": RELEASE, "partyId": "9999", "fateVersion": "2.0.0", "modules": ALL_MODULES}


class HelmError(Exception):
    """helm ended with an error; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Helm:
    """A helm executable."""

    path: str

    @classmethod
    def of_major(cls, major: int) -> Helm:
        """The helm that the environment names for this major version."""
        variable = f"KUBEFATE_HELM{major}"
        path = os.environ.get(variable)
        if not path:
            raise AssertionError(
                f"{variable} must hold the path of a helm {major}: these tests render the charts with it."
            )
        if not os.access(path, os.X_OK):
            raise AssertionError(f"{variable}: {path} is no executable.")
        return cls(path)

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        # Garbage is collected less often: a third of the time of these short runs.
        env = {**os.environ, "GOGC": "400"}
        done = subprocess.run(
            [self.path, *arguments], input=stdin, capture_output=True, text=True, check=False, env=env
        )
        if done.returncode != 0:
            raise HelmError(done.stderr + done.stdout)
        return done.stdout

    def values_of(self, specs: Sequence[Spec], chart: Path = CHART) -> list[Spec]:
        """Values that the chart's values template makes of each spec, all in one process."""
        with tempfile.TemporaryDirectory() as folder:
            templates = Path(folder, "templates")
            templates.mkdir()
            Path(folder, "Chart.yaml").write_text("apiVersion: v2\nname: render\nversion: 0.0.0\n", encoding="utf-8")
            Path(templates, "_values-template.yaml").write_bytes(Path(chart, "values-template.yaml").read_bytes())
            partial = '- {{ include (print $.Template.BasePath "/_values-template.yaml") . | b64enc }}'
            every = "out:\n{{- range .Values.specs }}\n" + partial + "\n{{- end }}\n"
            Path(templates, "out.yaml").write_text(every, encoding="utf-8")
            text = self.run("template", "render", folder, "--values", "-", stdin=json.dumps({"specs": specs}))
        encoded = yaml.load(text, Loader=LOADER)["out"]
        texts = [base64.b64decode(item).decode().replace("<no value>", "") for item in encoded]
        return [yaml.load(item, Loader=LOADER) for item in texts]

    def template(self, values: Mapping[str, Any], chart: Path = CHART, more: Sequence[str] = ()) -> str:
        """Manifests that the chart makes of values. more: options of helm."""
        argv = ["template", RELEASE, str(chart), "--namespace", RELEASE, "--values", "-", *more]
        return self.run(*argv, stdin=json.dumps(values))

    def render_anew(self, specs: Sequence[Spec], chart: Path = CHART) -> list[str]:
        """Texts of the manifests of many cluster.yaml, in two processes."""
        return batch.render(self.run, RELEASE, self.values_of(specs, chart), chart)

    def render_all(self, specs: Sequence[Spec], chart: Path = CHART) -> list[Manifests]:
        """Manifests of many cluster.yaml, some of them from an earlier run."""
        words = [_words("batch", self, json.dumps(spec), chart) for spec in specs]
        found = [renders.find(*each) for each in words]
        missing = [index for index, text in enumerate(found) if text is None]
        if missing:
            for index, text in zip(missing, self.render_anew([specs[index] for index in missing], chart), strict=True):
                found[index] = renders.keep(text, *words[index])
        return [Manifests(text) for text in found if text is not None]

    def render(self, spec: Spec, chart: Path = CHART) -> Manifests:
        """Manifests of a cluster.yaml."""
        found = _rendered(self, json.dumps(spec), chart)
        if isinstance(found, HelmError):
            raise HelmError(*found.args)
        return found


@functools.cache
def _rendered(helm: Helm, spec: str, chart: Path) -> Manifests | HelmError:
    """What helm makes of it, or says to it; it may be from an earlier run."""
    made, said = (_words(kind, helm, spec, chart) for kind in ("made", "said"))
    if (text := renders.find(*made)) is not None:
        return Manifests(text)
    if (text := renders.find(*said)) is not None:
        return HelmError(text)
    try:
        text = helm.template(helm.values_of([json.loads(spec)], chart)[0], chart)
    except HelmError as error:
        renders.keep(str(error), *said)
        return error
    return Manifests(renders.keep(text, *made))


def _words(kind: str, helm: Helm, spec: str, chart: Path) -> tuple[str, ...]:
    """All that a render depends on: the program, the chart, the cluster.yaml, and how the tests come from there to
    manifests. None of a helm that only pretends."""
    if type(helm) is not Helm:
        return ()
    return kind, renders.program(helm.path), renders.content(chart), spec, *_code()


@functools.cache
def _code() -> tuple[str, ...]:
    return tuple(Path(path).read_text(encoding="utf-8") for path in (__file__, batch.__file__))


_BETWEEN = re.compile(r"^(?:---|# Source: .*)$", re.MULTILINE)
_KIND = re.compile(r"^kind: (\w+)$", re.MULTILINE)
_NAME = re.compile(r'^metadata:\n(?:  .*\n)*?  name: "?([\w.-]+)"?$', re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """The text of one object, which is parsed when a test looks into it: most look at a few of many."""

    text: str

    @functools.cached_property
    def label(self) -> tuple[str, str]:
        """Kind and name."""
        kind, name = _KIND.search(self.text), _NAME.search(self.text)
        assert kind and name, f"no kind and name stand where charts write them:\n{self.text}"
        return kind[1], name[1]

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        found = yaml.load(self.text, Loader=LOADER)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Manifests:
    """What a chart renders."""

    text: str

    @functools.cached_property
    def documents(self) -> list[Document]:
        return [Document(text) for text in _BETWEEN.split(self.text) if text.strip()]

    @functools.cached_property
    def objects(self) -> list[dict[str, Any]]:
        return [item.content for item in self.documents]

    def names(self, kind: str) -> set[str]:
        return {name for of, name in (item.label for item in self.documents) if of == kind}

    def get(self, kind: str, name: str) -> dict[str, Any]:
        for item in self.documents:
            if item.label == (kind, name):
                return item.content
        raise AssertionError(f"no {kind} {name}; there are {sorted(self.names(kind))}")

    def data(self, config_map: str, key: str) -> str:
        text = self.get("ConfigMap", config_map)["data"][key]
        assert isinstance(text, str)
        return text

    def properties(self, config_map: str, key: str) -> dict[str, str]:
        lines = [line for line in self.data(config_map, key).splitlines() if "=" in line]
        return dict(line.split("=", 1) for line in lines)

    def workload(self, name: str) -> dict[str, Any]:
        kind = "Deployment" if name in self.names("Deployment") else "StatefulSet"
        return self.get(kind, name)

    def workloads(self) -> list[dict[str, Any]]:
        return [item.content for item in self.documents if item.label[0] in ("Deployment", "StatefulSet")]

    def pod(self, name: str) -> dict[str, Any]:
        spec = self.workload(name)["spec"]["template"]["spec"]
        assert isinstance(spec, dict)
        return spec

    def pods(self) -> Iterator[dict[str, Any]]:
        for item in self.workloads():
            yield item["spec"]["template"]["spec"]
        for item in self.documents:
            if item.label[0] == "Pod":
                yield item.content["spec"]

    def container(self, name: str) -> dict[str, Any]:
        """The main container of a workload."""
        container = self.pod(name)["containers"][0]
        assert isinstance(container, dict)
        return container

    def script(self, name: str) -> str:
        """Shell text that the main container of a workload runs."""
        text = self.container(name)["command"][-1]
        assert isinstance(text, str)
        return text

    def checksum(self, name: str) -> str:
        text = self.workload(name)["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        assert isinstance(text, str)
        return text


def by_name(objects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Objects in an order that does not depend on where they come from."""
    return sorted(objects, key=lambda item: (item.get("kind", ""), item.get("metadata", {}).get("name", "")))


def party(**changes: Any) -> Spec:
    """The usual spec with top-level keys changed."""
    return {**copy.deepcopy(PARTY), **changes}


def merged(spec: Spec, over: Spec) -> Spec:
    """A spec with another one over it, mapping by mapping."""
    spec = copy.deepcopy(spec)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(spec.get(key), dict)
        spec[key] = merged(spec[key], value) if both else copy.deepcopy(value)
    return spec


BASE = ["mysql", "python", "fateboard", "client"]
NGINX: Spec = {"route_table": {"10000": {"fateflow": [{"host": "peer", "http_port": 30103, "grpc_port": 30108}]}}}


def rabbitmq_party(**changes: Any) -> Spec:
    """A party with Spark, HDFS and RabbitMQ that knows another one."""
    return party(
        **{
            "modules": [*BASE, "spark", "hdfs", "nginx", "rabbitmq"],
            "computing": "Spark",
            "federation": "RabbitMQ",
            "storage": "HDFS",
            "nginx": copy.deepcopy(NGINX),
            "rabbitmq": {"route_table": {"10000": {"host": "peer", "port": 30104}}},
            **changes,
        }
    )


def pulsar_party(**changes: Any) -> Spec:
    """A party with Spark, HDFS and Pulsar that knows another one."""
    peer = {"host": "peer", "port": 30104, "sslPort": 30109}
    spec = {
        "modules": [*BASE, "spark", "hdfs", "nginx", "pulsar"],
        "federation": "Pulsar",
        "rabbitmq": {},
        "pulsar": {"route_table": {"10000": peer}},
        **changes,
    }
    return rabbitmq_party(**spec)


def env_of(container: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of a container: text, or where it comes from."""
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container.get("env", [])}


@functools.cache
def spec_schema() -> dict[str, Any]:
    schema = json.loads(Path(CHART, "spec.schema.json").read_text(encoding="utf-8"))
    assert isinstance(schema, dict)
    return schema


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A schema with its own reference, if it has one, put in."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return {**root["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def properties_of(root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Dotted path and schema of every property; entries of lists are written with []."""

    def walk(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        schema = resolved(schema, root)
        for name, child in schema.get("properties", {}).items():
            inner = f"{path}.{name}" if path else name
            yield inner, resolved(child, root)
            yield from walk(child, inner)
        if isinstance(schema.get("items"), dict):
            yield from walk(schema["items"], f"{path}[]")

    yield from walk(root, "")
