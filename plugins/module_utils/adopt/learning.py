# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which key of a spec lands where in the values: found out by rendering specs with values that nobody else has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .candidates import Candidate
from .paths import LIST, MAP, MISSING, Path, Place, Step, at, with_value

Spec = Mapping[str, Any]
Render = Callable[[Mapping[str, Spec]], Mapping[str, Any]]
"""From specs by name to their values by the same names. A spec that cannot be rendered is left out."""

FIXED = ("name", "namespace", "chartName", "chartVersion")
"""Keys that say which release it is. They are not free to be chosen."""


@dataclass(frozen=True, slots=True)
class Source:
    """A key of the spec, and a place in the values that it reaches.

    path: in the spec. target: in the values; ``LIST`` and ``MAP`` stand for the same entries as in the path. before and
    after: text that the template puts around the value. encoded: the value is there in base64. keys: the entries of the
    list in the spec are keys of the mapping there.
    """

    path: Path
    target: Place
    before: str = ""
    after: str = ""
    encoded: bool = False
    keys: bool = False


@dataclass(slots=True)
class Knowledge:
    """What is known about a values template.

    choices: values that a key is known to take. sets: lists of words, such as modules, with the words that are known.
    refused: kinds of value that a key does not take.
    """

    sources: list[Source] = field(default_factory=list)
    candidates: Sequence[Candidate] = ()
    choices: dict[Path, list[Any]] = field(default_factory=dict)
    sets: dict[Path, list[str]] = field(default_factory=dict)
    refused: set[tuple[Path, str]] = field(default_factory=set)
    example: Any = None

    @property
    def closed(self) -> set[Path]:
        """Mappings whose keys are all known: what is in them is found key by key."""
        return {item.path for item in self.candidates if item.closed}


@dataclass(frozen=True, slots=True)
class _Probe:
    candidate: Candidate
    kind: str
    number: int

    @property
    def word(self) -> str:
        return f"zq{self.number}x"

    @property
    def key(self) -> str:
        return f"zq{self.number}k"

    @property
    def place(self) -> Place:
        return tuple(0 if step == LIST else self.key if step == MAP else step for step in self.candidate.path)

    @property
    def value(self) -> Any:
        match self.kind:
            case "number":
                return 70_000 + self.number
            case "list":
                return [self.word]
            case "map":
                return {self.key: self.word}
        return self.word


def survey(candidates: Sequence[Candidate], example: Any) -> Knowledge:
    """What is known before anything is rendered."""
    known = Knowledge(candidates=candidates, example=example)
    for item in candidates:
        if _has_entries(item.path) or item.path[0] in FIXED:
            continue
        words = [choice for choice in item.choices if isinstance(choice, str)]
        if item.is_list and words and not any(_is_inside(other.path, item.path) for other in candidates):
            known.sets[item.path] = words
        elif not item.kinds & {"list", "map"}:
            known.choices[item.path] = [*item.choices, *([True, False] if _may_be_flag(item) else [])]
    return known


def _may_be_flag(item: Candidate) -> bool:
    return "flag" in item.kinds or not item.kinds


def _has_entries(path: Path) -> bool:
    return any(step in (LIST, MAP) for step in path)


def _is_inside(path: Path, outer: Path) -> bool:
    """Whether a path leads to a key of what is at another, or of its entries."""
    inner = path[len(outer) :]
    return path[: len(outer)] == outer and any(step not in (LIST, MAP) for step in inner)


def learn(known: Knowledge, base: Spec, render: Render) -> None:
    """Render each key by itself over a base, and note where it lands. Keys that are known already are left out."""
    reached = {source.path for source in known.sources}
    wanted = [(item, kind) for item in known.candidates if item.path not in reached for kind in _kinds(item)]
    probes = [
        _Probe(item, kind, number)
        for number, (item, kind) in enumerate(wanted)
        if (item.path, kind) not in known.refused
    ]
    base = _standing(known, base, render)
    rendered = dict(render({probe.word: with_value(base, probe.place, probe.value) for probe in probes}))
    failed = [probe for probe in probes if probe.word not in rendered]
    rendered |= render(
        {probe.word: with_value(_furnished(known, base, probe), probe.place, probe.value) for probe in failed}
    )
    noted = set(known.sources)
    for probe in probes:
        if probe.word not in rendered:
            known.refused.add((probe.candidate.path, probe.kind))
        for source in _sources(probe, rendered.get(probe.word)):
            if source not in noted:
                noted.add(source)
                known.sources.append(source)
            if source.keys and not _has_entries(source.path):
                known.sets.setdefault(source.path, [])


def _standing(known: Knowledge, base: Spec, render: Render) -> Spec:
    """The base, with empty blocks or with the example's where it cannot be rendered alone."""
    if render({"base": base}):
        return base
    blocks: dict[str, Any] = {
        item.path[0]: {} for item in known.candidates if item.kinds == {"map"} and len(item.path) == 1
    }
    example = known.example if isinstance(known.example, Mapping) else {}
    for more in ({**blocks, **base}, {**example, **base}):
        if render({"base": more}):
            return more
    return base


def _kinds(item: Candidate) -> list[str]:
    if not item.kinds:
        return ["text", "number", "list"]
    kinds = {"text" if kind == "flag" else kind for kind in item.kinds}
    return sorted(kinds)


