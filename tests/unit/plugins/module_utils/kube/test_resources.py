# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.resources import KNOWN, ResourceType

RECORDED = json.loads((Path(__file__).parent / "fixtures" / "api-resources.json").read_text(encoding="utf-8"))
"""What an API server 1.37 says: group and version to kind to plural and whether it lies in namespaces."""


@pytest.mark.parametrize("key", KNOWN, ids=" ".join)
def test_the_table_says_what_an_api_server_says(key: tuple[str, str]) -> None:
    api_version, kind = key
    found = KNOWN[key]
    assert (found.api_version, found.kind) == key
    assert [found.plural, found.namespaced] == RECORDED[api_version][kind]


def test_paths_of_collections_objects_and_subresources() -> None:
    pods, nodes, jobs = KNOWN["v1", "Pod"], KNOWN["v1", "Node"], KNOWN["batch/v1", "Job"]
    assert pods.path() == "/api/v1/pods"
    assert pods.path("ns") == "/api/v1/namespaces/ns/pods"
    assert pods.path("ns", "a", "log") == "/api/v1/namespaces/ns/pods/a/log"
    assert nodes.path("ns", "a") == "/api/v1/nodes/a"
    assert jobs.path("ns") == "/apis/batch/v1/namespaces/ns/jobs"
    assert (pods.group, jobs.group) == ("", "batch")


def test_a_name_cannot_lead_to_another_object() -> None:
    path = ResourceType("v1", "ConfigMap", "configmaps", True).path("a/../b", "job-x/../../secrets/y?z")
    assert path == "/api/v1/namespaces/a%2F..%2Fb/configmaps/job-x%2F..%2F..%2Fsecrets%2Fy%3Fz"
