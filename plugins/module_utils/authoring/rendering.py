# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From specs to values to manifests, with a chart and helm alone: no Kubernetes is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..chart.package import Chart
from ..chart.secrets import SecretRequest
from ..cluster.target import EXAMPLE, Target, target, values_of
from ..data import plain
from ..errors import KubefateError, bad_input
from ..helm.cli import Helm
from ..objects import Object, name_of
from ..privatefile import read_text, write_private
from ..release import manifest_objects
from ..spec.loading import Spec, identity, load
from ..values import Values

_SOURCE = re.compile(r"(?m)^# Source: (\S+)\s*$")
_MARK = "# Source: "
RELEASE = "lint"
"""Name of the release where a spec gives none."""


@dataclass(frozen=True, slots=True)
class Example:
    """A spec to try a chart with. where: names it in messages."""

    where: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a chart makes of one spec. manifests: template path to text."""

    name: str
    namespace: str
    values: str
    manifests: Mapping[str, str]
    secrets: Sequence[SecretRequest]
    warnings: Sequence[str]

    @property
    def objects(self) -> list[Object]:
        return [obj for text in self.manifests.values() for obj in manifest_objects(text)]


def examples(chart: Chart, paths: Sequence[str]) -> list[Example]:
    """The specs at these paths, each a whole one; without any, the chart's own example. Raises ``KubefateError``."""
    if paths:
        return [Example(path, load([path], None)) for path in paths]
    text = chart.text(EXAMPLE)
    if text is None:
        raise bad_input(
            f"Chart {chart.title} has no {EXAMPLE}, and no spec was given.", "Give specs, or add the example.", "chart"
        )
    where = f"{EXAMPLE} of chart {chart.title}"
    return [Example(where, load([where], None, lambda _path: text))]


def target_of(chart: Chart, example: Example) -> Target:
    """A spec checked against a chart. One without a name is tried under a name for tests."""
    name, namespace, _chart, version = identity(example.spec)
    name = name or RELEASE
    copy = Spec(plain(example.spec.data), example.spec.origins)
    try:
        return target(name, namespace or name, chart, copy, version)
    except KubefateError as error:
        error.msg = f"{example.where}: {error.msg}"
        raise


def render_all(
    chart: Chart, given: Sequence[Example], helm: Helm, extra: Sequence[str] = ()
) -> dict[str, Rendered | KubefateError]:
    """Where a spec is from to what the chart makes of it, or what is wrong. One helm process renders all values. extra:
    options of ``helm template``."""
    out: dict[str, Rendered | KubefateError] = {}
    targets: dict[str, Target] = {}
    for example in given:
        try:
            targets[example.where] = target_of(chart, example)
        except KubefateError as error:
            out[example.where] = error
    values = values_of(helm, targets)
    for where, item in targets.items():
        found = values[where]
        out[where] = found if isinstance(found, KubefateError) else _manifests(item, found, helm, extra)
    return {example.where: out[example.where] for example in given}


def _manifests(item: Target, values: Values, helm: Helm, extra: Sequence[str]) -> Rendered | KubefateError:
    try:
        text = helm.template(item.name, item.chart.path, values.text, namespace=item.namespace, extra=extra)
        manifests = split(text, item.chart.name)
        for part in manifests.values():
            manifest_objects(part)
    except KubefateError as error:
        error.phase = "render"
        return error
    return Rendered(item.name, item.namespace, values.text, manifests, item.secrets, item.warnings)


def split(text: str, chart: str) -> dict[str, str]:
    """Manifests by the path of their template in the chart."""
    found: dict[str, str] = {}
    for document in re.split(r"(?m)^---\s*$", text):
        source = _SOURCE.search(document)
        if source:
            path = source[1].removeprefix(f"{chart}/").removeprefix("templates/")
            found[path] = found.get(path, "") + f"---\n{document.strip()}\n"
    return found


def write_rendered(rendered: Rendered, folder: str, *, check_mode: bool) -> tuple[bool, list[str]]:
    """Write values and manifests into a folder of the release's name: whether something changed, and all paths. Only
    their owner can read them, for values may hold passwords. What an earlier run wrote and this one does not is
    removed."""
    root = os.path.join(folder, rendered.name)
    files = {"values.yaml": rendered.values}
    files |= {f"manifests/{path}": text for path, text in rendered.manifests.items()}
    changed = False
    for name, text in files.items():
        path = os.path.join(root, *name.split("/"))
        if read_text(path) != text:
            changed = True
            if not check_mode:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                write_private(path, text)
    for path in _stale(os.path.join(root, "manifests"), {os.path.join(root, *name.split("/")) for name in files}):
        changed = True
        if not check_mode:
            os.unlink(path)
    return changed, [os.path.join(root, *name.split("/")) for name in sorted(files)]


def _stale(folder: str, wanted: set[str]) -> list[str]:
    """Files that are ours, by what they begin with, and not wanted any more."""
    found = [os.path.join(place, name) for place, _folders, names in os.walk(folder) for name in names]
    return [path for path in found if path not in wanted and (read_text(path) or "").startswith(f"---\n{_MARK}")]


def shown(rendered: Rendered, paths: Sequence[str]) -> dict[str, Any]:
    """For results; values and Secrets' contents are left out."""
    return {
        "name": rendered.name,
        "namespace": rendered.namespace,
        "paths": list(paths),
        "objects": [{"kind": str(obj.get("kind")), "name": name_of(obj)} for obj in rendered.objects],
        "secrets": [{"name": item.name, "keys": [key.name for key in item.keys]} for item in rendered.secrets],
    }
