# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxies a member runs, by its spec."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.routing import PROXIES
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.proxies import (
    mode_of,
    proxies_of,
    relays,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import exchange, member


@pytest.mark.parametrize(
    ("spec", "proxies"),
    [
        ({}, ["osx"]),
        ({"federation": "OSX", "modules": ["osx", "python"]}, ["osx"]),
        ({"federation": "OSX", "modules": ["python"]}, []),
        ({"federation": "Eggroll"}, ["osx"]),
        ({"federation": "Eggroll", "modules": ["rollsite", "python"]}, ["rollsite"]),
        ({"federation": "Pulsar", "computing": "Spark", "modules": ["nginx", "pulsar", "python"]}, ["nginx", "pulsar"]),
        ({"federation": "RabbitMQ", "computing": "Spark"}, ["nginx", "rabbitmq"]),
        ({"federation": "Pulsar", "computing": "Eggroll", "modules": ["osx", "pulsar"]}, ["osx", "pulsar"]),
        ({"federation": "Pulsar", "modules": ["osx", "nginx"], "python": {"proxy": "nginx"}}, ["nginx", "pulsar"]),
        ({"federation": "Pulsar", "modules": [], "python": {"nginx": {"host": "n"}}}, ["nginx", "pulsar"]),
        ({"federation": "OSX", "computing": "Spark", "modules": ["osx", "nginx"]}, ["nginx", "osx"]),
        ({"federation": "Standalone"}, []),
    ],
)
def test_the_engine_and_the_modules_tell_by_what_a_party_talks(spec: dict[str, Any], proxies: list[str]) -> None:
    assert [proxy.name for proxy in proxies_of(member("a", "1", spec=spec))] == proxies


def test_a_cluster_of_fate_serving_talks_by_its_own_proxy() -> None:
    assert [proxy.name for proxy in proxies_of(member("a", "1", chart="fate-serving"))] == ["serving"]
    by_modules = member("a", "1", chart="", spec={"modules": ["servingProxy"]})
    assert [proxy.name for proxy in proxies_of(by_modules)] == ["serving"]


def test_an_exchange_relays_what_its_modules_are_for() -> None:
    whole = exchange("x")
    assert [name for name, proxy in PROXIES.items() if relays(whole, proxy)] == [
        "osx",
        "nginx",
        "pulsar",
        "traffic_server",
    ]
    assert [name for name, proxy in PROXIES.items() if relays(exchange("x", spec={"modules": ["osx"]}), proxy)] == [
        "osx"
    ]
    hub = member("x", role=whole.role, chart="fate-serving", spec={"modules": ["servingProxy"]})
    assert [name for name, proxy in PROXIES.items() if relays(hub, proxy)] == ["serving"]


@pytest.mark.parametrize(
    ("spec", "mode"),
    [
        ({}, "OSX, stream mode"),
        ({"computing": "Spark"}, "OSX, queue mode"),
        ({"computing": "Spark", "osx": {"mode": "stream"}}, "OSX, stream mode"),
        ({"federation": "Pulsar"}, "Pulsar"),
        ({"federation": "Eggroll", "modules": ["rollsite"]}, "rollsite (FATE 1.x)"),
    ],
)
def test_what_both_sides_of_a_job_must_have_alike(spec: dict[str, Any], mode: str) -> None:
    assert mode_of(member("a", "1", spec=spec)) == mode
