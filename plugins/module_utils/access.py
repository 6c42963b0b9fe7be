# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who acts, and with which rights: service accounts, roles computed from what is deployed, short-lived tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Kind, KubefateError
from .facts.flow import PORT, SERVICE
from .kube.client import Api, ApiError
from .kube.resources import ResourceType
from .objects import Object, Ref, labels_of

MADE_LABEL = "kubefate.federatedai.org/made"
"""On namespaces that this collection made: only those are ever deleted by it."""
OWNER = {"owner": "kubefate"}
TOKEN_SECONDS = 3600
RBAC = "rbac.authorization.k8s.io/v1"

_ALL = ("create", "delete", "get", "list", "patch", "update", "watch")
_READ = ("get", "list", "watch")
_BASE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "secrets", ("create", "delete", "get", "list", "patch", "update")),
    ("", "configmaps", _ALL),
    ("", "pods", _READ),
    ("", "pods/log", ("get",)),
    ("", "persistentvolumeclaims", ("delete", *_READ)),
    ("", "events", _READ),
    ("", "namespaces", ("get",)),
    ("apps", "replicasets", _READ),
    ("coordination.k8s.io", "leases", ("create", "delete", "get", "update")),
)
"""What every deployment needs: Helm's records and generated Secrets, reading pods and what goes wrong with them, claims
that a purge deletes, the release's Lease."""

_ASKING: Mapping[str, Any] = {
    "apiGroups": [""],
    "resources": ["services/proxy"],
    "resourceNames": [f"{SERVICE}:{PORT}"],
    "verbs": ["get"],
}
"""Asking FATE-Flow for its jobs before pods that they need are replaced."""


def deployer_rules(types: Iterable[ResourceType]) -> list[dict[str, Any]]:
    """The rules that deploying objects of these types in one namespace needs, and nothing else.

    Types that lie in no namespace are left out: a Role cannot grant them.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for group, resource, verbs in _BASE:
        wanted.setdefault((group, resource), set()).update(verbs)
    for found in types:
        if found.namespaced:
            wanted.setdefault((found.group, found.plural), set()).update(_ALL)
    by_verbs: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in wanted.items():
        by_verbs.setdefault((group, tuple(sorted(allowed))), []).append(resource)
    rules = [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(verbs)}
        for (group, verbs), resources in sorted(by_verbs.items())
    ]
    return [*rules, dict(_ASKING)]


def store_rules() -> list[dict[str, Any]]:
    """What a deployer needs in the store namespace: job records, and reading uploaded charts."""
    return [{"apiGroups": [""], "resources": ["configmaps"], "verbs": list(_ALL)}]


@dataclass(frozen=True, slots=True)
class Grant:
    """A service account of one namespace with rights in this and in the store namespace."""

    name: str
    namespace: str
    store_namespace: str
    rules: tuple[Mapping[str, Any], ...]
    create_namespace: bool = True
    namespace_labels: Mapping[str, str] | None = None

    def objects(self) -> list[dict[str, Any]]:
        """The objects that grant it, in the order in which they are made."""
        found: list[dict[str, Any]] = []
        if self.create_namespace:
            found.append(namespace_object(self.namespace, self.namespace_labels or {}))
        found.append(self._object("v1", "ServiceAccount", self.namespace, automountServiceAccountToken=False))
        found += self._role(self.namespace, self.rules)
        if self.store_namespace != self.namespace:
            if self.create_namespace:
                found.append(namespace_object(self.store_namespace, {}))
            found += self._role(self.store_namespace, store_rules())
        return found

    def _role(self, namespace: str, rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        name = self.name if namespace == self.namespace else f"{self.name}-{self.namespace}"[:253]
        role = self._object(RBAC, "Role", namespace, name=name, rules=list(rules))
        binding = self._object(
            RBAC,
            "RoleBinding",
            namespace,
            name=name,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            subjects=[{"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}],
        )
        return [role, binding]

    def _object(self, api_version: str, kind: str, namespace: str, name: str = "", **rest: Any) -> dict[str, Any]:
        metadata = {"name": name or self.name, "namespace": namespace, "labels": dict(OWNER)}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def namespace_object(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {**OWNER, MADE_LABEL: "true", **labels}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What is done to one object of a grant. before is None where it is created."""

    before: Object | None
    after: Mapping[str, Any]

    @property
    def ref(self) -> Ref:
        return Ref.of(self.after)


