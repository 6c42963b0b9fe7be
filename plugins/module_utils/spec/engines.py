# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the engines of a spec go together, and are the modules there that they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import engines as facts
from .loading import Spec

_TABLES = (("computing", facts.COMPUTING), ("federation", facts.FEDERATION), ("storage", facts.STORAGE))


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
    return errors


def _pairs(found: Mapping[str, str], data: Mapping[str, Any], spec: Spec) -> list[str]:
    errors = []
    computing = found.get("computing")
    for key, allowed in (("federation", facts.FEDERATIONS_OF), ("storage", facts.STORAGES_OF)):
        if computing and key in found and found[key] not in allowed[computing]:
            errors.append(
                f"{key} ({spec.where(key)}): {data[key]} does not work with computing {data['computing']}; it works "
                "with "
                f"{', '.join(allowed[computing])}."
            )
    return errors
