# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own ways to render: a batch is what each render alone is, and both helms are really asked."""

from __future__ import annotations

import json

import pytest

from .both import Both
from .combinations import COMBINATIONS
from .kit import CHART, Helm, HelmError, Manifests, by_name, party

ROWS = ("eggroll-osx", "spark-pulsar-hdfs", "serving", "exchange")
OFF = {"networkPolicy": {"enabled": False}, "client": {"image": None, "securityContext": {"privileged": False}}}


def test_a_batch_renders_what_each_render_alone_does(helm3: Helm) -> None:
    for chart in ("fate", "fate-serving", "fate-exchange"):
        path = CHART.parent / chart
        specs = [row.cluster for row in COMBINATIONS if row.name in ROWS and row.chart == chart]
        specs += [party(**OFF)] if chart == "fate" else []
        for spec, made in zip(specs, helm3.render_anew(specs, path), strict=True):
            assert by_name(Manifests(made).objects) == by_name(helm3.render(spec, path).objects)


def test_objects_are_found_by_the_kind_and_name_that_they_have(helm3: Helm) -> None:
    for row in COMBINATIONS:
        if row.name in ROWS:
            for document in row.render(helm3).documents:
                assert document.label == (document.content["kind"], document.content["metadata"]["name"])


def test_a_batch_refuses_what_the_schema_of_the_values_refuses(helm3: Helm) -> None:
    with pytest.raises(HelmError, match="/batch/1/resourceProfile"):
        helm3.render_anew([party(), party(resourceProfile="huge")])


def test_a_spec_of_which_helm_4_makes_something_else_is_found(helm3: Helm) -> None:
    both = Both(helm3.path)
    same, other = party(modules=["osx"]), party(modules=["mysql"])
    for spec in (same, other):
        both.render(spec)
    assert both.differences() == []
    elsewhere = Both(helm3.path, Mislead(both.other.path))
    elsewhere.rendered.update(both.rendered)
    assert elsewhere.differences() == [other]


class Mislead(Helm):
    """A helm that takes mysql for fateboard."""

    __slots__ = ()

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        specs = json.loads(stdin or "{}").get("specs")
        for spec in specs or []:
            spec["modules"] = ["fateboard" if name == "mysql" else name for name in spec["modules"]]
        return Helm(self.path).run(*arguments, stdin=json.dumps({"specs": specs}) if specs else stdin)


def test_what_only_one_helm_refuses_fails(helm3: Helm) -> None:
    both = Both(helm3.path, Accepting(helm3.path))
    with pytest.raises(AssertionError, match="one helm renders what the other refuses"):
        both.render(party(partyId="1" * 60))


class Accepting(Helm):
    """A helm that refuses nothing."""

    __slots__ = ()

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        try:
            return Helm(self.path).run(*arguments, stdin=stdin)
        except HelmError:
            return "kind: Nothing\nmetadata:\n  name: nothing\n"
