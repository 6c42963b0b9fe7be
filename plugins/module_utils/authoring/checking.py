# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking a chart over: its files, its specs, what it renders, what helm and a Kubernetes say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..chart.package import META, Chart
from ..chart.versions import parse_version, plain_version
from ..cluster.target import EXAMPLE, SPEC_SCHEMA
from ..errors import KubefateError
from ..helm.cli import Helm
from ..helm.messages import template_position
from ..kube.client import Api, ApiError
from ..objects import Object, name_of
from ..release import manifest_objects
from ..spec.schema import validate_schema
from ..values import TEMPLATE
from .dependencies import missing, unlocked
from .rendering import Example, Rendered, examples, render_all

ERROR, WARNING = "error", "warning"
_SAID = re.compile(r"^\[(ERROR|WARNING)\] (.*)$")
_UNREPEATABLE = re.compile(
    r"\b(lookup|now|rand(?:Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|uuidv4|genCA\w*|genPrivateKey|genSelfSignedCert\w*|"
    r"genSignedCert\w*|htpasswd|bcrypt|getHostByName)\b"
)
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """check: which look found it. severity: error or warning. file, line: where, as far as that is known."""

    check: str
    severity: str
    message: str
    file: str = ""
    line: int = 0

    def as_result(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "severity": self.severity,
            "message": self.message,
            "file": self.file,
            "line": self.line,
        }


def look_over(
    chart: Chart, paths: Sequence[str], helms: Sequence[Helm], api: Api | None, namespace: str
) -> tuple[list[Finding], list[str]]:
    """What is wrong with a chart, and which checks were done. paths: specs to try it with; its own example besides.
    api: a Kubernetes that says what it thinks of the objects, in a namespace that is there."""
    checks = ["files", "dependencies", "repeatable", "specs", "helm"]
    findings = [*_files(chart), *_dependencies(chart), *_repeatable(chart)]
    given, wrong = _given(chart, paths)
    findings += wrong
    objects: dict[str, list[Object]] = {}
    if chart.text(TEMPLATE) is not None and not missing(chart):
        for helm in helms:
            findings += _with_helm(chart, given, helm, objects)
    if api is not None:
        checks.append("kubernetes")
        for where, listed in objects.items():
            findings += _validated(api, namespace, where, listed)
    return list(dict.fromkeys(findings)), checks


# the chart's own files -------------------------------------------------------------------------------------------
def _files(chart: Chart) -> Iterator[Finding]:
    if chart.text(TEMPLATE) is None:
        yield Finding("files", ERROR, f"There is no {TEMPLATE}: no cluster.yaml can be turned into values.", TEMPLATE)
    if chart.text(EXAMPLE) is None:
        yield Finding("files", WARNING, f"There is no {EXAMPLE}: nobody sees which keys the chart takes.", EXAMPLE)
    if chart.text(SPEC_SCHEMA) is None:
        yield Finding(
            "files", WARNING, f"There is no {SPEC_SCHEMA}: a key that is misspelt goes unnoticed.", SPEC_SCHEMA
        )
    else:
        try:
            validate_schema(chart.document(SPEC_SCHEMA), SPEC_SCHEMA)
        except KubefateError as error:
            yield Finding("files", ERROR, error.msg, SPEC_SCHEMA)
    if chart.meta.get("apiVersion") != "v2":
        yield Finding("files", WARNING, "apiVersion is not v2: helm then knows no dependencies in it.", META)
    found = parse_version(chart.version)
    if found is None or plain_version(chart.version).partition("-")[0].count(".") < 2:
        yield Finding("files", WARNING, f"{chart.version} has not three numbers, as registries ask for.", META)


def _dependencies(chart: Chart) -> Iterator[Finding]:
    for entry in missing(chart):
        text = f"The dependency {entry} is not in charts/. fate_chart_folder with state: locked brings it there."
        yield Finding("dependencies", ERROR, text, META)
    why = unlocked(chart)
    if why:
        text = f"{why[0].upper()}{why[1:]}: the next build may get other charts. state: locked writes it."
        yield Finding("dependencies", WARNING, text, META)


def _repeatable(chart: Chart) -> Iterator[Finding]:
    """Functions that make two renders differ, so that every run changes something."""
    for name in sorted(chart.files):
        if not name.startswith("templates/") and name != TEMPLATE:
            continue
        text = chart.text(name) or ""
        for action in _ACTION.finditer(text):
            used = None if action[0].startswith(("{{/*", "{{- /*")) else _UNREPEATABLE.search(_unquoted(action[0]))
            if used:
                line = text.count("\n", 0, action.start()) + 1
                said = (
                    f"{used[1]} gives something else each time, or in each cluster: every run would change something."
                )
                yield Finding("repeatable", WARNING, said, name, line)


