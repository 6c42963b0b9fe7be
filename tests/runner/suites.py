"""The suites. Each returns how many tests it ran and what failed."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from servers import getting

from . import pythons, services, tree
from .control_plane import ControlPlane
from .places import HOME, OUTPUT, RENDERS, ROOT, TREE, WORK
from .pythons import Environment
from .shell import environment, run

PARALLEL = ["--numprocesses=auto", "--dist=worksteal"]
"""Options of pytest for tests that are independent of each other."""
WAITING = ["--numprocesses=3", "--dist=worksteal"]
"""The same for tests that mostly wait."""

SLOW = ("pylint", "import", "yamllint")
"""Sanity tests that take more CPU than all others together. Of what they find, nothing depends on which ansible-core it
is; on the oldest one the unit tests import everything, and ``make test-long`` runs them, too."""
OUTSIDE = (
    *(f"tests/{name}/" for name in ("bench", "commands", "playbooks", "real", "runner", "servers", "tools", "unit")),
    *("tests/run.py", "sandbox/", "scripts/"),
)
"""What ansible-test does not look at: pylint would take as long for that as for plugins and roles. ruff, mypy and
yamllint know it."""

SAID = 600
"""Characters of what a failed test said that the summary shows."""
SMOKE = "smoke"
"""Alias of the integration targets that also run on the oldest ansible-core, and pytest mark of such playbook tests."""


@dataclass(slots=True)
class Outcome:
    """What a suite did. unit: what was counted."""

    count: int = 0
    failures: list[str] = field(default_factory=list)
    unit: str = "tests"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the suites run with. only: part of the names of the tests or targets that run; all by default."""

    oldest: Environment
    newest: Environment
    plane: ControlPlane
    long: bool
    only: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """processes: how many it keeps busy, which says what may run beside it. lane: suites of one lane never run at the
    same time."""

    name: str
    about: str
    work: Callable[[Machine], Outcome]
    processes: int = 2
    lane: str = ""


def lint(machine: Machine) -> Outcome:
    """Formatting, types, style: one test for each tool and file set."""
    tools = Path(sys.executable).parent
    outcome = Outcome(unit="tools")
    packages = ["module_utils", "modules", "filter", "callback", "inventory", "plugin_utils"]
    collection = [f"ansible_collections/federatedai/kubefate/plugins/{package}" for package in packages]
    tests = ROOT / "tests"
    sources = f"{TREE.parents[2]}:{tests / 'playbooks'}:{tests / 'bench'}:{ROOT}"
    known = environment(
        tools,
        MYPYPATH=sources,
        # One for all calls of mypy: what one has looked at the next one knows.
        MYPY_CACHE_DIR=str(WORK / "mypy"),
        ANSIBLE_COLLECTIONS_PATH=str(TREE.parents[2]),
    )
    pyproject = str(ROOT / "pyproject.toml")
    checks: list[tuple[str, list[str | Path], Path]] = [
        ("ruff-format", [tools / "ruff", "format", "--check", "--quiet", "."], ROOT),
        ("ruff", [tools / "ruff", "check", "--quiet", "."], ROOT),
        ("mypy", [tools / "mypy", "--config-file", pyproject, *collection], TREE.parents[2]),
        ("mypy-sandbox", [tools / "mypy", "--config-file", pyproject, "-p", "sandbox"], ROOT),
        ("mypy-tests", [tools / "mypy", "--config-file", pyproject, "runner", "bench", "servers"], ROOT / "tests"),
        ("yamllint", [tools / "yamllint", "--strict", "."], TREE),
        ("ansible-lint", [tools / "ansible-lint", "--profile", "production", "--offline", "--strict"], TREE),
    ]
    for name, argv, folder in checks:
        code, _text = run(argv, log="lint", cwd=folder, env=known)
        outcome.count += 1
        if code:
            outcome.failures.append(name)
    return outcome


def pytest(
    env: Environment,
    folder: str,
    name: str,
    machine: Machine,
    extra: Sequence[str] = (),
    marks: Sequence[str] = (),
    **variables: str,
) -> Outcome:
    """One pytest run, counted from its own report. marks: what is said of the marks of all tests that run; of none is
    it ``long`` unless there is time."""
    report = OUTPUT / f"{name}.xml"
    report.unlink(missing_ok=True)
    known = environment(
        env.bin,
        PYTHONPATH=str(TREE.parents[2]),
        ANSIBLE_COLLECTIONS_PATH=str(TREE.parents[2]),
        KUBEFATE_LONG="1" if machine.long else "",
        KUBEFATE_RENDERS="" if machine.long else str(RENDERS),
        **machine.plane.variables(),
        **variables,
    )
    marks = [*marks, *([] if machine.long else ["not long"])]
    argv: list[str | Path] = [
        env.bin / "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *(["-k", machine.only] if machine.only else []),
        *(["-m", " and ".join(marks)] if marks else []),
        *extra,
        folder,
    ]
    code, _text = run(argv, log=name, cwd=TREE, env=known)
    outcome = Outcome()
    if report.exists():
        suite = ElementTree.parse(report).getroot().find("testsuite")
        assert suite is not None
        skipped = int(suite.get("skipped", "0"))
        outcome.count = int(suite.get("tests", "0")) - skipped
        for case in suite.iter("testcase"):
            failure = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
            if failure is not None:
                outcome.failures.append(f"{case.get('classname')}::{case.get('name')}: {_brief(failure)}")
        if skipped:
            outcome.failures.append(f"{skipped} tests were skipped: a skipped test shows nothing")
    if code and not outcome.failures:
        outcome.failures.append(f"pytest ended with exit code {code}")
    return outcome


