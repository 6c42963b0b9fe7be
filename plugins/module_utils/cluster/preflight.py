# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking, before anything is deployed, whether it can work: of what was planned, on the Kubernetes that are there.

Everything is read with as few requests as that takes, whatever the number of parties; nothing is changed. What may not
be read becomes a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..access.model import RBAC_GROUP, Purpose, Right
from ..access.reviews import Reviews
from ..errors import Kind, KubefateError
from ..kube.client import Api, ApiError
from ..objects import Object, Ref
from ..preflight.model import Check, Finding, PartyFacts, ServerFacts, Status, failed
from ..preflight.network import port_range
from ..preflight.table import counts, examine, milder, rows
from .listing import Objects
from .parties.model import Party, Server
from .parties.opening import Servers, pooled
from .parties.planning import access_changes, deployed_of, grant_of
from .permission import needed_rights

NODE, POD, SERVICE = ("v1", "Node"), ("v1", "Pod"), ("v1", "Service")
CLASS, INGRESS_CLASS = ("storage.k8s.io/v1", "StorageClass"), ("networking.k8s.io/v1", "IngressClass")
QUOTA, LIMITS, CLAIM = ("v1", "ResourceQuota"), ("v1", "LimitRange"), ("v1", "PersistentVolumeClaim")
NAMESPACE = ("v1", "Namespace")
EVERYWHERE = (NODE, POD, SERVICE, CLASS, INGRESS_CLASS)
KINDS = (QUOTA, LIMITS, CLAIM, NAMESPACE)
SERVERS = 8


@dataclass(slots=True)
class Preflight:
    """ignore: checks whose failures are warnings. node_ports: their range, such as ``30000-32767``. all_parties: also
    those that nothing is changed of."""

    node_ports: str
    ignore: Sequence[str] = ()
    all_parties: bool = False
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def inspect(self, parties: Sequence[Party], servers: Servers) -> None:
        """Look at the parties. Those that cannot be deployed get an error."""
        for party in parties:
            self.places[party.host] = party.connection.server if party.connection else ""
            if party.managed and party.error is not None:
                self.findings[party.host] = [failed(Check.PLAN, party.error.msg, party.error.hint)]
        wanted = [party for party in parties if party.alive and (self.all_parties or _changes(party))]
        there = [(server, [party for party in wanted if party.server is server]) for server in servers.by_key.values()]
        ports = port_range(self.node_ports)
        asked = [entry for entry in there if entry[1]]
        for found in pooled(lambda entry: _examined(entry[0], entry[1], ports), asked, SERVERS):
            self.findings |= {host: milder(findings, self.ignore) for host, findings in found.items()}
        for party in wanted:
            _refuse(party, self.findings[party.host])

    def result(self) -> dict[str, Any]:
        """The table, as data."""
        table = rows(self.findings, self.places)
        failing = [host for host, found in self.findings.items() if any(one.status is Status.FAIL for one in found)]
        return {"checks": table, "counts": counts(table), "failing": failing}


def _changes(party: Party) -> bool:
    return bool(party.result.get("changed"))


def _refuse(party: Party, findings: Iterable[Finding]) -> None:
    wrong = [finding for finding in findings if finding.status is Status.FAIL]
    if wrong:
        text = "; ".join(finding.text for finding in wrong)
        hint = " ".join(dict.fromkeys(finding.hint for finding in wrong))
        party.error = KubefateError(f"The preflight found: {text}.", Kind.REFUSED, "preflight", hint)


def _examined(server: Server, here: Sequence[Party], ports: tuple[int, int]) -> dict[str, list[Finding]]:
    """Findings for the parties on one Kubernetes; where it cannot be asked at all, that is the finding."""
    try:
        server.objects.load(KINDS)
        reviews = Reviews(server.api)
        reviews.look(space for party in here for space in (party.namespace, party.options.store_namespace))
        facts = [_party(party, reviews) for party in here]
        return examine(_server(server, ports), facts)
    except KubefateError as error:
        return {party.host: [failed(Check.PLAN, error.msg, error.hint)] for party in here}