def _unquoted(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"|`[^`]*`', '""', text)


# specs and what they make ----------------------------------------------------------------------------------------
def _given(chart: Chart, paths: Sequence[str]) -> tuple[list[Example], list[Finding]]:
    given: list[Example] = []
    wrong: list[Finding] = []
    sources = [[], *([path] for path in paths)] if chart.text(EXAMPLE) is not None else [[path] for path in paths]
    for source in sources:
        try:
            given += examples(chart, source)
        except KubefateError as error:
            wrong.append(Finding("specs", ERROR, error.msg, source[0] if source else EXAMPLE))
    return given, wrong


def _with_helm(
    chart: Chart, given: Sequence[Example], helm: Helm, objects: dict[str, list[Object]]
) -> Iterator[Finding]:
    major = helm.version()[0]
    rendered = render_all(chart, given, helm)
    for where, found in rendered.items():
        if isinstance(found, KubefateError):
            yield _of_error(chart, where, found)
            continue
        for text in found.warnings:
            yield Finding("specs", WARNING, f"{where}: {text}")
        yield from _objects(where, found)
        objects.setdefault(where, found.objects)
        yield from _linted(helm, major, chart, found)
    again = render_all(chart, given[:1], helm)
    for where, found in again.items():
        before = rendered[where]
        if isinstance(found, Rendered) and isinstance(before, Rendered) and found.manifests != before.manifests:
            differing = [path for path, text in found.manifests.items() if before.manifests.get(path) != text]
            for path in differing:
                said = "Two renders of the same spec differ: every run would change something."
                yield Finding("repeatable", ERROR, said, f"templates/{path}")


def _of_error(chart: Chart, where: str, error: KubefateError) -> Finding:
    position = template_position(error.msg)
    file, line = position if position else ("", 0)
    if TEMPLATE in error.msg and not file:
        at = re.search(rf"{re.escape(TEMPLATE)}, line (\d+)", error.msg)
        file, line = TEMPLATE, int(at[1]) if at else 0
    text = error.msg if where in error.msg else f"{where}: {error.msg}"
    return Finding("specs", ERROR, text, file.removeprefix(f"{chart.name}/"), line)


def _objects(where: str, rendered: Rendered) -> Iterator[Finding]:
    counted: Counter[tuple[str, str]] = Counter()
    for path, obj in _with_paths(rendered):
        if not name_of(obj) or not obj.get("apiVersion"):
            yield Finding("specs", ERROR, f"{where}: an object has no apiVersion or name.", f"templates/{path}")
        counted[(str(obj.get("kind")), name_of(obj))] += 1
    for (kind, name), count in counted.items():
        if count > 1:
            yield Finding("specs", ERROR, f"{where}: {kind} {name} is rendered {count} times.")


def _with_paths(rendered: Rendered) -> Iterator[tuple[str, Object]]:
    for path, text in rendered.manifests.items():
        for obj in manifest_objects(text):
            yield path, obj


def _linted(helm: Helm, major: int, chart: Chart, rendered: Rendered) -> Iterator[Finding]:
    """helm lint's errors and warnings; what follows on the next lines belongs to them."""
    lines = helm.lint(chart.path, rendered.values).splitlines()
    for number, line in enumerate(lines):
        said = _SAID.match(line.strip())
        if not said:
            continue
        more: list[str] = []
        for following in lines[number + 1 :]:
            if not following.startswith((" ", "\t")) or not following.strip():
                break
            more.append(following.strip())
        text = " ".join([said[2].strip(), *more])
        position = template_position(text)
        file, line_number = position if position else (said[2].partition(":")[0], 0)
        severity = ERROR if said[1] == "ERROR" else WARNING
        yield Finding("helm", severity, f"helm {major} lint: {text}", file.removeprefix(f"{chart.name}/"), line_number)


# a Kubernetes ----------------------------------------------------------------------------------------------------
def _validated(api: Api, namespace: str, where: str, objects: Sequence[Object]) -> Iterator[Finding]:
    """What the API server says when it is asked to make each object, and to keep none."""

    def ask(obj: Object) -> Finding | None:
        about = f"{where}: {obj.get('kind')} {name_of(obj)}"
        try:
            api.create(_placed(api, obj, namespace), dry_run=True, strict=True)
        except ApiError as error:
            if error.status == 409:  # it is there already, and was found to be well-formed
                return None
            severity = WARNING if error.status in (0, 403, 404) else ERROR
            return Finding("kubernetes", severity, f"{about}: {error.server_message or error.msg}")
        except KubefateError as error:
            return Finding("kubernetes", WARNING, f"{about}: {error.msg}")
        return None

    found: list[Finding | None] = api.parallel(ask, objects)
    yield from (finding for finding in found if finding is not None)


def _placed(api: Api, obj: Object, namespace: str) -> dict[str, Any]:
    """The object where it can be tried: its own namespace is not there yet."""
    ref = api.ref(obj, namespace)
    metadata: Mapping[str, Any] = obj["metadata"]
    return {**obj, "metadata": {**metadata, "namespace": namespace}} if ref.namespace else dict(obj)
