# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two objects, and setting just that."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.compare import (
    contained,
    differences,
    owners,
    strangers,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.editing import edited
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.ignoring import IgnoreRule, ignored, is_mark
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.model import (
    Action,
    Change,
    FieldChange,
    Operation,
    Plan,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.normalise import quantity
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.show import as_result, diff, sentences

NAMES = st.text("abcdef", min_size=1, max_size=3)
LEAVES = st.one_of(st.booleans(), st.integers(), st.text(min_size=1, max_size=5))
ENTRIES = st.dictionaries(NAMES, LEAVES, min_size=1, max_size=3)


@st.composite
def named_list(draw: Any) -> list[Any]:
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=3))
    return [{**draw(ENTRIES), "name": name} for name in names]


OBJECTS = st.recursive(
    st.dictionaries(NAMES, LEAVES, min_size=1, max_size=4),
    lambda inner: st.dictionaries(NAMES, st.one_of(LEAVES, inner, named_list()), min_size=1, max_size=4),
    max_leaves=15,
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in leaves(item, (*path, index))]
    return [path]


def with_value(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    out = copy.deepcopy(tree)
    holder = out
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return out


@given(OBJECTS)
def test_an_object_does_not_differ_from_itself(obj: Any) -> None:
    assert list(differences(obj, copy.deepcopy(obj))) == []
    assert contained(obj, copy.deepcopy(obj))


@given(OBJECTS, st.data())
def test_an_edit_of_any_one_leaf_is_found_and_only_that(obj: Any, data: Any) -> None:
    path = data.draw(st.sampled_from([path for path in leaves(obj) if path[-1] != "name"] or [()]))
    assume(path)
    other = with_value(obj, path, "edited by somebody")
    assume(other != obj)
    found = list(differences(obj, other))
    assert len(found) == 1
    assert found[0][2] == "edited by somebody"
    assert not contained(other, obj)


@given(OBJECTS, OBJECTS)
def test_setting_what_differs_makes_the_one_the_other(before: Any, after: Any) -> None:
    changes = [FieldChange(path, old, new) for path, old, new in differences(before, after)]
    assert list(differences(edited(before, changes), after)) == []


@given(OBJECTS, ENTRIES)
def test_a_live_object_may_have_more_than_is_wanted(obj: Any, more: Any) -> None:
    assert contained(obj, {**{f"z{key}": value for key, value in more.items()}, **obj})


def test_entries_of_a_list_are_told_apart_by_their_name_and_not_by_their_place() -> None:
    before = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}
    after = {"containers": [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}]}
    assert list(differences(before, after)) == [(("containers", "[name=b]", "image"), "1", "2")]


def test_what_is_empty_and_what_is_absent_is_the_same() -> None:
    assert list(differences({"a": {}, "b": [], "c": "", "d": None}, {})) == []


@pytest.mark.parametrize(
    ("left", "right"), [("1000m", "1"), ("1Gi", "1024Mi"), ("0.5", "500m"), (2, "2"), ("1e3", "1k"), ("1G", "1000M")]
)
def test_quantities_are_numbers(left: Any, right: Any) -> None:
    assert quantity(left) == quantity(right)
    assert contained({"limits": {"cpu": left}}, {"limits": {"cpu": right}})


@pytest.mark.parametrize("text", ["", "a", "1Xi", "--1", True, None, "1 Gi"])
def test_what_is_no_quantity_is_none(text: Any) -> None:
    assert quantity(text) is None


