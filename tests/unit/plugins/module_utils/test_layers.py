# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies point downwards only (design.md, section 5), and the core works without Ansible."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils import errors

pytestmark = pytest.mark.once

CORE = Path(errors.__file__).parent
ROOT = CORE.parents[4]
"""What is on PYTHONPATH: the folder that holds ansible_collections."""
PACKAGE = "ansible_collections.federatedai.kubefate.plugins.module_utils"

LAYERS = (
    ("modules", "action"),
    ("entry", "plugin_utils"),
    ("calls",),
    ("call",),
    ("arguments",),
    ("cluster", "authoring", "bundle"),
    ("preflight",),
    ("plan", "job", "adopt", "verify"),
    ("release", "access", "lock", "values", "chart", "flow", "certificates", "publicfacts"),
    ("kube", "helm"),
    ("spec", "health", "federation"),
    ("objects", "data", "yamltext", "privatefile", "progress"),
    ("facts", "errors"),
)
"""Rooms from the top to the bottom."""
PURE = ("adopt", "preflight", "plan", "health", "federation", "spec", "facts", "data", "objects")
"""Rooms that know neither kube nor helm, not even through others."""
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

Sources = Mapping[str, str]
"""Dotted path below module_utils (or ``modules.x``) to source text."""


def sources() -> dict[str, str]:
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        if path.name != "__init__.py":
            found[".".join(path.relative_to(CORE).with_suffix("").parts)] = path.read_text(encoding="utf-8")
    for outer in ("modules", "action", "plugin_utils"):
        for path in sorted((CORE.parent / outer).glob("*.py")):
            if path.name != "__init__.py":
                found[f"{outer}.{path.stem}"] = path.read_text(encoding="utf-8")
    return found


def room(name: str) -> str:
    return name.partition(".")[0]


@functools.cache
def imports(name: str, text: str) -> tuple[str, ...]:
    """What a file of the core imports from the core when it runs, wherever in the file that stands."""
    return tuple(_imports(ast.parse(text), name.split(".")[:-1]))


def _imports(node: ast.AST, folder: list[str]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                for other in child.orelse:
                    yield from _imports(other, folder)
            case ast.ImportFrom(module=module, level=level, names=names):
                path = (module or "").split(".") if module else []
                if level:
                    base = folder[: len(folder) - level + 1]
                elif module and (module == PACKAGE or module.startswith(f"{PACKAGE}.")):
                    base, path = [], path[PACKAGE.count(".") + 1 :]
                else:
                    continue
                for alias in names:
                    yield ".".join([*base, *path, alias.name])
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.startswith(f"{PACKAGE}."):
                        yield alias.name.removeprefix(f"{PACKAGE}.")
            case _:
                yield from _imports(child, folder)


def graph(files: Sources) -> dict[str, set[str]]:
    """File to the files that it imports."""
    found: dict[str, set[str]] = {}
    for name, text in files.items():
        wanted = set()
        for target in imports(name, text):
            file = target
            while file and file not in files:
                file = file.rpartition(".")[0]
            wanted.add(file or target)
        found[name] = wanted
    return found


def violations(files: Sources) -> list[str]:
    edges = graph(files)
    return [*_upward(edges), *_cycles(edges), *_impure(edges)]


def _upward(edges: Mapping[str, set[str]]) -> Iterator[str]:
    for name, targets in edges.items():
        for target in sorted(targets):
            here, there = room(name), room(target)
            if (there, here) in (("entry", "action"), ("plugin_utils", "modules")):
                yield f"{name} imports {there}, which serves the other kind of plugin"
            elif here != there and (here not in RANK or there not in RANK):
                yield f"{name} imports {target}: a room that no layer has"
            elif here != there and RANK[there] < RANK[here]:
                yield f"{name} imports {target}, which is above it"


def _cycles(edges: Mapping[str, set[str]]) -> Iterator[str]:
    rooms: dict[str, set[str]] = {}
    for name, targets in edges.items():
        rooms.setdefault(room(name), set()).update(room(target) for target in targets if room(target) != room(name))
    for start in sorted(rooms):
        if start in reachable(rooms, start):
            yield f"room {start} depends on itself"


def _impure(edges: Mapping[str, set[str]]) -> Iterator[str]:
    for name in edges:
        if room(name) in PURE:
            for target in sorted(reachable(edges, name)):
                if room(target) in ("kube", "helm"):
                    yield f"{name} reaches {target}"


def reachable(edges: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges.get(name, ())
    return found


def test_every_room_imports_only_what_lies_below_it() -> None:
    assert violations(sources()) == []


def test_every_room_has_a_layer() -> None:
    assert {room(name) for name in sources()} == set(RANK)


def unsent(text: str) -> list[str]:
    """Imports that ansible-core overlooks when it collects what to send with a module: it does not look below a
    ``case`` (2.21: executor/module_common.py, ``ModuleDepFinder.generic_visit``)."""
    cases = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.match_case)]
    return [
        ast.unparse(node) for case in cases for node in ast.walk(case) if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_everything_that_a_module_imports_is_sent_with_it() -> None:
    assert {name: unsent(text) for name, text in sources().items() if unsent(text)} == {}


def test_an_import_below_a_case_would_be_seen() -> None:
    assert unsent("match 1:\n    case 1:\n        from .x import y") == ["from .x import y"]


def test_the_checker_sees_the_imports_that_there_are() -> None:
    edges = graph(sources())
    assert {"cluster.target", "spec.loading", "spec.names"} <= edges["calls.clusters"]
    assert "entry" not in edges["calls.clusters"], "an import for the type checker alone does not count"
    assert "entry" in edges["modules.fate_cluster"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("kube.planted", "from ..cluster.settle import settle", "which is above it"),
        ("data", "from .health.model import State", "which is above it"),
        ("cluster.planted", "def work():\n    from ..entry import Call", "which is above it"),
        ("action.planted", f"from {PACKAGE}.entry import execute", "the other kind of plugin"),
        ("plan.planted", "from ..kube.client import Api", "plan.planted reaches kube.client"),
        ("plan.planted", "from ..chart.store import ChartStore", "plan.planted reaches kube.client"),
        ("spec.planted", "from ..helm.cli import Helm", "which is above it"),
        ("objects", f"import {PACKAGE}.kube.client", "which is above it"),
        ("access", f"from {PACKAGE}.cluster.listing import Objects", "which is above it"),
        ("job.planted", "from ..plan.model import Plan", ""),
        ("kube.planted", "from ..helm.cli import Helm", ""),
        ("newroom.planted", "from ..data import merge", "a room that no layer has"),
    ],
)
def test_the_checker_catches_a_planted_violation(name: str, text: str, said: str) -> None:
    planted = {**sources(), name: text}
    if said:
        assert any(said in line for line in violations(planted)), violations(planted)
    else:
        assert violations(planted) == []


