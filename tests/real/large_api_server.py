# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real FATE-Flow behind the Service proxy of a real API server, asked with the rights that a deployer is granted.

Both run in a network of their own, which takes root or user namespaces, and the programs unshare and ip.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.tests.real import own_network

SANDBOX = Path(own_network.__file__).parents[2] / "sandbox"


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a deployer learns, step by step."""
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    argv = [
        *apart,
        sys.executable,
        own_network.__file__,
        os.environ["KUBEFATE_SANDBOX_PYTHON"],
        str(SANDBOX),
        str(tmp_path_factory.mktemp("flow")),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_a_deployer_learns_of_a_job_that_runs(learnt: dict[str, Any]) -> None:
    assert learnt["idle"] == {"known": True, "jobs": [], "caveat": ""}
    (job,) = learnt["running"]["jobs"]
    assert (job["job_id"], job["status"]) == (learnt["job"], "running")


def test_it_is_unknown_to_whoever_may_not_use_the_proxy(learnt: dict[str, Any]) -> None:
    assert not learnt["forbidden"]["known"]
    assert "no right to ask" in learnt["forbidden"]["why"]
    assert "resource name fateflow:9380" in learnt["forbidden"]["hint"]


def test_a_fate_flow_that_does_not_listen_is_unknown(learnt: dict[str, Any]) -> None:
    assert not learnt["gone"]["known"]
    assert "connection refused" in learnt["gone"]["why"]


def test_a_restart_is_refused_while_the_job_runs_and_done_after_it(learnt: dict[str, Any]) -> None:
    assert learnt["job"] in learnt["refused"]["msg"]
    assert not learnt["refused"]["changed"]
    assert learnt["untouched"]
    assert learnt["restarted"]["changed"]
    assert learnt["restarted"]["job"]["status"] in ("Running", "Success")
