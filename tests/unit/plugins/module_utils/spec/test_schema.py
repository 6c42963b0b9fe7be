# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils import errors
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.schema import (
    VOCABULARY,
    Checked,
    Passed,
    check,
    validate_schema,
)


def checked(schema: Mapping[str, Any], data: dict[str, Any], **origins: str) -> Checked:
    validate_schema(schema, "the schema")
    return check(schema, Spec(data, origins))


def one(schema: Any, value: Any) -> Checked:
    """Check one value, as the key x."""
    return checked({"properties": {"x": schema}}, {"x": value})


# each keyword ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("schema", "good", "bad", "said"),
    [
        ({"type": "string"}, "a", [1], "must be text, not a list."),
        ({"type": "integer"}, 1, "one", "must be an integer, not text ('one')."),
        ({"type": "integer"}, -1, True, "must be an integer, not true or false (True)."),
        ({"type": "integer"}, 2.0, 1.5, "must be an integer, not a number (1.5)."),
        ({"type": "number"}, 1.5, "x", "must be a number, not text ('x')."),
        ({"type": "boolean"}, False, 0, "must be true or false, not an integer (0)."),
        ({"type": "null"}, None, 0, "must be nothing, not an integer (0)."),
        ({"type": "array"}, [], {}, "must be a list, not a mapping."),
        ({"type": "object"}, {}, None, "must be a mapping, not nothing."),
        ({"type": ["integer", "null"]}, None, "a", "must be an integer or nothing, not text ('a')."),
        ({"enum": ["a", "b"]}, "a", "c", "'c' is not one of a, b."),
        ({"enum": [1, None]}, 1, True, "True is not one of 1, None."),
        ({"const": 1}, 1, True, "must be 1."),
        ({"const": {"a": [1]}}, {"a": [1]}, {"a": [2]}, "must be {'a': [1]}."),
        ({"minimum": 1}, 1, 0, "must be at least 1, not 0."),
        ({"maximum": 1.5}, 1.5, 2, "must be at most 1.5, not 2."),
        ({"minLength": 1}, "a", "", "must not be empty."),
        ({"minLength": 2}, "ab", "a", "is shorter than 2 characters."),
        ({"maxLength": 1}, "a", "ab", "is longer than 1 characters."),
        ({"pattern": "^a+$"}, "aa", "b", "'b' does not have the form ^a+$."),
        ({"minItems": 1}, [1], [], "must have at least 1 entries."),
        ({"maxItems": 1}, [1], [1, 2], "must have at most 1 entries."),
        ({"properties": {"a": {"type": "string"}}}, {"a": ""}, {"a": []}, "must be text, not a list."),
        ({"required": ["a"]}, {"a": None}, {}, "the key a is missing."),
        ({"additionalProperties": {"type": "null"}}, {"a": None}, {"a": 1}, "must be nothing, not an integer (1)."),
        ({"patternProperties": {"^a": {"type": "null"}}}, {"b": 1}, {"ab": 1}, "must be nothing, not an integer (1)."),
        ({"items": {"type": "null"}}, [None], [1], "must be nothing, not an integer (1)."),
        ({"uniqueItems": True}, [1, True, "1"], [1, 2, 1], "1 is there twice."),
        (True, {"any": "thing"}, None, None),
        (False, None, 1, "nothing may be here."),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_keyword_lets_the_good_through_and_says_what_is_wrong(schema: Any, good: Any, bad: Any, said: Any) -> None:
    if schema is not False:
        assert one(schema, good).errors == []
    if said:
        (text,) = one(schema, bad).errors
        assert text.partition(": ")[2] == said


def test_keywords_about_another_type_do_not_matter() -> None:
    schema = {"minimum": 5, "minLength": 5, "minItems": 5, "required": ["a"], "pattern": "x"}
    for value in (None, True):
        assert one(schema, value).errors == []
    assert len(one(schema, 1).errors) == len(one(schema, []).errors) == len(one(schema, {}).errors) == 1


def test_annotations_change_nothing() -> None:
    schema = {"title": "t", "description": "d", "default": 1, "examples": [1], "deprecated": True, "$comment": "c"}
    assert one({**schema, "x-replaced-by": "y", "format": "anything"}, "v").errors == []
    assert one(schema, None).data == {"x": None}, "a default is for people; nothing is filled in"


def test_a_reference_is_followed_wherever_it_leads() -> None:
    schema: dict[str, Any] = {
        "$defs": {"port": {"type": "integer", "maximum": 9}, "also": {"$ref": "#/$defs/port"}, "a/b": {"type": "null"}},
        "properties": {
            "a": {"$ref": "#/$defs/also", "minimum": 5},
            "tree": {"$ref": "#"},
            "odd": {"$ref": "#/$defs/a~1b"},
        },
    }
    assert checked(schema, {"a": 7, "tree": {"tree": {"a": 7}}, "odd": None}).errors == []
    assert checked(schema, {"a": 10}).errors == ["a (the spec): must be at most 9, not 10."]
    assert checked(schema, {"a": 1}).errors == ["a (the spec): must be at least 5, not 1."]
    assert checked(schema, {"tree": {"tree": {"a": "x"}}}).errors[0].startswith("tree.tree.a (")
    assert checked(schema, {"odd": 1}).errors[0].startswith("odd (")


def test_the_first_pattern_that_fits_a_key_and_before_it_its_own_property() -> None:
    schema: dict[str, Any] = {
        "properties": {"aa": {"type": "null"}},
        "patternProperties": {"^a": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
    }
    assert checked(schema, {"aa": None, "ab": 1, "c": "x"}).errors == []
    assert len(checked(schema, {"aa": 1, "ab": None, "c": []}).errors) == 3


def test_every_error_is_told_at_once_with_its_path_and_line() -> None:
    schema = {
        "required": ["partyId"],
        "properties": {"osx": {"properties": {"list": {"items": {"properties": {"port": {"type": "integer"}}}}}}},
    }
    data = {"osx": {"list": [{"port": "a"}, {"port": 1}, {"port": "b"}]}}
    found = checked(schema, data, **{"osx.list.2.port": "party.yaml, line 8"})
    assert found.errors == [
        "the spec (the spec): the key partyId is missing.",
        "osx.list.0.port (the spec): must be an integer, not text ('a').",
        "osx.list.2.port (party.yaml, line 8): must be an integer, not text ('b').",
    ]


# schemas that are not understood ---------------------------------------------------------------------------------
UNCHECKED = (
    "oneOf anyOf allOf not if then else dependentRequired propertyNames minProperties multipleOf exclusiveMinimum "
    "contains prefixItems unevaluatedProperties patterns"
)


@pytest.mark.parametrize("keyword", UNCHECKED.split())
def test_a_keyword_that_would_go_unchecked_is_refused(keyword: str) -> None:
    assert keyword not in VOCABULARY
    places: list[dict[str, Any]] = [{keyword: {}}, {"items": {keyword: 1}}, {"additionalProperties": {keyword: 1}}]
    places += [{deeper: {"a": {keyword: 1}}} for deeper in ("properties", "patternProperties", "$defs")]
    for schema in places:
        with pytest.raises(KubefateError, match=f"uses the keyword {keyword} at ") as caught:
            validate_schema(schema, "spec.schema.json of chart fate 1.0.0")
        assert caught.value.kind is Kind.CHART


@pytest.mark.parametrize("schema", ["text", [], None, {"properties": {"a": 5}}])
def test_what_is_no_schema_at_all_is_refused(schema: Any) -> None:
    with pytest.raises(KubefateError):
        validate_schema(schema, "the schema")


@pytest.mark.parametrize("target", ["#/$defs/nowhere", "#/$defs/circle", "other.json#/a", "#/$defs/a/b/c"])
def test_a_reference_that_leads_nowhere_or_in_a_circle_is_refused(target: str) -> None:
    circle = {"circle": {"$ref": "#/$defs/round"}, "round": {"$ref": "#/$defs/circle"}, "a": {"type": "null"}}
    with pytest.raises(KubefateError, match="leads nowhere") as caught:
        validate_schema({"$defs": circle, "properties": {"x": {"items": {"$ref": target}}}}, "the schema")
    assert caught.value.kind is Kind.CHART


@pytest.mark.parametrize("schema", [{"pattern": "("}, {"patternProperties": {"*": True}}])
def test_a_pattern_that_is_no_regular_expression_is_refused(schema: Any) -> None:
    with pytest.raises(KubefateError, match="is not a regular expression"):
        validate_schema({"properties": {"x": schema}}, "the schema")


CHARTS = Path(errors.__file__).parents[2] / "charts"


@pytest.mark.parametrize("path", sorted(CHARTS.glob("*/spec.schema.json")), ids=lambda path: path.parent.name)
def test_the_schemas_of_our_own_charts_are_understood(path: Path) -> None:
    validate_schema(json.loads(path.read_text(encoding="utf-8")), str(path))


def test_our_own_charts_were_found() -> None:
    assert (CHARTS / "fate" / "spec.schema.json").exists()


# unknown, ignored and skipped keys -------------------------------------------------------------------------------
MODULES: dict[str, Any] = {
    "additionalProperties": False,
    "properties": {
        "partyId": {"type": "string"},
        "registry": {"type": "string"},
        "skippedKeys": {"type": "array"},
        "osx": {"additionalProperties": False, "properties": {"nodePort": {"type": "integer"}, "type": {}}},
        "python": {"additionalProperties": False, "properties": {"httpNodePort": {"type": "integer"}}},
        "istio": {"x-ignored": "KubeFATE's Istio objects are not made."},
        "old": {
            "properties": {"enabled": {"x-ignored": "it is always on."}, "pin": {"x-secret": True}},
        },
    },
}


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"partyID": 1}, "Did you mean partyId?"),
        ({"PARTYID": 1}, "Did you mean partyId?"),
        ({"regestry": 1}, "Did you mean registry?"),
        ({"osx": {"nodeport": 1}}, "Did you mean nodePort?"),
        ({"httpNodePort": 1}, "It belongs at python.httpNodePort."),
        ({"osx": {"partyId": 1}}, "It belongs at partyId."),
        ({"qqq": 1}, "Known here: old, osx, partyId, python, registry, skippedKeys."),
        ({"istoi": 1}, "Known here:"),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(data: dict[str, Any], hint: str) -> None:
    (text,) = checked(MODULES, data).errors
    assert "this key is unknown." in text
    assert hint in text


