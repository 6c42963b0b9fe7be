# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of all replicas: which containers are read, which part of them, and that no secret is in them."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.gather import find_release
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.logs import LogRequest, read_logs
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi

MODULES = {"mysql": 1, "nodemanager": 2}


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def workload(module: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": module, "labels": {"fateMoudle": module}},
        "spec": {"selector": {"matchLabels": {"app": module}}},
    }


def pod(module: str, number: int) -> dict[str, Any]:
    spec = {"initContainers": [{"name": "wait"}], "containers": [{"name": module}]}
    metadata = {"name": f"{module}-{number}", "namespace": "ns", "labels": {"app": module}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def record() -> dict[str, Any]:
    body = {
        "config": {"modules": {"mysql": {"password": "from-the-values"}}},
        "manifest": "\n---\n".join(json.dumps(workload(module)) for module in MODULES),
    }
    labels = {"owner": "helm", "name": "fate", "version": "1", "status": "deployed"}
    payload = encoded(base64.b64encode(gzip.compress(json.dumps(body).encode())))
    metadata = {"name": "sh.helm.release.v1.fate.v1", "namespace": "ns", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": payload}}


def generated() -> dict[str, Any]:
    metadata = {"name": "fate-mysql", "namespace": "ns", "labels": {"owner": "kubefate", "name": "fate"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"root": encoded(b"made-for-root")}}


@pytest.fixture
def api() -> MemoryApi:
    pods = [pod(module, number) for module, count in MODULES.items() for number in range(count)]
    made = MemoryApi(record(), generated(), *pods)
    made.texts = {found["metadata"]["name"]: f"line of {found['metadata']['name']}\n" for found in pods}
    return made


def read(api: MemoryApi, **options: Any) -> list[dict[str, str]]:
    context = Context(api, Helm(FakeRunner(), "helm"), Options())
    return read_logs(context, find_release(api, "fate", "ns"), "ns", LogRequest.of(options))


def queries(api: MemoryApi) -> list[dict[str, str]]:
    return [dict(sent.query) for sent in api.sent if sent.path.endswith("/log")]


def test_every_container_of_every_replica_is_read(api: MemoryApi) -> None:
    found = read(api)
    assert [(entry["module"], entry["pod"], entry["container"]) for entry in found] == [
        ("mysql", "mysql-0", "wait"),
        ("mysql", "mysql-0", "mysql"),
        ("nodemanager", "nodemanager-0", "wait"),
        ("nodemanager", "nodemanager-0", "nodemanager"),
        ("nodemanager", "nodemanager-1", "wait"),
        ("nodemanager", "nodemanager-1", "nodemanager"),
    ]
    assert found[-1]["text"] == "line of nodemanager-1\n"
    assert {entry["error"] for entry in found} == {""}


def test_one_module_may_be_named_and_one_that_is_not_there_is_refused(api: MemoryApi) -> None:
    assert {entry["module"] for entry in read(api, modules=["nodemanager"])} == {"nodemanager"}
    with pytest.raises(KubefateError, match="has no module nodemanger; it has mysql, nodemanager"):
        read(api, modules=["nodemanger"])


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"tail": 5}, {"tailLines": "5"}),
        ({"tail": 0}, {}),
        ({"since": "90s"}, {"sinceSeconds": "90"}),
        ({"since": "10m"}, {"sinceSeconds": "600"}),
        ({"since": "2h"}, {"sinceSeconds": "7200"}),
        ({"since": "1d", "tail": 3}, {"sinceSeconds": "86400", "tailLines": "3"}),
        ({"previous": True}, {"previous": "true"}),
    ],
)
def test_which_part_of_a_log(api: MemoryApi, options: dict[str, Any], query: dict[str, str]) -> None:
    read(api, modules=["mysql"], **options)
    assert queries(api) == [{"container": "wait", **query}, {"container": "mysql", **query}]


@pytest.mark.parametrize("since", ["an hour", "-5m", "1.5h", "10 minutes"])
def test_a_time_that_cannot_be_read_is_refused(api: MemoryApi, since: str) -> None:
    with pytest.raises(KubefateError, match="is not a time"):
        read(api, since=since)


def test_a_log_that_cannot_be_read_is_said_and_stops_no_other(api: MemoryApi) -> None:
    del api.texts["nodemanager-0"]
    found = {entry["pod"]: entry for entry in read(api, modules=["nodemanager"])}
    assert found["nodemanager-0"]["text"] == ""
    assert found["nodemanager-0"]["error"]
    assert found["nodemanager-1"]["text"]


def test_secrets_of_the_cluster_are_taken_out_of_its_logs(api: MemoryApi) -> None:
    api.texts["mysql-0"] = "connecting with from-the-values, then with made-for-root\n"
    for entry in read(api, modules=["mysql"]):
        assert "from-the-values" not in entry["text"]
        assert "made-for-root" not in entry["text"]
        assert entry["text"].startswith("connecting with ")


def test_a_cluster_that_is_not_there_has_no_logs() -> None:
    assert read(MemoryApi()) == []
