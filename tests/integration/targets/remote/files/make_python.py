"""Makes a Python that has some of this one's libraries, with what they need, and no others."""

from __future__ import annotations

import argparse
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def closure(names: list[str]) -> set[str]:
    """The distributions and all that they require here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            if name in names:
                raise
            continue
        if name not in found:
            found.add(name)
            requirements = [Requirement(text) for text in required]
            waiting += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("libraries", nargs="*")
    options = parser.parse_args()
    venv.EnvBuilder(symlinks=True).create(options.folder)
    (packages,) = options.folder.glob("lib/python*/site-packages")
    for name in closure(options.libraries):
        installed = distribution(name)
        for top in {
            Path(file.parts[0]) for file in installed.files or [] if file.parts[0] not in ("..", "__pycache__")
        }:
            target = packages / top
            if not target.exists():
                target.symlink_to(installed.locate_file(top))


if __name__ == "__main__":
    main()
