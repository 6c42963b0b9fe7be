# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.store import PIECE, ChartStore
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import META, chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal

PIECES = 3
NOISE = os.urandom(PIECE * (PIECES - 1) + 1000)
LARGE = chart({"noise": NOISE})


def store() -> tuple[ChartStore, MemoryApi]:
    api = MemoryApi()
    return ChartStore(api, "kubefate"), api


def names(api: MemoryApi) -> list[str]:
    return sorted(ref.name for ref in api.objects)


def test_a_chart_comes_back_as_it_was(tmp_path: Path) -> None:
    charts, _api = store()
    stored = charts.write(LARGE)
    found = charts.read(stored, str(tmp_path))
    path = f"{tmp_path}/fate-1.2.3.tgz"
    assert found == Chart(path, "store", LARGE.meta, LARGE.files, LARGE.digest, archives=[f"sha256:{stored.sha256}"])


def test_a_large_chart_is_split_into_pieces_that_fit_an_object() -> None:
    charts, api = store()
    stored = charts.write(LARGE)
    assert stored.pieces == PIECES
    assert len(api.objects) == PIECES + 1
    assert max(len(json.dumps(obj)) for obj in api.objects.values()) < 1024 * 1024


def test_the_api_server_never_answers_with_more_than_a_piece(tmp_path: Path) -> None:
    answers = []

    class Weighing(MemoryApi):
        def request(self, *arguments: Any, **options: Any) -> dict[str, Any]:
            answer = super().request(*arguments, **options)
            answers.append(len(json.dumps(answer)))
            return answer

    charts = ChartStore(Weighing(), "kubefate")
    charts.write(LARGE)
    stored = charts.write(chart({"noise": NOISE[::-1]}))
    charts.read(stored, str(tmp_path))
    charts.delete(stored)
    assert len(answers) > 4 * PIECES
    assert max(answers) < 1024 * 1024


def test_a_small_chart_is_one_piece_and_an_index() -> None:
    charts, api = store()
    assert charts.write(chart()).pieces == 1
    assert len(api.objects) == 2


def test_the_index_is_written_last_and_removed_first() -> None:
    charts, api = store()
    stored = charts.write(LARGE)
    assert [sent.body["metadata"]["name"] for sent in api.sent if sent.writes][-1] == stored.object_name
    api.sent.clear()
    charts.delete(stored)
    deleted = [path.rpartition("/")[2] for path in api.writes]
    assert deleted[0] == stored.object_name
    assert len(deleted) == PIECES + 1
    assert api.objects == {}


def test_a_chart_whose_upload_was_interrupted_does_not_exist(tmp_path: Path) -> None:
    charts, api = store()

    def breaks(sent: Sent) -> ApiError | None:
        pieces = [obj for obj in api.objects.values() if "binaryData" in obj]
        return refusal(500, "gone") if sent.writes and len(pieces) == 2 else None

    api.fault = breaks
    with pytest.raises(ApiError):
        charts.write(LARGE)
    assert charts.charts() == []
    assert charts.find("fate", "1.2.3") is None
    api.fault = lambda _sent: None
    charts.write(LARGE)
    assert charts.read(charts.charts()[0], str(tmp_path)).digest == LARGE.digest


def test_a_replacement_that_is_interrupted_leaves_the_old_chart_whole(tmp_path: Path) -> None:
    charts, api = store()
    charts.write(LARGE)
    new = chart({"noise": NOISE[::-1]})
    index = charts.charts()[0].object_name

    def breaks(sent: Sent) -> ApiError | None:
        touches = sent.writes and (sent.body or {}).get("metadata", {}).get("name") == index
        return refusal(500, "gone") if touches else None

    api.fault = breaks
    with pytest.raises(ApiError):
        charts.write(new)
    (stored,) = charts.charts()
    assert charts.read(stored, str(tmp_path)).digest == LARGE.digest


def test_a_replacement_sweeps_away_the_old_pieces_and_nothing_else(tmp_path: Path) -> None:
    charts, api = store()
    other = charts.write(chart({"x": "1"}, META.replace("1.2.3", "9.9.9")))
    charts.write(LARGE)
    new = chart({"values.yaml": "a: 1"})
    stored = charts.write(new)
    assert charts.read(stored, str(tmp_path)).digest == new.digest
    assert charts.read(other, str(tmp_path)).digest == other.digest
    assert len(api.objects) == 4


def test_uploading_the_same_again_changes_no_name() -> None:
    charts, api = store()
    charts.write(LARGE)
    before = names(api)
    charts.write(LARGE)
    assert names(api) == before


