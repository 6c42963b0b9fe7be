# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_verify_info``."""

from __future__ import annotations

from typing import Any

from ..arguments import Arguments
from ..call import Call, Entry
from ..cluster.verifying import CHECKS, verify
from ..errors import bad_input
from ..verify.model import Limits
from .federation import MEMBERS, SEVERAL, federation_of


def verify_federation(call: Call) -> dict[str, Any]:
    """``fate_verify_info``."""
    params = call.params
    limits = Limits(
        timeout=float(params["timeout"]),
        rtt_warn=float(params["rtt_warn"]),
        rtt_fail=float(params["rtt_fail"]),
        body=int(params["body_bytes"]),
        expiry=int(params["expiry_days"]),
        mount=float(params["mount_timeout"]),
    )
    if limits.timeout <= 0:
        raise bad_input(f"A timeout of {params['timeout']} s lets nobody answer.", "Give timeout in seconds, above 0.")
    federation = federation_of(call, params["parties"])
    result = verify(federation, limits, params["checks"])
    call.secrets |= federation.secrets()
    return {"changed": False, **result}


VERIFY_FEDERATION = Entry(
    SEVERAL
    | MEMBERS
    | Arguments(
        {
            "checks": {"type": "list", "elements": "str", "choices": list(CHECKS), "default": list(CHECKS)},
            "timeout": {"type": "float", "default": 5},
            "rtt_warn": {"type": "float", "default": 200},
            "rtt_fail": {"type": "float", "default": 0},
            "body_bytes": {"type": "int", "default": 33554432},
            "expiry_days": {"type": "int", "default": 30},
            "mount_timeout": {"type": "float", "default": 90},
        }
    ),
    verify_federation,
)
