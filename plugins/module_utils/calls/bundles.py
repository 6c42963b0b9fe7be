# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_bundle`` and ``fate_bundle_info``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import CHART_REPO, HELM, Arguments
from ..authoring.rendering import Example
from ..bundle.making import Request, make
from ..bundle.verifying import verify
from ..call import Call, Entry
from ..chart.lookup import Wanted
from ..chart.package import Chart
from ..data import secret_leaves
from ..errors import Kind, KubefateError
from ..helm.cli import Helm
from ..spec.loading import identity, load


def make_bundle(call: Call) -> dict[str, Any]:
    """``fate_bundle``."""
    request = Request(
        _charts(call),
        call.params.get("mirror_registry") or "",
        {str(name): str(digest) for name, digest in (call.params["image_digests"] or {}).items()},
        call.params.get("collection") or "",
        call.params.get("collection_path") or "",
    )
    helm = Helm(call.runner, call.params.get("helm_binary") or "")
    changed, manifest = make(request, call.params["dest"], helm, call.folder, check_mode=call.check_mode)
    return {"changed": changed, "bundle": manifest}


def _charts(call: Call) -> list[tuple[Chart, list[Example]]]:
    """The charts that are asked for, then those of parties with their specs; all of the collection where none is."""
    finder = call.finder()
    found: dict[str, tuple[Chart, list[Example]]] = {}
    given = call.params["charts"] + [_of_party(call, party) for party in call.params["parties"]]
    for entry in given or [{"chart": name} for name in call.params.get("bundled_charts") or {}]:
        wanted = Wanted(
            entry.get("chart") or "",
            entry.get("chart_version") or "",
            entry.get("chart_path") or "",
            entry.get("chart_digest") or "",
        )
        chart = finder.find(wanted)
        place = found.setdefault(chart.digest, (chart, []))
        if entry.get("example"):
            place[1].append(entry["example"])
    return list(found.values())


def _of_party(call: Call, party: Mapping[str, Any]) -> dict[str, Any]:
    spec = load(party.get("spec_files") or [], party.get("spec") or {})
    call.secrets |= secret_leaves(spec.data)
    _name, _namespace, chart, version = identity(spec)
    host = str(party.get("host") or spec.data.get("name") or "a party")
    return {
        "chart": party.get("chart") or chart,
        "chart_version": party.get("chart_version") or version,
        "chart_path": party.get("chart_path"),
        "chart_digest": party.get("chart_digest"),
        "example": Example(f"the spec of {host}", spec),
    }


def inform_bundle(call: Call) -> dict[str, Any]:
    """``fate_bundle_info``."""
    manifest, problems = verify(call.params["path"])
    result = {"bundle": manifest, "problems": problems}
    if problems:
        raise KubefateError(
            f"The bundle {call.params['path']} is not as it was made: {'; '.join(problems[:5])}.",
            Kind.CHART,
            "chart",
            "Copy it again from where it was made, or make it anew. problems lists all.",
            result=result,
        )
    return result


CHART = {
    "chart": {"type": "str"},
    "chart_version": {"type": "str"},
    "chart_path": {"type": "path"},
    "chart_digest": {"type": "str"},
}
MAKE_BUNDLE = Entry(
    HELM
    | CHART_REPO
    | Arguments(
        {
            "dest": {"type": "path", "required": True},
            "charts": {"type": "list", "elements": "dict", "default": [], "options": CHART},
            "parties": {"type": "list", "elements": "dict", "default": [], "no_log": False},
            "mirror_registry": {"type": "str"},
            "image_digests": {"type": "dict", "default": {}},
            "collection": {"type": "path"},
            "collection_path": {"type": "path"},
        }
    ),
    make_bundle,
)
INFORM_BUNDLE = Entry(Arguments({"path": {"type": "path", "required": True}}), inform_bundle)
