# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing YAML, with the meaning that Go's YAML 1.1 reader gives to a text.

KubeFATE read cluster.yaml with yaml.v2, and helm reads values with a relative of it: no base-60 numbers, and an
unquoted date is a string. Source: the resolvers of gopkg.in/yaml.v2.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from .errors import bad_input, library_missing

_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"^[-+]?(?:0[bB][01_]+|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$"
    r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
)
_LETTER = re.compile(r"^[yYnN]$")


@lru_cache(maxsize=1)
def _classes() -> tuple[Any, Any, Any]:
    """The yaml package, a loader and a dumper. Imported late: most of the core never needs YAML."""
    try:
        import yaml
    except ImportError:
        raise library_missing("PyYAML", "read YAML") from None

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc,valid-type]
        """Scalars as Go reads them."""

    dropped = (f"{_TAG}timestamp", f"{_TAG}int", f"{_TAG}float", f"{_TAG}value")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in dropped]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Text that Go, or PyYAML, would read as something else is quoted."""

    for side in (Loader, Dumper):
        side.add_implicit_resolver(f"{_TAG}int", _NUMBER, list("-+0123456789"))
        side.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+0123456789."))
        side.add_implicit_resolver(f"{_TAG}bool", _LETTER, list("yYnN"))
    Loader.add_constructor(f"{_TAG}int", _integer)
    Loader.add_constructor(f"{_TAG}float", _float)
    Loader.add_constructor(f"{_TAG}bool", _boolean)
    return yaml, Loader, Dumper


def _integer(loader: Any, node: Any) -> int | str:
    """Go takes what looks like a number and is none, such as ``0o``, for text."""
    written = str(loader.construct_scalar(node))
    text = written.replace("_", "")
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    if digits.startswith("0") and digits[1:].isdigit():
        return sign * int(digits, 8)
    try:
        return sign * int(digits, 0)
    except ValueError:
        return written


def _float(loader: Any, node: Any) -> float | str:
    """Go takes a number that no float can hold for text."""
    written = str(loader.construct_scalar(node))
    text = written.lower().replace("_", "")
    if text.endswith((".inf", ".nan")):
        return float(text.replace(".", ""))
    value = float(text)
    return written if value in (float("inf"), float("-inf")) else value


def _boolean(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "true", "on")


def parse_yaml(text: str, where: str) -> Any:
    """One YAML document as plain data. ``where`` names it in the error, which gives the line."""
    yaml, loader, _dumper = _classes()
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise bad_input(f"{where} is not valid YAML: {_position(error)}") from None
    except ValueError as error:
        raise bad_input(f"{where} is not valid YAML: {error}") from None


def parse_json(text: str, where: str) -> Any:
    """One JSON document. ``where`` names it in the error, which gives the line."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad_input(f"{where} is not valid JSON: {error}") from None


def parse_documents(text: str, where: str) -> list[Any]:
    """Every document of a YAML stream that is not empty."""
    yaml, loader, _dumper = _classes()
    try:
        return [document for document in yaml.load_all(text, Loader=loader) if document is not None]
    except yaml.YAMLError as error:
        raise bad_input(f"{where} is not valid YAML: {_position(error)}") from None


def key_lines(text: str, where: str) -> dict[str, int]:
    """Dotted path of every mapping key to its line number, counted from 1."""
    yaml, loader, _dumper = _classes()
    found: dict[str, int] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = f"{path}.{key.value}" if path else str(key.value)
                found[inner] = key.start_mark.line + 1
                walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                inner = f"{path}.{number}"
                found[inner] = value.start_mark.line + 1
                walk(value, inner)

    try:
        walk(yaml.compose(text, Loader=loader), "")
    except yaml.YAMLError as error:
        raise bad_input(f"{where} is not valid YAML: {_position(error)}") from None
    return found


def dump_yaml(value: Any) -> str:
    """Block-style YAML, keys in their own order, ends with a newline."""
    yaml, _loader, dumper = _classes()
    text: str = yaml.dump(value, Dumper=dumper, default_flow_style=False, sort_keys=False, allow_unicode=True)
    return text


class Template(str):
    """A text that Ansible is to template."""

    __slots__ = ()


def dump_variables(value: Any) -> str:
    """Variables for Ansible, as YAML: text that looks like a template is marked, so that it stays as it is."""
    yaml, _loader, base = _classes()

    class Dumper(base):  # type: ignore[misc,valid-type]
        """Knows the tag !unsafe."""

    def text(dumper: Any, data: str) -> Any:
        if any(mark in data for mark in ("{{", "{%", "{#")):
            return dumper.represent_scalar("!unsafe", data, style="'")
        return dumper.represent_str(data)

    Dumper.add_representer(str, text)
    Dumper.add_representer(Template, lambda dumper, data: dumper.represent_str(str(data)))
    written: str = yaml.dump(value, Dumper=Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True)
    return written


def _position(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
