# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an air-gap bundle is whole: every file is the one that was put in, and what it lists is there."""

from __future__ import annotations

import json
import os
from typing import Any

from ..authoring.dependencies import missing
from ..chart.index import read_folder
from ..chart.package import read_chart
from ..errors import Kind, KubefateError
from .collection import read_archive
from .making import CHARTS, FORMAT, MANIFEST, SUMS, files_of, sum_of


def verify(root: str) -> tuple[dict[str, Any], list[str]]:
    """The bundle's manifest and what is wrong with it. Raises ``KubefateError`` for what is no bundle."""
    path = os.path.join(root, MANIFEST)
    if not os.path.isfile(path):
        raise KubefateError(
            f"{root} is no bundle: it has no {MANIFEST}.",
            Kind.NOT_FOUND,
            "chart",
            "Give the folder that fate_bundle made.",
        )
    problems = _sums(root)
    try:
        with open(path, encoding="utf-8") as stream:
            manifest: dict[str, Any] = json.load(stream)
        if manifest["format"] != FORMAT:
            return manifest, [f"{MANIFEST} has format {manifest['format']}; this collection knows {FORMAT}"]
        return manifest, problems + _charts(root, manifest) + _collection(root, manifest)
    except (ValueError, KeyError, TypeError) as error:
        return {}, [*problems, f"{MANIFEST} is damaged ({type(error).__name__}: {error})"]


def _sums(root: str) -> list[str]:
    try:
        with open(os.path.join(root, SUMS), encoding="utf-8") as stream:
            lines = [line.rstrip("\n").partition("  ") for line in stream]
    except (OSError, UnicodeDecodeError) as error:
        return [f"{SUMS} cannot be read ({error})"]
    wanted = {name: digest for digest, _gap, name in lines}
    there = files_of(root)
    found = [f"{name} is missing" for name in sorted(set(wanted) - set(there))]
    found += [f"{name} is not part of it" for name in there if name not in wanted]
    return found + [f"{name} was changed" for name in there if name in wanted and sum_of(root, name) != wanted[name]]


def _charts(root: str, manifest: dict[str, Any]) -> list[str]:
    problems: list[str] = []
    for entry in manifest["charts"]:
        path = os.path.join(root, entry["file"])
        if not os.path.isfile(path):
            continue  # it was said to be missing
        try:
            chart = read_chart(path)
        except KubefateError as error:
            problems.append(error.msg)
            continue
        if (chart.name, chart.version, chart.digest) != (entry["name"], entry["version"], entry["digest"]):
            problems.append(f"{entry['file']} is not chart {entry['name']} {entry['version']} as it was put in")
        problems += [f"{entry['file']} lacks its dependency {name}" for name in missing(chart)]
    try:
        indexed = {(found.name, found.version) for found in read_folder(os.path.join(root, CHARTS))}
    except (KubefateError, OSError) as error:
        return [*problems, f"the index of {CHARTS} cannot be read ({error})"]
    listed = {(entry["name"], entry["version"]) for entry in manifest["charts"]}
    if indexed != listed:
        problems.append(f"the index of {CHARTS} lists other charts than {MANIFEST}")
    return problems


def _collection(root: str, manifest: dict[str, Any]) -> list[str]:
    path = os.path.join(root, manifest["collection"])
    if not os.path.isfile(path):
        return []
    try:
        read_archive(path)
    except KubefateError as error:
        return [error.msg]
    return []
