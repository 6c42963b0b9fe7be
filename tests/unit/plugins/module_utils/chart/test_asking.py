# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the templates of a chart ask the Kubernetes that they are rendered for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.asking import apis_to_tell
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart

CHARTS = Path(__file__).parents[5] / "charts"
THERE = {"v1", "apps/v1", "networking.k8s.io/v1", "route.openshift.io/v1"}


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("kind: {{ .Values.kind }}", []),
        ('{{ if .Capabilities.APIVersions.Has "apps/v1" }}a{{ end }}', ["apps/v1"]),
        ('{{ if .Capabilities.APIVersions.Has "route.openshift.io/v1" }}a{{ end }}', ["route.openshift.io/v1"]),
        ('{{ if $.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}a{{ end }}', []),
    ],
)
def test_a_chart_that_asks_whether_an_api_version_is_there_is_told(template: str, told: list[str]) -> None:
    assert apis_to_tell(chart({"templates/a.yaml": template}), THERE) == told


@pytest.mark.parametrize(
    "files",
    [
        {"templates/a.yaml": '{{ lookup "v1" "Secret" "ns" "name" }}'},
        {"templates/a.yaml": "{{ .Release.Revision }}"},
        {"templates/a.yaml": "{{ .Capabilities.KubeVersion.Version }}"},
        {"templates/a.yaml": "{{ .Capabilities.APIVersions.Has .Values.api }}"},
        {"templates/a.yaml": '{{ .Capabilities.APIVersions.Has "extensions/v1beta1" }}'},
        {"templates/a.yaml": '{{ .Capabilities.APIVersions.Has "policy.k8s.io/v1beta1" }}'},
        {"templates/a.yaml": '{{ .Capabilities.APIVersions.Has "route.openshift.io/v1/Route" }}'},
        {"charts/other/templates/_helpers.tpl": "{{ .Release.Revision }}"},
        {"charts/other-1.0.0.tgz": b"x"},
    ],
)
def test_what_only_the_server_can_answer_is_left_to_it(files: dict[str, str | bytes]) -> None:
    assert apis_to_tell(chart({"templates/b.yaml": "a: 1", **files}), THERE) is None


def test_what_is_no_template_asks_nothing() -> None:
    assert apis_to_tell(chart({"README.md": "We never lookup anything."}), THERE) == []


@pytest.mark.parametrize("name", ["fate", "fate-serving", "fate-exchange"])
def test_the_charts_of_this_collection_need_no_server_to_be_rendered(name: str) -> None:
    assert apis_to_tell(read_chart(str(CHARTS / name)), THERE) == ["route.openshift.io/v1"]
    assert apis_to_tell(read_chart(str(CHARTS / name)), {"v1"}) == []
