# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of a cluster as results show them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.describe import endpoints


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        ({"host": "board.example.com", "path": "/", "tls": {"termination": "edge"}}, ["https://board.example.com/"]),
        ({"host": "board.example.com", "path": "/fate"}, ["http://board.example.com/fate"]),
        ({}, []),
    ],
)
def test_a_route_of_openshift_is_an_address_from_outside(spec: dict[str, Any], addresses: list[str]) -> None:
    metadata = {"name": "fateboard", "labels": {"fateMoudle": "fateboard"}}
    found = endpoints([{"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": metadata, "spec": spec}])
    assert [entry["address"] for entry in found] == addresses
    assert all((entry["scope"], entry["module"]) == ("outside", "fateboard") for entry in found)
