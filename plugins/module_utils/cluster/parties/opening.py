# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API servers of a federation: each opened once for each set of credentials, and asked in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ...access.openshift import recognise
from ...errors import KubefateError
from ...helm.cli import Helm
from ...kube.client import Api, ApiError
from ...kube.connection import Connection
from ...objects import Object
from ..gather import MADE, RECORDS, SECRETS
from ..listing import Objects
from .model import Party, Server

SERVERS = 8
"""API servers that are asked at once."""
T = TypeVar("T")


class Servers:
    """The API servers of those parties that are still being planned.

    open_helm: makes the helm for a connection.
    """

    def __init__(self, parties: Sequence[Party], open_helm: Callable[[Connection], Helm]):
        self.parties = parties
        self.by_key: dict[str, Server] = {}
        spaces: dict[str, list[str]] = {}
        for party in parties:
            if party.connection:
                spaces.setdefault(party.key, []).append(party.namespace)
        for party in parties:
            if party.alive and party.connection is not None:
                if party.key not in self.by_key:
                    api = Api(party.connection)
                    # For a single namespace, one list over all would mostly be of what is not ours.
                    objects = Objects(api, spaces[party.key], wide=len(set(spaces[party.key])) > 1)
                    self.by_key[party.key] = Server(api, open_helm(party.connection), objects)
                party.server = self.by_key[party.key]

    def on_each(self, work: Callable[[Server, list[Party]], None]) -> None:
        """Do something on every API server with the parties there, in parallel; where it fails, those parties fail."""

        def guarded(here: tuple[Server, list[Party]]) -> KubefateError | None:
            try:
                work(*here)
            except KubefateError as error:
                return error
            return None

        used = [(server, here) for server in self.by_key.values() if (here := self.alive(server))]
        for (_server, here), error in zip(used, pooled(guarded, used, SERVERS), strict=True):
            for party in here if error else ():
                party.error = error

    def alive(self, server: Server) -> list[Party]:
        return [party for party in self.parties if party.alive and party.server is server]


def look_at(server: Server, here: Sequence[Party]) -> None:
    """What an API server has, and which releases are there."""
    server.openshift = recognise(server.api)
    read_records(server, here)


def read_records(server: Server, here: Sequence[Party]) -> None:
    """Release records and generated Secrets: of several namespaces with one request where that is permitted, else with
    one for each.

    Where drift is ignored, labels tell whether a release is what it should be: of the records, which are large, only
    those are asked for.
    """
    brief = all(party.options.drift == "ignore" for party in here)
    server.whole = set() if brief else None
    if len({party.namespace for party in here}) == 1:
        _read_each(server, here, brief=brief)
        return
    try:
        found = _secrets(server, "", brief=brief)
    except ApiError as error:
        if error.status != 403:
            raise
        _read_each(server, here, brief=brief)
    else:
        by_namespace: dict[str, list[Object]] = {}
        for secret in found:
            by_namespace.setdefault(str(secret["metadata"].get("namespace", "")), []).append(secret)
        server.secrets = dict(by_namespace)


def _secrets(server: Server, namespace: str, *, brief: bool) -> list[Object]:
    if not brief:
        return list(server.api.list_objects("v1", "Secret", namespace, labels=SECRETS))
    records = server.api.list_objects("v1", "Secret", namespace, labels=RECORDS, only_metadata=True)
    return [*records, *server.api.list_objects("v1", "Secret", namespace, labels=MADE)]


def _read_each(server: Server, here: Sequence[Party], *, brief: bool) -> None:
    """Namespace by namespace; where a right is missing, the parties there fail alone."""

    def one(namespace: str) -> list[Object] | ApiError:
        try:
            return _secrets(server, namespace, brief=brief)
        except ApiError as error:
            if error.status != 403:
                raise
            return error

    spaces = list(dict.fromkeys(party.namespace for party in here))
    found: list[list[Object] | ApiError] = server.api.parallel(one, spaces)
    by_namespace = dict(zip(spaces, found, strict=True))
    server.secrets = {space: items for space, items in by_namespace.items() if isinstance(items, list)}
    for party in here:
        refused = by_namespace[party.namespace]
        if isinstance(refused, ApiError):
            party.error = refused


def pooled(work: Callable[[Any], T], over: Sequence[Any], workers: int) -> list[T]:
    """``work`` done on each, several at once, results in order."""
    if len(over) < 2:
        return [work(item) for item in over]
    with ThreadPoolExecutor(max_workers=min(workers, len(over))) as pool:
        return list(pool.map(work, over))
