# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values templates, rendered by the real helm executables."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import canonical
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import Values, render
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.examples import examples
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import (
    FakeRunner,
    RealRunner,
    Run,
    real_helm,
)

pytestmark = pytest.mark.once
KUBEFATE_LIKE = (Path(__file__).parent / "fixtures" / "kubefate-like.tpl").read_text(encoding="utf-8")
CHART = "fate 2.0.0"
FILE = "fate 2.0.0/values-template.yaml"


def values(helm: Helm, template: str, spec: Mapping[str, Any]) -> Values:
    found = render(helm, template, {"party-1": spec}, CHART)["party-1"]
    assert isinstance(found, Values), found
    return found


def failure(helm: Helm, template: str, spec: Mapping[str, Any] | None = None) -> KubefateError:
    found = render(helm, template, {"party-1": spec or {}}, CHART)["party-1"]
    assert isinstance(found, KubefateError), found
    assert (found.kind, found.phase) == (Kind.CHART, "render")
    return found


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# what a template sees --------------------------------------------------------------------------------------------
INTEGERS = (0, 1, -1, 9999, 999999, 1000000, 12345678, -12345678, 2**53 + 1, 2**62, 2**63 - 1, -(2**63))


def test_integers_reach_the_template_as_integers(helm: Helm) -> None:
    found = values(helm, "{{ range $i, $x := .list }}\nn{{ $i }}: '{{ $x }}'\n{{- end }}", {"list": list(INTEGERS)})
    assert list(found.data.values()) == [str(number) for number in INTEGERS]


def test_integers_are_integers_at_every_depth(helm: Helm) -> None:
    template = (
        "a: '{{ .a.b.c }}'\nd: '{{ (index .d 0).e }}'\nf: '{{ index (index .f 1) 0 }}'\nk: '{{ kindOf .a.b.c }}'\n"
    )
    spec = {"a": {"b": {"c": 12345678}}, "d": [{"e": 1234567890123}], "f": [[], [7654321]]}
    assert values(helm, template, spec).data == {"a": "12345678", "d": "1234567890123", "f": "7654321", "k": "int"}


def test_arithmetic_and_conversions_work_on_integers(helm: Helm) -> None:
    template = (
        "a: {{ add .n 1 }}\nb: {{ .n | int64 | toString | quote }}\nc: {{ if gt .n 5 }}yes{{ else }}no{{ end }}\n"
    )
    assert values(helm, template, {"n": 12345678}).data == {"a": 12345679, "b": "12345678", "c": True}


def test_other_values_keep_their_kind_and_meaning(helm: Helm) -> None:
    spec = {"s": "12345678", "f": 1.5, "t": True, "no": False, "nothing": None, "empty": "", "m": {}, "l": []}
    template = "{{ range $k, $v := . }}\n{{ $k }}: '{{ kindOf $v }} {{ $v | toJson }}'\n{{- end }}"
    assert values(helm, template, spec).data == {
        "s": 'string "12345678"',
        "f": "float64 1.5",
        "t": "bool true",
        "false": "bool false",
        "nothing": "invalid null",
        "empty": 'string ""',
        "m": "map {}",
        "l": "slice []",
    }


def test_a_null_is_there_and_an_absent_key_is_not(helm: Helm) -> None:
    template = 'a: {{ hasKey . "nothing" }}\nb: {{ hasKey . "absent" }}\nc: {{ hasKey .deep "nothing" }}\n'
    spec = {"nothing": None, "deep": {"nothing": None}}
    assert values(helm, template, spec).data == {"a": True, "b": False, "c": True}


def test_the_spec_is_the_template_s_root_as_with_kubefate(helm: Helm) -> None:
    assert values(helm, "{{ range .list }}a: {{ $.name }}\n{{ end }}", {"name": "x", "list": [1]}).data == {"a": "x"}


def test_no_value_is_removed_wherever_it_stands(helm: Helm) -> None:
    found = values(helm, "a: {{ .absent }}\nb: x{{ .absent }}y\nc: {{ .deep.absent }}\n", {"deep": {}})
    assert found.text == "a: \nb: xy\nc: \n"
    assert found.data == {"a": None, "b": "xy", "c": None}


