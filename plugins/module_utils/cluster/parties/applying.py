# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing several clusters to what their specs say, in one process.

Rights first, then the Leases of all that change, then the clusters side by side. Each has an outcome of its own, in the
shape that ``fate_cluster`` gives; one that fails does not keep the others from going on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ...access.grants import GrantChange, GrantRefusedError, apply_grant
from ...access.identity import token_for
from ...data import secret_leaves
from ...errors import Kind, KubefateError
from ...helm.cli import Helm
from ...kube.client import Api
from ...kube.connection import Connection
from ...progress import Progress
from ..access_show import grant_diff
from ..applying import prepare_namespace
from ..changing import change_locked, check_planned, lock_of, require_rights
from ..context import Context
from ..granting import pending_result
from ..planning import Planned, plan_cluster, remember, unchanged
from ..shape import Result
from .locking import Leases
from .model import Party
from .opening import pooled
from .planning import access_changes, deployed_of

AT_ONCE = 16
"""Clusters that are changed or waited for at once. Helm itself runs less often at once: see ``Helm.turns``."""
GRANTED_AT_ONCE = 8
RIGHTS_KNOWN = 15.0
"""Seconds after which API servers know of rights that were granted."""


@dataclass(slots=True)
class Applier:
    """open_helm: makes the helm for a connection. runner: who does it. progress: makes the progress of one cluster."""

    parties: Sequence[Party]
    open_helm: Callable[[Connection], Helm]
    runner: str
    progress: Callable[[str], Progress]
    check_mode: bool = False
    outcomes: dict[str, Result] = field(default_factory=dict)
    _contexts: dict[str, Context] = field(default_factory=dict)
    _grants: dict[str, list[GrantChange]] = field(default_factory=dict)

    def apply(self) -> Mapping[str, Result]:
        """Outcome by host, also of those that could not be planned."""
        alive = [party for party in self.parties if party.alive]
        pooled(self._guarded(self._prepare), alive, GRANTED_AT_ONCE)
        leases = Leases(self._lock)
        try:
            if not self.check_mode:
                self._take(leases)
            ready = [party for party in alive if party.alive]
            with ThreadPoolExecutor(max_workers=max(1, min(AT_ONCE, len(ready)))) as pool:
                list(pool.map(lambda party: self._one(party, leases), ready))
        finally:
            leases.release_all()
        for party in self.parties:
            if party.error is not None:
                self.outcomes[party.host] = failure_of(party.error)
            else:
                self._tell_of_rights(party)
        return self.outcomes

    def _guarded(self, work: Callable[[Party], None]) -> Callable[[Party], None]:
        return lambda party: party.attempt(work)

    # before anything of FATE is changed ---------------------------------------------------------------------------
    def _prepare(self, party: Party) -> None:
        """Rights, and what the operations on a cluster work with."""
        server, wanted = party.on(), party.wanted()
        connection, account = server.api.connection, str(party.given.get("deployer") or "")
        progress = self.progress(party.name)
        if party.plan is not None and party.plan.changed and party.gathered is not None:
            check_planned(_planned(party))
        if account:
            changes = access_changes(party, deployed_of(party) if party.prepared else None)
            self._grants[party.host] = changes
            if not self.check_mode:
                if changes:
                    progress("granting the rights to deploy")
                _grant(server.api, changes, account)
                token = token_for(server.api, account, party.namespace)
                connection = connection.with_token(token, f"service account {party.namespace}/{account}")
        secrets = secret_leaves(wanted.spec, wanted.secret_paths)
        own = server.api if connection is server.api.connection else Api(connection)
        helm = server.helm if connection is server.api.connection else self.open_helm(connection)
        self._contexts[party.host] = context = Context(own, helm, party.options, self.runner, progress, secrets)
        if party.plan is not None and party.plan.changed and not self.check_mode:
            if party.gathered is not None:
                _require_rights(context, _planned(party), granted=bool(self._grants.get(party.host)))
            prepare_namespace(context, party.namespace)

    def _lock(self, host: str) -> Any:
        party = next(party for party in self.parties if party.host == host)
        return lock_of(self._contexts[host], party.name, party.namespace)

    def _take(self, leases: Leases) -> None:
        changing = [party for party in self.parties if party.alive and party.plan and party.plan.changed]
        try:
            leases.take(party.host for party in changing)
        except KubefateError as error:
            for party in changing:
                party.error = KubefateError(
                    f"{error.msg} Nothing was changed, of no cluster that goes with it.",
                    Kind.LOCKED,
                    "apply",
                    error.hint,
                )
        for party in changing:
            party.error = party.error or leases.failed.get(party.host)

    # one cluster ----------------------------------------------------------------------------------------------------
    def _one(self, party: Party, leases: Leases) -> None:
        try:
            self.outcomes[party.host] = self._bring(party, self._contexts[party.host])
        except KubefateError as error:
            party.error = error
        except Exception as error:  # the others go on
            text = f"Internal error: {type(error).__name__}: {error}"
            party.error = KubefateError(
                text, Kind.INTERNAL, "apply", "Run it alone with -vvv and report what it prints."
            )
        finally:
            leases.release(party.host)

    def _bring(self, party: Party, context: Context) -> Result:
        if party.gathered is None or party.plan is None:
            planned = plan_cluster(context, party.wanted())
        else:
            planned = _planned(party)
        if self.check_mode:
            return unchanged(context, _noted(context, planned), wait=False)
        if planned.plan.changed:
            return change_locked(context, planned)
        remember(context, planned)
        return unchanged(context, planned, wait=context.options.wait)

    def _tell_of_rights(self, party: Party) -> None:
        """Add what was granted to a party's outcome."""
        granted = self._grants.get(party.host)
        outcome = self.outcomes.get(party.host)
        if granted and outcome is not None:
            shown = outcome["diff"].after(lambda: grant_diff(granted))
            self.outcomes[party.host] = {**outcome, "changed": True, "diff": shown}


def _grant(api: Api, changes: Sequence[GrantChange], account: str) -> None:
    """Grant rights. Where that is not ours to do, the error has what an administrator would have to apply."""
    try:
        apply_grant(api, changes)
    except GrantRefusedError as error:
        pending = pending_result(api, account, error)
        error.result = {key: pending[key] for key in ("pending", "manifest")}
        raise


def _require_rights(context: Context, planned: Planned, *, granted: bool) -> None:
    """See ``require_rights``. granted: a moment ago. API servers follow what is granted with some delay: what is
    missing is then asked for again for a while."""
    end = time.monotonic() + (RIGHTS_KNOWN if granted else 0)
    while True:
        try:
            return require_rights(context, planned)
        except KubefateError as error:
            if error.kind is not Kind.FORBIDDEN or time.monotonic() >= end:
                raise
        time.sleep(0.2)


def _planned(party: Party) -> Planned:
    """What was planned for a party, as the operations on one cluster take it."""
    if party.gathered is None or party.plan is None:
        raise KubefateError(f"{party.host} was not planned.", Kind.INTERNAL, "plan")
    return Planned(party.wanted(), party.there(), party.on().objects, party.gathered, party.values, party.plan)


def _noted(context: Context, planned: Planned) -> Planned:
    if not planned.plan.changed:
        return planned
    from dataclasses import replace

    from ..training import noted

    return replace(planned, plan=noted(context, planned.plan, planned.found.current))


def failure_of(error: KubefateError) -> Result:
    """The outcome of a cluster for which something went wrong."""
    return {"changed": False, **error.result, "failed": True, "msg": error.msg, "failure": error.as_failure()}