MANAGED = {
    "metadata": {
        "managedFields": [
            {"manager": "helm", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "fieldsV1": {"f:spec": {"f:paused": {}}}},
            {"manager": "kubectl", "subresource": "status", "fieldsV1": {"f:status": {"f:x": {}}}},
            {
                "manager": "kubectl-edit",
                "fieldsV1": {"f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}}}}},
            },
        ]
    }
}


def test_who_else_wrote_and_to_which_fields() -> None:
    found = strangers(MANAGED)
    assert found == {"kubectl-edit": [("spec", "containers", "[name=main]", "image")]}
    assert owners(("spec", "containers", "[name=main]", "image"), found) == ("kubectl-edit",)
    assert owners(("spec", "replicas"), found) == ()


class Rules:
    """What ``ignored`` asks for."""

    def __init__(self, *rules: IgnoreRule, live: Any = None):
        self.ignore, self.live = rules, live or {}


REF = Ref("apps/v1", "Deployment", "ns", "engine")


@pytest.mark.parametrize(
    ("pointer", "path", "covered"),
    [
        ("/spec/replicas", ("spec", "replicas"), True),
        ("/spec", ("spec", "replicas"), True),
        ("/spec/replicas", ("spec",), False),
        ("/data/a~1b", ("data", "a/b"), True),
        ("/spec/containers/main/image", ("spec", "containers", "[name=main]", "image"), True),
        ("/spec/containers/*/image", ("spec", "containers", "[name=main]", "image"), True),
        ("/spec/containers/other/image", ("spec", "containers", "[name=main]", "image"), False),
        ("*", ("anything",), True),
    ],
)
def test_a_pointer_covers_a_field_and_what_is_below(pointer: str, path: tuple[str, ...], covered: bool) -> None:
    assert ignored(REF, path, {}, Rules(IgnoreRule("Deploy*", "engine", (pointer,)))) is covered
    assert not ignored(REF, path, {}, Rules(IgnoreRule("Deploy*", "other", (pointer,))))
    annotated = {"metadata": {"annotations": {"kubefate.federatedai.org/ignore-differences": f"/x, {pointer}"}}}
    assert ignored(REF, path, annotated, Rules()) is covered


def test_only_the_autoscaler_s_own_target_has_its_replicas_left_alone() -> None:
    scaler = {"kind": "HorizontalPodAutoscaler", "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "engine"}}}
    rules = Rules(live={Ref("autoscaling/v2", "HorizontalPodAutoscaler", "ns", "s"): scaler})
    assert ignored(REF, ("spec", "replicas"), {}, rules)
    assert not ignored(Ref("apps/v1", "Deployment", "ns", "other"), ("spec", "replicas"), {}, rules)
    assert not ignored(REF, ("spec", "paused"), {}, rules)


def test_labels_and_annotations_are_marks_wherever_they_are() -> None:
    assert is_mark(("metadata", "labels", "a"))
    assert is_mark(("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"))
    assert not is_mark(("data", "labels"))
    assert not is_mark(("spec", "selector", "matchLabels", "a"))


def secret_plan() -> Plan:
    hidden = "hunter2-hunter2"
    secret = Change(
        Ref("v1", "Secret", "ns", "db"), Action.UPDATE, (FieldChange(("data", "user"), hidden, f"{hidden}-new"),)
    )
    env = ("spec", "template", "spec", "containers", "[name=main]", "env", "[name=DB_PASSWORD]", "value")
    pod = Change(REF, Action.UPDATE, (FieldChange(env, hidden, None),))
    text = f"spring.datasource.password={hidden}\nport=1\n"
    settings = Change(Ref("v1", "ConfigMap", "ns", "c"), Action.UPDATE, (FieldChange(("data", "x"), text, "port=1\n"),))
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "new"}, "stringData": {"any": hidden}}
    created = Change(Ref("v1", "Secret", "ns", "new"), Action.CREATE, after=made)
    return Plan("r", "ns", Operation.UPGRADE, "why", (secret, pod, settings, created))


def test_no_secret_is_in_a_plan_however_it_is_shown() -> None:
    plan = secret_plan()
    shown = repr([as_result(plan), diff(plan), sentences(plan)])
    assert "hunter2" not in shown
    for word in ("data.user", "DB_PASSWORD", "port=1", "Secret/new"):
        assert word in shown, "what changed is told"
