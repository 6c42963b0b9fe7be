"""Running suites side by side: one waits while another computes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from . import shell, stopping
from .suites import Machine, Outcome, Suite


@dataclass(frozen=True, slots=True)
class Result:
    """cpu: seconds of the commands that it ran, without servers that go on in the background."""

    suite: Suite
    outcome: Outcome
    seconds: float
    cpu: float


def run_all(suites: Sequence[Suite], machine: Machine, room: int, tell: Callable[[str], None]) -> list[Result]:
    """Run all suites, in their order as far as there is room; the results, in the order of the suites.

    room: how many processes are to be busy at once. A suite that wants more gets all of it. Suites of one lane run one
    after the other.
    """
    waiting, running = list(suites), dict[Future[Result], Suite]()
    results: dict[str, Result] = {}
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(suites))) as pool, stopping.ending_together():
            while waiting or running:
                while suite := _next(waiting, list(running.values()), room):
                    waiting.remove(suite)
                    tell(f"=== {suite.name}: {suite.about}")
                    running[pool.submit(_run, suite, machine, alone=len(suites) == 1)] = suite
                done, _others = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    del running[future]
                    result = future.result()
                    results[result.suite.name] = result
                    tell(f"=== {result.suite.name}: {verdict(result.outcome)} after {result.seconds:.0f} s")
    finally:
        stopping.over()
    return [results[suite.name] for suite in suites]


def verdict(outcome: Outcome) -> str:
    return "FAILED" if outcome.failures else "passed"


def _next(waiting: Sequence[Suite], running: Sequence[Suite], room: int) -> Suite | None:
    """The first suite for which there is room now, and whose lane is free."""
    left = room - sum(min(suite.processes, room) for suite in running)
    lanes = {suite.lane for suite in running if suite.lane}
    return next((suite for suite in waiting if min(suite.processes, room) <= left and suite.lane not in lanes), None)


def _run(suite: Suite, machine: Machine, *, alone: bool) -> Result:
    threading.current_thread().name = suite.name
    shell.label.set("" if alone else suite.name)
    shell.spent.set(0.0)
    start = time.monotonic()
    try:
        outcome = suite.work(machine)
    except SystemExit as error:
        outcome = Outcome(failures=[str(error)])
    if not outcome.count and not outcome.failures:
        outcome.failures.append("no test ran")
    return Result(suite, outcome, time.monotonic() - start, shell.spent.get())
