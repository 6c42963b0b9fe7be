# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import (
    REDACTED,
    blanked,
    blanked_text,
    canonical,
    digest,
    get,
    is_secret_key,
    leaves,
    merge,
    plain,
    put,
    redact,
    secret_leaves,
)

KEYS = st.text(alphabet="abcdefgxyz", min_size=1, max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=5)


# merge -----------------------------------------------------------------------------------------------------------
def test_mappings_are_merged_key_by_key() -> None:
    base = {"mysql": {"user": "fate", "size": "1Gi"}, "modules": ["a"]}
    assert merge(base, {"mysql": {"size": "2Gi"}}) == {"mysql": {"user": "fate", "size": "2Gi"}, "modules": ["a"]}


def test_lists_are_replaced_as_a_whole() -> None:
    assert merge({"modules": ["a", "b"]}, {"modules": ["c"]}) == {"modules": ["c"]}


@pytest.mark.parametrize("old", [1, "text", {"a": 1}, [1], None])
def test_a_null_over_a_value_stays_a_null(old: Any) -> None:
    assert merge({"key": old}, {"key": None}) == {"key": None}


def test_a_mapping_over_a_scalar_replaces_it_and_the_other_way_round() -> None:
    assert merge({"a": 1, "b": {"c": 1}}, {"a": {"d": 2}, "b": 3}) == {"a": {"d": 2}, "b": 3}


def test_a_merge_shares_nothing_with_what_was_put_over() -> None:
    over = {"a": {"list": [1]}}
    merged = merge({}, over)
    merged["a"]["list"].append(2)
    assert over == {"a": {"list": [1]}}


@given(MAPPINGS, MAPPINGS)
def test_a_merge_leaves_both_sides_alone_and_every_leaf_of_the_upper_wins(base: Any, over: Any) -> None:
    before = copy.deepcopy((base, over))
    merged = merge(base, over)
    assert (base, over) == before
    for path, value in leaves(over):
        if not any(step.isdigit() for step in path):
            assert get(merged, ".".join(path)) == value


@given(MAPPINGS)
def test_merging_with_nothing_and_with_itself_changes_nothing(value: Any) -> None:
    assert merge(value, {}) == value == merge({}, value) == merge(value, value)


@given(MAPPINGS, MAPPINGS)
def test_merging_the_same_again_changes_nothing(base: Any, over: Any) -> None:
    assert merge(merge(base, over), over) == merge(base, over)


# plain -----------------------------------------------------------------------------------------------------------
class Tagged(str):
    """Like the text types that newer Ansible hands to filters."""


def test_subtypes_become_plain_types() -> None:
    class Number(int):
        pass

    found = plain({Tagged("a"): (Tagged("x"), Number(3), True, None, 1.5, b"\xc3\xa9")})
    assert found == {"a": ["x", 3, True, None, 1.5, "é"]}
    assert [type(item) for item in (next(iter(found)), *found["a"])] == [str, str, int, bool, type(None), float, str]


def test_keys_become_what_go_makes_of_them() -> None:
    assert plain({9999: 1, True: 2, None: 3, 1.5: 4, "x": 5}) == {"9999": 1, "true": 2, "null": 3, "1.5": 4, "x": 5}


@given(VALUES)
def test_plain_data_stays_what_it_is(value: Any) -> None:
    assert plain(value) == value


