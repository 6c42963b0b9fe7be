# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Serving in the tests of the charts."""

from __future__ import annotations

import copy
from typing import Any

from .kit import CHART as FATE
from .kit import Spec

CHART = FATE.parent / "fate-serving"
HOME = "/data/projects/fate-serving"
NAMES = {
    "servingServer": "serving-server",
    "servingProxy": "serving-proxy",
    "servingAdmin": "serving-admin",
    "servingRedis": "serving-redis",
    "servingZookeeper": "serving-zookeeper",
}
"""Module of a cluster.yaml to value of the label fateMoudle, which is the name of its workload, too."""
MODULES = list(NAMES)
SERVING: Spec = {"name": "fate-serving-9999", "partyId": "9999", "modules": MODULES}


def serving(**changes: Any) -> Spec:
    """The usual spec with top-level keys changed."""
    return {**copy.deepcopy(SERVING), **changes}
