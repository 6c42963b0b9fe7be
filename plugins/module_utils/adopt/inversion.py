# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the values of a release back to a spec that makes them.

What each key does is learnt by rendering (``learning``). The keys are then set from the values that are there; what
still differs is tried, key by key, and kept where it brings the values nearer; at last everything that makes no
difference is taken out. What remains different is said.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..data import is_secret_key
from .learning import FIXED, Knowledge, Render, Source, Spec, learn, matches, originals
from .paths import LIST, MAP, MISSING, Place, at, differences, distance, places, same, with_value, without

_ROUNDS = 12
_LESSONS = 3
"""How often the keys are learnt anew, over what is known by then: some do something only beside others."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place in the values that no spec brings about. made and found: ``MISSING`` where there is nothing."""

    place: Place
    made: Any
    found: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Inversion:
    """spec: makes the values, apart from what is left over."""

    spec: dict[str, Any]
    leftover: tuple[Leftover, ...]


@dataclass(frozen=True, slots=True)
class _State:
    spec: dict[str, Any]
    made: Any
    cost: int


Move = tuple[Place, dict[str, Any]]
"""A place in the spec, and the spec with that place changed."""


def invert(values: Mapping[str, Any], fixed: Spec, known: Knowledge, render: Render) -> Inversion:
    """The spec for some values. fixed: the keys ``FIXED``. known: what ``survey`` gave; it grows."""
    search = _Search(values, fixed, known, render)
    if not known.sources:
        learn(known, search.base(), render)
    search.start()
    search.improve()
    search.prune()
    return Inversion(copy.deepcopy(search.state.spec), tuple(search.leftover()))


