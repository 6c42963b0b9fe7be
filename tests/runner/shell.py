"""Running commands: what they print goes to the terminal and to a log."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

from . import stopping
from .places import OUTPUT, ROOT

label: ContextVar[str] = ContextVar("label", default="")
"""Stands before each line on the terminal, where commands run side by side."""
spent: ContextVar[float] = ContextVar("spent", default=0.0)
"""CPU seconds of the commands that have ended, with all that they have waited for."""
_terminal = threading.Lock()


def run(
    argv: Sequence[str | Path],
    *,
    log: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> tuple[int, str]:
    """Exit code and what was printed. log: name of the file under ``tests/output``."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (OUTPUT / f"{log}.log").open("a", encoding="utf-8") as stream:
        stream.write(f"$ {' '.join(map(str, argv))}\n")
        with stopping.started([str(part) for part in argv], cwd, env) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                stream.write(line)
                if not quiet:
                    say(line)
            _pid, status, usage = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
        spent.set(spent.get() + usage.ru_utime + usage.ru_stime)
    return code, "".join(lines)


def say(line: str) -> None:
    """One whole line on the terminal."""
    before = label.get()
    with _terminal:
        sys.stdout.write(f"{before} | {line}" if before else line)
        sys.stdout.flush()


def environment(*folders: Path, **extra: str) -> dict[str, str]:
    """A small, known environment: the given folders and the system's own in PATH, and no setting of Kubernetes or of
    Ansible that happens to be there. Settings of package registries and certificates are kept, and where the sandbox
    has its tools. Go's garbage collector is told to be lazy: helm runs some thousand times, for a moment each."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_CERT", "GO", "XDG_CACHE", "KUBEFATE_SANDBOX_HOME", "KUBEFATE_SEED"))
        or name.endswith(("CA_BUNDLE", "_PROXY", "_proxy"))
    }
    path = [str(folder) for folder in folders] + [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ]
    home = os.environ.get("HOME", "/tmp")
    return {"GOGC": "400", **kept, "PATH": ":".join(path), "HOME": home, "LANG": "C.UTF-8", "TERM": "dumb", **extra}
