# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests with real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.federatedai.kubefate.tests.servers.flowparsers import Parsers
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

# Files of servers that no chart has yet.
collect_ignore = [
    name
    for name, module in (
        ("test_rabbitmq.py", "rabbitmq"),
        ("test_nginx.py", "nginx"),
        ("test_redis.py", "servingRedis"),
        ("large_pulsar.py", "pulsar"),
        ("large_hdfs.py", "hdfs"),
        ("large_spark.py", "spark"),
        ("large_zookeeper.py", "servingZookeeper"),
        ("large_traffic_server.py", "trafficServer"),
    )
    if not any(combination.has(module) for combination in COMBINATIONS)
]


@pytest.fixture(scope="session")
def helm3() -> Helm:
    return Helm.of_major(3)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """One server for all tests of a process; each adds a database of its own."""
    with MariaDB(tmp_path_factory.mktemp("mariadb"), address=own_address(), port=3306) as server:
        yield server


@pytest.fixture(scope="session")
def parsers() -> Iterator[Parsers]:
    """FATE-Flow's own."""
    with Parsers() as program:
        yield program
