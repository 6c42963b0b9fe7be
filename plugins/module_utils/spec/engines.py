# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the engines of a spec go together, and are the modules there that they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data import get
from ..facts import engines as facts
from .loading import Spec

_TABLES = (("computing", facts.COMPUTING), ("federation", facts.FEDERATION), ("storage", facts.STORAGE))
_ALLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "federation": facts.FEDERATIONS_OF,
    "storage": facts.STORAGES_OF,
}


def check_engines(data: Mapping[str, Any], spec: Spec) -> list[str]:
    """Sentences about what cannot work; none for a spec that names no engine."""
    errors = []
    found: dict[str, str] = {}
    for key, table in _TABLES:
        word = data.get(key)
        if word is None:
            continue
        old = facts.OLD_WORDS.get(key, {}).get(str(word))
        if old:
            errors.append(f"{key} ({spec.where(key)}): {word} is the word of FATE 1.x; it is {old} now.")
        elif str(word) not in table:
            continue  # the chart's own schema has a better sentence for it
        else:
            found[key] = table[str(word)]
    errors += _pairs(found, data, spec)
    named = data.get("modules")
    modules = {str(name) for name in named} if isinstance(named, list) else set()
    for (key, word), needed in facts.NEEDED_MODULES.items():
        missing = [name for name in needed if name not in modules]
        if modules and data.get(key) == word and missing:
            errors.append(
                f"modules ({spec.where('modules')}): {key} {word} needs {' and '.join(missing)}, which is not in the "
                "list."
            )
    return errors + _servers({key: data[key] for key in found.keys() - _clashing(found)}, data, modules, spec)


def _servers(words: Mapping[str, Any], data: Mapping[str, Any], modules: set[str], spec: Spec) -> list[str]:
    """Servers that an engine needs, and that are neither in the list of modules nor named as others."""
    return [
        f"modules ({spec.where('modules')}): {key} {word} needs {module}, which is not in the list; or name one of "
        f"yours with {path}."
        for (key, word), (module, path) in facts.ELSEWHERE.items()
        if modules and words.get(key) == word and module not in modules and not get(data, path)
    ]


def _clashing(found: Mapping[str, str]) -> set[str]:
    """Keys whose engine does not go with the one that computes."""
    computing = found.get("computing", "")
    return {
        key for key, allowed in _ALLOWED.items() if computing and key in found and found[key] not in allowed[computing]
    }


def _pairs(found: Mapping[str, str], data: Mapping[str, Any], spec: Spec) -> list[str]:
    return [
        f"{key} ({spec.where(key)}): {data[key]} does not work with computing {data['computing']}; that works with "
        f"{', '.join(facts.WORDS[name] for name in _ALLOWED[key][found['computing']])}."
        for key in _ALLOWED
        if key in _clashing(found)
    ]
