# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.lookup import ChartFinder, Wanted, serves
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, fate_versions, read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.repository import Repository
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.store import ChartStore
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart, write_folder
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, refusal

FATE = "kubefate.federatedai.org/fate-versions: '2.0.0, 2.2.0'"


def made(version: str, name: str = "fate", **files: str) -> Chart:
    return chart(dict(files), f"name: {name}\nversion: {version}\nannotations: {{{FATE}}}\n")


def fail_without_helm() -> Helm:
    raise AssertionError("nothing here needs helm")


class Place:
    """A bundled chart fate 1.0.0 and a store."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.api = MemoryApi()
        self.store = ChartStore(self.api, "kubefate")
        self.bundled = {"fate": write_folder(folder / "bundled", made("1.0.0", where="bundled"))}

    def find(self, name: str = "fate", version: str = "", **options: Any) -> Chart:
        wanted = Wanted(name, version, options.pop("path", ""), options.pop("digest", ""))
        store = options.pop("store", self.store)
        given = {"bundled": self.bundled, "folder": str(self.folder), "repository": Repository(""), **options}
        return ChartFinder(**given, open_helm=lambda _home: fail_without_helm()).find(wanted, store)

    def missing(self, name: str = "fate", version: str = "", **options: Any) -> KubefateError:
        with pytest.raises(KubefateError) as caught:
            self.find(name, version, **options)
        assert (caught.value.kind, caught.value.phase) == (Kind.CHART, "chart")
        return caught.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# order -----------------------------------------------------------------------------------------------------------
def test_a_path_is_the_chart_whatever_else_there_is(place: Place) -> None:
    path = write_folder(place.folder / "mine", made("7.7.7", "mine"))
    place.store.write(made("1.0.0"))
    found = place.find("fate", "1.0.0", path=path)
    assert (found.name, found.version, found.source, found.path) == ("mine", "7.7.7", "folder", path)


def test_a_version_in_the_store_goes_before_the_bundled_one(place: Place) -> None:
    place.store.write(made("1.0.0", where="store"))
    found = place.find("fate", "1.0.0")
    assert (found.source, found.text("where")) == ("store", "store")


def test_a_stored_chart_is_written_where_helm_can_read_it(place: Place) -> None:
    stored = made("3.0.0")
    place.store.write(stored)
    found = place.find("fate", "3.0.0")
    assert Path(found.path).is_relative_to(place.folder)
    assert read_chart(found.path).digest == found.digest == stored.digest


def test_without_a_version_the_bundled_chart_is_used(place: Place) -> None:
    place.store.write(made("9.0.0"))
    found = place.find()
    assert (found.source, found.version) == ("bundled", "1.0.0")


def test_without_a_version_and_a_bundled_chart_the_newest_stored_one_is_used(place: Place) -> None:
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.1", "v0.5.0"):
        place.store.write(made(version))
    assert place.find(bundled={}).version == "1.10.0"


def test_without_a_store_only_bundled_charts_are_there(place: Place) -> None:
    assert place.find(store=None).source == "bundled"
    place.missing(version="9.9.9", store=None)


# versions --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("version", ["1.0.0", "v1.0.0", "V1.0.0", "2.0.0", "v2.0.0", "2.2.0"])
def test_the_bundled_chart_serves_its_own_version_and_those_of_fate_that_it_deploys(place: Place, version: str) -> None:
    assert place.find(version=version).source == "bundled"


@pytest.mark.parametrize("version", ["1.0.1", "2.1.0", "2.0", "vv1.0.0", "latest"])
def test_it_serves_no_other(place: Place, version: str) -> None:
    place.missing(version=version)


@pytest.mark.parametrize("stored", ["3.0.0", "v3.0.0"])
@pytest.mark.parametrize("asked", ["3.0.0", "v3.0.0"])
def test_a_leading_v_makes_no_difference_in_the_store(place: Place, stored: str, asked: str) -> None:
    place.store.write(made(stored))
    assert place.find(version=asked).version == stored


def test_an_uploaded_chart_goes_before_the_bundled_one_for_a_version_of_fate(place: Place) -> None:
    """KubeFATE's own chart v2.0.0, uploaded, is what a cluster.yaml with chartVersion v2.0.0 means."""
    place.store.write(made("v2.0.0", where="store"))
    assert place.find(version="v2.0.0").source == "store"
    assert place.find(version="2.2.0").source == "bundled"


def test_versions_of_fate_come_from_the_annotation() -> None:
    assert fate_versions(made("1.0.0")) == ["2.0.0", "2.2.0"]
    plain = chart({}, "name: a\nversion: 1.0.0\n")
    assert fate_versions(plain) == []
    assert serves(plain, "")
    assert not serves(plain, "2.0.0")


# errors ----------------------------------------------------------------------------------------------------------
def test_an_error_lists_what_there_is(place: Place) -> None:
    place.store.write(made("3.0.0"))
    place.store.write(made("1.0.0", "exchange"))
    error = place.missing(version="9.9.9", bundled={**place.bundled, "fate-serving": "/x"})
    assert error.msg == "There is no chart fate 9.9.9."
    assert error.hint == (
        "Charts that there are: exchange 1.0.0 (store); fate 3.0.0 (store); fate 1.0.0 (bundled, for FATE 2.0.0, "
        "2.2.0); fate-serving (bundled). Upload one with fate_chart, or give chart_path or "
        "chart_repo_url."
    )


def test_who_asks_for_fate_1_is_told_how_to_get_to_fate_2(place: Place) -> None:
    assert "migrate_spec" in place.missing(version="v1.11.2").hint
    assert "migrate_spec" not in place.missing("other", version="v1.11.2").hint, "a chart of one's own"


def test_an_error_where_there_is_nothing(place: Place) -> None:
    error = place.missing("other", bundled={}, store=None)
    assert error.msg == "There is no chart other."
    assert "Charts that there are: none." in error.hint


def test_no_name_says_where_to_give_one(place: Place) -> None:
    error = place.missing("")
    assert error.msg == "No chart is named."
    assert "chartName" in error.hint


# rights ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [403, 404])
def test_a_store_that_may_not_be_read_is_no_hindrance_for_a_bundled_chart(place: Place, status: int) -> None:
    place.api.fault = lambda sent: refusal(status)
    assert place.find(version="1.0.0").source == "bundled"


def test_any_other_failure_of_the_store_is_told(place: Place) -> None:
    place.api.fault = lambda sent: refusal(500)
    with pytest.raises(ApiError):
        place.find()
