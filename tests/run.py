"""Runs the test suites and prints how many tests of each ran. See ``--help`` and CONTRIBUTING.md."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from runner.main import main

if __name__ == "__main__":
    sys.exit(main())
