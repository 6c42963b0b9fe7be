# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests with real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.federatedai.kubefate.tests.servers.flowpython import FlowPython
from ansible_collections.federatedai.kubefate.tests.servers.mariadb import MariaDB
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm


@pytest.fixture(scope="session")
def helm3() -> Helm:
    return Helm.of_major(3)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """One server for all tests of a process; each adds a database of its own."""
    with MariaDB(tmp_path_factory.mktemp("mariadb"), address=own_address(), port=3306) as server:
        yield server


@pytest.fixture(scope="session")
def flow_python() -> Iterator[FlowPython]:
    """What the FATE-Flows of a process are forks of."""
    with FlowPython() as program:
        yield program
