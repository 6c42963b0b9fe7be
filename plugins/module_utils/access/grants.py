# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is granted to whom, as objects of Kubernetes; what making it so changes; and doing it.

Either all of it is granted or, where a right to grant is missing, nothing is, and an administrator gets the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..data import digest
from ..errors import Kind, KubefateError
from ..facts.labels import OWNER
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of, labels_of
from .model import RBAC, RBAC_GROUP, Rule, policies
from .namespaces import MADE_LABEL, QUOTA, make_namespace, namespace_object
from .openshift import SECURITY, Constraint, constraint_made, constraint_objects

LONGEST = 253
CONSTRAINTS = "SecurityContextConstraints"
GRANTED_BY = "kubefate.federatedai.org/granted-by"
"""Annotation of a binding: who made it."""
ONCE = (GRANTED_BY,)
"""Annotations that keep what was written first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who gets the rights. kind: ServiceAccount, User or Group. namespace: of a service account."""

    kind: str
    name: str
    namespace: str = ""

    def as_object(self) -> dict[str, str]:
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"kind": self.kind, "name": self.name, "apiGroup": RBAC_GROUP}

    @property
    def username(self) -> str:
        """What the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}" if self.kind == "ServiceAccount" else self.name


@dataclass(frozen=True, slots=True)
class Space:
    """What a namespace should have. create: whether it is made where it is missing. quota: ``hard`` of a ResourceQuota.
    limits: entries of a LimitRange. Quota and limits that are empty are left as they are."""

    name: str
    create: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    quota: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[Mapping[str, Any]] = ()

    def objects(self) -> list[dict[str, Any]]:
        found = [namespace_object(self.name, self.labels)] if self.create else []
        if self.quota:
            hard = {key: str(value) for key, value in self.quota.items()}
            found.append(_object("v1", "ResourceQuota", self.name, QUOTA, spec={"hard": hard}))
        if self.limits:
            found.append(_object("v1", "LimitRange", self.name, QUOTA, spec={"limits": list(self.limits)}))
        return found


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights of one subject.

    name: of its roles and bindings. rules: namespace to rules. cluster: rules for the whole Kubernetes. constraints: of
    OpenShift, for the pods of the first namespace. labels and annotations: further ones of the bindings and of the
    service account.
    """

    name: str
    subject: Subject
    rules: Mapping[str, Sequence[Rule]]
    spaces: Sequence[Space] = ()
    cluster: Sequence[Rule] = ()
    constraints: Sequence[Constraint] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> str:
        return self.subject.namespace

    def objects(self) -> list[dict[str, Any]]:
        """The objects that grant it, in the order in which they are made."""
        found = [obj for space in self.spaces for obj in space.objects()]
        if self.subject.kind == "ServiceAccount":
            account = _object("v1", "ServiceAccount", self.home, self.subject.name, automountServiceAccountToken=False)
            found.append(self._marked(account))
        for namespace, rules in self.rules.items():
            found += self._role(namespace, self.role_name(namespace), rules, self.subject)
        if self.cluster:
            found += self._role("", self.role_name(""), self.cluster, self.subject)
        for entry in self.constraints:
            if entry.capabilities:
                found.append(_object(f"{SECURITY}/v1", CONSTRAINTS, "", entry.name, **constraint_made(entry)))
        first = next(iter(self.rules), "")
        for role_name, rule, pods in constraint_objects(self.constraints):
            found += self._role(first, role_name, [rule], Subject("ServiceAccount", pods, first))
        return found

    def role_name(self, namespace: str) -> str:
        """In a namespace other than its home the name of a service account says where that is."""
        if not self.home or namespace == self.home:
            return self.name
        name = f"{self.name}-{self.home}"
        return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}-{digest(name)[:8]}"

    def rules_of(self, ref: Ref) -> Sequence[Rule]:
        """The rules of one of its roles, empty for other objects."""
        if ref.kind not in ("Role", "ClusterRole"):
            return ()
        if ref.kind == "ClusterRole":
            return self.cluster
        if ref.name == self.role_name(ref.namespace):
            return self.rules.get(ref.namespace, ())
        return [rule for name, rule, _account in constraint_objects(self.constraints) if name == ref.name]

    def _role(self, namespace: str, name: str, rules: Sequence[Rule], subject: Subject) -> list[dict[str, Any]]:
        prefix = "" if namespace else "Cluster"
        role = _object(RBAC, f"{prefix}Role", namespace, name, rules=policies(rules))
        binding = _object(
            RBAC,
            f"{prefix}RoleBinding",
            namespace,
            name,
            roleRef={"apiGroup": RBAC_GROUP, "kind": f"{prefix}Role", "name": name},
            subjects=[subject.as_object()],
        )
        return [role, self._marked(binding)]

    def _marked(self, obj: dict[str, Any]) -> dict[str, Any]:
        metadata = obj["metadata"]
        metadata["labels"] = {**metadata["labels"], **self.labels}
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return obj


