# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How FATE's proxies find each other, as data.

Source: KubeFATE's cluster.yaml for chart fate v2.0.0, FATE 2.x java/osx.
"""

from __future__ import annotations

OSX_MODULE = "osx"
OSX_SERVICE = "osx"
OSX_PORT = 9370
OSX_ENGINE = "OSX"
PEERS_PATH = "osx.partyList"
"""Where a spec lists the other parties: entries with partyId, partyIp, partyPort."""
NODE_PORT_PATH = "osx.nodePort"
"""Path of the node port under which other parties reach a party's OSX."""
SERVICE_TYPE_PATH = "osx.type"
NODE_PORTS: tuple[str, ...] = (
    "osx.nodePort",
    "python.httpNodePort",
    "python.grpcNodePort",
    "nginx.httpNodePort",
    "nginx.grpcNodePort",
    "rabbitmq.nodePort",
    "pulsar.httpNodePort",
    "pulsar.httpsNodePort",
    "spark.master.nodePort",
    "hdfs.namenode.nodePort",
    "servingServer.nodePort",
    "servingProxy.nodePort",
)
"""Paths of node ports in a spec; each may be used once on one Kubernetes."""
