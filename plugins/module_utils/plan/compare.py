# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing objects field by field. Lists are compared by the key of their entries, not by position, where they have
one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..objects import Object
from .normalise import CONTROLLERS, HELM_MANAGER, quantity

_KEYS = ("name", "containerPort", "port", "mountPath", "key", "ip", "host", "path", "type", "uid")
_QUANTITIES = frozenset({"limits", "requests", "hard", "capacity", "sizeLimit", "averageValue"})

Path = tuple[str, ...]
"""Steps into an object: mapping keys, and ``[name=x]`` for an entry of a list."""
Difference = tuple[Path, Any, Any]
"""Path, value before, value after; None where it is absent."""


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Every field in which two values differ, at the deepest path that says it."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(set(before) | set(after), key=str):
            yield from differences(before.get(key), after.get(key), (*path, str(key)))
        return
    if isinstance(before, list) and isinstance(after, list):
        left, right = _keyed(before), _keyed(after)
        if left is not None and right is not None:
            for key in [*left, *(key for key in right if key not in left)]:
                yield from differences(left.get(key), right.get(key), (*path, key))
            return
    if before != after and not (_empty(before) and _empty(after)):
        yield path, before, after


def position(items: list[Any], step: str) -> int | None:
    """Where in a list the entry is that a step names, or None."""
    keyed = _keyed(items) or {}
    return list(keyed).index(step) if step in keyed else None


def at(value: Any, path: Path) -> Any:
    """The value at a path, or None."""
    for step in path:
        if isinstance(value, list):
            value = (_keyed(value) or {}).get(step)
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def overlaps(path: Path, others: Iterable[Path]) -> bool:
    """True if the path is one of the others, lies inside one, or contains one."""
    return any(path[: len(other)] == other or other[: len(path)] == path for other in others)


def _keyed(items: list[Any]) -> dict[str, Any] | None:
    """Entries by their key, or None for a list whose entries have no key that tells them apart."""
    if not items:
        return {}
    for key in _KEYS:
        if all(isinstance(item, Mapping) and key in item for item in items):
            names = [f"[{key}={item[key]}]" for item in items]
            if len(set(names)) == len(names):
                return dict(zip(names, items, strict=True))
    return None


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def contained(wanted: Any, live: Any, path: Path = ()) -> bool:
    """True if the live value has everything that is wanted; it may have more. Quantities are compared as numbers."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return _empty(wanted) and _empty(live)
        return all(contained(value, live.get(key), (*path, str(key))) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(live, list):
            return _empty(wanted) and _empty(live)
        return _list_contained(wanted, live, path)
    if wanted == live or (_empty(wanted) and _empty(live)):
        return True
    if _QUANTITIES & set(path) or path[-1:] == ("storage",):
        left = quantity(wanted)
        return left is not None and left == quantity(live)
    return False


def _list_contained(wanted: list[Any], live: list[Any], path: Path) -> bool:
    left, right = _keyed(wanted), _keyed(live)
    if left is not None and right is not None and wanted and isinstance(wanted[0], Mapping):
        return len(left) == len(right) and all(contained(item, right.get(key), path) for key, item in left.items())
    return len(wanted) == len(live) and all(
        contained(item, other, path) for item, other in zip(wanted, live, strict=True)
    )


def as_sent(obj: Object) -> Object:
    """A Secret's ``stringData`` as the ``data`` that the server makes of it; other objects as they are."""
    if obj.get("kind") != "Secret" or not obj.get("stringData"):
        return obj
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in obj["stringData"].items()}
    out = {key: value for key, value in obj.items() if key != "stringData"}
    return {**out, "data": {**(obj.get("data") or {}), **encoded}}


def strangers(live: Object) -> dict[str, list[Path]]:
    """Field managers other than Helm and Kubernetes' own controllers, with the fields that they own."""
    found: dict[str, list[Path]] = {}
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        manager = str(entry.get("manager") or "")
        if manager == HELM_MANAGER or CONTROLLERS.match(manager) or entry.get("subresource") == "status":
            continue
        found.setdefault(manager, []).extend(_owned(entry.get("fieldsV1") or {}, ()))
    return found


def _owned(fields: Mapping[str, Any], path: Path) -> Iterator[Path]:
    """The paths of a ``fieldsV1`` set."""
    for key, inner in fields.items():
        if key == ".":
            continue
        step = (*path, key[2:] if key.startswith("f:") else _item(key))
        if not inner or list(inner) == ["."]:
            yield step
        else:
            yield from _owned(inner, step)


def _item(key: str) -> str:
    """``k:{"name":"x"}`` as ``[name=x]``."""
    kind, _colon, text = key.partition(":")
    try:
        value = json.loads(text)
    except ValueError:
        return f"[{text}]"
    if kind == "k" and isinstance(value, dict):
        name, content = next(iter(value.items()))
        return f"[{name}={content}]"
    return f"[{value}]"


def owners(path: Path, managers: Mapping[str, list[Path]]) -> tuple[str, ...]:
    """The managers that own a field, or a part of it, or a whole that it is part of."""
    return tuple(sorted(manager for manager, fields in managers.items() if overlaps(path, fields)))
