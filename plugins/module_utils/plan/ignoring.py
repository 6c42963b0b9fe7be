# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences that are not to be looked at: by rule, by an annotation on the object, or since an autoscaler writes
them."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from ..objects import Object, Ref, annotations_of
from .compare import Path

ANNOTATION = "kubefate.federatedai.org/ignore-differences"
"""Comma-separated JSON pointers, or ``*`` for the whole object, on the live object."""


_MARKS = (("metadata", "annotations"), ("metadata", "labels"))


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Objects by kind and name (shell patterns), and the fields of them that are ignored (JSON pointers)."""

    kind: str
    name: str
    pointers: tuple[str, ...]

    def matches(self, ref: Ref) -> bool:
        return fnmatch.fnmatchcase(ref.kind, self.kind) and fnmatch.fnmatchcase(ref.name, self.name)


class Rules(Protocol):
    """What ``ignored`` needs of what was gathered."""

    @property
    def ignore(self) -> Sequence[IgnoreRule]:
        """Rules that the caller gave."""

    @property
    def live(self) -> Mapping[Ref, Object]:
        """Live objects, autoscalers among them."""


def ignored(ref: Ref, path: Path, live: Object, rules: Rules) -> bool:
    """True for a field that is not to be compared."""
    pointers = [part.strip() for part in annotations_of(live).get(ANNOTATION, "").split(",") if part.strip()]
    for rule in rules.ignore:
        if rule.matches(ref):
            pointers += rule.pointers
    if any(pointer == "*" or _covers(pointer, path) for pointer in pointers):
        return True
    return path == ("spec", "replicas") and _autoscaled(ref, rules.live.values())


def is_mark(path: Path) -> bool:
    """True for labels and annotations, of an object or of its pods: others add theirs, and that is no drift."""
    return any(pair in _MARKS for pair in pairwise(path))


def _covers(pointer: str, path: Path) -> bool:
    steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.strip("/").split("/"))
    if len(steps) > len(path):
        return False
    return all(wanted in ("*", step) or _entry(wanted, step) for wanted, step in zip(steps, path, strict=False))


def _entry(wanted: str, step: str) -> bool:
    """An entry of a list may be named by its key's value: ``containers/osx`` for ``containers[name=osx]``."""
    return step.startswith("[") and step.endswith(f"={wanted}]")


def _autoscaled(ref: Ref, objects: Any) -> bool:
    for obj in objects:
        if obj.get("kind") == "HorizontalPodAutoscaler":
            target = (obj.get("spec") or {}).get("scaleTargetRef") or {}
            if target.get("kind") == ref.kind and target.get("name") == ref.name:
                return True
    return False