def grant_changes(grant: Grant, find: Callable[[Ref], Object | None]) -> list[GrantChange]:
    """Objects of a grant that are missing or different. ``find`` gives the live object of a reference, or None."""
    changes = []
    for wanted in grant.objects():
        live = find(Ref.of(wanted))
        if live is None:
            changes.append(GrantChange(None, wanted))
            continue
        after = _updated(live, wanted)
        if after is not None:
            changes.append(GrantChange(live, after))
    return changes


def _updated(live: Object, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The live object brought to what is wanted, or None where it is that already. A namespace keeps everything but the
    labels that were asked for; a namespace that was there before stays somebody else's."""
    metadata = wanted["metadata"]
    labels = dict(metadata["labels"])
    if wanted["kind"] == "Namespace":
        for own in (MADE_LABEL, *OWNER):
            labels.pop(own, None)
    parts = {key: value for key, value in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
    same = all(live.get(key) == value for key, value in parts.items()) and labels.items() <= labels_of(live).items()
    if same:
        return None
    merged = {**live["metadata"], "labels": {**labels_of(live), **labels}}
    merged.pop("managedFields", None)
    return {**live, **parts, "apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": merged}


def apply_grant(api: Api, changes: Iterable[GrantChange]) -> None:
    """Make or update the objects. Raises ``KubefateError`` saying which right is missing."""
    for change in changes:
        try:
            if change.before is None:
                api.create(change.after)
            elif change.ref.kind == "Namespace":
                api.patch(change.ref, {"metadata": {"labels": change.after["metadata"]["labels"]}})
            else:
                api.replace(change.after)
        except ApiError as error:
            if error.status == 409 and change.before is None:
                continue  # somebody made it meanwhile; the next run looks at it
            error.phase = "rbac"
            if error.status == 403:
                error.hint = (
                    "Granting needs the rights that are granted, and the right to make namespaces, service accounts, "
                    "roles "
                    "and bindings. Run as an administrator, or let one apply these objects and set fate_manage_rbac: "
                    "false."
                )
            raise


def ensure_namespace(api: Api, name: str, create: bool) -> bool:
    """Make a namespace that is missing; True if it was made. Raises ``KubefateError`` for one that is being deleted."""
    try:
        found = api.find(Ref("v1", "Namespace", "", name))
    except ApiError as error:
        if error.status == 403:
            return False
        raise
    if found is None:
        if not create:
            raise KubefateError(
                f"Namespace {name} does not exist, and create_namespace is false.",
                Kind.NOT_FOUND,
                "apply",
                "Make it first.",
            )
        api.create(namespace_object(name, {}))
        return True
    if (found.get("status") or {}).get("phase") == "Terminating":
        raise KubefateError(
            f"Namespace {name} is being deleted.",
            Kind.CONFLICT,
            "apply",
            "Wait until it is gone and run again; if it hangs, look at its finalizers and at kubectl get apiservice.",
        )
    return False


def token_for(api: Api, name: str, namespace: str, seconds: int = TOKEN_SECONDS) -> str:
    """A short-lived token of a service account. Raises ``KubefateError``."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
    try:
        answer = api.sub("POST", Ref("v1", "ServiceAccount", namespace, name), "token", body)
    except ApiError as error:
        error.phase = "rbac"
        error.hint = {
            404: f"Make the service account {name} in {namespace} first: the role federatedai.kubefate.rbac does.",
            403: "Asking for a service account's token needs the verb create on serviceaccounts/token.",
        }.get(error.status, error.hint)
        raise
    return str(answer["status"]["token"])


def whoami(api: Api) -> str:
    """The user that the API server takes us for."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = api.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", None, body)
    except ApiError:
        return ""
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")
