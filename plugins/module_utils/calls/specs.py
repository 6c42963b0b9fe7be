# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_spec``: a cluster.yaml of an earlier FATE as one that a chart takes."""

from __future__ import annotations

import os
import re
from typing import Any

from ..arguments import CHART_REPO, HELM, Arguments
from ..call import Call, Entry
from ..chart.lookup import Wanted
from ..chart.package import Chart, fate_versions
from ..chart.versions import newest
from ..cluster.target import SPEC_SCHEMA
from ..data import secret_leaves
from ..errors import Kind, KubefateError, bad_input
from ..facts.migration import DATA, OLD_TAG
from ..privatefile import read_text, write_private
from ..spec.loading import identity, load
from ..spec.migrating import Migrated, migrate
from ..yamltext import dump_yaml


def change_spec(call: Call) -> dict[str, Any]:
    """``fate_spec``."""
    spec = load(call.params["spec_files"], None)
    call.secrets |= secret_leaves(spec.data)
    _name, _namespace, named, version = identity(spec)
    wanted = Wanted(call.params.get("chart") or named or "fate", call.params.get("version") or "")
    chart = call.finder().find(wanted)
    schema = chart.document(SPEC_SCHEMA)
    if schema is None:
        raise KubefateError(
            f"Chart {chart.title} has no {SPEC_SCHEMA}, so it is not known what it takes.",
            Kind.CHART,
            "chart",
            "Name a chart that has one, such as those of this collection.",
        )
    given = newest(fate_versions(chart), wanted.version) or chart.version
    found = migrate(spec, schema, chart.name, given, f"{SPEC_SCHEMA} of chart {chart.title}")
    path, notes = call.params["dest"], [DATA] if re.match(OLD_TAG, version) else []
    return {
        "changed": _written(call, path, _text(call, chart, given, found)),
        "chart": chart.summary(),
        "path": path,
        "steps": [step.as_result() for step in found.steps],
        "left": found.left,
        "notes": notes,
        "report": [*found.report(), *notes],
    }


def _text(call: Call, chart: Chart, version: str, found: Migrated) -> str:
    sources = ", ".join(os.path.basename(path) for path in call.params["spec_files"])
    return f"# {sources}, brought to what chart {chart.name} takes for {version}.\n{dump_yaml(found.data)}"


def _written(call: Call, path: str, text: str) -> bool:
    """Write the file; whether that changes something. Raises ``KubefateError`` (conflict) rather than replace another
    one."""
    if read_text(path) == text:
        return False
    if os.path.exists(path) and not call.params["force"]:
        raise KubefateError(
            f"{path} is there already, with other content.",
            Kind.CONFLICT,
            "spec",
            "Give another dest, or replace the file with force: true.",
        )
    if not call.check_mode:
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
            write_private(path, text)
        except OSError as error:
            raise bad_input(f"{path} cannot be written: {error}.") from None
    return True


CHANGE_SPEC = Entry(
    HELM
    | CHART_REPO
    | Arguments(
        {
            "spec_files": {"type": "list", "elements": "path", "required": True},
            "chart": {"type": "str"},
            "version": {"type": "str"},
            "dest": {"type": "path", "required": True},
            "force": {"type": "bool", "default": False},
        }
    ),
    change_spec,
)
