# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found about certificates, as results and as lines for a person. Pure; no private key is in either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .model import Certificate, stamp
from .pem import bundle, signed_by
from .planning import Action, Decision, Held, Stage, signer_for_others
from .survey import Member, Survey
from .takeup import TakeUp


def certificate_result(decision: Decision, now: datetime) -> dict[str, Any]:
    """One certificate, and what is done about it."""
    entry = decision.entry
    held = entry.held.certificate
    return {
        "module": entry.wanted.module,
        "secret": entry.wanted.secret,
        "own": not entry.issuer,
        "action": str(decision.action),
        "reason": decision.reason,
        "signer": decision.signer,
        "waiting": list(decision.waiting),
        "take_up": str(decision.take_up),
        "gap_seconds": entry.pods.gap_seconds if decision.take_up is TakeUp.RESTART else 0,
        "common_name": entry.wanted.common_name,
        "names": sorted(entry.wanted.names),
        "certificate": held.as_result(now) if held else {},
        "signed_by": _signed_by(held, entry.held.trusted) if held else "",
        "trusts": sorted(found.fingerprint for found in entry.held.trusted),
    }


def _signed_by(held: Certificate, trusted: Iterable[Certificate]) -> str:
    """Fingerprint of the authority that signed; empty where it is not among those that are trusted."""
    return next((found.fingerprint for found in trusted if signed_by(held, found)), "")


def secret_diff(
    namespace: str,
    secret: str,
    action: Action,
    before: Held,
    after: Certificate | None,
    trusted: Iterable[Certificate],
) -> dict[str, str]:
    """An entry for ``--diff``: the public facts of a Secret, before and after."""
    header = f"Secret/{secret} ({namespace}): {action}"
    shown = after or before.certificate
    new = _shown(shown, trusted) if after or action is not Action.ISSUE else "certificate: known after it is issued\n"
    return {
        "before_header": header,
        "after_header": header,
        "before": _shown(before.certificate, before.trusted),
        "after": new,
    }


def _shown(certificate: Certificate | None, trusted: Iterable[Certificate]) -> str:
    if certificate is None:
        return ""
    lines_of = [
        f"certificate: {certificate.fingerprint}",
        f"issuer: {certificate.issuer}",
        f"names: {', '.join(sorted(certificate.names))}",
        f"until: {stamp(certificate.not_after)}",
        *(f"trusts: {found.title}" for found in sorted(trusted, key=lambda found: found.fingerprint)),
    ]
    return "\n".join(lines_of) + "\n"


def survey_result(survey: Survey, now: datetime) -> dict[str, Any]:
    """The result of ``fate_certificate_info``."""
    parties = {
        member.host: _member_result(member, survey, now)
        for member in survey.members
        if member.given.get("managed", True)
    }
    staged = {decision.name: decision for decision in survey.authorities}
    authorities = {}
    for authority in survey.federation.authorities:
        decision = staged.get(authority.name)
        authorities[authority.name] = {
            "stage": str(decision.stage) if decision else str(Stage.KEEP),
            "reason": decision.reason if decision else "the inventory gives it",
            "waiting": list(decision.waiting) if decision else [],
            "given": authority.given,
            "signer": signer_for_others(authority, survey.federation, now),
            "certificates": [found.as_result(now) for found in authority.certificates],
            "pem": bundle(authority.certificates),
        }
    needed = {str(member.issuer) for member in survey.members if member.wanted and member.error is None}
    moving = (Stage.MAKE, Stage.INTRODUCE, Stage.RETIRE)
    return {
        "changed": False,
        "parties": parties,
        "authorities": authorities,
        "staging": [item.name for item in survey.authorities if item.stage in moving and item.name in needed],
        "trust": bundle(survey.trust),
        "findings": [
            {"level": str(item.level), "host": item.host, "text": item.text, "hint": item.hint}
            for item in survey.findings
        ],
        "changing": [host for host, party in parties.items() if party["changed"] and not party["failed"]],
        "failing": [host for host, party in parties.items() if party["failed"]],
        "pending": [host for host, party in parties.items() if party["restarts"]],
    }


def _member_result(member: Member, survey: Survey, now: datetime) -> dict[str, Any]:
    decisions = survey.of(member.host)
    found: dict[str, Any] = {
        "name": member.name,
        "namespace": member.namespace,
        "issuer": member.issuer,
        "failed": member.error is not None,
        "changed": any(decision.changes for decision in decisions),
        "certificates": [certificate_result(decision, now) for decision in decisions],
        "requests": [_part(decision) for decision in decisions if decision.action is Action.ISSUE],
        "managed": [_part(decision) for decision in decisions if decision.changes],
        "restarts": _pending(decisions, TakeUp.RESTART),
    }
    if member.error is not None:
        found |= {"msg": member.error.msg, "failure": member.error.as_failure()}
    return found


def _part(decision: Decision) -> dict[str, Any]:
    """An entry of the option ``certificates`` of ``fate_certificate``."""
    wanted = decision.entry.wanted
    return {
        "module": wanted.module,
        "secret": wanted.secret,
        "common_name": wanted.common_name,
        "names": sorted(wanted.names),
    }


def _pending(decisions: Iterable[Decision], what: TakeUp) -> list[str]:
    """Modules whose running servers do not use yet what their Secrets hold, whatever is going to be changed."""
    return [decision.entry.wanted.module for decision in decisions if decision.pending is what]


def lines(found: Mapping[str, Any]) -> list[str]:
    """What is there, what is going to be done, and what that costs, for a person."""
    out = [line for name, authority in found["authorities"].items() for line in _authority(name, authority)]
    for host, party in found["parties"].items():
        if party["failed"]:
            hint = (party.get("failure") or {}).get("hint", "")
            out.append(f"{host}: FAILED: {party['msg']} {hint}".rstrip())
        out += [f"{host}: {_certificate(entry)}" for entry in party["certificates"]]
    errors = {party["msg"] for party in found["parties"].values() if party["failed"]}
    for item in found["findings"]:
        if item["text"] not in errors:
            out.append(f"{item['level'].upper()} {item['host']}: {item['text']} {item['hint']}".rstrip())
    return out or ["No party speaks TLS."]


_INTRODUCED = "; each party's servers have to take it up as one that they trust, and in a later run what it signed"


def _authority(name: str, authority: Mapping[str, Any]) -> list[str]:
    known = [f"{entry['subject']} until {entry['not_after'][:10]}" for entry in authority["certificates"]]
    said = f"{name}: {' and '.join(known) or 'none'}; {authority['stage']}: {authority['reason']}"
    return [said + (_INTRODUCED if authority["stage"] == "introduce" else "")]


def _certificate(entry: Mapping[str, Any]) -> str:
    held = entry["certificate"]
    there = f"until {held['not_after'][:10]} ({held['days_left']} days)" if held else "none"
    said = f"{entry['module']}: certificate {there}"
    if entry["action"] == "keep" and not entry["own"] and entry["waiting"]:
        said += f"; {entry['reason']}"
    if entry["action"] in ("issue", "trust"):
        said += f"; {entry['action']}: {entry['reason']}"
    if entry["take_up"] == "restart":
        gap = f"about {entry['gap_seconds']} s" if entry["gap_seconds"] else "as long as it takes to get ready"
        what = "then it restarts" if entry["action"] in ("issue", "trust") else "it runs with an older one: restart it"
        said += f"; {what}, and is not reached for {gap}"
    elif entry["take_up"] == "wait":
        said += "; its server takes it up by itself within minutes"
    return said
