# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of parties that stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.model import Party
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties.result import result_of
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.report import SHOWN_ROUTES
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.routes import plan_routes
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import member

READY: dict[str, Any] = {"revision": 1, "ready": True, "endpoints": [{"scope": "cluster"}, {"scope": "nodes"}]}


def told(count: int, result: dict[str, Any], spec: dict[str, Any] | None = None, *, brief: bool = True) -> Any:
    """A mesh of parties that stay as they are, but for the first, of which this is told."""
    members = [member(f"p{number}", str(number)) for number in range(count)]
    parties = []
    for number, who in enumerate(members):
        party = Party(who.host, {"host": who.host}, Options())
        party.member, party.spec = who, Spec({**who.spec, **((spec or {}) if number == 0 else {})})
        party.added = {"osx": {"partyList": ["a route"]}}
        party.result = {"changed": False, "proven": True, "cluster": READY, **(result if number == 0 else {})}
        parties.append(party)
    return result_of(parties, [], plan_routes(members, []), brief=brief)


def test_of_many_routes_of_who_stays_as_it_is_only_the_number_is_told() -> None:
    found = told(SHOWN_ROUTES + 2, {"changed": True})
    changing, staying = found["parties"]["p0"], found["parties"]["p1"]
    assert len(changing["routes"]) == changing["routes_total"] == staying["routes_total"] == SHOWN_ROUTES + 1
    assert changing["additions"]
    assert (staying["routes"], staying["additions"]) == ([], {})
    assert found["graph"]["edges"] == changing["routes"]
    assert len(found["graph"]["nodes"]) == SHOWN_ROUTES + 2


@pytest.mark.parametrize("result", [{"proven": False}, {"cluster": {"revision": 1, "ready": False}}], ids=str)
def test_whoever_there_is_something_to_do_for_is_told_in_full(result: dict[str, Any]) -> None:
    assert told(SHOWN_ROUTES + 2, result)["parties"]["p0"]["routes"]


def test_endpoints_that_are_reached_from_outside_are_told_of_all() -> None:
    found = {host: party["cluster"]["endpoints"] for host, party in told(2, {"changed": True})["parties"].items()}
    assert found == {"p0": READY["endpoints"], "p1": [{"scope": "nodes"}]}
    whole = told(2, {}, brief=False)["parties"]
    assert whole["p1"]["cluster"]["endpoints"] == READY["endpoints"]


def test_a_few_routes_are_told_anyway() -> None:
    found = told(SHOWN_ROUTES + 1, {})
    assert all(len(party["routes"]) == SHOWN_ROUTES for party in found["parties"].values())


def test_where_one_speaks_tls_all_are_told_since_certificates_are_made_from_routes() -> None:
    found = told(SHOWN_ROUTES + 2, {}, {"modules": ["osx"], "osx": {"enableTLS": True}})
    assert found["parties"]["p0"]["tls"]
    assert all(party["routes"] for party in found["parties"].values())


def test_without_being_asked_to_be_brief_everything_is_told() -> None:
    found = told(SHOWN_ROUTES + 2, {}, brief=False)
    assert len(found["graph"]["edges"]) == (SHOWN_ROUTES + 2) * (SHOWN_ROUTES + 1)
    assert all(party["additions"] for party in found["parties"].values())
