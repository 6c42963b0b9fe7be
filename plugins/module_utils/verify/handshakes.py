# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in their Secrets, and what the servers do with them: a client of a trusted authority is taken, one that
speaks no TLS or comes from elsewhere is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..certificates.model import now
from ..certificates.pem import certificate, signed_by, signing_request
from ..certificates.signing import new_authority, new_key, new_request, sign
from ..errors import KubefateError
from .links import Link, check_link, finding, judge, links_of, look, measured, request_of
from .model import Finding, Identity, Site, Verdict, World


def check_certificates(world: World) -> Iterator[Finding]:
    """Whether each certificate is valid, and trusted by everybody who calls there."""
    moment = now()
    for site in world.managed():
        for module, identity in site.identities.items():
            held = identity.certificate
            left = held.not_after - moment
            until = f"{held.not_after:%Y-%m-%d}"
            if left <= timedelta(0):
                yield _about(site, module, Verdict.FAIL, f"it expired on {until}")
            elif left < timedelta(days=world.limits.expiry):
                yield _about(site, module, Verdict.WARN, f"it expires on {until}")
            else:
                yield _about(site, module, Verdict.PASS, f"valid until {until}")
    for link in links_of(world):
        yield from _trusted(world, link)


def _about(site: Site, module: str, verdict: Verdict, text: str) -> Finding:
    hint = "" if verdict is Verdict.PASS else "Renew it: certificates."
    return Finding("certificate", site.host, verdict, text, hint, subject=module)


def _trusted(world: World, link: Link) -> Iterator[Finding]:
    """Says something only where the two sides of a link do not go together."""
    site, target = world.sites[link.source], world.sites.get(link.target)
    if not link.tls or target is None or target.api is None or not target.member.managed:
        return
    mine, theirs = site.identities.get(link.proxy.block), target.identities.get(link.proxy.relay or link.proxy.block)
    theirs = theirs or target.identities.get(link.proxy.block)
    if mine is None or theirs is None:
        lacking = link.source if mine is None else link.target
        text = f"{lacking} has no certificate of {link.proxy.block}"
        yield Finding("certificate", lacking, Verdict.FAIL, text, "Issue one: certificates.", subject=link.proxy.block)
    elif not any(signed_by(theirs.certificate, found) for found in mine.trusted):
        text = f"it does not trust the authority that signed the certificate of {link.target}"
        hint = "Run certificates; it brings everybody the authorities of all."
        yield Finding("certificate", link.source, Verdict.FAIL, text, hint, link.target, link.proxy.block)


# handshakes --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Stranger:
    """A client with a certificate of an authority that nobody knows, made for the moment."""

    identity: Identity

    @classmethod
    def new(cls) -> Stranger:
        moment = now()
        text, key = new_authority("stranger", 1, moment)
        authority = certificate(text, "the stranger's authority")
        own = new_key()
        name = "stranger.invalid"
        request = signing_request(new_request(own, name, "", [name]), "the stranger's request")
        return cls(Identity(sign(request, authority, key, 1, moment), own, (authority,)))


def check_handshakes(world: World, pooled: Any) -> list[Finding]:
    """Each port with TLS once, as one of those who call it does, without TLS, and with a stranger's certificate."""
    chosen: dict[tuple[str, int, str], Link] = {}
    for link in links_of(world):
        if link.tls:
            chosen.setdefault((link.address, link.number, link.name), link)
    if not chosen:
        return []
    stranger = Stranger.new()
    world.tell(f"trying {len(chosen)} ports with TLS")
    return [one for found in pooled(lambda link: _handshakes(world, link, stranger), chosen.values()) for one in found]


def _handshakes(world: World, link: Link, stranger: Stranger) -> list[Finding]:
    first = check_link(world, link)
    as_handshake = replace(first, check="tls", subject=f"{link.subject}: right authority")
    if first.verdict in (Verdict.SIMULATED, Verdict.WARN) or "tls_version" not in first.measured:
        return [as_handshake]
    site = world.sites[link.source]
    asked = {**request_of(link, site, world.limits), "pings": 0, "body": 0}
    plain = {**asked, "tls": None}
    identity = stranger.identity
    strange = {**asked["tls"], "certificate": identity.certificate.pem, "key": identity.key}
    unknown = {**asked["tls"], "authorities": identity.trusted[0].pem}
    served = as_handshake if first.verdict is not Verdict.FAIL else replace(as_handshake, text=first.text)
    return [
        _served(world, link, served),
        _refused(world, link, plain, "without TLS"),
        _refused(world, link, {**asked, "tls": strange}, "with a certificate of another authority"),
        _refused(world, link, {**asked, "tls": unknown}, "expecting another authority"),
    ]


def _served(world: World, link: Link, first: Finding) -> Finding:
    """The handshake that worked, unless the server shows another certificate than the one in its Secret."""
    target = world.sites.get(link.target)
    known = target.identities.get(link.proxy.block) if target and not link.through else None
    shown = str(first.measured.get("certificate") or "")
    if known is None or not shown or shown == known.certificate.fingerprint or first.verdict is Verdict.FAIL:
        return first
    return replace(
        first,
        verdict=Verdict.WARN,
        text=f"the server shows certificate {shown[:12]}, and its Secret holds {known.certificate.fingerprint[:12]}",
        hint="It takes up a new one within minutes, or when it is restarted: certificates says which.",
    )


def _refused(world: World, link: Link, asked: Mapping[str, Any], how: str) -> Finding:
    """A pass where the connection does not come about, or nothing is answered on it."""
    try:
        answer, spot, _why = look(link, world.sites[link.source], asked)
    except KubefateError as error:
        return replace(finding(link, Verdict.WARN, error.msg, error.hint), check="tls")
    verdict, text, _hint = judge(answer, link.spoken, replace(world.limits, rtt_warn=0, rtt_fail=0))
    failed = (answer.get("error") or {}).get("step")

    def told(verdict: Verdict, text: str, hint: str = "") -> Finding:
        found = finding(link, verdict, text, hint, spot.name, measured(answer))
        return replace(found, check="tls", subject=f"{link.subject}: {how}")

    if failed == "tcp":
        return told(Verdict.WARN, f"not looked at: {text}")
    if verdict is Verdict.FAIL or (link.spoken.protocol == "http" and answer.get("status") == 400):
        return told(Verdict.PASS, f"refused ({text})")
    hint = "It has to ask for certificates of its clients, and to listen with TLS only where others reach it."
    return told(Verdict.FAIL, f"a connection {how} is taken", hint)
