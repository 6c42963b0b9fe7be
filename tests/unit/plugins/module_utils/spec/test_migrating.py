# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec, load
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.migrating import (
    Migrated,
    Step,
    is_of_fate_1,
    migrate,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.schema import check

CHARTS = Path(__file__).resolve().parents[5] / "charts"
OLD = """\
name: fate-9999
namespace: fate-9999
chartName: fate
chartVersion: v1.11.2
partyId: 9999
imageTag: 1.11.2-release
podSecurityPolicy:
  enabled: false
modules:
  - rollsite
  - lbrollsite
  - clustermanager
  - nodemanager
  - mysql
  - python
computing: Eggroll
federation: Eggroll
storage: Eggroll
rollsite:
  type: NodePort
  nodePort: "30091"
  image: federatedai/eggroll
  partyList:
    - partyId: 10000000
      partyIp: 192.168.10.1
      partyPort: 30101
  polling:
    enabled: false
python:
  image: federatedai/fateflow-nn
  imageTag: 1.11.2-release
  hive:
    host: 127.0.0.1
mysql:
  image: mirror.example/mysql
  imageTag: 8.0.28
  password: fate_dev
"""


@functools.cache
def schema(chart: str = "fate") -> dict[str, Any]:
    return dict(json.loads((CHARTS / chart / "spec.schema.json").read_text()))


def migrated(text: str, chart: str = "fate") -> Migrated:
    return migrate(load(["old.yaml"], None, lambda _path: text), schema(chart), chart, "2.2.0")


def lines(found: Migrated, action: str) -> dict[str, str]:
    """Path, and where it went, of the steps of a kind, with their places."""
    steps = [step for step in found.steps if step.action == action]
    return {f"{step.path} {step.to}".strip(): step.where for step in steps}


def test_a_party_of_fate_1_becomes_one_that_the_chart_takes() -> None:
    found = migrated(OLD)
    assert found.left == []
    assert found.data == {
        "name": "fate-9999",
        "namespace": "fate-9999",
        "chartName": "fate",
        "chartVersion": "2.2.0",
        "partyId": "9999",
        "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python"],
        "computing": "Eggroll",
        "federation": "OSX",
        "storage": "Eggroll",
        "osx": {
            "type": "NodePort",
            "nodePort": 30091,
            "partyList": [{"partyId": "10000000", "partyIp": "192.168.10.1", "partyPort": 30101}],
        },
        "python": {},
        "mysql": {"image": "mirror.example/mysql", "imageTag": "8.0.28", "password": "fate_dev"},
    }
    checked = check(schema(), Spec(plain(found.data)))
    assert (checked.errors, checked.warnings) == ([], []), "it says nothing that the chart would complain of"


def test_each_key_that_is_not_as_it_was_is_named_with_its_line() -> None:
    found = migrated(OLD)
    assert lines(found, "renamed") == {
        "rollsite.type osx.type": "old.yaml, line 20",
        "rollsite.nodePort osx.nodePort": "old.yaml, line 21",
        "rollsite.partyList osx.partyList": "old.yaml, line 23",
        "modules.0 modules.0": "old.yaml, line 10",
    }
    assert lines(found, "dropped") == {
        "rollsite.image": "old.yaml, line 22",
        "modules.1": "old.yaml, line 11",
        "imageTag": "old.yaml, line 6",
        "python.image": "old.yaml, line 30",
        "python.imageTag": "old.yaml, line 31",
        "podSecurityPolicy": "old.yaml, line 7",
        "rollsite.polling": "old.yaml, line 27",
        "python.hive": "old.yaml, line 32",
    }
    assert lines(found, "changed") == {
        "chartVersion": "old.yaml, line 4",
        "federation": "old.yaml, line 17",
        "partyId": "old.yaml, line 5",
        "rollsite.partyList.0.partyId": "old.yaml, line 24",
        "rollsite.nodePort": "old.yaml, line 21",
    }


def test_what_the_chart_does_not_know_stays_and_is_left_to_the_user() -> None:
    found = migrated(f"{OLD}osx:\n  nodePort: 30100\nmine:\n  a: 1\nnodemanager:\n  replica: 3\n")
    assert found.data["mine"] == {"a": 1}
    assert found.data["nodemanager"] == {"replica": 3}
    assert found.data["osx"]["nodePort"] == 30100
    assert lines(found, "dropped")["rollsite.nodePort"] == "old.yaml, line 21"
    assert [text.partition(":")[0] for text in found.left] == [
        "mine (old.yaml, line 40)",
        "nodemanager.replica (old.yaml, line 43)",
    ]
    assert "Did you mean replicas?" in found.left[1]
    assert found.report()[-1] == f"left to you: {found.left[1]}"


