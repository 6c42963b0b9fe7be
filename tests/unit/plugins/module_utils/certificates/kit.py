# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A federation in memory whose certificates are decided, made and taken up as the real ones are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import Signer, issue
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import Certificate
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.pem import (
    certificate,
    signed_by,
    signing_request,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.planning import (
    Action,
    Authority,
    Entry,
    Federation,
    Held,
    Outsider,
    Policy,
    Stage,
    decide,
    decide_authority,
    trust,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.signing import (
    new_authority,
    new_key,
    new_request,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.takeup import Pod, Pods
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.wanted import Wanted, wanted
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.certificates import BY_MODULE

START = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = {"partyId": "9999", "modules": ["osx"], "osx": {"enableTLS": True}}


def osx(namespace: str = "bank", *addresses: str) -> Wanted:
    """What an OSX with TLS needs."""
    (found,) = wanted(SPEC, "9999", namespace, addresses)
    return found


def new_signer(name: str = "fate", days: int = 3650, now: datetime = START) -> Signer:
    text, key = new_authority(name, days, now)
    return Signer(certificate(text, name), key)


def issued(signer: Signer, entry: Wanted, days: int = 365, now: datetime = START) -> tuple[Certificate, str]:
    """A certificate for what is wanted, and its key."""
    key = new_key(rsa=entry.server.rsa)
    request = signing_request(new_request(key, entry.common_name, "fate", entry.names), "request")
    return issue([signer], request, entry.names, "test", signer="", days=days, now=now), key


@dataclass(slots=True)
class Party:
    """loaded: what its running server has read: its certificate and the authorities that it trusts."""

    host: str
    issuer: str
    wanted: Wanted
    held: Held = field(default_factory=Held)
    started: datetime | None = None
    loaded: tuple[Certificate, frozenset[str], tuple[Certificate, ...]] | None = None

    def entry(self) -> Entry:
        pods = Pods((Pod("osx-0", self.started, 10.0, False),)) if self.started else Pods()
        return Entry(self.host, self.wanted, self.held, self.issuer, pods)

    def start(self, now: datetime) -> None:
        """Start, or restart, its server."""
        if self.held.certificate:
            self.started = now
            prints = frozenset(found.fingerprint for found in self.held.trusted)
            self.loaded = (self.held.certificate, prints, self.held.trusted)


@dataclass(slots=True)
class World:
    """own: each party has an authority of its own."""

    own: bool = False
    days: int = 365
    ca_days: int = 3650
    now: datetime = START
    parties: list[Party] = field(default_factory=list)
    signers: dict[str, list[Signer]] = field(default_factory=dict)
    outsiders: list[Outsider] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return Policy(days=self.days, renew_days=30, ca_days=self.ca_days, ca_renew_days=90)

    def join(self) -> Party:
        number = len(self.parties)
        host = f"party-{number}"
        party = Party(host, host if self.own else "fate", osx(f"space-{number}"))
        self.parties.append(party)
        self.signers.setdefault(party.issuer, [])
        return party

    def federation(self) -> Federation:
        authorities = [
            Authority(name, tuple(signer.certificate for signer in known)) for name, known in self.signers.items()
        ]
        return Federation([party.entry() for party in self.parties], authorities, self.outsiders)

    def run(self, *, rotate: bool = False, force: bool = False) -> int:
        """One run of the playbook, without the restarts that it asks for; how much it changed."""
        policy = replace(self.policy, rotate=rotate, force=force)
        changed = self._stage(policy)
        federation = self.federation()
        bundle = trust(federation)
        for decision, party in zip(decide(federation, policy, self.now), self.parties, strict=True):
            if not decision.changes:
                continue
            changed += 1
            if decision.action is Action.ISSUE:
                signer = next(
                    found for found in self.signers[party.issuer] if found.certificate.fingerprint == decision.signer
                )
                fresh = issued(signer, party.wanted, self.days, self.now)[0]
                party.held = Held(True, True, fresh, bundle, True, self.now)
            else:
                party.held = replace(party.held, trusted=bundle, changed=self.now)
        return changed

    def _stage(self, policy: Policy) -> int:
        federation = self.federation()
        changed = 0
        for authority in federation.authorities:
            known = self.signers[authority.name]
            match decide_authority(authority, federation, policy, self.now).stage:
                case Stage.MAKE | Stage.INTRODUCE:
                    known.insert(0, new_signer(authority.name, self.ca_days, self.now))
                    changed += 1
                case Stage.RETIRE:
                    known.pop()
                    changed += 1
        return changed

    def restart(self, numbers: Sequence[int] | None = None) -> None:
        self.now += timedelta(seconds=5)
        for number, party in enumerate(self.parties):
            if numbers is None or number in numbers:
                party.start(self.now)
        self.now += timedelta(seconds=5)

    def links(self) -> set[tuple[str, str]]:
        """Pairs of parties whose running servers accept each other now."""
        return {
            (one.host, other.host)
            for one in self.parties
            for other in self.parties
            if one is not other and self._accepts(one, other) and self._accepts(other, one)
        }

    def _accepts(self, server: Party, caller: Party) -> bool:
        if server.loaded is None or caller.loaded is None:
            return False
        shown = caller.loaded[0]
        if shown.expired(self.now):
            return False
        return any(not found.expired(self.now) and signed_by(shown, found) for found in server.loaded[2])

    def all_links(self) -> set[tuple[str, str]]:
        hosts = [party.host for party in self.parties]
        return {(one, other) for one in hosts for other in hosts if one != other}


def server_of(module: str) -> Wanted:
    """What a server of that module needs in namespace bank."""
    server = BY_MODULE[module]
    return Wanted(server, server.secret, False, "9999.fate.org", frozenset({"9999.fate.org", server.services[0]}))
