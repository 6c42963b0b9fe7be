# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes ``fixtures/*.json`` anew: what FATE-Flow answers to the question for jobs, and what the API server says where
its proxy does not get that far.

Run it when a new version of FATE-Flow is to be supported::

    python record.py PYTHON_WITH_FATE_FLOW KUBECONFIG_OF_AN_ADMINISTRATOR

It works in namespace ``ut-flow`` and removes it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.identity import token_for
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.flow import JOBS
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.asking import proxy_path
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api, ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.real.fateflow import FateFlow, call, two_parties

FIXTURES = Path(__file__).parent / "fixtures"
SPACE = "ut-flow"
PARTIES = (("guest", "9999"), ("host", "10000"), ("arbiter", "10000"))


def answers(python: str, folder: Path) -> dict[str, Any]:
    """Of FATE-Flow, by what it is doing."""
    found: dict[str, Any] = {}
    with two_parties(folder, python) as (guest, host):
        found["idle"] = call("GET", f"{guest.url}/{JOBS}")
        first = guest.submit(6, *PARTIES)
        guest.await_status(first, "running")
        guest.await_status(guest.submit(6, *PARTIES), "waiting")
        found["guest"] = call("GET", f"{guest.url}/{JOBS}")
        found["host"] = call("GET", f"{host.url}/{JOBS}")
        found["no-such-path"] = call("GET", f"{guest.url}/v1/job/list/job")
        found["no-such-job"] = call("GET", f"{guest.url}/v2/job/query?job_id=0")
    with FateFlow(folder / "alone", python) as alone:
        alone.await_status(alone.submit(3, *PARTIES), "running")
        found["alone"] = call("GET", f"{alone.url}/{JOBS}")
    with FateFlow(folder / "closed", python, authentication=True) as closed:
        found["unidentified"] = call("GET", f"{closed.url}/{JOBS}")
    return found


def refusals(api: Api) -> dict[str, Any]:
    """Of the API server's proxy, by cause."""

    def refusal(who: Api, service: str) -> dict[str, Any]:
        try:
            who.request("GET", f"{proxy_path(SPACE, service)}/{JOBS}", once=True)
        except ApiError as error:
            return {"status": error.status, "body": error.body}
        raise AssertionError(f"{service} answers")

    def metadata(name: str) -> dict[str, Any]:
        return {"name": name, "namespace": SPACE}

    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    try:
        api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("nobody")})
        ports = [{"name": "tcp-http", "port": 9380}]
        api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata("fateflow"), "spec": {"ports": ports}})
        nobody = Api(api.connection.with_token(token_for(api, "nobody", SPACE), "nobody"))
        return {
            "forbidden": refusal(nobody, "fateflow:9380"),
            "no-service": refusal(api, "gone:9380"),
            "no-endpoints": refusal(api, "fateflow:9380"),
        }
    finally:
        api.delete(Ref("v1", "Namespace", "", SPACE))


def main() -> None:
    python, kubeconfig = sys.argv[1:]
    api = Api(resolve({"kubeconfig": kubeconfig}), timeout=30)
    with tempfile.TemporaryDirectory() as folder:
        recorded = {"flow-2.2.0": answers(python, Path(folder)), "api-server": refusals(api)}
    for name, found in recorded.items():
        text = json.dumps(found, indent=2, sort_keys=True)
        (FIXTURES / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
