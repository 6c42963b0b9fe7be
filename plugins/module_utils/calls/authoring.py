# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_chart_folder`` and ``fate_chart_folder_info``: an author's work on a chart's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..arguments import CHART_REPO, CONNECTION, HELM, Arguments
from ..authoring.checking import ERROR, Finding, look_over
from ..authoring.creation import check_new, create, existing
from ..authoring.dependencies import lock
from ..authoring.packaging import packaged, write_package
from ..authoring.rendering import RELEASE, Rendered, examples, render_all, shown, write_rendered
from ..call import Call, Entry
from ..chart.lookup import Wanted
from ..chart.package import Chart, read_chart
from ..chart.repository import Repository
from ..data import secret_leaves
from ..errors import Kind, KubefateError, bad_input
from ..helm.cli import Helm
from ..kube.connection import is_named


def change_folder(call: Call) -> dict[str, Any]:
    """``fate_chart_folder``."""
    match call.params["state"]:
        case "created":
            return _create(call)
        case "locked":
            return _lock(call)
        case "packaged":
            return _package(call)
        case _:
            return _render(call)


def _create(call: Call) -> dict[str, Any]:
    path = call.params["path"]
    name = call.params.get("name") or os.path.basename(os.path.abspath(path))
    version, source = call.params.get("version") or "0.1.0", call.params.get("source") or ""
    check_new(name, version)
    there = existing(path, name)
    if there is not None:
        return {"changed": False, "chart": there.summary()}
    original = call.finder().find(Wanted(source, call.params.get("source_version") or "")) if source else None
    if call.check_mode:
        return {"changed": True, "chart": {"name": name, "version": version}}
    return {"changed": True, "chart": create(path, name, version, original, _helm(call)).summary()}


def _lock(call: Call) -> dict[str, Any]:
    path, update = call.params["path"], call.params["update"]
    if not os.path.isdir(path):
        raise bad_input(f"{path} is not the folder of a chart.", "Dependencies are brought into a folder.", "chart")
    repository = Repository.of(call.params, os.environ)
    target = _copy(path, call.folder) if call.check_mode else path
    changed, chart = lock(target, call.helm_at, repository, call.folder, update=update)
    locked = (chart.document("Chart.lock") or {}).get("dependencies") or []
    return {"changed": changed, "chart": {**chart.summary(), "source": "folder"}, "dependencies": locked}


def _copy(path: str, folder: str) -> str:
    """A copy to try things with."""
    import shutil  # imported late: only check mode needs it

    target = os.path.join(folder, "trial", os.path.basename(os.path.abspath(path)))
    shutil.copytree(path, target, symlinks=False)
    return target


def _package(call: Call) -> dict[str, Any]:
    chart = packaged(call.params["path"], _helm(call), call.folder)
    target, force = call.params.get("dest") or ".", call.params["force"]
    changed, path = write_package(chart, target, force=force, check_mode=call.check_mode)
    made = chart if call.check_mode else read_chart(path)
    return {"changed": changed, "chart": {**made.summary(), "source": "archive"}, "path": path}


def _render(call: Call) -> dict[str, Any]:
    path, dest = call.params["path"], call.params.get("dest") or ""
    chart = read_chart(path)
    given = examples(chart, call.params["specs"])
    for example in given:
        call.secrets |= secret_leaves(example.spec.data)
    rendered = render_all(chart, given, _helm(call), _capabilities(call))
    _raise_all(rendered)
    good = [found for found in rendered.values() if isinstance(found, Rendered)]
    _refuse_same_names(good)
    results, changed, warnings = [], False, []
    for found in good:
        different, paths = write_rendered(found, dest, check_mode=call.check_mode)
        changed = changed or different
        results.append(shown(found, paths))
        warnings += [f"{found.name}: {text}" for text in found.warnings]
    return {"changed": changed, "chart": chart.summary(), "rendered": results, "warnings": warnings}