def _furnished(known: Knowledge, base: Spec, probe: _Probe) -> Spec:
    """The base with the block that a key lies in filled: some templates need much of a block or nothing."""
    block = probe.candidate.path[0]
    out = dict(base)
    if isinstance(known.example, Mapping) and isinstance(known.example.get(block), Mapping):
        out[block] = known.example[block]
    for item in known.candidates:
        inside = len(item.path) > 1 and item.path[0] == block and not _has_entries(item.path)
        if inside and at(out, item.path) is MISSING and item.path != probe.candidate.path:
            filling = _filling(item)
            out = out if filling is None else with_value(out, item.path, filling)
    return out


def _filling(item: Candidate) -> Any:
    if item.kinds == {"map"}:
        return {}
    if item.kinds == {"number"}:
        return 1
    return "x" if item.kinds <= {"text"} else None


def _sources(probe: _Probe, values: Any) -> Iterator[Source]:
    for place, node in _nodes(values):
        found = _source(probe, place, node)
        if found is not None:
            yield found


def _source(probe: _Probe, place: Place, node: Any) -> Source | None:
    found = _landed(probe, node)
    target = _pattern(probe, place) if found else None
    if found is None or target is None:
        return None
    path = probe.candidate.path
    if probe.kind == "map" and target[-1:] == (MAP,) and path[-1] != MAP:
        target = target[:-1]
    return replace(found, path=path, target=target)


def _landed(probe: _Probe, node: Any) -> Source | None:
    """How the value of a probe is in a node, if it is; the path and the target are still open."""
    match probe.kind, node:
        case "list", list() if node == [probe.word]:
            return Source((), ())
        case "list", Mapping() if probe.word in node:
            return Source((), (), keys=True)
        case "map", Mapping() if node.get(probe.key) == probe.word:
            return Source((), ())
        case (("text" | "number"), str()):
            return _of_text(str(probe.value), node)
        case "number", int() | float() if node == probe.value and not isinstance(node, bool):
            return Source((), ())
    return None


def _of_text(word: str, text: str) -> Source | None:
    before, found, after = text.partition(word)
    if found:
        return Source((), (), before, after)
    if text == base64.b64encode(word.encode()).decode():
        return Source((), (), encoded=True)
    return None


def _pattern(probe: _Probe, place: Place) -> Place | None:
    """A place in the values with what the key's own entries stand for; None where they do not show."""
    lists = probe.candidate.path.count(LIST)
    maps = probe.candidate.path.count(MAP)
    positions = [number for number, step in enumerate(place) if isinstance(step, int)]
    keys = [number for number, step in enumerate(place) if step == probe.key]
    if len(positions) < lists or len(keys) < maps:
        return None
    out: list[Step] = list(place)
    for number in positions[len(positions) - lists :]:
        out[number] = LIST
    for number in keys[:maps]:
        out[number] = MAP
    return tuple(out)


def _nodes(tree: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every node, from the top."""
    yield place, tree
    match tree:
        case Mapping():
            for key, item in tree.items():
                yield from _nodes(item, (*place, str(key)))
        case list():
            for number, item in enumerate(tree):
                yield from _nodes(item, (*place, number))


def matches(source: Source, values: Any) -> Iterator[tuple[Place, Any]]:
    """Places in a spec that a source stands for in some values, each with what is found there."""
    for bound, node in _expand(source.target, values):
        yield _place(source.path, bound), node


def _place(path: Path, bound: Place) -> Place:
    """A path with its entries filled in, positions and keys each in their order."""
    entries = [step for step in bound if isinstance(step, int)]
    keys = [step for step in bound if isinstance(step, str)]
    return tuple(entries.pop(0) if step == LIST else keys.pop(0) if step == MAP else step for step in path)


def _expand(target: Place, node: Any, bound: Place = ()) -> Iterator[tuple[Place, Any]]:
    if not target:
        yield bound, node
        return
    step, rest = target[0], target[1:]
    if step == LIST:
        for number, item in enumerate(node if isinstance(node, list) else ()):
            yield from _expand(rest, item, (*bound, number))
    elif step == MAP:
        for key, item in node.items() if isinstance(node, Mapping) else ():
            yield from _expand(rest, item, (*bound, str(key)))
    else:
        inner = at(node, (step,))
        if inner is not MISSING:
            yield from _expand(rest, inner, bound)


def originals(source: Source, found: Any) -> list[Any]:
    """What a spec may say so that the values say what is found, the likeliest first."""
    if source.keys:
        return [list(found)] if isinstance(found, Mapping) else []
    if source.encoded:
        return _decoded(found)
    if source.before or source.after:
        text = str(found)
        if not isinstance(found, str) or not (text.startswith(source.before) and text.endswith(source.after)):
            return []
        inner = text[len(source.before) : len(text) - len(source.after)]
        return [inner, int(inner)] if inner.isdigit() else [inner]
    return _forms(found)


def _forms(found: Any) -> list[Any]:
    """A value in the types that a template may make it of."""
    match found:
        case bool():
            return [found, str(found).lower()]
        case float() if found.is_integer():
            return [int(found), str(int(found)), found]
        case int() | float():
            return [found, str(found)]
        case str():
            number = [int(found)] if found.isdigit() and str(int(found)) == found else []
            return [found, *number, json.dumps(found, ensure_ascii=False)]
    return [found]


def _decoded(found: Any) -> list[Any]:
    try:
        return [base64.b64decode(str(found), validate=True).decode()]
    except ValueError:
        return []
