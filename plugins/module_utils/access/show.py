# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, in a few lines for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def user_lines(listed: Mapping[str, Any]) -> list[str]:
    """listed: the result of ``fate_user_info``."""
    lines = [_user(user) for user in listed.get("users") or ()] or ["There are no users."]
    others = [_other(entry) for entry in listed.get("others") or ()]
    return [*lines, *(["Not granted by this collection:", *others] if others else [])]


def _user(user: Mapping[str, Any]) -> str:
    home = f"{user['namespace']}/" if user["namespace"] else ""
    role = user["role"] or "no role any more"
    text = f"{home}{user['name']} ({user['kind']}): {role} in {', '.join(user['namespaces'])}"
    credentials = user.get("credentials")
    if credentials:
        text += "; valid until " + ", ".join(f"{entry['expires']} ({entry['kind']})" for entry in credentials)
    return text + (f"; granted by {user['granted_by']}" if user.get("granted_by") else "")


def _other(entry: Mapping[str, Any]) -> str:
    name = f"{entry['namespace']}/{entry['name']}" if entry["namespace"] else entry["name"]
    may = ", ".join(entry["abilities"]) or "what cannot be read"
    return f"  {entry['kind']} {name}: {may} in {entry['scope']} ({entry['role']} by {entry['binding']})"
