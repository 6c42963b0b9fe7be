# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning a whole federation in one process.

Specs are read and compared with each other before anything is contacted; then routes are made, all values of one chart
are rendered by one helm process, and each Kubernetes is asked once for each kind of object, whatever the number of
parties. A party that cannot be planned fails alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..access.openshift import OpenShift, recognise, route_additions
from ..chart.lookup import find_chart
from ..chart.package import Chart
from ..chart.store import ChartStore
from ..data import canonical, get, merge, secret_leaves
from ..errors import Kind, KubefateError, bad_input
from ..facts.routing import NODE_PORT_PATH, SERVICE_TYPE_PATH
from ..federation.conflicts import conflicts
from ..federation.model import Member, Problem, Routing
from ..federation.routes import additions, mesh
from ..helm.cli import Helm
from ..kube.client import Api, ApiError
from ..kube.connection import Connection, is_named, resolve
from ..objects import Object
from ..plan.making import make
from ..plan.show import as_result, diff, sentences
from ..spec.loading import Spec, identity, load
from ..values import Values
from .describe import describe
from .gather import HEALTH_KINDS, SECRETS, Found, Objects, Prepared, complete, health, is_proven, prepare, sort_found
from .granting import Deployed, kinds_for, party_access
from .options import Options
from .target import SPEC_SCHEMA, Target, large_ids, target, values_of

NODES = ("v1", "Node")
T = TypeVar("T")


@dataclass(slots=True)
class Kubernetes:
    """One API server, reached with one set of credentials, and what was read from it."""

    api: Api
    helm: Helm
    objects: Objects
    secrets: Sequence[Object] = ()
    openshift: OpenShift = field(default_factory=OpenShift)


@dataclass(slots=True)
class Party:
    """One member while it is being planned. error ends its planning; the others go on."""

    host: str
    given: Mapping[str, Any]
    error: KubefateError | None = None
    connection: Connection | None = None
    spec: Spec | None = None
    name: str = ""
    namespace: str = ""
    kubernetes: Kubernetes | None = None
    member: Member | None = None
    added: dict[str, Any] = field(default_factory=dict)
    target: Target | None = None
    values: Values | None = None
    prepared: Prepared | None = None
    result: dict[str, Any] = field(default_factory=dict)

    def attempt(self, work: Callable[[Party], T]) -> T | None:
        """Do a part of the planning unless an earlier one failed."""
        if self.error is not None:
            return None
        try:
            return work(self)
        except KubefateError as error:
            self.error = error
            return None


