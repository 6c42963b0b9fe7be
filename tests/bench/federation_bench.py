"""Measures federations: a hundred parties with nothing changed, from nothing, with one default changed, and one more;
and planning a thousand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml
from machine import Cost, Meter

HERE = Path(__file__).resolve().parent
QUIET_SECONDS = 5.0
QUIET_RATIO = 0.10
FRESH_RATIO = 1.6
PROPORTION = 1.25
"""How much more a party may cost among a hundred than among twenty."""
PLANNING_SECONDS = 10.0
PLANNING_MIB = 400
ROUTES = "osx-route-table"
Promise = tuple[str, float, float]
"""What is promised, its figure, and its limit."""


class Plays(Protocol):
    """The bench of ``run.py``."""

    kubeconfig: str
    prefix: str

    def inventory(self, kind: str, count: int, **defaults: Any) -> Path:
        """An inventory of so many parties."""

    def own_values(self, inventory: Path) -> Path:
        """A folder with the values of each party, for bare helm."""

    def play(self, playbook: str, inventory: Path, **extra: object) -> None:
        """Run a playbook."""

    def bare(self, inventory: Path, values: Path) -> None:
        """Deploy the same with bare helm."""

    def clean(self, kind: str = "") -> None:
        """Delete what was deployed, all or of one kind."""

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints."""


def table(title: str, costs: Mapping[str, Cost], base: str = "") -> None:
    print(f"\n{title}")
    print(
        f"  {'':36} {'seconds':>8} {'processor s':>12} {'MiB':>6}"
        + (f" {'ratio':>7} {'of processor':>13}" if base else "")
    )
    for name, cost in costs.items():
        line = f"  {name:36} {cost.seconds:8.2f} {cost.processor:12.2f} {cost.peak:6}"
        if base:
            under = costs[base]
            line += f" {cost.seconds / under.seconds:7.2f} {cost.processor / under.processor:13.2f}"
        print(line, flush=True)


def measure(bench: Plays, small: int, large: int, peer: Callable[[Path, Path], None], values: Path) -> list[Promise]:
    """small, large: sizes. peer: kubernetes.core.helm over an inventory with values. values: for bare helm."""
    meter = Meter.of_sandbox()
    fresh, promises = _fresh(bench, meter, small, values)
    promises += _default(bench, meter, small, values)
    bench.clean()
    promises += [*_large(bench, meter, large, fresh.seconds / small), *_quiet(bench, meter, large, peer)]
    return [*promises, *_join(bench, meter, large)]


def _deploy(bench: Plays, inventory: Path, **extra: object) -> None:
    bench.play("federatedai.kubefate.deploy_fate", inventory, **extra)


def _fresh(bench: Plays, meter: Meter, size: int, values: Path) -> tuple[Cost, list[Promise]]:
    """From nothing to all ready, beside bare helm; and what it cost."""
    ours, bare = bench.inventory("ours", size), bench.inventory("bare", size)
    costs = {
        "bare helm, two at once": meter.measure(lambda: bench.bare(bare, values)),
        "deploy_fate": meter.measure(lambda: _deploy(bench, ours)),
    }
    table(f"{size} parties from nothing to all ready", costs, "bare helm, two at once")
    one, other = costs["deploy_fate"], costs["bare helm, two at once"]
    ratio = one.seconds / other.seconds
    return one, [(f"{size} parties from nothing, to bare helm with two workers", ratio, FRESH_RATIO)]


def _large(bench: Plays, meter: Meter, size: int, few: float) -> list[Promise]:
    """Many from nothing. few: seconds for each party among few."""
    inventory = bench.inventory("large", size)
    whole = meter.measure(lambda: _deploy(bench, inventory))
    table(f"{size} parties from nothing to all ready", {"deploy_fate": whole})
    return [(f"a party among {size}, to one among few", (whole.seconds / size) / few, PROPORTION)]