def test_an_ignored_key_is_dropped_and_warned_about_with_its_line() -> None:
    found = checked(MODULES, {"partyId": "1", "istio": {"enabled": True}}, istio="party.yaml, line 4")
    assert found.errors == []
    assert found.data == {"partyId": "1"}
    assert found.warnings == ["istio (party.yaml, line 4) is ignored: KubeFATE's Istio objects are not made."]


def test_an_ignored_key_deeper_down_is_dropped_too() -> None:
    found = checked(MODULES, {"old": {"enabled": "whatever", "other": 1}})
    assert found.data == {"old": {"other": 1}}
    assert len(found.warnings) == 1


def test_skipped_keys_are_kept_untouched_at_every_depth() -> None:
    data = {"skippedKeys": ["mine", "extra"], "mine": {"a": [1]}, "osx": {"extra": "1", "nodePort": 1}}
    found = checked(MODULES, data)
    assert (found.errors, found.warnings) == ([], [])
    assert found.data == data


def test_a_key_that_is_not_among_the_skipped_is_still_refused() -> None:
    assert len(checked(MODULES, {"skippedKeys": ["mine"], "other": 1}).errors) == 1


@pytest.mark.parametrize("value", [5, "mine", None, {"mine": 1}, True])
def test_skipped_keys_that_are_no_list_end_in_no_crash(value: Any) -> None:
    found = checked(MODULES, {"skippedKeys": value, "m": 1})
    assert any(text.startswith("m (") for text in found.errors)


