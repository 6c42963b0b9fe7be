# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What granting rights changes, as data, for ``--diff``, and as objects for an administrator: each rule says what it is
for."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ..access.grants import GrantChange
from ..access.model import Rule
from ..data import canonical
from ..objects import Object
from ..plan.normalise import pruned
from ..yamltext import dump_yaml

WIDTH = 118


def grant_result(changes: Sequence[GrantChange]) -> dict[str, Any]:
    return {
        "changes": [
            {
                "kind": change.ref.kind,
                "namespace": change.ref.namespace,
                "name": change.ref.name,
                "action": change.action,
            }
            for change in changes
        ]
    }


def grant_diff(changes: Sequence[GrantChange]) -> list[dict[str, str]]:
    entries = []
    for change in changes:
        header = f"{change.ref} ({change.ref.namespace or 'cluster'}): {change.action}"
        entries.append(
            {
                "before_header": header,
                "after_header": header,
                "before": text_of(change.before, change.rules) if change.before else "",
                "after": text_of(change.after, change.rules) if change.after else "",
            }
        )
    return entries


def manifest_of(changes: Sequence[GrantChange], note: str = "") -> str:
    """The objects that an administrator would have to apply."""
    head = "".join(f"# {line}\n" for line in textwrap.wrap(note, WIDTH - 2)) if note else ""
    return head + "".join(f"---\n{text_of(change.after, change.rules)}" for change in changes if change.after)


def text_of(obj: Object, rules: Sequence[Rule] = ()) -> str:
    """An object as YAML; above each rule of a role stands what it is for, where that is known."""
    shown: dict[str, Any] = pruned(obj)
    if shown.get("kind") == "Secret":
        shown = {key: value for key, value in shown.items() if key not in ("data", "stringData")}
    policies = shown.pop("rules", None)
    text = dump_yaml(shown)
    if policies is None:
        return text
    reasons = {canonical(rule.as_policy()): rule for rule in rules}
    return text + "rules:\n" + "".join(_rule(policy, reasons.get(canonical(policy))) for policy in policies)


def _rule(policy: Mapping[str, Any], rule: Rule | None) -> str:
    lines = [f"{key}: {json.dumps(value)}" for key, value in policy.items()]
    return (_reason(rule) if rule else "") + "- " + "\n  ".join(lines) + "\n"


def _reason(rule: Rule) -> str:
    served = f"{', '.join(rule.operations)}: " if rule.operations else ""
    return "".join(f"# {line}\n" for line in textwrap.wrap(served + rule.why, WIDTH - 2))
