# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE's proxies, as far as they look up where something goes: told by specs, and knowing nothing of the core.

Rules: FATE java/osx (DefaultFateRouterServiceImpl), c/proxy (route_table.lua), pyfate's federation backends, Traffic
Server's sni.yaml, FATE-Serving's ZkServingRouter and FileRouter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Spec = Mapping[str, Any]


class LostError(Exception):
    """Something cannot be delivered, or goes round in circles."""


@dataclass(slots=True)
class Site:
    """Where specs are in force. listeners: (host, port) to whose proxy answers there; inside: the same for callers on
    one Kubernetes."""

    specs: dict[str, Spec] = field(default_factory=dict)
    kubernetes: dict[str, str] = field(default_factory=dict)
    listeners: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    inside: dict[tuple[str, str, int], tuple[str, str]] = field(default_factory=dict)

    def connect(self, caller: str, host: str, port: Any) -> tuple[str, str]:
        """Member and program that answer there."""
        assert isinstance(port, int), f"{port!r} is no number"
        where = self.inside.get((self.kubernetes[caller], host, port)) or self.listeners.get((host, port))
        if where is None:
            raise LostError(f"{caller} reaches nobody at {host}:{port}")
        return where

    def send(self, network: str, origin: str, party_id: str) -> list[str]:
        """The members that something passes on its way from a party to a party id. Raises ``LostError``."""
        if network == "pulsar":
            return self._publish(origin, party_id)
        passed = [origin]
        while str(self.specs[passed[-1]].get("partyId")) != party_id or len(passed) == 1:
            host, port = self._lookup(network, passed[-1], party_id)
            member, program = self.connect(passed[-1], host, port)
            if program != network:
                raise LostError(f"{member} answers as {program}")
            if member in passed:
                raise LostError(f"round in a circle: {passed} and {member} again")
            passed.append(member)
        return passed

    def _lookup(self, network: str, member: str, party_id: str) -> tuple[str, Any]:
        spec = self.specs[member]
        match network:
            case "osx" | "rollsite":
                return _party_list(spec.get(network) or {}, party_id)
            case "serving":
                return _party_list(spec.get("servingProxy") or {}, party_id)
            case "nginx":
                return _nginx(spec.get("nginx") or {}, party_id)
            case "rabbitmq":
                table = (spec.get("rabbitmq") or {}).get("route_table") or {}
                if str(spec["partyId"]) not in table:
                    raise LostError("a table of RabbitMQ has to know its own party")
                if party_id not in table:
                    raise LostError(f"no line for {party_id}")
                return table[party_id]["host"], table[party_id]["port"]
        raise AssertionError(network)

    def _publish(self, origin: str, party_id: str) -> list[str]:
        """A broker connects to the other party's broker, through a relay that goes by the name in TLS where there is
        one."""
        pulsar = self.specs[origin].get("pulsar") or {}
        table, exchange = pulsar.get("route_table") or {}, pulsar.get("exchange") or {}
        if party_id in table:
            line = table[party_id]
            assert set(line) == {"host", "port", "sslPort", "proxy"}
            if not line["proxy"]:
                member, program = self.connect(origin, line["host"], line["port"])
                if program != "pulsar":
                    raise LostError(f"{member} answers as {program}")
                return [origin, member]
            name, relay = line["host"], line["proxy"]
        elif exchange.get("ip"):
            name, relay = f"{party_id}.{exchange['domain']}", f"{exchange['ip']}:{exchange['port']}"
        else:
            raise LostError(f"no line for {party_id}")
        if not (exchange.get("ip") or pulsar.get("enableTLS")):
            raise LostError("the broker speaks no TLS")
        return self._tunnel(origin, name, relay)

    def _tunnel(self, origin: str, name: str, relay: str) -> list[str]:
        passed = [origin]
        while True:
            host, _colon, port = relay.rpartition(":")
            member, program = self.connect(passed[-1], host, int(port))
            if member in passed:
                raise LostError(f"round in a circle: {passed} and {member} again")
            passed.append(member)
            if program == "pulsar_tls":
                return passed
            if program != "traffic_server":
                raise LostError(f"{member} answers as {program}")
            entries = ((self.specs[member].get("trafficServer") or {}).get("route_table") or {}).get("sni") or []
            named = {entry["fqdn"]: entry["tunnelRoute"] for entry in entries}
            if name not in named:
                raise LostError(f"{member} knows no {name}")
            relay = named[name]


def _party_list(block: Mapping[str, Any], party_id: str) -> tuple[str, Any]:
    lines = {str(line["partyId"]): line for line in block.get("partyList") or []}
    assert len(lines) == len(block.get("partyList") or []), "a party is listed twice"
    if party_id in lines:
        return lines[party_id]["partyIp"], lines[party_id]["partyPort"]
    exchange = block.get("exchange") or {}
    if exchange.get("ip"):
        return exchange["ip"], exchange["port"]
    raise LostError(f"no line for {party_id}")


def _nginx(block: Mapping[str, Any], party_id: str) -> tuple[str, Any]:
    """Over HTTP/2 the gRPC port would be taken; both lead to one program."""
    line = (block.get("route_table") or {}).get(party_id)
    if line is not None:
        if "fateflow" not in line:
            raise LostError("nginx answers with status 500: there is no entry for the service")
        assert line["fateflow"][0]["grpc_port"]
        return line["fateflow"][0]["host"], line["fateflow"][0]["http_port"]
    exchange = block.get("exchange") or {}
    if exchange.get("ip"):
        assert exchange["grpcPort"]
        return exchange["ip"], exchange["httpPort"]
    raise LostError(f"no line for {party_id}")
