# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines of FATE-Flow 2.x: which there are and which go together.

Source: FATE-Flow v2.0.0 to v2.2.0, entity/types/_engine.py and engine/relation_ship.py; pyfate v2.2.0,
arch/computing/backends (which storage tasks can read and write). ``Spark_local`` is cluster.yaml's name for Spark in
the fate-flow pod itself.
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
    "spark": ("hdfs", "file"),
}
"""FATE-Flow also lets Spark start with ``standalone``, but its tasks can then neither read nor write."""

NEEDED_MODULES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("computing", "Eggroll"): ("clustermanager", "nodemanager"),
    ("federation", "OSX"): ("osx",),
}
"""(key, word) to modules without which that engine cannot work and which cannot be outside the cluster."""

ELSEWHERE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("computing", "Spark"): ("spark", "python.spark.master"),
    ("storage", "HDFS"): ("hdfs", "python.hdfs.name_node"),
    ("federation", "RabbitMQ"): ("rabbitmq", "python.rabbitmq.host"),
    ("federation", "Pulsar"): ("pulsar", "python.pulsar.host"),
}
"""(key, word) to the module that an engine needs, and to the path of a spec that names one outside the cluster."""

WORDS: Mapping[str, str] = {
    "eggroll": "Eggroll",
    "spark": "Spark or Spark_local",
    "standalone": "Standalone",
    "osx": "OSX",
    "pulsar": "Pulsar",
    "rabbitmq": "RabbitMQ",
    "hdfs": "HDFS",
    "file": "LocalFS",
}
"""Engine of FATE-Flow to what a cluster.yaml calls it."""

OLD_WORDS: Mapping[str, Mapping[str, str]] = {"federation": {"Eggroll": "OSX"}}
"""Words of 1.x and their successors: sample files for chart v2.0.0 still carry them, and FATE-Flow 2.x refuses them."""
