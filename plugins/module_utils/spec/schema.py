# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""spec.schema.json: types, unknown keys and ignored keys of a cluster.yaml.

A chart may carry a JSON Schema of its spec. A subset of the vocabulary is understood (``VOCABULARY``); a schema that
uses anything else is refused, so that nothing is silently left unchecked. Besides, scalars are brought to the type that
the schema asks for, since Jinja turns numbers into text: ``"30091"`` becomes 30091 where an integer is asked for, and
an integer becomes text where ``format: party-id`` is.

Extensions: ``x-ignored`` (the key is accepted, dropped and warned about with this sentence), ``x-replaced-by``
(documents the new path), ``x-secret`` (the value is a secret).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..data import REDACTED, copied
from ..errors import Kind, KubefateError
from .loading import Spec

VOCABULARY = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "$comment",
        "title",
        "description",
        "type",
        "enum",
        "const",
        "properties",
        "patternProperties",
        "additionalProperties",
        "items",
        "required",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "default",
        "examples",
        "deprecated",
        "x-ignored",
        "x-replaced-by",
        "x-secret",
    }
)
PARTY_ID = "party-id"
_INTEGER = re.compile(r"^-?(?:0|[1-9][0-9]*)$")
_NUMBER = re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$")
_MISSING = object()

Schema = Mapping[str, Any]
Passed = dict[tuple[int, str], Any]
"""Entries of lists that are in order, by their schema and how they are written, to what they become."""


@dataclass(slots=True)
class Checked:
    """What a check found. data: the spec with types set right and ignored keys dropped. ignored: dotted path of such a
    key to why. secrets: dotted paths."""

    data: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)


def validate_schema(schema: Any, where: str) -> None:
    """Raise ``KubefateError`` (chart) for a schema that is wrong, or uses more than ``VOCABULARY``, anywhere.

    ``check`` looks at the parts of a schema that a spec meets; this is for those who write or keep a chart.
    """
    for path, keyword in _foreign(schema, ""):
        raise _unsupported(where, keyword, path)
    for path, wrong in _broken(schema, schema, ""):
        raise _wrong(where, path, wrong)


def _unsupported(where: str, keyword: str, path: str) -> KubefateError:
    return KubefateError(
        f"{where} uses the keyword {keyword} at {path or 'its top'}, which is not supported in a spec schema.",
        Kind.CHART,
        "chart",
        "Supported: " + ", ".join(sorted(VOCABULARY)) + ".",
    )


def _wrong(where: str, path: str, what: str) -> KubefateError:
    return KubefateError(f"{where} is wrong at {path or 'its top'}: {what}.", Kind.CHART, "chart")


