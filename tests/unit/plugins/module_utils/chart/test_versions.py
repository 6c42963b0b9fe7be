# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.index import read_index
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.versions import (
    check_range,
    is_range,
    newest,
    same_version,
    satisfies,
    version_key,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import RealRunner, helm_binary

pytestmark = pytest.mark.once

THERE = [
    "0.0.3",
    "0.0.4",
    "0.1.0",
    "0.2.3",
    "0.2.9",
    "0.3.0",
    "1.0.0-rc.1",
    "1.0.0",
    "1.1.0",
    "1.2.2",
    "1.2.3-alpha.1",
    "1.2.3",
    "1.2.4-beta.2",
    "1.2.9",
    "1.3.0",
    "1.9.9",
    "2.0.0-rc.2",
    "2.0.0-rc.10",
    "2.0.0",
    "2.1.5",
    "3.0.0",
    "10.0.0",
]
WISHES = [
    "^1.2",
    "^1.2.3",
    "^1",
    "^0.2",
    "^0.2.3",
    "^0.0.3",
    "^0.0",
    "^0",
    "~1.2.3",
    "~1.2",
    "~1",
    "~0",
    "1.x",
    "1.2.x",
    "1.2.*",
    "*",
    "x",
    "=1.2.3",
    "!=1.2.3",
    "!=1.x",
    ">1.2.3",
    ">1.2",
    ">1",
    ">=1.2",
    "<1.2",
    "<=1.2",
    "<=1.2.3",
    "<2",
    "=>1.9",
    "=<1.0",
    "~>1.2",
    "^1.2.3-alpha",
    "^2.0.0-0",
    ">=2.0.0-rc.2",
    "~1.2.3-0",
    "1.2.3",
    "v1.2.3",
]
JOINED = [
    ">=1.0 <2",
    ">=1.0, <2.0",
    ">= 1.0, < 2.0.0-0",
    "1.0 - 1.9",
    "1.0.0 - 2.0.0-rc.5",
    "^0.2 || ^2",
    "<0.2 || >=3, <10",
    "^1.2 !=1.3.0",
    ">=1.2.3-alpha <1.3",
]


def test_which_versions_are_the_same() -> None:
    assert same_version("v1.0.0", "1.0.0")
    assert not same_version("1.0.0", "")
    assert not same_version("1.0.0", "1.0")
    assert not same_version("vault", "ault"), "only a v in front of a digit is a version's v"


def test_versions_are_sorted_by_number_and_a_release_comes_after_its_candidates() -> None:
    given = ["1.10.0", "v1.9.0", "1.10.0-rc.10", "1.10.0-rc.9", "2", "1.10.0-beta", "1.2.3+b", "odd"]
    assert sorted(given, key=version_key) == [
        "odd",
        "1.2.3+b",
        "v1.9.0",
        "1.10.0-beta",
        "1.10.0-rc.9",
        "1.10.0-rc.10",
        "1.10.0",
        "2",
    ]


@pytest.mark.parametrize("major", [3, 4])
def test_ranges_mean_what_they_mean_to_helm(major: int, tmp_path: Path) -> None:
    """helm says which versions of an index are in a range."""
    entries = [{"apiVersion": "v2", "name": "fate", "version": version, "urls": ["x.tgz"]} for version in THERE]
    cache = tmp_path / "cache"
    cache.mkdir()
    index = json.dumps({"apiVersion": "v1", "entries": {"fate": entries}})
    (cache / "there-index.yaml").write_text(index)
    (tmp_path / "repositories.yaml").write_text("repositories: [{name: there, url: http://127.0.0.1:9}]")
    env = {"HELM_REPOSITORY_CONFIG": str(tmp_path / "repositories.yaml"), "HELM_REPOSITORY_CACHE": str(cache)}
    assert [entry.version for entry in read_index(index, "x")] == THERE
    for wish in (*WISHES, *JOINED):
        argv = [helm_binary(major), "search", "repo", "there/fate", "--versions", "--output", "json", "--version", wish]
        done = RealRunner()(argv, stdin="", env=env, timeout=20, bound=False)
        theirs = {found["version"] for found in json.loads(done.out)}
        assert {version for version in THERE if satisfies(version, wish)} == theirs, wish


def test_the_newest_that_will_do_is_chosen() -> None:
    assert newest(THERE, "^1.2") == "1.9.9"
    assert newest(THERE, "") == "10.0.0"
    assert newest(THERE, "^4") is None
    assert newest(["2.0.0-rc.1", "2.0.0-rc.2"], "") == "2.0.0-rc.2", "a pre-release where there is nothing else"
    assert newest([], "") is None


@pytest.mark.parametrize("text", ["latest", "1.0.0", "v2.0.0", "2.0", "", "stable"])
def test_what_is_no_range_is_compared_as_it_is(text: str) -> None:
    assert not is_range(text)
    check_range(text)


@pytest.mark.parametrize("text", ["^", "^1.2.3.4", ">=one", "~1.2 and more", "^1.0 ||"])
def test_a_range_that_is_none_is_refused_with_examples(text: str) -> None:
    with pytest.raises(KubefateError, match="is not a range of versions") as caught:
        check_range(text)
    assert caught.value.kind is Kind.INPUT
    assert "^1.2" in caught.value.hint
