# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two FATE-Flows that reach each other through a router, which passes requests on by their destination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib import request

from ansible_collections.federatedai.kubefate.tests.servers.asking import opened
from ansible_collections.federatedai.kubefate.tests.servers.fateflow import FateFlow
from ansible_collections.federatedai.kubefate.tests.servers.flowpython import FlowPython
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Request, Server


def passed_on(url: str, asked: Request, target: str = "") -> Answer:
    """The answer of another server to a request."""
    body = asked.body or None
    headers = {name: ", ".join(values) for name, values in asked.headers.items() if name not in ("host", "connection")}
    sent = request.Request(url + (target or asked.target), body, headers, method=asked.method)
    with opened(sent, 30) as answer:
        return Answer(answer.status, answer.read(), {"Content-Type": answer.headers.get("Content-Type", "")})


@contextmanager
def two_parties(python: FlowPython, folder: Path, ids: Sequence[str] = ("9999", "10000")) -> Iterator[list[FateFlow]]:
    """Two servers and the router between them."""
    servers: dict[str, FateFlow] = {}

    def route(asked: Request) -> Answer:
        return passed_on(servers[asked.header("dest-party-id")].url, asked)

    with Server(route) as router:
        for party in ids:
            servers[party] = FateFlow(python, folder / party, party, router.url)
        with servers[ids[0]], servers[ids[1]]:
            yield list(servers.values())
