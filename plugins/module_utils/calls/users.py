# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_user`` and ``fate_user_info``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..access.grants import Grant, GrantChange, GrantRefusedError, Space, apply_grant, grant_changes
from ..access.openshift import Constraint
from ..access.parts import Part, parse
from ..access.roles import UserRole
from ..access.rules import cluster_rules
from ..access.users import User, UserKind, check_user_name, deployer_grant
from ..arguments import CONNECTION, STORE, Arguments
from ..call import Call, Entry
from ..cluster.access_show import grant_diff, grant_result
from ..cluster.granting import needed, pending_result, taking_away
from ..cluster.user_report import list_users
from ..cluster.users import Users, Wish, user_result
from ..data import seconds
from ..errors import bad_input
from ..facts.kinds import DEPLOYED
from ..kube.client import Api
from ..spec.names import check_account, check_namespace


def change_user(call: Call) -> dict[str, Any]:
    """``fate_user``."""
    params = call.params
    namespaces = list(dict.fromkeys([*params["namespaces"], *filter(None, [params["namespace"]])]))
    if not namespaces:
        raise bad_input("No namespace is given.", "Give namespaces, those of the parties that the user is for.")
    for namespace in [*namespaces, params["store_namespace"]]:
        check_namespace(namespace)
    kind, role = UserKind(params["kind"]), UserRole(params["role"])
    if kind is UserKind.SERVICE_ACCOUNT:
        check_account(params["name"])
    else:
        check_user_name(kind, params["name"])
    try:
        return _deployer(call, kind, namespaces) if role is UserRole.DEPLOYER else _person(call, kind, role, namespaces)
    except GrantRefusedError as error:
        if params["on_forbidden"] == "fail":
            raise
        return pending_result(call.api(), params["name"], error)


def _person(call: Call, kind: UserKind, role: UserRole, namespaces: Sequence[str]) -> dict[str, Any]:
    params = call.params
    lifetime = seconds(params["lifetime"], "lifetime")
    renew_before = seconds(params["renew_before"], "renew_before") if params["renew_before"] else lifetime // 4
    wish = Wish(
        params["name"],
        kind,
        role,
        params["namespaces"] or namespaces,
        params["store_namespace"],
        (params["namespace"] or "") if params["namespaces"] else "",
        lifetime=lifetime,
        renew_before=renew_before,
        dest=params["kubeconfig_dest"] or "",
        returned=params["return_kubeconfig"],
    )
    if params["state"] == "absent":
        return Users(call.api(), wish, call.check_mode).absent()
    wish.check(rotate=params["state"] == "rotated", planned=call.check_mode)
    parts, hooks = _parts(call)
    users = Users(call.api(), wish.with_parts(parts, hooks), call.check_mode)
    return users.present(rotate=params["state"] == "rotated")


def _parts(call: Call) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    return parse(call.api(), call.params["resources"]), parse(call.api(), call.params["hooks"])


def _deployer(call: Call, kind: UserKind, namespaces: Sequence[str]) -> dict[str, Any]:
    """The account that a play deploys one party as."""
    params = call.params
    if kind is not UserKind.SERVICE_ACCOUNT or len(namespaces) != 1:
        raise bad_input(
            "The role deployer is for a service account, in the one namespace that it deploys to.",
            "For people, use the role operator.",
        )
    if params["state"] == "rotated" or params["kubeconfig_dest"] or params["return_kubeconfig"]:
        raise bad_input(
            "No kubeconfig is given out for the role deployer: plays ask for a token whenever they need one.",
            "Use the option service_account of the other modules, or the role operator.",
        )
    grant = _deployer_grant(call, namespaces[0])
    return _revoke(call, grant) if params["state"] == "absent" else _grant(call, grant)


def _deployer_grant(call: Call, namespace: str) -> Grant:
    params = call.params
    parts, hooks = _parts(call)
    return deployer_grant(
        params["name"],
        namespace,
        params["store_namespace"],
        parts,
        hooks,
        space=Space(
            namespace, params["create_namespace"], params["namespace_labels"], params["quota"], params["limit_range"]
        ),
        cluster=cluster_rules(parts) if params["cluster_rights"] else (),
        constraints=[
            Constraint(entry["service_account"], entry["name"], entry["why"], tuple(entry["capabilities"]))
            for entry in params["constraints"]
        ],
    )


def _grant(call: Call, grant: Grant) -> dict[str, Any]:
    changes = needed(call.api(), grant, grant_changes(grant, call.api().find))
    if not call.check_mode:
        apply_grant(call.api(), changes)
    return _result(changes, _user(grant))


def _revoke(call: Call, grant: Grant) -> dict[str, Any]:
    """Take away the account and its rights; namespaces, quotas and limits stay."""
    api: Api = call.api()
    changes = taking_away(api, grant)
    if not call.check_mode:
        apply_grant(api, changes)
    return _result(changes, {})


def _user(grant: Grant) -> dict[str, Any]:
    user = User(grant.name, UserKind.SERVICE_ACCOUNT, UserRole.DEPLOYER, grant.home)
    return user_result(user, grant)


def _result(changes: Sequence[GrantChange], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "changed": bool(changes),
        "diff": grant_diff(changes),
        **grant_result(changes),
        "user": user,
        "credentials": [],
    }


def inform_users(call: Call) -> dict[str, Any]:
    """``fate_user_info``."""
    namespaces = call.params["namespaces"] or [name for name in [call.params["namespace"]] if name]
    return list_users(call.api(), call.params["name"] or "", namespaces, others=call.params["others"])


CHANGE_USER = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "name": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": [str(kind) for kind in UserKind], "default": "service_account"},
            "role": {"type": "str", "choices": [str(role) for role in UserRole], "default": "viewer"},
            "namespace": {"type": "str"},
            "namespaces": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["present", "rotated", "absent"], "default": "present"},
            "lifetime": {"type": "str", "default": "8h"},
            "renew_before": {"type": "str"},
            "kubeconfig_dest": {"type": "path"},
            "return_kubeconfig": {"type": "bool", "default": False},
            "on_forbidden": {"type": "str", "choices": ["fail", "manifest"], "default": "fail"},
            "resources": {"type": "list", "elements": "str", "default": list(DEPLOYED)},
            "hooks": {"type": "list", "elements": "str", "default": []},
            "constraints": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "service_account": {"type": "str", "default": "default"},
                    "name": {"type": "str", "required": True},
                    "why": {"type": "str", "default": ""},
                    "capabilities": {"type": "list", "elements": "str", "default": []},
                },
            },
            "cluster_rights": {"type": "bool", "default": False},
            "create_namespace": {"type": "bool", "default": True},
            "namespace_labels": {"type": "dict", "default": {}},
            "quota": {"type": "dict", "default": {}},
            "limit_range": {"type": "list", "elements": "dict", "default": []},
        }
    ),
    change_user,
    private=("kubeconfig",),
)
INFORM_USERS = Entry(
    CONNECTION
    | Arguments(
        {
            "name": {"type": "str"},
            "namespace": {"type": "str"},
            "namespaces": {"type": "list", "elements": "str", "default": []},
            "others": {"type": "bool", "default": False},
        }
    ),
    inform_users,
)
