# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of charts and ranges of them, as Helm understands them.

Source: github.com/Masterminds/semver/v3, which Helm uses; a test compares the two. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import TypeAlias

from ..errors import KubefateError, bad_input

_PART = r"(?:0|[1-9]\d*|[xX*])"
_TAIL = r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?P<build>[0-9A-Za-z.-]+))?"
_VERSION = re.compile(rf"[vV]?(\d+)(?:\.(\d+))?(?:\.(\d+))?{_TAIL}\Z")
_WRITTEN = rf"[vV]?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_CONSTRAINT = re.compile(rf"(?P<op>=>|>=|=<|<=|!=|~>|=|>|<|~|\^)?\s*(?P<version>{_WRITTEN})(?=[\s,]|\Z)")
_PARTS = re.compile(rf"[vV]?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?{_TAIL}\Z")
_HYPHEN = re.compile(rf"(?<![^\s,])({_WRITTEN})\s+-\s+({_WRITTEN})(?=[\s,]|\Z)")
_WILD = frozenset("xX*")


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A semantic version; parts that are not written are 0. What was built how does not count."""

    numbers: tuple[int, int, int]
    pre: str = ""

    def _key(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        parts = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.pre.split(".")]
        return self.numbers, not self.pre, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key() == other._key()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash((self.numbers, self.pre))


@lru_cache(maxsize=4096)
def parse_version(text: str) -> Version | None:
    """The version, with or without a leading v; None for what is none."""
    match = _VERSION.match(text.strip())
    if not match:
        return None
    major, minor, patch = (int(part or 0) for part in match.groups()[:3])
    return Version((major, minor, patch), match["pre"] or "")


def version_key(text: str) -> tuple[bool, Version, str]:
    """Sorts versions; what is none comes first."""
    found = parse_version(text)
    return found is not None, found or Version((0, 0, 0)), text


def plain_version(text: str) -> str:
    return text[1:] if text[:1] in ("v", "V") and text[1:2].isdigit() else text


def same_version(left: str, right: str) -> bool:
    """Versions are the same with and without a leading v: KubeFATE writes it, Helm does not need it."""
    return bool(right) and plain_version(left) == plain_version(right)


def is_range(text: str) -> bool:
    """Whether a text is no version, but says which ones will do."""
    return bool(text) and parse_version(text) is None and _alternatives(text) is not None


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is the one that is wanted, or one of the range. Nothing wanted: any release will do."""
    if same_version(version, wanted):
        return True
    found = parse_version(version)
    if found is None or (wanted and not is_range(wanted)):
        return False
    return _fits(found, wanted or "*")


def newest(versions: Iterable[str], wanted: str) -> str | None:
    """The newest of the versions that will do; without a wish, a pre-release only where there is nothing else."""
    there = list(versions)
    found = [version for version in there if satisfies(version, wanted)]
    if not found and not wanted:
        found = there
    return max(found, key=version_key, default=None)


def check_range(text: str) -> None:
    """Raises ``KubefateError`` (bad_input) for a text that begins like a range and is none."""
    if text and re.match(r"[\^~<>=!]", text.strip()) and not is_range(text):
        raise _bad_range(text)


def _bad_range(text: str) -> KubefateError:
    return bad_input(
        f"{text!r} is not a range of versions.",
        "Write it as Helm does: ^1.2, ~1.2.3, 1.x, >=1.0 <2, 1.0 - 1.9, or a || b.",
    )


Test = Callable[[Version], bool]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One comparison. pre: it names a pre-release."""

    test: Test
    pre: bool


def _fits(version: Version, wanted: str) -> bool:
    for rules in _alternatives(wanted) or ():
        welcome = not version.pre or any(rule.pre for rule in rules)
        if welcome and all(rule.test(version) for rule in rules):
            return True
    return False


@lru_cache(maxsize=256)
def _alternatives(text: str) -> tuple[tuple[_Rule, ...], ...] | None:
    """What is between ``||``, each a list of rules that all have to hold; None for a text that is no range."""
    found = []
    for part in text.split("||"):
        part = _HYPHEN.sub(r">=\1 <=\2", part.strip())
        rules, position = [], 0
        while position < len(part):
            match = _CONSTRAINT.match(part, position)
            if not match:
                return None
            rules.append(_rule(match["op"] or "", match["version"]))
            position = match.end()
            while position < len(part) and part[position] in " \t,":
                position += 1
        if not rules:
            return None
        found.append(tuple(rules))
    return tuple(found)


def _rule(sign: str, text: str) -> _Rule:
    match = _PARTS.match(text)
    if match is None:
        raise _bad_range(text)
    known: list[int] = []
    for part in match.groups()[:3]:
        if part is None or part in _WILD:
            break
        known.append(int(part))
    major, minor, patch = [*known, 0, 0, 0][:3]
    pre = match["pre"] or ""
    return _Rule(_test(sign, Version((major, minor, patch), pre), len(known)), bool(pre))


WHOLE = 3
"""Parts of a version that leaves nothing open."""


def _test(sign: str, low: Version, known: int) -> Test:
    """known: parts of the version that are written and no wildcard."""
    end = _end(low, known)
    match sign:
        case "" | "=":
            return _begins(low, end, known)
        case "!=":
            begins = _begins(low, end, known)
            return lambda version: not begins(version)
        case ">":
            return lambda version: version > low if known == WHOLE else not _below(version, end)
        case ">=" | "=>":
            return lambda version: version >= low
        case "<":
            return lambda version: version < low
        case "<=" | "=<":
            return lambda version: version <= low if known == WHOLE else _below(version, end)
        case "~" | "~>":
            limit = None if low.numbers == (0, 0, 0) and known in (0, WHOLE) else _end(low, min(known, 2))
            return lambda version: version >= low and _below(version, limit)
        case _:
            ceiling = _caret(low, known)
            return lambda version: version >= low and _below(version, ceiling)


End: TypeAlias = "tuple[int, int, int] | None"
"""The numbers from which on a version is outside; None: there is no end."""


def _below(version: Version, end: End) -> bool:
    """By numbers alone: a pre-release of what is outside is outside, too."""
    return end is None or version.numbers < end


def _begins(low: Version, end: End, known: int) -> Test:
    if known == WHOLE:
        return lambda version: version == low
    return lambda version: version >= low and _below(version, end)


def _end(low: Version, known: int) -> End:
    """Behind the versions that begin with these parts."""
    major, minor, patch = low.numbers
    match known:
        case 0:
            return None
        case 1:
            return (major + 1, 0, 0)
        case 2:
            return (major, minor + 1, 0)
    return (major, minor, patch + 1)


def _caret(low: Version, known: int) -> End:
    """Up to the next version that may break: the first part that is not 0 counts."""
    major, minor, _patch = low.numbers
    if known == 0:
        return None
    if major > 0 or known == 1:
        return (major + 1, 0, 0)
    if minor > 0 or known == 2:
        return (0, minor + 1, 0)
    return _end(low, WHOLE)
