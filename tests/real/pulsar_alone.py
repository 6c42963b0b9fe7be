# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a network of its own (see large_pulsar.py): prints, as JSON, what a Pulsar with a chart's settings says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError
from ansible_collections.federatedai.kubefate.tests.servers.process import START_SECONDS
from ansible_collections.federatedai.kubefate.tests.servers.pulsar import Pulsar

TENANT, NAMESPACE = "fl-tenant", "fl-tenant/202601010000000000000_toy_0"


def learn(pulsar: Pulsar, routes: Path) -> dict[str, Any]:
    """What FATE asks of it for a job, and the container that tells it of the other parties."""
    learnt: dict[str, Any] = {"clusters before": pulsar.call("GET", "/clusters")}
    learnt["settings"] = pulsar.call("GET", "/brokers/configuration/runtime")
    if routes.exists():
        told = pulsar.folder / "told"
        program = [sys.executable, str(routes / "pulsar_routes.py"), str(routes / "clusters.json")]
        process = subprocess.Popen([*program, f"http://127.0.0.1:{pulsar.port}", str(told)])
        try:
            for _look in range(600):
                if told.exists():
                    break
                subprocess.run(["sleep", "0.1"], check=True)
        finally:
            process.kill()
            process.wait()
        clusters = [name for name in pulsar.call("GET", "/clusters") if name not in ("standalone", "global")]
        learnt["clusters"] = {name: pulsar.call("GET", f"/clusters/{name}") for name in clusters}
    allowed = ["standalone", *learnt.get("clusters", {})]
    pulsar.call("PUT", f"/tenants/{TENANT}", {"adminRoles": [], "allowedClusters": allowed})
    pulsar.call("PUT", f"/namespaces/{NAMESPACE}", {"replication_clusters": allowed})
    pulsar.call("POST", f"/namespaces/{NAMESPACE}/messageTTL", 180)
    learnt["namespace"] = pulsar.call("GET", f"/namespaces/{NAMESPACE}")
    return learnt


def main() -> None:
    settings, routes, folder = map(Path, sys.argv[1:])
    try:
        with Pulsar(folder, settings.read_text(encoding="utf-8")) as pulsar:
            print(json.dumps(learn(pulsar, routes)))
    except (NotStartedError, HTTPError) as error:
        print(json.dumps({"error": str(error), "seconds": START_SECONDS}))


if __name__ == "__main__":
    main()
