# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was gathered about a party to its plan, and to what is told about it."""

from __future__ import annotations

from typing import Any

from ...access import Grant, GrantChange, deployer_rules, grant_changes
from ...errors import Kind, KubefateError
from ...health.model import Health
from ...kube.client import Api
from ...objects import Object, Ref, annotations_of
from ...plan.making import RELEASE_NAME, make
from ...plan.model import Operation, Plan
from ...plan.show import LateDiff, as_result, sentences
from ...release import Release
from ..access_show import grant_diff, grant_result
from ..describe import describe, describe_proven
from ..gather import Prepared, health
from .gathering import LIVELY_KINDS
from .model import Party

LIVELY = {kind for _version, kind in LIVELY_KINDS}


def plan_party(party: Party) -> None:
    """Fill in plan and result. Raises ``KubefateError`` for a plan that cannot be applied."""
    if party.gathered is None:
        _plan_settled(party)
        return
    plan = party.plan = make(party.gathered, party.options.drift)
    server, wanted, current = party.on(), party.wanted(), party.there().current
    verdict = health(server.objects, party.gathered.recorded.values(), wanted.namespace) if current else None
    live = [item for ref, item in party.gathered.live.items() if ref in party.gathered.recorded]
    types = resource_types(server.api, party.prepared) if party.prepared else []
    changes = access_changes(party, tuple(deployer_rules(types)))
    resources = [f"{found.api_version}/{found.kind}" for found in types]
    cluster = describe(wanted.name, wanted.namespace, current, verdict, live)
    _tell(party, plan, cluster, changes, resources)
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
    verdict: Health = health(party.on().objects, mine, wanted.namespace)
    cluster = describe_proven(wanted.chart, party.member.party_id if party.member else "", current, verdict, mine)
    _tell(party, plan, cluster, access_changes(party, None), [])


def _lively(party: Party, current: Release) -> list[Object]:
    """Live objects of a release that tell how it is."""
    here = party.on().objects.of(party.namespace)
    return [obj for obj in here if obj.get("kind") in LIVELY and annotations_of(obj).get(RELEASE_NAME) == current.name]


def _tell(party: Party, plan: Plan, cluster: dict[str, Any], changes: list[GrantChange], resources: list[str]) -> None:
    access = grant_result(changes)
    party.result = {
        "changed": plan.changed or bool(changes),
        "proven": party.gathered is None or party.gathered.desired is None,
        "plan": as_result(plan),
        "cluster": cluster,
        "access": {**access, "resources": resources},
        "summary": sentences(plan),
        "diff": LateDiff.of(plan).after(lambda: grant_diff(changes)),
    }


def access_changes(party: Party, rules: tuple[Any, ...] | None) -> list[GrantChange]:
    """What granting the deployer's rights changes; nothing for a party that is deployed as the caller.

    rules: None where it is not known which are needed; then those that are there are taken to be right.
    """
    account = party.given.get("deployer")
    if not account:
        return []
    store = party.options.store_namespace
    grant = grant_of(party, rules or ())
    objects = party.on().objects
    here = {Ref.of(item): item for item in objects.of(party.namespace)}
    there = {Ref.of(item): item for item in objects.of(store)} if store != party.namespace else {}
    changes = grant_changes(grant, lambda ref: here.get(ref) or there.get(ref))
    if rules is None:
        return [change for change in changes if change.ref.kind != "Role" or change.before is None]
    return changes


def grant_of(party: Party, rules: tuple[Any, ...]) -> Grant:
    return Grant(
        str(party.given.get("deployer")),
        party.namespace,
        party.options.store_namespace,
        rules,
        namespace_labels=party.given.get("namespace_labels") or {},
    )


def resource_types(api: Api, prepared: Prepared) -> list[Any]:
    """The types of everything that deploying touches: objects of now and of then, and hooks."""
    return [api.type_of(*kind) for kind in sorted(prepared.kinds | prepared.hook_kinds)]
