"""The README's commands, in a clean copy of the checkout, with an empty HOME and nothing of ours in the environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEPLOY_SECONDS = 60.0
"""With a sandbox that is built."""
SANDBOX_BYTES = 2**30
"""With two parties at rest."""


def required(name: str) -> str:
    value = os.environ.get(name)
    assert value, f"{name} is not set: run these tests with tests/run.py --suite commands"
    return value


class Machine:
    """A clone, an empty home, and a sandbox of its own that uses the tools which are built already."""

    def __init__(self, folder: Path):
        self.clone = Path(required("KUBEFATE_CLONE"))
        self.home = folder / "home"
        self.sandbox = folder / "sandbox"
        self.home.mkdir()
        self.sandbox.mkdir()
        tools = Path(required("KUBEFATE_KUBECTL")).parents[1]
        (self.sandbox / "bin").symlink_to(tools)
        self.deployed = 0.0

    def run(
        self, *argv: str, path: str = "", timeout: float = 600, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        python = Path(required("KUBEFATE_PYTHON")).parent
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT"))}
        env = {
            **kept,
            "PATH": path or f"{python}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "KUBEFATE_SANDBOX_HOME": str(self.sandbox),
            **variables,
        }
        done = subprocess.run(
            argv, cwd=self.clone, env=env, capture_output=True, text=True, timeout=timeout, check=False
        )
        print(done.stdout, done.stderr)
        return done

    def make(self, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("make", *argv, **variables)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("machine"))
    try:
        yield made
    finally:
        made.make("sandbox-down")


def command_lines() -> list[str]:
    """The command lines of all processes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def changed(text: str) -> int:
    """The sum of what the play recap says was changed."""
    return sum(int(part.partition("=")[2]) for part in text.split() if part.startswith("changed="))


def parties(text: str) -> list[str]:
    """The parties that the play recap names."""
    return sorted(re.findall(r"^(party-\S+) +: ok=", text, re.MULTILINE))


def test_make_deploy_makes_a_two_party_federation_on_a_bare_machine(machine: Machine) -> None:
    prepared = machine.make("sandbox-down")
    assert prepared.returncode == 0
    assert "Python environment" in prepared.stdout
    begun = time.monotonic()
    done = machine.make("deploy")
    machine.deployed = time.monotonic()
    assert done.returncode == 0
    assert machine.deployed - begun <= DEPLOY_SECONDS
    assert "SIMULATED" in done.stdout
    for party in ("party-9999: READY", "party-10000: READY", "to party-10000 by", "to party-9999 by"):
        assert party in done.stdout
    assert re.search(r"fate-9999: (planning|helm: revision 1|\d of 6 modules ready)", done.stdout), "progress is shown"


@pytest.fixture(scope="module")
def again(machine: Machine) -> subprocess.CompletedProcess[str]:
    """What a second ``make deploy`` says, where the environment names another Kubernetes and another inventory."""
    return machine.make(
        "deploy", KUBECONFIG="/nowhere/kubeconfig", K8S_AUTH_HOST="https://127.0.0.1:1", INVENTORY="/nowhere"
    )


def test_make_deploy_again_changes_nothing(again: subprocess.CompletedProcess[str]) -> None:
    assert again.returncode == 0
    assert changed(again.stdout) == 0
    assert "nothing changes" in again.stdout


def test_a_kubeconfig_that_happens_to_be_in_the_environment_is_not_used(
    again: subprocess.CompletedProcess[str],
) -> None:
    assert again.returncode == 0
    assert "nowhere" not in again.stdout
    assert "the sandbox 'default' is running already" in again.stdout


def test_the_sandbox_is_small(machine: Machine) -> None:
    done = machine.run(str(machine.clone / ".venv" / "bin" / "python"), "sandbox", "status", "--json")
    status = json.loads(done.stdout)
    assert status["state"] == "running"
    assert 0 < sum(component["rss_bytes"] for component in status["components"]) <= SANDBOX_BYTES


def test_a_kubeconfig_on_the_command_line_is_used(machine: Machine) -> None:
    done = machine.make("deploy", "KUBECONFIG=/nowhere/kubeconfig")
    assert done.returncode != 0
    assert "/nowhere/kubeconfig" in done.stdout
    assert "does not exist" in done.stdout


