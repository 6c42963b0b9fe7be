"""Measures this collection beside kubernetes.core.helm and bare helm: ratios, and how many helm processes run.

Everything runs on the sandbox, in turn, so that a slow moment of the machine meets all. Ratios are medians over the
rounds of one run; seconds are printed for orientation only. At the end stands what is promised; the exit code is 1
where that is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chart_bench
import federation_bench
import preflight_bench
import yaml

from inventories import MODULES, party, write_inventory

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
COLLECTIONS = ROOT / ".work" / "collections"
sys.path[:0] = [str(COLLECTIONS), str(ROOT / "tests" / "playbooks")]
UNCHANGED_RATIO = 1.5
"""A run in which nothing changes for one party, to a play that only pings."""
LISTING_SECONDS = 5.0
"""All clusters of a Kubernetes in one task."""
HELM_WORKERS = 2

PING = """
- hosts: fate
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.ping:
"""
CLUSTER = """
- hosts: fate
  connection: local
  gather_facts: false
  tasks:
    - federatedai.kubefate.fate_cluster:
        kubeconfig: "{{ fate_kubeconfig }}"
        helm_binary: "{{ fate_helm_binary }}"
        spec: "{{ hostvars[inventory_hostname] | federatedai.kubefate.party_spec }}"
        name: "{{ fate_name }}"
        namespace: "{{ fate_namespace }}"
        chart: "{{ fate_chart }}"
        chart_version: "{{ fate_chart_version }}"
"""
SMALL_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\n",
    "values-template.yaml": "name: {{ .name }}\n",
    "templates/all.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: python, labels: {fateMoudle: python}}
spec:
  selector: {matchLabels: {fateMoudle: python}}
  template:
    metadata: {labels: {fateMoudle: python}}
    spec: {containers: [{name: python, image: "example.test/python:1"}]}
""",
}
SMALL = """
- hosts: fate
  connection: local
  gather_facts: false
  tasks:
    - federatedai.kubefate.fate_cluster:
        kubeconfig: "{{ fate_kubeconfig }}"
        helm_binary: "{{ fate_helm_binary }}"
        spec: {}
        name: "{{ fate_name }}"
        namespace: "{{ fate_namespace }}"
        chart_path: "{{ small_chart }}"
        store_namespace: "{{ fate_store_namespace }}"
        wait: false
"""
LIST = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - federatedai.kubefate.fate_cluster_info:
        kubeconfig: "{{ fate_kubeconfig }}"
      register: found
    - ansible.builtin.assert:
        that: found.clusters | length >= clusters_expected
        quiet: true
"""
PEER = """
- hosts: fate
  connection: local
  gather_facts: false
  tasks:
    - kubernetes.core.helm:
        kubeconfig: "{{ fate_kubeconfig }}"
        binary_path: "{{ fate_helm_binary }}"
        name: "{{ fate_name }}"
        release_namespace: "{{ fate_namespace }}"
        create_namespace: true
        chart_ref: "{{ chart_path }}"
        values_files: ["{{ values_folder }}/{{ fate_name }}.yaml"]
        wait: true
        timeout: 300s
