"""Plays a federation through on the sandbox: from nothing, with nothing changed, with one more party, and one less.

Prints seconds of each phase of each run, and the most memory that all of its processes had at once. The parties'
namespaces are deleted at the end. Usage: simulate.py PARTIES.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from machine import watched

from inventories import party, write_inventory

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLLECTIONS = ROOT / ".work" / "collections"
BEGIN = "start of Ansible"


@dataclass(slots=True)
class Phased:
    """One run. seconds: by phase, in order. peak: MiB of all its processes at once."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak: int = 0


@dataclass(slots=True)
class Simulation:
    """A federation of so many parties on the sandbox, each with a namespace of its own."""

    folder: Path
    kubeconfig: str
    tools: Mapping[str, str]
    prefix: str = field(default_factory=lambda: f"s{uuid.uuid4().hex[:5]}")

    def inventory(self, numbers: Sequence[int]) -> Path:
        hosts = {f"party-{number}": party(f"{self.prefix}-{number}", number) for number in numbers}
        return write_inventory(self.folder / "inventory.yml", self.prefix, hosts)

    def remove(self) -> None:
        kubectl = [self.tools["kubectl"], "--kubeconfig", self.kubeconfig]
        listed = subprocess.run(
            [*kubectl, "get", "namespaces", "-o", "name"], capture_output=True, text=True, check=True
        )
        mine = [name for name in listed.stdout.split() if name.startswith(f"namespace/{self.prefix}-")]
        subprocess.run([*kubectl, "delete", "--ignore-not-found", *mine], capture_output=True, check=bool(mine))

    def deploy(self, numbers: Sequence[int], **extra: object) -> Phased:
        """Ends the program where that fails."""
        values = {"fate_kubeconfig": self.kubeconfig, "fate_helm_binary": self.tools["helm3"], **extra}
        playbook, inventory = "federatedai.kubefate.deploy_fate", str(self.inventory(numbers))
        program = str(Path(sys.executable).parent / "ansible-playbook")
        argv = [program, playbook, "-i", inventory, "-e", json.dumps(values)]
        marks = self.folder / "phases"
        marks.write_text("")
        env = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "phases",
            "KUBEFATE_PHASES": str(marks),
        }
        start = time.monotonic()
        with open(self.folder / "log", "w+", encoding="utf-8") as log:
            process = subprocess.Popen(argv, env=env, stdout=log, stderr=log, text=True, start_new_session=True)
            with watched(process.pid) as peak:
                code = process.wait()
            end = time.monotonic()
            if code:
                log.seek(0)
                sys.exit(f"{playbook} failed:\n{log.read()}")
        return Phased(phases(start, marks.read_text(), end), max(peak))


def phases(start: float, marks: str, end: float) -> dict[str, float]:
    """Seconds by phase. marks: lines of the callback; plays of one name count as one phase."""
    begun = [(BEGIN, start), *((mark["play"], mark["time"]) for mark in map(json.loads, marks.splitlines()))]
    found: dict[str, float] = {}
    for (name, since), (_next, until) in zip(begun, [*begun[1:], ("", end)], strict=True):
        found[name] = found.get(name, 0.0) + until - since
    return found


def table(runs: Mapping[str, Phased]) -> None:
    names = list(dict.fromkeys(name for run in runs.values() for name in run.seconds))
    width = max(map(len, [*names, "MiB at once"])) + 2
    columns = [max(len(title), 8) + 2 for title in runs]

    def line(title: str, cells: Sequence[str]) -> None:
        print(f"{title:{width}}" + "".join(f"{cell:>{size}}" for cell, size in zip(cells, columns, strict=True)))

    line("seconds", list(runs))
    for name in names:
        line(name, [f"{run.seconds[name]:.2f}" if name in run.seconds else "" for run in runs.values()])
    line("all", [f"{sum(run.seconds.values()):.2f}" for run in runs.values()])
    line("MiB at once", [str(run.peak) for run in runs.values()])


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or int(sys.argv[1]) < 2:
        sys.exit("PARTIES has to be a number, 2 at least: make simulate PARTIES=100")
    count = int(sys.argv[1])
    argv = [sys.executable, str(ROOT / "sandbox"), "status", "--json"]
    status = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    with tempfile.TemporaryDirectory(prefix="kubefate-simulate-") as folder:
        plays = Simulation(Path(folder), status["kubeconfig"], status["tools"])
        everybody, more = range(count), range(count + 1)
        works: dict[str, tuple[Sequence[int], dict[str, object]]] = {
            "from nothing": (everybody, {}),
            "nothing changed": (everybody, {}),
            "drift ignored": (everybody, {"fate_drift": "ignore"}),
            "one joins": (more, {}),
            "one leaves": (everybody, {}),
        }
        print(f"A federation of {count} parties, everybody with everybody", flush=True)
        runs: dict[str, Phased] = {}
        try:
            for title, (numbers, extra) in works.items():
                runs[title] = plays.deploy(numbers, **extra)
                print(f"  {title}: {sum(runs[title].seconds.values()):.1f} s", flush=True)
        finally:
            plays.remove()
        table(runs)


if __name__ == "__main__":
    main()