# types that are beyond doubt are set right ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("schema", "given", "typed"),
    [
        ({"type": "integer"}, "30091", 30091),
        ({"type": "integer"}, "-5", -5),
        ({"type": "integer"}, "0", 0),
        ({"type": "integer"}, 3.0, 3),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "number"}, "2", 2),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "False", False),
        ({"type": "boolean"}, "yes", True),
        ({"type": "boolean"}, "no", False),
        ({"type": "string"}, 8080, "8080"),
        ({"type": "string"}, 1.5, "1.5"),
        ({"type": ["string", "null"]}, 5, "5"),
        ({"type": ["array", "null"]}, "", None),
        # what already fits, or is ambiguous, stays
        ({"type": ["string", "integer"]}, "5", "5"),
        ({"type": ["string", "integer"]}, 5, 5),
        ({"type": "string"}, "", ""),
        ({}, "5", "5"),
    ],
    ids=repr,
)
def test_a_scalar_is_brought_to_the_type_that_is_asked_for(schema: Any, given: Any, typed: Any) -> None:
    found = one(schema, given)
    assert found.errors == []
    assert (found.data["x"], type(found.data["x"])) == (typed, type(typed))


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"type": "integer"}, "007"),
        ({"type": "integer"}, "0x10"),
        ({"type": "integer"}, "1.0"),
        ({"type": "integer"}, " 1"),
        ({"type": "integer"}, ""),
        ({"type": "number"}, "1e3"),
        ({"type": "number"}, "nan"),
        ({"type": "boolean"}, "on"),
        ({"type": "boolean"}, 1),
        ({"type": "string"}, True),
        ({"type": "string"}, None),
        ({"type": "integer"}, True),
    ],
    ids=repr,
)
def test_a_scalar_that_leaves_a_doubt_is_refused(schema: Any, given: Any) -> None:
    assert len(one(schema, given).errors) == 1


PARTY_ID = {"type": "string", "format": "party-id", "pattern": "^[0-9]{1,20}$"}


