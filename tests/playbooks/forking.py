"""A process that has Ansible and the collection loaded, and becomes ``ansible-playbook`` in a fork for each play.

Starting Python and importing Ansible costs more than half of a short play. Everything else is what the command does:
its own process group, working directory, environment and output. Settings that Ansible reads when it is imported are
those of the whole session.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

CORE = "ansible_collections.federatedai.kubefate.plugins.module_utils"
LIBRARIES = ("ansible.cli.playbook", "ansible.plugins.strategy.linear", "cryptography.x509", "urllib3.response")
PLUGINS = ("become", "callback", "connection", "filter", "lookup", "shell", "test")
"""Kinds of plugins of Ansible that each play looks for, and whose settings it reads. Not those of variables: where they
are loaded before there is an inventory, a play does not read its host_vars."""


class Plays:
    """The test's side: starts the process, and has it run plays. folder: of the session. environment: of the process;
    a play has these settings of Ansible, too."""

    def __init__(self, python: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = folder, dict(environment)
        self.address = str(folder / "plays")
        self.log = folder / "plays.log"
        with self.log.open("wb") as log:
            argv = [str(python), __file__, self.address]
            self.process = subprocess.Popen(
                argv, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n", self.log.read_text()

    def takes(self, environment: Mapping[str, str]) -> bool:
        """Whether a play with this environment can be run here."""
        return all(
            self.environment.get(name) == value for name, value in environment.items() if name.startswith("ANSIBLE_")
        )

    def run(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, str]:
        """Exit code and output of ``ansible-playbook`` with these arguments."""
        handle, output = tempfile.mkstemp(prefix="output-", dir=self.folder)
        os.close(handle)
        request = {"argv": list(argv), "folder": str(folder), "env": dict(environment), "output": output}
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(self.address)
            with line.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                pid = int(stream.readline())
                try:
                    code = int(stream.readline())
                except TimeoutError:
                    os.killpg(pid, signal.SIGKILL)
                    raise
        text = Path(output).read_text(errors="replace")
        os.unlink(output)
        return code, text

    def stop(self) -> None:
        """End the process, and remove the folder."""
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def serve(address: str) -> None:
    """The process: loads everything once, then forks for whoever connects."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the tests, whatever ends them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _load()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)
        while True:
            line, _peer = server.accept()
            if os.fork() == 0:
                server.close()
                os._exit(_keep(line))
            line.close()


def _load() -> None:
    del sys.path[0]  # of this file: what lies beside it has names that libraries have, too
    from ansible.plugins import loader

    loader.init_plugin_loader()
    for name in LIBRARIES:
        importlib.import_module(name)
    for kind in PLUGINS:
        for _plugin in getattr(loader, f"{kind}_loader").all(class_only=True):
            pass
    warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")
    for module in pkgutil.walk_packages(importlib.import_module(CORE).__path__, f"{CORE}."):
        importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _keep(line: socket.socket) -> int:
    """Run one play in another fork, and tell its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with line.makefile("rw", encoding="utf-8") as stream:
        request = json.loads(stream.readline())
        pid = os.fork()
        if pid == 0:
            line.close()
            _become(request["argv"], request["folder"], request["env"], request["output"])
        stream.write(f"{pid}\n")
        stream.flush()
        _pid, status = os.waitpid(pid, 0)
        stream.write(f"{os.waitstatus_to_exitcode(status)}\n")
    return 0


def _become(argv: Sequence[str], folder: str, environment: Mapping[str, str], output: str) -> None:
    """Be ``ansible-playbook``. Does not return."""
    from ansible import constants
    from ansible.cli.playbook import main

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    opened = os.open(output, os.O_WRONLY | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(opened, descriptor)
    os.close(opened)
    atexit._clear()
    home = os.path.join(environment["HOME"], ".ansible", "tmp")
    os.makedirs(home, mode=0o700, exist_ok=True)
    constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix=f"ansible-local-{os.getpid()}", dir=home)
    atexit.register(shutil.rmtree, constants.DEFAULT_LOCAL_TMP, ignore_errors=True)
    sys.argv = ["ansible-playbook", *argv]
    code: object = 1
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    serve(sys.argv[1])
