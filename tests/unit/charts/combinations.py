# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Combinations of engines, as parties that charts/fate renders: each has a row, and every check takes the rows that it
is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .kit import Helm, Manifests, Spec, party

# What cluster.yaml calls an engine, where FATE-Flow has another word for it.
WORDS = {"spark_local": "spark", "localfs": "file"}


@dataclass(frozen=True, slots=True)
class Combination:
    """One row.

    :param spec: what differs from the usual cluster.yaml of the tests of charts.
    :param federation: what FATE-Flow's parsers make of the federation: kind, and key and content of its configuration.
    """

    name: str
    spec: dict[str, Any]
    federation: tuple[str, str, dict[str, Any]]

    @property
    def cluster(self) -> Spec:
        """The whole cluster.yaml."""
        return party(**self.spec)

    def render(self, helm: Helm) -> Manifests:
        return helm.render(self.cluster)

    @property
    def engines(self) -> tuple[str, str, str]:
        """Computing, federation and storage as FATE-Flow calls them."""
        words = [str(self.spec[key]).lower() for key in ("computing", "federation", "storage")]
        computing, federation, storage = (WORDS.get(word, word) for word in words)
        return computing, federation, storage

    @property
    def database(self) -> str:
        """A name for a database of its own."""
        return re.sub(r"\W", "_", self.name)


PEER = {"partyId": "10000", "partyIp": "192.168.10.1", "partyPort": 30101}
EGGROLL: dict[str, Any] = {
    "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"],
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "osx": {"partyList": [PEER]},
}


def stream(host: str) -> tuple[str, str, dict[str, Any]]:
    """OSX in mode stream, which FATE-Flow treats as a rollsite."""
    return "rollsite", "rollsite_config", {"host": host, "port": 9370}


COMBINATIONS = [
    Combination("eggroll-osx", EGGROLL, stream("osx")),
    Combination("eggroll-osx-2.2.0", {**EGGROLL, "fateVersion": "2.2.0"}, stream("osx")),
    Combination("eggroll-osx-tls", {**EGGROLL, "osx": {"enableTLS": True, "partyList": [PEER]}}, stream("osx-inside")),
]
