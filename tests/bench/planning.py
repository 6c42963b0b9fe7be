"""Plans so many parties once, and prints seconds, those of the processor, and the largest size in memory as JSON.

Usage: planning.py PARTIES FOLDER. A process of its own plays the API server: it lists release records of real size for
all parties, whose labels prove that nothing changed, and nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from machine import largest

from inventories import MODULES

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".work" / "collections"))

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator

from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import (
    PLAN_FEDERATION,
    federation_of,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.gathering import Gatherer
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import PROOF_LABEL, proof
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import bundled_charts

RECORD_BYTES = 60_000
PAGE = 500


def parties(count: int, server: str) -> list[dict[str, Any]]:
    spec = {"computing": "Eggroll", "federation": "OSX", "storage": "Eggroll", "modules": MODULES}
    connection = {"host": server, "api_key": "synthetic"}
    hub = {
        "host": "hub",
        "role": "exchange",
        "managed": False,
        "advertise_host": "hub.example",
        "advertise_port": 30000,
    }
    made = [
        {
            "host": f"party-{number}",
            "connection": connection,
            "name": f"fate-{number}",
            "namespace": f"fate-{number}",
            "chart": "fate",
            "chart_version": "2.2.0",
            "spec": {**spec, "partyId": str(1000 + number)},
            "advertise_host": f"party-{number}.example",
        }
        for number in range(count)
    ]
    return [{**hub, "spec": {"modules": ["osx"]}}, *made]


def serve(pipe: Any) -> None:
    """The API server. The labels of the records come through the pipe once the address is known."""
    records: list[dict[str, Any]] = []
    payload = base64.b64encode(base64.b64encode(os.urandom(RECORD_BYTES // 2))).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            owned = "owner=kubefate" in query.get("labelSelector", [""])[0]
            brief = "PartialObjectMetadataList" in self.headers["Accept"]
            found = records if parts.path == "/api/v1/secrets" and not owned else []
            start = int(query.get("continue", ["0"])[0])
            page = found[start : start + PAGE]
            items = page if brief else [{**item, "data": {"release": payload}} for item in page]
            metadata = {"resourceVersion": "1"}
            if start + PAGE < len(found):
                metadata["continue"] = str(start + PAGE)
            body = json.dumps({"items": items, "metadata": metadata}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_port)
    records += pipe.recv()
    pipe.send("ready")
    pipe.recv()


def call_for(folder: str, given: list[dict[str, Any]]) -> Call:
    keywords = PLAN_FEDERATION.arguments.as_kwargs()
    validator = ModuleArgumentSpecValidator(keywords.pop("argument_spec"), **keywords)
    options = {"drift": "ignore", "helm_binary": shutil.which("true"), "bundled_charts": bundled_charts()}
    checked = validator.validate({"parties": given, **options})
    assert not checked.error_messages, checked.error_messages

    def refuse(argv: Any, **_options: Any) -> Any:
        raise AssertionError(f"nothing has to be run: {argv}")

    return Call(dict(checked.validated_parameters), False, refuse, folder)


def records(folder: str, given: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A release record for each party, made from just this chart and spec."""
    federation = federation_of(call_for(folder, given), given)
    federation._read()
    federation._open()
    federation._route(0.0)
    gatherer = Gatherer(federation.parties, federation.servers, federation.charts, lambda text: None)
    for party in federation.parties:
        if party.managed:
            party.attempt(gatherer._target)
            labels = {"owner": "helm", "name": party.name, "version": "1", "status": "deployed", "modifiedAt": "1"}
            labels[PROOF_LABEL] = proof(1, party.wanted().fingerprint)
            name = f"sh.helm.release.v1.{party.name}.v1"
            yield {"metadata": {"name": name, "namespace": party.namespace, "labels": labels, "uid": name}}


def main() -> None:
    count, folder = int(sys.argv[1]), sys.argv[2]
    fork = get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=serve, args=(there,), daemon=True)
    process.start()
    given = parties(count, f"http://127.0.0.1:{here.recv()}")
    maker_in, maker_out = fork.Pipe(duplex=False)
    maker = fork.Process(target=lambda: maker_out.send(list(records(folder, given))))
    maker.start()
    here.send(maker_in.recv())
    maker.join()
    assert here.recv() == "ready"
    start, used = time.monotonic(), time.process_time()
    planned = carry_out(PLAN_FEDERATION, call_for(folder, given), verbose=True)
    seconds, processor = time.monotonic() - start, time.process_time() - used
    assert "failure" not in planned, planned
    assert planned["changing"] == planned["failing"] == [], (planned["changing"][:3], planned["failing"][:3])
    assert sum(party["proven"] for party in planned["parties"].values()) == count
    print(json.dumps({"seconds": seconds, "processor": processor, "mib": largest()}))
    process.terminate()


if __name__ == "__main__":
    main()
