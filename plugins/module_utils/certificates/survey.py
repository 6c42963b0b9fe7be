# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of a whole federation, read in one process: specs first, then each Kubernetes once.

What can be told without contact is told first: authorities that the inventory gives, names that no certificate can
have. A Kubernetes whose parties speak no TLS is not contacted. A party whose Secrets cannot be read fails alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..data import canonical
from ..errors import Kind, KubefateError, bad_input
from ..facts.certificates import LABEL
from ..facts.labels import MODULE as POD_LABEL
from ..kube.client import Api
from ..kube.connection import Connection, is_named
from ..kube.login import connect
from ..objects import Object, Ref, labels_of
from ..spec.loading import identity, load
from .authority import Vault, given, public, signers_of
from .findings import Finding, Level, findings
from .model import Certificate
from .pem import certificates
from .planning import (
    Authority,
    AuthorityDecision,
    Decision,
    Entry,
    Federation,
    Outsider,
    Policy,
    decide,
    decide_authority,
    trust,
)
from .store import held_of, listed, secret_ref
from .takeup import pods_of
from .wanted import Wanted, wanted

WORKERS = 8


@dataclass(slots=True)
class Member:
    """One host of the inventory. error ends its part; the others go on."""

    host: str
    given: Mapping[str, Any]
    connection: Connection | None = None
    name: str = ""
    namespace: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    error: KubefateError | None = None

    @property
    def issuer(self) -> str:
        return str(self.given.get("issuer") or "")


