"""The sandbox that tests run against: one of its own, beside the user's."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import programs
from .places import ROOT, SANDBOX_NAME
from .shell import run


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """kubeconfig: of an administrator. tools: name to path of what the sandbox has built."""

    kubeconfig: Path
    tools: dict[str, str]

    def variables(self) -> dict[str, str]:
        """For the environment of tests."""
        return {
            "KUBEFATE_TEST_KUBECONFIG": str(self.kubeconfig),
            "KUBEFATE_HELM3": self.tools["helm3"],
            "KUBEFATE_HELM4": self.tools["helm4"],
            "KUBEFATE_KUBECTL": self.tools["kubectl"],
            "KUBEFATE_TEST_REGISTRY": self.tools["registry"],
            "KUBEFATE_TEST_VALUES": self.tools["kubefate-values"],
        }


def _sandbox(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "sandbox"), "--name", SANDBOX_NAME, *arguments]


def build() -> dict[str, str]:
    """Build the tools, which can take some minutes the first time; name to path."""
    code, _text = run(_sandbox("build"), log="sandbox")
    if code:
        raise SystemExit("The sandbox could not be built.")
    done = subprocess.run(_sandbox("tools", "--json"), capture_output=True, text=True, check=True)
    tools: dict[str, str] = json.loads(done.stdout)
    return tools | programs.build()


def start(tools: dict[str, str]) -> ControlPlane:
    """Start it afresh."""
    stop()
    try:
        code, _text = run(_sandbox("up"), log="sandbox")
        if code:
            raise SystemExit("The sandbox could not be started.")
        path = subprocess.run(_sandbox("kubeconfig"), capture_output=True, text=True, check=True).stdout.strip()
    except BaseException:
        stop()
        raise
    return ControlPlane(Path(path), tools)


def stop() -> bool:
    """Stop it; True if nothing was left behind."""
    code, _text = run(_sandbox("down"), log="sandbox", quiet=True)
    return code == 0