def test_text_that_looks_like_a_template_is_text(helm: Helm) -> None:
    assert values(helm, "a: {{ .a | quote }}", {"a": "{{ .b }}"}).data == {"a": "{{ .b }}"}


@pytest.mark.parametrize(
    "text", ["é 中 🜁", "tab\there", "line\nline", "\ufeff\ue000", "\x01\x1f", "'\"\\", "\\ud83d", "a: b # c"]
)
def test_every_character_arrives(helm: Helm, text: str) -> None:
    assert values(helm, "a: {{ .a | toJson }}\nlength: {{ len .a }}", {"a": text}).data == {
        "a": text,
        "length": len(text.encode()),
    }


@pytest.mark.parametrize("template", ["", "# nothing\n", "{{ if .absent }}a: 1{{ end }}", "~\n"])
def test_a_template_that_renders_nothing_gives_no_values(helm: Helm, template: str) -> None:
    assert values(helm, template, {"a": 1}).data == {}


def test_values_with_keys_that_are_numbers_and_words_have_a_digest(helm: Helm) -> None:
    """KubeFATE's route tables are such mappings."""
    spec = {"route_table": {"9999": {"host": "a"}, "default": {"host": "b"}}}
    found = values(helm, "{{ range $k, $v := .route_table }}\n{{ $k }}: {{ $v.host }}\n{{- end }}", spec)
    assert canonical(found.data) == '{"9999":"a","default":"b"}'


# whole specs -----------------------------------------------------------------------------------------------------
PARTY: dict[str, Any] = {
    "name": "fate-9999",
    "partyId": 12345678,
    "registry": "registry.example/fate/",
    "imagePullSecrets": [{"name": "pull"}],
    "persistence": True,
    "modules": ["osx", "mysql", "nginx"],
    "ingress": {"fateboard": {"annotations": {"a/b": "1"}, "hosts": [{"name": "party.example"}]}},
    "osx": {
        "type": "NodePort",
        "nodePort": 30091,
        "partyList": [{"partyId": 87654321, "partyIp": "192.0.2.1", "partyPort": 30081}],
        "resources": {"requests": {"cpu": 2, "memory": "4Gi"}},
    },
    "mysql": {"port": 3306, "password": None},
    "nginx": {"route_table": {"9999": {"proxy": [{"host": "a", "http_port": 9300}]}, "default": {"proxy": []}}},
}
EXPECTED: dict[str, Any] = {
    "image": {
        "registry": "registry.example/fate/",
        "isThridParty": True,
        "pullPolicy": "IfNotPresent",
        "imagePullSecrets": [{"name": "pull"}],
    },
    "partyName": "fate-9999",
    "partyId": 12345678,
    "plainId": 12345678,
    "ingressClassName": "nginx",
    "persistence": {"enabled": True},
    "ingress": {"fateboard": {"annotations": {"a/b": "1"}, "hosts": [{"name": "party.example", "path": "/"}]}},
    "partyList": [{"partyId": 87654321, "partyIp": "192.0.2.1", "partyPort": 30081}],
    "modules": {
        "osx": {
            "include": True,
            "type": "NodePort",
            "nodePort": 30091,
            "resources": {"requests": {"cpu": 2, "memory": "4Gi"}},
        },
        "mysql": {"include": True, "port": 3306, "password": "fate_dev", "size": "1Gi"},
        "nginx": {
            "include": True,
            "route_table": {"9999": {"proxy": [{"host": "a", "http_port": 9300}]}, "default": {"proxy": []}},
        },
    },
}


def test_a_template_in_the_manner_of_kubefate(helm: Helm) -> None:
    assert values(helm, KUBEFATE_LIKE, PARTY).data == EXPECTED


def test_the_same_template_with_next_to_nothing_in_the_spec(helm: Helm) -> None:
    found = values(helm, KUBEFATE_LIKE, {"name": "a", "partyId": "7", "modules": ["osx"]}).data
    assert (found["partyId"], found["image"]["registry"], found["persistence"]) == (7, None, {"enabled": False})
    assert found["modules"] == {"osx": {"include": True}, "mysql": {"include": False}, "nginx": {"include": False}}


