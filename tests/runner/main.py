"""The command line: which suites, in what order, and the summary."""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Sequence

from . import control_plane, pythons, stopping, tree
from .places import OUTPUT
from .pythons import Environment
from .schedule import run_all, verdict
from .shell import say
from .suites import Machine, Suite, all_suites, real_suites


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites; 0 if every one ran at least one test and none failed."""
    parser = argparse.ArgumentParser(prog="tests/run.py", description=__doc__)
    parser.add_argument("--suite", action="append", metavar="NAME", help="run only suites whose name begins so")
    parser.add_argument("--only", default="", metavar="NAME", help="run only tests whose file or name has this in it")
    parser.add_argument("--long", action="store_true", help="the whole matrix, soaks and races")
    parser.add_argument("--real", action="store_true", help="only what runs programs of FATE from package registries")
    parser.add_argument("--list", action="store_true", help="list the suites")
    options = parser.parse_args(arguments)
    oldest, newest = pythons.oldest_and_newest(pythons.available())
    long = options.long or options.real
    suites = real_suites() if options.real else all_suites(oldest, newest, long=long)
    if options.list:
        for suite in suites:
            print(f"{suite.name:24} {suite.about}")
        return 0
    wanted = [suite for suite in suites if not options.suite or suite.name.startswith(tuple(options.suite))]
    if not wanted:
        print("No such suite. There are: " + ", ".join(suite.name for suite in suites))
        return 2
    stopping.at_signals()
    return _run(wanted, _prepare(oldest, newest, long, options.only))


def _prepare(oldest: Environment, newest: Environment, long: bool, only: str) -> Machine:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    tools = control_plane.build()
    for env in (oldest, newest):
        pythons.make(env)
    tree.refresh()
    return Machine(oldest, newest, control_plane.start(tools), long, only)


def _run(suites: list[Suite], machine: Machine) -> int:
    start = time.monotonic()
    try:
        results = run_all(suites, machine, (os.cpu_count() or 1) + 1, lambda text: say(f"\n{text}\n"))
    finally:
        clean = control_plane.stop()
    print("\n=== summary")
    for result in results:
        suite, outcome = result.suite, result.outcome
        counted = f"{outcome.count:5} {outcome.unit:8} {verdict(outcome)}"
        print(f"{suite.name:20} {counted}  {result.seconds:6.0f} s {result.cpu:5.0f} of CPU  {suite.about}")
        for failure in outcome.failures[:20]:
            print(f"{'':20} - {failure}")
    if not clean:
        print("The test sandbox left something behind; see tests/output/sandbox.log")
    failed = [result.suite.name for result in results if result.outcome.failures]
    total = sum(result.outcome.count for result in results)
    said = f"FAILED: {', '.join(failed)}" if failed else "all passed"
    print(f"{len(results)} suites, {total} tests, {said}, {time.monotonic() - start:.0f} s")
    return 1 if failed or not clean else 0
