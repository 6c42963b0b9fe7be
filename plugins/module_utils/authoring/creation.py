# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the folder of a new chart: a copy of one that there is, or helm's own with what a cluster.yaml needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable

from ..chart.files import chunks
from ..chart.package import META, TYPE, Chart, read_chart
from ..chart.versions import parse_version
from ..cluster.target import EXAMPLE, SPEC_SCHEMA
from ..errors import Kind, KubefateError, bad_input
from ..helm.cli import Helm
from ..values import TEMPLATE
from ..yamltext import dump_yaml, parse_yaml
from .skeleton import VALUES_TEMPLATE, example, spec_schema

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,51}[a-z0-9]|[a-z0-9]")


def check_new(name: str, version: str) -> None:
    """Raises ``KubefateError`` (bad_input) for what cannot be the name or version of a new chart."""
    if not _NAME.fullmatch(name):
        raise bad_input(
            f"{name!r} cannot be the name of a chart.", "Use lower-case letters, digits and hyphens.", "chart"
        )
    found = parse_version(version)
    if found is None or version.count(".") < 2:
        raise bad_input(f"{version!r} cannot be the version of a chart.", "Use three numbers, such as 0.1.0.", "chart")


def existing(path: str, name: str) -> Chart | None:
    """The chart that is at a path already, None where nothing is. Raises ``KubefateError`` (conflict) for something
    else: nothing is written over."""
    if not os.path.lexists(path) or (os.path.isdir(path) and not os.listdir(path)):
        return None
    if os.path.isfile(os.path.join(path, META)):
        chart = read_chart(path)
        if chart.name == name:
            return chart
        raise _taken(path, f"chart {chart.title}")
    raise _taken(path, "something that is no chart")


def _taken(path: str, what: str) -> KubefateError:
    return KubefateError(
        f"At {path} is {what} already.", Kind.CONFLICT, "chart", "Choose another path; nothing is written over."
    )


def create(path: str, name: str, version: str, source: Chart | None, helm: Helm) -> Chart:
    """Make a new chart's folder: a copy of ``source``, else what helm makes. It appears as a whole or not at all."""
    path = os.path.abspath(path)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-chart-", dir=parent) as folder:
        made = os.path.join(folder, name)
        if source is None:
            _by_helm(made, name, version, helm)
        else:
            _copy(source, made)
            _rename(made, source, name, version)
        chart = read_chart(made)
        if (chart.name, chart.version) != (name, version):
            raise KubefateError(f"The new chart is {chart.title}.", Kind.INTERNAL, "chart")
        if os.path.isdir(path):
            os.rmdir(path)
        shutil.move(made, path)
    return read_chart(path)


def _by_helm(path: str, name: str, version: str, helm: Helm) -> None:
    helm.create(path)
    _edit(path, META, lambda text: re.sub(r"(?m)^version:.*$", f"version: {version}", text))
    for file, text in (
        (TEMPLATE, VALUES_TEMPLATE),
        (EXAMPLE, example(name, version)),
        (SPEC_SCHEMA, spec_schema(name)),
    ):
        _write(path, file, text.encode())


def _copy(source: Chart, path: str) -> None:
    """Every file; what a link leads to becomes the chart's own."""
    for name in source.files:
        target = os.path.join(path, *name.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            for chunk in chunks(source.files, name):
                stream.write(chunk)


def _rename(path: str, source: Chart, name: str, version: str) -> None:
    """Give the copy its name wherever the original says its own; comments stay."""

    def meta(text: str) -> str:
        if not re.search(r"(?m)^name:", text):
            return text  # it is written in one line, and settled below
        text = re.sub(r"(?m)^name:.*$", f"name: {name}", text)
        text = re.sub(r"(?m)^version:.*$", f"version: {version}", text)
        kind = f"  {TYPE}: {source.type}\n"
        if source.annotation(TYPE):
            return text
        if re.search(r"(?m)^annotations:\s*$", text):
            return re.sub(r"(?m)^(annotations:\s*\n)", rf"\g<1>{kind}", text)
        return text if "\nannotations:" in text else f"{text.rstrip()}\nannotations:\n{kind}"

    _edit(path, META, meta)
    _settle_meta(path, source, name, version)
    _edit(path, EXAMPLE, lambda text: _named(text, name, version))
    _edit(path, SPEC_SCHEMA, lambda text: _schema(text, source, name, version))


def _settle_meta(path: str, source: Chart, name: str, version: str) -> None:
    """Write Chart.yaml as data where it is written in a way that editing its text does not reach."""
    with open(os.path.join(path, META), encoding="utf-8") as stream:
        meta = parse_yaml(stream.read(), META)
    wanted = {**source.meta, "name": name, "version": version}
    wanted["annotations"] = {**(source.meta.get("annotations") or {}), TYPE: source.type}
    if meta != wanted:
        _write(path, META, dump_yaml(wanted).encode())


def _named(text: str, name: str, version: str) -> str:
    text = re.sub(r"(?m)^chartName:.*$", f"chartName: {name}", text)
    return re.sub(r"(?m)^chartVersion:.*$", f"chartVersion: {version}", text)


def _schema(text: str, source: Chart, name: str, version: str) -> str:
    """The schema takes the new name in place of the old one, and the new version beside those of FATE."""
    schema = json.loads(text)
    properties = schema.get("properties") or {}
    names, versions = properties.get("chartName"), properties.get("chartVersion")
    if isinstance(names, dict):
        if "enum" in names:
            names["enum"] = [name if item == source.name else item for item in names["enum"]]
        for word in ("const", "default"):
            if names.get(word) == source.name:
                names[word] = name
    if isinstance(versions, dict) and "enum" in versions:
        old = (source.version, f"v{source.version}")
        versions["enum"] = [version, f"v{version}", *(item for item in versions["enum"] if item not in old)]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _edit(path: str, file: str, work: Callable[[str], str]) -> None:
    target = os.path.join(path, file)
    if os.path.isfile(target):
        with open(target, encoding="utf-8") as stream:
            text = stream.read()
        _write(path, file, work(text).encode())


def _write(path: str, file: str, data: bytes) -> None:
    with open(os.path.join(path, file), "wb") as stream:
        stream.write(data)