"""


@dataclass(slots=True)
class Bench:
    """One sandbox, a counting helm, and inventories of some size."""

    folder: Path
    kubeconfig: str
    tools: dict[str, str]
    prefix: str = field(default_factory=lambda: f"b{uuid.uuid4().hex[:5]}")
    calls: Path = field(init=False)
    helm: Path = field(init=False)

    def __post_init__(self) -> None:
        self.calls = self.folder / "helm-calls"
        self.helm = self.folder / "helm"
        self.helm.write_text(f'#!/bin/sh\necho "$1" >>{self.calls}\nexec {self.tools["helm3"]} "$@"\n')
        self.helm.chmod(0o755)

    def inventory(self, kind: str, count: int, **defaults: Any) -> Path:
        """``count`` parties of their own for each way of deploying. defaults: of their specs."""
        names = [f"{self.prefix}-{kind}-{number}" for number in range(count)]
        hosts = {name: party(name, number) for number, name in enumerate(names)}
        return write_inventory(self.folder / f"{kind}-{count}.yml", self.prefix, hosts, **defaults)

    def play(self, playbook: str, inventory: Path, **extra: object) -> None:
        """Run a playbook of the collection, or a text. Ends the program where it fails: there is nothing to measure."""
        if "\n" in playbook:
            path = self.folder / f"{abs(hash(playbook))}.yml"
            path.write_text(playbook)
            playbook = str(path)
        values = {"fate_kubeconfig": self.kubeconfig, "fate_helm_binary": str(self.helm), **extra}
        argv = [str(BIN / "ansible-playbook"), playbook, "-i", str(inventory), "-e", json.dumps(values)]
        env = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_FORKS": "5",
        }
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{playbook} failed:\n{done.stdout}{done.stderr}")

    def values(self, inventory: Path) -> Path:
        """Values files for the peers, equal to what this collection renders: taken from its own releases."""
        folder = self.folder / "values"
        folder.mkdir(exist_ok=True)
        text = self.values_of(f"{self.prefix}-ours-0")
        for name, variables in yaml.safe_load(inventory.read_text())["fate"]["hosts"].items():
            content = json.loads(text)
            content["partyName"], content["partyId"] = name, variables["fate_party_id"]
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
        return folder

    def own_values(self, inventory: Path) -> Path:
        """Values files for these very releases, so that a peer finds nothing to change."""
        folder = self.folder / "own-values"
        folder.mkdir(exist_ok=True)
        names = list(yaml.safe_load(inventory.read_text())["fate"]["hosts"])
        with ThreadPoolExecutor(HELM_WORKERS) as pool:
            for name, text in zip(names, pool.map(self.values_of, names), strict=True):
                (folder / f"{name}.yaml").write_text(text)
        return folder

    def values_of(self, release: str) -> str:
        """Values of a release in the namespace of that name, as JSON."""
        argv = [self.tools["helm3"], "get", "values", release, "--namespace", release, "--output", "json"]
        env = {**os.environ, "KUBECONFIG": self.kubeconfig}
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout

    def bare(self, inventory: Path, values: Path) -> None:
        """``helm upgrade --install --wait``, two at once."""
        env = {**os.environ, "KUBECONFIG": self.kubeconfig}

        def one(name: str) -> None:
            argv = [str(self.helm), "upgrade", "--install", name, str(ROOT / "charts" / "fate"), "--namespace", name]
            argv += ["--create-namespace", "--values", str(values / f"{name}.yaml"), "--wait", "--timeout", "300s"]
            subprocess.run(argv, env=env, capture_output=True, text=True, check=True)

        with ThreadPoolExecutor(HELM_WORKERS) as pool:
            list(pool.map(one, yaml.safe_load(inventory.read_text())["fate"]["hosts"]))

    def clean(self, kind: str = "") -> None:
        """Delete what was made, and wait until it is gone."""
        listed = self.kubectl("get", "namespaces", "-o", "name")
        mine = [name for name in listed.split() if name.startswith(f"namespace/{self.prefix}-{kind}")]
        if mine:
            self.kubectl("delete", *mine)

    def kubectl(self, *arguments: str) -> str:
        argv = [self.tools["kubectl"], "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def helm_calls(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@dataclass(slots=True)
class Measured:
    """Seconds of each round, and helm processes of the last."""

    seconds: list[float] = field(default_factory=list)
    helms: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def rounds(
    bench: Bench, count: int, works: dict[str, Callable[[], None]], before_each: Callable[[], None] = lambda: None
) -> dict[str, Measured]:
    """Each work once in every round, one after the other. before_each: done before a round, and not measured."""
    results = {name: Measured() for name in works}
    for _round in range(count):
        before_each()
        for name, work in works.items():
            before, start = bench.helm_calls(), time.monotonic()
            work()
            results[name].seconds.append(time.monotonic() - start)
            results[name].helms = bench.helm_calls() - before
    return results


def ratio(results: dict[str, Measured], over: str, under: str) -> float:
    """Median of the ratios round by round: both met the same moment of the machine."""
    pairs = zip(results[over].seconds, results[under].seconds, strict=True)
    return statistics.median(left / right for left, right in pairs)


def table(title: str, results: dict[str, Measured], base: str) -> None:
    print(f"\n{title}")
    print(f"  {'':28} {'seconds':>8} {'ratio':>7} {'helm processes':>15}")
    for name, measured in results.items():
        print(f"  {name:28} {measured.median:8.2f} {ratio(results, name, base):7.2f} {measured.helms:15}")


def works_of(bench: Bench, size: int, values: Path) -> dict[str, Callable[[], None]]:
    """The same deployment of so many parties, in each way."""
    ours, peer, bare = (bench.inventory(kind, size) for kind in ("ours", "peer", "bare"))
    return {
        "bare helm": lambda: bench.bare(bare, values),
        "deploy_fate": lambda: bench.play("federatedai.kubefate.deploy_fate", ours),
        "kubernetes.core.helm": lambda: peers(bench, peer, values),
    }


def peers(bench: Bench, inventory: Path, values: Path) -> None:
    """A loop of kubernetes.core.helm over the hosts."""
    bench.play(PEER, inventory, chart_path=str(ROOT / "charts" / "fate"), values_folder=str(values))


def parties(
    bench: Bench, size: int, values: Path, fresh: int, again: int
) -> tuple[dict[str, Measured], dict[str, Measured]]:
    """Parties from nothing, and then with nothing changed. fresh, again: rounds."""
    works = works_of(bench, size, values)

    def clean() -> None:
        for kind in ("ours", "peer", "bare"):
            bench.clean(kind)

    return rounds(bench, fresh, works, clean), rounds(bench, again, works)


def unchanged_party(bench: Bench, values: Path, count: int) -> dict[str, Measured]:
    """One party that is there, nothing changed, beside a play that only pings."""
    ours, works = bench.inventory("ours", 1), works_of(bench, 1, values)
    pinged = {"ping": lambda: bench.play(PING, ours), "fate_cluster": lambda: bench.play(CLUSTER, ours)}
    return rounds(bench, count, pinged | works)


def many_clusters(bench: Bench, size: int, count: int) -> dict[str, Measured]:
    """``fate_cluster_info`` over all clusters of a Kubernetes, in one task, beside a play that only pings."""
    chart = bench.folder / "small"
    for name, text in SMALL_CHART.items():
        (chart / name).parent.mkdir(parents=True, exist_ok=True)
        (chart / name).write_text(text)
    bench.play(SMALL, bench.inventory("many", size), small_chart=str(chart))
    one = bench.inventory("ours", 1)
    works: dict[str, Callable[[], None]] = {
        "ping": lambda: bench.play(PING, one),
        "fate_cluster_info": lambda: bench.play(LIST, one, clusters_expected=size),
    }
    return rounds(bench, count, works)


def list_calls(bench: Bench, size: int) -> list[tuple[str, int, int, int]]:
    """What gathering a federation in which nothing changes costs: rights, list calls, most of them for one kind and
    place, helm processes. The parties are there."""
    from counting import Costs

    from ansible_collections.federatedai.kubefate.plugins.filter.parties import parties as of_inventory
    from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import PLAN_FEDERATION

    found = yaml.safe_load(bench.inventory("ours", size).read_text())["fate"]
    hostvars = {host: {**found["vars"], "fate_manage_rbac": False, **own} for host, own in found["hosts"].items()}
    given = [{"routes": "inventory", **party} for party in of_inventory(found["hosts"], hostvars)]
    for space in (*found["hosts"], found["vars"]["fate_store_namespace"]):
        bench.kubectl("create", "rolebinding", "narrow", "--clusterrole=cluster-admin", "--user=narrow", "-n", space)
    costs, rows = Costs(), []
    for rights, options in (("everywhere", {}), ("in its namespaces only", {"impersonate_user": "narrow"})):
        costs.lists.clear()
        costs.helms.clear()
        store = found["vars"]["fate_store_namespace"]
        common = {"kubeconfig": bench.kubeconfig, "helm_binary": str(bench.helm), "store_namespace": store}
        planned = costs.run(PLAN_FEDERATION, bench.folder, parties=given, **common, **options)
        if planned["changing"] or planned["failing"]:
            sys.exit(f"The federation is not as it should be: {planned['changing']} {planned['failing']}")
        rows.append((rights, costs.lists.total(), max(costs.lists.values()), len(costs.helms)))
    return rows


def promised(lines: Sequence[federation_bench.Promise]) -> int:
    """Print what is promised, its figure and its limit; exit code."""
    print("\nPromised")
    for text, figure, limit in lines:
        print(f"  {text:72} {figure:7.2f} of {limit:6.2f}  {'kept' if figure <= limit else 'NOT KEPT'}")
    return int(any(figure > limit for _text, figure, limit in lines))


def measure_charts(bench: Bench) -> list[federation_bench.Promise]:
    store = f"{bench.prefix}-charts"
    one = bench.inventory("ours", 1)

    def play(text: str) -> None:
        bench.play(text, one, chart_store=store, charts_expected=chart_bench.CHARTS)

    chart_bench.rendering(bench.tools["helm3"], MODULES)
    kubectl = bench.tools["kubectl"]
    promises = chart_bench.storing(bench.folder / "charts", bench.kubeconfig, store, kubectl, play)
    ping = rounds(bench, 3, {"ping": lambda: bench.play(PING, one)})["ping"].median
    print(f"  {ping:8.2f} s for a play that only pings")
    return promises


def measure_clusters(bench: Bench, options: argparse.Namespace) -> list[federation_bench.Promise]:
    bench.play("federatedai.kubefate.deploy_fate", bench.inventory("ours", 1))
    for kind in ("peer", "bare"):
        values = bench.values(bench.inventory(kind, options.parties))
    fresh, _none = parties(bench, 1, values, options.fresh_rounds, 0)
    table("One party from nothing to ready (ratio to bare helm)", fresh, "bare helm")
    one = unchanged_party(bench, values, options.rounds)
    table("One party, nothing changed (ratio to a play that only pings)", one, "ping")
    fresh, again = parties(bench, options.parties, values, 1, 2)
    table(f"{options.parties} parties from nothing to ready (ratio to bare helm, two at once)", fresh, "bare helm")
    table(f"{options.parties} parties, nothing changed (ratio to bare helm, two at once)", again, "bare helm")
    calls = list_calls(bench, options.parties)
    print(f"\n{options.parties} parties, nothing changed: what gathering costs where the identity may list")
    print(f"  {'':28} {'list calls':>10} {'for one kind and place':>23} {'helm processes':>15}")
    for rights, total, most, helms in calls:
        print(f"  {rights:28} {total:10} {most:23} {helms:15}")
    bench.clean()
    many = many_clusters(bench, options.clusters, 3)
    table(f"All of {options.clusters} clusters in one task (ratio to a play that only pings)", many, "ping")
    task = max(0.0, many["fate_cluster_info"].median - many["ping"].median)
    return [
        ("one party, nothing changed, to a play that only pings", ratio(one, "fate_cluster", "ping"), UNCHANGED_RATIO),
        ("helm processes of it", one["fate_cluster"].helms, 0),
        (f"seconds of the task that lists {options.clusters} clusters", task, LISTING_SECONDS),
        ("list calls for one kind and Kubernetes", calls[0][2], 1),
        ("list calls for one kind and namespace", calls[1][2], 1),
    ]


def measure_federation(bench: Bench, options: argparse.Namespace) -> list[federation_bench.Promise]:
    bench.clean()
    bench.play("federatedai.kubefate.deploy_fate", bench.inventory("ours", 1))
    values = bench.values(bench.inventory("bare", options.parties))
    bench.clean()
    return federation_bench.measure(
        bench, options.parties, options.federation, lambda inventory, own: peers(bench, inventory, own), values
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--parties", type=int, default=20, help="size of the larger federation")
    parser.add_argument("--clusters", type=int, default=100, help="clusters that are listed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds with one party and nothing changed")
    parser.add_argument("--fresh-rounds", type=int, default=3, help="rounds with one party from nothing")
    parser.add_argument("--federation", type=int, default=100, help="size of the largest federation")
    parser.add_argument("--planned", type=int, default=1000, help="parties that are only planned")
    parts = ["charts", "clusters", "preflight", "planning", "federation"]
    parser.add_argument("--only", choices=parts, help="one part of it")
    options = parser.parse_args(arguments)
    sandbox = [sys.executable, str(ROOT / "sandbox")]
    status = json.loads(
        subprocess.run([*sandbox, "status", "--json"], capture_output=True, text=True, check=True).stdout
    )
    folder = Path(tempfile.mkdtemp(prefix="kubefate-bench-"))
    bench = Bench(folder, status["kubeconfig"], status["tools"])
    promises: list[federation_bench.Promise] = []
    try:
        if options.only in (None, "charts"):
            promises += measure_charts(bench)
        if options.only in (None, "clusters"):
            promises += measure_clusters(bench, options)
        if options.only in (None, "preflight"):
            promises += preflight_bench.measure(status["kubeconfig"], status["tools"]["helm4"])
        if options.only in (None, "planning"):
            promises += federation_bench.planning(folder, options.planned)
        if options.only in (None, "federation"):
            promises += measure_federation(bench, options)
    finally:
        bench.clean()
        shutil.rmtree(folder, ignore_errors=True)
    return promised(promises)


if __name__ == "__main__":
    sys.exit(main())
