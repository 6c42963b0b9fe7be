# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm 3 and helm 4 at once: what one renders or refuses, the other does, too.

A test sees what helm 3 makes of a cluster.yaml. All of those that the tests have rendered are rendered by helm 4 at the
end, in few processes, and have to be the same objects. What is refused is asked of both on the spot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .kit import CHART, LOADER, Helm, HelmError, Manifests, Spec, by_name

NOISE = ("walk.go", "level=")
"""Beginnings of lines that helm logs beside its error."""


@dataclass(frozen=True, slots=True)
class Both(Helm):
    """path: of helm 3. other: helm 4. rendered: cluster.yaml files (JSON) by chart, for the comparison at the end."""

    other: Helm = field(default_factory=lambda: Helm.of_major(4))
    rendered: dict[Path, set[str]] = field(default_factory=dict, compare=False, hash=False)

    @property
    def first(self) -> Helm:
        return Helm(self.path)

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What helm 3 says; of a lint what both say."""
        texts = _agreed(lambda helm: helm.run(*arguments, stdin=stdin), self.first, self.other)
        if arguments[0] == "template":
            assert _objects(texts[0]) == _objects(texts[1])
            return texts[0]
        return "".join(texts)

    def render(self, spec: Spec, chart: Path = CHART) -> Manifests:
        try:
            found = self.first.render(spec, chart)
        except HelmError as error:
            _assert_refused(self.other, spec, chart, error)
            raise
        if chart.parent == CHART.parent:
            self.rendered.setdefault(chart, set()).add(json.dumps(spec))
        else:
            assert by_name(found.objects) == by_name(self.other.render(spec, chart).objects)
        return found

    def differences(self) -> list[Spec]:
        """The cluster.yaml files so far of which helm 4 makes other objects."""
        found = []
        for chart, texts in self.rendered.items():
            specs = [json.loads(text) for text in sorted(texts)]
            for spec, made in zip(specs, self.other.render_all(specs, chart), strict=True):
                first = self.first.render(spec, chart)
                if _documents(made) != _documents(first) and by_name(made.objects) != by_name(first.objects):
                    found.append(spec)
        return found


def _documents(manifests: Manifests) -> list[str]:
    """The texts of all objects, which are compared in no time."""
    return sorted(item.text.strip() for item in manifests.documents)


def _objects(text: str) -> list[dict[str, Any]]:
    """All YAML of a text, which may be values instead of manifests."""
    return by_name(item for item in yaml.load_all(text, Loader=LOADER) if item)


def _assert_refused(other: Helm, spec: Spec, chart: Path, first: HelmError) -> None:
    try:
        other.render(spec, chart)
    except HelmError as error:
        assert _reason(error) == _reason(first), f"helms refuse for different reasons: {first}, {error}"
    else:
        raise AssertionError(f"one helm renders what the other refuses: {first}")


def _agreed(call: Any, *helms: Helm) -> list[str]:
    """What each says. Raises the first one's error where both refuse for the same reason."""
    said, errors = [], []
    for helm in helms:
        try:
            said.append(call(helm))
        except HelmError as error:
            errors.append(error)
    if not errors:
        return said
    assert not said, f"one helm renders what the other refuses: {errors[0]}"
    reasons = {_reason(error) for error in errors}
    assert len(reasons) == 1, f"helms refuse for different reasons: {reasons}"
    raise errors[0]


def _reason(error: HelmError) -> str:
    return "\n".join(line for line in str(error).splitlines() if line.strip() and not line.startswith(NOISE))
