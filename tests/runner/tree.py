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

GET_PIP = '''\
"""Stands in for get-pip.py, which ansible-test would fetch: the same result from Python's own ensurepip."""
import subprocess
import sys

# In a process of its own: ensurepip switches pip's settings off for the process that it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade", "--default-pip"])
wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--no-")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
'''


def files() -> list[Path]:
    """The files of the checkout, relative to it: those that git knows and new ones that it does not ignore."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    present = [Path(name) for name in listed if name]
    return sorted(name for name in present if (ROOT / name).is_file() or (ROOT / name).is_symlink())


def copy(name: Path, folder: Path) -> None:
    """Copy a file of the checkout to the same place in a folder; a symbolic link stays one."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / name).is_symlink():
        target.unlink(missing_ok=True)
    shutil.copy2(ROOT / name, target, follow_symlinks=False)


def refresh() -> Path:
    """Bring the copy up to date."""
    wanted = set(files())
    for name in wanted:
        linked = (ROOT / name).is_symlink()
        if linked or not (TREE / name).exists() or not filecmp.cmp(ROOT / name, TREE / name, shallow=False):
            copy(name, TREE)
    if TREE.exists():
        for path in TREE.rglob("*"):
            inside = path.relative_to(TREE)
            kept = inside.parts[0] == ".git" or inside.parts[:2] == ("tests", "output")
            if (path.is_file() or path.is_symlink()) and inside not in wanted and not kept:
                path.unlink()
    if not (TREE / ".git").exists():
        # Otherwise ansible-test finds the checkout's repository, to which all of this is ignored.
        subprocess.run(["git", "init", "--quiet"], cwd=TREE, check=True)
    for version in ("24_2", "25_2"):
        stand_in = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version}.py"
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        stand_in.write_text(GET_PIP)
    _pip_settings()
    return TREE


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
