# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of FATE: who they are, what makes them one, and which there are, read from the cluster itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..data import digest
from ..errors import bad_input
from ..facts.labels import OWNED
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of, labels_of
from .grants import GRANTED_BY, Grant, Space, Subject
from .identity import Identity
from .model import RBAC, Rule, joined
from .openshift import Constraint
from .parts import Part
from .roles import UserRole, party_rules, store_rules_of

USER_LABEL = "kubefate.federatedai.org/user"
"""A digest of who the user is: names may hold what a label may not."""
ROLE_LABEL = "kubefate.federatedai.org/role"
KIND_ANNOTATION = "kubefate.federatedai.org/user-kind"
NAME_ANNOTATION = "kubefate.federatedai.org/user-name"
_PRINTABLE = re.compile(r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\Z")
_RESERVED = "system:"


class UserKind(StrEnum):
    """service_account: known by a token. certificate: known by a client certificate. user, group: of the identity
    provider, which alone knows how they show who they are."""

    SERVICE_ACCOUNT = "service_account"
    CERTIFICATE = "certificate"
    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may do something. home: the namespace of a service account; for others, of the records of their
    credentials. generation: of a certificate user's certificates, which names the group that has the rights."""

    name: str
    kind: UserKind
    role: UserRole
    home: str
    generation: str = ""

    @property
    def key(self) -> str:
        """The value of ``USER_LABEL``."""
        return digest(str(self.kind), self.home if self.kind is UserKind.SERVICE_ACCOUNT else "", self.name)[:32]

    @property
    def subject(self) -> Subject:
        match self.kind:
            case UserKind.SERVICE_ACCOUNT:
                return Subject("ServiceAccount", self.name, self.home)
            case UserKind.CERTIFICATE:
                return Subject("Group", self.group)
            case UserKind.USER:
                return Subject("User", self.name)
            case UserKind.GROUP:
                return Subject("Group", self.name)

    @property
    def group(self) -> str:
        """The group in a certificate. A certificate cannot be revoked; one whose group no binding names any more may
        do nothing."""
        return f"kubefate:{self.name}:{self.generation}"

    @property
    def object_name(self) -> str:
        """Of its roles and bindings: may hold everything but ``/`` and ``%``."""
        if self.kind is UserKind.SERVICE_ACCOUNT:
            return self.name
        plain = re.sub(r"[/%]", "-", self.name)
        name = f"kubefate:{self.kind}:{plain}"
        return name if plain == self.name and len(name) <= 200 else f"{name[:200]}-{digest(self.name)[:8]}"

    def is_me(self, me: Identity) -> bool:
        if self.kind in (UserKind.GROUP, UserKind.CERTIFICATE):
            mine = [group for group in me.groups if group.startswith(f"kubefate:{self.name}:")]
            return bool(mine) if self.kind is UserKind.CERTIFICATE else self.name in me.groups
        return bool(me.name) and me.name == self.subject.username


def check_user_name(kind: UserKind, name: str) -> None:
    """Raise ``KubefateError`` for a name that Kubernetes gives a meaning of its own, or cannot have. That of a service
    account is checked by ``spec.names.check_account``."""
    what = {UserKind.GROUP: "group"}.get(kind, "user")
    if not _PRINTABLE.match(name) or len(name) > 512:
        raise bad_input(f"{name!r} cannot be the name of a {what}.", "Write it as the identity provider does.")
    if name.startswith(_RESERVED):
        raise bad_input(
            f"{name!r} is a {what} of Kubernetes itself.",
            "Names that begin with system: are not given rights. For a service account, use kind: service_account.",
        )
    if kind is UserKind.CERTIFICATE and ":" in name:
        raise bad_input(f"{name!r} cannot be the name in a certificate.", "Choose one without a colon.")


def person_grant(
    user: User,
    namespaces: Sequence[str],
    store_namespace: str,
    parts: Sequence[Part],
    hooks: Sequence[Part] = (),
    granted_by: str = "",
) -> Grant:
    """The rights of a person in the namespaces of parties, and in the store namespace. No namespace is made for it.

    An admin whose namespaces include the store namespace manages the users there, too.
    """
    rules: dict[str, list[Rule]] = {
        space: party_rules(user.role, parts, hooks) for space in namespaces if space != store_namespace
    }
    store = store_rules_of(user.role)
    if store_namespace in namespaces:
        store = joined(party_rules(user.role, parts, hooks), store)
    rules[store_namespace] = store
    return Grant(
        user.object_name,
        user.subject,
        rules,
        labels=_labels(user),
        annotations={**_annotations(user), **({GRANTED_BY: granted_by} if granted_by else {})},
    )


def deployer_grant(
    name: str,
    namespace: str,
    store_namespace: str,
    parts: Sequence[Part],
    hooks: Sequence[Part] = (),
    *,
    space: Space | None = None,
    cluster: Sequence[Rule] = (),
    constraints: Sequence[Constraint] = (),
) -> Grant:
    """The rights of the account that deploys one party. space: what its namespace should have.

    Where the store namespace is the party's own, nothing outside of it is granted.
    """
    user = User(name, UserKind.SERVICE_ACCOUNT, UserRole.DEPLOYER, namespace)
    own = space or Space(namespace)
    rules = {namespace: party_rules(UserRole.DEPLOYER, parts, hooks)}
    spaces = [own]
    if store_namespace == namespace:
        rules[namespace] = joined(rules[namespace], store_rules_of(UserRole.DEPLOYER))
    else:
        rules[store_namespace] = store_rules_of(UserRole.DEPLOYER)
        spaces += [Space(store_namespace)] if own.create else []
    return Grant(
        name,
        user.subject,
        rules,
        spaces,
        cluster,
        constraints,
        labels=_labels(user),
        annotations=_annotations(user),
    )


def _labels(user: User) -> dict[str, str]:
    return {USER_LABEL: user.key, ROLE_LABEL: str(user.role)}


def _annotations(user: User) -> dict[str, str]:
    return {KIND_ANNOTATION: str(user.kind), NAME_ANNOTATION: user.name}


# who is there ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Held:
    """What one binding gives one user. rules: as the role has them; None where the role is gone or cannot be read."""

    user: User
    namespace: str
    rules: Sequence[Mapping[str, Any]] | None
    binding: Object


def bindings_of(api: Api, namespaces: Sequence[str]) -> list[Object]:
    """Our role bindings in the whole Kubernetes or, where they may not be listed there, in these namespaces."""
    try:
        return list(api.list_objects(RBAC, "RoleBinding", labels=OWNED))
    except ApiError as error:
        if error.status != 403:
            raise
    found: list[list[Object]] = api.parallel(
        lambda space: list(api.list_objects(RBAC, "RoleBinding", space, labels=OWNED)), dict.fromkeys(namespaces)
    )
    return [binding for bindings in found for binding in bindings]


def held(bindings: Iterable[Object], roles: Mapping[Ref, Object]) -> list[Held]:
    """Who has what by our bindings."""
    return [
        Held(user, Ref.of(binding).namespace, _rules(binding, roles), binding)
        for binding in bindings
        if (user := user_of(binding)) is not None
    ]


def user_of(binding: Object) -> User | None:
    """The user of one of our bindings; None for a binding that is for something else, such as pods of OpenShift."""
    subjects = binding.get("subjects") or []
    role = labels_of(binding).get(ROLE_LABEL)
    if len(subjects) != 1 or role not in set(UserRole):
        return None
    notes, subject = annotations_of(binding), subjects[0]
    kind = UserKind(notes.get(KIND_ANNOTATION, "service_account"))
    name = str(notes.get(NAME_ANNOTATION) or subject.get("name"))
    generation = str(subject.get("name")).rpartition(":")[2] if kind is UserKind.CERTIFICATE else ""
    home = str(subject.get("namespace") or "")
    return User(name, kind, UserRole(role), home, generation)


def _rules(binding: Object, roles: Mapping[Ref, Object]) -> Sequence[Mapping[str, Any]] | None:
    ref = binding.get("roleRef") or {}
    role = roles.get(Ref(RBAC, str(ref.get("kind")), Ref.of(binding).namespace, str(ref.get("name"))))
    return None if role is None else list(role.get("rules") or ())
