# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check finds. Nothing that is only simulated counts as proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..certificates.model import Certificate
from ..federation.model import Member, Table
from ..kube.client import Api
from ..objects import Object


class Verdict(StrEnum):
    """simulated: it was not looked at, since nothing listens, mounts or routes behind simulated pods."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    SIMULATED = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Finding:
    """host: whose fault it would be. target: who it is about besides, such as the other end of a link. seen_from: where
    it was looked from. measured: figures."""

    check: str
    host: str
    verdict: Verdict
    text: str
    hint: str = ""
    target: str = ""
    subject: str = ""
    seen_from: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "host": self.host,
            "target": self.target,
            "subject": self.subject,
            "verdict": str(self.verdict),
            "text": self.text,
            "hint": self.hint,
            "seen_from": self.seen_from,
            "measured": dict(self.measured),
        }


@dataclass(frozen=True, slots=True)
class Identity:
    """What a party shows to others and what it trusts, of one server. The key is not shown by repr."""

    certificate: Certificate
    key: str
    trusted: tuple[Certificate, ...]

    def __repr__(self) -> str:
        return f"Identity({self.certificate.title})"


@dataclass(slots=True)
class Site:
    """One member as it is live. objects: its ConfigMaps. pods: by module. identities: module to certificate and key.

    api: None for a member of another organisation, of which nothing can be seen. domain: of its name in the federation.
    """

    member: Member
    api: Api | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)
    objects: Sequence[Object] = ()
    pods: Mapping[str, Sequence[Object]] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    domain: str = ""

    @property
    def host(self) -> str:
        return self.member.host


@dataclass(frozen=True, slots=True)
class Limits:
    """timeout: seconds for one connection. rtt_warn, rtt_fail: milliseconds of a round trip; 0 for none. body: bytes
    that have to pass; 0 for none. expiry: days before the end of a certificate from which on that is a warning. mount:
    seconds that a file may take to reach a pod."""

    timeout: float = 5.0
    rtt_warn: float = 200.0
    rtt_fail: float = 0.0
    body: int = 0
    expiry: int = 30
    mount: float = 90.0


@dataclass(frozen=True, slots=True)
class World:
    """All members, and how they are looked at."""

    sites: Mapping[str, Site]
    limits: Limits
    tell: Callable[[str], None]

    def managed(self) -> list[Site]:
        return [site for site in self.sites.values() if site.api is not None and not site.member.left]


Check = Callable[[World], Iterable[Finding]]
