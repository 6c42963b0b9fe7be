# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the charts."""

from __future__ import annotations

import pytest

from .kit import Helm


@pytest.fixture(scope="session", params=[3, 4], ids=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each helm that the environment names."""
    return Helm.of_major(request.param)


@pytest.fixture(scope="session")
def helm3() -> Helm:
    """For what does not depend on helm and takes many runs."""
    return Helm.of_major(3)
