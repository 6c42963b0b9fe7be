# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a values template reads of a spec: field references, followed through ``with``, ``range`` and variables.

It is a guess that needs not be right: whether a path has an effect is found out by rendering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .paths import LIST, MAP, Path

_ACTION = re.compile(r"\{\{-?\s*(/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|[^\"`])*?)\s*-?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<text>\"(?:\\.|[^\"\\])*\"|`[^`]*`)|(?P<variable>\$\w*)(?P<below>(?:\.\w+)*)"
    r"|(?P<field>(?:\.\w+)+|\.(?![\w.]))|(?P<assign>:?=)|(?P<word>\w+)"
)


@dataclass(slots=True)
class Reference:
    """A path that a template reads. literals: texts in the same actions. searched: the template looks for words in it,
    so it is a list."""

    literals: list[str] = field(default_factory=list)
    searched: bool = False


References = dict[Path, Reference]


@dataclass(slots=True)
class _Scope:
    """dot: the path that the dot stands for, None where that is not known."""

    dot: Path | None
    variables: dict[str, Path | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Action:
    """One action: paths and literals in it, and the variables that it assigns."""

    words: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    literals: list[str] = field(default_factory=list)
    assigned: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path | None:
        """What the action is about: the first path, and what ``get`` and ``index`` take from it."""
        if not self.paths:
            return None
        if self.words[:1] in (["get"], ["index"]) and len(self.literals) == 1:
            return (*self.paths[0], self.literals[0])
        return self.paths[0]


def references(template: str) -> References:
    """Paths that a template reads. Elements of what is ranged over are given both as entries of a list and as entries
    of a mapping."""
    found: References = {}
    stack = [_Scope(())]
    for match in _ACTION.finditer(template):
        text = match[1]
        if not text.startswith("/*"):
            _read(text, stack, found)
    return found


def _read(text: str, stack: list[_Scope], found: References) -> None:
    keyword, rest = _keyword(text)
    if keyword == "end":
        if len(stack) > 1:
            stack.pop()
        return
    here = stack[-1]
    if keyword == "else":
        stack[-1] = _Scope(stack[-2].dot if len(stack) > 1 else (), dict(here.variables))
        keyword, rest = _keyword(rest)
        opens = False
    else:
        opens = keyword in ("if", "with", "range", "define", "block")
    action = _parse(rest if keyword else text, stack[-2] if keyword and not opens and len(stack) > 1 else here)
    for path in (*action.paths, *((action.path,) if action.path else ())):
        for variant in _variants(path):
            reference = found.setdefault(variant, Reference())
            reference.literals += [literal for literal in action.literals if literal not in reference.literals]
            reference.searched |= "has" in action.words and path == action.paths[-1]
    _enter(keyword, action, stack, opens)


def _enter(keyword: str, action: _Action, stack: list[_Scope], opens: bool) -> None:
    here = stack[-1]
    scope = _Scope(here.dot, dict(here.variables)) if opens else here
    match keyword:
        case "define" | "block":
            scope = _Scope(None)
        case "with":
            scope.dot = action.path
        case "range":
            scope.dot = (*action.path, _ANY) if action.path is not None else None
    value = scope.dot if keyword == "range" else action.path
    for name in action.assigned:
        scope.variables[name] = value
    if keyword == "range" and len(action.assigned) == 2:
        scope.variables[action.assigned[0]] = None
    if opens:
        stack.append(scope)


_ANY = "*"
"""An element, of a list or of a mapping."""


def _variants(path: Path) -> Iterator[Path]:
    if not path:
        return
    if _ANY not in path:
        yield path
        return
    at = path.index(_ANY)
    for kind in (LIST, MAP):
        yield from _variants((*path[:at], kind, *path[at + 1 :]))


def _keyword(text: str) -> tuple[str, str]:
    first, _space, rest = text.strip().partition(" ")
    known = ("if", "else", "with", "range", "end", "define", "block")
    return (first, rest) if first in known else ("", text)


def _parse(text: str, scope: _Scope) -> _Action:
    action = _Action()
    named: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["text"]:
            action.literals.append(token["text"][1:-1])
        elif token["assign"]:
            action.assigned += named
            action.paths.clear()
        elif token["variable"]:
            name = token["variable"]
            named.append(name)
            base = () if name == "$" else scope.variables.get(name)
            _add(action, base, token["below"])
        elif token["field"]:
            _add(action, scope.dot, token["field"])
        elif token["word"]:
            action.words.append(token["word"])
    return action


def _add(action: _Action, base: Path | None, fields: str) -> None:
    if base is not None:
        action.paths.append((*base, *(part for part in fields.split(".") if part)))
