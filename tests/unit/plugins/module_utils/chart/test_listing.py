# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which charts are listed, from where, and how little is read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.listing import list_charts
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.lookup import ChartFinder, Wanted
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.repository import Repository
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.store import ChartStore
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart, write_folder
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.sources import write_repository

ALL = ("store", "bundled", "repository")


def made(name: str, version: str, annotations: str = "{}") -> Chart:
    return chart({}, f"name: {name}\nversion: {version}\nannotations: {annotations}\n")


def no_helm(_home: str) -> Helm:
    raise AssertionError("nothing here needs helm")


class Place:
    """A store with two charts, a bundled one, a repository with two."""

    def __init__(self, folder: Path):
        self.api = MemoryApi()
        self.store = ChartStore(self.api, "kubefate")
        self.store.write(made("fate", "1.0.0"))
        self.store.write(made("my-fate", "1.5.0", "{kubefate.federatedai.org/type: fate}"))
        versions = "{kubefate.federatedai.org/fate-versions: '2.0.0, 2.2.0'}"
        bundled = {"fate": write_folder(folder / "bundled", made("fate", "1.0.0", versions))}
        archives = write_repository(folder / "archives", made("fate", "2.0.0"), made("fate-exchange", "1.0.0"))
        (folder / "work").mkdir()
        self.finder = ChartFinder(bundled, str(folder / "work"), Repository(str(archives)), no_helm)

    def list(self, *, kind: str = "", sources: tuple[str, ...] = ALL, **wanted: str) -> list[str]:
        store = self.store if "store" in sources else None
        listed = list_charts(self.finder, Wanted(**wanted), kind, store, sources)
        return [" ".join(str(entry.summary[key]) for key in ("source", "name", "version")) for entry in listed]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_everything_is_listed_by_where_it_is(place: Place) -> None:
    listed = place.list()
    assert listed[:3] == ["store fate 1.0.0", "store my-fate 1.5.0", "bundled fate 1.0.0"]
    assert sorted(listed[3:]) == ["repository fate 2.0.0", "repository fate-exchange 1.0.0"]


def test_a_type_is_what_a_chart_deploys_whatever_its_name(place: Place) -> None:
    assert place.list(kind="fate", sources=("store",)) == ["store fate 1.0.0", "store my-fate 1.5.0"]
    assert place.list(kind="fate-exchange") == ["repository fate-exchange 1.0.0"]


def test_versions_may_be_ranges_or_versions_of_fate(place: Place) -> None:
    assert place.list(name="fate", version="^1") == ["store fate 1.0.0", "bundled fate 1.0.0"]
    assert place.list(version=">=1.2") == ["store my-fate 1.5.0", "repository fate 2.0.0"]
    assert place.list(version="2.2.0") == ["bundled fate 1.0.0"]
    with pytest.raises(KubefateError, match="is not a range"):
        place.list(version="^one")


def test_only_the_sources_that_are_named_are_asked(place: Place) -> None:
    place.api.sent.clear()
    assert place.list(sources=("bundled",)) == ["bundled fate 1.0.0"]
    assert place.list(sources=("repository",), name="fate") == ["repository fate 2.0.0"]
    assert place.api.sent == []


def test_a_list_reads_indices_and_no_archive(place: Place) -> None:
    place.api.sent.clear()
    assert len(place.list()) == 5
    assert len(place.api.sent) == 1


def test_a_path_is_the_one_chart(place: Place, tmp_path: Path) -> None:
    path = write_folder(tmp_path / "mine", made("mine", "7.0.0"))
    assert place.list(path=path) == ["folder mine 7.0.0"]
    assert place.list(name=f"{tmp_path}/mine") == ["folder mine 7.0.0"]