def _quiet(bench: Plays, meter: Meter, size: int, peer: Callable[[Path, Path], None]) -> list[Promise]:
    """Nothing changed, in a large federation."""
    inventory = bench.inventory("large", size)
    for space in (*_hosts(inventory), f"{bench.prefix}-store"):
        bench.kubectl("create", "rolebinding", "narrow", "--clusterrole=cluster-admin", "--user=narrow", "-n", space)
    narrow = {"fate_impersonate_user": "narrow", "fate_manage_rbac": False}
    own = bench.own_values(inventory)
    before = _objects(bench, size)
    costs = {
        "drift ignored": meter.measure(lambda: _deploy(bench, inventory, fate_drift="ignore")),
        "drift reported": meter.measure(lambda: _deploy(bench, inventory)),
        "rights in namespaces only, ignored": meter.measure(
            lambda: _deploy(bench, inventory, fate_drift="ignore", **narrow)
        ),
        "rights in namespaces only, reported": meter.measure(lambda: _deploy(bench, inventory, **narrow)),
        "kubernetes.core.helm": meter.measure(lambda: peer(inventory, own)),
    }
    if _objects(bench, size) != before:
        sys.exit("Something was changed where nothing was to change: the figures would mean nothing.")
    table(f"{size} parties, nothing changed, whole play", costs, "kubernetes.core.helm")
    quiet, loop = costs["drift ignored"], costs["kubernetes.core.helm"]
    return [
        (f"seconds of a play over {size} parties, nothing changed", quiet.seconds, QUIET_SECONDS),
        ("the same, to a kubernetes.core.helm loop", quiet.seconds / loop.seconds, QUIET_RATIO),
    ]


def _join(bench: Plays, meter: Meter, size: int) -> list[Promise]:
    """One more party: what changes for the others."""
    before = _objects(bench, size)
    cost = meter.measure(lambda: _deploy(bench, bench.inventory("large", size + 1)))
    after = _objects(bench, size)
    table(f"One party joins {size}", {"deploy_fate": cost})
    touched = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    changed = Counter(space for space, _kind, _name in touched)
    other = [key for key in touched if key[1:] != ("ConfigMap", ROUTES)]
    if other:
        print(f"  beside route tables it changed {'; '.join(' '.join(key) for key in other[:5])}")
    return [
        ("parties that one more one changed nothing for", size - len(changed), 0),
        ("objects that it changed of one other party", max(changed.values(), default=0), 1),
        ("other objects than route tables, and pods", len(other), 0),
    ]


def _hosts(inventory: Path) -> list[str]:
    return list(yaml.safe_load(inventory.read_text())["fate"]["hosts"])


def _objects(bench: Plays, size: int) -> dict[tuple[str, str, str], str]:
    """Namespace, kind and name of all that the parties consist of, to resource version, of pods to their identity."""
    hosts = set(_hosts(bench.inventory("large", size)))
    kinds = "configmaps,services,deployments,statefulsets,pods,persistentvolumeclaims,networkpolicies,ingresses"
    columns = "S:.metadata.namespace,K:.kind,N:.metadata.name,V:.metadata.resourceVersion,U:.metadata.uid"
    listed = bench.kubectl("get", kinds, "--all-namespaces", "--no-headers", "--output", f"custom-columns={columns}")
    rows = [line.split() for line in listed.splitlines()]
    return {
        (space, kind, name): uid if kind == "Pod" else version
        for space, kind, name, version, uid in rows
        if space in hosts
    }


def _default(bench: Plays, meter: Meter, small: int, values: Path) -> list[Promise]:
    """One default changed, which touches all."""
    note = {"osx": {"podAnnotations": {"kubefate.example/note": "new"}}}
    ours, bare = bench.inventory("ours", small, **note), bench.inventory("bare", small)
    for path in values.glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        content["modules"]["osx"] |= note["osx"]
        path.write_text(yaml.safe_dump(content))
    costs = {
        "bare helm, two at once": meter.measure(lambda: bench.bare(bare, values)),
        "deploy_fate": meter.measure(lambda: _deploy(bench, ours)),
    }
    table(f"{small} parties, one default changed that touches all", costs, "bare helm, two at once")
    ratio = costs["deploy_fate"].seconds / costs["bare helm, two at once"].seconds
    return [("one changed default, to bare helm with two workers", ratio, FRESH_RATIO)]


def planning(folder: Path, most: int) -> list[Promise]:
    """Planning with synthetic release records, drift ignored: in a process of its own for each size."""
    sizes = (most // 4, most // 2, most)
    print("\nPlanning parties behind an exchange, nothing changed, drift ignored, synthetic release records")
    print(f"  {'parties':>8} {'seconds':>8} {'processor s':>12} {'MiB':>6}")
    found = []
    for size in sizes:
        argv = [sys.executable, str(HERE / "planning.py"), str(size), str(folder)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"Planning {size} parties failed:\n{done.stdout}{done.stderr}")
        found.append(json.loads(done.stdout))
        print(f"  {size:8} {found[-1]['seconds']:8.2f} {found[-1]['processor']:12.2f} {found[-1]['mib']:6}", flush=True)
    each = [one["processor"] / size for one, size in zip(found, sizes, strict=True)]
    return [
        (f"seconds to plan {most} parties", found[-1]["seconds"], PLANNING_SECONDS),
        ("MiB of it", found[-1]["mib"], PLANNING_MIB),
        (f"a party among {most}, to one among {sizes[0]}", each[-1] / each[0], PROPORTION),
    ]
