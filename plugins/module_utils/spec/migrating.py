# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a cluster.yaml of FATE 1.x, or of an earlier chart, to one that a chart takes, and what was done on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ..data import copied
from ..facts.engines import OLD_WORDS
from ..facts.migration import IMAGE_KEYS, IMAGES, OLD_TAG, SUCCESSORS, WITHOUT_SUCCESSOR
from .engines import check_engines
from .loading import Spec
from .schema import Schema, check, without_numbers

_OLD_TAG = re.compile(OLD_TAG)
_OF_CHART = "The chart has the images of its own version of FATE; this one is of FATE 1.x."


class Action(StrEnum):
    """What became of a key."""

    RENAMED = "renamed"
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done. path: dotted, as the old file has it. to: where it is now, for what was renamed. where:
    file and line. text: a sentence about it."""

    action: Action
    path: str
    where: str
    text: str
    to: str = ""

    def as_result(self) -> dict[str, str]:
        return {**asdict(self), "action": str(self.action)}

    @property
    def line(self) -> str:
        to = f" to {self.to}" if self.to not in ("", self.path) else ""
        return f"{self.action}: {self.path}{to} ({self.where}): {self.text}"


@dataclass(slots=True)
class Migrated:
    """data: the new spec. Nothing is lost from it without a step. left: sentences about what the chart does not take
    and only its user can decide."""

    data: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def report(self) -> list[str]:
        """A line for each step, and for each thing that is left to decide."""
        return [*(step.line for step in self.steps), *(f"left to you: {text}" for text in self.left)]


def migrate(spec: Spec, schema: Schema, chart: str, version: str, where: str = "spec.schema.json") -> Migrated:
    """Bring a spec to what a chart takes. The spec stays as it is.

    schema: of the chart's specs. chart, version: what it shall say for chartName and chartVersion. where: names the
    schema in errors. Raises ``KubefateError`` (chart) where the schema itself is wrong.
    """
    work = _Migration(spec, schema)
    work.identity(chart, version)
    work.blocks()
    work.modules()
    work.engines()
    work.images(work.data, "")
    return work.checked(where)


def is_of_fate_1(data: Mapping[str, Any]) -> bool:
    """Whether a spec has modules or engines that only FATE 1.x has, whichever version it names."""
    named = data.get("modules")
    words = [*data, *(named if isinstance(named, list) else [])]
    return any(word in SUCCESSORS or word in WITHOUT_SUCCESSOR for word in words if isinstance(word, str)) or any(
        data.get(key) == word for key, known in OLD_WORDS.items() for word in known
    )


class _Migration:
    def __init__(self, spec: Spec, schema: Schema) -> None:
        self.data: dict[str, Any] = copied(spec.data)
        self.schema = schema
        self.origins = dict(spec.origins)
        self.steps: list[Step] = []
        self.moved: dict[str, str] = {}
        """New dotted path to the old one."""

    def step(self, action: Action, path: str, text: str, to: str = "") -> None:
        self.steps.append(Step(action, path, self._where(path), text, to))

    def _where(self, path: str) -> str:
        return Spec({}, self.origins).where(path)

    def _takes(self, key: str) -> bool:
        """Whether the chart has a use for a key at the top."""
        known = (self.schema.get("properties") or {}).get(key)
        return isinstance(known, Mapping) and not known.get("x-ignored")

    def identity(self, chart: str, version: str) -> None:
        for key, value in (("chartName", chart), ("chartVersion", version)):
            before = self.data.get(key)
            if before is not None and str(before) != value:
                self.step(Action.CHANGED, key, f"{before} is {value} now.")
            self.data[key] = value

    def blocks(self) -> None:
        """Settings of a module that has a successor are settings of that one."""
        for old, new in SUCCESSORS.items():
            if old not in self.data or self._takes(old) or not self._takes(new):
                continue
            block, known = self.data[old], self.data.get(new)
            target = dict(known) if isinstance(known, Mapping) else {}
            if not isinstance(block, Mapping):
                self.step(Action.DROPPED, old, "It has no keys.")
                block = {}
            for key, value in block.items():
                path, to = f"{old}.{key}", f"{new}.{key}"
                if key in ("image", "imageTag"):
                    self.step(Action.DROPPED, path, f"It is the image of {old}; {new} has one of its own.")
                elif key in target:
                    self.step(Action.DROPPED, path, f"{to} is there too, and stays.")
                else:
                    target[key] = value
                    self.step(Action.RENAMED, path, f"{new} does in FATE 2 what {old} did.", to)
                    self._moved(path, to)
            self.data = _in_place(self.data, old, new, target)

    def _moved(self, path: str, to: str) -> None:
        """Errors about what was moved name the line where it stands in the old file."""
        self.moved[to] = path
        inside = {key: place for key, place in self.origins.items() if key == path or key.startswith(f"{path}.")}
        self.origins |= {f"{to}{key.removeprefix(path)}": place for key, place in inside.items()}

    def _before(self, path: str) -> str:
        """Where in the old file that stands which is at a path now."""
        for new, old in self.moved.items():
            if path == new or path.startswith(f"{new}."):
                return f"{old}{path.removeprefix(new)}"
        return path

    def modules(self) -> None:
        named = self.data.get("modules")
        if not isinstance(named, list):
            return
        found: list[Any] = []
        places = {path: place for path, place in self.origins.items() if not path.startswith("modules.")}
        for number, name in enumerate(named):
            path = f"modules.{number}"
            successor = SUCCESSORS.get(name, "") if isinstance(name, str) else ""
            if successor and self._takes(successor):
                self.step(Action.RENAMED, path, f"The module {name} is {successor} in FATE 2.", path)
                name = successor
            elif isinstance(name, str) and name in WITHOUT_SUCCESSOR:
                self.step(Action.DROPPED, path, f"The module {name}: {WITHOUT_SUCCESSOR[name]}")
                continue
            if name in found:
                self.step(Action.DROPPED, path, f"The module {name} is there already.")
                continue
            places[f"modules.{len(found)}"] = self._where(path)
            found.append(name)
        self.data["modules"], self.origins = found, places

    def engines(self) -> None:
        for key, words in OLD_WORDS.items():
            word = self.data.get(key)
            if isinstance(word, str) and word in words:
                self.step(Action.CHANGED, key, f"{word} is {words[word]} in FATE 2.")
                self.data[key] = words[word]

    def images(self, block: dict[str, Any], path: str) -> None:
        """Images of FATE 1.x go, in this block and in those in it; the spelling of others is set right."""
        inside = {key: f"{path}.{key}" if path else key for key in block}
        tag = next((key for key in ("imageTag", "ImageTag") if _OLD_TAG.match(str(block.get(key) or ""))), "")
        if tag and _is_of_fate(block):
            for key in [key for key in block if key.lower() in ("image", "imagetag")]:
                self.step(Action.DROPPED, inside[key], _OF_CHART)
                del block[key]
        for old, new in IMAGE_KEYS.items():
            if old in block and new not in block:
                to = f"{path}.{new}" if path else new
                self.step(Action.RENAMED, inside[old], f"It is written {new} now.", to)
                self._moved(inside[old], to)
                block[new] = block.pop(old)
        for key, value in block.items():
            if isinstance(value, dict):
                self.images(value, inside.get(key, key))

    def checked(self, where: str) -> Migrated:
        """The outcome, with what the chart's schema says about the rest."""
        spec = Spec(self.data, self.origins)
        found = check(self.schema, spec, where)
        for path, sentence in found.ignored.items():
            self.steps = [step for step in self.steps if step.to != path]  # it was moved to where it does nothing
            self.step(Action.DROPPED, self._before(path), sentence)
        for path, before, after in _retyped(self.data, found.data, ""):
            if isinstance(before, int) and isinstance(after, str):
                text = "It is text now, so that none of its digits is lost."
            else:
                text = f"It is written {'otherwise' if without_numbers(path) in found.secrets else repr(after)} now."
            self.step(Action.CHANGED, self._before(path), text)
        data = _kept(self.data, found.data, set(found.ignored), "")
        return Migrated(data, self.steps, found.errors + check_engines(found.data, spec))