# canonical text and digests --------------------------------------------------------------------------------------
@given(MAPPINGS)
def test_the_order_of_keys_does_not_matter_to_the_canonical_text(value: dict[str, Any]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical(turned) == canonical(value)


@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_the_canonical_text_is_json_of_the_same_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(
    ("left", "right"), [({"a": 1}, {"a": "1"}), ({"a": True}, {"a": 1}), ({"a": None}, {}), ([], {}), ([1, 2], [2, 1])]
)
def test_different_values_have_different_texts(left: Any, right: Any) -> None:
    assert canonical(left) != canonical(right)


def test_a_digest_fits_a_label_and_is_always_the_same() -> None:
    """Digests are written to labels and read by later versions of the collection: the form may not change."""
    assert digest("a", b"b") == digest(b"a", "b") == "hsovsecfxsehn6oqhgn37mc4njasbfxja33te6hzqqdm2xokq3pq"


@given(st.lists(st.binary(max_size=4), max_size=3), st.lists(st.binary(max_size=4), max_size=3))
def test_the_borders_of_the_parts_count(left: list[bytes], right: list[bytes]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


# paths -----------------------------------------------------------------------------------------------------------
def test_get_tells_a_null_from_what_is_absent() -> None:
    value = {"a": {"b": None, "c": 0}}
    assert get(value, "a.b", "default") is None
    assert get(value, "a.c", "default") == 0
    assert get(value, "a.x", "default") == "default"
    assert get(value, "a.c.d", "default") == "default"
    assert get(None, "a", "default") == "default"


def test_put_makes_the_mappings_on_the_way_and_replaces_what_is_none() -> None:
    target: dict[str, Any] = {"a": 1, "b": {"c": 2}}
    put(target, "a.x.y", 3)
    put(target, "b.d", 4)
    assert target == {"a": {"x": {"y": 3}}, "b": {"c": 2, "d": 4}}


@given(MAPPINGS, st.lists(KEYS, min_size=1, max_size=3), SCALARS)
def test_what_was_put_can_be_got(target: Any, steps: list[str], value: Any) -> None:
    put(target, ".".join(steps), value)
    assert get(target, ".".join(steps)) == value


def test_leaves_gives_every_scalar_with_its_path() -> None:
    value = {"a": {"b": 1}, "c": [{"d": None}, "x"], "empty": {}}
    assert dict(leaves(value)) == {("a", "b"): 1, ("c", "0", "d"): None, ("c", "1"): "x"}


# redaction -------------------------------------------------------------------------------------------------------
SECRET = (
    "password PASSWORD mysqlPassword externalMysqlPassword notebook_hashed_password passwd apiToken secret "
    "clientSecret private_key private-key privateKey credentials MYSQL_ROOT_PASSWORD"
)
PUBLIC = (
    "user name existingSecret secretName imagePullSecrets passwordSecretName tokenRef keys secret_names "
    "mysql-existing-secret"
)


@pytest.mark.parametrize("key", SECRET.split())
def test_a_key_that_names_a_secret(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize("key", PUBLIC.split())
def test_a_key_that_names_none(key: str) -> None:
    assert not is_secret_key(key)


def test_kubefates_stock_password_blanks_no_other_word() -> None:
    spec = {"name": "fate", "mysql": {"user": "fate", "password": "fate", "database": "fate"}, "note": "fate is fate"}
    shown = redact(spec)
    assert shown["mysql"] == {"user": "fate", "password": REDACTED, "database": "fate"}
    assert (shown["name"], shown["note"]) == ("fate", "fate is fate")


def test_given_paths_are_taken_out_with_all_that_is_below() -> None:
    spec = {"pulsar": {"admin": {"key": "a", "list": [1, "b"]}}, "rabbitmq": {"admin": {"key": "a"}}}
    assert redact(spec, ["pulsar.admin"]) == {
        "pulsar": {"admin": {"key": REDACTED, "list": [REDACTED, REDACTED]}},
        "rabbitmq": {"admin": {"key": "a"}},
    }


def test_a_path_goes_through_the_entries_of_a_list() -> None:
    spec = {"users": [{"name": "a", "pin": 1}, {"name": "b", "pin": 2}]}
    assert redact(spec, ["users.pin"])["users"] == [{"name": "a", "pin": REDACTED}, {"name": "b", "pin": REDACTED}]


def test_what_holds_no_secret_stays_visible_under_a_secret_key() -> None:
    shown = redact({"password": "", "token": None, "secret": {"enabled": True}})
    assert shown == {"password": "", "token": None, "secret": {"enabled": True}}


def test_secret_leaves_are_just_the_strings_that_redact_takes_out() -> None:
    spec = {"mysql": {"user": "fate", "password": "s3cret"}, "pin": 1234, "list": [{"token": "t"}]}
    assert secret_leaves(spec, ["pin"]) == {"s3cret", "1234", "t"}


@given(MAPPINGS, st.text(min_size=9, max_size=9, alphabet="ABCDEF"), st.lists(KEYS, max_size=2))
def test_a_secret_is_found_nowhere_after_redaction_and_nothing_else_is_lost(
    value: dict[str, Any], secret: str, steps: list[str]
) -> None:
    put(value, ".".join([*steps, "password"]), secret)
    shown = redact(value)
    assert secret not in json.dumps(shown)
    assert [path for path, _leaf in leaves(shown)] == [path for path, _leaf in leaves(value)]
    for (path, seen), (_path, real) in zip(leaves(shown), leaves(value), strict=True):
        if path[-1:] != ("password",):
            assert seen == real


@given(MAPPINGS)
def test_redacting_twice_is_redacting_once(value: Any) -> None:
    assert redact(redact(value, ["a.b"]), ["a.b"]) == redact(value, ["a.b"])


@pytest.mark.parametrize(
    "text",
    [
        'Invalid value: "it\'s s3cret"',
        "s = 'it\\'s s3cret'",
        "data: aXQncyBzM2NyZXQ=",
        "it's s3cretit's s3cret",
    ],
)
def test_a_text_that_quotes_a_secret_is_shown_without_it(text: str) -> None:
    shown = blanked_text(text, ["it's s3cret"])
    assert REDACTED in shown
    assert "s3cret" not in shown and "aXQn" not in shown


def test_a_short_secret_may_be_any_word_and_is_left() -> None:
    assert blanked_text("chart fate of FATE", ["fate", ""]) == "chart fate of FATE"


def test_only_texts_of_a_result_are_searched_for_secrets_and_names_are_left() -> None:
    result = {
        "name": "fateboard",
        "plan": {"changes": [{"name": "fateboard", "fields": [{"path": "a", "after": {"url": ["http://fateboard"]}}]}]},
        "failure": {"resources": [{"kind": "Pod", "message": "fateboard is wrong", "log": "fateboard"}]},
        "msg": "fateboard",
    }
    assert blanked(result, ["fateboard"]) == {
        "name": "fateboard",
        "plan": {
            "changes": [{"name": "fateboard", "fields": [{"path": "a", "after": {"url": [f"http://{REDACTED}"]}}]}]
        },
        "failure": {"resources": [{"kind": "Pod", "message": f"{REDACTED} is wrong", "log": REDACTED}]},
        "msg": REDACTED,
    }
    assert blanked(result, []) is result
