# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spec and chart to Helm values.

The values template is rendered by helm itself, unmodified, as a partial of a throw-away chart whose one manifest
includes it for each spec and base64-encodes the result. KubeFATE gave integers to its template as integers, while helm
turns every number into a float (``1.2345678e+07``); so integers travel as marked text and become integers again before
the template sees them. What is then left of ``<no value>`` is removed, as KubeFATE does. Many specs of one chart are
one process, and each spec that fails is one more: helm says which one it was.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .data import REDACTED, is_secret_key, plain
from .errors import Kind, KubefateError
from .helm.cli import Helm
from .helm.messages import error_text, template_position
from .yamltext import parse_yaml

TEMPLATE = "values-template.yaml"
MARK = "\u0001int:"
"""In front of an integer that travels as text. The control character cannot come from a YAML file."""
LARGE = 1_000_000
"""Numbers from here on are printed with an exponent by a template that is given a float."""

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SAID = re.compile(r"(?:execution|parse) error at \([^)]*\): (.*)")

_CHART = "apiVersion: v2\nname: spec\nversion: 0.0.0\n"
_PARTIALS = (
    """\
{{- define "kubefate.integers" }}
{{- range $key, $value := .map }}
{{- $box := dict "value" $value }}
{{- include "kubefate.integer" $box }}
{{- $_ := set $.map $key $box.value }}
{{- end }}
{{- end }}
{{- define "kubefate.integer" }}
{{- if kindIs "string" .value }}
{{- if hasPrefix "MARK" .value }}{{ $_ := set . "value" (int (trimPrefix "MARK" .value)) }}{{ end }}
{{- else if kindIs "map" .value }}{{ include "kubefate.integers" (dict "map" .value) }}
{{- else if kindIs "slice" .value }}
{{- $list := list }}
{{- range .value }}
{{- $box := dict "value" . }}
{{- include "kubefate.integer" $box }}
{{- $list = append $list $box.value }}
{{- end }}
{{- $_ := set . "value" $list }}
{{- end }}
{{- end }}
{{- define "kubefate.spec" }}
{{- $top := index . 0 }}
{{- $name := index . 1 }}
{{- $spec := index $top.Values.specs $name }}
{{- range $path := index $top.Values.places $name }}
{{- $place := $spec }}
{{- range initial $path }}{{ $place = index $place . }}{{ end }}
{{- $key := last $path }}
{{- $value := index $place $key }}
{{- if kindIs "string" $value }}
{{- $_ := set $place $key (int (trimPrefix "MARK" $value)) }}
{{- else }}
{{- $box := dict "value" $value }}
{{- $_ := include "kubefate.integer" $box }}
{{- $_ := set $place $key $box.value }}
{{- end }}
{{- end }}
{{- include (print $top.Template.BasePath "/_values-template.yaml") $spec | b64enc }}
{{- end }}
"""
).replace("MARK", "\\u0001int:")
"""Text becomes integers again only where there are some, which helm is told: looking for them costs more than all the
rest. Lists cannot be written to, so one that has integers is made anew as a whole."""
_LINE = '{name}: {{{{ include "kubefate.spec" (list $ "{name}") }}}}\n'
"""Of the manifest, one for each spec: the line that helm names in an error says whose it is."""
_FAILED = re.compile(r"spec/templates/all\.yaml:(\d+)")
_UNREADABLE = "helm template: parse error at (spec/templates/_values-template.yaml"
_MADE = re.compile(r"^(spec\d+): *(\S*)$", re.MULTILINE)
_TOGETHER = 200
"""Specs that one process renders at most: a failure costs one more process, and the work on all that is in it."""


@dataclass(frozen=True, slots=True)
class Values:
    """text: the YAML that helm is given. data: the same, parsed."""

    text: str
    data: dict[str, Any]

    def large_numbers(self) -> list[str]:
        """Paths of integers that a chart's template may print with an exponent, such as a long party id."""
        found: list[str] = []

        def walk(value: Any, path: str) -> None:
            match value:
                case dict():
                    for key, item in value.items():
                        walk(item, f"{path}.{key}" if path else str(key))
                case list():
                    for number, item in enumerate(value):
                        walk(item, f"{path}[{number}]")
                case bool():
                    pass
                case int() | float() if abs(value) >= LARGE:
                    found.append(path)

        walk(self.data, "")
        return found


def render(
    helm: Helm, template: str, specs: Mapping[str, Mapping[str, Any]], where: str
) -> dict[str, Values | KubefateError]:
    """The values of each spec, or the error of that spec alone.

    template: text of the values template. specs: a name for each (a party, a release) to its spec. where: names the
    chart in errors. An error that has nothing to do with a spec (no helm, no temporary folder) is raised.
    """
    out: dict[str, Values | KubefateError] = {}
    waiting, size = list(specs), _TOGETHER
    while waiting:
        batch = waiting[:size]
        try:
            out |= _render_together(helm, template, {name: specs[name] for name in batch}, where)
        except KubefateError as error:
            if error.kind not in (Kind.CHART, Kind.HELM, Kind.INPUT):
                raise
            if error.msg.startswith(_UNREADABLE):
                out |= {name: _located(error, template, name, where) for name in waiting}
                break
            number = _culprit(error, batch)
            if number is None:
                size = len(batch) // 2
                continue
            out[batch[number]] = _located(error, template, batch[number], where)
            waiting = waiting[number + 1 :] + batch[:number]
        else:
            waiting, size = waiting[size:], min(_TOGETHER, 2 * size)
    return {name: out[name] for name in specs}


