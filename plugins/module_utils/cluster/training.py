# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping a plan from ending training jobs that run: FATE-Flow is asked before anything is changed.

Between its answer and the change a job may begin; whoever must exclude that stops submitting first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ..errors import Kind, KubefateError
from ..facts.flow import NEEDED
from ..flow.asking import ask
from ..flow.model import FlowJob, Known, Unknown, Verdict
from ..objects import WORKLOADS, module_of
from ..plan.making import REPLICAS
from ..plan.model import Action, Change, Finding, Level, Plan
from ..release import Release
from .context import Context
from .describe import describe
from .shape import result

LOOK_SECONDS = 5.0
"""Between two questions while jobs are waited for."""
NAMED = 5
"""Jobs that one sentence names."""
IGNORE = "Or say running_fate_jobs: ignore, which ends jobs that run."


def ended_modules(plan: Plan) -> list[str]:
    """Modules that training jobs need and that the plan takes pods from."""
    ended = {restart.module for restart in plan.restarts}
    ended |= {module_of(change.before or change.after or {}) for change in plan.changes if _takes_pods(change)}
    return sorted(ended & NEEDED)


def _takes_pods(change: Change) -> bool:
    if change.ref.kind not in WORKLOADS:
        return False
    if change.action is Action.DELETE:
        return True
    return any(item.steps == REPLICAS and _pods(item.after) < _pods(item.before) for item in change.fields)


def _pods(replicas: object) -> int:
    return replicas if isinstance(replicas, int) else 1


def noted(context: Context, plan: Plan, current: Release | None) -> Plan:
    """The plan with what FATE-Flow says, for check mode: a warning where the real run would wait or refuse."""
    verdict = _asked(context, plan, current)
    finding: Finding | None = None
    match verdict:
        case Known(jobs=jobs) if jobs:
            finding = Finding(Level.WARNING, _sentence(plan, jobs), _outlook(context))
        case Known(caveat=caveat) if caveat:
            finding = Finding(Level.WARNING, caveat)
        case Unknown(why=why, hint=hint):
            finding = Finding(Level.WARNING, f"It is unknown whether training jobs run. {why}", hint)
        case _:
            pass
    return replace(plan, findings=(*plan.findings, finding)) if finding else plan


def _outlook(context: Context) -> str:
    if context.options.running_fate_jobs == "wait":
        return "They will be waited for (running_fate_jobs: wait)."
    return "It will be refused while they run (running_fate_jobs: fail)."


def spare_jobs(context: Context, plan: Plan, current: Release | None) -> list[str]:
    """Make sure that the plan ends no training job; warnings for the result. The caller holds the Lease.

    Raises ``KubefateError``, with the result so far, where jobs run, still run when the time is up, or cannot be asked
    for. Nothing was changed then.
    """
    try:
        verdict = _asked(context, plan, current)
        if context.options.running_fate_jobs == "wait":
            verdict = _awaited(context, verdict, lambda: _asked(context, plan, current))
        return _judged(context, plan, verdict)
    except KubefateError as error:
        cluster = describe(plan.release, plan.namespace, current, None, ())
        error.result = result(plan, cluster, changed=False)
        raise


def _asked(context: Context, plan: Plan, current: Release | None) -> Verdict:
    if current is None or context.options.running_fate_jobs == "ignore" or not ended_modules(plan):
        return Known()
    return ask(context.api, current.objects, plan.namespace)


def _awaited(context: Context, verdict: Verdict, again: Callable[[], Verdict]) -> Verdict:
    """The first verdict that names no job, or the last one when the time is up."""
    end = time.monotonic() + context.options.wait_timeout
    while _may_pass(verdict) and (left := end - time.monotonic()) > 0:
        context.progress(_progress(verdict))
        time.sleep(min(LOOK_SECONDS, left))
        verdict = again()
    return verdict


def _may_pass(verdict: Verdict) -> bool:
    match verdict:
        case Known(jobs=jobs):
            return bool(jobs)
        case Unknown(passing=passing):
            return passing


def _progress(verdict: Verdict) -> str:
    match verdict:
        case Known(jobs=jobs):
            return f"waiting for {_count(jobs)}: {_names(jobs)}"
        case Unknown(why=why):
            return f"waiting for FATE-Flow: {why}"


def _judged(context: Context, plan: Plan, verdict: Verdict) -> list[str]:
    waited = context.options.running_fate_jobs == "wait"
    match verdict:
        case Known(jobs=jobs) if jobs:
            tail = f" They still run after {int(context.options.wait_timeout)} s." if waited else ""
            raise KubefateError(
                f"{_sentence(plan, jobs)}{tail} Nothing was changed.",
                Kind.TIMEOUT if waited else Kind.BUSY,
                "plan",
                ("Raise wait_timeout, or stop them. " if waited else "Wait for them with running_fate_jobs: wait. ")
                + IGNORE,
                [job.as_resource() for job in jobs],
            )
        case Known(caveat=caveat):
            return [caveat] if caveat else []
        case Unknown(why=why, hint=hint):
            raise KubefateError(
                f"{plan.release} is not changed: {', '.join(ended_modules(plan))} would lose pods, and it is unknown "
                f"whether training jobs run. {why}",
                Kind.BUSY,
                "plan",
                f"{hint} {IGNORE}".strip(),
            )


def _sentence(plan: Plan, jobs: tuple[FlowJob, ...]) -> str:
    modules = ", ".join(ended_modules(plan))
    return f"{_count(jobs)} of {plan.release} would fail, since pods of {modules} would end: {_names(jobs)}."


def _count(jobs: tuple[FlowJob, ...]) -> str:
    return f"{len(jobs)} training job{'' if len(jobs) == 1 else 's'}"


def _names(jobs: tuple[FlowJob, ...]) -> str:
    more = f" and {len(jobs) - NAMED} more" if len(jobs) > NAMED else ""
    return "; ".join(job.text for job in jobs[:NAMED]) + more
