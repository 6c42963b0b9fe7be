# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was gathered about a party to its plan, and to what is told about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...access.grants import Grant, GrantChange, grant_changes
from ...errors import Kind, KubefateError
from ...health.cluster import judge
from ...health.model import Health, State
from ...health.snapshot import Snapshot
from ...objects import Object, annotations_of
from ...plan.making import RELEASE_NAME, make
from ...plan.model import Operation, Plan
from ...plan.show import LateDiff, as_result, sentences
from ...release import Release
from ..access_show import grant_diff, grant_result
from ..describe import describe, describe_proven
from ..gather import health
from ..granting import Deployed, needed, party_grant, told
from .gathering import LIVELY_KINDS, POD
from .model import Party

LIVELY = {kind for _version, kind in (*LIVELY_KINDS, POD)}


def plan_party(party: Party) -> None:
    """Fill in plan and result. Raises ``KubefateError`` for a plan that cannot be applied."""
    if party.gathered is None:
        _plan_settled(party)
        return
    plan = party.plan = make(party.gathered, party.options.drift)
    server, wanted, current = party.on(), party.wanted(), party.there().current
    verdict = health(server.objects, party.gathered.recorded.values(), wanted.namespace) if current else None
    live = [item for ref, item in party.gathered.live.items() if ref in party.gathered.recorded]
    deployed = deployed_of(party)
    changes = access_changes(party, deployed)
    cluster = describe(wanted.name, wanted.namespace, current, verdict, live)
    _tell(party, plan, cluster, changes, told(deployed))
    if plan.errors:
        text = " ".join(finding.text for finding in plan.errors)
        hint = " ".join(dict.fromkeys(finding.hint for finding in plan.errors if finding.hint))
        raise KubefateError(text, Kind.REFUSED, "plan", hint)


def _plan_settled(party: Party) -> None:
    """The plan of a party whose release is proven and whose drift is ignored: nothing. Its record is not decoded."""
    wanted, current = party.wanted(), party.there().current
    if current is None:
        return
    reason = f"revision {current.revision} is made from this chart and these values"
    plan = party.plan = Plan(wanted.name, wanted.namespace, Operation.NONE, reason, ())
    mine = _lively(party, current)
    verdict = _health(party, mine)
    cluster = describe_proven(wanted.chart, party.member.party_id if party.member else "", current, verdict, mine)
    _tell(party, plan, cluster, access_changes(party, None), told(Deployed((), ())))


def _health(party: Party, mine: Sequence[Object]) -> Health:
    """The health of a release from its workloads alone, where they are ready and nodes tell whether pods are simulated;
    else with its pods."""
    server = party.on()
    verdict = judge(mine, Snapshot(server.objects.of(party.namespace)))
    if verdict.state is not State.READY or server.simulated is None:
        return health(server.objects, mine, party.namespace)
    running = any(work.verdict.ready for work in verdict.workloads)
    return replace(verdict, simulated=server.simulated if running else None)


def _lively(party: Party, current: Release) -> list[Object]:
    """Live objects of a release that tell how it is."""
    here = party.on().objects.of(party.namespace)
    return [obj for obj in here if obj.get("kind") in LIVELY and annotations_of(obj).get(RELEASE_NAME) == current.name]


def _tell(
    party: Party, plan: Plan, cluster: dict[str, Any], changes: list[GrantChange], deployed: dict[str, Any]
) -> None:
    access = grant_result(changes)
    party.result = {
        "changed": plan.changed or bool(changes),
        "proven": party.gathered is None or party.gathered.desired is None,
        "plan": as_result(plan),
        "cluster": cluster,
        "access": {**access, **deployed},
        "summary": sentences(plan),
        "diff": LateDiff.of(plan).after(lambda: grant_diff(changes)),
    }


def deployed_of(party: Party) -> Deployed:
    """What is deployed of a party, now or after, as far as rights depend on it."""
    server, prepared = party.on(), party.prepared
    if prepared is None:
        return Deployed((), ())
    objects = {**prepared.recorded, **(prepared.desired or {})}
    return Deployed.of(server.api, objects, prepared.hooks, openshift=server.openshift.constraints)


def access_changes(party: Party, deployed: Deployed | None) -> list[GrantChange]:
    """What granting the deployer's rights changes; nothing for a party that is deployed as the caller.

    deployed: None where it is not known; then the rights that are there are taken to be right.
    """
    if not party.given.get("deployer"):
        return []
    server = party.on()
    grant = grant_of(party, deployed or Deployed((), ()))
    changes = needed(server.api, grant, grant_changes(grant, server.objects.find))
    if deployed is None:
        return [change for change in changes if not change.ref.kind.endswith("Role") or change.before is None]
    return changes


def grant_of(party: Party, deployed: Deployed) -> Grant:
    return party_grant(party.given, party.namespace, party.options.store_namespace, deployed)
