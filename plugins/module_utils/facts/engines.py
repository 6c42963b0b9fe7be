# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines of FATE-Flow 2.x: which there are and which go together.

Source: FATE-Flow v2.0.0 to v2.2.0, entity/types/_engine.py and engine/relation_ship.py. ``Spark_local`` is
cluster.yaml's name for Spark in the fate-flow pod itself.
"""

from __future__ import annotations

from collections.abc import Mapping

COMPUTING: Mapping[str, str] = {
    "Eggroll": "eggroll",
    "Spark": "spark",
    "Spark_local": "spark",
    "Standalone": "standalone",
}
"""cluster.yaml's word to the engine of FATE-Flow."""

FEDERATION: Mapping[str, str] = {"OSX": "osx", "Pulsar": "pulsar", "RabbitMQ": "rabbitmq", "Standalone": "standalone"}

STORAGE: Mapping[str, str] = {
    "Eggroll": "eggroll",
    "HDFS": "hdfs",
    "LocalFS": "file",
    "Standalone": "standalone",
    "File": "file",
}
"""``localfs`` itself is refused by FATE-Flow 2.x at start; ``file`` is its legal name."""

FEDERATIONS_OF: Mapping[str, tuple[str, ...]] = {
    "standalone": ("standalone", "rabbitmq", "pulsar", "osx"),
    "eggroll": ("rabbitmq", "pulsar", "osx"),
    "spark": ("pulsar", "rabbitmq", "osx", "standalone"),
}
"""Federation engines that FATE-Flow lets start with a computing engine."""

STORAGES_OF: Mapping[str, tuple[str, ...]] = {
    "standalone": ("standalone",),
    "eggroll": ("eggroll",),
    "spark": ("hdfs", "file", "standalone"),
}

NEEDED_MODULES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("computing", "Eggroll"): ("clustermanager", "nodemanager"),
    ("federation", "OSX"): ("osx",),
}
"""(key, word) to modules without which that engine cannot work and which cannot be outside the cluster."""

OLD_WORDS: Mapping[str, Mapping[str, str]] = {"federation": {"Eggroll": "OSX"}}
"""Words of 1.x and their successors: sample files for chart v2.0.0 still carry them, and FATE-Flow 2.x refuses them."""
