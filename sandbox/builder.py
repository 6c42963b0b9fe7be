# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the tools from their Go modules."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import SandboxError
from .gomodule import read_go_module
from .layout import MODULE_FILES, Home
from .lock import locked
from .progress import Reporter
from .toolchain import find_go
from .tools import BUILD_FLAGS, Tool, Toolbox, toolbox
from .watched import run_watched

GIB = 2**30
# Measured: a build cache of 4 GB, modules of 0.9 GB and tools of 0.6 GB.
SPACE_COLD = 6 * GIB
SPACE_WARM = 1 * GIB

_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_KILLED = re.compile(r"signal: killed|cannot allocate memory|out of memory", re.IGNORECASE)
_NETWORK = re.compile(
    r"dial tcp|no such host|i/o timeout|connection (?:refused|reset)|tls: |x509: |proxyconnect|unexpected EOF"
    r"|reading https?://|network is unreachable|module lookup disabled|temporary failure in name resolution"
)
_CHECKSUM = re.compile(r"checksum mismatch|missing go\.sum entry|updates to go\.mod needed")


def ensure_built(home: Home, reporter: Reporter, folder: Path = MODULE_FILES, only: Sequence[str] = ()) -> Toolbox:
    """The built tools; builds those that are missing, or those of `only`. Raises SandboxError if that fails."""
    box = toolbox(home, folder)
    unknown = sorted(set(only) - {tool.name for tool in box.tools})
    if unknown:
        known = ", ".join(tool.name for tool in box.tools)
        raise SandboxError(f"there is no tool {', '.join(unknown)}", f"There are {known}.")

    def wanted() -> list[Tool]:
        return [tool for tool in box.missing() if not only or tool.name in only]

    if not wanted():
        return box
    with locked(home.locks / "build.lock", "the tools", reporter):
        missing = wanted()
        if missing:
            _build_all(home, box, missing, folder, reporter)
    return box


def _build_all(home: Home, box: Toolbox, missing: list[Tool], folder: Path, reporter: Reporter) -> None:
    environ = go_environment(home, os.environ)
    _check_space(home, Path(environ["GOCACHE"]))
    go = find_go(home, read_go_module(folder).go, reporter)
    for needed in (box.folder, home.build_logs, home.temporary):
        needed.mkdir(parents=True, exist_ok=True)
    for leftover in box.folder.rglob(".*.tmp"):
        leftover.unlink()
    reporter.say(f"building {len(missing)} of {len(box.tools)} tools with {go} into {box.folder}")
    reporter.say("  the first time this takes 7 to 15 minutes on two cores; an interrupted build goes on where it was")
    try:
        for tool in missing:
            place = f"[{box.tools.index(tool) + 1}/{len(box.tools)}]"
            _build(tool, box, go, environ, folder, home.build_logs / f"{tool.name}.log", place, reporter)
    finally:
        shutil.rmtree(home.temporary, ignore_errors=True)


def _build(
    tool: Tool,
    box: Toolbox,
    go: Path,
    environ: Mapping[str, str],
    folder: Path,
    log: Path,
    place: str,
    reporter: Reporter,
) -> None:
    target = box.folder / tool.path
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    command = [str(go), "build", *BUILD_FLAGS, "-modcacherw", "-ldflags", tool.link_flags]
    command += ["-o", str(unfinished), tool.package]
    watch = reporter.stopwatch(f"  {place} {tool.name}")
    try:
        code = run_watched(command, log, watch, cwd=folder, environ=environ)
        if code != 0:
            raise explain_failure(tool.name, code, log, environ)
        # The name is given last, so that a tool that has its name is whole.
        unfinished.rename(target)
    except OSError as error:
        raise SandboxError(f"building {tool.name} failed: {error}", f"Check {box.folder} and {go}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    watch.done("built")


def go_environment(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for go: the user's proxy and caches, but nothing that would change what is built."""
    result = {key: value for key, value in environ.items() if key not in ("GOOS", "GOARCH", "GOEXPERIMENT")}
    result.setdefault("GOCACHE", str(home.go_build_cache))
    result.setdefault("GOMODCACHE", str(home.go_mod_cache))
    result.setdefault("HOME", str(home.root))
    result |= {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": "local",
        "GOTMPDIR": str(home.temporary),
        "GOWORK": "off",
        "GO111MODULE": "on",
    }
    return result


def _check_space(home: Home, cache: Path) -> None:
    home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    needed = SPACE_WARM if cache.is_dir() and any(cache.iterdir()) else SPACE_COLD
    free = shutil.disk_usage(home.root).free
    if free < needed:
        raise SandboxError(
            f"{home.root} has {free / GIB:.1f} GiB of free disk space; building the tools needs {needed / GIB:.0f} GiB",
            "Make room, or choose another folder with --home or KUBEFATE_SANDBOX_HOME.",
        )


def explain_failure(tool: str, code: int, log: Path, environ: Mapping[str, str]) -> SandboxError:
    """Turns the output of a failed `go build` into an error that says what to do."""
    # A proxy's address may hold a password.
    text = _hide_passwords(log.read_text(errors="replace"))
    lines = [line for line in text.strip().splitlines() if not line.startswith(("go: downloading", "#"))]
    last = lines[-1].strip() if lines else f"go ended with code {code}"
    again = "Then run the command again: what is built is kept."
    if _FULL.search(text):
        return SandboxError(
            f"building {tool} failed: the disk is full",
            f"Make room where {environ['GOCACHE']} and {environ['GOMODCACHE']} are. {again}",
        )
    if code in (-9, 137) or _KILLED.search(text):
        return SandboxError(
            f"building {tool} failed: the compiler was killed, most likely for lack of memory",
            f"The largest compilation takes 3.2 GB. Close other programs, or set GOMAXPROCS=1. {again}",
        )
    if _CHECKSUM.search(text):
        return SandboxError(
            f"building {tool} failed: {last}", "Restore sandbox/build/go.mod and go.sum from the collection."
        )
    if _NETWORK.search(text):
        proxy = _hide_passwords(environ.get("GOPROXY", "")) or "the default of go"
        return SandboxError(
            f"building {tool} failed: a Go module could not be downloaded ({last})",
            f"Check the network and GOPROXY (now {proxy}). {again}",
        )
    return SandboxError(f"building {tool} failed: {last}", f"The whole output of go is in {log}.")


def _hide_passwords(text: str) -> str:
    return re.sub(r"(https?://)[^/@\s]+@", r"\1***@", text)