# one Kubernetes -------------------------------------------------------------------------------------------------------
def _server(server: Server, ports: tuple[int, int]) -> ServerFacts:
    api, objects = server.api, server.objects
    if not objects.wide:
        objects = Objects(api, objects.namespaces, wide=True)
    objects.load(EVERYWHERE)
    version, skew = api.about()
    return ServerFacts(
        version=version,
        served=api.versions(),
        skew=skew,
        helm=".".join(map(str, server.helm.version())),
        nodes=objects.all_of(NODE),
        pods=objects.all_of(POD),
        classes=objects.all_of(CLASS),
        ingress_classes=objects.all_of(INGRESS_CLASS),
        services=objects.all_of(SERVICE),
        port_range=ports,
        openshift=server.openshift.found,
    )


# one party ------------------------------------------------------------------------------------------------------------
def _party(party: Party, reviews: Reviews) -> PartyFacts:
    server, prepared = party.on(), party.prepared
    objects: Objects = server.objects
    current = party.there().current
    recorded = list(current.objects) if current else []
    desired: Sequence[Object] = recorded
    hooks: Sequence[Object] = ()
    if prepared is not None:
        desired = list((prepared.desired if prepared.desired is not None else prepared.recorded).values())
        hooks = prepared.hooks
    missing, ungranted = _rights(party, reviews, desired, hooks)
    deployed = deployed_of(party)
    return PartyFacts(
        host=party.host,
        namespace=party.namespace,
        objects=[*desired, *hooks],
        recorded=recorded,
        namespace_object=_namespace(objects, party.namespace),
        namespace_visible=objects.refused(NAMESPACE, "") is None or _namespace(objects, party.namespace) is not None,
        live=[item for item in objects.of(party.namespace) if item["metadata"].get("namespace") == party.namespace],
        labels=party.given.get("namespace_labels") or {},
        quota=party.given.get("quota") or {},
        limits=party.given.get("limit_range") or (),
        quotas_visible=all(objects.refused(kind, party.namespace) is None for kind in (QUOTA, LIMITS)),
        claims_visible=objects.refused(CLAIM, party.namespace) is None,
        missing=_texts(missing),
        ungranted=_texts(ungranted),
        constraints=[
            f"pods of service account {entry.account} get the security context constraint {entry.name}: {entry.why}"
            for entry in deployed.constraints
        ],
        kubernetes=server.api.connection.server,
    )


def _namespace(objects: Objects, name: str) -> Object | None:
    try:
        return objects.find(Ref("v1", "Namespace", "", name))
    except ApiError as error:
        if error.status != 403:
            raise
        return None


def _texts(rights: Iterable[Right]) -> list[tuple[str, str]]:
    return [(right.text, right.why) for right in rights]


def _rights(
    party: Party, reviews: Reviews, objects: Sequence[Object], hooks: Sequence[Object]
) -> tuple[list[Right], list[Right]]:
    """Rights that deploying lacks, and those that granting them to the deployer lacks."""
    api = party.on().api
    if not party.given.get("deployer"):
        purpose = Purpose.UPGRADE if party.there().current else Purpose.INSTALL
        store = party.options.store_namespace
        needed = needed_rights(api, party.namespace, store, [purpose], objects, hooks)
        return reviews.missing(needed), []
    deployed = deployed_of(party)
    changes = access_changes(party, deployed) if party.prepared is not None else []
    account = str(party.given["deployer"])
    acting = Right(party.namespace, "", "serviceaccounts/token", "create", account, "the play acts as the deployer")
    wanted = [acting, *(_granting(api, change.ref, change.before is None) for change in changes)]
    missing = reviews.missing(wanted)
    roles = [change for change in changes if change.ref.kind == "Role"]
    held = [right for change in roles for rule in change.rules for right in rule.rights(change.ref.namespace)]
    lacking = reviews.missing(held)
    if lacking:
        spaces = dict.fromkeys(right.namespace for right in lacking)
        over = [Right(space, RBAC_GROUP, "roles", "escalate") for space in spaces]
        beyond = {right.namespace for right in reviews.missing(over)}
        lacking = [right for right in lacking if right.namespace in beyond]
    grant = grant_of(party, deployed)
    return [], [*missing, *(lacking if grant.rules else ())]


def _granting(api: Api, ref: Ref, new: bool) -> Right:
    found = api.type_of(ref.api_version, ref.kind)
    space = ref.namespace if found.namespaced else ""
    verb = "create" if new else ("patch" if ref.kind == "Namespace" else "update")
    return Right(space, found.group, found.plural, verb, "" if new else ref.name, f"grants the rights: {ref}")
