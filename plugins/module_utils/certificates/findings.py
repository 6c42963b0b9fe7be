# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person should know about certificates before anything is changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .model import Certificate
from .planning import Action, Authority, Decision, Entry, Federation, Policy


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know. An error keeps its host from being changed."""

    level: Level
    host: str
    text: str
    hint: str = ""


def findings(federation: Federation, decisions: Iterable[Decision], policy: Policy, now: datetime) -> list[Finding]:
    """What a person should know about certificates before anything is changed."""
    found: list[Finding] = []
    for authority in federation.authorities:
        found += _authority_findings(authority, policy, now)
    for decision in decisions:
        found += _findings(decision, policy, now)
    return found


def _authority_findings(authority: Authority, policy: Policy, now: datetime) -> list[Finding]:
    if not authority.certificates:
        return []
    newest = authority.certificates[0]
    left = newest.not_after - now
    if left <= timedelta(seconds=policy.horizon):
        return [
            Finding(
                Level.ERROR,
                authority.name,
                f"The authority {newest.title} expires on {_time(newest)}, before this run may have ended.",
                "Give a new one with fate_ca_certificate and fate_ca_key."
                if authority.given
                else "Introduce another one: run certificates with fate_ca_rotate: true.",
            )
        ]
    if authority.given and left < timedelta(days=policy.ca_renew_days):
        return [
            Finding(
                Level.WARNING,
                authority.name,
                f"The authority {newest.title} expires on {_time(newest)}.",
                "Make a new one, and give it with fate_ca_certificate and fate_ca_key, and this one with "
                "fate_ca_previous_certificate and fate_ca_previous_key.",
            )
        ]
    return []


def _findings(decision: Decision, policy: Policy, now: datetime) -> list[Finding]:
    entry, held = decision.entry, decision.entry.held
    where = f"{entry.wanted.module} of {entry.host}"
    if decision.action is Action.REFUSED:
        existing = entry.wanted.server.existing
        hint = f"Remove it, or name it in {existing} to go on using it, or set fate_certificates: none."
        return [Finding(Level.ERROR, entry.host, f"{decision.reason}, so {where} gets no certificate.", hint)]
    if decision.action is Action.ISSUE or not held.there:
        return []
    if held.certificate is None or not held.fits:
        what = "holds no certificate" if held.certificate is None else "has a key that is another certificate's"
        hint = f"Correct it: it needs the keys {', '.join(_keys(entry))}."
        return [Finding(Level.ERROR, entry.host, f"Secret {entry.wanted.secret} of {where} {what}.", hint)]
    left = held.certificate.not_after - now
    if left <= timedelta(seconds=policy.horizon):
        text = f"The certificate of {where} expires on {_time(held.certificate)}, before this run may have ended."
        return [Finding(Level.ERROR, entry.host, text, _renewal(entry))]
    found = []
    if left < timedelta(days=policy.renew_days):
        text = f"The certificate of {where} expires on {_time(held.certificate)}."
        found.append(Finding(Level.WARNING, entry.host, text, _renewal(entry)))
    missing = sorted(entry.wanted.names - held.certificate.names)
    if missing and not entry.issuer:
        text = f"The certificate of {where} is not for {', '.join(missing)}."
        hint = "Others that reach it under such a name refuse it: have these names put in."
        found.append(Finding(Level.NOTE, entry.host, text, hint))
    return found


def _renewal(entry: Entry) -> str:
    if entry.issuer:
        return "Run the playbook certificates; if it waits for somebody, it says for whom."
    return f"Renew it in Secret {entry.wanted.secret}."


def _keys(entry: Entry) -> tuple[str, str, str]:
    keys = entry.wanted.server.keys
    return keys.certificate, keys.key, keys.authority


def _time(entry: Certificate) -> str:
    return f"{entry.not_after:%Y-%m-%d %H:%M} UTC"
