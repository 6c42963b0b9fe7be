"""Programs that only tests need, built from ``tests/tools`` by the Go of the sandbox and with its caches.

Their modules have the versions that the sandbox's go.mod has, where both need them: most of what they are made of is
built already.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from .places import ROOT, WORK
from .shell import run

PROGRAMS = ("registry", "kubefate-values")
SOURCES = ROOT / "tests" / "tools"


def build() -> dict[str, str]:
    """Build them where something changed; name to path."""
    content = hashlib.sha256()
    for path in sorted(path for path in SOURCES.rglob("*") if path.suffix in (".go", ".mod", ".sum")):
        content.update(path.read_bytes())
    folder = WORK / "tools" / content.hexdigest()[:16]
    found = {name: str(folder / name) for name in PROGRAMS}
    if all(os.access(path, os.X_OK) for path in found.values()):
        return found
    go, environ = _toolchain()
    print("Building the programs for tests", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    argv: list[str | Path] = [go, "build", *flags, "-o", f"{folder}/", *(f"./{name}" for name in PROGRAMS)]
    code, _text = run(argv, log="programs", cwd=SOURCES, env=environ)
    if code:
        raise SystemExit("The programs for tests could not be built; see tests/output/programs.log")
    return found


def _toolchain() -> tuple[Path, dict[str, str]]:
    """A Go, and the environment in which the sandbox uses it."""
    sys.path.insert(0, str(ROOT))
    from sandbox.builder import go_environment
    from sandbox.gomodule import read_go_module
    from sandbox.layout import find_home
    from sandbox.progress import Reporter
    from sandbox.toolchain import find_go

    home = find_home(None, os.environ)
    environ = go_environment(home, os.environ)
    home.temporary.mkdir(parents=True, exist_ok=True)
    return find_go(home, read_go_module(SOURCES).go, Reporter()), environ
