# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox keeps between two commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .errors import SandboxError
from .layout import ClusterFolder, write_private


@dataclass(frozen=True, slots=True)
class Settings:
    """`tools` is the digest of the tools that run; `furnished` says that the sandbox's own objects were created."""

    ports: Mapping[str, int]
    tools: str
    furnished: bool = False

    def save(self, folder: ClusterFolder) -> None:
        write_private(folder.settings, json.dumps(asdict(self), indent=2) + "\n")


def load_settings(folder: ClusterFolder) -> Settings | None:
    """The settings of a sandbox; None if it has none. Raises SandboxError if they cannot be read."""
    try:
        content = json.loads(folder.settings.read_text(encoding="utf-8"))
        return Settings(**content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise SandboxError(
            f"{folder.settings} cannot be read: {error}", f"Remove this sandbox with `down --name {folder.name}`."
        ) from None
