# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths in specs and in values: steps through mappings and lists, and how two trees differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Step: TypeAlias = "str | int"
Path = tuple[str, ...]
"""A path as a pattern: each step is a key, ``LIST`` or ``MAP``."""
Place = tuple[Step, ...]
"""A path to one place: each step is a key, or a position in a list."""

LIST = "[]"
"""Stands for any entry of a list."""
MAP = "{}"
"""Stands for any key of a mapping."""

MISSING: Any = object()


def shown(place: Place) -> str:
    """As people write it: ``osx.partyList[0].partyId``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def at(tree: Any, place: Place) -> Any:
    """The value at a place, ``MISSING`` where there is none."""
    for step in place:
        known = step < len(tree) if isinstance(tree, list) and isinstance(step, int) else _has(tree, step)
        if not known:
            return MISSING
        tree = tree[step]
    return tree


def _has(tree: Any, step: Step) -> bool:
    return isinstance(tree, Mapping) and isinstance(step, str) and step in tree


def with_value(tree: Mapping[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """A tree with a value set, which shares with the other whatever does not lead there. Mappings and lists are made on
    the way; entries that a list lacks become mappings."""
    step, rest = str(place[0]), place[1:]
    return {**tree, step: _with(tree.get(step), rest, value) if rest else value}


def _with(tree: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(step, str):
        return with_value(tree if isinstance(tree, Mapping) else {}, place, value)
    out = list(tree) if isinstance(tree, list) else []
    out += [{} for _missing in range(step + 1 - len(out))]
    out[step] = _with(out[step], rest, value)
    return out


def without(tree: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """A tree without a key, which shares the rest with the other; a mapping that is empty because of that goes, too.
    Entries of lists stay."""
    found: dict[str, Any] = _without(tree, place)
    return found


def _without(tree: Any, place: Place) -> Any:
    step, rest = place[0], place[1:]
    if not rest:
        return {key: item for key, item in tree.items() if key != step} if isinstance(tree, Mapping) else tree
    inner = _without(tree[step], rest)
    if isinstance(tree, list):
        return [inner if number == step else item for number, item in enumerate(tree)]
    if inner == {}:
        return {key: item for key, item in tree.items() if key != step}
    return {**tree, step: inner}


def places(tree: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every leaf: scalars, empty mappings and empty lists."""
    match tree:
        case Mapping() if tree:
            for key, item in tree.items():
                yield from places(item, (*place, str(key)))
        case list() if tree:
            for number, item in enumerate(tree):
                yield from places(item, (*place, number))
        case _:
            yield place, tree


def same(left: Any, right: Any) -> bool:
    """Whether two values mean the same to helm: 1 and 1.0 do, 1 and true do not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    return bool(left == right)


def differences(made: Any, found: Any, place: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """Places where two trees differ, with both values; ``MISSING`` for what is not there. What is missing as a whole
    is given leaf by leaf."""
    if isinstance(made, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*made, *found]):
            yield from differences(made.get(key, MISSING), found.get(key, MISSING), (*place, str(key)))
    elif isinstance(made, list) and isinstance(found, list):
        for number in range(max(len(made), len(found))):
            one = made[number] if number < len(made) else MISSING
            other = found[number] if number < len(found) else MISSING
            yield from differences(one, other, (*place, number))
    elif made is MISSING:
        yield from ((where, MISSING, value) for where, value in places(found, place))
    elif found is MISSING:
        yield from ((where, value, MISSING) for where, value in places(made, place))
    elif not same(made, found):
        yield place, made, found


def distance(made: Any, found: Any) -> int:
    """How many leaves differ. What is a leaf on one side and a tree on the other counts as that many."""
    return sum(max(_weight(one), _weight(other), 1) for _place, one, other in differences(made, found))


def _weight(value: Any) -> int:
    return 0 if value is MISSING else sum(1 for _leaf in places(value))