def _in_place(data: Mapping[str, Any], old: str, new: str, value: Any) -> dict[str, Any]:
    """The mapping with ``new`` where it is, and otherwise where ``old`` was."""
    if new in data:
        return {key: value if key == new else item for key, item in data.items() if key != old}
    return {new if key == old else key: value if key == old else item for key, item in data.items()}


def _is_of_fate(block: Mapping[str, Any]) -> bool:
    image = str(block.get("image") or block.get("Image") or "").rpartition("/")[2]
    return not image or any(image == name or image.startswith(f"{name}-") for name in IMAGES)


def _retyped(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Dotted path of each value whose type was set right, with both of its forms."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [key for key in before if key in after]:
            yield from _retyped(before[key], after[key], f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _retyped(one, other, f"{path}.{number}")
    elif type(before) is not type(after):
        yield path, before, after


def _kept(before: Any, after: Any, ignored: set[str], path: str) -> Any:
    """What was checked, and besides, what is wrong: its user decides about that."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [_kept(one, other, ignored, f"{path}.{number}") for number, (one, other) in pairs]
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    out = {}
    for key, value in before.items():
        inner = f"{path}.{key}" if path else key
        if inner not in ignored:
            out[key] = _kept(value, after[key], ignored, inner) if key in after else value
    return out
