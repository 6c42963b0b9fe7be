# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange in the tests of the charts."""

from __future__ import annotations

import copy
from typing import Any

from .kit import CHART as FATE
from .kit import Spec

CHART = FATE.parent / "fate-exchange"
NAMES = {"osx": "osx", "nginx": "nginx", "trafficServer": "traffic-server"}
"""Module of a cluster.yaml to value of the label fateMoudle, which is the name of its workload, too."""
MODULES = list(NAMES)
PARTIES: Spec = {
    "osx": {
        "partyList": [
            {"partyId": "9999", "partyIp": "192.168.9.1", "partyPort": 30091},
            {"partyId": "10000", "partyIp": "osx.bank.example", "partyPort": 9370},
        ]
    },
    "nginx": {
        "route_table": {
            "9999": {"fateflow": [{"host": "192.168.9.1", "http_port": 30093, "grpc_port": 30098}]},
            "10000": {"fateflow": [{"host": "192.168.10.1", "http_port": 30103, "grpc_port": 30108}]},
        }
    },
    "trafficServer": {
        "route_table": {
            "sni": [
                {"fqdn": "9999.fate.org", "tunnelRoute": "192.168.9.1:30099"},
                {"fqdn": "10000.fate.org", "tunnelRoute": "192.168.10.1:30109"},
            ]
        }
    },
}
EXCHANGE: Spec = {"name": "fate-exchange", "fateVersion": "2.0.0", "modules": MODULES, **PARTIES}


def exchange(**changes: Any) -> Spec:
    """The usual spec with top-level keys changed."""
    return {**copy.deepcopy(EXCHANGE), **changes}
