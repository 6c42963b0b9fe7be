# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Previews that were made earlier in a run, so that what was planned is not rendered once more to be applied.

They lie in a folder that only the user can read and that goes with the run. A key names everything that a preview is
made from, the state of the release included; rendering is a function of that (design.md, rules 2 and 4).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..data import digest

KEPT = ("manifest", "hooks", "apply_method")
"""The parts of a previewed release that plans are made from."""


@dataclass(frozen=True, slots=True)
class Previews:
    """folder: of the run; without one nothing is kept."""

    folder: str = ""

    def find(self, *key: str) -> dict[str, Any] | None:
        """The preview with that key; None where there is none that can be read."""
        try:
            with open(self._path(key), encoding="utf-8") as stream:
                found = json.load(stream)
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def keep(self, body: Mapping[str, Any], *key: str) -> None:
        """Keep a preview. Failing to is no failure: it is then made again."""
        if not self.folder:
            return
        text = json.dumps({name: body[name] for name in KEPT if name in body})
        try:
            handle, path = tempfile.mkstemp(prefix="kubefate-", dir=self.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(path, self._path(key))
        except OSError:
            return

    def _path(self, key: tuple[str, ...]) -> str:
        return os.path.join(self.folder or os.devnull, f"kubefate-preview-{digest(*key)}")
