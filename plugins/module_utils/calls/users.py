# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_user`` and ``fate_user_info``."""

from __future__ import annotations

from typing import Any

from ..access import OWNER, RBAC, Grant, apply_grant, deployer_rules, grant_changes
from ..arguments import CONNECTION, STORE, Arguments
from ..call import Call, Entry
from ..cluster.access_show import grant_diff, grant_result
from ..errors import bad_input
from ..facts.kinds import DEPLOYED
from ..kube.client import Api
from ..kube.resources import ResourceType
from ..objects import Ref
from ..spec.names import check_account, check_namespace

OWNED = ",".join(f"{key}={value}" for key, value in OWNER.items())


def change_user(call: Call) -> dict[str, Any]:
    """``fate_user``."""
    name, namespace, store_namespace = (call.params[key] for key in ("name", "namespace", "store_namespace"))
    check_account(name)
    check_namespace(namespace)
    check_namespace(store_namespace)
    api = call.api()
    grant = Grant(
        name,
        namespace,
        store_namespace,
        tuple(deployer_rules(_types(api, call.params["resources"]))),
        create_namespace=call.params["create_namespace"],
        namespace_labels=call.params["namespace_labels"],
    )
    if call.params["state"] == "absent":
        return _revoke(call, api, grant)
    changes = grant_changes(grant, api.find)
    if not call.check_mode:
        apply_grant(api, changes)
    return {"changed": bool(changes), "diff": grant_diff(changes), **grant_result(changes), "user": _user(grant)}


def _revoke(call: Call, api: Api, grant: Grant) -> dict[str, Any]:
    """Take away the account and its rights; namespaces stay."""
    refs = [Ref.of(obj) for obj in grant.objects() if obj["kind"] != "Namespace"]
    there = [ref for ref in refs if api.find(ref) is not None]
    if not call.check_mode:
        for ref in reversed(there):
            api.delete(ref)
    changes = [{"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "action": "delete"} for ref in there]
    return {"changed": bool(there), "changes": changes, "user": {}}


def _types(api: Api, resources: list[str]) -> list[ResourceType]:
    """``apps/v1/Deployment`` and the like to types."""
    found = []
    for text in resources:
        api_version, _slash, kind = text.rpartition("/")
        if not api_version or not kind:
            raise bad_input(
                f"{text!r} is not a resource.", "Write apiVersion/Kind, such as apps/v1/Deployment or v1/Service."
            )
        found.append(api.type_of(api_version, kind))
    return found


def _user(grant: Grant) -> dict[str, Any]:
    return {
        "name": grant.name,
        "namespace": grant.namespace,
        "role": "deployer",
        "rules": [dict(rule) for rule in grant.rules],
    }


def inform_users(call: Call) -> dict[str, Any]:
    """``fate_user_info``."""
    api = call.api()
    space = call.params.get("namespace") or ""
    accounts = api.list_objects("v1", "ServiceAccount", space, labels=OWNED)
    roles = {Ref.of(role): role for role in api.list_objects(RBAC, "Role", space, labels=OWNED)}
    users = []
    for account in accounts:
        ref = Ref.of(account)
        role = roles.get(Ref(RBAC, "Role", ref.namespace, ref.name))
        rules = (role or {}).get("rules") or []
        users.append({"name": ref.name, "namespace": ref.namespace, "role": "deployer" if role else "", "rules": rules})
    return {"users": sorted(users, key=lambda user: (user["namespace"], user["name"]))}


CHANGE_USER = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "name": {"type": "str", "default": "fate-deployer"},
            "namespace": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "resources": {"type": "list", "elements": "str", "default": list(DEPLOYED)},
            "create_namespace": {"type": "bool", "default": True},
            "namespace_labels": {"type": "dict", "default": {}},
        }
    ),
    change_user,
)
INFORM_USERS = Entry(CONNECTION | Arguments({"namespace": {"type": "str"}}), inform_users)
