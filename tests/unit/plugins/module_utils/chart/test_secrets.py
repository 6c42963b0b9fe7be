# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.secrets import (
    SecretRequest,
    held,
    requested,
    secret_paths,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import dump_yaml
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart


def ask(spec: Mapping[str, Any], *entries: Mapping[str, Any]) -> list[SecretRequest]:
    return requested(chart({"secrets.yaml": dump_yaml({"secrets": list(entries)})}), spec)


def decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def live(**values: str) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "uid": "1"}, "data": data}


DB: dict[str, Any] = {
    "name": "db",
    "existing": "mysql.existingSecret",
    "keys": {
        "username": {"spec": "mysql.user", "default": "fate"},
        "password": {"spec": ["mysql.password", "password"], "generate": 24},
    },
}


def test_a_chart_without_the_file_needs_no_secret() -> None:
    assert requested(chart(), {}) == []
    assert ask({}) == []
    assert requested(chart({"secrets.yaml": "secrets:\n"}), {}) == []


# values ----------------------------------------------------------------------------------------------------------
def test_a_value_is_the_spec_s_then_the_default_then_generated() -> None:
    (request,) = ask({"mysql": {"user": "me"}}, DB)
    first = decoded(request.build(None, "ns", "fate-9999"))
    assert first["username"] == "me"
    assert len(first["password"]) == 24
    assert first["password"].isalnum()
    (request,) = ask({"mysql": {"password": "given"}}, DB)
    assert decoded(request.build(None, "ns", "fate-9999")) == {"username": "fate", "password": "given"}


def test_of_several_paths_the_first_that_says_something_counts() -> None:
    for spec, password in (
        ({"mysql": {"password": "a"}, "password": "b"}, "a"),
        ({"mysql": {"password": ""}, "password": "b"}, "b"),
        ({"mysql": {"password": None}, "password": "b"}, "b"),
        ({"password": 4711}, "4711"),
    ):
        (request,) = ask(spec, DB)
        assert decoded(request.build(None, "ns", "r"))["password"] == password


def test_what_is_generated_is_new_each_time_and_known_to_nobody_before() -> None:
    (request,) = ask({}, DB)
    made = {decoded(request.build(None, "ns", "r"))["password"] for _again in range(20)}
    assert len(made) == 20
    assert [key.given for key in request.keys] == ["fate", None]


def test_the_secret_is_labelled_so_that_it_is_found_again() -> None:
    (request,) = ask({}, DB)
    made = request.build(None, "ns", "fate-9999")
    assert made["metadata"] == {
        "name": "db",
        "namespace": "ns",
        "labels": {"owner": "kubefate", "name": "fate-9999", "app.kubernetes.io/part-of": "fate"},
    }
    assert (made["kind"], made["type"]) == ("Secret", "Opaque")


def test_a_value_that_is_required_and_missing_says_where_to_give_it() -> None:
    entry = {**DB, "keys": {"password": {"spec": ["mysql.password", "password"], "required": True}}}
    with pytest.raises(KubefateError, match="gives no value for key password of Secret db") as caught:
        ask({}, entry)
    assert caught.value.kind is Kind.INPUT
    assert caught.value.hint == "Give mysql.password or password or mysql.existingSecret."
    (request,) = ask({"password": "x"}, entry)
    assert request.keys[0].given == "x"


# which are needed ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spec", "needed"),
    [
        ({"modules": ["mysql"]}, True),
        ({"modules": ["python", "osx"]}, True),
        ({"modules": ["osx"]}, False),
        ({"modules": []}, False),
        ({}, False),
        ({"modules": None}, False),
    ],
)
def test_a_secret_for_modules_is_needed_where_one_of_them_is(spec: dict[str, Any], needed: bool) -> None:
    assert bool(ask(spec, {**DB, "modules": ["mysql", "python"]})) is needed


@pytest.mark.parametrize(
    ("value", "says"), [("x", True), (True, True), (0, False), ("", False), (None, False), (False, False)]
)
def test_when_and_unless_look_at_what_the_spec_says(value: Any, says: bool) -> None:
    spec = {"external": {"ip": value}}
    assert bool(ask(spec, {**DB, "when": "external.ip"})) is says
    assert bool(ask(spec, {**DB, "unless": "external.ip"})) is not says


def test_when_and_unless_of_a_path_that_is_absent() -> None:
    assert ask({}, {**DB, "when": "external.ip"}) == []
    assert len(ask({}, {**DB, "unless": "external.ip"})) == 1


