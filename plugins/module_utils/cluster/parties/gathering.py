# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of each party and what is there of it.

Release records are there already. What they do not prove is rendered, all values of one chart by one helm process; then
each kind of object is listed once on each API server, whatever the number of parties.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...access.openshift import route_additions
from ...certificates.wanted import issued_secrets
from ...data import merge
from ...errors import Kind, KubefateError
from ...federation.addresses import NODE
from ...federation.compatibility import hop_refused
from ...health.pods import simulated_by
from ...release import Release, Status, newest
from ...spec.loading import Spec
from ...spec.schema import Passed
from ..describe import app_version
from ..gather import HEALTH_KINDS, complete, is_proven, prepare
from ..granting import kinds_for
from ..recognise import is_fate
from ..target import SPEC_SCHEMA, target, values_of
from .charts import Charts
from .model import Party, Server
from .opening import Servers, pooled

FATE_CHART = "fate"
"""Charts of this name deploy what has tables and data of FATE-Flow."""
PREPARED_AT_ONCE = 2 * max(2, os.cpu_count() or 2)
"""Parties that are prepared at once: while helm renders one, another is read."""
LIVELY_KINDS = (
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("v1", "Service"),
    ("networking.k8s.io/v1", "Ingress"),
)
"""Kinds that tell how a cluster is, without knowing of what it consists. Pods of workloads are many, large, and only
needed where something is not ready."""
POD = ("v1", "Pod")
BARE_PODS = "app.kubernetes.io/managed-by=Helm,!pod-template-hash,!controller-revision-hash,!job-name"
"""Selects pods that helm itself made. Those of workloads may carry helm's label, too, and then one of their own."""


class Gatherer:
    """Gathers what the plans of parties are made from."""

    def __init__(self, parties: Sequence[Party], servers: Servers, charts: Charts, tell: Callable[[str], None]):
        self.parties, self.servers, self.charts, self.tell = parties, servers, charts, tell
        self.passed: Passed = {}

    def gather(self) -> None:
        for party in self.parties:
            party.attempt(self._target)
        self._render()
        pooled(lambda party: party.attempt(_prepare), self._alive(), PREPARED_AT_ONCE)
        self.tell("reading the clusters")
        self.servers.on_each(_load)
        for party in self.parties:
            party.attempt(_complete)

    def _alive(self) -> list[Party]:
        return [party for party in self.parties if party.alive]

    def _target(self, party: Party) -> None:
        if party.spec is not None:
            chart, version = self.charts.find(party)
            if party.on().openshift.routes:
                added = route_additions(chart.document(SPEC_SCHEMA), party.spec.data)
                party.added = merge(party.added, added)
                party.spec = Spec(merge(party.spec.data, added), party.spec.origins)
            party.target = target(party.name, party.namespace, chart, party.spec, version, self.passed)
            _refuse_neighbours(party)

    def _render(self) -> None:
        """The values of those that are not proven, all of one chart with one helm process."""
        alive = self._alive()
        wanted = {party.host: party.wanted() for party in alive if not is_proven(party.wanted(), party.there())}
        if not wanted:
            return
        self.tell(f"rendering {len(wanted)} of {len(self.parties)} parties")
        helm = next(party.on().helm for party in alive if party.host in wanted)
        rendered = values_of(helm, wanted)
        for party in alive:
            values = rendered.get(party.host)
            if isinstance(values, KubefateError):
                party.error = values
            else:
                party.values = values


def _refuse_neighbours(party: Party) -> None:
    """Raise ``KubefateError`` where another release of FATE has the party's namespace: names of Services would be
    claimed twice."""
    if not _other_releases(party):
        return
    party.there_in_full()
    for release in _other_releases(party).values():
        if release.status is not Status.UNINSTALLED and is_fate(release):
            member = party.member
            raise KubefateError(
                f"Namespace {party.namespace} of {member.named('namespace') if member else party.host} belongs to the "
                f"release {release.name} (revision {release.revision}), which is a cluster of FATE, too.",
                Kind.CONFLICT,
                "gather",
                "Choose another namespace (fate_namespace), or give the release's own name (fate_name) to go on with "
                "it.",
            )


def _other_releases(party: Party) -> dict[str, Release]:
    """Newest revisions of other releases in a party's namespace, by name."""
    secrets = party.on().secrets.get(party.namespace, ())
    found = newest(secrets)
    return {name: revisions[0] for (_space, name), revisions in found.items() if name and name != party.name}


def is_settled(party: Party) -> bool:
    """Whether nothing has to be known of a party but how it is: its release is proven, and drift is ignored."""
    current = party.there().current
    return (
        current is not None
        and party.options.drift == "ignore"
        and is_proven(party.wanted(), party.there())
        and not current.stopped
    )


def _prepare(party: Party) -> None:
    wanted = party.wanted()
    if is_settled(party):
        return
    there = party.there_in_full() if party.there().current else party.there()
    _refuse_hop(party)
    server = party.on()
    party.prepared = prepare(server.api, server.helm, wanted, there, party.values)


def _refuse_hop(party: Party) -> None:
    """Raise ``KubefateError`` where a party cannot go from the version that it has to the one that is wanted."""
    current, member = party.there().current, party.member
    if current is None or member is None or is_proven(party.wanted(), party.there()):
        return
    if party.wanted().chart.name != FATE_CHART or current.chart_meta.get("name") != FATE_CHART:
        return
    here, there = app_version(current), member.version
    why = hop_refused(here, there)
    if why:
        raise KubefateError(
            f"{party.host} cannot be brought from FATE {here} to {there}: {why}.",
            Kind.REFUSED,
            "plan",
            "Deploy it afresh under another name and namespace, and move data and models by hand.",
        )


def _load(server: Server, here: list[Party]) -> None:
    kinds: set[tuple[str, str]] = set()
    for party in here:
        kinds |= {*party.prepared.kinds, *HEALTH_KINDS} if party.prepared else {*LIVELY_KINDS, NODE}
        kinds |= kinds_for(party.given)
    server.objects.load(kinds)
    server.objects.load([POD], BARE_PODS)
    server.simulated = simulated_by(server.objects.all_of(NODE) or ())


def _complete(party: Party) -> None:
    if party.prepared is not None:
        server, options = party.on(), party.options
        if party.given.get("certificates") and party.spec:
            options = replace(options, issued_secrets=issued_secrets(party.spec.data))
        party.gathered = complete(server.api, party.prepared, server.objects, options)
