# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning a whole federation in one process.

Specs are read and compared with each other before anything is contacted; then routes are made, all values of one chart
are rendered by one helm process, and each Kubernetes is asked once for each kind of object, whatever the number of
parties. A party that cannot be planned fails alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..data import secret_leaves
from ..federation.compatibility import incompatible
from ..federation.conflicts import conflicts, leaving
from ..federation.model import Member, Problem, Routing
from ..federation.topology import exceptions
from ..helm.cli import Helm
from ..kube.connection import Connection
from .options import Options
from .parties.charts import Charts, OpenFinder
from .parties.gathering import Gatherer
from .parties.model import Party
from .parties.opening import Servers, look_at
from .parties.planning import plan_party
from .parties.reading import Reader, read_links, refuse
from .parties.result import result_of
from .parties.routing import Router

OWN_OPTIONS = ("store_namespace", "drift", "wait", "wait_timeout", "patience", "on_failure", "running_fate_jobs")
"""What each party may say for itself about how it is planned and applied."""


@dataclass(frozen=True, slots=True)
class Means:
    """What planning a federation works with.

    open_helm: makes the helm for a connection. options: how a party is planned and applied, from what it says for
    itself. open_finder: makes what finds the chart that a party's options name. use_current_context: whether a party
    may leave open which Kubernetes it is on.
    """

    open_helm: Callable[[Connection], Helm]
    options: Callable[[Mapping[str, Any]], Options]
    open_finder: OpenFinder
    tell: Callable[[str], None]
    use_current_context: bool = False


Inspection = Callable[[Sequence[Party], Servers], None]


class Federation:
    """Plans the parties that are given. links: exceptions from how they reach each other."""

    def __init__(
        self,
        given: Sequence[Mapping[str, Any]],
        means: Means,
        links: Sequence[Mapping[str, Any]] = (),
    ):
        self.means = means
        self.parties = [Party(str(entry["host"]), entry, means.options(_own(entry))) for entry in given]
        self.by_host = {party.host: party for party in self.parties}
        self.links = read_links(links)
        self.problems: list[Problem] = []
        self.routing = Routing()
        self.charts = Charts(means.open_finder)
        self.servers = Servers([], means.open_helm)

    def plan(
        self, address_timeout: float = 0.0, inspect: Inspection | None = None, *, brief: bool = False
    ) -> dict[str, Any]:
        """The result: a plan for each party, problems between them, and the graph.

        address_timeout: seconds to wait for addresses that load balancers have not given yet. inspect: looks at what
        was planned, and may keep parties from being deployed. brief: see ``result_of``.
        """
        self._read()
        self._compare([party.member for party in self.parties if party.member])
        self._open()
        self._route(address_timeout)
        self._plan()
        if inspect is not None:
            inspect(self.parties, self.servers)
        return result_of(self.parties, self.problems, self.routing, brief=brief)

    def route(self) -> None:
        """Read the specs, compare them and make the routes, without planning what is deployed."""
        self._read()
        self._compare([party.member for party in self.parties if party.member])
        self._open()
        self._route(0.0)

    def plan_alone(self) -> None:
        """Plan each party as its spec is: neither compared with the others nor given any route."""
        self._read()
        self._open()
        self._plan()

    def _read(self) -> None:
        self.means.tell(f"reading the specs of {len(self.parties)} parties")
        reader = Reader(self.means.use_current_context, self.charts)
        for party in self.parties:
            reader.read(party)

    def _open(self) -> None:
        self.servers = Servers(self.parties, self.means.open_helm)
        self.servers.on_each(look_at)

    def _plan(self) -> None:
        Gatherer(self.parties, self.servers, self.charts, self.means.tell).gather()
        for party in self.parties:
            party.attempt(plan_party)

    def secrets(self) -> set[str]:
        """What stands in the specs and is secret."""
        found: set[str] = set()
        for party in self.parties:
            if party.spec:
                found |= secret_leaves(party.spec.data, party.target.secret_paths if party.target else ())
        return found

    def _compare(self, members: Sequence[Member]) -> None:
        """Every member takes part, also those that failed for a reason of their own."""
        ways, _told_by_routes = exceptions(members, self.links)
        problems, warnings = incompatible(members, ways)
        kept = leaving(members)
        self._refuse([*conflicts(members), *problems, *kept])
        self.routing.warnings += warnings
        for host in (host for problem in kept for host in problem.hosts):
            party = self.by_host[host]
            if party.member:
                party.member = replace(party.member, left=False)

    def _route(self, address_timeout: float) -> None:
        router = Router(self.parties, self.links, self.servers, address_timeout, self.means.tell)
        found = router.route()
        found.warnings += self.routing.warnings
        self.routing = found
        self._refuse(found.problems)
        router.give(found)

    def _refuse(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.problems.append(problem)
            refuse(self.by_host, problem)


def _own(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in OWN_OPTIONS if entry.get(name) is not None}
