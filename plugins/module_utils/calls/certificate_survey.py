# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_certificate_info``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import CONNECTION, PROGRESS, Arguments
from ..call import Call, Entry
from ..certificates.model import now
from ..certificates.planning import Policy
from ..certificates.report import survey_result
from ..certificates.survey import Surveyor, with_addresses
from ..errors import bad_input


def policy_of(params: Mapping[str, Any]) -> Policy:
    """Raises ``KubefateError`` for times that contradict each other."""
    policy = Policy(
        days=params["days"],
        renew_days=params["renew_days"],
        ca_renew_days=params.get("ca_renew_days") or Policy().ca_renew_days,
        horizon=float(params.get("horizon") or Policy().horizon),
        force=bool(params.get("force")),
        rotate=bool(params.get("rotate")),
    )
    if not 0 < policy.renew_days < policy.days:
        raise bad_input(
            f"Certificates that are valid for {policy.days} days cannot be renewed {policy.renew_days} days before "
            "that.",
            "Choose renew_days smaller than days, and both above 0.",
        )
    return policy


def inform_certificates(call: Call) -> dict[str, Any]:
    """``fate_certificate_info``."""
    params, moment = call.params, now()
    call.progress("federation")(f"reading the certificates of {len(params['parties'])} parties")
    own = {name: params[name] for name in CONNECTION.options if params.get(name) is not None}
    surveyor = Surveyor(
        [with_addresses(_connected(party, own), params["routes"]) for party in params["parties"]],
        [_connected(authority, own) for authority in params["authorities"]],
        policy_of(params),
        trusted=params["trust"] or "",
        use_current_context=params["use_current_context"],
    )
    return survey_result(surveyor.survey(moment), moment)


def _connected(entry: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A party or authority whose connection is filled up with the module's own connection options."""
    given_options = {name: value for name, value in (entry.get("connection") or {}).items() if value is not None}
    unknown = sorted(set(given_options) - set(CONNECTION.options))
    if unknown:
        who = entry.get("host") or entry.get("name")
        raise bad_input(f"The connection of {who} has unknown options: {', '.join(unknown)}.")
    return {**entry, "connection": {**own, **given_options}}


TIMES = Arguments(
    {
        "days": {"type": "int", "default": 365},
        "renew_days": {"type": "int", "default": 30},
    }
)
MEMBER = {
    "host": {"type": "str", "required": True},
    "managed": {"type": "bool", "default": True},
    "role": {"type": "str", "choices": ["party", "exchange"], "default": "party"},
    "connection": {"type": "dict", "default": {}, "no_log": False},
    "name": {"type": "str"},
    "namespace": {"type": "str"},
    "spec": {"type": "dict", "default": {}, "no_log": False},
    "spec_files": {"type": "list", "elements": "path", "default": []},
    "names": {"type": "list", "elements": "str", "default": []},
    "issuer": {"type": "str"},
    "authority": {"type": "str"},
    "trusts": {"type": "list", "elements": "str"},
    "issuers": {"type": "list", "elements": "str"},
}
KNOWN_AUTHORITY = {
    "name": {"type": "str", "required": True},
    "connection": {"type": "dict", "default": {}, "no_log": False},
    "namespace": {"type": "str"},
    "secret": {"type": "str", "default": "fate-ca", "no_log": False},
    "certificate": {"type": "str"},
    "previous_certificate": {"type": "str"},
}
INFORM_CERTIFICATES = Entry(
    CONNECTION
    | PROGRESS
    | TIMES
    | Arguments(
        {
            "parties": {"type": "list", "elements": "dict", "required": True, "options": MEMBER},
            "authorities": {"type": "list", "elements": "dict", "default": [], "options": KNOWN_AUTHORITY},
            "routes": {"type": "list", "elements": "dict", "default": []},
            "trust": {"type": "str"},
            "ca_renew_days": {"type": "int", "default": 180},
            "horizon": {"type": "int", "default": 3600},
            "force": {"type": "bool", "default": False},
            "rotate": {"type": "bool", "default": False},
            "use_current_context": {"type": "bool", "default": False},
        }
    ),
    inform_certificates,
)
