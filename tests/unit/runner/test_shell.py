# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands of the runner are started with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[2]


def said(code: str, **variables: str) -> Any:
    """What a program that has the runner at hand says, as JSON. variables: of its environment."""
    argv = [sys.executable, "-c", f"import json, os, sys\nfrom runner import shell\n{code}"]
    done = subprocess.run(argv, cwd=TESTS, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_commands_know_where_the_sandbox_has_its_tools_and_no_kubernetes_of_the_caller() -> None:
    own = said(
        "print(json.dumps(shell.environment()))",
        KUBEFATE_SANDBOX_HOME="/srv/sandbox",
        KUBECONFIG="/home/jane/.kube/config",
        ANSIBLE_CONFIG="/home/jane/ansible.cfg",
    )
    assert own["KUBEFATE_SANDBOX_HOME"] == "/srv/sandbox", "otherwise tests with a sandbox of their own build it again"
    assert not {"KUBECONFIG", "ANSIBLE_CONFIG"} & set(own)
