# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that a chart may ask for by itself, of all versions, engines, algorithms and devices, from its facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MARKS = ("  # images: made by scripts/chart_files.py\n", "  # end of images\n")


def images(chart: Path) -> list[str]:
    """Names with tags."""
    found: set[str] = set()
    for path in sorted((chart / "facts").glob("*.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        for fact in facts["images"].values():
            if fact["repository"] and fact["tag"]:
                found |= {f"{fact['repository']}{ending}:{fact['tag']}" for ending in _endings(fact, facts)}
    return sorted(found)


def _endings(fact: dict[str, Any], facts: dict[str, Any]) -> Iterator[str]:
    """What goes behind the repository."""
    if not fact.get("suffixed"):
        yield ""
        return
    for variant in ["", *fact.get("variants", {}).values()]:
        for devices in facts["suffixes"]["table"].values():
            yield from (f"{variant}{suffix}" for suffix in devices.values())


def chart_yaml(chart: Path) -> str:
    """Chart.yaml with the images in its annotations."""
    text = (chart / "Chart.yaml").read_text(encoding="utf-8")
    before, _mark, rest = text.partition(MARKS[0])
    _old, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"{chart}/Chart.yaml lacks the lines {MARKS[0].strip()} and {MARKS[1].strip()}")
    lines = ["  artifacthub.io/images: |\n"]
    for image in images(chart):
        name = image.rpartition("/")[2].partition(":")[0]
        lines.append(f"    - {{name: {name}, image: {image}}}\n")
    return f"{before}{MARKS[0]}{''.join(lines)}{MARKS[1]}{after}"
