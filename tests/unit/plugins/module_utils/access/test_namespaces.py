# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.namespaces import ensure_namespace
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal

SPACE = Ref("v1", "Namespace", "", "bank")


def test_a_namespace_is_made_once() -> None:
    api = MemoryApi()
    assert ensure_namespace(api, "bank", create=True)
    assert not ensure_namespace(api, "bank", create=True)
    assert api.read(SPACE)["metadata"]["labels"]["kubefate.federatedai.org/made"] == "true"


def test_a_namespace_that_another_run_makes_at_the_same_moment_is_used() -> None:
    api = MemoryApi()

    def made_meanwhile(sent: Sent) -> ApiError | None:
        if sent.method == "POST":
            api.put(sent.body)
            return refusal(409, 'namespaces "bank" already exists')
        return None

    api.fault = made_meanwhile
    assert not ensure_namespace(api, "bank", create=True), "the other one made it"
    assert SPACE in api.objects


def test_a_namespace_that_may_not_be_made_is_an_error() -> None:
    api = MemoryApi()
    api.fault = lambda sent: refusal(403, "namespaces is forbidden") if sent.method == "POST" else None
    with pytest.raises(KubefateError, match="forbidden"):
        ensure_namespace(api, "bank", create=True)
