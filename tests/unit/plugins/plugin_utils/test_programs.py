# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running programs, in Ansible's own process and in a module's: both do the same."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import CommandRunner
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome, Runner
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import run_program


def of_a_module(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Runner:
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    module = basic.AnsibleModule({}, no_log=True)
    module._tmpdir = str(folder)
    return CommandRunner(module)


@pytest.fixture(params=["process", "module"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    return run_program if request.param == "process" else of_a_module(monkeypatch, tmp_path)


def run(
    runner: Runner, code: str, *, stdin: str = "", timeout: float = 20.0, bound: bool = False, **env: str
) -> Outcome:
    return runner([sys.executable, "-c", code], stdin=stdin, env=env, timeout=timeout, bound=bound)


@pytest.mark.parametrize("bound", [False, True])
def test_a_program_gets_its_input_and_environment_and_gives_what_it_wrote(runner: Runner, bound: bool) -> None:
    code = "import os, sys; print(sys.stdin.read() + os.environ['WORD']); print('bad', file=sys.stderr); sys.exit(3)"
    done = run(runner, code, stdin="grüße ", bound=bound, WORD="here")
    assert done == Outcome(3, "grüße here\n", "bad\n")


def test_more_input_than_a_pipe_holds_goes_in(runner: Runner) -> None:
    assert run(runner, "import sys; print(len(sys.stdin.read()))", stdin="x" * 500_000).out == "500000\n"


def test_a_program_that_does_not_end_is_stopped_when_its_time_is_up(runner: Runner) -> None:
    argv = ["/bin/sh", "-c", "echo here; exec sleep 60"]
    begun = time.monotonic()
    done = runner(argv, stdin="", env={}, timeout=2.0, bound=False)
    assert (done.timed_out, done.out) == (True, "here\n")
    assert time.monotonic() - begun < 30


def test_a_program_may_be_asked_to_end(runner: Runner) -> None:
    argv = ["/bin/sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"]

    def ask_soon(end: Any) -> None:
        threading.Timer(2.0, end).start()

    done = runner(argv, stdin="", env={}, timeout=60.0, bound=False, started=ask_soon)
    assert (done.rc, done.timed_out) == (7, False)


def test_a_program_that_is_not_there_is_an_error_of_ours(runner: Runner) -> None:
    with pytest.raises(KubefateError) as caught:
        runner(["/nowhere/helm", "version"], stdin="", env={}, timeout=5.0, bound=False)
    assert caught.value.kind is Kind.TOOL
    assert "/nowhere/helm" in caught.value.msg


def test_a_helm_that_hangs_is_stopped_and_named_with_what_to_install(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.federatedai.kubefate.plugins.module_utils.helm import cli

    monkeypatch.setattr(cli, "QUERY_TIMEOUT", 0.5)
    binary = tmp_path / "helm"
    binary.write_text("#!/bin/sh\nexec sleep 60\n")
    binary.chmod(0o755)
    with pytest.raises(KubefateError) as caught:
        Helm(runner, str(binary)).version()
    assert caught.value.kind is Kind.TOOL
    assert f"{binary} does not answer like helm" in caught.value.msg
    assert "Install helm 3 or 4" in caught.value.hint
