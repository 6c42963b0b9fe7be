# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that a user can have, as rules for a namespace of a party and for the store namespace.

Each contains the one before: Kubernetes lets nobody grant what he has not got himself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from .model import RBAC_GROUP, Purpose, Rule, joined
from .parts import Part
from .rules import READ, deployer_rules, store_rules

_SECRET = "Secret"


class UserRole(StrEnum):
    """viewer: reads state and logs, no Secret. operator: also installs, updates and removes, but keeps data. admin:
    also deletes data, and manages users and charts. deployer: the service account that a play deploys one party as."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    DEPLOYER = "deployer"


def party_rules(role: UserRole, parts: Sequence[Part], hooks: Sequence[Part] = ()) -> list[Rule]:
    """The rules of a role in the namespace of a party."""
    return _PARTY[role](parts, hooks)


def store_rules_of(role: UserRole) -> list[Rule]:
    """The rules of a role in the store namespace."""
    return _STORE[role]()


def manager_rules() -> list[Rule]:
    """Managing the users of one namespace."""
    return [
        Rule("", ("serviceaccounts",), (*READ, "create", "delete", "patch", "update"), "makes and deletes users"),
        Rule("", ("serviceaccounts/token",), ("create",), "gives users their kubeconfig"),
        Rule("", ("secrets",), (*READ, "create", "delete", "patch", "update"), "ends what a kubeconfig is bound to"),
        Rule(
            RBAC_GROUP,
            ("rolebindings", "roles"),
            (*READ, "create", "delete", "patch", "update"),
            "gives users their rights, of which none exceeds its own",
        ),
    ]


def _viewer(parts: Sequence[Part], _hooks: Sequence[Part]) -> list[Rule]:
    rules = [
        Rule("", ("pods",), READ, "sees pods"),
        Rule("", ("pods/log",), ("get",), "reads what containers wrote"),
        Rule("", ("events", "persistentvolumeclaims"), READ, "sees volumes, and why something does not start"),
        Rule("apps", ("replicasets",), READ, "tells pods of the new revision from those of the old one"),
        Rule("coordination.k8s.io", ("leases",), ("get", "list"), "sees who works on a cluster"),
        Rule("", ("namespaces",), ("get",), "sees whether the namespace is being deleted"),
    ]
    seen: dict[str, list[Part]] = {}
    for part in parts:
        if part.type.namespaced and part.type.kind != _SECRET:
            seen.setdefault(part.type.group, []).append(part)
    for group, shown in sorted(seen.items()):
        resources = tuple(sorted({part.type.plural for part in shown}))
        rules.append(Rule(group, resources, READ, "sees " + ", ".join(part.text for part in shown)))
    return rules


def _operator(parts: Sequence[Part], hooks: Sequence[Part]) -> list[Rule]:
    kept = [rule for rule in deployer_rules(parts, hooks) if rule.operations != (Purpose.PURGE,)]
    return joined(kept, _viewer(parts, hooks))


def _admin(parts: Sequence[Part], hooks: Sequence[Part]) -> list[Rule]:
    return joined([*deployer_rules(parts, hooks), *manager_rules()], _viewer(parts, hooks))


def _deployer(parts: Sequence[Part], hooks: Sequence[Part]) -> list[Rule]:
    return deployer_rules(parts, hooks)


def _viewer_store() -> list[Rule]:
    return [Rule("", ("configmaps",), READ, "reads job records and uploaded charts")]


def _operator_store() -> list[Rule]:
    return joined(store_rules(), _viewer_store())


def _admin_store() -> list[Rule]:
    return [*_operator_store(), Rule("", ("configmaps",), ("update",), "uploads a chart in place of another")]


_PARTY: Mapping[UserRole, Callable[[Sequence[Part], Sequence[Part]], list[Rule]]] = {
    UserRole.VIEWER: _viewer,
    UserRole.OPERATOR: _operator,
    UserRole.ADMIN: _admin,
    UserRole.DEPLOYER: _deployer,
}
_STORE: Mapping[UserRole, Callable[[], list[Rule]]] = {
    UserRole.VIEWER: _viewer_store,
    UserRole.OPERATOR: _operator_store,
    UserRole.ADMIN: _admin_store,
    UserRole.DEPLOYER: store_rules,
}
