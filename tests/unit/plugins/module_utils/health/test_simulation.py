# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.health.pods import SIMULATED_NODE, simulated_by

PLAYED: dict[str, Any] = {"metadata": {"annotations": {SIMULATED_NODE: "true"}}}
REAL: dict[str, Any] = {"metadata": {}}


@pytest.mark.parametrize(
    ("nodes", "said"),
    [([], None), ([PLAYED], True), ([PLAYED, PLAYED], True), ([REAL], False), ([PLAYED, REAL], None)],
    ids=["none", "played", "all played", "real", "both"],
)
def test_nodes_tell_whether_pods_are_simulated_where_all_agree(nodes: list[Any], said: bool | None) -> None:
    assert simulated_by(nodes) is said
