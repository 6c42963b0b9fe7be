"""The checkout, copied to where ansible-test wants it, and as an installed collection."""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

from .places import HOME, ROOT, TREE, WORK
from .pythons import Environment
from .shell import environment, run

KEPT = {".git", ".hypothesis", "__pycache__"}
"""What programs leave in a copy so that their next run need not compile everything again."""
GET_PIP = '''\
"""Stands in for get-pip.py, which ansible-test would fetch: the same result from Python's own ensurepip."""
import subprocess
import sys

# In a process of its own: ensurepip switches pip's settings off for the process that it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade", "--default-pip"])
wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--no-")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
'''


def files(root: Path = ROOT) -> list[Path]:
    """The files of the checkout, or of a copy, relative to it: those that git knows and new ones that it does not
    ignore."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    present = [Path(name) for name in listed if name]
    return sorted(name for name in present if (root / name).is_file() or (root / name).is_symlink())


def copy(name: Path, folder: Path, root: Path = ROOT) -> None:
    """Copy a file of the checkout, or of a copy, to the same place in a folder; a symbolic link stays one."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if (root / name).is_symlink():
        target.unlink(missing_ok=True)
    shutil.copy2(root / name, target, follow_symlinks=False)


def refresh() -> None:
    """Bring the copy up to date, and the HOME of ansible-test."""
    _copy(ROOT, TREE)
    for version in ("24_2", "25_2"):
        stand_in = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version}.py"
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        stand_in.write_text(GET_PIP)
    _pip_settings()


def own(name: str) -> Path:
    """Another copy, as it is now, for a suite that writes to it while others run."""
    there = WORK / "trees" / name / TREE.relative_to(TREE.parents[2])
    _copy(TREE, there)
    return there


def _copy(root: Path, folder: Path) -> None:
    wanted = set(files(root))
    for name in wanted:
        linked = (root / name).is_symlink()
        if linked or not (folder / name).exists() or not filecmp.cmp(root / name, folder / name, shallow=False):
            copy(name, folder, root)
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        kept = bool(KEPT.intersection(inside.parts)) or inside.parts[:2] == ("tests", "output")
        if (path.is_file() or path.is_symlink()) and inside not in wanted and not kept:
            path.unlink()
    if not (folder / ".git").exists():
        # Otherwise ansible-test finds the checkout's repository, to which all of this is ignored.
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def _pip_settings() -> None:
    """pip's settings of the caller (an index, a proxy, certificates) for the HOME of ansible-test, which passes no
    variables on to pip."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = {}
    for line in listed.stdout.splitlines():
        key, _equals, value = line.partition("=")
        settings[key.rpartition(".")[2]] = value.strip("'")
    path = HOME / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))


def install(env: Environment) -> Path:
    """Build the collection's tarball and install it into a folder of its own; that folder."""
    target = WORK / "installed" / f"core-{env.core}"
    build = WORK / "installed" / f"build-{env.core}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.rmtree(build, ignore_errors=True)
    galaxy = env.bin / "ansible-galaxy"
    known = environment(env.bin)
    log = f"install-{env.core}"
    code, _text = run([galaxy, "collection", "build", "--output-path", build], log=log, cwd=TREE, env=known, quiet=True)
    tarballs = list(build.glob("*.tar.gz"))
    if code or len(tarballs) != 1:
        raise SystemExit(f"The collection could not be built; see tests/output/{log}.log")
    argv: list[str | Path] = [
        galaxy,
        "collection",
        "install",
        "--no-deps",
        "--offline",
        "--collections-path",
        target,
        tarballs[0],
    ]
    code, _text = run(argv, log=log, cwd=TREE, env=known, quiet=True)
    if code:
        raise SystemExit(f"The collection could not be installed; see tests/output/{log}.log")
    return target