def _capabilities(call: Call) -> list[str]:
    """What helm shall take for the Kubernetes that is not there."""
    version = call.params.get("kube_version")
    found = ["--kube-version", str(version)] if version else []
    for name in call.params["api_versions"]:
        found += ["--api-versions", str(name)]
    return found


def _raise_all(rendered: dict[str, Rendered | KubefateError]) -> None:
    """Raise for all specs that could not be rendered, each by its name."""
    wrong = {where: found for where, found in rendered.items() if isinstance(found, KubefateError)}
    if not wrong:
        return
    first = next(iter(wrong.values()))
    texts = [found.msg if where in found.msg else f"{where}: {found.msg}" for where, found in wrong.items()]
    raise KubefateError(" ".join(texts), first.kind, first.phase or "render", first.hint)


def _refuse_same_names(rendered: Sequence[Rendered]) -> None:
    names = [found.name for found in rendered]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise bad_input(
            f"Two specs are for a cluster named {', '.join(twice)}.",
            f"Each is written into a folder of its name; one without a name is called {RELEASE}.",
        )


def inform_folder(call: Call) -> dict[str, Any]:
    """``fate_chart_folder_info``."""
    try:
        chart: Chart | None = read_chart(call.params["path"])
        findings, checks = _looked_over(call, read_chart(call.params["path"]))
    except KubefateError as error:
        if error.kind not in (Kind.CHART, Kind.INPUT):
            raise
        chart, checks = None, ["files"]
        findings = [Finding("files", ERROR, error.msg)]
    errors = [finding for finding in findings if finding.severity == ERROR]
    result = {
        "chart": chart.summary() if chart else {},
        "findings": [finding.as_result() for finding in findings],
        "checks": checks,
        "ok": not errors,
    }
    if call.params["fail_on"] == "never" or not (errors or (findings and call.params["fail_on"] == "warning")):
        return result
    counted = errors or findings
    raise KubefateError(
        f"{len(counted)} things are wrong with {call.params['path']}: "
        + " ".join(_sentence(item) for item in counted[:5]),
        Kind.CHART,
        "chart",
        "Correct them; findings lists all.",
        result=result,
    )


def _looked_over(call: Call, chart: Chart) -> tuple[list[Finding], list[str]]:
    binaries = call.params["helm_binaries"] or [call.params.get("helm_binary") or ""]
    helms = [Helm(call.runner, binary) for binary in binaries]
    api = call.api() if is_named(call.params) else None
    return look_over(chart, call.params["specs"], helms, api, call.params["namespace"])


def _sentence(finding: Finding) -> str:
    at = f"{finding.file}{f', line {finding.line}' if finding.line else ''}: " if finding.file else ""
    return f"{at}{finding.message}"


def _helm(call: Call) -> Helm:
    return Helm(call.runner, call.params.get("helm_binary") or "")


CHANGE_FOLDER = Entry(
    HELM
    | CHART_REPO
    | Arguments(
        {
            "path": {"type": "path", "required": True, "aliases": ["chart_path"]},
            "state": {"type": "str", "choices": ["created", "locked", "packaged", "rendered"], "required": True},
            "name": {"type": "str"},
            "version": {"type": "str"},
            "source": {"type": "str"},
            "source_version": {"type": "str"},
            "update": {"type": "bool", "default": False},
            "dest": {"type": "path"},
            "force": {"type": "bool", "default": False},
            "specs": {"type": "list", "elements": "path", "default": []},
            "kube_version": {"type": "str"},
            "api_versions": {"type": "list", "elements": "str", "default": []},
        },
        required_if=[("state", "rendered", ("dest",))],
    ),
    change_folder,
)
INFORM_FOLDER = Entry(
    CONNECTION
    | HELM
    | Arguments(
        {
            "path": {"type": "path", "required": True, "aliases": ["chart_path"]},
            "specs": {"type": "list", "elements": "path", "default": []},
            "helm_binaries": {"type": "list", "elements": "path", "default": []},
            "namespace": {"type": "str", "default": "default"},
            "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
        }
    ),
    inform_folder,
)
