# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Flow's own parsers of its settings and route tables, without a server."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Self

from .errors import RefusedError
from .fateflow import WANTED, FateFlow
from .pypi import made

# Importing what FATE-Flow needs takes longer than the rest: one process does that, and a child of it for each question.
PROGRAM = """\
import json, os, sys, traceback, types
import flask, grpc, networkx, peewee, pydantic, requests, ruamel.yaml, werkzeug

def parse(home):
    os.environ["FATE_PROJECT_BASE"] = os.path.dirname(home)
    os.chdir(home)
    sys.path.insert(0, os.path.join(home, "python"))
    from fate_flow.runtime import system_settings as settings
    from fate_flow.controller.parser import TaskParser

    party = types.SimpleNamespace
    task = party(
        parties=[party(role="guest", party_id=[settings.PARTY_ID]), party(role="host", party_id=["10000"])],
        role="guest", party_id=settings.PARTY_ID, federation_id="federation", computing_id="computing",
    )
    return {
        "engines": settings.ENGINES,
        "computing": TaskParser.generate_computing_conf(task).dict(),
        "federation": TaskParser.generate_federation_conf(task).dict(),
    }

for line in sys.stdin:
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = parse(json.loads(line))
        except BaseException:
            said = {"error": traceback.format_exc()}
        os.write(told, json.dumps(said).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(answer) as stream:
        print(stream.read(), flush=True)
    os.waitpid(child, 0)
"""


@dataclass(slots=True)
class Parsers:
    """Runs while the ``with`` block does."""

    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        argv = [str(made(WANTED).python), "-c", PROGRAM]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def parsed(self, flow: FateFlow) -> dict[str, Any]:
        """What they make of engines and route tables, for a task with party 10000. Raises RefusedError."""
        flow.lay_out()
        assert self._process is not None and self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(str(flow.home)) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        assert isinstance(said, dict)
        if "error" in said:
            raise RefusedError(said["error"])
        return said
