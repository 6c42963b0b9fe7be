"""Measures charts: rendering specs, listing a store, and a large archive's way through it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHARTS = 100
SPECS = 100
MEGABYTES = (20, 60)
HELD_MB = 20
"""What may be in memory of an archive on its way, whatever its size: some pieces of it, as bytes and as text."""

RENDER = """
import json, os, subprocess, sys, time
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import Values, render

def runner(argv, *, stdin, env, timeout, bound, started=None):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env={**os.environ, **env})
    return Outcome(done.returncode, done.stdout, done.stderr)

helm = Helm(runner, sys.argv[1])
template = open(os.path.join(sys.argv[2], "values-template.yaml")).read()
peers = [{"partyId": str(number), "partyIp": "192.168.0.1", "partyPort": 30091} for number in range(10)]
spec = {"computing": "Eggroll", "federation": "OSX", "storage": "Eggroll", "modules": json.loads(sys.argv[4]),
        "osx": {"type": "NodePort", "nodePort": 30091, "partyList": peers}, "nodemanager": {"replicas": 3}}
for count in (1, int(sys.argv[3])):
    specs = {f"party-{number}": {**spec, "name": f"p{number}", "partyId": str(number)} for number in range(count)}
    seconds = []
    for _round in range(5):
        before, start = len(helm.calls), time.monotonic()
        made = render(helm, template, specs, "chart fate")
        seconds.append(time.monotonic() - start)
        assert all(isinstance(found, Values) for found in made.values()), made
        assert len(helm.calls) - before == 1, helm.calls
    print(json.dumps({"count": count, "seconds": sorted(seconds)[2]}))
"""
STORE = """
import json, re, sys, tempfile, time
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.store import ChartStore
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve

# Not ru_maxrss, which a process inherits from the one that starts it.
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) // 1024
store = ChartStore(Api(resolve({"kubeconfig": sys.argv[1]})), sys.argv[2])
store.charts()  # what it takes to reach an API server at all is in memory now
for path in sys.argv[3:]:
    before, start = peak(), time.monotonic()
    chart = read_chart(path)
    stored = store.write(chart)
    written = time.monotonic() - start
    with tempfile.TemporaryDirectory() as folder:
        back = store.read(stored, folder)
    assert back.digest == chart.digest
    measured = {"megabytes": stored.size / 1e6, "write": written, "read": time.monotonic() - start - written}
    print(json.dumps({**measured, "grown": peak() - before}))
"""
LIST = """
- hosts: fate
  connection: local
  gather_facts: false
  tasks:
    - federatedai.kubefate.fate_chart_info:
        kubeconfig: "{{ fate_kubeconfig }}"
        store_namespace: "{{ chart_store }}"
        sources: [store]
      register: found
    - ansible.builtin.assert:
        that: found.charts | length >= charts_expected
        quiet: true
"""


def _python(program: str, *arguments: str) -> list[dict[str, float]]:
    """Run a program with the collection that is installed for the bench; the JSON lines that it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".work" / "collections")}
    argv = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the measurement failed:\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def rendering(helm: str, modules: list[str]) -> None:
    """One spec, and many specs of one chart in one helm process."""
    print("\nValues from specs, one helm process (budgets: 0.2 s for one, 0.5 s for 100)")
    for found in _python(RENDER, helm, str(ROOT / "charts" / "fate"), str(SPECS), json.dumps(modules)):
        print(f"  {int(found['count']):4} specs {found['seconds']:8.2f} s")


def _chart(folder: Path, name: str, noise: int = 0) -> str:
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
    (folder / "values-template.yaml").write_text("name: {{ .name }}\n")
    for number in range(noise // 4):
        (folder / f"noise-{number}").write_bytes(os.urandom(4 << 20))
    return str(folder)


def storing(
    folder: Path, kubeconfig: str, namespace: str, kubectl: str, play: Callable[[str], None]
) -> list[tuple[str, float, float]]:
    """Large archives in and out, and a list of many. play: runs a playbook text with LIST's variables. What is
    promised, its figure, and its limit."""
    subprocess.run([kubectl, "--kubeconfig", kubeconfig, "create", "namespace", namespace], check=True)
    promises: list[tuple[str, float, float]] = []
    for size in MEGABYTES:
        (found,) = _python(STORE, kubeconfig, namespace, _chart(folder / f"large-{size}", f"large-{size}", size))
        print(f"\nA chart of {found['megabytes']:.0f} MB in the store")
        print(f"  written in {found['write']:.1f} s, read back in {found['read']:.1f} s")
        print(f"  memory grew by {found['grown']:.0f} MB", flush=True)
        promises.append((f"MB of memory for an archive of {size} MB, in and out", found["grown"], HELD_MB))
    _python(STORE, kubeconfig, namespace, *(_chart(folder / f"c{number}", f"c{number}") for number in range(CHARTS)))
    seconds = []
    for _round in range(3):
        start = time.monotonic()
        play(LIST)
        seconds.append(time.monotonic() - start)
    print(f"\nA play with fate_chart_info over {CHARTS} charts (budget: 2 s above a play that pings)")
    print(f"  {statistics.median(seconds):8.2f} s")
    return promises
