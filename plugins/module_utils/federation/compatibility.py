# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the versions and engines of members go together, and can one be upgraded to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..facts.compatibility import APART, LINES, TOGETHER
from .model import NEVER, Member, Problem, Role, listed
from .proxies import is_serving, mode_of

Exceptions = Mapping[str, Mapping[str, str]]


def line_of(version: str) -> str:
    """The line of a version of FATE; empty for one that is not known."""
    plain = version.lstrip("vV")
    for beginning, line in sorted(LINES.items(), key=lambda item: -len(item[0])):
        if plain == beginning or plain.startswith(f"{beginning}."):
            return line
    return ""


def between_lines(left: str, right: str) -> tuple[str, str]:
    """``works``, ``meets`` or ``never`` for two lines, and why."""
    return TOGETHER.get((left, right)) or TOGETHER.get((right, left)) or ("works", "")


def incompatible(members: Sequence[Member], exceptions: Exceptions) -> tuple[list[Problem], list[str]]:
    """What cannot work together among those that may talk, and warnings about what was not tried.

    Of the two sides the smaller one is refused.
    """
    parties = [m for m in members if not (m.left or m.unread or is_serving(m))]
    problems, warnings = _versions(parties, exceptions)
    trainers = [member for member in parties if member.role is Role.PARTY]
    for left, right in _pairs(_grouped(trainers, mode_of), exceptions):
        text = f"{_titles(left)} use {mode_of(left[0])}, and {_titles(right)} use {mode_of(right[0])}"
        problems.append(
            Problem(
                f"{text}: they cannot work together.",
                "Use the same engines on both sides, or say in fate_links that they never talk.",
                tuple(member.host for member in _smaller(left, right)),
            )
        )
    return problems, warnings


def _versions(members: Sequence[Member], exceptions: Exceptions) -> tuple[list[Problem], list[str]]:
    problems, warnings = [], []
    groups = _grouped([member for member in members if line_of(member.version)], lambda member: line_of(member.version))
    for left, right in _pairs(groups, exceptions):
        verdict, why = between_lines(line_of(left[0].version), line_of(right[0].version))
        text = f"{_titles(left)} (FATE {left[0].version}) and {_titles(right)} (FATE {right[0].version})"
        if verdict == NEVER:
            problems.append(
                Problem(
                    f"{text} cannot work together: {why}.",
                    "Bring them to versions of one line, or say in fate_links that they never talk.",
                    tuple(member.host for member in _smaller(left, right)),
                )
            )
        elif verdict != "works":
            warnings.append(f"{text}: {why}. Bring them to one version.")
    return problems, warnings


def _grouped(members: Iterable[Member], key: Callable[[Member], str]) -> list[list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return list(groups.values())


def _pairs(groups: Sequence[list[Member]], exceptions: Exceptions) -> Iterable[tuple[list[Member], list[Member]]]:
    """Two groups each, without those that never talk to anybody of the other one."""
    for number, left in enumerate(groups):
        for right in groups[number + 1 :]:
            here = [member for member in left if any(_talk(member, other, exceptions) for other in right)]
            there = [member for member in right if any(_talk(other, member, exceptions) for other in left)]
            if here and there:
                yield here, there


def _talk(left: Member, right: Member, exceptions: Exceptions) -> bool:
    said = (exceptions.get(left.host, {}).get(right.host), exceptions.get(right.host, {}).get(left.host))
    return said != (NEVER, NEVER)


def _titles(members: Sequence[Member]) -> str:
    return listed([member.title for member in members])


def _smaller(left: Sequence[Member], right: Sequence[Member]) -> Sequence[Member]:
    """The smaller side, of those that are ours; both where they are equal."""
    sides = [[member for member in side if member.managed] for side in (left, right)]
    if not all(sides) or len(left) == len(right):
        return [*sides[0], *sides[1]]
    return sides[0] if len(left) < len(right) else sides[1]


def hop_refused(current: str, wanted: str) -> str:
    """Why a party cannot go from one version of FATE to another in place; empty where it can, or nobody knows."""
    here, there = line_of(current), line_of(wanted)
    return APART.get((here, there)) or APART.get((there, here)) or ""
