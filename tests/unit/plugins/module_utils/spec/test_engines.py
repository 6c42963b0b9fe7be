# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.facts import engines as facts
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.engines import check_engines
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec

EGGROLL = ["osx", "clustermanager", "nodemanager", "mysql", "python"]
ALL = [*EGGROLL, "nginx", "rabbitmq", "pulsar", "spark", "hdfs"]


def said(**data: Any) -> list[str]:
    return check_engines(data, Spec(data, {"federation": "a.yaml, line 7", "modules": "a.yaml, line 9"}))


@pytest.mark.parametrize(
    ("computing", "federation", "storage"),
    [
        ("Eggroll", "OSX", "Eggroll"),
        ("Eggroll", "Pulsar", "Eggroll"),
        ("Spark", "RabbitMQ", "HDFS"),
        ("Spark", "Pulsar", "HDFS"),
        ("Spark_local", "Pulsar", "LocalFS"),
        ("Spark", "OSX", "HDFS"),
        ("Standalone", "OSX", "Standalone"),
    ],
)
def test_engines_that_fate_flow_starts_with(computing: str, federation: str, storage: str) -> None:
    assert said(computing=computing, federation=federation, storage=storage, modules=ALL) == []


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("storage", {"computing": "Eggroll", "storage": "HDFS"}),
        ("storage", {"computing": "Spark", "storage": "Eggroll"}),
        ("federation", {"computing": "Eggroll", "federation": "Standalone"}),
        ("storage", {"computing": "Standalone", "storage": "HDFS"}),
    ],
)
def test_engines_that_do_not_go_together_are_named_with_the_choices(key: str, data: dict[str, Any]) -> None:
    (text,) = said(**data)
    assert text.startswith(f"{key} (")
    assert f"{data[key]} does not work with computing {data['computing']}; that works with " in text


@pytest.mark.parametrize(
    ("data", "module", "path"),
    [
        ({"computing": "Spark"}, "spark", "python.spark.master"),
        ({"storage": "HDFS"}, "hdfs", "python.hdfs.name_node"),
        ({"federation": "RabbitMQ"}, "rabbitmq", "python.rabbitmq.host"),
        ({"federation": "Pulsar"}, "pulsar", "python.pulsar.host"),
    ],
)
def test_a_server_that_an_engine_needs_is_a_module_or_named(data: dict[str, Any], module: str, path: str) -> None:
    (text,) = said(**data, modules=["python"])
    assert f"needs {module}, which is not in the list; or name one of yours with {path}." in text
    assert said(**data, modules=["python", module]) == []
    _python, block, key = path.split(".")
    assert said(**data, modules=["python"], python={block: {key: "elsewhere"}}) == []


def test_a_word_of_fate_1_is_translated_and_its_line_named() -> None:
    (text,) = said(federation="Eggroll", modules=EGGROLL)
    assert text == "federation (a.yaml, line 7): Eggroll is the word of FATE 1.x; it is OSX now."


def test_modules_that_an_engine_cannot_do_without_are_named() -> None:
    (text,) = said(computing="Eggroll", modules=["osx", "python"])
    assert text.startswith("modules (a.yaml, line 9): computing Eggroll needs clustermanager and nodemanager")
    (text,) = said(federation="OSX", modules=["clustermanager"])
    assert "federation OSX needs osx" in text


def test_every_problem_is_named_at_once() -> None:
    assert len(said(computing="Eggroll", federation="Eggroll", storage="HDFS", modules=["python"])) == 3


@pytest.mark.parametrize("modules", [None, [], 5, "osx", {"osx": True}])
def test_without_a_list_of_modules_nothing_is_said_about_modules(modules: Any) -> None:
    assert said(computing="Eggroll", federation="OSX", modules=modules) == []


def test_an_unknown_word_is_left_to_the_charts_schema() -> None:
    assert said(computing="Hadoop", storage="HDFS") == []


def test_a_spec_that_names_no_engine_is_fine() -> None:
    assert said() == []


def test_the_tables_of_facts_speak_of_the_same_engines() -> None:
    assert set(facts.COMPUTING.values()) == set(facts.FEDERATIONS_OF) == set(facts.STORAGES_OF)
    assert {name for names in facts.FEDERATIONS_OF.values() for name in names} == set(facts.FEDERATION.values())
    assert {name for names in facts.STORAGES_OF.values() for name in names} == set(facts.STORAGE.values())
    assert set(facts.WORDS) >= {name for names in facts.FEDERATIONS_OF.values() for name in names}
    assert all(word in getattr(facts, key.upper()) for key, word in facts.ELSEWHERE)
    assert all(new in facts.FEDERATION for new in facts.OLD_WORDS["federation"].values())