def _foreign(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        yield path, repr(schema)
        return
    for keyword, value in schema.items():
        if keyword not in VOCABULARY:
            yield path, keyword
        elif keyword in ("properties", "patternProperties", "$defs"):
            for name, inner in value.items():
                yield from _foreign(inner, f"{path}.{name}" if path else name)
        elif keyword in ("items", "additionalProperties"):
            yield from _foreign(value, f"{path}.{keyword}")


def _broken(schema: Any, root: Any, path: str) -> Iterator[tuple[str, str]]:
    """References that lead nowhere, and patterns that are none."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema and resolved(root, schema) is None:
        yield path, f"$ref {schema['$ref']} leads nowhere"
    for pattern in [schema.get("pattern", ""), *(schema.get("patternProperties") or {})]:
        try:
            re.compile(pattern)
        except re.error as error:
            yield path, f"{pattern!r} is not a regular expression ({error})"
    for keyword in ("properties", "patternProperties", "$defs"):
        for name, inner in (schema.get(keyword) or {}).items():
            yield from _broken(inner, root, f"{path}.{name}" if path else name)
    for keyword in ("items", "additionalProperties"):
        yield from _broken(schema.get(keyword), root, f"{path}.{keyword}")


def resolved(root: Any, schema: Any) -> Any:
    """What a chain of references ends at, each with the keywords beside it; None where it leads nowhere or in a
    circle."""
    for _step in range(20):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        target = root
        for step in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, Mapping) else None
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        if not isinstance(target, Mapping):
            return target
        schema = {**target, **beside}
    return None


def check(schema: Schema, spec: Spec, where: str = "spec.schema.json", passed: Passed | None = None) -> Checked:
    """Check a spec. Keys named in the spec's own ``skippedKeys`` are kept as they are and never complained about.

    where: names the schema in errors. passed: what was in order in other specs; it grows. Raises ``KubefateError``
    (chart) where the schema itself is wrong.
    """
    named = spec.data.get("skippedKeys") or []
    skipped = {str(key) for key in (named if isinstance(named, list) else [named])} | {"skippedKeys"}
    checker = _Checker(schema, spec, skipped, where, {} if passed is None or named else passed)
    try:
        data = checker.value(spec.data, schema, "")
    except re.error as error:
        raise _wrong(where, "", f"{error.pattern!r} is not a regular expression ({error})") from None
    warnings = [f"{path} ({spec.where(path)}) is ignored: {text}" for path, text in checker.ignored.items()]
    return Checked(data, checker.errors, warnings, checker.ignored, checker.secrets)


class _Checker:
    def __init__(self, root: Schema, spec: Spec, skipped: set[str], where: str, passed: Passed):
        self.root, self.spec, self.skipped, self.where, self.passed = root, spec, skipped, where, passed
        self.errors: list[str] = []
        self.ignored: dict[str, str] = {}
        self.secrets: set[str] = set()
        self.plain = True

    def say(self, path: str, text: str) -> None:
        self.plain = False
        self.errors.append(f"{path or 'the spec'} ({self.spec.where(path)}): {text}")

    def value(self, value: Any, schema: Any, path: str) -> Any:
        """The value, typed, with what is wrong about it noted."""
        schema = self._resolved(schema)
        if schema is False:
            self.say(path, "nothing may be here.")
        if schema is None:
            raise _wrong(self.where, path, "a $ref leads nowhere")
        if not isinstance(schema, Mapping):
            return value
        if not schema.keys() <= VOCABULARY:
            raise _unsupported(self.where, min(schema.keys() - VOCABULARY), path)
        hidden = bool(schema.get("x-secret"))
        if hidden:
            self._hide(path)
        value = _typed(value, schema)
        if not self._type(value, schema, path, hidden):
            return value
        self._scalar(value, schema, path, hidden)
        match value:
            case dict():
                return self._mapping(value, schema, path)
            case list():
                return self._sequence(value, schema, path)
        return value

    def _hide(self, path: str) -> None:
        self.plain = False
        self.secrets.add(without_numbers(path))

    def _resolved(self, schema: Any) -> Any:
        return resolved(self.root, schema)

    def _words(self, schema: Any) -> Schema:
        """The keywords of a schema; one that is just true or false has none."""
        found = self._resolved(schema)
        return found if isinstance(found, Mapping) else {}

    def _type(self, value: Any, schema: Schema, path: str, hidden: bool) -> bool:
        wanted = schema.get("type")
        if wanted is None:
            return True
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        if any(_is(value, name) for name in names):
            return True
        self.say(path, f"must be {_either(names)}" + ("." if hidden else f", not {_named(value)}."))
        return False

    def _scalar(self, value: Any, schema: Schema, path: str, hidden: bool) -> None:
        shown = REDACTED if hidden else repr(value)
        if "const" in schema and not _same(value, schema["const"]):
            self.say(path, f"must be {schema['const']!r}.")
        if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
            allowed = [str(item) for item in schema["enum"]]
            self.say(path, f"{shown} is not one of {', '.join(allowed)}.{'' if hidden else _near(str(value), allowed)}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if "minimum" in schema and value < schema["minimum"]:
                self.say(path, f"must be at least {schema['minimum']}, not {shown}.")
            if "maximum" in schema and value > schema["maximum"]:
                self.say(path, f"must be at most {schema['maximum']}, not {shown}.")
        if isinstance(value, str):
            if len(value) < schema.get("minLength", 0):
                self.say(
                    path, "must not be empty." if not value else f"is shorter than {schema['minLength']} characters."
                )
            if len(value) > schema.get("maxLength", len(value)):
                self.say(path, f"is longer than {schema['maxLength']} characters.")
            if "pattern" in schema and not re.search(schema["pattern"], value):
                self.say(path, f"{shown} does not have the form {schema['pattern']}.")

    def _sequence(self, value: list[Any], schema: Schema, path: str) -> list[Any]:
        if len(value) < schema.get("minItems", 0):
            self.say(path, f"must have at least {schema['minItems']} entries.")
        if len(value) > schema.get("maxItems", len(value)):
            self.say(path, f"must have at most {schema['maxItems']} entries.")
        if schema.get("uniqueItems"):
            for number, item in enumerate(value):
                if any(_same(item, other) for other in value[:number]):
                    self.say(f"{path}.{number}", f"{item!r} is there twice.")
        items = schema.get("items", True)
        return [self._entry(item, items, f"{path}.{number}") for number, item in enumerate(value)]

    def _entry(self, item: Any, schema: Any, path: str) -> Any:
        """An entry of a list. Most entries of route tables are in all of a federation's tables: one that was in order
        and without secrets is so everywhere."""
        if not isinstance(item, dict) or not isinstance(schema, Mapping):
            return self.value(item, schema, path)
        key = (id(schema), repr(item))
        if key in self.passed:
            return copied(self.passed[key])
        before, self.plain = self.plain, True
        out = self.value(item, schema, path)
        if self.plain:
            self.passed[key] = out
        self.plain = self.plain and before
        return out

    def _mapping(self, value: dict[str, Any], schema: Schema, path: str) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        for name in schema.get("required") or []:
            if name not in value:
                self.say(path, f"the key {name} is missing.")
        out: dict[str, Any] = {}
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if key in self.skipped:
                out[key] = item
                continue
            known = self._schema_of(key, schema)
            if known is _MISSING:
                self._unknown(key, inner, properties)
            elif self._words(known).get("x-ignored"):
                self._ignored_secrets(item, self._words(known), inner)
                self.plain = False
                self.ignored[inner] = self._words(known)["x-ignored"]
            else:
                out[key] = self.value(item, known, inner)
        return out

    def _ignored_secrets(self, value: Any, schema: Schema, path: str) -> None:
        """Note secrets in what is ignored: results must not show them either."""
        schema = self._words(schema)
        if schema.get("x-secret"):
            self._hide(path)
        if isinstance(value, Mapping):
            for key, item in value.items():
                known = self._schema_of(key, schema)
                if isinstance(known, Mapping):
                    self._ignored_secrets(item, known, f"{path}.{key}")

    def _schema_of(self, key: str, schema: Schema) -> Any:
        if key in (schema.get("properties") or {}):
            return schema["properties"][key]
        for pattern, inner in (schema.get("patternProperties") or {}).items():
            if re.search(pattern, key):
                return inner
        rest = schema.get("additionalProperties", True)
        return _MISSING if rest is False else rest

    def _unknown(self, key: str, path: str, properties: Mapping[str, Any]) -> None:
        known = [name for name, schema in properties.items() if not self._words(schema).get("x-ignored")]
        elsewhere = [found for found in _paths_of(key, self.root, self._words) if found != path]
        hint = _near(key, known)
        if not hint and elsewhere:
            hint = f" It belongs at {elsewhere[0]}."
        self.say(path, f"this key is unknown.{hint or ' Known here: ' + ', '.join(sorted(known)) + '.'}")


def without_numbers(path: str) -> str:
    """A path without positions in lists: a secret is one in every entry."""
    return re.sub(r"\.\d+(?=\.|$)", "", path)


def _paths_of(key: str, root: Schema, resolved: Any) -> list[str]:
    """Where else a key of that name is known, one level deep: users put module keys at the top and the other way
    round."""
    found = []
    for name, inner in (root.get("properties") or {}).items():
        schema = resolved(inner)
        if name == key and not schema.get("x-ignored"):
            found.append(name)
        if key in (schema.get("properties") or {}):
            found.append(f"{name}.{key}")
    return found


def _near(word: str, known: list[str]) -> str:
    import difflib  # imported late: only errors need it

    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return f" Did you mean {by_lower[close[0]]}?" if close else ""


def _typed(value: Any, schema: Schema) -> Any:
    """The value in the type that the schema asks for, where that is beyond doubt."""
    wanted = schema.get("type")
    names = {wanted} if isinstance(wanted, str) else set(wanted or ())
    if schema.get("format") == PARTY_ID and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and "string" not in names:
        if "integer" in names and _INTEGER.match(value):
            return int(value)
        if "number" in names and _NUMBER.match(value):
            return float(value) if "." in value else int(value)
        if "boolean" in names and value.lower() in ("true", "false", "yes", "no"):
            return value.lower() in ("true", "yes")
        if "null" in names and value == "":
            return None
    if isinstance(value, float) and value.is_integer() and "integer" in names:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and {"string"} <= names <= {"string", "null"}:
        return str(value)
    return value


def _is(value: Any, name: str) -> bool:
    match name:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return False


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


_NAMES = {
    "null": "nothing",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
}


def _either(names: list[str]) -> str:
    return " or ".join(_NAMES.get(name, name) for name in names)


def _named(value: Any) -> str:
    for name in ("null", "boolean", "integer", "number", "string", "array", "object"):
        if _is(value, name):
            return f"{_NAMES[name]} ({value!r})" if name not in ("array", "object", "null") else _NAMES[name]
    return type(value).__name__