def _object(api_version: str, kind: str, namespace: str, name: str, **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": dict(OWNER)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What is done to one object of a grant. before is None where it is created, after where it is deleted. rules: of a
    role, with their reasons. hidden: the object may not be read, so it is unknown whether anything changes."""

    before: Object | None
    after: Mapping[str, Any] | None
    rules: Sequence[Rule] = ()
    hidden: bool = False

    @property
    def ref(self) -> Ref:
        return Ref.of(self.after or self.before or {})

    @property
    def action(self) -> str:
        if self.after is None:
            return "delete"
        return "update" if self.before else "create"


Find: TypeAlias = Callable[[Ref], "Object | None"]


def grant_changes(grant: Grant, find: Find) -> list[GrantChange]:
    """Objects of a grant that are missing or different. find: gives the live object of a reference, or None; it raises
    ``ApiError`` with status 403 for one that may not be read."""
    changes = []
    for wanted in grant.objects():
        ref = Ref.of(wanted)
        rules = grant.rules_of(ref)
        try:
            live = find(ref)
        except ApiError as error:
            if error.status != 403:
                raise
            changes.append(GrantChange(None, wanted, rules, hidden=True))
            continue
        if live is None:
            changes.append(GrantChange(None, wanted, rules))
            continue
        after = _updated(live, wanted)
        if after is not None:
            changes.append(GrantChange(live, after, rules))
    return changes


def _updated(live: Object, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The live object brought to what is wanted, or None where it is that already. A namespace keeps everything but the
    labels that were asked for; a namespace that was there before stays somebody else's."""
    metadata = wanted["metadata"]
    labels = dict(metadata["labels"])
    if wanted["kind"] == "Namespace":
        for own in (MADE_LABEL, *OWNER):
            labels.pop(own, None)
    known = annotations_of(live)
    annotations = {key: value for key, value in annotations_of(wanted).items() if key not in ONCE or key not in known}
    parts = {key: value for key, value in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
    same = (
        all(_holds(live.get(key), value) for key, value in parts.items()) and labels.items() <= labels_of(live).items()
    )
    if same and annotations.items() <= known.items():
        return None
    merged = {**live["metadata"], "labels": {**labels_of(live), **labels}}
    if annotations:
        merged["annotations"] = {**known, **annotations}
    merged.pop("managedFields", None)
    return {**live, **parts, "apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": merged}


def _holds(live: Any, wanted: Any) -> bool:
    """Whether a field is what is wanted, apart from what the API server fills in: it adds defaults to the entries of a
    LimitRange."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return all(_holds(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(live, list):
        return len(wanted) == len(live) and all(_holds(left, right) for left, right in zip(live, wanted, strict=True))
    return bool(live == wanted)


class GrantRefusedError(KubefateError):
    """We may not grant this. changes: what an administrator would have to do."""

    def __init__(self, error: ApiError, changes: Sequence[GrantChange]):
        super().__init__(error.msg, Kind.FORBIDDEN, "rbac", HINT)
        self.changes = tuple(changes)


HINT = (
    "Granting needs the rights that are granted, and the right to make namespaces, service accounts, roles and "
    "bindings. Run as an administrator, or let one apply these objects: with on_forbidden: manifest they are returned."
)


def apply_grant(api: Api, changes: Sequence[GrantChange]) -> None:
    """Make, update or delete the objects.

    Missing namespaces are made first; then everything is tried, and done only where all of it is permitted. Raises
    ``GrantRefusedError`` where it is not.
    """
    spaces = [change for change in changes if change.ref.kind == "Namespace"]
    rest = [change for change in changes if change.ref.kind != "Namespace"]
    try:
        for change in spaces:
            _apply(api, change, dry_run=False)
        for change in rest:
            _apply(api, change, dry_run=True)
        for change in rest:
            _apply(api, change, dry_run=False)
    except ApiError as error:
        if error.status == 403:
            raise GrantRefusedError(error, changes) from None
        error.phase = "rbac"
        raise


def _apply(api: Api, change: GrantChange, *, dry_run: bool) -> None:
    ref = change.ref
    try:
        if change.after is None:
            if not dry_run:
                api.delete(ref)
        elif change.before is None and ref.kind == "Namespace":
            make_namespace(api, change.after)
        elif change.before is None:
            api.create(change.after, dry_run=dry_run)
        elif ref.kind == "Namespace":
            api.patch(ref, {"metadata": {"labels": change.after["metadata"]["labels"]}}, dry_run=dry_run)
        else:
            api.replace(change.after, dry_run=dry_run)
    except ApiError as error:
        if dry_run and error.status == 404 and ref.kind.endswith("RoleBinding"):
            return  # its role was only tried as well; the right to bind it is that to make it
        if error.status == 409 and change.before is None:
            return  # somebody made it meanwhile; the next run looks at it
        raise


def use_of(name: str, home: str) -> list[Ref]:
    """Role and binding of those who may act as a service account, which an administrator made for them."""
    return [Ref(RBAC, "Role", home, f"{name}-use"), Ref(RBAC, "RoleBinding", home, f"{name}-use")]


def revocation(refs: Iterable[Ref], find: Find) -> list[GrantChange]:
    """The deletion of those of the objects that are there, last things first."""
    live = [(ref, find(ref)) for ref in refs]
    return [GrantChange(obj, None) for _ref, obj in reversed(live) if obj is not None]
