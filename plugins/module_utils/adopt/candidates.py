# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that a spec for a chart may have: by its schema, its example and its values template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..spec.schema import resolved
from .paths import LIST, MAP, Path
from .template import references

_DEPTH = 12
"""Steps of the longest path; a schema may refer to itself."""
_KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "flag",
    "array": "list",
    "object": "map",
}


@dataclass(slots=True)
class Candidate:
    """A key of a spec. kinds: of text, number, flag, list and map, those that its value may be; empty where nothing
    says so. choices: values that it is known to take; for a list of scalars, its entries. closed: a mapping whose keys
    are all known."""

    path: Path
    kinds: set[str] = field(default_factory=set)
    choices: list[Any] = field(default_factory=list)
    closed: bool = False

    @property
    def is_list(self) -> bool:
        return "list" in self.kinds

    def add(self, kinds: set[str], choices: list[Any]) -> None:
        self.kinds |= kinds
        self.choices += [choice for choice in choices if not _among(choice, self.choices)]


def _among(value: Any, known: list[Any]) -> bool:
    return any(value == other and type(value) is type(other) for other in known)


class _Found:
    def __init__(self) -> None:
        self.by_path: dict[Path, Candidate] = {}

    def add(self, path: Path, kinds: set[str], choices: list[Any]) -> None:
        if path:
            self.by_path.setdefault(path, Candidate(path)).add(kinds, choices)


def candidates(template: str, schema: Any, example: Any) -> list[Candidate]:
    """All keys, shorter paths first. schema and example: None where the chart has none."""
    found = _Found()
    if isinstance(schema, Mapping):
        _of_schema(schema, schema, (), found)
    _of_example(example, (), found)
    known = {path for path, item in found.by_path.items() if item.kinds}
    dropped = {path for path, words in _ignored(schema)} if isinstance(schema, Mapping) else set()
    for path, reference in references(template).items():
        if schema is None or path in found.by_path:
            kinds = {"list"} if reference.searched and path not in known else set()
            found.add(path, kinds, [] if schema is not None else reference.literals)
    kept = [item for item in found.by_path.values() if not any(item.path[: len(path)] == path for path in dropped)]
    for item in kept:
        _by_children(item, found.by_path)
    return sorted(kept, key=lambda item: (len(item.path), item.path))


def _by_children(item: Candidate, known: Mapping[Path, Candidate]) -> None:
    """A path that has others below is a list or a mapping."""
    size = len(item.path)
    for path in known:
        if len(path) > size and path[:size] == item.path:
            item.kinds.add("list" if path[size] == LIST else "map")


def _of_schema(root: Mapping[str, Any], schema: Any, path: Path, found: _Found) -> None:
    words = resolved(root, schema)
    if not isinstance(words, Mapping) or len(path) > _DEPTH or words.get("x-ignored"):
        return
    types = words.get("type") or []
    names = {types} if isinstance(types, str) else set(types)
    choices = [choice for choice in words.get("enum") or [] if choice is not None]
    found.add(path, {_KINDS[name] for name in names if name in _KINDS}, choices)
    if path and words.get("properties") and words.get("additionalProperties") is False:
        found.by_path[path].closed = not words.get("patternProperties")
    for key, inner in (words.get("properties") or {}).items():
        _of_schema(root, inner, (*path, str(key)), found)
    for inner in (*(words.get("patternProperties") or {}).values(), words.get("additionalProperties")):
        if isinstance(inner, Mapping):
            _of_schema(root, inner, (*path, MAP), found)
    items = resolved(root, words.get("items"))
    if isinstance(items, Mapping):
        found.add(path, {"list"}, [choice for choice in items.get("enum") or [] if choice is not None])
        if items.get("properties"):
            _of_schema(root, items, (*path, LIST), found)


def _ignored(root: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    def walk(schema: Any, path: Path) -> Iterator[tuple[Path, Any]]:
        words = resolved(root, schema)
        if not isinstance(words, Mapping) or len(path) > _DEPTH:
            return
        if words.get("x-ignored"):
            yield path, words
            return
        for key, inner in (words.get("properties") or {}).items():
            yield from walk(inner, (*path, str(key)))

    yield from walk(root, ())


def _of_example(value: Any, path: Path, found: _Found) -> None:
    match value:
        case Mapping():
            found.add(path, {"map"}, [])
            for key, item in value.items():
                _of_example(item, (*path, str(key)), found)
        case list():
            found.add(path, {"list"}, [item for item in value if isinstance(item, str)])
            for item in value:
                if isinstance(item, Mapping):
                    _of_example(item, (*path, LIST), found)
        case None:
            found.add(path, set(), [])
        case bool():
            found.add(path, {"flag"}, [])
        case int() | float():
            found.add(path, {"number"}, [value])
        case _:
            found.add(path, {"text"}, [str(value)])
