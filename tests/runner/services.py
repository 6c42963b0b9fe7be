"""Programs of FATE that package registries have, each in an environment of its own."""

from __future__ import annotations

from pathlib import Path

from . import pythons
from .places import ROOT, WORK
from .shell import run

FLOW_PYTHON = (3, 11)
"""The Python that FATE-Flow's own requirements go with."""


def fate_flow() -> Path:
    """A Python that has FATE-Flow, made once."""
    folder = WORK / "envs" / "fate-flow"
    python = folder / "bin" / "python"
    requirements = ROOT / "tests" / "real" / "requirements.txt"
    stamp = folder / ".made-from"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return python
    base = next((found for found in pythons.available() if found.version == FLOW_PYTHON), None)
    if base is None:
        raise SystemExit("FATE-Flow needs Python 3.11, and there is none.")
    print("Making the environment for FATE-Flow", flush=True)
    steps: list[list[str | Path]] = [
        [base.path, "-m", "venv", "--clear", folder],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements],
    ]
    for argv in steps:
        code, _text = run(argv, log="environment-fate-flow")
        if code:
            raise SystemExit("FATE-Flow could not be installed; see tests/output/environment-fate-flow.log")
    stamp.write_text(requirements.read_text())
    return python