def _culprit(error: KubefateError, batch: Sequence[str]) -> int | None:
    """Which one of a batch an error is about. Those before it can be rendered, but nothing of them was printed."""
    if len(batch) == 1:
        return 0
    found = _FAILED.search(error.msg)
    return int(found[1]) - 1 if found else None


def _render_together(
    helm: Helm, template: str, specs: Mapping[str, Mapping[str, Any]], where: str
) -> dict[str, Values | KubefateError]:
    """What one process makes of all of them. What is made and is no YAML is the error of that spec alone."""
    keys = {f"spec{number}": name for number, name in enumerate(specs)}
    marked = {key: mark_integers(specs[name]) for key, name in keys.items()}
    given = _as_yaml({"specs": marked, "places": {key: integer_places(spec) for key, spec in marked.items()}})
    with tempfile.TemporaryDirectory(prefix="kubefate-") as folder:
        os.mkdir(os.path.join(folder, "templates"))
        for path, text in (
            ("Chart.yaml", _CHART),
            ("templates/_spec.tpl", _PARTIALS),
            ("templates/all.yaml", "".join(_LINE.format(name=key) for key in keys)),
            ("templates/_values-template.yaml", template),
        ):
            with open(os.path.join(folder, path), "w", encoding="utf-8") as stream:
                stream.write(text)
        encoded = dict(_MADE.findall(helm.template("spec", folder, given)))
    parsed: dict[str, Any] = {}
    return {name: _values(encoded[key], name, where, parsed) for key, name in keys.items()}


def _as_yaml(value: Any) -> str:
    """JSON that YAML readers take: they know no surrogate pairs, and refuse some characters as they are."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _values(encoded: str, name: str, where: str, parsed: dict[str, Any]) -> Values | KubefateError:
    """parsed: what is known already, by its text; it grows. Many specs make the same."""
    text = base64.b64decode(encoded).decode().replace("<no value>", "")
    try:
        if text not in parsed:
            parsed[text] = parse_yaml(text, f"What {where}/{TEMPLATE} makes of the spec of {name}")
        data = parsed[text]
    except KubefateError as error:
        line = error.msg.partition("line ")[2].partition(",")[0]
        shown = (
            text.splitlines()[int(line) - 1].strip() if line.isdigit() and int(line) <= len(text.splitlines()) else ""
        )
        key = shown.partition(":")[0].strip("- \"'")
        shown = f"{key}: {REDACTED}" if is_secret_key(key) else shown
        error.msg += f" (that line is: {shown!r})" if shown else ""
        error.phase = "render"
        error.kind = Kind.CHART
        return error
    if data is None:
        data = {}
    if not isinstance(data, dict):
        return KubefateError(
            f"What {where}/{TEMPLATE} makes of the spec of {name} is not a mapping.", Kind.CHART, "render"
        )
    return Values(text, plain(data))


def mark_integers(value: Any) -> Any:
    """The spec as it is handed to helm: integers as marked text, where Go's int can hold them."""
    match value:
        case Mapping():
            return {str(key): mark_integers(item) for key, item in value.items()}
        case list() | tuple():
            return [mark_integers(item) for item in value]
        case bool():
            return value
        case int() if -(2**63) <= value < 2**63:
            return f"{MARK}{value}"
        case _:
            return value


def integer_places(marked: Mapping[str, Any]) -> list[list[str]]:
    """Where a marked spec has integers: paths through mappings, to the integer or to the list that it is in."""
    found: list[list[str]] = []

    def walk(value: Mapping[str, Any], path: list[str]) -> None:
        for key, item in value.items():
            match item:
                case Mapping():
                    walk(item, [*path, key])
                case str() if item.startswith(MARK):
                    found.append([*path, key])
                case list() if _has_integer(item):
                    found.append([*path, key])

    walk(marked, [])
    return found


def _has_integer(value: Any) -> bool:
    match value:
        case Mapping():
            return any(_has_integer(item) for item in value.values())
        case list():
            return any(_has_integer(item) for item in value)
        case str():
            return value.startswith(MARK)
    return False


def _reason(text: str) -> str:
    """What is wrong, without helm's way to it through the templates."""
    said = _SAID.search(text)
    return said[1] if said else text.rpartition(">: ")[2]


def _located(error: KubefateError, template: str, name: str, where: str) -> KubefateError:
    """The error with the template's own file name, line and text in place of the throw-away chart's."""
    position = template_position(error.msg)
    reason = _reason(error_text(error.msg)) if position else error.msg
    at = f"{where}/{TEMPLATE}"
    shown = ""
    if position and position[0].endswith("_values-template.yaml"):
        at += f", line {position[1]}"
        lines = template.splitlines()
        shown = f" The line is: {lines[position[1] - 1].strip()}" if position[1] <= len(lines) else ""
    return KubefateError(
        f"{at}: rendering the spec of {name} failed: {reason}.{shown}",
        Kind.CHART,
        "render",
        "Correct the values template, or the part of the spec that this line reads.",
    )