def _brief(failure: ElementTree.Element) -> str:
    """Why a test failed, in a line: what it said, and the last place of the test itself."""
    said = " ".join(str(failure.get("message") or "").split())
    places = re.findall(r"^(tests/\S+:\d+)", failure.text or "", re.MULTILINE)
    return f"{said[:SAID]} ({places[-1] if places else 'no place'})"


def unit(env: Environment, smoke: bool) -> Callable[[Machine], Outcome]:
    """The core, the plugins and the sandbox. smoke: with fewer examples, and without what takes long and in which no
    ansible-core takes part."""
    extra, marks = ["--ignore=tests/unit/charts", *PARALLEL], ["not once"] if smoke else []
    name, few = f"unit-{env.core}-py{env.python.name}", "1" if smoke else ""
    return lambda machine: pytest(env, "tests/unit", name, machine, extra, marks, KUBEFATE_FEW_EXAMPLES=few)


def charts(machine: Machine) -> Outcome:
    """The charts with helm 3 and helm 4; no ansible-core takes part in them."""
    return pytest(machine.newest, "tests/unit/charts", "charts", machine, PARALLEL)


def sanity(env: Environment, without: Sequence[str] = ()) -> Callable[[Machine], Outcome]:
    """``ansible-test sanity``, all of its tests but those that are named, no ignores for plugins and roles."""

    def work(machine: Machine) -> Outcome:
        argv = ["sanity", "--local", "--color", "no", "--python", env.python.name]
        argv += [part for name in without for part in ("--skip-test", name)]
        argv += [part for name in OUTSIDE for part in ("--exclude", name)]
        code, text = _ansible_test(env, argv, f"sanity-{env.core}", tree.own(f"sanity-{env.core}"))
        outcome = Outcome(len(set(re.findall(r"^Running sanity test ['\"]([^'\"]+)['\"]", text, re.MULTILINE))))
        failed = re.search(r"The (\d+) sanity test\(s\) listed below[^:]*failed: (.*)", text)
        if failed:
            outcome.failures += failed[2].split(", ")
        outcome.failures += [line for line in text.splitlines() if line.startswith("WARNING: Skipping sanity test")]
        if code and not outcome.failures:
            outcome.failures.append(f"ansible-test ended with exit code {code}")
        return outcome

    return work


def integration(env: Environment, smoke: bool) -> Callable[[Machine], Outcome]:
    """``ansible-test integration`` against the sandbox."""

    def work(machine: Machine) -> Outcome:
        plane = machine.plane
        config = {
            "kubeconfig": str(plane.kubeconfig),
            "helm3": plane.tools["helm3"],
            "helm4": plane.tools["helm4"],
            "kubectl": plane.tools["kubectl"],
            # One for each ansible-core, unless there is time for both.
            "helms": "[helm3, helm4]" if machine.long else "[helm3]" if smoke else "[helm4]",
        }
        text = "---\n" + "".join(f"{key}: {value}\n" for key, value in config.items())
        folder = tree.own(f"integration-{env.core}")
        (folder / "tests" / "integration" / "integration_config.yml").write_text(text)
        wanted = [target for target in _targets(smoke) if machine.only in target]
        if not wanted:
            return Outcome()  # ansible-test would run all of them
        argv = ["integration", "--local", "--color", "no", "--allow-unsupported", *wanted]
        code, printed = _ansible_test(env, argv, f"integration-{env.core}", folder)
        ran = re.findall(r"^Running (\S+) integration test (?:role|script)", printed, re.MULTILINE)
        outcome = Outcome(len(set(ran)), unit="targets")
        missing = sorted(set(wanted) - set(ran))
        if code:
            outcome.failures.append(f"target {ran[-1] if ran else '(none started)'}")
        elif missing:
            outcome.failures.append(f"did not run: {', '.join(missing)}")
        return outcome

    return work


def _targets(smoke: bool) -> list[str]:
    found = []
    for folder in sorted((ROOT / "tests" / "integration" / "targets").iterdir()):
        aliases = folder / "aliases"
        words = aliases.read_text().split() if aliases.exists() else []
        if "hidden" not in words and (not smoke or SMOKE in words):
            found.append(folder.name)
    return found


