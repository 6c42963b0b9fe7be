# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_federation_info`` and ``fate_clusters``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..arguments import APPLY, CHART_REPO, CONNECTION, HELM, PROGRESS, STORE, WAIT, Arguments
from ..call import Call, Entry, runner_name
from ..cluster.federating import Federation, Means
from ..errors import bad_input
from ..preflight.model import Check

if TYPE_CHECKING:
    from ..cluster.preflight import Preflight


def plan_federation(call: Call) -> dict[str, Any]:
    """``fate_federation_info``."""
    which = call.params["preflight"]
    return _planned(call, None if which == "none" else preflight_of(call, all_parties=which == "all"))


def preflight_of(call: Call, *, all_parties: bool) -> Preflight:
    from ..cluster.preflight import Preflight  # imported late: a run in which nothing changes looks at nothing

    return Preflight(call.params["node_port_range"], call.params["preflight_ignore"], all_parties)


def inspect_federation(call: Call) -> dict[str, Any]:
    """``fate_preflight_info``."""
    preflight = preflight_of(call, all_parties=True)
    planned = _planned(call, preflight)
    return {"changed": False, **planned["preflight"], "servers": planned["servers"]}


def _planned(call: Call, preflight: Preflight | None) -> dict[str, Any]:
    federation = federation_of(call, call.params["parties"])
    try:
        brief = call.params.get("details") == "changing"
        result = federation.plan(call.params["address_timeout"], preflight.inspect if preflight else None, brief=brief)
    finally:
        call.secrets |= federation.secrets()
    return {**result, "preflight": preflight.result()} if preflight else result


def change_clusters(call: Call) -> dict[str, Any]:
    """``fate_clusters``."""
    from ..cluster.parties.applying import Applier

    # By now they are there, but in check mode nobody made them.
    given = [{**entry, "certificates": entry["certificates"] and call.check_mode} for entry in call.params["clusters"]]
    federation = federation_of(call, given)
    federation.plan_alone()
    call.secrets |= federation.secrets()
    applier = Applier(federation.parties, call.helm_for, runner_name(), call.progress, call.check_mode)
    outcomes = applier.apply()
    return {
        "changed": any(outcome["changed"] for outcome in outcomes.values()),
        "clusters": outcomes,
        "failing": [host for host, outcome in outcomes.items() if outcome.get("failed")],
    }


def federation_of(call: Call, parties: Sequence[Mapping[str, Any]]) -> Federation:
    """The federation that the options describe."""
    means = Means(
        call.helm_for,
        call.options,
        lambda party: call.finder({**call.params, **_repository(party)}),
        call.progress("federation"),
        call.params["use_current_context"],
    )
    given = [_with_defaults(party, call.params) for party in parties]
    return Federation(given, means, call.params.get("links") or ())


def _with_defaults(party: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """A party whose connection is filled up with the module's own connection options."""
    own = {name: params[name] for name in CONNECTION.options if params.get(name) is not None}
    given = {name: value for name, value in (party.get("connection") or {}).items() if value is not None}
    unknown = sorted(set(given) - set(CONNECTION.options))
    if unknown:
        raise bad_input(f"The connection of {party['host']} has unknown options: {', '.join(unknown)}.")
    return {**party, "connection": {**own, **given}}


def _repository(party: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a party's own chart repository. Raises ``KubefateError`` (bad_input) for unknown ones."""
    given = {f"chart_repo_{name}": value for name, value in (party.get("chart_repo") or {}).items()}
    unknown = sorted(name.removeprefix("chart_repo_") for name in set(given) - set(CHART_REPO.options))
    if unknown:
        raise bad_input(f"The chart_repo of {party['host']} has unknown keys: {', '.join(unknown)}.")
    return given


CLUSTER = {
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
    "chart_digest": {"type": "str"},
    "chart_repo": {"type": "dict", "default": {}, "no_log": False},
    "deployer": {"type": "str"},
    "certificates": {"type": "bool", "default": False},
    "namespace_labels": {"type": "dict", "default": {}},
    "quota": {"type": "dict", "default": {}},
    "limit_range": {"type": "list", "elements": "dict", "default": []},
    "cluster_rights": {"type": "bool", "default": False},
    "drift": {"type": "str", "choices": ["ignore", "report", "repair"]},
}
"""What planning and applying need to know about one cluster."""
PARTY = {
    **CLUSTER,
    "role": {"type": "str", "choices": ["party", "exchange"], "default": "party"},
    "managed": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "left"], "default": "present"},
    "inventory": {"type": "str"},
    "fate_version": {"type": "str"},
    "advertise_host": {"type": "str"},
    "advertise_port": {"type": "int"},
    "advertise": {"type": "dict", "default": {}},
    "inbound": {"type": "bool", "default": True},
    "node_address": {"type": "str", "choices": ["ExternalIP", "InternalIP", "Hostname"]},
    "exchanges": {"type": "list", "elements": "str"},
    "routes": {"type": "str", "choices": ["inventory", "spec"], "default": "inventory"},
}
OWN = {
    **CLUSTER,
    "wait": {"type": "bool"},
    "wait_timeout": {"type": "int"},
    "patience": {"type": "dict"},
    "on_failure": {"type": "str", "choices": ["keep", "rollback"]},
    "running_fate_jobs": {"type": "str", "choices": ["wait", "fail", "ignore"]},
}
LINK = {
    "origins": {"type": "list", "elements": "str", "required": True},
    "targets": {"type": "list", "elements": "str", "required": True},
    "via": {"type": "str", "required": True},
    "both_ways": {"type": "bool", "default": True},
}
SEVERAL = (
    CONNECTION
    | HELM
    | STORE
    | PROGRESS
    | CHART_REPO
    | Arguments({"use_current_context": {"type": "bool", "default": False}})
)
MEMBERS = Arguments(
    {
        "parties": {"type": "list", "elements": "dict", "required": True, "options": PARTY},
        "links": {"type": "list", "elements": "dict", "default": [], "options": LINK},
    }
)
FEDERATION = (
    SEVERAL
    | MEMBERS
    | Arguments(
        {
            "drift": {"type": "str", "choices": ["ignore", "report", "repair"], "default": "report"},
            "address_timeout": {"type": "int", "default": 0},
            "node_port_range": {"type": "str", "default": "30000-32767"},
            "preflight_ignore": {
                "type": "list",
                "elements": "str",
                "choices": [str(check) for check in Check if check is not Check.PLAN],
                "default": [],
            },
        }
    )
)
PLAN_FEDERATION = Entry(
    FEDERATION
    | Arguments(
        {
            "preflight": {"type": "str", "choices": ["none", "changing", "all"], "default": "none"},
            "details": {"type": "str", "choices": ["changing", "all"], "default": "all"},
        }
    ),
    plan_federation,
)
INSPECT_FEDERATION = Entry(FEDERATION, inspect_federation)
CHANGE_CLUSTERS = Entry(
    SEVERAL
    | WAIT
    | APPLY
    | Arguments({"clusters": {"type": "list", "elements": "dict", "required": True, "options": OWN}}),
    change_clusters,
)