@pytest.mark.parametrize("number", [1, 9999, 1000000, 12345678901, 2**62, 2**64 - 1])
def test_a_party_id_of_any_size_becomes_text_without_losing_a_digit(number: int) -> None:
    for given in (number, str(number)):
        found = one(PARTY_ID, given)
        assert (found.errors, found.data) == ([], {"x": str(number)})


@pytest.mark.parametrize("value", [True, 1.5, "12a", -1, None, [9999]])
def test_what_is_no_party_id_is_refused(value: Any) -> None:
    assert one(PARTY_ID, value).errors != []


def test_the_spec_that_was_given_is_not_changed() -> None:
    data = {"x": "1", "list": [{"y": "2"}]}
    schema = {
        "properties": {
            "x": {"type": "integer"},
            "list": {"items": {"properties": {"y": {"type": "integer"}}}},
        }
    }
    found = checked(schema, data)
    assert found.data == {"x": 1, "list": [{"y": 2}]}
    assert data == {"x": "1", "list": [{"y": "2"}]}


# secrets ---------------------------------------------------------------------------------------------------------
SECRETS: dict[str, Any] = {
    "properties": {
        "db": {"properties": {"pin": {"type": "string", "x-secret": True, "pattern": "^[a-z]+$", "minLength": 3}}},
        "users": {"items": {"properties": {"pin": {"$ref": "#/$defs/secret"}}}},
        "gone": {"x-ignored": "not needed.", "properties": {"pin": {"x-secret": True}}},
        "number": {"type": "integer", "x-secret": True, "minimum": 5, "maximum": 5, "enum": [5]},
    },
    "$defs": {"secret": {"type": "string", "x-secret": True}},
}


def test_paths_of_secrets_are_found_in_lists_through_references_and_in_what_is_ignored() -> None:
    data = {"db": {"pin": "abc"}, "users": [{"pin": "a"}, {"pin": "b"}], "gone": {"pin": 1}}
    assert checked(SECRETS, data).secrets == {"db.pin", "users.pin", "gone.pin"}


ENTRIES = {
    "properties": {
        "peers": {
            "items": {"properties": {"id": {"type": "string"}, "pin": {"x-secret": True}, "old": {"x-ignored": "."}}}
        }
    }
}


@pytest.mark.parametrize(
    ("entry", "errors", "warnings", "secrets"),
    [
        ({"id": 5}, 0, 0, set()),
        ({"id": "5"}, 0, 0, set()),
        ({"id": []}, 1, 0, set()),
        ({"id": "5", "old": 1}, 0, 1, set()),
        ({"id": "5", "pin": "x"}, 0, 0, {"peers.pin"}),
    ],
    ids=str,
)
def test_what_was_looked_at_in_another_spec_is_told_of_this_one_too(
    entry: dict[str, Any], errors: int, warnings: int, secrets: set[str]
) -> None:
    passed: Passed = {}
    others = [{"id": 5}, {"id": "5"}, entry]
    first, second = (check(ENTRIES, Spec({"peers": others, "name": name}, {}), passed=passed) for name in ("a", "b"))
    for found in (first, second):
        assert (len(found.errors), len(found.warnings), found.secrets) == (errors, warnings, secrets)
        assert [peer.get("id") for peer in found.data["peers"]][:2] == ["5", "5"] or errors
    assert first.data["peers"] == second.data["peers"]
    assert all(one is not other for one, other in zip(first.data["peers"], second.data["peers"], strict=True))


def test_a_key_that_one_spec_skips_is_still_refused_in_another() -> None:
    passed: Passed = {}
    schema = {"properties": {"peers": {"items": {"properties": {"id": {}}, "additionalProperties": False}}}}
    peers = [{"id": "5", "mine": 1}]
    assert check(schema, Spec({"peers": peers, "skippedKeys": ["mine"]}, {}), passed=passed).errors == []
    assert len(check(schema, Spec({"peers": peers}, {}), passed=passed).errors) == 1
    assert check(schema, Spec({"peers": peers, "skippedKeys": ["mine"]}, {}), passed=passed).errors == []


def test_only_secrets_that_are_there_are_listed() -> None:
    assert checked(SECRETS, {"db": {}}).secrets == set()


@pytest.mark.parametrize(
    "data",
    [
        {"db": {"pin": "HUSH4711"}},
        {"db": {"pin": ["HUSH4711"]}},
        {"db": {"pin": {"HUSH4711": 1}}},
        {"users": [{"pin": ["HUSH4711"]}]},
        {"number": 4711},
        {"number": "HUSH4711"},
        {"number": True},
    ],
    ids=repr,
)
def test_no_error_shows_a_secret(data: dict[str, Any]) -> None:
    found = checked(SECRETS, data)
    assert found.errors != []
    assert "4711" not in " ".join(found.errors)
    assert "True" not in " ".join(found.errors)
