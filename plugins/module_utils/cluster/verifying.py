# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifying a whole federation in one process: what its inventory says against what is there and what answers.

The routes are made as for a plan, but nothing is rendered. Each Kubernetes is asked once for each kind of object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ..certificates.store import held_of, secret_ref, text_of
from ..certificates.wanted import Wanted, member_name, wanted
from ..errors import KubefateError
from ..facts.certificates import SERVERS
from ..facts.labels import MODULE
from ..federation.model import Role
from ..kube.client import ApiError
from ..objects import Object, labels_of, name_of
from ..verify.handshakes import check_certificates, check_handshakes
from ..verify.links import check_links
from ..verify.model import Finding, Identity, Limits, Site, Verdict, World
from ..verify.report import counts
from ..verify.tables import check_mounts, check_routes
from .federating import Federation
from .parties.model import Party, Server
from .parties.opening import pooled

KINDS = (("v1", "ConfigMap"), ("v1", "Pod"))
CHECKS = ("routes", "mounted", "certificate", "tls", "link")
AT_ONCE = 16
"""Endpoints that are looked at at once."""
MODULE_OF = {server.label: server.module for server in SERVERS}
"""Value of the pods' label to a spec's name of the module, where they differ."""
In = TypeVar("In")
Out = TypeVar("Out")


def verify(federation: Federation, limits: Limits, checks: Collection[str]) -> dict[str, Any]:
    """The result: findings with verdicts, and how many there are of each. checks: which of ``CHECKS`` are wanted."""
    federation.route()
    federation.means.tell("reading what is there")
    federation.servers.on_each(_load)
    sites = {party.host: _site(party, federation) for party in federation.parties if party.member}
    world = World({host: site for host, site in sites.items() if site is not None}, limits, federation.means.tell)
    found = [*_unread(federation.parties), *_made(world, checks)]
    results = [finding.as_result() for finding in found]
    return {"results": results, "counts": counts(results), "checks": [name for name in CHECKS if name in checks]}


def _made(world: World, checks: Collection[str]) -> Iterable[Finding]:
    if "routes" in checks:
        yield from check_routes(world)
    if "mounted" in checks:
        yield from check_mounts(world)
    if "certificate" in checks:
        yield from check_certificates(world)
    if "tls" in checks:
        yield from check_handshakes(world, _at_once)
    if "link" in checks:
        yield from check_links(world, _at_once)


def _at_once(work: Callable[[In], Out], over: Iterable[In]) -> list[Out]:
    return pooled(work, list(over), AT_ONCE)


def _load(server: Server, _here: list[Party]) -> None:
    server.objects.load(KINDS)


def _unread(parties: Sequence[Party]) -> Iterable[Finding]:
    """Parties that cannot be verified at all."""
    for party in parties:
        if party.error is not None:
            yield Finding("party", party.host, Verdict.FAIL, party.error.msg, party.error.hint)


def _site(party: Party, federation: Federation) -> Site | None:
    member = party.member
    if member is None or (party.managed and party.error is not None):
        return None
    spec = party.spec.data if party.spec else {}
    site = Site(member, tables=federation.routing.tables.get(party.host, {}), domain=_domain(spec))
    if not party.managed or party.server is None:
        return site
    here = party.server.objects.of(party.namespace)
    site.api = party.server.api
    site.objects = [obj for obj in here if obj.get("kind") == "ConfigMap"]
    site.pods = _pods(obj for obj in here if obj.get("kind") == "Pod")
    party_id = "" if party.role is Role.EXCHANGE else member.party_id
    needed = wanted(spec, party_id, party.namespace)
    found = {entry.module: _identity(party, party.server, entry) for entry in needed}
    site.identities = {module: identity for module, identity in found.items() if identity is not None}
    return site


def _domain(spec: Mapping[str, Any]) -> str:
    return member_name(spec, "1").partition(".")[2]


def _pods(pods: Iterable[Object]) -> dict[str, list[Object]]:
    """By module, as a spec calls it; those that end are left out."""
    found: dict[str, list[Object]] = {}
    for pod in pods:
        label = str(labels_of(pod).get(MODULE) or "")
        if label and not (pod.get("metadata") or {}).get("deletionTimestamp"):
            found.setdefault(MODULE_OF.get(label, label), []).append(pod)
    return found


def _identity(party: Party, server: Server, entry: Wanted) -> Identity | None:
    """What a server shows and trusts; None where there is nothing that can be used."""
    try:
        secret = _secret(party, server, entry.secret)
    except KubefateError:
        return None
    held = held_of(secret, entry.server)
    if secret is None or held.certificate is None or not held.fits:
        return None
    return Identity(held.certificate, text_of(secret, entry.server.keys.key), held.trusted)


def _secret(party: Party, server: Server, name: str) -> Object | None:
    """A Secret that was listed with the releases, or that somebody made by hand."""
    for secret in server.secrets.get(party.namespace, ()):
        if name_of(secret) == name:
            return secret
    try:
        return server.api.find(secret_ref(party.namespace, name))
    except ApiError as error:
        if error.status == 403:
            return None
        raise
