# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a spec is secret, taken apart from what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..data import REDACTED, is_secret_key, redact
from .paths import Place, at, places, with_value, without


def split(spec: Mapping[str, Any], paths: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The spec without its secrets, the secrets as a spec of their own, and their dotted paths.

    paths: of secrets, by the chart's word; keys that name a secret are secrets anyhow. A list with a secret in it is
    one as a whole, since lists are not merged.
    """
    public: dict[str, Any] = dict(spec)
    secret: dict[str, Any] = {}
    found: list[str] = []
    for place, value in places(redact(spec, paths)):
        if value != REDACTED or at(spec, place) == REDACTED:
            continue
        key = _outside_lists(place)
        path = ".".join(map(str, key))
        if path not in found:
            found.append(path)
            secret = with_value(secret, key, at(spec, key))
            public = without(public, key)
    return public, secret, found


def is_hidden(place: Place) -> bool:
    """Whether a place, by a key on the way to it, holds a secret."""
    return any(isinstance(step, str) and is_secret_key(step) for step in place)


def _outside_lists(place: Place) -> Place:
    numbers = [number for number, step in enumerate(place) if isinstance(step, int)]
    return place[: numbers[0]] if numbers else place
