# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what certificates there are to what is done about them. Pure.

Nobody may get a certificate from an authority that the others do not trust yet: so a new authority is first made
known, then signs, and the old one is forgotten when nothing that it signed is in use. Each run does what can be done
without breaking a connection; the next one goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .model import Certificate
from .pem import signed_by
from .takeup import Pods, TakeUp, consequence, take_up
from .wanted import Wanted


class Action(StrEnum):
    """What is done about one certificate. trust: only its bundle of authorities changes. refused: its Secret is
    somebody else's."""

    KEEP = "keep"
    ISSUE = "issue"
    TRUST = "trust"
    REFUSED = "refused"


class Stage(StrEnum):
    """What is done about an authority. introduce: another one is made beside it. retire: the older one is forgotten.
    wait: neither yet."""

    KEEP = "keep"
    MAKE = "make"
    INTRODUCE = "introduce"
    WAIT = "wait"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Policy:
    """days: that a certificate is valid. renew_days: before its end from which on it is renewed. ca_renew_days: the
    same for an authority. horizon: seconds that a run may take; what expires within is an error. force: renew all.
    rotate: introduce another authority."""

    days: int = 365
    renew_days: int = 30
    ca_days: int = 3650
    ca_renew_days: int = 180
    horizon: float = 3600.0
    force: bool = False
    rotate: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a Secret holds. ours: this collection made it, or there is none. fits: its key belongs to the certificate.
    changed: when, by the API server's clock."""

    there: bool = False
    ours: bool = True
    certificate: Certificate | None = None
    trusted: tuple[Certificate, ...] = ()
    fits: bool = False
    changed: datetime | None = None

    def usable(self, now: datetime) -> bool:
        return self.certificate is not None and self.fits and not self.certificate.expired(now)


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate of one host. issuer: name of the authority that it gets it from; empty where nobody but its user
    makes it."""

    host: str
    wanted: Wanted
    held: Held
    issuer: str = ""
    pods: Pods = field(default_factory=Pods)


@dataclass(frozen=True, slots=True)
class Authority:
    """One that signs. certificates: at most two, the newest first. given: by the inventory, which alone changes it."""

    name: str
    certificates: tuple[Certificate, ...] = ()
    given: bool = False


@dataclass(frozen=True, slots=True)
class Outsider:
    """A member whose Secrets are not seen. authorities: its own. trusts: fingerprints of the authorities that it
    trusts, and issuers of those that signed its certificates; None where that is not known."""

    host: str
    authorities: tuple[Certificate, ...] = ()
    trusts: frozenset[str] | None = None
    issuers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Federation:
    """All certificates of a federation. extra: authorities that all trust besides."""

    entries: Sequence[Entry]
    authorities: Sequence[Authority]
    outsiders: Sequence[Outsider] = ()
    extra: Sequence[Certificate] = ()

    def authority(self, name: str) -> Authority:
        return next(found for found in self.authorities if found.name == name)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one entry. signer: fingerprint of the authority that signs. waiting: hosts that do not trust a
    newer one yet. pending: what its server still needs to use what the Secret holds now."""

    entry: Entry
    action: Action
    reason: str
    signer: str = ""
    waiting: tuple[str, ...] = ()
    pending: TakeUp = TakeUp.NOTHING

    @property
    def changes(self) -> bool:
        return self.action in (Action.ISSUE, Action.TRUST)

    @property
    def take_up(self) -> TakeUp:
        """What its server needs once this is done."""
        return consequence(self.entry.wanted.server, self.entry.pods) if self.changes else self.pending


@dataclass(frozen=True, slots=True)
class AuthorityDecision:
    name: str
    stage: Stage
    reason: str
    waiting: tuple[str, ...] = ()


def trust(federation: Federation) -> tuple[Certificate, ...]:
    """The authorities that everybody has to trust: those that sign, and those that signed what is still in use."""
    known = [found for authority in federation.authorities for found in authority.certificates]
    known += [found for outsider in federation.outsiders for found in outsider.authorities]
    known += federation.extra
    wanted = {found.fingerprint: found for found in known}
    for entry in federation.entries:
        held = entry.held.certificate
        for found in entry.held.trusted:
            if held is not None and found.fingerprint not in wanted and signed_by(held, found):
                wanted[found.fingerprint] = found
    return tuple(wanted.values())


def decide(federation: Federation, policy: Policy, now: datetime) -> list[Decision]:
    """What is done about each certificate."""
    bundle = frozenset(found.fingerprint for found in trust(federation))
    return [_decide(entry, federation, bundle, policy, now) for entry in federation.entries]


def _decide(entry: Entry, federation: Federation, bundle: frozenset[str], policy: Policy, now: datetime) -> Decision:
    up = take_up(entry.wanted.server, entry.held.changed, entry.pods, now)
    if not entry.issuer:
        return Decision(entry, Action.KEEP, "its user makes it", pending=up)
    if not entry.held.ours:
        return Decision(entry, Action.REFUSED, f"Secret {entry.wanted.secret} was not made by this collection")
    authority = federation.authority(entry.issuer)
    signer, waiting = _signer(entry, authority, federation, now)
    why = _why(entry, authority, signer, policy, now)
    if why and (signer is not None or not authority.certificates):
        return Decision(entry, Action.ISSUE, why, signer.fingerprint if signer else "", waiting, up)
    if frozenset(found.fingerprint for found in entry.held.trusted) != bundle:
        return Decision(entry, Action.TRUST, "other authorities are to be trusted", waiting=waiting, pending=up)
    reason = f"{', '.join(waiting)} do not trust the newest authority yet" if waiting else "it is as it should be"
    return Decision(entry, Action.KEEP, reason, waiting=waiting, pending=up)


