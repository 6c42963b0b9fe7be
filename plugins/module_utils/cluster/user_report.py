# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, read from the cluster itself: our users, and whoever else has rights in their namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..access.credentials import CREDENTIAL_LABEL, as_result
from ..access.grants import GRANTED_BY
from ..access.model import RBAC, Right, allows
from ..access.users import USER_LABEL, Held, User, UserKind, bindings_of, held
from ..facts.labels import OWNER
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of, labels_of, name_of

_KUBERNETES = "system:"
"""Bindings of Kubernetes' own parts begin so."""
_ABILITIES = {
    "read state": Right("", "", "pods", "list"),
    "read logs": Right("", "", "pods/log", "get"),
    "read secrets": Right("", "", "secrets", "list"),
    "deploy": Right("", "apps", "deployments", "create"),
    "delete data": Right("", "", "persistentvolumeclaims", "delete"),
    "manage users": Right("", "rbac.authorization.k8s.io", "rolebindings", "create"),
}
"""What somebody may do, in words, and the right by which that is told."""


def abilities(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the rules of a role come to, in words."""
    return [word for word, right in _ABILITIES.items() if any(allows(policy, right) for policy in rules)]


def list_users(api: Api, name: str, namespaces: Sequence[str], *, others: bool) -> dict[str, Any]:
    """Users by name, of these namespaces or of all. others: also who has rights there that are not of our making."""
    bindings = [binding for binding in bindings_of(api, namespaces) if _inside(binding, namespaces)]
    spaces = list(namespaces) or sorted({Ref.of(binding).namespace for binding in bindings})
    roles = {Ref.of(role): role for role in _listed(api, "Role", spaces)}
    found: dict[tuple[str, str], list[Held]] = {}
    for entry in held(bindings, roles):
        if not name or entry.user.name == name:
            found.setdefault((entry.user.key, entry.user.home), []).append(entry)
    records = _records(api, [entries[0].user for entries in found.values()], spaces)
    users = [_user(entries, records) for entries in found.values()]
    out: dict[str, Any] = {"users": sorted(users, key=lambda user: (user["name"], user["kind"], user["namespace"]))}
    if others:
        out["others"] = _others(api, spaces, roles)
    return out


def _inside(binding: Object, namespaces: Sequence[str]) -> bool:
    return not namespaces or Ref.of(binding).namespace in namespaces


def _listed(api: Api, kind: str, namespaces: Sequence[str]) -> list[Object]:
    """Roles or bindings of these namespaces; with one request where that is permitted."""
    try:
        everywhere = api.list_objects(RBAC, kind)
        return [obj for obj in everywhere if Ref.of(obj).namespace in namespaces]
    except ApiError as error:
        if error.status != 403:
            raise
    lists: list[list[Object]] = api.parallel(lambda space: list(api.list_objects(RBAC, kind, space)), namespaces)
    return [obj for objects in lists for obj in objects]


def _records(api: Api, users: Iterable[User], namespaces: Sequence[str]) -> dict[str, list[Object]] | None:
    """Credentials by user; None where Secrets may not be listed."""
    homes = {user.home for user in users if user.home} | set(namespaces)
    found: dict[str, list[Object]] = {}
    seen = False
    for home in sorted(homes):
        try:
            listed = api.list_objects("v1", "Secret", home, labels=CREDENTIAL_LABEL)
        except ApiError as error:
            if error.status in (403, 404):
                continue
            raise
        seen = True
        for record in listed:
            found.setdefault(labels_of(record).get(USER_LABEL, ""), []).append(record)
    return found if seen or not homes else None


def _user(entries: Sequence[Held], records: Mapping[str, list[Object]] | None) -> dict[str, Any]:
    user = entries[0].user
    made = [annotations_of(entry.binding).get(GRANTED_BY, "") for entry in entries]
    since = min(str(entry.binding["metadata"].get("creationTimestamp") or "") for entry in entries)
    access = [
        {
            "namespace": entry.namespace,
            "rules": list(entry.rules or ()),
            "abilities": abilities(entry.rules or ()),
        }
        for entry in sorted(entries, key=lambda entry: entry.namespace)
    ]
    broken = [entry.namespace for entry in entries if entry.rules is None]
    return {
        "name": user.name,
        "kind": str(user.kind),
        "role": str(user.role) if not broken else "",
        "namespace": user.home if user.kind is UserKind.SERVICE_ACCOUNT else "",
        "namespaces": [entry["namespace"] for entry in access],
        "access": access,
        "since": since,
        "granted_by": next((by for by in made if by), ""),
        "credentials": None if records is None else [as_result(record) for record in records.get(user.key, ())],
    }


# others --------------------------------------------------------------------------------------------------------------
def _others(api: Api, namespaces: Sequence[str], roles: Mapping[Ref, Object]) -> list[dict[str, Any]]:
    """Bindings that we did not make and that give rights in these namespaces, as far as they may be read."""
    wide = _quietly(api, "ClusterRoleBinding")
    cluster_roles = {name_of(role): role for role in _quietly(api, "ClusterRole")}
    entries = []
    for binding in [*_listed(api, "RoleBinding", namespaces), *wide]:
        if OWNER.items() <= labels_of(binding).items() or name_of(binding).startswith(_KUBERNETES):
            continue
        ref, named = Ref.of(binding), binding.get("roleRef") or {}
        role: Object | None = cluster_roles.get(str(named.get("name")))
        if named.get("kind") == "Role":
            role = roles.get(Ref(RBAC, "Role", ref.namespace, str(named.get("name"))))
        may = abilities((role or {}).get("rules") or ())
        if not may and role is not None:
            continue
        entries += [
            {
                "kind": str(subject.get("kind")),
                "name": str(subject.get("name")),
                "namespace": str(subject.get("namespace") or ""),
                "scope": ref.namespace or "every namespace",
                "role": f"{named.get('kind')}/{named.get('name')}",
                "binding": ref.name,
                "abilities": may,
            }
            for subject in binding.get("subjects") or []
        ]
    return sorted(entries, key=lambda entry: (entry["scope"], entry["kind"], entry["name"], entry["binding"]))


def _quietly(api: Api, kind: str) -> list[Object]:
    try:
        return list(api.list_objects(RBAC, kind))
    except ApiError as error:
        if error.status != 403:
            raise
        return []
