# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the charts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import renders
from .both import Both
from .kit import Helm


@pytest.fixture(scope="session")
def helm() -> Iterator[Helm]:
    """Each helm that the environment names."""
    renders.tidy()
    both = Both(Helm.of_major(3).path)
    yield both
    assert both.differences() == []


@pytest.fixture(scope="session")
def helm3() -> Helm:
    """For what does not depend on helm and takes many runs."""
    return Helm.of_major(3)
