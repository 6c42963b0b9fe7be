# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_federation_info``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import CONNECTION, HELM, PROGRESS, STORE, Arguments
from ..call import Call, Entry
from ..cluster.federating import Federation
from ..errors import bad_input


def plan_federation(call: Call) -> dict[str, Any]:
    """``fate_federation_info``."""
    progress = call.progress("federation")
    federation = Federation(
        [_with_defaults(party, call.params) for party in call.params["parties"]],
        call.options(),
        open_helm=call.helm_for,
        bundled=call.params.get("bundled_charts") or {},
        folder=call.folder,
        use_current_context=call.params["use_current_context"],
        tell=progress,
    )
    result = federation.plan()
    call.secrets |= federation.secrets()
    return result


def _with_defaults(party: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """A party whose connection is filled up with the module's own connection options."""
    own = {name: params[name] for name in CONNECTION.options if params.get(name) is not None}
    given = {name: value for name, value in (party.get("connection") or {}).items() if value is not None}
    unknown = sorted(set(given) - set(CONNECTION.options))
    if unknown:
        raise bad_input(f"The connection of {party['host']} has unknown options: {', '.join(unknown)}.")
    return {**party, "connection": {**own, **given}}


PARTY = {
    "host": {"type": "str", "required": True},
    "connection": {"type": "dict", "default": {}, "no_log": False},
    "name": {"type": "str"},
    "namespace": {"type": "str"},
    "store_namespace": {"type": "str"},
    "spec": {"type": "dict", "default": {}, "no_log": False},
    "spec_files": {"type": "list", "elements": "path", "default": []},
    "chart": {"type": "str"},
    "chart_version": {"type": "str"},
    "chart_path": {"type": "path"},
    "advertise_host": {"type": "str"},
    "advertise_port": {"type": "int"},
    "routes": {"type": "str", "choices": ["inventory", "spec"], "default": "inventory"},
    "deployer": {"type": "str"},
    "namespace_labels": {"type": "dict", "default": {}},
    "quota": {"type": "dict", "default": {}},
    "limit_range": {"type": "list", "elements": "dict", "default": []},
    "cluster_rights": {"type": "bool", "default": False},
}
PLAN_FEDERATION = Entry(
    CONNECTION
    | HELM
    | STORE
    | PROGRESS
    | Arguments(
        {
            "parties": {"type": "list", "elements": "dict", "required": True, "options": PARTY},
            "use_current_context": {"type": "bool", "default": False},
            "drift": {"type": "str", "choices": ["ignore", "report", "repair"], "default": "report"},
            "bundled_charts": {"type": "dict"},
        }
    ),
    plan_federation,
)
