# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a cluster back to what an earlier revision was, as a new revision, by the same plan as any other change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..access.model import Purpose
from ..errors import Kind, KubefateError, bad_input
from ..job.record import Job, Method
from ..plan.making import make
from ..plan.model import Operation, Plan
from ..plan.show import sentences
from ..release import CHART_LABEL, Release, Status, proof
from .changing import follow, lock_of
from .context import Context
from .describe import describe
from .gather import HEALTH_KINDS, Found, Prepared, complete, find_release, health, history, referred
from .jobs import roll_back
from .listing import Objects
from .permission import require
from .planning import refuse
from .recognise import refuse_foreign
from .recovery import keep_volumes, mark, recover
from .rendering import hook_texts, hooks_of
from .running import Running
from .shape import Result, among, result
from .training import noted, spare_jobs


def rolled_back(context: Context, name: str, namespace: str, revision: int, *, check_mode: bool) -> Result:
    """Bring a cluster back to an earlier revision.

    revision: which; 0 for the newest one that was deployed before the present one. Raises ``KubefateError`` for one
    that helm does not keep, naming those that it does.
    """
    revisions = history(context.api, name, namespace)
    goal = _choose(revisions, name, namespace, revision)
    refuse_foreign(revisions[0])
    found, objects, plan = _plan(context, name, namespace, goal, revisions[0])
    if check_mode:
        plan = noted(context, plan, found.current)
    if check_mode or not plan.changed:
        expected = list(referred(context.api, revisions[0].objects, name, namespace).values())
        verdict = health(objects, expected, namespace)
        live = among(objects.of(namespace), expected)
        return result(plan, describe(name, namespace, revisions[0], verdict, live))
    require(context, namespace, [Purpose.UPGRADE], [*revisions[0].objects, *goal.objects], hooks_of(goal.body))
    with lock_of(context, name, namespace):
        now = find_release(context.api, name, namespace)
        if _newest(now) != _newest(found):
            raise KubefateError(
                f"Release {name} in {namespace} was changed by somebody else meanwhile.",
                Kind.LOCKED,
                "plan",
                "Look at its history, and run again.",
            )
        caveats = spare_jobs(context, plan, found.current)
        meta = goal.chart_meta
        job = Job(
            cluster=name,
            namespace=namespace,
            method=Method.ROLLBACK,
            chart=f"{meta.get('name')}-{meta.get('version')}",
            chart_digest=goal.chart_digest,
            revision=revisions[0].revision + 1,
            previous_revision=revisions[0].revision,
            changes=sentences(plan),
        )
        return follow(context, job, plan, lambda running: _carry_out(running, now, goal, plan), warnings=caveats)


def _newest(found: Found) -> tuple[int, str]:
    return (found.releases[0].revision, str(found.releases[0].status)) if found.releases else (0, "")


def _choose(revisions: Sequence[Release], name: str, namespace: str, revision: int) -> Release:
    kept = ", ".join(f"{item.revision} ({item.status}, {_chart(item)})" for item in revisions)
    if not revisions or revisions[0].status in (Status.UNINSTALLED, Status.UNINSTALLING):
        raise bad_input(
            f"There is no release {name} in namespace {namespace}.", "List the clusters: fate_cluster_info."
        )
    if revision:
        chosen = [item for item in revisions if item.revision == revision]
        if not chosen:
            raise bad_input(
                f"Release {name} in {namespace} has no revision {revision}; helm keeps {kept}.",
                "Choose one of these; history_max says how many are kept.",
            )
        return chosen[0]
    earlier = [item for item in revisions[1:] if item.status in (Status.SUPERSEDED, Status.DEPLOYED)]
    if not earlier:
        raise bad_input(
            f"Release {name} in {namespace} has no earlier revision that was deployed; helm keeps {kept}.",
            "There is nothing to go back to.",
        )
    return earlier[0]


def _chart(release: Release) -> str:
    return f"{release.chart_meta.get('name', '?')} {release.chart_meta.get('version', '?')}"


def _plan(context: Context, name: str, namespace: str, goal: Release, newest: Release) -> tuple[Found, Objects, Plan]:
    found = find_release(context.api, name, namespace)
    recorded = referred(context.api, newest.objects, name, namespace)
    same = goal.revision == newest.revision and newest.status is Status.DEPLOYED
    desired = None if same else referred(context.api, goal.objects, name, namespace)
    prepared = Prepared(
        name=name,
        namespace=namespace,
        secrets=(),
        found=found,
        recorded=recorded,
        desired=desired,
        values=None,
        hooks_changed=hook_texts(goal.body) != hook_texts(newest.body),
        namespace_exists=True,
        hooks=(),
        server_side=newest.server_side,
    )
    objects = Objects(context.api, [namespace])
    objects.load(prepared.kinds | set(HEALTH_KINDS))
    plan = make(complete(context.api, prepared, objects, context.options), context.options.drift)
    refuse(plan, newest)
    if plan.operation is Operation.UPGRADE:
        plan = replace(plan, reason=f"back to revision {goal.revision} ({_chart(goal)})")
    return found, objects, plan


def _carry_out(running: Running, found: Found, goal: Release, plan: Plan) -> Release | None:
    context, current = running.context, found.current
    if current is not None:
        recover(context.api, context.helm, current, context.options, running.tell)
        keep_volumes(context.api, current, plan)
    running.tell(f"helm: rolling {goal.name} back to revision {goal.revision}")
    force = context.options.drift == "repair"
    roll_back(context, goal.name, goal.namespace, goal.revision, force_conflicts=force)
    made = find_release(context.api, goal.name, goal.namespace).current
    if made is not None and goal.chart_digest:
        mark(context.api, made, CHART_LABEL, proof(made.revision, goal.chart_digest))
    return made
