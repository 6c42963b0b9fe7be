# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates a member of a federation needs, and for which names. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..data import get
from ..errors import bad_input
from ..facts.certificates import BY_MODULE, DOMAIN, DOMAIN_PATH, EXCHANGE_NAME, SERVERS, Server
from .pem import is_address

CLUSTER_DOMAIN = "cluster.local"
_NAME = re.compile(r"^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\.?\Z")
LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate that a member should have.

    secret: name of the Secret with it. own: the user's spec names that Secret, and nobody else writes it.
    """

    server: Server
    secret: str
    own: bool
    common_name: str
    names: frozenset[str]

    @property
    def module(self) -> str:
        return self.server.module


def issued_secrets(spec: Mapping[str, Any]) -> list[str]:
    """Names of the Secrets that are made with certificates for a spec, besides those that its user makes."""
    return [server.secret for server in SERVERS if speaks_tls(server, spec) and not get(spec, server.existing)]


def tls_modules(spec: Mapping[str, Any]) -> list[str]:
    """The modules of a spec that speak TLS."""
    return [server.module for server in SERVERS if speaks_tls(server, spec)]


def wanted(
    spec: Mapping[str, Any], party_id: str, namespace: str, addresses: Iterable[str] = (), domain: str = ""
) -> list[Wanted]:
    """The certificates that a spec asks for.

    party_id: empty for an exchange. addresses: names and addresses under which others reach the member, besides those
    of its Services. domain: of the names ``<party id>.<domain>``; by default the spec's or FATE's own.
    """
    more = frozenset(checked_name(name) for name in addresses if name)
    return [
        Wanted(
            server,
            str(get(spec, server.existing) or server.secret),
            bool(get(spec, server.existing)),
            member_name(spec, party_id, domain),
            names_of(server.module, spec, party_id, namespace, domain) | more,
        )
        for server in SERVERS
        if speaks_tls(server, spec)
    ]


def speaks_tls(server: Server, spec: Mapping[str, Any]) -> bool:
    modules = spec.get("modules")
    there = modules is None or server.module in [str(name) for name in modules]
    said = any(get(spec, path) not in (None, "", False, {}) for path in server.wanted)
    # A server that always speaks TLS is only there where the spec lists it.
    return there and (said or (not server.wanted and modules is not None))


def member_name(spec: Mapping[str, Any], party_id: str, domain: str = "") -> str:
    """``<party id>.<domain>``, the name under which parties know each other."""
    known = domain or str(get(spec, DOMAIN_PATH) or "") or DOMAIN
    return checked_name(f"{party_id or EXCHANGE_NAME}.{known}")


def names_of(module: str, spec: Mapping[str, Any], party_id: str, namespace: str, domain: str = "") -> frozenset[str]:
    """The names of a module's Services, inside their namespace and out, and the member's own."""
    names = {member_name(spec, party_id, domain)}
    for service in BY_MODULE[module].services:
        names |= {service, f"{service}.{namespace}", f"{service}.{namespace}.svc"}
        names.add(f"{service}.{namespace}.svc.{CLUSTER_DOMAIN}")
    return frozenset(names)


def checked_name(name: str) -> str:
    """A DNS name or address as certificates have it. Raises ``KubefateError``."""
    plain = str(name).strip().lower().strip("[]")
    if is_address(plain):
        return str(ipaddress.ip_address(plain))
    if len(plain) > LONGEST_NAME or not _NAME.match(plain):
        raise bad_input(f"{name!r} cannot be a name in a certificate.", "Give a DNS name or an IP address.")
    return plain.rstrip(".")