def _signer(
    entry: Entry, authority: Authority, federation: Federation, now: datetime
) -> tuple[Certificate | None, tuple[str, ...]]:
    """The newest certificate of the authority that all who talk to this host trust; and who does not trust a newer one.

    For a host that has no certificate that works, it is the newest in any case: nobody talks to it."""
    able = [found for found in authority.certificates if not found.expired(now)]
    if not able:
        return None, ()
    if not entry.held.usable(now):
        return able[0], ()
    waiting: tuple[str, ...] = ()
    for found in able:
        lacking = _distrusting(found, federation, now)
        if not lacking:
            return found, waiting
        waiting = waiting or lacking
    return None, waiting


def signer_for_others(authority: Authority, federation: Federation, now: datetime) -> str:
    """Fingerprint of the certificate that signs for members whose Secrets are not seen: the newest that everybody is
    known to trust, else the oldest. Empty where there is none."""
    able = [found for found in authority.certificates if not found.expired(now)]
    trusted = [found for found in able if not _distrusting(found, federation, now)]
    return next((found.fingerprint for found in [*trusted, *reversed(able)]), "")


def _distrusting(authority: Certificate, federation: Federation, now: datetime) -> tuple[str, ...]:
    """Hosts whose running servers do not trust an authority."""
    lacking: dict[str, None] = {}
    for entry in federation.entries:
        if not entry.held.usable(now) or not entry.issuer:
            continue
        up = take_up(entry.wanted.server, entry.held.changed, entry.pods, now)
        known = any(found.fingerprint == authority.fingerprint for found in entry.held.trusted)
        if not known or up is not TakeUp.NOTHING:
            lacking[entry.host] = None
    for outsider in federation.outsiders:
        if outsider.trusts is None or authority.fingerprint not in outsider.trusts:
            lacking[outsider.host] = None
    return tuple(lacking)


def _why(entry: Entry, authority: Authority, signer: Certificate | None, policy: Policy, now: datetime) -> str:
    """Why an entry needs another certificate; empty if it does not."""
    held = entry.held.certificate
    if held is None:
        return "it cannot be read" if entry.held.there else "there is none yet"
    if not entry.held.fits:
        return "its key is another one's"
    if held.expired(now):
        return f"it expired on {held.not_after:%Y-%m-%d}"
    missing = sorted(entry.wanted.names - held.names)
    if missing:
        return f"it is not for {', '.join(missing)}"
    if signer is None:
        return ""
    if not signed_by(held, signer):
        older = any(signed_by(held, found) for found in authority.certificates)
        return "there is a newer authority" if older else "another authority signed it"
    if policy.force:
        return "its renewal was asked for"
    end = min(now + timedelta(days=policy.days), signer.not_after)
    if held.not_after - now < timedelta(days=policy.renew_days) and end - held.not_after > timedelta(days=1):
        return f"it expires on {held.not_after:%Y-%m-%d}"
    return ""


def decide_authority(authority: Authority, federation: Federation, policy: Policy, now: datetime) -> AuthorityDecision:
    """What is done about one authority."""
    if not authority.certificates:
        return AuthorityDecision(authority.name, Stage.MAKE, "there is none yet")
    newest, *older = authority.certificates
    if older:
        return _second_half(authority, older[0], federation, now)
    if policy.rotate:
        return AuthorityDecision(authority.name, Stage.INTRODUCE, "another one was asked for")
    if newest.not_after - now < timedelta(days=policy.ca_renew_days):
        return AuthorityDecision(authority.name, Stage.INTRODUCE, f"it expires on {newest.not_after:%Y-%m-%d}")
    return AuthorityDecision(authority.name, Stage.KEEP, f"it is valid until {newest.not_after:%Y-%m-%d}")


def _second_half(authority: Authority, old: Certificate, federation: Federation, now: datetime) -> AuthorityDecision:
    """The older of two authorities goes when nothing that it signed is in use, be it in the memory of a server."""
    using: dict[str, None] = {}
    for entry in federation.entries:
        held = entry.held.certificate
        up = take_up(entry.wanted.server, entry.held.changed, entry.pods, now)
        if held is not None and (signed_by(held, old) or up is not TakeUp.NOTHING):
            using[entry.host] = None
    for outsider in federation.outsiders:
        if outsider.issuers is None or old.fingerprint in outsider.issuers:
            using[outsider.host] = None
    if using:
        reason = f"{', '.join(using)} may still use what the older one signed"
        return AuthorityDecision(authority.name, Stage.WAIT, reason, tuple(using))
    return AuthorityDecision(authority.name, Stage.RETIRE, "nothing that the older one signed is in use")
