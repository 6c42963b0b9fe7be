# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML is read as Go reads it. What Go makes of each text was asked of helm, and is asked again here."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import (
    dump_yaml,
    key_lines,
    parse_documents,
    parse_yaml,
)

SCALARS: dict[str, Any] = {
    # dates and base-60 numbers stay text
    "2024-01-02": "2024-01-02",
    "2024-01-02T03:04:05Z": "2024-01-02T03:04:05Z",
    "1:30": "1:30",
    "190:20:30": "190:20:30",
    # integers
    "0": 0,
    "-0": 0,
    "+5": 5,
    "-5": -5,
    "017": 15,
    "-017": -15,
    "0o17": 15,
    "0O17": 15,
    "-0o17": -15,
    "0x1F": 31,
    "0X1f": 31,
    "+0x1f": 31,
    "0b101": 5,
    "0B101": 5,
    "1_000": 1000,
    "0_7": 7,
    "1_": 1,
    "9007199254740992": 9007199254740992,
    # floats
    "08": 8,
    "1e3": 1000.0,
    "1E3": 1000.0,
    "1.e3": 1000.0,
    "1e+3": 1000.0,
    "1e-3": 0.001,
    ".5": 0.5,
    "+.5": 0.5,
    "-.5": -0.5,
    "1.": 1.0,
    "1_000.5": 1000.5,
    # truth and nothing
    "y": True,
    "Y": True,
    "yes": True,
    "YES": True,
    "on": True,
    "True": True,
    "n": False,
    "N": False,
    "no": False,
    "Off": False,
    "false": False,
    "tRue": "tRue",
    "~": None,
    "null": None,
    "NULL": None,
    "": None,
    # what looks like something and is text
    "0o": "0o",
    "0b_": "0b_",
    "0x": "0x",
    "0o8": "0o8",
    "_1": "_1",
    "12e": "12e",
    ".e1": ".e1",
    "1.5.2": "1.5.2",
    "1,000": "1,000",
    "1e400": "1e400",
    "=": "=",
    ".": ".",
    "+": "+",
}


def strictly(value: Any) -> Any:
    """A value in a form in which 1, 1.0 and True differ; whole floats are integers, as in JSON."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return type(value).__name__, value


@pytest.mark.parametrize("text", SCALARS)
def test_a_plain_scalar_means_what_it_means_to_go(text: str) -> None:
    assert strictly(parse_yaml(f"a: {text}\n", "x")["a"]) == strictly(SCALARS[text])


def test_helm_agrees_about_every_scalar(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: scalars\nversion: 0.0.0\n")
    (tmp_path / "templates" / "all.yaml").write_text("all: {{ .Values.all | toJson | b64enc }}\n")
    given = "all:\n" + "".join(f"- [{text}]\n" if text and text not in ",=" else f"- [{text!r}]\n" for text in SCALARS)
    given = given.replace("[1,000]", "['1,000']").replace("['']", "[~]")
    answer = parse_yaml(helm.template("scalars", str(tmp_path), given), "what helm printed")
    go = [item for (item,) in json.loads(base64.b64decode(answer["all"]))]
    assert [strictly(value) for value in go] == [strictly(value) for value in SCALARS.values()]


@pytest.mark.parametrize("text", ["'1e3'", '"0o17"', "'y'", "'2024-01-02'", "'null'"])
def test_quoted_text_stays_text(text: str) -> None:
    assert parse_yaml(f"a: {text}", "x") == {"a": text[1:-1]}


def test_not_a_number_and_infinity_are_floats() -> None:
    found = parse_yaml("[.nan, .inf, -.inf, +.Inf]", "x")
    assert str(found) == "[nan, inf, -inf, inf]"


def test_merge_keys_and_anchors_are_followed() -> None:
    text = "base: &base {a: 1, b: 2}\nover:\n  <<: *base\n  b: 3\n"
    assert parse_yaml(text, "x")["over"] == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: [1, 2\nc: 3\n", 3), ("a: b: c\n", 1), ("a: 1\n  b: 2\n", 2), ("a: *nowhere\n", 1), ("a:\n\t- 1\n", 2)],
)
def test_an_error_names_the_file_and_the_line(text: str, line: int) -> None:
    for read in (parse_yaml, parse_documents, key_lines):
        with pytest.raises(KubefateError) as caught:
            read(text, "party.yaml")
        assert caught.value.kind is Kind.INPUT
        assert caught.value.msg.startswith(f"party.yaml is not valid YAML: line {line}, column ")


def test_two_documents_where_one_is_expected_are_refused() -> None:
    with pytest.raises(KubefateError, match="line 2"):
        parse_yaml("a: 1\n---\nb: 2\n", "party.yaml")


def test_a_tag_that_would_make_a_python_object_is_refused() -> None:
    with pytest.raises(KubefateError, match="python/object"):
        parse_yaml("a: !!python/object/apply:os.system ['true']", "party.yaml")


def test_documents_that_are_empty_are_left_out() -> None:
    assert parse_documents("---\n# nothing\n---\na: 1\n---\n~\n---\n- 2\n", "x") == [{"a": 1}, [2]]


def test_key_lines_gives_the_line_of_every_key_and_list_entry() -> None:
    text = "name: a\n\nosx:\n  partyList:\n  - partyId: 1\n    partyIp: x\n  -\n    partyId: 2\n9999: {b: 1}\n"
    assert key_lines(text, "x") == {
        "name": 1,
        "osx": 3,
        "osx.partyList": 4,
        "osx.partyList.0": 5,
        "osx.partyList.0.partyId": 5,
        "osx.partyList.0.partyIp": 6,
        "osx.partyList.1": 8,
        "osx.partyList.1.partyId": 8,
        "9999": 9,
        "9999.b": 9,
    }


@pytest.mark.parametrize("text", ["", "# only a comment\n", "just text"])
def test_key_lines_of_what_has_no_keys_has_none(text: str) -> None:
    assert key_lines(text, "x") == {}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@given(PLAIN)
def test_what_is_written_is_read_back_unchanged(value: Any) -> None:
    assert parse_yaml(dump_yaml({"top": value}), "x") == {"top": value}


@pytest.mark.parametrize("text", [*(text for text in SCALARS if text), "2024", "1.5", "\x85", "a: b", "# c", "é", "🜁"])
def test_text_that_looks_like_something_else_is_quoted_when_written(text: str) -> None:
    assert parse_yaml(dump_yaml([text]), "x") == [text]


def test_helm_reads_what_is_written_as_the_text_that_it_is(helm: Helm, tmp_path: Path) -> None:
    """A token or password that looks like a number, say, in a kubeconfig."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: scalars\nversion: 0.0.0\n")
    (tmp_path / "templates" / "all.yaml").write_text("all: {{ .Values.all | toJson | b64enc }}\n")
    answer = helm.template("scalars", str(tmp_path), dump_yaml({"all": list(SCALARS)}))
    assert json.loads(base64.b64decode(parse_yaml(answer, "x")["all"])) == list(SCALARS)


def test_keys_are_written_in_their_own_order() -> None:
    assert dump_yaml({"b": 1, "a": {"d": [1], "c": None}}) == "b: 1\na:\n  d:\n  - 1\n  c: null\n"
