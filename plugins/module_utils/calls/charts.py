# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_chart`` and ``fate_chart_info``."""

from __future__ import annotations

import os
from typing import Any

from ..access.namespaces import ensure_namespace
from ..arguments import CHART_REPO, CONNECTION, HELM, STORE, Arguments
from ..call import Call, Entry
from ..chart.listing import Listed, list_charts
from ..chart.lookup import Wanted, serves
from ..chart.package import Chart, write_archive
from ..chart.store import ChartStore, Stored
from ..chart.versions import same_version
from ..cluster.gather import SECRETS
from ..cluster.target import EXAMPLE, SPEC_SCHEMA
from ..errors import Kind, KubefateError, bad_input
from ..kube.client import Api, ApiError
from ..release import Release, newest
from ..spec.schema import validate_schema
from ..values import TEMPLATE

SOURCES = ("store", "bundled", "repository")


def change_chart(call: Call) -> dict[str, Any]:
    """``fate_chart``."""
    store = call.store()
    if call.params["state"] == "absent":
        return _forget_chart(call, store, call.params["name"], call.params["version"])
    chart = _wanted_chart(call)
    schema = chart.document(SPEC_SCHEMA)
    if schema is not None:
        validate_schema(schema, f"{SPEC_SCHEMA} of {chart.path}")
    there = store.find(chart.name, chart.version)
    if there and there.digest == chart.digest:
        return {"changed": False, "chart": there.summary()}
    if there and not call.params["force"]:
        raise KubefateError(
            f"Chart {chart.title} is stored already with other content: {there.digest}, not {chart.digest}.",
            Kind.CONFLICT,
            "chart",
            "Give the chart a new version, or replace the stored one with force: true.",
        )
    if call.check_mode:
        return {"changed": True, "chart": store.write(chart, dry_run=True).summary()}
    ensure_namespace(store.api, store.namespace, create=True)
    return {"changed": True, "chart": store.write(chart).summary()}


def _wanted_chart(call: Call) -> Chart:
    """What is to be uploaded: from this machine or from a repository, but not from the store itself."""
    path, name, version = (call.params.get(option) or "" for option in ("path", "name", "version"))
    chart = call.finder().find(Wanted(name, version, path, call.params.get("chart_digest") or ""))
    if not path:
        return chart
    for option, wanted, is_, fits in (
        ("name", name, chart.name, chart.name == name),
        ("version", version, chart.version, serves(chart, version)),
    ):
        if wanted and not fits:
            raise bad_input(f"The chart at {path} has {option} {is_}, not {wanted}.", phase="chart")
    return chart


def _forget_chart(call: Call, store: ChartStore, name: str, version: str) -> dict[str, Any]:
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
    """Releases that are made from a chart, as namespace/name. Raises ``KubefateError`` where that cannot be seen."""
    try:
        secrets = api.list_objects("v1", "Secret", labels=SECRETS)
    except ApiError as error:
        if error.status != 403:
            raise
        raise KubefateError(
            f"Whether a cluster uses chart {chart.name} {chart.version} cannot be seen: {error.msg}",
            Kind.FORBIDDEN,
            "chart",
            "Grant the right to list Secrets in all namespaces, or delete the chart all the same with force: true.",
        ) from None
    return sorted(
        f"{release.namespace}/{release.name}"
        for (release, *_older) in newest(secrets).values()
        if _is_made_from(release, chart)
    )


def _is_made_from(release: Release, chart: Stored) -> bool:
    """By the digest that the release notes, else by name and version."""
    if release.chart_digest:
        return release.chart_digest == chart.digest
    meta = release.chart_meta
    return bool(meta.get("name") == chart.name and same_version(str(meta.get("version")), chart.version))


def inform_charts(call: Call) -> dict[str, Any]:
    """``fate_chart_info``."""
    params = call.params
    sources = params.get("sources") or SOURCES
    finder = call.finder()
    wanted = Wanted(params.get("name") or "", params.get("version") or "", params.get("path") or "")
    store = call.store() if "store" in sources and not (wanted.path or wanted.is_reference) else None
    listed = list_charts(finder, wanted, params.get("type") or "", store, sources)
    download_to = params.get("download_to") or ""
    if download_to and not os.path.isdir(download_to):
        raise bad_input(f"{download_to} is not a folder.", "Make it first.")
    result: dict[str, Any] = {"charts": [_shown(entry, details=params["details"]) for entry in listed]}
    if download_to:
        result["paths"] = [] if call.check_mode else [write_archive(entry.open(), download_to) for entry in listed]
    return result


def _shown(entry: Listed, *, details: bool) -> dict[str, Any]:
    return {**entry.summary, **_description(entry.open())} if details else dict(entry.summary)


def _description(chart: Chart) -> dict[str, Any]:
    return {
        "digest": chart.digest,
        "values_template": chart.text(TEMPLATE) or "",
        "values_template_example": chart.text(EXAMPLE) or "",
        "spec_schema": chart.document(SPEC_SCHEMA) or {},
        "dependencies": [dict(entry) for entry in chart.meta.get("dependencies") or []],
        "files": sorted(chart.files),
    }


CHANGE_CHART = Entry(
    CONNECTION
    | STORE
    | HELM
    | CHART_REPO
    | Arguments(
        {
            "path": {"type": "path", "aliases": ["chart_path"]},
            "name": {"type": "str", "aliases": ["chart", "chart_name", "chart_ref"]},
            "version": {"type": "str", "aliases": ["chart_version"]},
            "chart_digest": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "force": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ("path", "name"), True), ("state", "absent", ("name", "version"))],
    ),
    change_chart,
)
INFORM_CHARTS = Entry(
    CONNECTION
    | STORE
    | HELM
    | CHART_REPO
    | Arguments(
        {
            "path": {"type": "path", "aliases": ["chart_path"]},
            "name": {"type": "str", "aliases": ["chart", "chart_name", "chart_ref"]},
            "version": {"type": "str", "aliases": ["chart_version"]},
            "type": {"type": "str"},
            "sources": {"type": "list", "elements": "str", "choices": list(SOURCES), "default": list(SOURCES)},
            "details": {"type": "bool", "default": False, "aliases": ["describe"]},
            "download_to": {"type": "path"},
        }
    ),
    inform_charts,
)
