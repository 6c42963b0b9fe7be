# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting single fields of an object to what a plan says, and leaving everything else as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from ..objects import Object
from .compare import Path, position
from .model import FieldChange


def edited(live: Object, changes: Iterable[FieldChange]) -> dict[str, Any]:
    """A copy of a live object with each field changed; what is None afterwards is taken out."""
    out = copy.deepcopy(dict(live))
    for change in changes:
        _set(out, change.steps, copy.deepcopy(change.after))
    return out


def _set(value: Any, path: Path, after: Any) -> None:
    *steps, last = path
    for step in steps:
        value = _inside(value, step)
    if isinstance(value, list):
        at = position(value, last)
        if after is None:
            if at is not None:
                del value[at]
        elif at is None:
            value.append(after)
        else:
            value[at] = after
    elif after is None:
        value.pop(last, None)
    else:
        value[last] = after


def _inside(value: Any, step: str) -> Any:
    """What a step leads to; a mapping that is missing on the way is made."""
    if isinstance(value, list):
        at = position(value, step)
        if at is None:
            raise ValueError(f"there is no entry {step}")
        return value[at]
    if value.get(step) is None:
        value[step] = {}
    return value[step]
