# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user wrote to what should be deployed: spec, chart, values. Nothing is contacted here but the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..chart.package import Chart
from ..chart.secrets import SecretRequest, requested, secret_paths
from ..chart.versions import is_range
from ..errors import Kind, KubefateError, bad_input
from ..helm.cli import Helm
from ..release import fingerprint
from ..spec.engines import check_engines
from ..spec.loading import Spec
from ..spec.migrating import is_of_fate_1
from ..spec.names import check_name, check_namespace
from ..spec.schema import Passed, check
from ..values import TEMPLATE, Values, render

SPEC_SCHEMA = "spec.schema.json"
EXAMPLE = "values-template-example.yaml"


@dataclass(frozen=True, slots=True)
class Target:
    """What should be deployed: a spec that has been checked against its chart.

    secret_paths: dotted paths of secrets in the spec. fingerprint: digest of chart and spec.
    """

    name: str
    namespace: str
    chart: Chart
    spec: Mapping[str, Any]
    secrets: tuple[SecretRequest, ...]
    secret_paths: frozenset[str]
    fingerprint: str
    warnings: tuple[str, ...] = ()


def target(
    name: str, namespace: str, chart: Chart, spec: Spec, version: str = "", passed: Passed | None = None
) -> Target:
    """Check a spec against a chart. Raises ``KubefateError`` listing everything that is wrong at once.

    version: that the caller asked for, which may be one of FATE or a range; by default the spec's, and the chart's own.
    passed: see ``check``.
    """
    spec.data.update(name=name, namespace=namespace, chartName=chart.name)
    wished = str(version or spec.data.get("chartVersion") or "")
    spec.data["chartVersion"] = chart.version if is_range(wished) or not wished else wished
    check_name(name)
    check_namespace(namespace)
    if chart.text(TEMPLATE) is None:
        raise KubefateError(
            f"Chart {chart.title} has no {TEMPLATE}, so a cluster.yaml cannot be turned into its values.",
            Kind.CHART,
            "chart",
            "Add a values-template.yaml to the chart; the author's guide shows how. Plain Helm charts need none: give "
            "their values with kubernetes.core.helm.",
        )
    data: Mapping[str, Any] = spec.data
    warnings: list[str] = []
    paths = secret_paths(chart)
    schema = chart.document(SPEC_SCHEMA)
    if schema is not None:
        checked = check(schema, spec, f"{SPEC_SCHEMA} of chart {chart.title}", passed)
        errors = checked.errors + check_engines(checked.data, spec)
        if errors:
            hint = "Correct the keys named above; the chart's values-template-example.yaml shows each key."
            if is_of_fate_1(spec.data):
                hint += " Or let the playbook migrate_spec make a cluster.yaml for FATE 2 of this one for FATE 1.x."
            raise bad_input(f"The spec of {name} does not fit chart {chart.title}: " + " ".join(errors), hint)
        data, warnings = checked.data, checked.warnings
        paths |= checked.secrets
    secrets = tuple(requested(chart, data))
    return Target(name, namespace, chart, data, secrets, frozenset(paths), fingerprint(chart, data), tuple(warnings))


def values_of(helm: Helm, targets: Mapping[str, Target]) -> dict[str, Values | KubefateError]:
    """The values of many targets, or what is wrong with one; those of one chart are rendered by one helm process."""
    out: dict[str, Values | KubefateError] = {}
    for digest in dict.fromkeys(item.chart.digest for item in targets.values()):
        group = {key: item for key, item in targets.items() if item.chart.digest == digest}
        chart = next(iter(group.values())).chart
        specs = {key: item.spec for key, item in group.items()}
        out |= render(helm, chart.text(TEMPLATE) or "", specs, chart.title)
    return out


def large_ids(item: Target, values: Values) -> list[str]:
    """A warning where a chart that takes party ids as numbers would print one with an exponent."""
    if item.chart.text(SPEC_SCHEMA) is not None:
        return []
    large = [path for path in values.large_numbers() if path.lower().endswith("partyid")]
    if not large:
        return []
    return [
        f"{', '.join(large)}: chart {item.chart.title} takes party ids as numbers, and Helm prints numbers from one "
        "million "
        "on with an exponent (1e+06). Use a shorter party id, or a chart that takes them as text."
    ]