@pytest.fixture(scope="module")
def planned(machine: Machine) -> subprocess.CompletedProcess[str]:
    """What ``make deploy`` says to an inventory of one's own, and to arguments for ansible-playbook."""
    inventory = machine.home / "inventory.yml"
    kubeconfig = machine.sandbox / "clusters" / "default" / "kubeconfig"
    inventory.write_text(
        f"""
fate:
  vars:
    fate_kubeconfig: {kubeconfig}
    fate_spec_files: [{machine.home}/cluster.yaml]
  hosts:
    party-9999: {{fate_party_id: "9999", fate_name: fate-9999}}
    party-10000: {{fate_party_id: "10000", fate_name: fate-10000}}
"""
    )
    (machine.home / "cluster.yaml").write_text(
        "chartName: fate\nchartVersion: v2.0.0\nmodules: [osx, clustermanager, nodemanager, mysql, python, client]\n"
    )
    arguments = "--check --diff --limit party-9999 -e fate_drift=ignore"
    return machine.make("deploy", f"INVENTORY={inventory}", f"ARGS={arguments}")


def test_an_inventory_on_the_command_line_is_used(planned: subprocess.CompletedProcess[str]) -> None:
    assert planned.returncode == 0
    assert "StatefulSet/client (fate-9999): create" in planned.stdout


def test_arguments_go_to_ansible_playbook(planned: subprocess.CompletedProcess[str]) -> None:
    assert planned.returncode == 0
    assert parties(planned.stdout) == ["party-9999"], "not by --limit"


def test_the_sandbox_playbook_finds_the_running_sandbox(machine: Machine) -> None:
    done = machine.make("play", "PLAYBOOK=sandbox")
    assert done.returncode == 0
    assert changed(done.stdout) == 0
    assert "fate_kubeconfig=" in done.stdout


def test_the_sandbox_playbook_makes_a_second_one_beside_the_first_and_removes_it(machine: Machine) -> None:
    made = machine.make("play", "PLAYBOOK=sandbox", "ARGS=-e sandbox_name=second")
    assert made.returncode == 0
    assert changed(made.stdout) == 1
    assert {path.name for path in (machine.sandbox / "clusters").iterdir()} == {"default", "second"}
    for count in (1, 0):
        gone = machine.make("play", "PLAYBOOK=sandbox", "ARGS=-e sandbox_name=second -e sandbox_state=absent")
        assert gone.returncode == 0
        assert changed(gone.stdout) == count
    assert {path.name for path in (machine.sandbox / "clusters").iterdir()} == {"default"}


def test_what_is_missing_is_named_with_its_package(machine: Machine) -> None:
    empty = machine.home / "bin"
    empty.mkdir()
    for tool in ("sh", "make", "cat", "cksum", "tr", "tar", "sed", "env", "dirname"):
        real = next(path for path in (f"/bin/{tool}", f"/usr/bin/{tool}") if Path(path).exists())
        (empty / tool).symlink_to(real)
    without_git = machine.run("make", "deploy", path=str(empty))
    assert without_git.returncode != 0
    assert "apt install git" in without_git.stderr
    (empty / "git").symlink_to("/usr/bin/git")
    (machine.clone / ".venv").rename(machine.clone / ".venv-away")
    try:
        without_python = machine.run("make", "deploy", path=str(empty))
        (empty / "python3").write_text("#!/bin/sh\ncase $2 in *venv*) exit 1;; esac\n")
        (empty / "python3").chmod(0o755)
        without_venv = machine.run("make", "deploy", path=str(empty))
    finally:
        (machine.clone / ".venv-away").rename(machine.clone / ".venv")
    assert without_python.returncode != 0
    assert "Python 3.11 or newer is needed" in without_python.stderr
    assert "apt install python3" in without_python.stderr
    assert without_venv.returncode != 0
    assert "has no venv module" in without_venv.stderr
    assert "apt install python3-venv" in without_venv.stderr


def test_the_plan_is_still_empty_a_minute_later(machine: Machine) -> None:
    time.sleep(max(0.0, machine.deployed + 60 - time.monotonic()))
    done = machine.make("deploy", "ARGS=--check --diff")
    assert done.returncode == 0
    assert changed(done.stdout) == 0
    assert done.stdout.count("nothing changes") == 2
    assert "drift" not in done.stdout


def test_make_status_and_make_remove(machine: Machine) -> None:
    status = machine.make("status")
    assert status.returncode == 0
    assert "party-9999: READY" in status.stdout
    removed = machine.make("remove")
    assert removed.returncode == 0
    again = machine.make("status")
    assert "party-9999: MISSING" in again.stdout


def test_make_sandbox_down_leaves_nothing_behind(machine: Machine) -> None:
    done = machine.make("sandbox-down")
    assert done.returncode == 0
    assert not (machine.sandbox / "clusters" / "default").exists()
    assert not [line for line in command_lines() if str(machine.sandbox) in line]
    left = {path.name for path in machine.home.iterdir()} - {
        "inventory.yml",
        "cluster.yaml",
        "bin",
        ".ansible",
        ".cache",
        ".kube",
    }
    assert {path.name for path in (machine.home / ".kube").iterdir()} == {"cache"}, "where helm keeps API discovery"
    assert left == set(), "nothing else is written to HOME"
