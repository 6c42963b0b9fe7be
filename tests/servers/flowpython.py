# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Flow's Python with all that FATE-Flow imports of others, which takes longer than the rest of its start: servers
and questions to its parsers are forks of one such process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from .errors import NotStartedError, RefusedError
from .process import LOG_CHARACTERS, LOOK_SECONDS, Process
from .pypi import Environment, made

WANTED = Environment("fate-flow-2.2.0", "fate-flow-2.2.0.txt", ((3, 11), (3, 10), (3, 9)), ("fate_flow",))

# fate_flow itself is imported by the children only: it reads its settings when it is imported. No thread runs before a
# fork, and gRPC is imported and not used.
PROGRAM = """\
import gc, inspect, json, os, runpy, sys, traceback, types
import casbin, dotenv, flask, google.protobuf.json_format, grpc, grpc_tools, kazoo.client, marshmallow, networkx
import ofx.api.client, ofx.api.entity, peewee, playhouse.apsw_ext, playhouse.pool, psutil, pydantic, pymysql, requests
import ruamel.yaml, shortuuid, webargs.flaskparser, werkzeug.serving

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

def parsed(home):
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = parse(home)
        except BaseException:
            said = {"error": traceback.format_exc()}
        os.write(told, json.dumps(said).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(answer) as stream:
        said = json.load(stream)
    os.waitpid(child, 0)
    return said

def served(argv, folder, environment, log):
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        for number, path in enumerate((os.devnull, log, log)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path.insert(0, environment["PYTHONPATH"])
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

def ended(pid):
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None

# Its loggers ask inspect who calls them, which looks at every module once.
inspect.stack()
gc.freeze()
for line in sys.stdin:
    what, arguments = json.loads(line)
    print(json.dumps({"parsed": parsed, "served": served, "ended": ended}[what](*arguments)), flush=True)
"""


@dataclass(slots=True)
class FlowPython:
    """Runs while the ``with`` block does."""

    _process: subprocess.Popen[str] | None = None
    _errors: IO[str] = field(default_factory=lambda: tempfile.TemporaryFile("w+", errors="replace"))  # noqa: SIM115

    def __enter__(self) -> Self:
        argv = [str(made(WANTED).python), "-c", PROGRAM]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        return self

    def __exit__(self, *_error: object) -> None:
        """It ends by itself when nobody can ask it any more, as a killed one would leave children that nobody waits
        for."""
        assert self._process is not None
        with self._errors:
            self._process.communicate()

    def _ask(self, what: str, *arguments: Any) -> Any:
        """Raises NotStartedError, with the last of what it said, if it has ended."""
        assert self._process is not None and self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([what, arguments]) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise NotStartedError(f"FATE-Flow's Python has ended:\n{self._errors.read()[-LOG_CHARACTERS:]}")
        return json.loads(answer)

    def parsed(self, home: Path) -> dict[str, Any]:
        """What FATE-Flow's own parsers make of engines and route tables, for a task with party 10000. Raises
        RefusedError."""
        said = self._ask("parsed", str(home))
        assert isinstance(said, dict)
        if "error" in said:
            raise RefusedError(said["error"])
        return said

    def launch(self, process: Process) -> Forked:
        """Run the program of a process, a file of Python, as a fork in a session of its own."""
        argv = [str(part) for part in process.argv]
        return Forked(
            self, self._ask("served", argv, str(process.folder), dict(process.environment), str(process.output))
        )

    def ended(self, pid: int) -> int | None:
        """The exit code of a fork that has ended, which is said once."""
        code = self._ask("ended", pid)
        assert code is None or isinstance(code, int)
        return code


@dataclass(slots=True)
class Forked:
    """A fork, with what subprocess.Popen has for a child of one's own."""

    python: FlowPython
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.python.ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOK_SECONDS)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)
