"""Looks for secrets where other users of this machine could see them: arguments of processes, and files.

In the folder that is given, ``planted.json`` lists the secrets, and ``looked.jsonl`` takes one line for each look.
"""

from __future__ import annotations

import json
import os
import re
import stat
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


def readable(folder: Path, since: float, *, deep: bool) -> Iterator[str]:
    """Texts of files that everybody who can reach the folder can read. since: what was written before the secrets were
    made up cannot hold them."""
    for path in folder.iterdir():
        try:
            known = path.lstat()
            if stat.S_ISDIR(known.st_mode):
                if deep and known.st_mode & 0o001:
                    yield from readable(path, since, deep=True)
            elif not stat.S_ISREG(known.st_mode) or known.st_size >= LARGEST or known.st_ctime < since:
                continue
            elif known.st_mode & 0o004:
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
    since = (folder / "planted.json").stat().st_ctime
    places = [folder / name for name in ("tmp", "local", "remote", "async")]
    own = chain.from_iterable(readable(place, since, deep=True) for place in places)
    look = {
        "command": Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\0")[2:],
        "arguments": found(arguments(), planted),
        "files": found(own, planted),
        "shared": found(readable(Path("/tmp"), since, deep=False), planted),
    }
    with (folder / "looked.jsonl").open("a") as stream:
        stream.write(json.dumps(look) + "\n")


if __name__ == "__main__":
    main()
