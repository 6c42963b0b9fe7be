# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.names import (
    check_account,
    check_name,
    check_namespace,
)


@pytest.mark.parametrize("name", ["a", "9", "fate-9999", "a" * 53, "x--y"])
def test_a_name_that_kubernetes_takes(name: str) -> None:
    check_name(name)
    check_namespace(name)


def test_a_namespace_may_be_longer_than_a_release_name() -> None:
    check_namespace("a" * 63)
    with pytest.raises(KubefateError):
        check_name("a" * 54)
    with pytest.raises(KubefateError):
        check_namespace("a" * 64)


@pytest.mark.parametrize("check", [check_name, check_namespace])
@pytest.mark.parametrize("name", ["Fate", "-a", "a-", "a_b", "a.b", "a b", "é", "a\n", "--help", "a/b"])
def test_a_name_that_kubernetes_refuses_is_refused_before(check: Callable[[str], None], name: str) -> None:
    with pytest.raises(KubefateError) as caught:
        check(name)
    assert caught.value.kind is Kind.INPUT
    assert repr(name) in caught.value.msg
    assert "lower-case letters" in caught.value.hint


def test_no_name_at_all_says_where_to_give_one() -> None:
    with pytest.raises(KubefateError, match="The cluster has no name") as caught:
        check_name("")
    assert "name" in caught.value.hint


@pytest.mark.parametrize("name", ["kube-system", "kube-public", "kube-node-lease"])
def test_kubernetes_own_namespaces_are_refused(name: str) -> None:
    with pytest.raises(KubefateError, match="belongs to Kubernetes itself"):
        check_namespace(name)


def test_a_service_account_may_have_dots_and_a_long_name() -> None:
    check_account("jane.doe")
    check_account("a" * 253)
    for name in ("", "Jane", "jane doe", "-a", "a.", "a" * 254):
        with pytest.raises(KubefateError, match="cannot be the name of a service account") as caught:
            check_account(name)
        assert caught.value.kind is Kind.INPUT
