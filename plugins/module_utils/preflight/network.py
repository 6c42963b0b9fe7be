# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a party reachable from outside: ingress classes and node ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..errors import bad_input
from ..objects import Object, annotations_of, name_of
from .model import Check, Finding, PartyFacts, ServerFacts, failed, hidden, passed, warned

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_OLD = "kubernetes.io/ingress.class"


def node_ports(objects: Sequence[Object]) -> Iterator[tuple[int, str]]:
    """Node ports that are asked for, each with the Service that does."""
    for obj in objects:
        if obj.get("kind") == "Service":
            for port in (obj.get("spec") or {}).get("ports") or []:
                if port.get("nodePort"):
                    yield int(port["nodePort"]), name_of(obj)


def check_ingress(server: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    asking = [obj for obj in party.objects if obj.get("kind") == "Ingress"]
    if not asking:
        routes = sum(obj.get("kind") == "Route" for obj in party.objects)
        yield passed(Check.INGRESS, f"{routes} Routes of OpenShift" if routes else "no Ingress is deployed")
        return
    if server.ingress_classes is None:
        yield hidden(
            Check.INGRESS,
            "the ingress classes that there are",
            "list ingressclasses.networking.k8s.io",
            f"It is unknown whether anybody serves {len(asking)} Ingress objects.",
        )
        return
    there_are = ", ".join(sorted(map(name_of, server.ingress_classes))) or "none"
    known = {name_of(entry): entry for entry in server.ingress_classes}
    default = any(annotations_of(entry).get(_DEFAULT) == "true" for entry in known.values())
    unserved: dict[str, list[str]] = {}
    for obj in asking:
        wanted = str((obj.get("spec") or {}).get("ingressClassName") or annotations_of(obj).get(_OLD) or "")
        if (wanted and wanted not in known) or (not wanted and not default):
            unserved.setdefault(wanted, []).append(name_of(obj))
    for wanted, names in unserved.items():
        yield warned(
            Check.INGRESS,
            f"there is no ingress class {wanted}" if wanted else "there is no default ingress class",
            f"Nothing will serve {', '.join(names)}. Give ingressClassName; there are: {there_are}.",
            f"Ingress/{names[0]}",
        )
    if not unserved:
        yield passed(Check.INGRESS, f"{len(asking)} Ingress objects of class {there_are}")


def check_node_ports(server: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    asked = list(node_ports(party.objects))
    if not asked:
        yield passed(Check.NODE_PORTS, "no node port is asked for")
        return
    findings = [finding for port, service in asked if (finding := _port(port, service, server, party))]
    yield from findings
    if not findings:
        yield passed(Check.NODE_PORTS, f"{', '.join(str(port) for port, _service in asked)} can be had")


def _port(port: int, service: str, server: ServerFacts, party: PartyFacts) -> Finding | None:
    """A dry run tells neither the range nor whether a port is taken."""
    about = f"Service/{service}"
    first, last = server.port_range
    if not first <= port <= last:
        return failed(
            Check.NODE_PORTS,
            f"node port {port} of {about} lies outside of {first}-{last}",
            "Choose a port in that range; or, if the API server was started with another --service-node-port-range, "
            "say so with fate_node_port_range.",
            about,
        )
    if server.services is None:
        return hidden(
            Check.NODE_PORTS,
            f"whether node port {port} of {about} is free",
            "list services in all namespaces",
            "Another Service may have it.",
        )
    owner = _owner(port, server.services)
    if owner is None or owner == (party.namespace, service):
        return None
    return failed(
        Check.NODE_PORTS,
        f"node port {port} of {about} is taken by Service {owner[1]} in namespace {owner[0]}",
        "Choose another port.",
        about,
    )


def port_range(text: str) -> tuple[int, int]:
    """``30000-32767`` as numbers. Raises ``KubefateError`` for what is no range."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*-\s*(\d{1,5})\s*", text)
    if not match or int(match[1]) > int(match[2]) or int(match[2]) > 65535:
        raise bad_input(f"node_port_range: {text!r} is no range of ports.", "Write it as 30000-32767.")
    return int(match[1]), int(match[2])


def _owner(port: int, services: Sequence[Object]) -> tuple[str, str] | None:
    for service in services:
        if any(taken == port for taken, _name in node_ports([service])):
            return str(service["metadata"].get("namespace")), name_of(service)
    return None
