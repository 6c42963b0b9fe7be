# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are jars: got with Maven, run with Java."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .debian import Programs, Wanted, programs
from .errors import NotAvailableError
from .places import lock, servers

JAVA = Wanted("Java", ("openjdk-17-jre-headless",), ("java",), version=("-version",), least=(11,))
MAVEN = Wanted("Maven", ("maven",), ("mvn",), least=(3, 6))
MAVEN_VERSION = "3.9.9"
"""That older ones get for what they cannot resolve themselves in useful time."""
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
POMS = Path(__file__).parent / "poms"


@dataclass(frozen=True, slots=True)
class Jars:
    """All jars that a file of ``poms`` leads to. main: one that must be among them."""

    name: str
    pom: str
    main: str

    @property
    def folder(self) -> Path:
        return servers() / self.name

    @property
    def class_path(self) -> str:
        return f"{self.folder / 'lib'}/*"


def java() -> Programs:
    return programs(JAVA)


def fetched(wanted: Jars) -> Jars:
    """The jars, downloaded once; Maven downloads none again that it has. Raises NotAvailableError."""
    text = (POMS / wanted.pom).read_text()
    stamp = wanted.folder / "made-from"
    with lock(wanted.name):
        if stamp.exists() and stamp.read_text() == text:
            return wanted
        start = time.monotonic()
        shutil.rmtree(wanted.folder, ignore_errors=True)
        wanted.folder.mkdir(parents=True)
        shutil.copy2(POMS / wanted.pom, wanted.folder / "pom.xml")
        parts = [f"-DoutputDirectory={wanted.folder / 'lib'}", "-DincludeScope=runtime"]
        _maven(_newer(), wanted, "-Daether.dependencyCollector.impl=bf", f"{PLUGIN}:copy-dependencies", *parts)
        jars = list((wanted.folder / "lib").glob("*.jar"))
        if not any(jar.name.startswith(wanted.main) for jar in jars):
            raise NotAvailableError(f"{wanted.name}: Maven did not get {wanted.main}")
        size = sum(jar.stat().st_size for jar in jars)
        note = {"bytes": size, "seconds": round(time.monotonic() - start, 1)}
        (wanted.folder / "got.json").write_text(json.dumps(note))
        stamp.write_text(text)
    return wanted


def _newer() -> Path:
    """A Maven that collects dependencies breadth first, which the machine's may be too old for."""
    folder = servers() / "apache-maven"
    with lock("apache-maven"):
        found = folder / f"apache-maven-{MAVEN_VERSION}" / "bin" / "mvn"
        if not found.exists():
            folder.mkdir(parents=True, exist_ok=True)
            archive = f"-Dartifact=org.apache.maven:apache-maven:{MAVEN_VERSION}:tar.gz:bin"
            here = Jars("apache-maven", "", "")
            _maven(programs(MAVEN).program("mvn"), here, f"{PLUGIN}:copy", archive, f"-DoutputDirectory={folder}")
            shutil.unpack_archive(next(folder.glob("*.tar.gz")), folder, filter="data")
    return found


def _maven(program: Path, wanted: Jars, *arguments: str) -> None:
    runtime = java()
    known = runtime.environment(runtime.program("java").parent)
    argv: list[str | Path] = [program, "--batch-mode", "--quiet", *arguments]
    home = {"HOME": str(Path.home())}
    done = subprocess.run(argv, cwd=wanted.folder, env={**known, **home}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotAvailableError(
            f"{wanted.name} could not be got with Maven: {done.stdout[-3000:]}{done.stderr[-1000:]}"
        )
