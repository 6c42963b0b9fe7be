# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain data: merging, canonical text, digests, paths and redaction. Pure functions over JSON-like values."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import bad_input

REDACTED = "********"
"""What stands in a result in place of a secret."""

SECRET_WORDS = ("password", "passwd", "secret", "token", "private_key", "privatekey", "credential", "hashed")
"""Words that make a key of a foreign chart's spec a secret."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST = 6
"""A secret that is shorter may be any word, and is not looked for in texts."""
TEXTS = frozenset(
    ("msg", "message", "hint", "reason", "text", "description", "exception", "warnings", "log", "before", "after")
)
"""Keys of results under which others are quoted, or values of fields are shown; elsewhere are names and numbers."""


def plain(value: Any) -> Any:
    """A deep copy of str, int, float, bool, None, list and dict only; mapping keys become strings."""
    match value:
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return _text(value)


def _key(key: Any) -> str:
    """A key as Go writes it when YAML becomes JSON."""
    return canonical(key) if key is None or isinstance(key, bool) else _text(key)


def _text(value: Any) -> str:
    """A str and nothing derived from it: Ansible's own kinds of text cannot be written as YAML."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` merged into ``base``, mappings key by key, everything else replaced. A null in ``over`` stays a null."""
    out = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merge(out[key], value)
        else:
            out[key] = copied(value)
    return out


def copied(value: Any) -> Any:
    """The same, mappings and lists made anew."""
    match value:
        case str():
            return value
        case Mapping():
            return {key: copied(item) for key, item in value.items()}
        case list() | tuple():
            return [copied(item) for item in value]
        case _:
            return value


def canonical(value: Any) -> str:
    """One text for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(*parts: str | bytes) -> str:
    """SHA-256 over the parts, in lower-case base32 without padding: 52 characters, fit for a label."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return base64.b32encode(total.digest()).decode().rstrip("=").lower()


def get(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path through mappings, or ``default`` where a step is missing."""
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return default
        value = value[step]
    return value


def put(target: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path, making mappings on the way."""
    *steps, last = path.split(".")
    for step in steps:
        inner = target.get(step)
        if not isinstance(inner, dict):
            inner = target[step] = {}
        target = inner
    target[last] = value


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every scalar with its path; list positions count as steps."""
    match value:
        case Mapping():
            for key, item in value.items():
                yield from leaves(item, (*path, str(key)))
        case list() | tuple():
            for number, item in enumerate(value):
                yield from leaves(item, (*path, str(number)))
        case _:
            yield path, value


def seconds(text: str, option: str) -> int:
    """``90s``, ``10m``, ``2h`` or ``1d`` in seconds. option: its name, for the error."""
    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip())
    if not match:
        raise bad_input(f"{option}: {text!r} is not a time.", "Write a number with s, m, h or d, such as 10m.")
    return int(match[1]) * _UNITS[match[2] or "s"]


def is_secret_key(key: str) -> bool:
    """True for a key that, by its name, holds a secret: ``password``, ``apiToken``; not ``existingSecret`` or
    ``secretName``."""
    word = key.lower().replace("-", "_")
    if word.endswith(("name", "names", "ref", "existingsecret", "existing_secret", "pullsecrets")):
        return False
    return any(mark in word for mark in SECRET_WORDS)


def redact(value: Any, paths: Iterable[str] = (), _at: tuple[str, ...] = ()) -> Any:
    """A copy with the leaves at the given dotted paths, and those under keys that name a secret, replaced.

    Values are taken out by where they stand, never by what they are: a password may well be the word ``fate``.
    """
    wanted = set(paths)

    def walk(item: Any, at: tuple[str, ...], hidden: bool) -> Any:
        match item:
            case Mapping():
                return {
                    str(key): walk(
                        inner,
                        (*at, str(key)),
                        hidden or is_secret_key(str(key)) or ".".join((*at, str(key))) in wanted,
                    )
                    for key, inner in item.items()
                }
            case list() | tuple():
                return [walk(inner, at, hidden) for inner in item]
            case bool() | None:
                return item
            case _:
                return REDACTED if hidden and item != "" else item

    return walk(value, _at, False)


def secret_leaves(value: Any, paths: Iterable[str] = ()) -> set[str]:
    """The strings that ``redact`` would take out."""
    wanted = frozenset(paths)
    found: set[str] = set()

    def walk(item: Any, at: str, hidden: bool) -> None:
        match item:
            case Mapping():
                for key, inner in item.items():
                    place = f"{at}.{key}" if at else str(key)
                    walk(inner, place, hidden or is_secret_key(str(key)) or place in wanted)
            case list() | tuple():
                for inner in item:
                    walk(inner, at, hidden)
            case bool() | None:
                pass
            case _ if hidden and item not in ("", REDACTED):
                found.add(str(item))

    walk(value, "", False)
    return found


def blanked(value: Any, secrets: Iterable[str]) -> Any:
    """A result without the secrets that a text in it quotes: what helm, the API server or a chart says may hold any
    value of a spec, wherever it stands. Names are left as they are, for a password may be the name of a module."""
    pattern = _secrets(secrets)
    return _blank(value, pattern, False) if pattern else value


def blanked_text(text: str, secrets: Iterable[str]) -> str:
    pattern = _secrets(secrets)
    return pattern.sub(REDACTED, text) if pattern else text


def _secrets(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Finds the secrets as they are, quoted as in JSON or Python, or in base64."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= SHORTEST:
            encoded = base64.b64encode(secret.encode(errors="replace")).decode()
            quoted = (json.dumps(secret)[1:-1], repr(secret)[1:-1], secret.replace("'", "\\'"))
            forms |= {secret, *quoted, encoded}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first))) if forms else None


def _blank(value: Any, pattern: re.Pattern[str], shown: bool) -> Any:
    match value:
        case Mapping():
            return {key: _blank(item, pattern, shown or key in TEXTS) for key, item in value.items()}
        case list() | tuple():
            return [_blank(item, pattern, shown) for item in value]
        case str() if shown:
            return pattern.sub(REDACTED, value)
        case _:
            return value
