"""Looks at so many parties once, in this process, and prints the seconds.

Usage: preflight_bench.py PARTIES KUBECONFIG HELM. The API server is real, nothing is deployed, and what it takes to
grant the deployers their rights is asked about as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from planning import parties

from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import INSPECT_FEDERATION
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import bundled_charts

PARTIES = 20
SECONDS = 5.0


def measure(kubeconfig: str, helm: str) -> list[tuple[str, float, float]]:
    """What is promised, its figure, and its limit."""
    argv = [sys.executable, __file__, str(PARTIES), kubeconfig, helm]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The preflight of {PARTIES} parties failed:\n{done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    print(f"\nPreflight of {PARTIES} parties: {found['checks']} checks in {found['seconds']:.2f} s")
    return [(f"seconds of the preflight of {PARTIES} parties", found["seconds"], SECONDS)]


def run(argv: Sequence[str], *, stdin: str, env: Mapping[str, str], timeout: float, **_more: Any) -> Outcome:
    done = subprocess.run(
        list(argv), input=stdin, capture_output=True, text=True, check=False, env={**os.environ, **env}, timeout=timeout
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def main() -> None:
    count, kubeconfig, helm = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    own = {"connection": {"kubeconfig": kubeconfig}, "deployer": "fate-deployer"}
    given = [entry if entry.get("managed") is False else {**entry, **own} for entry in parties(count, "")]
    defaults = {name: option.get("default") for name, option in INSPECT_FEDERATION.arguments.options.items()}
    params = {**defaults, "parties": given, "helm_binary": helm, "bundled_charts": bundled_charts()}
    with tempfile.TemporaryDirectory(prefix="kubefate-bench-") as folder:
        start = time.monotonic()
        looked = carry_out(INSPECT_FEDERATION, Call(params, True, run, str(Path(folder))), verbose=True)
        seconds = time.monotonic() - start
    assert "failure" not in looked, looked
    hosts = {row["host"] for row in looked["checks"] if row["check"] == "rights"}
    assert len(hosts) == count, hosts
    print(json.dumps({"seconds": seconds, "checks": len(looked["checks"])}))


if __name__ == "__main__":
    main()