def test_the_checker_catches_two_rooms_of_one_layer_that_need_each_other() -> None:
    planted = {"plan.a": "from ..job.b import c", "job.b": "from ..plan.a import d"}
    assert violations(planted) == ["room job depends on itself", "room plan depends on itself"]


# what a module imports before it has anything to do -------------------------------------------------------------------
CHARTS = {"fate_chart_folder", "fate_chart_folder_info", "fate_bundle", "fate_bundle_info"}
SEVERAL = {"fate_federation_info", "fate_clusters", "fate_preflight_info", "fate_verify_info"}
CERTIFIED = {"fate_certificate", "fate_certificate_authority", "fate_certificate_info"}
PUBLISHED = {"fate_facts", "fate_facts_info"}
JOBS = {"fate_job", "fate_job_info"}
LOADED_BY: Mapping[str, set[str]] = {
    "adopt": set(),
    "authoring": CHARTS,
    "bundle": {"fate_bundle", "fate_bundle_info"},
    "certificates": CERTIFIED | SEVERAL | PUBLISHED,
    "federation": SEVERAL,
    "flow": set(),
    "lock": JOBS,
    "preflight": SEVERAL,
    "publicfacts": PUBLISHED,
    "verify": {"fate_verify_info"},
}
"""Rooms that few modules need, to those modules: importing them costs the others more than their work."""
LATE = ("access.certificates", "cluster.preflight", "kube.executing", "preflight.table")
"""Files for what a module seldom does, which are imported when it is done."""


@functools.cache
def at_once(text: str) -> str:
    """A file without what is imported only once a function runs."""
    tree = ast.parse(text)
    kept = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return ast.unparse(ast.Module(kept, []))


def loaded(files: Sources) -> dict[str, set[str]]:
    """Module to the files of the core that importing it loads."""
    first = {name: at_once(text) for name, text in files.items()}
    edges = graph(first)
    return {name.partition(".")[2]: reachable(edges, name) for name in files if room(name) == "modules"}


def test_no_module_imports_a_room_that_its_work_does_not_need() -> None:
    for name, files in loaded(sources()).items():
        needless = sorted({room(file) for file in files if name not in LOADED_BY.get(room(file), {name})})
        assert needless == [], f"{name} imports {needless}"


def test_what_is_seldom_done_is_imported_when_it_is_done() -> None:
    for name, files in loaded(sources()).items():
        early = sorted(files & set(LATE))
        assert early == [], f"{name} imports {early}"


def test_an_import_that_a_module_does_not_need_would_be_seen() -> None:
    files = sources()
    files["calls.users"] += "\nfrom ..adopt.learning import learn\n"
    assert any(room(file) == "adopt" for file in loaded(files)["fate_user"])
    files["calls.users"] = "def later():\n    from ..adopt.learning import learn\n"
    assert not any(room(file) == "adopt" for file in loaded(files)["fate_user"])


STANDALONE = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ansible":
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print("FAILED", name, error)
heavy = {"ansible", "kubernetes", "urllib3", "yaml", "requests", "openshift", "cryptography", "jinja2", "asyncio"}
print("LOADED", *sorted(heavy & set(sys.modules)))
"""


def run_alone(*names: str) -> list[str]:
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", STANDALONE, *(f"{PACKAGE}.{name}" for name in names)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=known, timeout=120)
    return done.stdout.splitlines()


def test_the_core_can_be_imported_without_ansible_and_loads_no_heavy_library() -> None:
    core = [name for name in sources() if RANK[room(name)] > RANK["entry"]]
    assert len(core) > 40
    assert run_alone(*core) == ["LOADED"]


def test_the_check_for_ansible_can_fail() -> None:
    failed, _loaded = run_alone("entry")
    assert failed.startswith(f"FAILED {PACKAGE}.entry ansible")