def _ansible_test(env: Environment, argv: Sequence[str], log: str, folder: Path) -> tuple[int, str]:
    """ansible-test with a HOME of its own and the real Pythons, no shims, in PATH. folder: a copy of the checkout."""
    folders = [python.path.parent for python in pythons.available()]
    known = environment(env.bin, *folders, HOME=str(HOME))
    return run([env.bin / "ansible-test", *argv], log=log, cwd=folder, env=known)


def playbooks(env: Environment, smoke: bool, files: str = "test_*.py") -> Callable[[Machine], Outcome]:
    """The playbooks as a user runs them, from the installed tarball. files: which ones, as a shell pattern."""

    def work(machine: Machine) -> Outcome:
        installed = tree.install(env)
        extra, marks = [*WAITING, "-o", f"python_files={files}"], [SMOKE] if smoke else []
        variables = {"KUBEFATE_COLLECTIONS": str(installed), "KUBEFATE_ANSIBLE_BIN": str(env.bin)}
        other = machine.newest if env == machine.oldest else machine.oldest
        variables["KUBEFATE_OTHER_ANSIBLE_BIN"] = str(other.bin)
        variables["KUBEFATE_FORKED_PLAYS"] = "" if smoke or machine.long else "1"
        name = f"{'playbooks' if files == 'test_*.py' else 'soak'}-{env.core}-py{env.python.name}"
        return pytest(env, "tests/playbooks", name, machine, extra, marks, **variables)

    return work


def commands(machine: Machine) -> Outcome:
    """The commands of the README, in a clean copy of the checkout with an empty HOME."""
    clone = WORK / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    for name in tree.files():
        tree.copy(name, clone)
    variables = {"KUBEFATE_CLONE": str(clone), "KUBEFATE_PYTHON": str(machine.newest.python.path)}
    try:
        return pytest(machine.newest, "tests/commands", "commands", machine, **variables)
    finally:
        shutil.rmtree(clone, ignore_errors=True)


def real(programs: Sequence[getting.Program], files: str) -> Callable[[Machine], Outcome]:
    """What charts render, and the core, with real servers. files: which tests, as a shell pattern."""

    def work(machine: Machine) -> Outcome:
        missing = services.get(programs)
        if missing:
            return Outcome(failures=[missing])
        extra = ["--numprocesses=auto", "--dist=loadgroup", "-o", f"python_files={files}"]
        name = "real" if files == "test_*.py" else "real-large"
        return pytest(machine.newest, "tests/real", name, machine, extra, KUBEFATE_SANDBOX_PYTHON=sys.executable)

    return work


def real_suites() -> list[Suite]:
    """Those with servers that are large or slow; only when asked for."""
    return [
        Suite("real", "with FATE-Flow, MariaDB, RabbitMQ, nginx, Redis", real(getting.SMALL, "test_*.py")),
        Suite("real-large", "with servers that are large or slow", real(getting.LARGE, "large_*.py")),
    ]


def _made(env: Environment, work: Callable[[Machine], Outcome]) -> Callable[[Machine], Outcome]:
    """The same in an environment that is made only now."""

    def prepared(machine: Machine) -> Outcome:
        pythons.make(env)
        return work(machine)

    return prepared


def all_suites(old: Environment, new: Environment, *, long: bool) -> list[Suite]:
    """In the order in which they run: what fails soonest comes first. Beside the suites that keep two processors busy,
    those that keep one busy run one after the other; both rows take about as long."""
    suites = [
        Suite("lint", "formatting, types, style", lint, processes=1),
        Suite(f"unit-{new.core}", new.label, unit(new, smoke=False)),
        Suite(f"integration-{new.core}", new.label, integration(new, smoke=False), processes=1, lane="integration"),
        Suite(f"unit-{old.core}", old.label, unit(old, smoke=not long)),
        Suite("charts", "charts with helm 3 and helm 4", charts),
        Suite(f"playbooks-{old.core}", old.label, playbooks(old, smoke=not long)),
        Suite(f"playbooks-{new.core}", new.label, playbooks(new, smoke=False)),
        Suite(
            f"integration-{old.core}",
            old.label,
            integration(old, smoke=not long),
            processes=1,
            lane="integration",
        ),
        Suite("real", "with FATE-Flow, MariaDB, RabbitMQ, nginx, Redis", real(getting.SMALL, "test_*.py"), processes=1),
        Suite(f"sanity-{new.core}", new.label, sanity(new), processes=1),
        Suite(f"sanity-{old.core}", old.label, sanity(old, () if long else SLOW), processes=1),
        Suite("commands", "the README's commands on a clean copy", commands, processes=1),
    ]
    if long:
        suites.append(Suite("soak", "kills, races and restarts", playbooks(new, smoke=False, files="soak_*.py")))
        for core, python in pythons.matrix(pythons.available()):
            env = pythons.environment(core, python)
            if env not in (old, new):
                label = f"{core}-py{python.name}"
                suites.append(Suite(f"unit-{label}", env.label, _made(env, unit(env, smoke=False))))
                suites.append(Suite(f"playbooks-{label}", env.label, _made(env, playbooks(env, smoke=True))))
    return suites
