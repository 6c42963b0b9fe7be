# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How tests get the servers that they run, and what they say if one is not to be had."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.servers import debian, interpreters, places, pypi
from ansible_collections.federatedai.kubefate.tests.servers.debian import Programs, Wanted, programs
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotAvailableError, NotStartedError
from ansible_collections.federatedai.kubefate.tests.servers.getting import Got, summary
from ansible_collections.federatedai.kubefate.tests.servers.process import Process, free_ports

SHELL = Wanted("Shell", ("dash",), ("sh",), version=("-c", "echo sh 4.2.1"))
MISSING = Wanted("Nothing", ("no-such-package", "another"), ("no-such-program",), least=(3, 1))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for programs."""
    folder = tmp_path / ".work"
    monkeypatch.setattr(places, "work", lambda: folder)
    return folder / "servers"


def test_a_program_of_the_machine_is_taken_if_it_is_new_enough(kept: Path) -> None:
    found = programs(Wanted(**{**vars_of(SHELL), "least": (4, 2)}))
    assert found.root is None and found.version == "4.2.1"
    assert not kept.exists()
    assert not Programs(Wanted(**{**vars_of(SHELL), "least": (4, 3)}), None).complete()


def vars_of(wanted: Wanted) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in Wanted.__slots__}


def test_a_machine_without_apt_is_told_what_to_install(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _name, path=None: None)
    with pytest.raises(NotAvailableError) as caught:
        programs(MISSING)
    assert "has no apt to get it with" in str(caught.value)
    assert "Install Nothing 3.1 or newer; Debian and Ubuntu: apt install no-such-package another" in str(caught.value)


def test_programs_of_unpacked_packages_go_before_those_of_the_machine(tmp_path: Path) -> None:
    own = tmp_path / "root" / "usr" / "bin" / "sh"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho 9.9\n")
    own.chmod(0o755)
    (tmp_path / "root/usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    got = Programs(SHELL, tmp_path / "root")
    assert got.program("sh") == own and got.version == "9.9"
    assert f"{tmp_path}/root/usr/lib/x86_64-linux-gnu" in got.environment()["LD_LIBRARY_PATH"]
    assert got.path("usr/bin/s?") == own


def test_absolute_links_of_packages_lead_into_their_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "settings").write_text("own")
    (tmp_path / "link").symlink_to("/etc/settings")
    (tmp_path / "outside").symlink_to("/no/such/file")
    debian._keep_links_inside(tmp_path)
    assert (tmp_path / "link").read_text() == "own"
    assert os.readlink(tmp_path / "outside") == "/no/such/file"


def test_a_missing_python_is_named(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = [interpreters.Python((3, 13), Path(sys.executable))]
    monkeypatch.setattr(interpreters, "found", lambda _oldest: here)
    with pytest.raises(NotAvailableError) as caught:
        pypi.made(pypi.Environment("flow", "fate-flow-2.2.0.txt", ((3, 11), (3, 9))))
    assert "needs a Python of version 3.11, 3.9" in str(caught.value)
    assert "this machine has 3.13" in str(caught.value) and "pyenv install 3.11" in str(caught.value)


def test_the_summary_says_what_was_fetched() -> None:
    got = [Got("nginx 1.22.1", "fetched", 1.6), Got("Redis 7.0", "machine"), Got("fate-flow", "kept")]
    said = "fetched now: nginx 1.22.1 (2 MB); kept from an earlier run: fate-flow; of this machine: Redis 7.0"
    assert summary(got, 12.4) == f"Servers, 12 s; {said}"


def test_a_server_that_ends_says_why_and_one_that_does_not_answer_is_stopped(tmp_path: Path) -> None:
    ending = Process("ending", ["sh", "-c", "echo broken setting; exit 3"], tmp_path, {"PATH": os.environ["PATH"]})
    with pytest.raises(NotStartedError, match=r"exit code 3:\n.*\nbroken setting"):
        ending.start(lambda: False)
    silent = Process("silent", ["sh", "-c", "sleep 60 & wait"], tmp_path, {"PATH": os.environ["PATH"]})
    with pytest.raises(NotStartedError, match=r"did not answer within 0\.3 s"):
        silent.start(lambda: False, 0.3)
    assert not silent.running()
    with pytest.raises(ProcessLookupError):
        os.killpg(silent.pid, signal.SIGKILL)


def test_free_ports_differ() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
