# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making, renewing, rotating and taking away users."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ..access import kubeconfig
from ..access.credentials import (
    EXPIRES,
    LONGEST,
    SHORTEST,
    Issued,
    as_result,
    claims,
    end,
    is_over,
    issue_token,
    parsed,
    records_of,
)
from ..access.grants import Grant, GrantChange, apply_grant, grant_changes, revocation, use_of
from ..access.identity import identify
from ..access.model import RBAC
from ..access.namespaces import is_ours
from ..access.parts import Part
from ..access.roles import UserRole
from ..access.users import User, UserKind, bindings_of, person_grant, user_of
from ..errors import KubefateError, bad_input
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of
from .access_show import grant_diff, grant_result

CREDENTIALS = (UserKind.SERVICE_ACCOUNT, UserKind.CERTIFICATE)
"""Kinds of users that are given a kubeconfig here."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants of a user. namespaces: of the parties. lifetime, renew_before: seconds. dest: where the
    kubeconfig goes, else empty. returned: whether it is in the result, too."""

    name: str
    kind: UserKind
    role: UserRole
    namespaces: Sequence[str]
    store_namespace: str
    home: str = ""
    parts: Sequence[Part] = ()
    hooks: Sequence[Part] = ()
    lifetime: int = 8 * 3600
    renew_before: int = 2 * 3600
    dest: str = ""
    returned: bool = False

    def with_parts(self, parts: Sequence[Part], hooks: Sequence[Part]) -> Wish:
        return replace(self, parts=parts, hooks=hooks)

    @property
    def wants_credential(self) -> bool:
        return bool(self.dest) or self.returned

    def check(self, *, rotate: bool, planned: bool = False) -> None:
        """Raise ``KubefateError`` for what can be seen to be wrong before anything is contacted. planned: nothing is
        done, so that a folder may be missing that somebody would have made by now."""
        if rotate and not self.wants_credential:
            raise bad_input(
                "Nothing says where the new kubeconfig goes.", "Give kubeconfig_dest, or return_kubeconfig: true."
            )
        if not self.wants_credential:
            return
        if self.kind not in CREDENTIALS:
            raise bad_input(
                f"{self.name} is a {self.kind} of the identity provider, which alone can give it a kubeconfig.",
                "Leave kubeconfig_dest and return_kubeconfig out, or use kind: service_account or kind: certificate.",
            )
        if not SHORTEST <= self.lifetime < LONGEST:
            raise bad_input(
                f"lifetime: Kubernetes gives credentials for {SHORTEST} s at least and {LONGEST - 1} s at most; "
                f"{self.lifetime} s were asked for."
            )
        if self.renew_before >= self.lifetime:
            raise bad_input("renew_before is not shorter than lifetime: each run would renew the credential.")
        if self.dest and not (planned and not os.path.exists(os.path.dirname(os.path.abspath(self.dest)))):
            kubeconfig.check_place(self.dest)


