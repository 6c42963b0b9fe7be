# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the helms said for real (see record.py), as errors of this collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.messages import (
    error_text,
    failure,
    template_position,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome

RECORDED: dict[int, dict[str, Any]] = {
    major: json.loads((Path(__file__).parent / "fixtures" / f"errors-helm{major}.json").read_text(encoding="utf-8"))
    for major in (3, 4)
}
KINDS: dict[str, tuple[Kind, str]] = {
    "dependency": (Kind.CHART, "missing in charts/ directory: sub"),
    "fail": (Kind.CHART, "osx needs a port: give one"),
    "required": (Kind.CHART, "osx needs a port: give one"),
    "parse-error": (Kind.CHART, "missing value for if"),
    "nil-pointer": (Kind.CHART, "nil pointer evaluating"),
    "not-yaml": (Kind.CHART, "mapping values are not allowed"),
    "schema": (Kind.CHART, "at '/port': got string, want integer"),
    "kube-version": (Kind.CHART, ">=99.0"),
    "no-chart": (Kind.CHART, "/nonexistent/web"),
    "no-chart-yaml": (Kind.CHART, "Chart.yaml"),
    "values-not-yaml": (Kind.CHART, "mapping values are not allowed"),
    "values-no-mapping": (Kind.CHART, "cannot unmarshal array"),
    "unknown-kind": (Kind.CHART, 'no matches for kind "Nothing"'),
    "too-large": (Kind.CHART, "may not be more than 1048576 bytes"),
    "refused-connection": (Kind.CONNECTION, "connection refused"),
    "no-such-host": (Kind.CONNECTION, "no such host"),
    "unknown-ca": (Kind.CONNECTION, "certificate signed by unknown authority"),
    "unauthorized": (Kind.UNAUTHORIZED, "provide credentials"),
    "forbidden": (Kind.FORBIDDEN, 'cannot list resource "secrets"'),
    "no-namespace": (Kind.NOT_FOUND, "not found"),
    "rollback-no-release": (Kind.NOT_FOUND, "release: not found"),
    "rollback-no-revision": (Kind.NOT_FOUND, "no 5 version"),
    "pending": (Kind.LOCKED, "another operation"),
    "foreign-object": (Kind.CONFLICT, "invalid ownership metadata"),
    "conflict": (Kind.CONFLICT, ".spec.replicas"),
    "quota": (Kind.REFUSED, "exceeded quota: none"),
    "policy": (Kind.REFUSED, "no such name here"),
    "immutable": (Kind.REFUSED, "field is immutable"),
    "invalid-object": (Kind.REFUSED, "Unsupported value"),
    "node-port-taken": (Kind.REFUSED, "already allocated"),
    "hook-timeout": (Kind.HELM, "failed pre-install"),
}
CASES = [(major, name) for major, recorded in RECORDED.items() for name in recorded]


def recorded(major: int, name: str) -> KubefateError:
    entry = RECORDED[major][name]
    return failure(entry["subcommand"], Outcome(entry["rc"], entry["out"], entry["err"]), 60.0)


def test_every_kind_of_trouble_was_recorded_with_both_helms() -> None:
    assert set(RECORDED[4]) == set(KINDS)
    assert set(RECORDED[3]) == set(KINDS) - {"conflict"}, "helm 3 overwrites fields of others without a word"


@pytest.mark.parametrize(("major", "name"), CASES)
def test_what_helm_said_becomes_the_right_kind_of_error(major: int, name: str) -> None:
    kind, said = KINDS[name]
    error = recorded(major, name)
    assert error.kind is kind
    assert said in error.msg
    assert error.hint
    assert error.msg.startswith(f"helm {RECORDED[major][name]['subcommand']}: ")


@pytest.mark.parametrize(("major", "name"), CASES)
def test_the_message_is_one_sentence_without_helms_decoration(major: int, name: str) -> None:
    text = recorded(major, name).msg
    assert "\n" not in text
    for noise in ("Error:", "--debug", "level=", "WARNING", "UPGRADE FAILED", "INSTALLATION FAILED", "Usage:"):
        assert noise not in text


@pytest.mark.parametrize("major", [3, 4])
def test_the_place_in_a_template_is_found(major: int) -> None:
    at = {name: template_position(RECORDED[major][name]["err"]) for name in ("nil-pointer", "fail", "parse-error")}
    file = "web/templates/web.yaml"
    assert at == {"nil-pointer": (file, 1), "fail": (file, 2), "parse-error": (file, 2)}
    assert template_position(RECORDED[major]["quota"]["err"]) is None


def test_the_innermost_of_several_templates_is_the_place() -> None:
    text = (
        'template: a/templates/all.yaml:1:6: executing "a/templates/all.yaml" at <include "b" .>: error calling '
        "include: "
        'template: a/templates/_b.tpl:12:5: executing "b" at <.x.y>: nil pointer evaluating interface {}.y'
    )
    assert template_position(text) == ("a/templates/_b.tpl", 12)


def test_a_chart_that_uses_words_of_other_errors_is_still_the_chart_that_refuses() -> None:
    text = "Error: execution error at (a/templates/b.yaml:1:2): this is forbidden: exceeded quota: conflict with x"
    error = failure("template", Outcome(1, "", text), 60.0)
    assert error.kind is Kind.CHART
    assert "itself refuses" in error.hint


def test_warnings_before_the_error_are_left_out() -> None:
    text = (
        "WARNING: Kubernetes configuration file is group-readable.\n"
        'W1123 10:00:00.000000   12 warnings.go:70] unknown field "spec.x"\n'
        'level=WARN msg="something"\n\n'
        "Error: UPGRADE FAILED: something odd\nhappened here\n\nUse --debug flag to render out invalid YAML\n"
    )
    assert error_text(text) == "something odd happened here"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(3, "", ""), "helm upgrade: exit code 3"),
        (Outcome(3, "said on stdout\n", ""), "helm upgrade: said on stdout"),
        (Outcome(1, "", "panic: something"), "helm upgrade: panic: something"),
    ],
)
def test_what_is_not_known_is_handed_on(outcome: Outcome, said: str) -> None:
    error = failure("upgrade", outcome, 60.0)
    assert (error.msg, error.kind) == (said, Kind.HELM)


def test_a_helm_that_was_stopped_is_a_time_out() -> None:
    error = failure("upgrade", Outcome(-9, "", "Error: is forbidden", timed_out=True), 315.4)
    assert error.kind is Kind.TIMEOUT
    assert error.msg == "helm upgrade did not answer within 315 s and was stopped."
    assert "wait_timeout" in error.hint
