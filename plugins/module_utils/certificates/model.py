# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a certificate, as data. Pure: reading PEM is in ``pem``, making certificates in ``signing``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SHOWN = 12
"""Hexadecimal digits of a fingerprint that a sentence shows."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The public facts of a certificate.

    fingerprint: SHA-256 of its DER form, hexadecimal. names: DNS names and addresses that it is for. authority: it may
    sign others. key: SHA-256 of its public key.
    """

    pem: str
    fingerprint: str
    common_name: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    names: frozenset[str]
    authority: bool
    key: str

    def expired(self, now: datetime) -> bool:
        return self.not_after <= now

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires, negative afterwards."""
        return (self.not_after - now).days

    def as_result(self, now: datetime) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": sorted(self.names),
            "fingerprint": self.fingerprint,
            "serial": self.serial,
            "not_before": stamp(self.not_before),
            "not_after": stamp(self.not_after),
            "days_left": self.days_left(now),
        }

    @property
    def title(self) -> str:
        return f"{self.common_name or self.subject} ({self.fingerprint[:SHOWN]})"


def stamp(moment: datetime) -> str:
    """A moment as text, in UTC and whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """A moment as Kubernetes and this collection write it. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)
