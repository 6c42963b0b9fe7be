# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a network of its own, for servers that listen on every address. It takes root or user namespaces, and
the programs unshare and ip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

SECONDS = 600.0


def result_of(program: str, arguments: Sequence[str]) -> Any:
    """The JSON that the last line of a Python program's output is. Raises AssertionError with what it said."""
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script = 'ip link set lo up && exec "$@"'
    argv = [*apart, "sh", "-c", script, "sh", sys.executable, program, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