@dataclass(slots=True)
class Users:
    """Changes the users of one Kubernetes."""

    api: Api
    wish: Wish
    check_mode: bool
    warnings: list[str] = field(default_factory=list)
    _seen: list[Object] | None = None

    def present(self, *, rotate: bool) -> dict[str, Any]:
        """The user with its rights and, where that is wanted, a kubeconfig that works for a while."""
        wish, api = self.wish, self.api
        self._ours()
        me = identify(api)
        user = self._user(rotate=rotate)
        grant = person_grant(user, wish.namespaces, wish.store_namespace, wish.parts, wish.hooks, me.name)
        changes = [*grant_changes(grant, api.find), *self._leftovers(user, grant)]
        records = self._records(user)
        valid = not rotate and self._is_valid(user, records)
        issuing = wish.wants_credential and not valid
        issued: Issued | None = None
        if not self.check_mode:
            apply_grant(api, changes)
            if issuing:
                issued = self._issue(user, me.name, changes, None if rotate else self._renewable(user, records))
                end(api, records if rotate else [record for record in records if is_over(record)])
            records = self._records(user) if issuing else records
        if rotate and user.kind is UserKind.CERTIFICATE:
            self.warnings.append(
                f"Earlier certificates of {user.name} cannot be revoked in Kubernetes. They still say who it is, but "
                "carry no rights of this collection any more."
            )
        return self._result(user, grant, changes, records, issued, changed=bool(changes) or issuing)

    def absent(self) -> dict[str, Any]:
        """No user of that name: neither rights nor account nor credentials."""
        api = self.api
        self._ours(gone=True)
        me = identify(api)
        found = [user for user in self._known() if self._is_meant(user)]
        changes: list[GrantChange] = []
        for user in found:
            if user.is_me(me):
                raise bad_input(
                    f"{user.name} is who you are yourself: nobody revokes himself.", "Let another administrator do it."
                )
            changes += self._parting(user)
        if not self.check_mode:
            apply_grant(api, changes)
        for user in found:
            self._farewell(user)
        return {
            "changed": bool(changes),
            "diff": grant_diff(changes),
            **grant_result(changes),
            "user": {},
            "credentials": [],
            "warnings": self.warnings,
        }

    # who ---------------------------------------------------------------------------------------------------------
    def _ours(self, *, gone: bool = False) -> None:
        """Raise ``KubefateError`` for a namespace that has nothing to do with FATE."""
        for namespace in self.wish.namespaces:
            if namespace == self.wish.store_namespace:
                continue
            try:
                ours = is_ours(self.api, namespace)
            except ApiError as error:
                if error.status == 404 and not gone:
                    raise bad_input(
                        f"Namespace {namespace} does not exist.", "Deploy the party first, or correct namespaces."
                    ) from None
                if error.status == 404:
                    continue
                raise
            if not ours:
                raise bad_input(
                    f"Namespace {namespace} has nothing to do with FATE as far as may be seen: this collection made "
                    "nothing in it, and there is no release of FATE.",
                    "Correct namespaces, or grant the deployer its rights there first (role rbac).",
                )

    def _bindings(self) -> list[Object]:
        """Our bindings, as far as they may be seen."""
        if self._seen is None:
            self._seen = bindings_of(self.api, self._spaces)
        return self._seen

    @property
    def _spaces(self) -> list[str]:
        return list(dict.fromkeys([*self.wish.namespaces, self.wish.store_namespace]))

    def _known(self) -> list[User]:
        """Users of that kind and name; one for each home."""
        users = [user for binding in self._bindings() if (user := user_of(binding)) is not None]
        named = [
            user
            for user in users
            if (user.kind, user.name) == (self.wish.kind, self.wish.name) and user.role is not UserRole.DEPLOYER
        ]
        return list({(user.home, user.generation): user for user in named}.values())

    def _is_meant(self, user: User) -> bool:
        """Whether this one is to go: there may be others of that name, elsewhere on the same Kubernetes."""
        if self.wish.home or not user.home:
            return user.home in ("", self.wish.home)
        holds = {Ref.of(binding).namespace for binding in self._of(user)}
        return user.home in self._spaces or not holds.isdisjoint(self.wish.namespaces)

    def _of(self, user: User) -> list[Object]:
        """The bindings of a user."""
        return [
            binding
            for binding in self._bindings()
            if (found := user_of(binding)) is not None and (found.key, found.kind) == (user.key, user.kind)
        ]

    def _user(self, *, rotate: bool) -> User:
        wish = self.wish
        user = User(wish.name, wish.kind, wish.role, wish.home or self._home())
        known = self._known()
        if wish.kind is UserKind.SERVICE_ACCOUNT:
            self._same_home(user, known)
        if wish.kind is UserKind.CERTIFICATE:
            kept = known[0].generation if known and not rotate else ""
            user = replace(user, generation=kept or secrets.token_hex(4))
        return user

    def _home(self) -> str:
        """Where the account of a user lives. Who may make pods in a namespace can act as every account of it: those of
        admins, and of users of several parties, live where only job records and charts are."""
        wish = self.wish
        single = len(wish.namespaces) == 1 and wish.role is not UserRole.ADMIN
        return wish.namespaces[0] if single else wish.store_namespace

    def _same_home(self, user: User, others: Sequence[User]) -> None:
        """Raise ``KubefateError`` where a user with rights in these namespaces has its account elsewhere."""
        for other in others:
            shared = {Ref.of(binding).namespace for binding in self._of(other)} & set(self.wish.namespaces)
            if other.home != user.home and shared:
                raise bad_input(
                    f"{other.name} has its account in namespace {other.home}; with these namespaces and role "
                    f"{user.role} it would be one in {user.home}.",
                    f"Remove the user first (state: absent), or keep the account with namespace: {other.home}.",
                )

    # rights ------------------------------------------------------------------------------------------------------
    def _leftovers(self, user: User, grant: Grant) -> list[GrantChange]:
        """Roles and bindings in namespaces that the user has nothing to do with any more."""
        kept = {(namespace, grant.role_name(namespace)) for namespace in grant.rules}
        gone = [binding for binding in self._of(user) if (Ref.of(binding).namespace, Ref.of(binding).name) not in kept]
        return [change for binding in gone for change in self._binding_and_role(binding)]

    def _binding_and_role(self, binding: Object) -> list[GrantChange]:
        ref = Ref.of(binding)
        return revocation([Ref(RBAC, "Role", ref.namespace, ref.name), ref], self.api.find)

    def _parting(self, user: User) -> list[GrantChange]:
        """Everything that makes somebody a user: rights first, then the account, then the records."""
        changes = [change for binding in self._of(user) for change in self._binding_and_role(binding)]
        if user.kind is UserKind.SERVICE_ACCOUNT:
            account = Ref("v1", "ServiceAccount", user.home, user.name)
            changes += revocation([account, *use_of(user.name, user.home)], self.api.find)
        return [*changes, *(GrantChange(record, None) for record in self._records(user))]

    def _farewell(self, user: User) -> None:
        match user.kind:
            case UserKind.CERTIFICATE:
                self.warnings.append(
                    f"A certificate cannot be revoked in Kubernetes: that of {user.name} still says who it is until it "
                    "expires. The rights that this collection gave it are gone."
                )
            case UserKind.USER | UserKind.GROUP:
                self.warnings.append(
                    f"{user.name} stays in the identity provider. The rights that this collection gave it are gone."
                )
            case _:
                pass

    # credentials -------------------------------------------------------------------------------------------------
    def _records(self, user: User) -> list[Object]:
        """Records of credentials; those of a certificate user may lie in any of the namespaces."""
        if user.kind not in CREDENTIALS:
            return []
        found: list[Object] = []
        for home in [user.home] if user.kind is UserKind.SERVICE_ACCOUNT else self._spaces:
            with suppress(ApiError):
                found += records_of(self.api, user, home)
        return found

    def _is_valid(self, user: User, records: Sequence[Object]) -> bool:
        """Whether the kubeconfig that is there lasts long enough, is for this user and server, and still holds."""
        dest = self.wish.dest
        if not dest or self.wish.returned:
            return False
        found = kubeconfig.read(dest)
        if not found or found["server"] != self.api.connection.server or not kubeconfig.is_private(dest):
            return False
        entry = found["entry"]
        if user.kind is UserKind.SERVICE_ACCOUNT:
            return self._token_holds(user, claims(str(entry.get("token") or "")), records)
        live = [record for record in records if not is_over(record)]
        return bool(entry.get("client-certificate-data")) and bool(live) and self._lasts(live[0])

    def _token_holds(self, user: User, said: Any, records: Sequence[Object]) -> bool:
        inside = said.get("kubernetes.io") or {}
        account = inside.get("serviceaccount") or {}
        bound = str((inside.get("secret") or {}).get("uid"))
        if (account.get("name"), inside.get("namespace")) != (user.name, user.home):
            return False
        lasting = float(said.get("exp") or 0) - datetime.now(UTC).timestamp()
        return lasting > self.wish.renew_before and any(record["metadata"]["uid"] == bound for record in records)

    def _lasts(self, record: Object) -> bool:
        until = annotations_of(record).get(EXPIRES, "")
        return bool(until) and (parsed(until) - datetime.now(UTC)).total_seconds() > self.wish.renew_before

    def _renewable(self, user: User, records: Sequence[Object]) -> Object | None:
        """The record of the credential in the file, which a new token is bound to as well."""
        if user.kind is not UserKind.SERVICE_ACCOUNT or not self.wish.dest:
            return None
        entry = (kubeconfig.read(self.wish.dest) or {}).get("entry") or {}
        inside = claims(str(entry.get("token") or "")).get("kubernetes.io") or {}
        uid = str((inside.get("secret") or {}).get("uid"))
        return next((record for record in records if record["metadata"]["uid"] == uid), None)

    def _issue(self, user: User, by: str, changes: Sequence[GrantChange], record: Object | None) -> Issued:
        """A credential. Where there is none to be had, what was changed for it is taken back."""
        try:
            if user.kind is UserKind.CERTIFICATE:
                from ..access.certificates import issue_certificate  # few users are known by a certificate

                return issue_certificate(self.api, user, self.wish.lifetime, by)
            return issue_token(self.api, user, self.wish.lifetime, by, record)
        except KubefateError:
            self._take_back(changes)
            raise

    def _take_back(self, changes: Sequence[GrantChange]) -> None:
        for change in reversed(changes):
            with suppress(KubefateError):
                if change.before is None:
                    self.api.delete(change.ref)
                else:
                    before = {**change.before, "metadata": dict(change.before["metadata"])}
                    before["metadata"].pop("resourceVersion", None)
                    if change.after is None:
                        before["metadata"].pop("uid", None)
                        self.api.create(before)
                    else:
                        self.api.replace(before)

    # the result --------------------------------------------------------------------------------------------------
    def _result(
        self,
        user: User,
        grant: Grant,
        changes: Sequence[GrantChange],
        records: Sequence[Object],
        issued: Issued | None,
        *,
        changed: bool,
    ) -> dict[str, Any]:
        out: dict[str, Any] = {
            "changed": changed,
            "diff": grant_diff(changes),
            **grant_result(changes),
            "user": user_result(user, grant),
            "credentials": [as_result(record) for record in records],
            "warnings": self.warnings,
        }
        if issued is not None:
            made = kubeconfig.build(self.api.connection, user.name, issued.entry, self.wish.namespaces[0])
            if self.wish.dest:
                kubeconfig.write(self.wish.dest, kubeconfig.as_text(made))
            if self.wish.returned:
                out["kubeconfig"] = made
            out["expires"] = issued.expires
        return out


def user_result(user: User, grant: Grant) -> dict[str, Any]:
    """A user as results show it, with the reasons of its rules."""
    return {
        "name": user.name,
        "kind": str(user.kind),
        "role": str(user.role),
        "namespace": user.home if user.kind is UserKind.SERVICE_ACCOUNT else "",
        "namespaces": list(grant.rules),
        "access": [
            {"namespace": space, "rules": [rule.as_result() for rule in rules]} for space, rules in grant.rules.items()
        ],
    }