def test_rendering_twice_is_identical_and_both_helms_agree() -> None:
    texts = {values(real_helm(major)[0], KUBEFATE_LIKE, PARTY).text for major in (3, 3, 4, 4)}
    assert len(texts) == 1


def test_a_hundred_specs_are_one_process(helm_and_runner: tuple[Helm, RealRunner]) -> None:
    helm, runner = helm_and_runner
    specs = {f"party-{number}": {**PARTY, "partyId": number} for number in range(100)}
    found = render(helm, KUBEFATE_LIKE, specs, CHART)
    assert len(runner.runs) == 1
    assert [item.data["partyId"] for item in found.values() if isinstance(item, Values)] == list(range(100))
    assert list(found) == list(specs)


def test_no_spec_is_no_process_at_all_or_one_that_finds_nothing(helm: Helm) -> None:
    assert render(helm, KUBEFATE_LIKE, {}, CHART) == {}


def test_names_of_specs_may_be_anything(helm: Helm) -> None:
    names = ["a b", "x: y", "{{ .z }}", "é", ""]
    found = render(helm, "a: {{ .a }}", {name: {"a": number} for number, name in enumerate(names)}, CHART)
    assert [item.data["a"] for item in found.values() if isinstance(item, Values)] == list(range(5))


def test_secrets_of_a_spec_are_not_in_argv(helm_and_runner: tuple[Helm, RealRunner]) -> None:
    helm, runner = helm_and_runner
    values(helm, "a: {{ .password }}", {"password": "HUSH4711"})
    assert "HUSH4711" not in " ".join(runner.runs[0].argv) + " ".join(runner.runs[0].env.values())
    assert "HUSH4711" in runner.runs[0].stdin


# errors ----------------------------------------------------------------------------------------------------------
BROKEN = """\
name: {{ .name }}
# the next line needs osx.exchange
exchange: {{ .osx.exchange.ip }}
"""


def test_a_spec_that_fails_in_a_batch_fails_alone_with_file_line_and_name(
    helm_and_runner: tuple[Helm, RealRunner],
) -> None:
    helm, runner = helm_and_runner
    good = {"name": "x", "osx": {"exchange": {"ip": "192.0.2.1"}}}
    names = [f"party-{number}" for number in range(1, 9)]
    found = render(helm, BROKEN, {**dict.fromkeys(names, good), "party-2": {"name": "y"}}, CHART)
    assert list(found) == names
    assert [name for name in names if not isinstance(found[name], Values)] == ["party-2"]
    error = found["party-2"]
    assert isinstance(error, KubefateError)
    assert error.msg.startswith(f"{FILE}, line 3: rendering the spec of party-2 failed: nil pointer evaluating ")
    assert error.msg.endswith("The line is: exchange: {{ .osx.exchange.ip }}")
    assert (error.kind, error.phase) == (Kind.CHART, "render")
    assert [run.argv[1] for run in runner.runs].count("template") == 2, "all, and all but that one"


@pytest.mark.parametrize(("failing", "processes"), [([0, 15], 3), ([3, 4, 12], 4), (range(0, 16, 2), 9)])
def test_each_spec_that_fails_is_one_process_more(
    helm_and_runner: tuple[Helm, RealRunner], failing: Sequence[int], processes: int
) -> None:
    helm, runner = helm_and_runner
    specs = {str(number): {} if number in failing else {"osx": {"exchange": {"ip": number}}} for number in range(16)}
    found = render(helm, BROKEN, specs, CHART)
    assert list(found) == list(specs)
    assert [name for name, each in found.items() if isinstance(each, KubefateError)] == [str(each) for each in failing]
    assert [each.data["exchange"] for each in found.values() if isinstance(each, Values)] == [
        number for number in range(16) if number not in failing
    ]
    for name, each in found.items():
        if isinstance(each, KubefateError):
            assert each.msg.startswith(f"{FILE}, line 3: rendering the spec of {name} failed: nil pointer evaluating ")
    assert [run.argv[1] for run in runner.runs].count("template") == processes


