"""Measures federations: a hundred parties with nothing changed, from nothing, with one default changed, and one more;
and planning a thousand."""

from __future__ import annotations

import json
import subprocess
import sys
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
Promise = tuple[str, float, float]


class Plays(Protocol):
    """The bench of ``run.py``."""

    folder: Path
    kubeconfig: str
    prefix: str

    def inventory(self, kind: str, count: int, **group: Any) -> Path: ...
    def play(self, playbook: str, inventory: Path, **extra: object) -> None: ...
    def bare(self, inventory: Path, values: Path) -> None: ...
    def kubectl(self, *arguments: str) -> str: ...


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


def measure(bench: Plays, size: int, peer: Callable[[Path], None], values: Path) -> list[Promise]:
    """size: of the large federation. peer: kubernetes.core.helm over an inventory. values: of bare helm's releases."""
    meter = Meter.of_sandbox()
    small = 20
    promises = [*_fresh(bench, meter, small, size, values), *_quiet(bench, meter, size, peer)]
    _join(bench, size)
    return [*promises, *_default(bench, meter, small, values), *planning(bench.folder)]


def _deploy(bench: Plays, inventory: Path, **extra: object) -> None:
    bench.play("federatedai.kubefate.deploy_fate", inventory, **extra)


def _fresh(bench: Plays, meter: Meter, small: int, size: int, values: Path) -> list[Promise]:
    """From nothing to all ready: twenty beside bare helm, and then a hundred."""
    ours, bare = bench.inventory("ours", small), bench.inventory("bare", small)
    costs = {
        "bare helm, two at once": meter.measure(lambda: bench.bare(bare, values)),
        "deploy_fate": meter.measure(lambda: _deploy(bench, ours)),
    }
    table(f"{small} parties from nothing to all ready", costs, "bare helm, two at once")
    large = bench.inventory("large", size)
    whole = meter.measure(lambda: _deploy(bench, large))
    table(f"{size} parties from nothing to all ready", {"deploy_fate": whole})
    one, other = costs["deploy_fate"], costs["bare helm, two at once"]
    each = (whole.seconds / size) / (one.seconds / small)
    return [
        (f"{small} parties from nothing, to bare helm with two workers", one.seconds / other.seconds, FRESH_RATIO),
        (f"a party among {size}, to one among {small}", each, PROPORTION),
    ]


def _quiet(bench: Plays, meter: Meter, size: int, peer: Callable[[Path], None]) -> list[Promise]:
    """Nothing changed, in a large federation."""
    inventory = bench.inventory("large", size)
    hosts = list(yaml.safe_load(inventory.read_text())["fate"]["hosts"])
    for space in (*hosts, f"{bench.prefix}-store"):
        bench.kubectl("create", "rolebinding", "narrow", "--clusterrole=cluster-admin", "--user=narrow", "-n", space)
    narrow = {"fate_impersonate_user": "narrow", "fate_manage_rbac": False}
    costs = {
        "drift ignored": meter.measure(lambda: _deploy(bench, inventory, fate_drift="ignore")),
        "drift reported": meter.measure(lambda: _deploy(bench, inventory)),
        "rights in namespaces only, ignored": meter.measure(
            lambda: _deploy(bench, inventory, fate_drift="ignore", **narrow)
        ),
        "kubernetes.core.helm": meter.measure(lambda: peer(inventory)),
    }
    table(f"{size} parties, nothing changed, whole play", costs, "kubernetes.core.helm")
    quiet, loop = costs["drift ignored"], costs["kubernetes.core.helm"]
    return [
        (f"seconds of a play over {size} parties, nothing changed", quiet.seconds, QUIET_SECONDS),
        ("the same, to a kubernetes.core.helm loop", quiet.seconds / loop.seconds, QUIET_RATIO),
    ]


def _join(bench: Plays, size: int) -> None:
    """One more party: what changes for the others. Ends the program where that is not one object, or a pod restarts."""
    before = _objects(bench, size)
    _deploy(bench, bench.inventory("large", size + 1))
    after = _objects(bench, size)
    changed = {key for key in before if before[key] != after.get(key)}
    touched = {key for key in changed if key[1] not in ("Lease",)}
    tables = {key for key in touched if key[1:] == ("ConfigMap", "osx-route-table")}
    if touched != tables or len(tables) != size:
        sys.exit(f"Joining one party to {size} changed {sorted(touched - tables)[:5]} and {len(tables)} route tables.")
    print(f"\nJoining one party to {size}: one object of each other party changed, and no pod")


def _objects(bench: Plays, size: int) -> dict[tuple[str, str, str], str]:
    """Namespace, kind and name to resource version, of all that the parties consist of."""
    hosts = set(yaml.safe_load(bench.inventory("large", size).read_text())["fate"]["hosts"])
    kinds = "configmaps,services,deployments,statefulsets,pods,persistentvolumeclaims,networkpolicies,ingresses"
    columns = "S:.metadata.namespace,K:.kind,N:.metadata.name,V:.metadata.resourceVersion"
    listed = bench.kubectl("get", kinds, "--all-namespaces", "--no-headers", "--output", f"custom-columns={columns}")
    rows = [line.split() for line in listed.splitlines()]
    return {(space, kind, name): version for space, kind, name, version in rows if space in hosts}


def _default(bench: Plays, meter: Meter, small: int, values: Path) -> list[Promise]:
    """One default changed, which touches all."""
    note = {"osx": {"podAnnotations": {"kubefate.example/note": "new"}}}
    ours, bare = bench.inventory("ours", small, fate_spec_defaults=note), bench.inventory("bare", small)
    for path in values.glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        content["modules"]["osx"].update(note["osx"])
        path.write_text(yaml.safe_dump(content))
    costs = {
        "bare helm, two at once": meter.measure(lambda: bench.bare(bare, values)),
        "deploy_fate": meter.measure(lambda: _deploy(bench, ours)),
    }
    table(f"{small} parties, one default changed that touches all", costs, "bare helm, two at once")
    ratio = costs["deploy_fate"].seconds / costs["bare helm, two at once"].seconds
    return [("one changed default, to bare helm with two workers", ratio, FRESH_RATIO)]


def planning(folder: Path, sizes: tuple[int, ...] = (250, 500, 1000)) -> list[Promise]:
    """Planning with synthetic release records, drift ignored: in a process of its own for each size."""
    print("\nPlanning parties behind an exchange, nothing changed, drift ignored, synthetic release records")
    print(f"  {'parties':>8} {'seconds':>8} {'MiB':>6}")
    found = {}
    for size in sizes:
        argv = [sys.executable, str(HERE / "planning.py"), str(size), str(folder)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"Planning {size} parties failed:\n{done.stdout}{done.stderr}")
        found[size] = json.loads(done.stdout)
        print(f"  {size:8} {found[size]['seconds']:8.2f} {found[size]['mib']:6}", flush=True)
    largest, smallest = max(sizes), min(sizes)
    growth = (found[largest]["seconds"] / largest) / (found[smallest]["seconds"] / smallest)
    return [
        (f"seconds to plan {largest} parties", found[largest]["seconds"], PLANNING_SECONDS),
        (f"MiB of it, over {PLANNING_MIB}", found[largest]["mib"] / PLANNING_MIB, 1.0),
        (f"a party among {largest}, to one among {smallest}", growth, PROPORTION),
    ]
