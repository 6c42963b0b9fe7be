"""Looks for secrets where other users of this machine could see them: arguments of processes, and files.

In the folder that is given, ``planted.json`` lists the secrets, and ``looked.jsonl`` takes one line for each look.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
"""A token of Kubernetes, whichever it is."""
LARGEST = 5_000_000


def arguments() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile


def readable(folder: Path, *, deep: bool) -> Iterator[str]:
    """Texts of files that everybody who can reach the folder can read."""
    for path in folder.iterdir():
        try:
            mode = path.lstat().st_mode
            if path.is_symlink():
                continue
            if path.is_dir():
                if deep and mode & 0o001:
                    yield from readable(path, deep=True)
            elif path.is_file() and mode & 0o004 and path.stat().st_size < LARGEST:
                yield path.read_text(errors="replace")
        except OSError:
            continue  # it has gone meanwhile


def found(texts: Iterator[str], planted: list[str]) -> list[str]:
    hits: set[str] = set()
    for text in texts:
        hits |= {secret for secret in planted if secret in text}
        hits |= {"a token"} if TOKEN.search(text) else set()
    return sorted(hits)


def main() -> None:
    folder = Path(sys.argv[1])
    planted = json.loads((folder / "planted.json").read_text())
    own = chain.from_iterable(readable(folder / name, deep=True) for name in ("tmp", "local", "remote", "async"))
    look = {
        "command": Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\0")[2:],
        "arguments": found(arguments(), planted),
        "files": found(own, planted),
        "shared": found(readable(Path("/tmp"), deep=False), planted),
    }
    with (folder / "looked.jsonl").open("a") as stream:
        stream.write(json.dumps(look) + "\n")


if __name__ == "__main__":
    main()
