# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Granting the deployer its rights, also by somebody who may not: then an administrator gets the objects to apply, and
the next run finds that the account has what it needs, even where the objects may not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..access.grants import CONSTRAINTS, Grant, GrantChange, GrantRefusedError, Space, revocation, use_of
from ..access.identity import identify, token_for
from ..access.model import RBAC, RBAC_GROUP, Rule, policies
from ..access.openshift import Constraint, constraints_for
from ..access.parts import Part, as_lines, parts_in, parts_of
from ..access.reviews import missing_rights
from ..access.rules import cluster_rules
from ..access.users import deployer_grant
from ..errors import KubefateError
from ..facts.labels import OWNER
from ..kube.client import Api
from ..objects import Object, Ref
from .access_show import grant_result, manifest_of

APPLY = "kubectl apply -f"
KINDS = (
    ("v1", "Namespace"),
    ("v1", "ServiceAccount"),
    (RBAC, "Role"),
    (RBAC, "RoleBinding"),
)
"""Kinds of objects that a grant consists of, unless the inventory asks for more."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is deployed, as far as rights depend on it. constraints: of OpenShift, where that is what it runs on."""

    parts: Sequence[Part]
    hooks: Sequence[Part]
    constraints: Sequence[Constraint] = ()

    @classmethod
    def of(cls, api: Api, objects: Mapping[Ref, Object], hooks: Iterable[Object], *, openshift: bool) -> Deployed:
        constraints = constraints_for(objects.values()) if openshift else ()
        return cls(parts_of(api, objects), parts_in(api, hooks), constraints)


def kinds_for(given: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Kinds of objects that the deployer's rights consist of, for listing them."""
    if not given.get("deployer"):
        return set()
    kinds = set(KINDS)
    kinds |= {("v1", "ResourceQuota")} if given.get("quota") else set()
    kinds |= {("v1", "LimitRange")} if given.get("limit_range") else set()
    kinds |= {(RBAC, "ClusterRole"), (RBAC, "ClusterRoleBinding")} if given.get("cluster_rights") else set()
    return kinds


def needed(api: Api, grant: Grant, changes: Sequence[GrantChange]) -> list[GrantChange]:
    """What has to be done for a grant. Where its objects may not be read, the account itself is asked what it may.

    A security context constraint lies in no namespace, and seldom may be read: an administrator makes it together with
    the role that lets it be used, which is seen.
    """
    if all(change.hidden and change.ref.kind == CONSTRAINTS for change in changes):
        return []
    if not changes or not all(change.hidden for change in changes):
        return list(changes)
    return [] if _has_it(api, grant) else list(changes)


def _has_it(api: Api, grant: Grant) -> bool:
    try:
        token = token_for(api, grant.subject.name, grant.home)
    except KubefateError:
        return False
    acting = Api(api.connection.with_token(token, f"service account {grant.home}/{grant.subject.name}"))
    rights = [right for space, rules in grant.rules.items() for rule in rules for right in rule.rights(space)]
    try:
        return not missing_rights(acting, rights)
    except KubefateError:
        return False


def taking_away(api: Api, grant: Grant) -> list[GrantChange]:
    """The deletion of what a grant made, but for namespaces and what they were given, and for what others share."""
    kept = ("Namespace", "ResourceQuota", "LimitRange", CONSTRAINTS)
    made = [Ref.of(obj) for obj in grant.objects() if obj["kind"] not in kept]
    return revocation([*made, *use_of(grant.subject.name, grant.home)], api.find)


def pending_result(api: Api, name: str, error: GrantRefusedError) -> dict[str, Any]:
    """The result for a user where an administrator has to grant what we may not: nothing was changed."""
    me = identify(api).name
    note = (
        f"Rights that {me or 'the one who ran this'} may not grant: {error.msg} An administrator applies this file "
        f"with {APPLY} FILE. Then run again: it goes on from there."
    )
    wanted = [*error.changes, *_delegation(error.changes, me)]
    return {
        "changed": False,
        **grant_result(error.changes),
        "diff": [],
        "user": {"name": name},
        "credentials": [],
        "pending": True,
        "refusal": error.msg,
        "manifest": manifest_of(wanted, note),
    }


def _delegation(changes: Iterable[GrantChange], me: str) -> list[GrantChange]:
    """What lets us go on afterwards: acting as the account, and seeing that it has its rights."""
    accounts = [change.ref for change in changes if change.ref.kind == "ServiceAccount"]
    bindings = [change for change in changes if change.ref.kind == "RoleBinding" and change.after]
    if not me or not bindings:
        return []
    subjects: list[Any] = [subject for change in bindings for subject in (change.after or {}).get("subjects") or ()]
    bound = subjects[0] if subjects else {}
    if bound.get("kind") != "ServiceAccount":
        return []
    home, name = str(bound.get("namespace")), str(bound.get("name"))
    rules = [
        Rule("", ("serviceaccounts/token",), ("create",), "lets the play act as the account", (), (name,)),
        Rule("", ("serviceaccounts",), ("get",), "sees that the account is there", (), (name,)),
        Rule(RBAC_GROUP, ("roles", "rolebindings"), ("get", "list"), "sees which rights are granted"),
        Rule("", ("namespaces",), ("get",), "sees that the namespace is there"),
    ]
    made = _use(home, use_of(name, home)[0].name, rules, me)
    return made if accounts or any(change.ref.namespace == home for change in bindings) else []


def _use(namespace: str, name: str, rules: Sequence[Rule], me: str) -> list[GrantChange]:
    metadata = {"name": name, "namespace": namespace, "labels": dict(OWNER)}
    role = {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": policies(rules)}
    binding = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "Role", "name": name},
        "subjects": [_subject(me)],
    }
    return [GrantChange(None, role, rules), GrantChange(None, binding)]


def _subject(me: str) -> dict[str, str]:
    head, _colon, rest = me.partition("system:serviceaccount:")
    if not head and rest.count(":") == 1:
        namespace, name = rest.split(":")
        return {"kind": "ServiceAccount", "namespace": namespace, "name": name}
    return {"kind": "User", "name": me, "apiGroup": RBAC_GROUP}


def told(deployed: Deployed) -> dict[str, Any]:
    """What the role ``rbac`` has to be told to grant the same."""
    return {
        "resources": as_lines(deployed.parts),
        "hooks": as_lines(deployed.hooks),
        "constraints": [
            {
                "service_account": entry.account,
                "name": entry.name,
                "why": entry.why,
                "capabilities": list(entry.capabilities),
            }
            for entry in deployed.constraints
        ],
    }


def party_grant(given: Mapping[str, Any], namespace: str, store_namespace: str, deployed: Deployed) -> Grant:
    """The rights of the account that deploys a party. given: the party's part of the inventory."""
    labels, quota, limits = (given.get(key) for key in ("namespace_labels", "quota", "limit_range"))
    return deployer_grant(
        str(given.get("deployer")),
        namespace,
        store_namespace,
        deployed.parts,
        deployed.hooks,
        space=Space(namespace, True, labels or {}, quota or {}, limits or ()),
        cluster=cluster_rules(deployed.parts) if given.get("cluster_rights") else (),
        constraints=deployed.constraints,
    )
