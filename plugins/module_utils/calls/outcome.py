# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_outcome``."""

from __future__ import annotations

from typing import Any

from ..arguments import Arguments
from ..call import Call, Entry
from ..errors import Kind, KubefateError


def tell_outcome(call: Call) -> dict[str, Any]:
    """``fate_outcome``: the outcome as it is given."""
    outcome = dict(call.params["outcome"])
    if outcome.pop("failed", False) and "failure" not in outcome:
        outcome["failure"] = KubefateError("", Kind.INTERNAL).as_failure()
    outcome.setdefault("changed", False)
    return outcome


TELL_OUTCOME = Entry(Arguments({"outcome": {"type": "dict", "required": True, "no_log": False}}), tell_outcome)
