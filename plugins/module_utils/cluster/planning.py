# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster is, what it should be, and the plan from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Kind, KubefateError
from ..health.model import Health
from ..objects import Object, Ref
from ..plan.making import Gathered, make
from ..plan.model import Action, Plan
from ..release import CHART_LABEL, PROOF_LABEL, Release, proof
from ..values import Values
from .context import Context
from .describe import describe
from .gather import HEALTH_KINDS, Found, complete, find_release, health, is_proven, prepare, referred
from .listing import Objects
from .recovery import mark
from .shape import Result, among, result
from .target import Target, large_ids


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from. values: None where the release is proven to be the target."""

    target: Target
    found: Found
    objects: Objects
    gathered: Gathered
    values: Values | None
    plan: Plan

    @property
    def warnings(self) -> list[str]:
        return [*self.target.warnings, *(large_ids(self.target, self.values) if self.values else ())]


def plan_cluster(context: Context, target: Target) -> Planned:
    """Gather and plan. Raises ``KubefateError`` for a plan that cannot be applied."""
    context.progress("planning")
    try:
        found = find_release(context.api, target.name, target.namespace)
        objects = Objects(context.api, [target.namespace])
        prepared = prepare(context.api, context.helm, target, found)
        objects.load(prepared.kinds | set(HEALTH_KINDS))
        gathered = complete(context.api, prepared, objects, context.options)
    except KubefateError as error:
        raise error.within("plan") from None
    plan = make(gathered, context.options.drift)
    refuse(plan, found.current)
    return Planned(target, found, objects, gathered, prepared.values, plan)


def refuse(plan: Plan, current: Release | None) -> None:
    """Raise ``KubefateError`` for a plan that cannot be applied."""
    if plan.errors:
        text = " ".join(finding.text for finding in plan.errors)
        hint = " ".join(dict.fromkeys(finding.hint for finding in plan.errors if finding.hint))
        cluster = describe(plan.release, plan.namespace, current, None, ())
        raise KubefateError(text, Kind.REFUSED, "plan", hint, result=result(plan, cluster, changed=False))


def remember(context: Context, planned: Planned) -> None:
    """Note on a release, which was found to have the target's manifest, that it has: the next run need not render it.

    That is so for a release that helm or KubeFATE made, and after a change of the chart that changes no object.
    """
    current = planned.found.current
    if current is None or is_proven(planned.target, planned.found):
        return
    mark(context.api, current, PROOF_LABEL, proof(current.revision, planned.target.fingerprint))
    mark(context.api, current, CHART_LABEL, proof(current.revision, planned.target.chart.digest))


def unchanged(context: Context, planned: Planned, *, wait: bool) -> Result:
    """The result where nothing is done; a release that is right but not ready yet is waited for."""
    target, plan, current = planned.target, planned.plan, planned.found.current
    if current is None:
        return result(plan, describe(target.name, target.namespace, None, None, ()), warnings=planned.warnings)
    expected = list(referred(context.api, current.objects, target.name, target.namespace).values())
    verdict = health(planned.objects, expected, target.namespace)
    gone = {change.ref for change in plan.drift if change.action is Action.CREATE}
    awaited = [obj for obj in expected if Ref.of(obj) not in gone]  # what is left deleted never gets ready
    if wait and not plan.changed and not health(planned.objects, awaited, target.namespace).ready:
        seen = _wait_again(context, current, awaited, plan)
        verdict = verdict if gone else seen
    live = among(planned.objects.of(target.namespace), expected)
    cluster = describe(target.name, target.namespace, current, verdict, live)
    return result(plan, cluster, warnings=planned.warnings)


def _wait_again(context: Context, current: Release, expected: list[Object], plan: Plan) -> Health:
    from .settle import progress_line, settle

    try:
        return settle(
            context.api,
            current.namespace,
            expected,
            context.options,
            tell=lambda seen: context.progress(progress_line(seen)),
        )
    except KubefateError as error:
        error.result = result(plan, describe(current.name, current.namespace, current, None, ()))
        raise
