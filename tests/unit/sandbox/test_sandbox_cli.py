# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sandbox import cli, status
from sandbox.errors import SandboxError
from sandbox.layout import PACKAGE, Home, find_home, write_private
from sandbox.lock import locked
from sandbox.progress import Reporter


@pytest.fixture(autouse=True)
def signals_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_SIGNALS", ())


def test_options_may_stand_before_or_after_the_command() -> None:
    before = cli.parse(["--home", "/h", "--name", "two", "up"])
    after = cli.parse(["up", "--name", "two", "--home", "/h"])
    assert (before.home, before.name) == (after.home, after.name) == ("/h", "two")
    assert cli.parse(["up"]).name == "default"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_a_usage_error(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.parse(["up", "--port", port])
    assert caught.value.code == 2
    assert "port" in capsys.readouterr().err


def test_the_home_is_the_option_then_the_variable_then_the_cache_folder(tmp_path: Path) -> None:
    environ = {"KUBEFATE_SANDBOX_HOME": str(tmp_path / "variable"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert find_home(str(tmp_path / "option"), environ).root == tmp_path / "option"
    assert find_home(None, environ).root == tmp_path / "variable"
    del environ["KUBEFATE_SANDBOX_HOME"]
    assert find_home(None, environ).root == tmp_path / "cache" / "kubefate-sandbox"
    assert find_home(None, {}).root == Path.home().resolve() / ".cache" / "kubefate-sandbox"


@pytest.mark.parametrize("name", ["", "..", "a/b", "-a", "A", "a" * 41])
def test_a_name_that_could_leave_the_folder_is_refused(home: Home, name: str) -> None:
    with pytest.raises(SandboxError, match="cannot be the name of a sandbox"):
        home.cluster(name)


def test_commands_about_a_sandbox_that_does_not_exist(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--home", str(home.root)]
    assert cli.main([*where, "status", "--json"]) == cli.NOT_THERE
    assert json.loads(capsys.readouterr().out) == {"name": "default", "state": "absent"}
    assert cli.main([*where, "kubeconfig"]) == cli.NOT_THERE
    answer = capsys.readouterr()
    assert (answer.out, "up --name default" in answer.err) == ("", True)
    assert cli.main([*where, "down"]) == 0
    assert not home.root.exists()


def test_kubeconfig_prints_the_path_and_nothing_else(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home.cluster("two")
    folder.root.mkdir(parents=True)
    folder.kubeconfig.touch()
    assert cli.main(["kubeconfig", "--home", str(home.root), "--name", "two"]) == 0
    assert capsys.readouterr().out == f"{folder.kubeconfig}\n"


def test_down_removes_the_folder_even_if_its_settings_are_damaged(home: Home) -> None:
    folder = home.cluster("default")
    folder.root.mkdir(parents=True)
    folder.settings.write_text("{")
    assert cli.main(["--home", str(home.root), "down"]) == 0
    assert not folder.root.exists()


@pytest.mark.parametrize(
    ("option", "left"),
    [([], {"go-build-cache", "go-mod-cache", "go"}), (["--build-cache"], {"bin", "go"}), (["--all"], set())],
)
def test_clean_removes_what_it_is_told(home: Home, option: list[str], left: set[str]) -> None:
    for folder in (home.bin, home.go_build_cache, home.go_mod_cache, home.go):
        (folder / "content").mkdir(parents=True)
    assert cli.main(["--home", str(home.root), "clean", *option]) == 0
    assert {entry.name for entry in home.root.iterdir()} - {"locks"} == left


def test_an_error_is_told_in_words_with_code_1(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--home", str(home.root), "--name", "No!", "up"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sandbox: 'No!' cannot be the name of a sandbox\n")
    assert "Traceback" not in error


def test_a_home_that_cannot_be_made_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--home", "/proc/none", "build"]) == 1
    assert capsys.readouterr().err.startswith("sandbox: /proc/none")


def test_the_folder_runs_from_anywhere(tmp_path: Path) -> None:
    environ = {**os.environ, "KUBEFATE_SANDBOX_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(PACKAGE), "status", "--json"]
    answer = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert (answer.returncode, json.loads(answer.stdout)["state"]) == (cli.NOT_THERE, "absent")


def test_a_command_waits_for_the_one_before_and_says_for_whom(
    home: Home, reporter: Reporter, told: io.StringIO
) -> None:
    path, order = home.locks / "default.lock", []

    def second() -> None:
        with locked(path, "the sandbox 'default'", reporter):
            order.append("second")

    with locked(path, "the sandbox 'default'", Reporter(io.StringIO())):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    assert f"(process {os.getpid()}) that works on the sandbox 'default'" in told.getvalue()


def test_a_private_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, "old")
    with pytest.raises(TypeError):
        write_private(path, 5)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_failed_checks_of_the_api_server_are_told() -> None:
    answer = (
        "[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed: reason withheld\nreadyz check failed"
    )
    assert status._shorten(answer) == "not ready: etcd, informer-sync"
    assert status._shorten("Connection refused") == "Connection refused"
