# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker against the package jsonschema, which it replaces: the same verdict on the same schema and spec.

Two things are left out, since they differ on purpose: types are not set right, and whole floats are no integers.
"""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.spec import schema as ours
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.examples import examples

NAMES = st.sampled_from(["a", "b", "c", "xa", "xb"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([0.5, 1.5, -1.25]),
    st.sampled_from(["", "a", "ab", "abc", "1", "x"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


LEAF = some(
    type=st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=2, unique=True)),
    enum=st.lists(SCALARS, min_size=1, max_size=3),
    minimum=st.integers(-2, 2),
    maximum=st.sampled_from([-1, 0, 1.5, 2]),
    minLength=st.integers(0, 2),
    maxLength=st.integers(0, 2),
    pattern=st.sampled_from(["^a", "b$", "^[a-c]*$", "1"]),
    minItems=st.integers(0, 2),
    maxItems=st.integers(0, 2),
    uniqueItems=st.booleans(),
    const=SCALARS,
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    schemas = inner | st.booleans()
    return some(
        type=st.sampled_from(["object", "array", ["object", "array", "null"]]),
        properties=st.dictionaries(st.sampled_from("abc"), schemas, max_size=3),
        patternProperties=st.dictionaries(st.sampled_from(["^x", "zz"]), schemas, max_size=1),
        additionalProperties=schemas,
        required=st.lists(NAMES, max_size=2, unique=True),
        items=schemas,
        minItems=st.integers(0, 1),
    )


SCHEMAS = st.recursive(LEAF | st.just({"$ref": "#/$defs/shared"}), nested, max_leaves=8)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    top = draw(nested(SCHEMAS))
    top.pop("type", None)
    spec = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    return {**top, "$defs": {"shared": draw(LEAF)}}, spec


@pytest.fixture
def as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_typed", lambda value, schema: value)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_verdict_is_that_of_jsonschema(as_written: None, case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, spec = case
    ours.validate_schema(schema, "the schema")
    found = ours.check(schema, Spec(spec))
    expected = list(jsonschema.Draft202012Validator(schema).iter_errors(spec))
    assert bool(found.errors) == bool(expected), (found.errors, expected)
    if not expected:
        assert found.data == spec, "what is fine is handed on as it is"


SIMPLE = {
    "properties": {
        "a": {"type": "integer"},
        "b": {"type": ["string", "null"]},
        "c": {"type": "boolean"},
        "xa": {"type": ["number", "array"]},
        "xb": {"type": "object", "additionalProperties": {"type": "string"}},
    }
}


@settings(max_examples=examples(100))
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
def test_setting_types_right_leaves_alone_what_fits_and_makes_only_what_fits(spec: dict[str, Any]) -> None:
    valid = jsonschema.Draft202012Validator(SIMPLE).is_valid
    found = ours.check(SIMPLE, Spec(spec))
    if valid(spec):
        assert (found.errors, found.data) == ([], spec)
    if not found.errors:
        assert valid(found.data)