def test_a_template_that_helm_cannot_read_is_one_process(helm_and_runner: tuple[Helm, RealRunner]) -> None:
    helm, runner = helm_and_runner
    found = render(helm, "a: 1\nb: {{ if }}\n", {str(number): {} for number in range(20)}, CHART)
    assert {str(each) for each in found.values()} and len({str(each) for each in found.values()}) == 20
    assert all(isinstance(each, KubefateError) and f"{FILE}, line 2" in each.msg for each in found.values())
    assert [run.argv[1] for run in runner.runs].count("template") == 1


def test_an_error_that_names_no_spec_is_looked_for_in_halves() -> None:
    def answer(run: Run) -> Outcome:
        if run.argv[1] != "template":
            return Outcome(0, "v3.18.0", "")
        words = [number for number in range(8) if f'"word{number}"' in run.stdin]
        if 5 in words:
            return Outcome(1, "", "Error: failed to parse -: this is not for you\n")
        return Outcome(0, "".join(f"spec{place}: {b64(f'a: {number}')}\n" for place, number in enumerate(words)), "")

    runner = FakeRunner([answer])
    found = render(Helm(runner, "helm"), "a: 1", {str(number): {"a": f"word{number}"} for number in range(8)}, CHART)
    assert [name for name, each in found.items() if isinstance(each, KubefateError)] == ["5"]
    assert "rendering the spec of 5 failed" in str(found["5"])
    assert [each.data["a"] for each in found.values() if isinstance(each, Values)] == [0, 1, 2, 3, 4, 6, 7]


def test_specs_that_make_the_same_values_have_them_each_for_itself(helm: Helm) -> None:
    one, other = render(helm, "a: {b: [1]}", {"one": {}, "other": {}}, CHART).values()
    assert isinstance(one, Values) and isinstance(other, Values)
    one.data["a"]["b"].append(2)
    assert other.data == {"a": {"b": [1]}}


def test_what_a_template_writes_into_one_spec_is_not_in_another(helm: Helm) -> None:
    shared = {"osx": {"n": 1}}
    template = 'a: {{ hasKey .osx "seen" }}\n{{ $_ := set .osx "seen" true }}'
    found = render(helm, template, {str(number): shared for number in range(3)}, CHART)
    assert [each.data for each in found.values() if isinstance(each, Values)] == [{"a": False}] * 3


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        ("a: 1\nb: {{ if }}\n", 2, "missing value for if"),
        ("a: 1\n\n{{ range .x }}\n", None, "unexpected EOF"),
        ("a: {{ nosuch .x }}\n", 1, 'function "nosuch" not defined'),
        ("a: 1\n{{ end }}\n", 2, "unexpected {{end}}"),
        ('a: {{ include "nowhere" . }}\n', 1, "no template"),
        ("a: {{ index .list 5 }}\n", 1, "error calling index: index out of range: 5."),
        ("a: {{ .name.first }}\n", 1, "can't evaluate field first"),
    ],
)
def test_an_error_in_the_template_names_its_file_and_line(
    helm: Helm, template: str, line: int | None, said: str
) -> None:
    error = failure(helm, template, {"list": [1], "name": "x"})
    at = f"{FILE}, line {line}: " if line else f"{FILE}, line "
    assert error.msg.startswith(at), error.msg
    assert said in error.msg
    assert "rendering the spec of party-1 failed" in error.msg


@pytest.mark.parametrize("call", ['fail "osx needs a port: give one"', 'required "osx needs a port: give one" .port'])
def test_what_the_template_itself_refuses_is_said_in_its_own_words(helm: Helm, call: str) -> None:
    error = failure(helm, f"a: 1\n{{{{ {call} }}}}\n")
    assert error.msg == f"{FILE}: rendering the spec of party-1 failed: osx needs a port: give one."


def test_a_result_that_is_no_yaml_is_told_with_its_line(helm: Helm) -> None:
    error = failure(helm, "a: 1\nb: {{ .text }}\n", {"text": "x: y: z"})
    assert error.msg.startswith(f"What {FILE} makes of the spec of party-1 is not valid YAML: line 2")
    assert "(that line is: 'b: x: y: z')" in error.msg


