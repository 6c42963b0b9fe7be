# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From values back to a spec, with the real helm: what is found makes the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.candidates import candidates
from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.inversion import Inversion, invert
from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.learning import Knowledge, survey
from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.paths import (
    MISSING,
    shown,
    with_value,
    without,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import TEMPLATE, Values, render
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.examples import examples
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import real_helm

pytestmark = pytest.mark.once
EXAMPLES = examples(2, 60)
"""Each is some hundred renders."""
ROOT = Path(__file__).resolve().parents[5]
FOREIGN = ROOT / "tests" / "integration" / "targets" / "fate_chart" / "files" / "foreign" / "values-template.gotmpl"
LIKE = Path(__file__).parents[1] / "values" / "fixtures" / "kubefate-like.tpl"
FIXED = {"name": "fate-9999", "namespace": "fate-9999", "chartName": "fate", "chartVersion": "1.0.0"}


@dataclass(slots=True)
class Bench:
    """A values template, what is known of it, and a helm."""

    template: str
    known: Knowledge
    helm: Any = field(default_factory=lambda: real_helm(3)[0])

    @classmethod
    def of(cls, chart: Chart) -> Bench:
        example = chart.document("values-template-example.yaml")
        template = chart.text(TEMPLATE) or ""
        return cls(template, survey(candidates(template, chart.document("spec.schema.json"), example), example))

    @classmethod
    def of_template(cls, path: Path) -> Bench:
        template = path.read_text(encoding="utf-8")
        return cls(template, survey(candidates(template, None, None), None))

    def render(self, specs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        if not specs:
            return {}
        found = render(self.helm, self.template, specs, "the chart")
        return {name: each.data for name, each in found.items() if isinstance(each, Values)}

    def values(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self.render({"spec": {**FIXED, **spec}})["spec"])

    def back(self, values: Mapping[str, Any]) -> Inversion:
        return invert(values, FIXED, self.known, self.render)


@pytest.fixture(scope="module")
def ours() -> Bench:
    return Bench.of(read_chart(str(ROOT / "charts" / "fate")))


@pytest.fixture(scope="module")
def like() -> Bench:
    return Bench.of_template(LIKE)


@pytest.fixture(scope="module")
def foreign() -> Bench:
    return Bench.of_template(FOREIGN)


def assert_reproduced(bench: Bench, spec: Mapping[str, Any]) -> dict[str, Any]:
    values = bench.values(spec)
    found = bench.back(values)
    assert [shown(entry.place) for entry in found.leftover] == []
    assert bench.values(found.spec) == values
    return found.spec


# properties ------------------------------------------------------------------------------------------------------
WORDS = st.text("abcxyz019-.:/ #'\"{}", min_size=1, max_size=12)
NAMES = st.sampled_from(["a.example.com", "10.0.0.1", "registry.example.com/x", "x"])
QUANTITIES = st.fixed_dictionaries(
    {}, optional={"cpu": st.sampled_from(["1", "250m"]), "nvidia.com/gpu": st.integers(1, 4)}
)
RESOURCES = st.fixed_dictionaries({}, optional={"requests": QUANTITIES, "limits": QUANTITIES})
IDS = st.one_of(st.integers(1, 999_999), st.integers(1, 10**12)).map(str)
PEERS = st.lists(
    st.fixed_dictionaries(
        {"partyId": IDS, "partyIp": NAMES, "partyPort": st.integers(1, 65535)}, optional={"useSSL": st.booleans()}
    ),
    max_size=3,
)
POD = {
    "resources": RESOURCES,
    "nodeSelector": st.dictionaries(NAMES, WORDS, max_size=2),
    "podAnnotations": st.dictionaries(NAMES, WORDS, max_size=2),
    "image": NAMES,
    "imageTag": st.sampled_from(["2.0.0-release", "1", "1.0"]),
    "extraEnv": st.lists(st.fixed_dictionaries({"name": NAMES, "value": WORDS}), max_size=2),
}
OURS = st.fixed_dictionaries(
    {
        "partyId": IDS,
        "modules": st.lists(
            st.sampled_from(["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard", "client"]),
            min_size=1,
            unique=True,
        ),
    },
    optional={
        "fateVersion": st.sampled_from(["2.0.0", "2.2.0"]),
        "registry": NAMES,
        "persistence": st.booleans(),
        "pullPolicy": st.sampled_from(["Always", "Never"]),
        "imagePullSecrets": st.lists(st.fixed_dictionaries({"name": NAMES}), max_size=2),
        "algorithm": st.sampled_from(["Basic", "NN"]),
        "externalMysqlIp": NAMES,
        "externalMysqlPort": st.integers(1, 65535),
        "istio": st.fixed_dictionaries({"enabled": st.booleans()}),
        "osx": st.fixed_dictionaries(
            {}, optional={**POD, "partyList": PEERS, "nodePort": st.integers(30000, 32767), "enableTLS": st.booleans()}
        ),
        "mysql": st.fixed_dictionaries({}, optional={**POD, "subPath": st.sampled_from(["", "x"]), "port": st.just(1)}),
        "nodemanager": st.fixed_dictionaries({}, optional={**POD, "replicas": st.integers(1, 9)}),
        "ingress": st.fixed_dictionaries(
            {},
            optional={
                "fateboard": st.fixed_dictionaries(
                    {}, optional={"enabled": st.booleans(), "hosts": st.lists(st.fixed_dictionaries({"name": NAMES}))}
                )
            },
        ),
    },
)
NUMBERED_PEERS = st.lists(
    st.fixed_dictionaries({"partyId": st.integers(1, 999_999), "partyIp": NAMES, "partyPort": st.integers(1, 65535)}),
    min_size=1,
    max_size=3,
)
PLAIN = st.text("abcxyz", min_size=1, max_size=8)
LIKES = st.fixed_dictionaries(
    {
        "partyId": st.integers(1, 999_999),
        "modules": st.lists(st.sampled_from(["osx", "mysql", "nginx"]), min_size=1, unique=True),
    },
    optional={
        "registry": NAMES,
        "persistence": st.booleans(),
        "imagePullSecrets": st.lists(st.fixed_dictionaries({"name": PLAIN}), min_size=1, max_size=2),
        "osx": st.fixed_dictionaries(
            {}, optional={"partyList": NUMBERED_PEERS, "nodePort": st.integers(30000, 32767), "type": PLAIN}
        ),
        "mysql": st.fixed_dictionaries({}, optional={"password": PLAIN, "port": st.integers(1, 9999)}),
        "nginx": st.fixed_dictionaries(
            {"route_table": st.dictionaries(PLAIN, st.fixed_dictionaries({"proxy": st.lists(PLAIN)}), min_size=1)}
        ),
    },
)


@settings(max_examples=EXAMPLES)
@given(spec=OURS)
def test_any_spec_of_our_chart_is_found_again(ours: Bench, spec: dict[str, Any]) -> None:
    assert_reproduced(ours, spec)


@settings(max_examples=EXAMPLES)
@given(spec=LIKES)
def test_any_spec_of_a_chart_in_the_manner_of_kubefate_is_found_again(like: Bench, spec: dict[str, Any]) -> None:
    assert_reproduced(like, spec)


# examples --------------------------------------------------------------------------------------------------------
def test_a_spec_says_no_more_than_it_must(ours: Bench) -> None:
    spec = {"partyId": "1", "modules": ["mysql"], "fateVersion": "2.2.0", "nodemanager": {"replicas": 3}, "osx": {}}
    found = assert_reproduced(ours, spec)
    assert found == {**FIXED, "partyId": "1", "modules": ["mysql"], "nodemanager": {"replicas": 3}}


def test_a_password_that_is_the_default_is_not_in_the_spec(like: Bench) -> None:
    found = assert_reproduced(like, {"partyId": 1, "modules": ["mysql"], "mysql": {"password": "fate_dev", "port": 3}})
    assert found["mysql"] == {"port": 3}


def test_a_block_that_says_nothing_new_is_kept_where_its_presence_counts(like: Bench) -> None:
    found = assert_reproduced(like, {"partyId": 1, "modules": ["mysql"], "mysql": {"size": "1Gi"}})
    assert list(found["mysql"]) == ["size"], "of the keys that would do, one that is no secret"


def test_encoded_quoted_and_ranged_values_and_words_as_keys_are_found_in_a_template_without_an_example(
    foreign: Bench,
) -> None:
    spec = {
        "partyId": 9999,
        "modules": ["worker", "other"],
        "worker": {"replicas": 3, "size": "2Gi", "settings": {"ab": "x"}, "token": "t-o-k", "persistence": True},
        "ingress": {"board": {"hosts": [{"name": "q"}, {"name": "b", "path": "/x"}], "annotations": {"a": "b"}}},
    }
    found = assert_reproduced(foreign, spec)
    assert found["worker"] == spec["worker"]
    assert sorted(found["modules"]) == ["other", "worker"]


# what is left over -------------------------------------------------------------------------------------------------
NOT_OF_A_SPEC = {
    ("modules", "osx", "byHand"): ("here", "no key of the spec reaches it"),
    ("extra", "deep", "list"): ([1, 2], "no key of the spec reaches it"),
    ("partyName",): ("another", "it comes from the key name, which is that of the release itself"),
}


def test_values_that_no_spec_brings_about_and_one_that_is_gone_are_left_over_with_the_reason(ours: Bench) -> None:
    gone = ("modules", "mysql", "include")
    values = without(ours.values({"partyId": "1", "modules": ["osx"]}), gone)
    for place, (value, _reason) in NOT_OF_A_SPEC.items():
        values = with_value(values, place, value)
    found = ours.back(values)
    left = {(shown(entry.place).partition("[")[0], entry.reason) for entry in found.leftover}
    wanted = {(".".join(place), reason) for place, (_value, reason) in NOT_OF_A_SPEC.items()}
    assert left == {*wanted, (".".join(gone), "the values template always makes it here")}
    [entry] = [entry for entry in found.leftover if entry.place == gone]
    assert (entry.made, entry.found) == (False, MISSING)
    assert found.spec["modules"] == ["osx"], "the rest is found all the same"


def test_null_differs_from_nothing(like: Bench) -> None:
    values = like.values({"partyId": 1, "modules": ["osx"], "osx": {"type": "x"}})
    assert values["modules"]["osx"]["nodePort"] is None
    del values["modules"]["osx"]["nodePort"]
    assert [shown(entry.place) for entry in like.back(values).leftover] == ["modules.osx.nodePort"]


def test_a_template_that_cannot_be_rendered_leaves_all_values_over() -> None:
    bench = Bench("a: {{ nosuch .x }}\n", survey(candidates("a: {{ nosuch .x }}\n", None, None), None))
    found = bench.back({"a": 1, "b": {"c": 2}})
    assert found.spec == FIXED
    assert [shown(entry.place) for entry in found.leftover] == ["a", "b.c"]
