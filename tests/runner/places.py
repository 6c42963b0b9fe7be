"""Where the checkout is and where tests put what they make."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work"
TREE = WORK / "tree" / "ansible_collections" / "federatedai" / "kubefate"
"""A copy of the checkout at a path that ansible-test accepts."""
HOME = WORK / "home"
"""HOME of ansible-test, so that it leaves nothing in the user's."""
RENDERS = WORK / "renders"
"""What helm has made of the charts in tests: see ``tests/unit/charts/renders.py``."""
OUTPUT = ROOT / "tests" / "output"
SANDBOX_NAME = "test"