@pytest.mark.parametrize("template", ["- a\n- b\n", "just words", "5"])
def test_a_result_that_is_no_mapping_is_refused(helm: Helm, template: str) -> None:
    assert failure(helm, template).msg == f"What {FILE} makes of the spec of party-1 is not a mapping."


def test_a_batch_with_one_result_that_is_no_yaml_still_gives_the_others(helm: Helm) -> None:
    found = render(helm, "a: {{ .a }}\n", {"good": {"a": 1}, "bad": {"a": "x: y"}}, CHART)
    assert isinstance(found["good"], Values)
    assert isinstance(found["bad"], KubefateError)
    assert "the spec of bad" in found["bad"].msg


def test_no_error_names_the_throw_away_chart(helm: Helm) -> None:
    for template in (BROKEN, '{{ fail "no" }}', "{{ if }}", "a: {{ .x.y.z }}"):
        text = failure(helm, template).msg
        assert "_values-template.yaml" not in text
        assert "all.yaml" not in text
        assert "/tmp" not in text


def test_without_helm_the_error_is_raised_and_no_spec_is_blamed(tmp_path: Path) -> None:
    helm = Helm(FakeRunner(), str(tmp_path / "no-helm"))
    with pytest.raises(KubefateError) as caught:
        render(helm, "a: 1", {"party-1": {}, "party-2": {}}, CHART)
    assert caught.value.kind is Kind.TOOL


def test_a_helm_that_hangs_is_not_asked_once_for_each_spec() -> None:
    runner = FakeRunner([Outcome(-9, "", "", timed_out=True), Outcome(0, "v4.3.1", "")])
    with pytest.raises(KubefateError) as caught:
        render(Helm(runner, "helm"), "a: 1", {"party-1": {}, "party-2": {}}, CHART)
    assert caught.value.kind is Kind.TIMEOUT
    assert [run.argv[1] for run in runner.runs].count("template") == 1


# properties ------------------------------------------------------------------------------------------------------
REFUSED = "".join(map(chr, range(0x7F, 0xA0))) + "\ufffe\uffff"
"""What Go's own YAML reader and writer refuse; toYaml then gives nothing."""
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=REFUSED), max_size=12).filter(
    lambda text: "<no value>" not in text and not text.startswith("\x01int:")
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(-1e15, 1e15)  # beyond that Go writes digits that a float does not have
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
SPECS = st.lists(st.dictionaries(TEXT, PLAIN, max_size=6), min_size=1, max_size=20)


# Each example is a process: a failing one is reported as it is, not made smaller.
NO_SHRINKING = (Phase.explicit, Phase.generate)


@pytest.mark.parametrize("major", [3, 4])
@settings(max_examples=examples(8, 100), phases=NO_SHRINKING)
@given(specs=SPECS)
def test_any_spec_of_plain_data_survives_the_template_unchanged(major: int, specs: list[dict[str, Any]]) -> None:
    given = {str(number): spec for number, spec in enumerate(specs)}
    found = render(real_helm(major)[0], "{{ toYaml . }}", given, CHART)
    for spec, item in zip(specs, found.values(), strict=True):
        assert isinstance(item, Values), (spec, item)
        assert item.data == spec


@pytest.mark.parametrize("major", [3, 4])
@settings(max_examples=examples(5, 100), phases=NO_SHRINKING)
@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50))
def test_any_integer_prints_as_it_was_written(major: int, numbers: list[int]) -> None:
    found = values(real_helm(major)[0], "all: '{{ range .list }}{{ . }},{{ end }}'", {"list": numbers})
    assert found.data["all"] == "".join(f"{number}," for number in numbers)


# large numbers ---------------------------------------------------------------------------------------------------
def test_numbers_that_helm_prints_with_an_exponent_are_found_by_path() -> None:
    data = {"partyId": 1000000, "small": 999999, "list": [{"id": -1000000}, True], "text": "1000000", "f": 1.5e6}
    assert Values("", data).large_numbers() == ["partyId", "list[0].id", "f"]