class _Search:
    def __init__(self, values: Mapping[str, Any], fixed: Spec, known: Knowledge, render: Render):
        self.values, self.fixed, self.known, self.render = values, dict(fixed), known, render
        self.state = _State(dict(fixed), {}, self._cost({}))

    def base(self) -> dict[str, Any]:
        """The fixed keys and every word of each set, so that no block is switched off."""
        out = dict(self.fixed)
        for path, words in self.known.sets.items():
            out = with_value(out, path, list(words))
        return out

    # steps ---------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """All keys from the values that are there; where that cannot be rendered, block by block."""
        base = self.base()
        found = self._proposals()
        spec = base
        for place, forms in found.items():
            spec = with_value(spec, place, forms[0])
        states = self._states([dict(self.fixed), base, spec])
        self.state = min((state for state in states if state), key=lambda state: state.cost, default=self.state)
        if states[-1] is None:
            for block in dict.fromkeys(place[0] for place in found):
                inside = {place: forms for place, forms in found.items() if place[0] == block}
                self._take([self._with(inside)])

    def improve(self) -> None:
        """Keep what brings the values nearer, until nothing does."""
        lessons = 0
        for _round in range(_ROUNDS):
            if not self.state.cost:
                return
            if self._step(self._moves()):
                continue
            if lessons == _LESSONS:
                return
            lessons += 1
            learn(self.known, self.state.spec, self.render)
            if not self._step([(place, with_value(self.state.spec, place, form)) for place, form in self._other()]):
                return

    def prune(self) -> None:
        """Take out what makes no difference: whole blocks, then keys, secrets first."""
        blocks: list[Place] = [(key,) for key in self.state.spec if key not in self.fixed]
        self._remove(blocks)
        leaves = [place for place, _value in _keys(self.state.spec) if place[0] not in self.fixed]
        leaves.sort(key=lambda place: not is_secret_key(str(place[-1])))
        kept_one: dict[Any, Place] = {place[0]: place for place in leaves if len(place) > 1}
        self._remove([place for place in leaves if kept_one.get(place[0]) != place])
        self._remove([place for place in leaves if at(self.state.spec, place) is not MISSING])

    def leftover(self) -> Iterator[Leftover]:
        for place, made, found in differences(self.state.made, self.values):
            yield Leftover(place, made, found, self._why(place, found))

    # parts ---------------------------------------------------------------------------------------------------------
    def _proposals(self) -> dict[Place, list[Any]]:
        """Places in the spec with what they may say, by what is found in the values."""
        found: dict[Place, list[Any]] = {}
        closed = self.known.closed
        for source in sorted(self.known.sources, key=lambda source: len(source.path)):
            if source.path[0] in FIXED or {source.path, source.path[:-1]} & self.known.sets.keys():
                continue
            for place, value in matches(source, self.values):
                if value and isinstance(value, Mapping) and source.path in closed:
                    continue
                if any(place[:size] in found for size in range(1, len(place))):
                    continue
                forms = found.setdefault(place, [])
                forms += [form for form in originals(source, value) if not _listed(form, forms)]
        return dict(sorted(((place, forms) for place, forms in found.items() if forms), key=_in_order))

    def _other(self) -> Iterator[tuple[Place, Any]]:
        for place, forms in self._proposals().items():
            current = at(self.state.spec, place)
            yield from ((place, form) for form in forms if current is MISSING or not same_type(form, current))

    def _moves(self) -> list[Move]:
        spec = self.state.spec
        moves: list[Move] = [(place, with_value(spec, place, form)) for place, form in self._other()]
        path: Place
        for path, choices in self.known.choices.items():
            current = at(spec, path)
            moves += [
                (path, with_value(spec, path, choice))
                for choice in choices
                if current is MISSING or not same_type(choice, current)
            ]
        moves += [(place, without(spec, place)) for place, _value in _keys(spec) if place[0] not in self.fixed]
        for path, words in self._sets().items():
            chosen = at(spec, path) if isinstance(at(spec, path), list) else []
            for word in dict.fromkeys([*words, *chosen]):
                toggled = [other for other in chosen if other != word] if word in chosen else [*chosen, word]
                moves.append(((*path, word), with_value(spec, path, toggled)))
        return moves

    def _sets(self) -> dict[Place, list[str]]:
        """Lists of words with the words that are known, and those that the values show."""
        found: dict[Place, list[str]] = {path: list(words) for path, words in self.known.sets.items()}
        for source in self.known.sources:
            if source.path in found:
                for _place, value in matches(source, self.values):
                    found[source.path] += [str(word) for word in value if isinstance(value, Mapping | list)]
        return found

    def _step(self, moves: Sequence[Move]) -> bool:
        """Take all moves that help, together where that helps more than the best alone."""
        states = self._states([spec for _place, spec in moves])
        best: dict[Place, tuple[int, Move, _State]] = {}
        for move, state in zip(moves, states, strict=True):
            if state and state.cost < self.state.cost:
                held = best.get(move[0])
                if held is None or state.cost < held[0]:
                    best[move[0]] = (state.cost, move, state)
        if not best:
            return False
        ranked = sorted(best.values(), key=lambda entry: entry[0])
        together = [self._joined([move for _cost, move, _state in ranked[:size]]) for size in _sizes(len(ranked))]
        return self._take(together, ranked[0][2])

    def _joined(self, moves: Sequence[Move]) -> dict[str, Any]:
        spec = self.state.spec
        for place, changed in moves:
            if place[:-1] in self.known.sets:
                chosen = at(spec, place[:-1]) if isinstance(at(spec, place[:-1]), list) else []
                word = place[-1]
                wanted = word in at(changed, place[:-1])
                spec = with_value(
                    spec, place[:-1], [*chosen, word] if wanted else [other for other in chosen if other != word]
                )
                continue
            value = at(changed, place)
            if value is not MISSING:
                spec = with_value(spec, place, value)
            elif at(spec, place) is not MISSING:
                spec = without(spec, place)
        return spec

    def _take(self, specs: Sequence[dict[str, Any]], least: _State | None = None) -> bool:
        states = [state for state in (*self._states(specs), least) if state and state.cost < self.state.cost]
        if states:
            self.state = min(states, key=lambda state: state.cost)
        return bool(states)

    def _remove(self, wanted: Sequence[Place]) -> None:
        """Take out as many places as make no difference."""
        states = self._states([without(self.state.spec, place) for place in wanted])
        free = [place for place, state in zip(wanted, states, strict=True) if state and state.cost <= self.state.cost]
        waiting = [free] if free else []
        while waiting:
            group = waiting.pop(0)
            spec = self.state.spec
            for place in group:
                if at(spec, place) is not MISSING:
                    spec = without(spec, place)
            [state] = self._states([spec])
            if state and state.cost <= self.state.cost:
                self.state = state
            elif len(group) > 1:
                half = len(group) // 2
                waiting += [group[:half], group[half:]]

    def _with(self, found: Mapping[Place, list[Any]]) -> dict[str, Any]:
        spec = self.state.spec
        for place, forms in found.items():
            spec = with_value(spec, place, forms[0])
        return spec

    def _states(self, specs: Sequence[dict[str, Any]]) -> list[_State | None]:
        if not specs:
            return []
        rendered = self.render({str(number): spec for number, spec in enumerate(specs)})
        return [
            _State(spec, rendered[str(number)], self._cost(rendered[str(number)])) if str(number) in rendered else None
            for number, spec in enumerate(specs)
        ]

    def _cost(self, made: Any) -> int:
        return distance(made, self.values)

    def _why(self, place: Place, found: Any) -> str:
        closed = self.known.closed
        reaching = [
            source
            for source in self.known.sources
            if _covers(source, place) and (source.path not in closed or len(source.target) == len(place))
        ]
        own = [source.path[0] for source in reaching if source.path[0] in FIXED]
        if own:
            return f"it comes from the key {own[0]}, which is that of the release itself"
        keys = list(dict.fromkeys(".".join(source.path) for source in reaching))
        if found is MISSING:
            return "the values template always makes it here" if not keys else f"{_either(keys)} makes it here"
        if not keys:
            return "no key of the spec reaches it"
        return f"{_either(keys)} reaches it, and cannot make this of it"


def _either(keys: Sequence[str]) -> str:
    return f"the key {keys[0]}" if len(keys) == 1 else f"the keys {', '.join(keys[:3])}"


def _covers(source: Source, place: Place) -> bool:
    if len(source.target) > len(place):
        return False
    return all(
        isinstance(step, int) if wanted == LIST else isinstance(step, str) if wanted == MAP else wanted == step
        for wanted, step in zip(source.target, place, strict=False)
    )


def _keys(spec: Spec) -> Iterator[tuple[Place, Any]]:
    """Leaves of a spec; what is in a list is one with the list."""
    seen: set[Place] = set()
    for place, value in places(spec):
        numbers = [number for number, step in enumerate(place) if isinstance(step, int)]
        place = place[: numbers[0]] if numbers else place
        if place not in seen:
            seen.add(place)
            yield place, value


def _sizes(count: int) -> list[int]:
    """All, a half, a quarter of so many."""
    sizes = []
    while count > 1:
        sizes.append(count)
        count //= 2
    return sizes


def _listed(value: Any, known: Sequence[Any]) -> bool:
    return any(same_type(value, other) for other in known)


def same_type(left: Any, right: Any) -> bool:
    return type(left) is type(right) and same(left, right)


def _in_order(entry: tuple[Place, list[Any]]) -> tuple[tuple[int, str | int], ...]:
    """Shorter places first, entries of lists by their number."""
    return tuple((0, step) if isinstance(step, int) else (1, step) for step in entry[0])
