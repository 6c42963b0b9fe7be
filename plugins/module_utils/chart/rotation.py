# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the values of a chart's Secret are changed while what they open runs: ``rotate`` of an entry in secrets.yaml.

::

    rotate:
      keys: [password, root-password]   # that get new values
      module: mysql                     # whose pods hold the server; without it only the Secret and its readers change
      container: mysql                  # of those pods; default: the module's name
      script: |                         # run there by sh. For a key root-password it finds the present value in
        ...                             # OLD_ROOT_PASSWORD and the coming one in NEW_ROOT_PASSWORD

A script must do the same whether the server has the present values or, after an interruption, already the coming ones.
It exits with 0 when the server takes the coming values. No value ever stands in an argument: they come by standard
input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"^[A-Za-z0-9._-]+\Z")


@dataclass(frozen=True, slots=True)
class Rotation:
    """keys: that get new values. module, container, script: what tells the server; empty where there is none."""

    keys: tuple[str, ...]
    module: str = ""
    container: str = ""
    script: str = ""


def declared(entry: Mapping[str, Any]) -> Rotation | None:
    """The rotation of an entry of secrets.yaml; None where it says nothing. Raises ``ValueError`` for one that is
    malformed."""
    said = entry.get("rotate")
    if said is None:
        return None
    keys = [str(name) for name in said["keys"]]
    unknown = [name for name in keys if name not in entry["keys"] or not _NAME.match(name)]
    if unknown or not keys:
        raise ValueError(f"rotate of {entry['name']} has keys that the Secret does not have: {', '.join(unknown)}")
    module, script = str(said.get("module") or ""), str(said.get("script") or "")
    if bool(module) != bool(script):
        raise ValueError(f"rotate of {entry['name']} needs both module and script, or neither")
    return Rotation(tuple(keys), module, str(said.get("container") or module), script)


def variable(key: str) -> str:
    """The name of a shell variable for a key: ``root-password`` is ``ROOT_PASSWORD``."""
    return re.sub(r"\W", "_", key).upper()


def command(keys: list[str], script: str) -> list[str]:
    """What is run in the pod: it reads the present and the coming value of each key from a line of its own."""
    reads = [f"IFS= read -r {age}_{variable(key)}" for key in keys for age in ("OLD", "NEW")]
    return ["sh", "-c", "\n".join(["set -eu", *reads, script])]


def lines(keys: list[str], old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Standard input for ``command``."""
    return "".join(f"{age[key]}\n" for key in keys for age in (old, new))