def test_engines_that_cannot_work_are_left_to_the_user_too() -> None:
    found = migrated(OLD.replace("storage: Eggroll", "storage: HDFS"))
    assert any("HDFS does not work with computing Eggroll" in text for text in found.left)


def test_an_exchange_with_rollsite_becomes_one_with_osx() -> None:
    text = """\
chartName: fate-exchange
chartVersion: v1.11.2
modules: [rollsite]
rollsite:
  nodePort: 30000
  partyList:
    - {partyId: 9999, partyIp: 192.168.9.1, partyPort: 30091}
"""
    found = migrated(text, "fate-exchange")
    assert found.left == []
    assert found.data["modules"] == ["osx"]
    assert found.data["osx"] == {
        "nodePort": 30000,
        "partyList": [{"partyId": "9999", "partyIp": "192.168.9.1", "partyPort": 30091}],
    }
    assert "rollsite" not in found.data


def test_a_module_that_is_there_twice_stays_once_and_that_is_said() -> None:
    found = migrated(OLD.replace("  - python\n", "  - python\n  - osx\n"))
    assert found.data["modules"] == ["osx", "clustermanager", "nodemanager", "mysql", "python"]
    assert lines(found, "dropped")["modules.6"] == "old.yaml, line 16"


def test_images_of_ones_own_stay_and_are_spelled_as_today() -> None:
    text = "spark:\n  master: {Image: federatedai/spark-master, ImageTag: 1.11.2-release}\n"
    found = migrated(f"{text}  worker: {{Image: mirror.example/worker, ImageTag: '7'}}\n")
    assert found.data["spark"] == {"master": {}, "worker": {"image": "mirror.example/worker", "imageTag": "7"}}
    assert lines(found, "renamed") == {
        "spark.worker.Image spark.worker.image": "old.yaml, line 3",
        "spark.worker.ImageTag spark.worker.imageTag": "old.yaml, line 3",
    }


def test_no_step_shows_a_secret() -> None:
    found = migrated(f"{OLD}fateboard:\n  username: admin\n  password: 4711\n")
    assert found.data["fateboard"]["password"] == "4711"
    assert "4711" not in " ".join(found.report())


def test_a_spec_of_today_stays_as_it_is() -> None:
    text = (CHARTS / "fate" / "values-template-example.yaml").read_text()
    spec = load(["example.yaml"], None, lambda _path: text)
    found = migrate(spec, schema(), "fate", str(spec.data["chartVersion"]))
    assert (found.steps, found.left, found.data) == ([], [], spec.data)


@pytest.mark.parametrize(
    ("data", "old"),
    [
        ({"modules": ["rollsite", "python"]}, True),
        ({"modules": ["lbrollsite"]}, True),
        ({"rollsite": None}, True),
        ({"federation": "Eggroll"}, True),
        ({"modules": ["osx", ["rollsite"]], "federation": "OSX"}, False),
        ({"modules": "rollsite"}, False),
        ({}, False),
    ],
)
def test_a_spec_of_fate_1_is_known_by_its_modules_and_engines(data: dict[str, Any], old: bool) -> None:
    assert is_of_fate_1(data) is old


KEYS = st.sampled_from(
    ["rollsite", "osx", "python", "image", "imageTag", "modules", "hive", "federation", "mine", "Image"]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["Eggroll", "rollsite", "1.11.2-release"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, max_size=5))
def test_whatever_it_is_given_it_changes_nothing_of_it_and_a_second_time_finds_nothing_more(
    data: dict[str, Any],
) -> None:
    before = plain(data)
    found = migrate(Spec(data), schema(), "fate", "2.2.0")
    assert data == before
    again = migrate(Spec(plain(found.data)), schema(), "fate", "2.2.0")
    assert (again.data, again.steps, again.left) == (found.data, [], found.left)


@pytest.mark.parametrize(("to", "shown"), [("osx.type", " to osx.type"), ("", ""), ("rollsite.type", "")])
def test_a_line_says_where_a_key_went_if_it_went_anywhere(to: str, shown: str) -> None:
    step = Step(migrated(OLD).steps[1].action, "rollsite.type", "old.yaml, line 20", "Because.", to)
    assert step.line == f"renamed: rollsite.type{shown} (old.yaml, line 20): Because."
