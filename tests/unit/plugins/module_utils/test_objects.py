# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import (
    Ref,
    annotations_of,
    condition,
    event_time,
    labels_of,
    module_of,
    name_of,
    pod_template,
)


def test_an_object_without_a_namespace_is_of_the_one_that_is_given() -> None:
    obj = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "osx"}}
    assert Ref.of(obj, "fate-9999") == Ref("apps/v1", "Deployment", "fate-9999", "osx")
    obj["metadata"] = {"name": "osx", "namespace": "other"}
    assert Ref.of(obj, "fate-9999").namespace == "other"


def test_a_reference_is_shown_as_kind_and_name() -> None:
    assert str(Ref("v1", "Service", "n", "osx")) == "Service/osx"


@pytest.mark.parametrize("obj", [{}, {"metadata": None}, {"metadata": {"labels": None, "annotations": None}}])
def test_parts_that_are_missing_are_empty(obj: dict[str, Any]) -> None:
    assert (name_of(obj), labels_of(obj), annotations_of(obj), condition(obj, "Ready")) == ("", {}, {}, {})
    assert Ref.of(obj) == Ref("", "", "", "")


@pytest.mark.parametrize(
    ("labels", "module"),
    [
        ({"fateMoudle": "osx", "app.kubernetes.io/component": "proxy"}, "osx"),
        ({"app.kubernetes.io/component": "proxy"}, "proxy"),
        ({}, "osx-deployment"),
    ],
)
def test_the_module_of_an_object(labels: dict[str, str], module: str) -> None:
    assert module_of({"metadata": {"name": "osx-deployment", "labels": labels}}) == module


def test_the_pod_template_of_a_cron_job_lies_deeper() -> None:
    template: dict[str, Any] = {"spec": {"containers": []}}
    assert pod_template({"kind": "Deployment", "spec": {"template": template}}) == template
    assert pod_template({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}}) == template
    assert pod_template({"kind": "Service", "spec": {}}) == {}


@pytest.mark.parametrize(
    "event",
    [
        {"series": {"lastObservedTime": "T"}, "lastTimestamp": "old", "metadata": {"creationTimestamp": "older"}},
        {"lastTimestamp": "T", "eventTime": None, "metadata": {"creationTimestamp": "older"}},
        {"lastTimestamp": None, "eventTime": "T", "metadata": {"creationTimestamp": "older"}},
        {"metadata": {"creationTimestamp": "T"}},
    ],
    ids=["series", "controller", "scheduler", "neither"],
)
def test_the_time_of_an_event_is_found_wherever_it_was_written(event: dict[str, Any]) -> None:
    assert event_time(event) == "T"
