# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_cluster`` and ``fate_cluster_info``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..arguments import APPLY, CHART, CONNECTION, HELM, PROGRESS, SPEC, STORE, WAIT, Arguments
from ..call import Call, Entry
from ..cluster.context import Context
from ..cluster.listing import Objects
from ..cluster.operations import present
from ..cluster.target import Target, target
from ..data import secret_leaves
from ..errors import Kind, KubefateError, bad_input
from ..spec.loading import Spec, identity, load
from ..spec.names import check_name, check_namespace


def change_cluster(call: Call) -> dict[str, Any]:
    """``fate_cluster``."""
    spec = load(call.params["spec_files"], call.params["spec"])
    call.secrets |= secret_leaves(spec.data)
    name, namespace = _identity(call, spec)
    context = call.context(name)
    match call.params["state"]:
        case "present" | "rotated":
            pass
        case "absent":
            return _remove(call, context, name, namespace)
        case "rolled_back":
            return _roll_back(call, context, name, namespace)
        case _:
            return _run_verb(call, context, name, namespace)
    chart = call.chart(*identity(spec)[2:])
    wanted = target(name, namespace, chart, spec, call.params.get("chart_version") or "")
    call.secret_paths |= wanted.secret_paths
    call.secrets |= secret_leaves(wanted.spec, wanted.secret_paths)
    if call.params["state"] == "rotated":
        return _rotate(call, context, wanted)
    return present(context, wanted, check_mode=call.check_mode)


# What only some calls need is imported late, and never below a case: Ansible does not see what is imported there, and
# does not send it with a module.
def _remove(call: Call, context: Context, name: str, namespace: str) -> dict[str, Any]:
    from ..cluster.removal import absent

    return absent(context, name, namespace, check_mode=call.check_mode)


def _roll_back(call: Call, context: Context, name: str, namespace: str) -> dict[str, Any]:
    from ..cluster.rollback import rolled_back

    return rolled_back(context, name, namespace, call.params["revision"], check_mode=call.check_mode)


def _rotate(call: Call, context: Context, wanted: Target) -> dict[str, Any]:
    from ..cluster.rotating import rotated

    given = {str(name): _values(name, values) for name, values in (call.params["secret_values"] or {}).items()}
    call.secrets |= {value for values in given.values() for value in values.values()}
    return rotated(context, wanted, call.params["secrets"], given, check_mode=call.check_mode)


def _values(name: str, values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise bad_input(f"secret_values.{name} is no mapping.", "Give key: value pairs for each Secret.")
    return {str(key): str(value) for key, value in values.items()}


def _run_verb(call: Call, context: Context, name: str, namespace: str) -> dict[str, Any]:
    from ..cluster.lifecycle import run_verb

    state, modules = call.params["state"], call.params["modules"]
    return run_verb(context, state, name, namespace, modules, check_mode=call.check_mode)


def _identity(call: Call, spec: Spec) -> tuple[str, str]:
    """Name and namespace of the cluster, by option or by spec."""
    spec_name, spec_namespace, _chart, _version = identity(spec)
    name = call.params.get("name") or spec_name
    namespace = call.params.get("namespace") or spec_namespace or name
    if not name:
        raise bad_input("The cluster has no name.", "Give name, or the key name in the spec.")
    check_name(name)
    check_namespace(namespace)
    call.params["namespace"] = namespace
    return name, namespace


def inform_clusters(call: Call) -> dict[str, Any]:
    """``fate_cluster_info``: one cluster by name, or all that are there."""
    from ..cluster.glimpse import find_or_glimpse
    from ..cluster.reporting import inform, list_clusters

    name = call.params.get("name") or ""
    namespace = call.params.get("namespace") or (name if name else "")
    call.params["namespace"] = namespace
    context = call.context(name)
    objects = Objects(context.api, [namespace] if namespace else [], wide=not namespace)
    details = bool(call.params["details"])
    adopt = _adopter(call, context)
    if name:
        found = find_or_glimpse(context.api, name, namespace)
        cluster = inform(context, found, name, namespace, objects, details=details)
        if call.params.get("logs") is not None:
            from ..cluster.logs import LogRequest, read_logs

            cluster["logs"] = read_logs(context, found, namespace, LogRequest.of(call.params["logs"]))
        return {"clusters": [adopt(cluster)]}
    listed = list_clusters(context, namespace, objects, details=details)
    return {"clusters": [_unless_gone(adopt, cluster) for cluster in listed]}


def _unless_gone(adopt: Callable[[dict[str, Any]], dict[str, Any]], cluster: dict[str, Any]) -> dict[str, Any]:
    """What ``adopt`` makes of a cluster that was listed; the same where somebody removed it meanwhile."""
    try:
        return adopt(cluster)
    except KubefateError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return cluster


def _adopter(call: Call, context: Context) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What adds to a report how the cluster is taken over; nothing unless that is asked for."""
    if not call.params.get("specs"):
        return lambda cluster: cluster
    from ..cluster.adopting import Adopter

    adopter = Adopter(
        context,
        call.params.get("bundled_charts") or {},
        call.store(),
        call.folder,
        charts_to="" if call.check_mode else call.params.get("charts_to") or "",
        secrets=bool(call.params.get("spec_secrets")),
    )
    return lambda cluster: {**cluster, "adoption": adopter.adopt(cluster["name"], cluster["namespace"])}


CHANGE_CLUSTER = Entry(
    CONNECTION
    | SPEC
    | CHART
    | WAIT
    | APPLY
    | HELM
    | STORE
    | PROGRESS
    | Arguments(
        {
            "state": {
                "type": "str",
                "choices": ["present", "absent", "stopped", "started", "restarted", "rolled_back", "rotated"],
                "default": "present",
            },
            "modules": {"type": "list", "elements": "str", "default": []},
            "revision": {"type": "int", "default": 0},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "secret_values": {"type": "dict", "default": {}, "no_log": False},
            "purge_data": {"type": "bool", "default": False},
            "purge_namespace": {"type": "bool", "default": False},
        },
        required_if=[
            ("state", "present", ("spec", "spec_files"), True),
            ("state", "rotated", ("spec", "spec_files"), True),
        ],
    ),
    change_cluster,
)
INFORM_CLUSTERS = Entry(
    CONNECTION
    | HELM
    | STORE
    | Arguments(
        {
            "name": {"type": "str", "aliases": ["release_name"]},
            "namespace": {"type": "str", "aliases": ["release_namespace"]},
            "details": {"type": "bool", "default": False},
            "specs": {"type": "bool", "default": False},
            "spec_secrets": {"type": "bool", "default": False, "no_log": False},
            "charts_to": {"type": "path"},
            "bundled_charts": {"type": "dict"},
            "logs": {
                "type": "dict",
                "options": {
                    "modules": {"type": "list", "elements": "str", "default": []},
                    "tail": {"type": "int", "default": 200},
                    "since": {"type": "str"},
                    "previous": {"type": "bool", "default": False},
                },
            },
        },
        required_by={"logs": ["name"]},
    ),
    inform_clusters,
)
