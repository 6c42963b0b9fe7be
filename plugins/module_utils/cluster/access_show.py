# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What granting rights changes, as data and for ``--diff``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..access import GrantChange
from ..objects import Object
from ..plan.normalise import pruned
from ..yamltext import dump_yaml


def grant_result(changes: Sequence[GrantChange]) -> dict[str, Any]:
    return {
        "changes": [
            {
                "kind": change.ref.kind,
                "namespace": change.ref.namespace,
                "name": change.ref.name,
                "action": "update" if change.before else "create",
            }
            for change in changes
        ]
    }


def grant_diff(changes: Sequence[GrantChange]) -> list[dict[str, str]]:
    entries = []
    for change in changes:
        action = "update" if change.before else "create"
        header = f"{change.ref} ({change.ref.namespace or 'cluster'}): {action}"
        entries.append(
            {
                "before_header": header,
                "after_header": header,
                "before": _text(change.before) if change.before else "",
                "after": _text(change.after),
            }
        )
    return entries


def _text(obj: Object) -> str:
    return dump_yaml(pruned(obj))
