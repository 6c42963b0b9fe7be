# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of FATE work together, and between which a party can go in place, there and back.

Source: FATE's release notes, FATE-Flow's database models at v1.11.1 and v2.0.0 to v2.2.0, FATE 2.x doc/2.0/osx/osx.md
and java/osx (broker key ``eggroll.version``), KubeFATE's upgrade manager. ``meets`` was not tried with real parties: it
follows from the transfer protocol, which is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

LINES: Mapping[str, str] = {"1": "1.x", "2.0": "2.0", "2.1": "2.1", "2.2": "2.2"}
"""Beginning of a version to its line: versions of one line work together."""

TOGETHER: Mapping[tuple[str, str], tuple[str, str]] = {
    ("1.x", "2.0"): ("never", "the job protocols of FATE-Flow 1.x and 2.x differ"),
    ("1.x", "2.1"): ("never", "the job protocols of FATE-Flow 1.x and 2.x differ"),
    ("1.x", "2.2"): ("never", "the job protocols of FATE-Flow 1.x and 2.x differ"),
    ("2.0", "2.1"): ("meets", "they transfer data alike, but jobs between them were not tried"),
    ("2.0", "2.2"): ("meets", "they transfer data alike, but jobs between them were not tried"),
    ("2.1", "2.2"): ("meets", "they transfer data alike, but jobs between them were not tried"),
}
"""Two lines to whether they work together, and why. ``meets``: good enough while an upgrade is on its way. ``never``:
not even that. Lines that are not here are not known, and nothing is said about them."""

_NEW_TABLES = "the tables of FATE-Flow 1.x and 2.x differ, and there is no migration"
APART: Mapping[tuple[str, str], str] = {
    ("1.x", "2.0"): _NEW_TABLES,
    ("1.x", "2.1"): _NEW_TABLES,
    ("1.x", "2.2"): _NEW_TABLES,
}
"""Lines between which a party cannot go in place, in neither direction, with the reason. Those of 2.x have the same
tables and paths."""