class Federation:
    """Plans the parties that are given.

    open_api and open_helm make what reaches a Kubernetes. bundled: chart name to folder. use_current_context: whether a
    party may leave open which Kubernetes it is on.
    """

    def __init__(
        self,
        given: Sequence[Mapping[str, Any]],
        options: Options,
        *,
        open_helm: Callable[[Connection], Helm],
        bundled: Mapping[str, str],
        folder: str,
        use_current_context: bool,
        tell: Callable[[str], None],
    ):
        self.parties = [Party(str(entry["host"]), entry) for entry in given]
        self.options, self.open_helm, self.bundled, self.folder = options, open_helm, bundled, folder
        self.use_current_context, self.tell = use_current_context, tell
        self.problems: list[Problem] = []
        self.routing = Routing()
        self._charts: dict[tuple[str, ...], Chart] = {}
        self._servers: dict[str, Kubernetes] = {}

    def plan(self) -> dict[str, Any]:
        """The result: a plan for each party, problems between them, and the routes."""
        self.tell(f"reading the specs of {len(self.parties)} parties")
        for party in self.parties:
            party.attempt(self._read)
        self._conflicts()
        self._open()
        self._on_each_server(_recognise)
        self._route()
        for party in self.parties:
            party.target = party.attempt(self._target)
        self.tell("reading the clusters")
        self._gather()
        for party in self.parties:
            party.attempt(self._finish)
        return self._result()

    def secrets(self) -> set[str]:
        """What stands in the specs and is secret."""
        found: set[str] = set()
        for party in self.parties:
            if party.spec:
                found |= secret_leaves(party.spec.data, party.target.secret_paths if party.target else ())
        return found

    # one step each -------------------------------------------------------------------------------------------------
    def _read(self, party: Party) -> None:
        given = party.given
        connection = given.get("connection") or {}
        if not is_named(connection) and not self.use_current_context:
            raise bad_input(
                f"Nothing says which Kubernetes {party.host} is on.",
                "Give fate_kubeconfig, fate_context or fate_host; or set fate_use_current_context: true if the current "
                "context of your kubeconfig is really meant.",
                "connect",
            )
        party.connection = resolve(connection)
        party.spec = load(given.get("spec_files") or [], given.get("spec") or {})
        name, namespace, _chart, _version = identity(party.spec)
        party.name = given.get("name") or name
        party.namespace = given.get("namespace") or namespace or party.name
        party.member = self._member(party, party.spec.data)

    def _member(self, party: Party, spec: Mapping[str, Any], node_host: str = "") -> Member:
        given = party.given
        files = ", ".join(given.get("spec_files") or [])
        return Member(
            party.host,
            party.name,
            party.namespace,
            party.connection.server if party.connection else "",
            spec,
            files,
            str(given.get("advertise_host") or ""),
            int(given.get("advertise_port") or 0),
            node_host,
            given.get("routes") == "spec",
        )

    def _conflicts(self) -> None:
        """Every member takes part in the comparison, also those that failed for a reason of their own."""
        self._refuse(conflicts([party.member for party in self.parties if party.member]))

    def _refuse(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.problems.append(problem)
            for party in self.parties:
                if party.host in problem.hosts and party.error is None:
                    party.error = KubefateError(problem.text, Kind.CONFLICT, "input", problem.hint)

    def _open(self) -> None:
        """One API client and one helm for each set of credentials."""
        for party in self.parties:
            if party.error is None and party.connection is not None:
                key = canonical(party.connection.kubeconfig)
                if key not in self._servers:
                    api = Api(party.connection)
                    spaces = [
                        other.namespace
                        for other in self.parties
                        if other.connection and canonical(other.connection.kubeconfig) == key
                    ]
                    self._servers[key] = Kubernetes(
                        api, self.open_helm(party.connection), Objects(api, spaces, wide=True)
                    )
                party.kubernetes = self._servers[key]

    def _on_each_server(self, work: Callable[[Kubernetes], None]) -> None:
        """Do something on every Kubernetes, in parallel; where it fails, the parties there fail."""

        def guarded(server: Kubernetes) -> tuple[Kubernetes, KubefateError | None]:
            try:
                work(server)
            except KubefateError as error:
                return server, error
            return server, None

        used = [server for server in self._servers.values() if any(self._alive(server))]
        for server, error in _pooled(guarded, used, workers=8):
            for party in self._alive(server) if error else ():
                party.error = error

    def _alive(self, server: Kubernetes) -> list[Party]:
        return [party for party in self.parties if party.error is None and party.kubernetes is server]

    def _route(self) -> None:
        if len({party.connection.server for party in self.parties if party.connection}) > 1:
            self._on_each_server(self._find_nodes)
        members = [party.member for party in self.parties if party.member and party.error is None]
        self.routing = mesh(members)
        self._refuse(self.routing.problems)
        ids = {member.host: member.party_id for member in members}
        for party in self.parties:
            if party.member and party.spec and party.error is None:
                party.added = additions(party.member, self.routing.routes, ids)
                party.spec = Spec(merge(party.spec.data, party.added), party.spec.origins)

    def _find_nodes(self, server: Kubernetes) -> None:
        """A node's address, for parties that are reached by a node port and do not say where."""
        asking = [
            party
            for party in self._alive(server)
            if party.member
            and not party.member.advertise_host
            and get(party.member.spec, SERVICE_TYPE_PATH) == "NodePort"
            and get(party.member.spec, NODE_PORT_PATH)
        ]
        if not asking:
            return
        server.objects.load([NODES])
        host = _node_address(item for item in server.objects.of("") if item["kind"] == "Node")
        for party in asking:
            party.member = self._member(party, party.spec.data if party.spec else {}, host)

    def _target(self, party: Party) -> Target:
        if party.spec is None or party.kubernetes is None:
            raise bad_input(f"{party.host} has no spec.")
        given = party.given
        _name, _namespace, chart_name, chart_version = identity(party.spec)
        name = given.get("chart") or chart_name
        version = given.get("chart_version") or chart_version
        path = given.get("chart_path") or ""
        key = (name, version, path, party.kubernetes.api.connection.server, self._store(party))
        if key not in self._charts:
            store = None if path else ChartStore(party.kubernetes.api, self._store(party))
            self._charts[key] = find_chart(
                name, version, path=path, bundled=self.bundled, store=store, folder=self.folder
            )
        chart = self._charts[key]
        if party.kubernetes.openshift.routes:
            added = route_additions(chart.document(SPEC_SCHEMA), party.spec.data)
            party.added = merge(party.added, added)
            party.spec = Spec(merge(party.spec.data, added), party.spec.origins)
        return target(party.name, party.namespace, chart, party.spec, version)

    def _gather(self) -> None:
        """Release records first; then what is not proven is rendered; then live objects, kind by kind."""

        def records(server: Kubernetes) -> None:
            server.secrets = _secrets(server)

        def objects(server: Kubernetes) -> None:
            kinds = set(HEALTH_KINDS)
            for party in self._alive(server):
                kinds |= party.prepared.kinds if party.prepared else set()
                kinds |= kinds_for(party.given)
            server.objects.load(kinds)

        self._on_each_server(records)
        self._render()
        alive = [party for party in self.parties if party.error is None]
        _pooled(self._prepare, alive, workers=max(2, os.cpu_count() or 2))
        self._on_each_server(objects)

    def _render(self) -> None:
        """The values of those that are not proven, all of one chart with one helm process."""
        alive = [party for party in self.parties if party.error is None and party.target]
        wanted = {
            party.host: party.target for party in alive if party.target and not is_proven(party.target, _found(party))
        }
        if not wanted:
            return
        self.tell(f"rendering {len(wanted)} of {len(self.parties)} parties")
        helm = next(party.kubernetes.helm for party in alive if party.kubernetes and party.host in wanted)
        rendered = values_of(helm, wanted)
        for party in alive:
            values = rendered.get(party.host)
            if isinstance(values, KubefateError):
                party.error = values
            else:
                party.values = values

    def _prepare(self, party: Party) -> None:
        party.prepared = party.attempt(_prepared)

    def _finish(self, party: Party) -> None:
        server, wanted = _ready(party)
        if party.prepared is None:
            raise bad_input(f"{party.host} was not planned.")
        gathered = complete(server.api, party.prepared, server.objects, self.options)
        plan = make(gathered, self.options.drift)
        current = party.prepared.found.current
        verdict = health(server.objects, gathered.recorded.values(), wanted.namespace) if current else None
        live = [item for ref, item in gathered.live.items() if ref in gathered.recorded]
        access = self._access(party, server, party.prepared)
        party.result = {
            "changed": plan.changed or bool(access["changes"]),
            "proven": gathered.desired is None,
            "plan": as_result(plan),
            "cluster": describe(wanted.name, wanted.namespace, current, verdict, live),
            "access": access,
            "summary": sentences(plan),
            "diff": [*access.pop("diff"), *diff(plan)],
        }
        if plan.errors:
            text = " ".join(finding.text for finding in plan.errors)
            hint = " ".join(dict.fromkeys(finding.hint for finding in plan.errors if finding.hint))
            raise KubefateError(text, Kind.REFUSED, "plan", hint)

    def _access(self, party: Party, server: Kubernetes, prepared: Prepared) -> dict[str, Any]:
        """What granting the deployer's rights changes; nothing for a party that is deployed as the caller."""
        objects = {**prepared.recorded, **(prepared.desired or {})}
        deployed = Deployed.of(server.api, objects, prepared.hooks, openshift=server.openshift.constraints)
        store = self._store(party)
        return party_access(server.api, party.given, party.namespace, store, deployed, server.objects.find)

    def _store(self, party: Party) -> str:
        """Where a party's job records are, and the charts that were uploaded for it."""
        return str(party.given.get("store_namespace") or self.options.store_namespace)

    # the result ----------------------------------------------------------------------------------------------------
    def _result(self) -> dict[str, Any]:
        parties = {party.host: self._party_result(party) for party in self.parties}
        servers = sorted({party.connection.server for party in self.parties if party.connection})
        shown: list[dict[str, str]] = []
        for party in self.parties:
            shown += party.result.get("diff") or []
        return {
            "changed": False,
            "parties": parties,
            "problems": [problem.as_result() for problem in self.problems],
            "routes": [route.as_result() for route in self.routing.routes],
            "servers": servers,
            "changing": [host for host, result in parties.items() if result["changed"] and not result["failed"]],
            "failing": [host for host, result in parties.items() if result["failed"]],
            "diff": shown,
            "warnings": [
                f"{party.host}: {text}"
                for party in self.parties
                if party.target
                for text in [*party.target.warnings, *(large_ids(party.target, party.values) if party.values else ())]
            ],
        }

    def _party_result(self, party: Party) -> dict[str, Any]:
        out = {
            "party_id": party.member.party_id if party.member else "",
            "name": party.name,
            "namespace": party.namespace,
            "kubernetes": party.connection.server if party.connection else "",
            "connection": party.connection.origin if party.connection else "",
            "changed": False,
            "failed": False,
            "proven": False,
            "additions": party.added,
            "routes": [route.as_result() for route in self.routing.routes if route.source == party.host],
            **{key: value for key, value in party.result.items() if key != "diff"},
        }
        if party.error is not None:
            out.update(failed=True, msg=party.error.msg, failure=party.error.as_failure())
        return out


def _recognise(server: Kubernetes) -> None:
    server.openshift = recognise(server.api)


def _found(party: Party) -> Found:
    """What is there of a party, among the Secrets of its Kubernetes."""
    server, wanted = _ready(party)
    return sort_found(server.secrets, wanted.name, wanted.namespace)


def _prepared(party: Party) -> Prepared:
    server, wanted = _ready(party)
    return prepare(server.api, server.helm, wanted, _found(party), party.values)


def _ready(party: Party) -> tuple[Kubernetes, Target]:
    if party.kubernetes is None or party.target is None:
        raise bad_input(f"{party.host} was not planned.")
    return party.kubernetes, party.target


def _secrets(server: Kubernetes) -> list[Object]:
    """Release records and generated Secrets: with one request where that is permitted, else one for each namespace."""
    try:
        return list(server.api.list_objects("v1", "Secret", labels=SECRETS))
    except ApiError as error:
        if error.status != 403:
            raise
    found: list[list[Object]] = server.api.parallel(
        lambda space: list(server.api.list_objects("v1", "Secret", space, labels=SECRETS)), server.objects.namespaces
    )
    return [secret for secrets in found for secret in secrets]


def _node_address(nodes: Iterable[Object]) -> str:
    """An address of a node: one that is meant for the outside where there is one."""
    found: dict[str, str] = {}
    for node in nodes:
        for entry in (node.get("status") or {}).get("addresses") or []:
            found.setdefault(str(entry.get("type")), str(entry.get("address")))
    return found.get("ExternalIP") or found.get("InternalIP") or ""


def _pooled(work: Callable[[Any], T], over: Sequence[Any], *, workers: int) -> list[T]:
    if len(over) < 2:
        return [work(item) for item in over]
    with ThreadPoolExecutor(max_workers=min(workers, len(over))) as pool:
        return list(pool.map(work, over))
