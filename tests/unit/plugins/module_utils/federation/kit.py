# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members for the tests of a federation."""

from __future__ import annotations

from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Member, Role, Routing
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.tables import additions


def member(host: str, party_id: str = "", /, **differing: Any) -> Member:
    """A party with OSX, on a Kubernetes of its own, at an address of its own."""
    spec = {"partyId": party_id, **differing.pop("spec", {})}
    said: dict[str, Any] = {
        "name": host,
        "namespace": f"ns-{host}",
        "kubernetes": f"https://{host}",
        "chart": "fate",
        "advertise": {"": {"host": f"{host}.example", "port": 9370}},
        **differing,
    }
    return Member(host, party_id, spec=spec, **said)


def exchange(host: str, /, **differing: Any) -> Member:
    spec = {"modules": ["osx", "nginx", "trafficServer"], **differing.pop("spec", {})}
    return member(host, role=Role.EXCHANGE, chart="fate-exchange", spec=spec, **differing)


def added(routing: Routing, who: Member) -> dict[str, Any]:
    return additions(who, routing.tables.get(who.host, {}))


def texts(routing: Routing) -> str:
    return "\n".join(f"{problem.text} {problem.hint} {problem.hosts}" for problem in routing.problems)
