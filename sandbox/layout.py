# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sandbox keeps its files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import SandboxError

PACKAGE = Path(__file__).resolve().parent
MODULE_FILES = PACKAGE / "build"
STAGE_FILES = PACKAGE / "stages"
OBJECT_FILES = PACKAGE / "objects"

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of all sandboxes of a user."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def clusters(self) -> Path:
        return self.root / "clusters"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def go(self) -> Path:
        return self.root / "go"

    @property
    def go_build_cache(self) -> Path:
        return self.root / "go-build-cache"

    @property
    def go_mod_cache(self) -> Path:
        return self.root / "go-mod-cache"

    @property
    def build_logs(self) -> Path:
        return self.root / "build-logs"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    def cluster(self, name: str) -> ClusterFolder:
        """The state folder of the sandbox `name`; raises SandboxError for a name that cannot be a folder."""
        if not _NAME.fullmatch(name):
            raise SandboxError(
                f"{name!r} cannot be the name of a sandbox",
                "A name has 1 to 40 lower-case letters, digits and hyphens, and no hyphen at its ends.",
            )
        return ClusterFolder(self.clusters / name)

    def cluster_names(self) -> list[str]:
        if not self.clusters.is_dir():
            return []
        return sorted(entry.name for entry in self.clusters.iterdir() if _NAME.fullmatch(entry.name))


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    """The one state folder of a sandbox."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def etcd_data(self) -> Path:
        return self.root / "etcd"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    @property
    def records(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"


def find_home(chosen: str | None, environ: Mapping[str, str]) -> Home:
    """The home that was chosen, or the one of the environment, or the one in the user's cache folder."""
    if chosen or environ.get("KUBEFATE_SANDBOX_HOME"):
        root = Path(chosen or environ["KUBEFATE_SANDBOX_HOME"]).expanduser()
    else:
        root = Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "kubefate-sandbox"
    return Home(root.resolve())


def write_private(path: Path, content: str | bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
