# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""files/pulsar_routes.py: Pulsar is told of other parties, and of what changed."""

from __future__ import annotations

import http.server
import json
import runpy
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from .kit import CHART

PEER = {
    "brokerServiceUrl": "pulsar://peer:6650",
    "brokerServiceUrlTls": "pulsar+ssl://peer:6651",
    "proxyServiceUrl": "",
}


class Admin(http.server.ThreadingHTTPServer):
    """What of Pulsar's administration is used. calls: method and party id of what was changed."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.calls: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Admin

    def answer(self, code: int, data: Any = None) -> None:
        body = b"" if data is None else json.dumps(data).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def party(self) -> str:
        assert self.path.startswith("/admin/v2/clusters/")
        return self.path.rsplit("/", 1)[1]

    def do_GET(self) -> None:
        found = self.server.known.get(self.party())
        self.answer(200, found) if found else self.answer(404, {"reason": "Cluster does not exist"})

    def do_PUT(self) -> None:
        self.change()

    def do_POST(self) -> None:
        self.change()

    def change(self) -> None:
        self.server.calls.append((self.command, self.party()))
        self.server.known[self.party()] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(204)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


@pytest.fixture
def admin() -> Iterator[Admin]:
    server = Admin()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def routes() -> ModuleType:
    """The program, with nothing left beside it: what lies in a chart's folder is in the chart."""
    module = ModuleType("pulsar_routes")
    vars(module).update(runpy.run_path(str(CHART / "files" / "pulsar_routes.py")))
    return module


def test_party_that_is_not_known_is_made_and_left_alone_then(admin: Admin, routes: ModuleType) -> None:
    url = f"http://127.0.0.1:{admin.server_port}"
    assert routes.register(url, {"10000": PEER}) == ["10000"]
    assert routes.register(url, {"10000": PEER}) == []
    assert admin.calls == [("PUT", "10000")] and admin.known["10000"] == PEER


def test_changed_address_reaches_pulsar(admin: Admin, routes: ModuleType) -> None:
    url = f"http://127.0.0.1:{admin.server_port}"
    # As Pulsar shows it: what is empty is null or not there.
    admin.known["10000"] = {"brokerServiceUrl": "pulsar://old:6650", "proxyServiceUrl": None}
    assert routes.register(url, {"10000": PEER}) == ["10000"]
    assert admin.calls == [("POST", "10000")] and admin.known["10000"]["brokerServiceUrl"] == "pulsar://peer:6650"


def test_pulsar_that_does_not_answer_is_no_end(routes: ModuleType) -> None:
    with pytest.raises(OSError, match="refused"):
        routes.register("http://127.0.0.1:1", {"10000": PEER})
