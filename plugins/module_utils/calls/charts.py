# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_chart`` and ``fate_chart_info``."""

from __future__ import annotations

import os
from typing import Any

from ..access.namespaces import ensure_namespace
from ..arguments import CONNECTION, STORE, Arguments
from ..call import Call, Entry
from ..chart.lookup import fate_versions, same_version, serves
from ..chart.package import Chart, read_chart, write_archive
from ..chart.store import ChartStore, Stored
from ..cluster.gather import SECRETS
from ..cluster.target import SPEC_SCHEMA
from ..errors import Kind, KubefateError, bad_input
from ..kube.client import Api
from ..release import newest
from ..spec.schema import validate_schema
from ..values import TEMPLATE


def change_chart(call: Call) -> dict[str, Any]:
    """``fate_chart``."""
    store = call.store()
    name, version = call.params.get("name") or "", call.params.get("version") or ""
    if call.params["state"] == "absent":
        return _forget_chart(call, store, name, version)
    chart = read_chart(call.params["path"])
    schema = chart.document(SPEC_SCHEMA)
    if schema is not None:
        validate_schema(schema, f"{SPEC_SCHEMA} of {chart.path}")
    for option, wanted, is_ in (("name", name, chart.name), ("version", version, chart.version)):
        if wanted and not same_version(is_, wanted):
            raise bad_input(f"The chart at {call.params['path']} has {option} {is_}, not {wanted}.", phase="chart")
    there = store.find(chart.name, chart.version)
    if there and there.digest == chart.digest:
        return {"changed": False, "chart": there.summary()}
    if there and not call.params["force"]:
        raise KubefateError(
            f"Chart {chart.title} is stored already with other content.",
            Kind.CONFLICT,
            "chart",
            "Give the chart a new version, or replace the stored one with force: true.",
        )
    if call.check_mode:
        return {"changed": True, "chart": {**chart.summary(), "source": "store"}}
    ensure_namespace(store.api, store.namespace, create=True)
    return {"changed": True, "chart": store.write(chart).summary()}


def _forget_chart(call: Call, store: ChartStore, name: str, version: str) -> dict[str, Any]:
    if not name or not version:
        raise bad_input("Removing a chart needs its name and version.", "Give name and version.")
    there = next(
        (entry for entry in store.charts() if entry.name == name and same_version(entry.version, version)), None
    )
    if there is None:
        return {"changed": False, "chart": {}}
    users = [] if call.params["force"] else _users_of(store.api, there)
    if users:
        raise KubefateError(
            f"Chart {name} {version} is used by {', '.join(users)}.",
            Kind.CONFLICT,
            "chart",
            "Remove or upgrade these clusters first, or use force: true: they keep running, since Helm has its own "
            "copy.",
        )
    if not call.check_mode:
        store.delete(there)
    return {"changed": True, "chart": there.summary()}


def _users_of(api: Api, chart: Stored) -> list[str]:
    """Releases that are made from a chart, as namespace/name."""
    secrets = api.list_objects("v1", "Secret", labels=SECRETS)
    return sorted(
        f"{release.namespace}/{release.name}"
        for (release, *_older) in newest(secrets).values()
        if release.chart_meta.get("name") == chart.name
        and same_version(str(release.chart_meta.get("version")), chart.version)
    )


def inform_charts(call: Call) -> dict[str, Any]:
    """``fate_chart_info``."""
    store = call.store()
    wanted, version = call.params.get("name") or "", call.params.get("version") or ""
    bundled = [read_chart(path, "bundled") for path in (call.params.get("bundled_charts") or {}).values()]
    listed = [entry for entry in store.charts() if not wanted or entry.name == wanted]
    charts: list[dict[str, Any]] = []
    for entry in listed:
        if not version or same_version(entry.version, version):
            charts.append({**entry.summary(), **(_description(store.read(entry)) if call.params["details"] else {})})
    for chart in bundled:
        if (not wanted or chart.name == wanted) and serves(chart, version):
            summary = {**chart.summary(), "fate_versions": fate_versions(chart)}
            charts.append({**summary, **(_description(chart) if call.params["details"] else {})})
    if call.params.get("download_to"):
        return {"charts": charts, "paths": _download(call, store, listed, bundled, wanted, version)}
    return {"charts": charts}


def _download(
    call: Call, store: ChartStore, listed: list[Stored], bundled: list[Chart], name: str, version: str
) -> list[str]:
    folder = call.params["download_to"]
    if not os.path.isdir(folder):
        raise bad_input(f"{folder} is not a folder.", "Make it first.")
    found = [store.read(entry) for entry in listed if not version or same_version(entry.version, version)]
    found += [chart for chart in bundled if (not name or chart.name == name) and serves(chart, version)]
    return [write_archive(chart, folder) for chart in found] if not call.check_mode else []


def _description(chart: Chart) -> dict[str, Any]:
    return {
        "values_template": chart.text(TEMPLATE) or "",
        "values_template_example": chart.text("values-template-example.yaml") or "",
        "spec_schema": chart.document(SPEC_SCHEMA) or {},
        "files": sorted(chart.files),
    }


CHANGE_CHART = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "path": {"type": "path"},
            "name": {"type": "str"},
            "version": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "force": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ("path",)), ("state", "absent", ("name", "version"))],
    ),
    change_chart,
)
INFORM_CHARTS = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "name": {"type": "str"},
            "version": {"type": "str"},
            "details": {"type": "bool", "default": False},
            "download_to": {"type": "path"},
            "bundled_charts": {"type": "dict"},
        }
    ),
    inform_charts,
)