@pytest.mark.parametrize("damage", ["changed", "swapped", "emptied"])
def test_a_damaged_piece_is_noticed(damage: str, tmp_path: Path) -> None:
    charts, api = store()
    stored = charts.write(LARGE)
    first, second = (obj for obj in api.objects.values() if obj["metadata"]["name"].endswith(("-0", "-1")))
    if damage == "swapped":
        first["binaryData"], second["binaryData"] = second["binaryData"], first["binaryData"]
    else:
        first["binaryData"]["archive"] = "AAAA" + first["binaryData"]["archive"][4:] if damage == "changed" else ""
    with pytest.raises(KubefateError, match="is damaged: its digest does not match") as caught:
        charts.read(stored, str(tmp_path))
    assert caught.value.kind is Kind.CHART
    assert "force" in caught.value.hint


@pytest.mark.parametrize("broken", [{}, {"binaryData": {}}, {"binaryData": {"archive": "***"}}], ids=str)
def test_a_piece_that_holds_no_archive_is_damage_too(broken: dict[str, object], tmp_path: Path) -> None:
    charts, api = store()
    stored = charts.write(LARGE)
    piece = next(obj for obj in api.objects.values() if obj["metadata"]["name"].endswith("-1"))
    del piece["binaryData"]
    piece.update(broken)
    with pytest.raises(KubefateError, match="is damaged"):
        charts.read(stored, str(tmp_path))


def test_a_missing_piece_is_an_error(tmp_path: Path) -> None:
    charts, api = store()
    stored = charts.write(LARGE)
    api.drop(next(ref for ref in api.objects if ref.name.endswith("-2")))
    with pytest.raises(KubefateError):
        charts.read(stored, str(tmp_path))


def test_charts_are_listed_by_name_and_version_with_what_the_index_says() -> None:
    charts, _api = store()
    for name, version in (("fate", "2.0.0"), ("exchange", "1.0.0"), ("fate", "1.0.0")):
        charts.write(chart({}, f"name: {name}\nversion: {version}\nappVersion: '7'\ndescription: d\n"))
    listed = charts.charts()
    assert [(entry.name, entry.version) for entry in listed] == [
        ("exchange", "1.0.0"),
        ("fate", "1.0.0"),
        ("fate", "2.0.0"),
    ]
    assert listed[0].summary() == {
        "name": "exchange",
        "version": "1.0.0",
        "app_version": "7",
        "description": "d",
        "type": "exchange",
        "source": "store",
        "origin": "",
        "digest": listed[0].digest,
        "archive_digest": f"sha256:{listed[0].sha256}",
        "fate_versions": [],
    }


def test_a_chart_is_found_by_its_name_and_version() -> None:
    charts, _api = store()
    charts.write(chart())
    found = charts.find("fate", "1.2.3")
    assert found
    assert found.digest == chart().digest
    assert charts.find("fate", "1.2.4") is None
    assert charts.find("other", "1.2.3") is None


@pytest.mark.parametrize(
    ("one", "two"),
    [(("a", "1.0.0+x"), ("a", "1.0.0-x")), (("A", "1.0.0"), ("a", "1.0.0")), (("a-1", "0.0.1"), ("a", "1.0.0"))],
)
def test_charts_whose_names_look_alike_are_kept_apart(
    one: tuple[str, str], two: tuple[str, str], tmp_path: Path
) -> None:
    charts, _api = store()
    for name, version in (one, two):
        charts.write(chart({"who": f"{name} {version}"}, f"name: {name}\nversion: {version}\n"))
    for name, version in (one, two):
        stored = charts.find(name, version)
        assert stored
        assert charts.read(stored, str(tmp_path)).text("who") == f"{name} {version}"


def test_names_of_objects_are_names_that_kubernetes_takes() -> None:
    charts, api = store()
    charts.write(chart({}, f"name: {'Long_Name.' * 20}\nversion: 1.0.0+{'x' * 80}\n"))
    for ref in api.objects:
        assert len(ref.name) <= 253
        assert ref.name == ref.name.lower()
        assert all(letter.isalnum() or letter == "-" for letter in ref.name)
        assert all(len(value) <= 63 for value in api.objects[ref]["metadata"]["labels"].values())


def test_a_refusal_of_the_server_is_handed_on() -> None:
    charts, api = store()
    api.fault = lambda sent: refusal(403, "configmaps is forbidden") if sent.writes else None
    with pytest.raises(ApiError, match="forbidden"):
        charts.write(chart())