@dataclass(slots=True)
class Server:
    """One API server, reached with one set of credentials."""

    api: Api
    secrets: Mapping[Ref, Object] = field(default_factory=dict)
    pods: Sequence[Object] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found, and what is to be done about it."""

    members: Sequence[Member]
    federation: Federation
    decisions: Sequence[Decision]
    authorities: Sequence[AuthorityDecision]
    findings: Sequence[Finding]
    trust: tuple[Certificate, ...]

    def of(self, host: str) -> list[Decision]:
        return [decision for decision in self.decisions if decision.entry.host == host]


class Surveyor:
    """open_api makes what reaches a Kubernetes. members and authorities: as in ``fate_certificate_info``."""

    def __init__(
        self,
        members: Sequence[Mapping[str, Any]],
        authorities: Sequence[Mapping[str, Any]],
        policy: Policy,
        *,
        trusted: str = "",
        use_current_context: bool = False,
        open_api: Callable[[Connection], Api] = Api,
    ):
        self.members = [Member(str(entry["host"]), entry) for entry in members]
        self.authorities = authorities
        self.policy, self.open_api, self.use_current_context = policy, open_api, use_current_context
        self.extra = certificates(trusted, "trust") if trusted.strip() else ()
        self._servers: dict[str, Server] = {}

    def survey(self, now: datetime) -> Survey:
        """Read everything, and decide. Raises ``KubefateError`` for what is wrong with the federation as a whole."""
        known = {str(entry["name"]): self._given(entry) for entry in self.authorities}
        outsiders = [_outsider(member) for member in self.members if not member.given.get("managed", True)]
        for member in self._managed():
            self._attempt(member, self._read)
        before = self._before_contact([found for found in known.values() if found], now)
        if not before:
            self._contact(known)
        for member in self._managed():
            self._attempt(member, self._entries)
        found = [authority or Authority(name) for name, authority in known.items()]
        entries = [entry for member in self.members for entry in member.entries]
        federation = Federation(entries, found, outsiders, self.extra)
        decisions = decide(federation, self.policy, now)
        staged = [
            decide_authority(authority, federation, self.policy, now) for authority in found if not authority.given
        ]
        said = before or findings(federation, decisions, self.policy, now)
        self._refuse(said)
        return Survey(self.members, federation, decisions, staged, said, trust(federation))

    # before contact ------------------------------------------------------------------------------------------------
    def _managed(self) -> list[Member]:
        return [member for member in self.members if member.given.get("managed", True)]

    def _attempt(self, member: Member, work: Callable[[Member], None]) -> None:
        if member.error is None:
            try:
                work(member)
            except KubefateError as error:
                member.error = error

    def _given(self, entry: Mapping[str, Any]) -> Authority | None:
        """An authority that the inventory gives; None for one that is in a Secret."""
        signers = given(str(entry["name"]), entry)
        return public(str(entry["name"]), signers, is_given=True) if signers else None

    def _read(self, member: Member) -> None:
        options = member.given
        spec = load(options.get("spec_files") or [], options.get("spec") or {})
        name, namespace, _chart, _version = identity(spec)
        member.name = str(options.get("name") or name)
        member.namespace = str(options.get("namespace") or namespace or member.name)
        member.spec = spec.data
        party_id = "" if options.get("role") == "exchange" else str(spec.data.get("partyId") or "")
        member.wanted = wanted(spec.data, party_id, member.namespace, options.get("names") or [])
        if not member.wanted:
            return
        connection = options.get("connection") or {}
        if not is_named(connection) and not self.use_current_context:
            raise bad_input(
                f"Nothing says which Kubernetes {member.host} is on.",
                "Give fate_kubeconfig, fate_context or fate_host; or set fate_use_current_context: true if the current "
                "context of your kubeconfig is really meant.",
                "connect",
            )
        member.connection = connect(connection)

    def _before_contact(self, authorities: Sequence[Authority], now: datetime) -> list[Finding]:
        """Errors that need no Kubernetes to be seen."""
        if not any(member.wanted and member.issuer for member in self._managed()):
            return []
        said = findings(Federation((), authorities), (), self.policy, now)
        return [finding for finding in said if finding.level is Level.ERROR]

    # contact -------------------------------------------------------------------------------------------------------
    def _contact(self, known: dict[str, Authority | None]) -> None:
        """Read every Kubernetes, several at once, and the authorities that are kept in Secrets."""
        for member in self._managed():
            if member.error is None and member.connection is not None:
                self._server(member.connection)

        def read(server: Server) -> tuple[Server, KubefateError | None]:
            try:
                self._look(server)
            except KubefateError as error:
                return server, error
            return server, None

        for server, error in _pooled(read, list(self._servers.values())):
            for member in self._on(server) if error else ():
                member.error = error
        wanting = {member.issuer for member in self._managed() if member.wanted}
        for entry in self.authorities:
            name = str(entry["name"])
            if known[name] is None and name in wanting:
                known[name] = self._kept(name, entry)

    def _kept(self, name: str, entry: Mapping[str, Any]) -> Authority:
        """An authority in a Secret. Where it cannot be read, those that get certificates from it fail."""
        try:
            server = self._server(connect(entry.get("connection") or {}))
            vault = Vault(server.api, str(entry["namespace"]), str(entry["secret"]), "")
            return public(name, signers_of(vault.read()), is_given=False)
        except KubefateError as error:
            for member in self._managed():
                if member.issuer == name and member.wanted:
                    member.error = member.error or error
            return Authority(name)

    def _server(self, connection: Connection) -> Server:
        key = canonical(connection.kubeconfig)
        if key not in self._servers:
            self._servers[key] = Server(self.open_api(connection))
        return self._servers[key]

    def _on(self, server: Server) -> list[Member]:
        return [
            member
            for member in self._managed()
            if member.error is None and member.connection and self._server(member.connection) is server
        ]

    def _look(self, server: Server) -> None:
        members = self._on(server)
        if not members:
            return
        spaces = [member.namespace for member in members]
        made, refused = listed(server.api, ("v1", "Secret"), spaces, LABEL)
        found = {Ref.of(secret): secret for secret in made}
        for member in members:
            if member.namespace in refused:
                member.error = _forbidden(member)
        wanting = [
            secret_ref(member.namespace, entry.secret)
            for member in members
            if member.error is None
            for entry in member.wanted
        ]
        missing = [ref for ref in wanting if ref not in found]
        found |= {
            ref: secret
            for ref, secret in zip(missing, server.api.parallel(server.api.find, missing), strict=True)
            if secret
        }
        server.secrets = found
        labels = sorted({entry.server.label for member in members for entry in member.wanted})
        server.pods = listed(server.api, ("v1", "Pod"), spaces, f"{POD_LABEL} in ({','.join(labels)})")[0]

    def _entries(self, member: Member) -> None:
        if member.connection is None:
            return
        server = self._server(member.connection)
        for entry in member.wanted:
            secret = server.secrets.get(secret_ref(member.namespace, entry.secret))
            pods = [
                pod
                for pod in server.pods
                if pod["metadata"].get("namespace") == member.namespace
                and labels_of(pod).get(POD_LABEL) == entry.server.label
            ]
            issuer = "" if entry.own else member.issuer
            member.entries.append(Entry(member.host, entry, held_of(secret, entry.server), issuer, pods_of(pods)))

    def _refuse(self, said: Iterable[Finding]) -> None:
        """Errors keep their hosts, or those that get their certificates from there, from being changed."""
        for finding in said:
            if finding.level is not Level.ERROR:
                continue
            for member in self._managed():
                if member.wanted and member.error is None and finding.host in (member.host, member.issuer):
                    member.error = KubefateError(finding.text, Kind.REFUSED, "plan", finding.hint)


def _forbidden(member: Member) -> KubefateError:
    return KubefateError(
        f"The Secrets of namespace {member.namespace}, where {member.host} is, may not be read.",
        Kind.FORBIDDEN,
        "gather",
        "Grant the verbs get and list on Secrets there, or use credentials that have them.",
    )


def _outsider(member: Member) -> Outsider:
    given_options = member.given
    text = str(given_options.get("authority") or "")
    return Outsider(
        member.host,
        certificates(text, f"fate_authority_certificate of {member.host}") if text.strip() else (),
        _fingerprints(given_options.get("trusts")),
        _fingerprints(given_options.get("issuers")),
    )


def _fingerprints(found: Iterable[str] | None) -> frozenset[str] | None:
    return None if found is None else frozenset(str(entry).replace(":", "").lower() for entry in found)


def with_addresses(member: Mapping[str, Any], routes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A member's options with the addresses under which the routes of a federation reach it."""
    found = [str(route["address"]) for route in routes if route.get("to") == member["host"] and route.get("address")]
    return {**member, "names": [*(member.get("names") or []), *found]}


def _pooled(
    work: Callable[[Server], tuple[Server, KubefateError | None]], over: Sequence[Server]
) -> list[tuple[Server, KubefateError | None]]:
    if len(over) < 2:
        return [work(item) for item in over]
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(over))) as pool:
        return list(pool.map(work, over))
