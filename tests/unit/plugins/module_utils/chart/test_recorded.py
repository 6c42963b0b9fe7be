# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart as a release record keeps it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.recorded import is_recorded, recorded_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart

FILES = {
    "values.yaml": "# comment\na: 1\nbig: 1.0\nn: {x: null}\n",
    "values.schema.json": "{}",
    "values-template.yaml": "a: {{ .a }}",
    "templates/x.yaml": b"\xff\x00 binary",
}


def record(**changed: Any) -> dict[str, Any]:
    """What helm writes of the chart with ``FILES``."""

    def entry(name: str) -> dict[str, str]:
        data = FILES[name]
        return {"name": name, "data": base64.b64encode(data.encode() if isinstance(data, str) else data).decode()}

    return {
        "metadata": {
            "name": "fate",
            "version": "1.2.3",
            "apiVersion": "v2",
            "appVersion": "2.0.0",
            "description": "FATE",
        },
        "lock": None,
        "values": {"a": 1, "big": 1, "false": {"x": None}},
        "schema": base64.b64encode(b"{}").decode(),
        "templates": [entry("templates/x.yaml")],
        "files": [entry("values-template.yaml")],
        **changed,
    }


def test_the_chart_of_a_record_is_known_again() -> None:
    assert is_recorded(chart(FILES), record())
    assert is_recorded(chart({**FILES, "LICENSE": "left out by .helmignore"}), record())


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "templates/x.yaml": "changed"},
        {**FILES, "templates/more.yaml": "x"},
        {**FILES, "values.yaml": "a: 2\n"},
        {**FILES, "values.schema.json": '{"type": "object"}'},
        {name: data for name, data in FILES.items() if name != "values-template.yaml"},
    ],
    ids=["template", "one more template", "default values", "schema", "file missing"],
)
def test_another_chart_of_the_same_name_and_version_is_not_taken_for_it(files: dict[str, str | bytes]) -> None:
    assert not is_recorded(chart(files), record())


def test_a_chart_taken_out_of_a_record_is_that_chart(tmp_path: Path) -> None:
    taken = recorded_chart(record(), str(tmp_path))
    assert is_recorded(taken, record())
    assert taken.files["templates/x.yaml"] == FILES["templates/x.yaml"]
    assert (taken.title, taken.app_version, taken.source) == ("fate 1.2.3", "2.0.0", "release")
    assert read_chart(taken.path).digest == taken.digest


def test_a_chart_with_sub_charts_cannot_be_taken_out_of_a_record(tmp_path: Path) -> None:
    meta = {**record()["metadata"], "dependencies": [{"name": "sub"}]}
    with pytest.raises(KubefateError, match=r"sub-charts \(sub\)") as raised:
        recorded_chart(record(metadata=meta), str(tmp_path))
    assert raised.value.kind is Kind.CHART