def test_conditions_add_up() -> None:
    entry = {**DB, "modules": ["mysql"], "when": "a", "unless": "b"}
    assert len(ask({"modules": ["mysql"], "a": 1}, entry)) == 1
    assert ask({"modules": ["mysql"], "a": 1, "b": 1}, entry) == []
    assert ask({"modules": ["mysql"]}, entry) == []
    assert ask({"a": 1}, entry) == []


def test_a_secret_that_the_spec_names_is_used_and_none_is_made() -> None:
    (request,) = ask({"mysql": {"existingSecret": "mine", "password": "ignored"}}, DB)
    assert (request.name, request.made) == ("mine", False)
    assert [key.name for key in request.missing(None)] == ["username", "password"]
    assert request.missing(live(username="a", password="b")) == []
    assert request.differing(live(username="a", password="b")) == []


def test_a_secret_that_is_never_made_must_be_there() -> None:
    (request,) = ask({}, {"name": "tls", "create": False, "keys": {"tls.crt": {}, "tls.key": {}}})
    assert (request.name, request.made) == ("tls", False)
    assert [key.name for key in request.missing(live(**{"tls.crt": "x"}))] == ["tls.key"]


# what is there already -------------------------------------------------------------------------------------------
def test_what_a_secret_holds_is_known_by_its_keys() -> None:
    assert held(live(username="fate", token="t", **{"root-password": "geheim"})) == {"geheim", "t"}
    assert held({}) == set()


def test_a_secret_that_exists_keeps_its_values() -> None:
    (request,) = ask({"mysql": {"password": "new"}}, DB)
    there = live(username="old", password="old", more="kept")
    assert request.missing(there) == []
    assert request.build(there, "ns", "r") == there


def test_only_keys_that_are_missing_are_filled_in() -> None:
    (request,) = ask({}, DB)
    there = live(password="old", more="kept")
    assert [key.name for key in request.missing(there)] == ["username"]
    built = request.build(there, "ns", "r")
    assert decoded(built) == {"username": "fate", "password": "old", "more": "kept"}
    assert built["metadata"] == there["metadata"]
    assert "username" not in there["data"], "the live object is not changed"


def test_a_value_of_the_spec_that_differs_is_reported() -> None:
    (request,) = ask({"mysql": {"user": "me", "password": "new"}}, DB)
    differing = request.differing(live(username="me", password="old"))
    assert [(key.name, key.path) for key in differing] == [("password", "mysql.password")]


def test_a_default_or_a_generated_value_never_differs() -> None:
    (request,) = ask({}, DB)
    assert request.differing(live(username="other", password="other")) == []


# secrets in the spec ---------------------------------------------------------------------------------------------
def test_paths_of_what_would_be_generated_are_secrets_of_the_spec() -> None:
    made = chart({"secrets.yaml": dump_yaml({"secrets": [DB]})})
    assert secret_paths(made) == {"mysql.password", "password"}
    assert secret_paths(chart()) == set()


def test_paths_of_what_is_required_are_secrets_of_the_spec() -> None:
    entry = {"name": "a", "keys": {"pin": {"spec": "some.pin", "required": True}, "user": {"spec": "some.user"}}}
    assert secret_paths(chart({"secrets.yaml": dump_yaml({"secrets": [entry]})})) == {"some.pin"}


# malformed declarations ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "[text]",
        "secrets: text",
        "secrets: {a: 1}",
        "secrets: [text]",
        "secrets: [{keys: {a: {default: x}}}]",
        "secrets: [{name: a}]",
        "secrets: [{name: a, keys: [b]}]",
        "secrets: [{name: a, keys: {b: text}}]",
        "secrets: [{name: a, keys: {b: {}}}]",
        "secrets: [{name: a, keys: {b: {generate: many}}}]",
        "secrets: [{name: a, keys: {b: {generate: -1}}}]",
        "secrets: [{name: a, keys: {b: {default: x}}, modules: 5}]",
        "just text",
        "5",
    ],
)
def test_a_declaration_of_the_wrong_form_is_the_chart_s_fault(text: str) -> None:
    made = chart({"secrets.yaml": text})
    with pytest.raises(KubefateError, match="does not have the expected form") as caught:
        requested(made, {"modules": ["a"]})
    assert caught.value.kind is Kind.CHART
    assert "secrets.yaml of chart fate 1.2.3" in caught.value.msg
    try:
        assert isinstance(secret_paths(made), set)
    except KubefateError as error:
        assert error.kind is Kind.CHART
