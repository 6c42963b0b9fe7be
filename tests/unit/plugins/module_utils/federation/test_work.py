# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order members are changed, where a run halts, and what is said to a person."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.waves import waves
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.work import (
    cut_off,
    halts,
    left_out,
    outcome_of,
    remaining,
    work,
)

ROLES = {"x": "exchange", "y": "exchange"}


def test_exchanges_come_first_and_one_by_one() -> None:
    assert waves(["a", "x", "b", "y"], ROLES, {}, "100%") == [["x"], ["y"], ["a", "b"]]


def test_small_waves_come_first_and_hosts_without_one_last() -> None:
    assert waves(list("abcde"), {}, {"c": 1, "a": "2", "e": 1}, "100%") == [["c", "e"], ["a"], ["b", "d"]]


@pytest.mark.parametrize(
    ("shares", "sizes"),
    [(1, [1] * 5), ("2", [2, 2, 1]), ("40%", [2, 2, 1]), ([1, "50%"], [1, 2, 2]), ("1%", [1] * 5), ([9], [5])],
)
def test_a_share_is_taken_of_a_wave_at_once(shares: Any, sizes: list[int]) -> None:
    assert [len(batch) for batch in waves(list("abcde"), {}, {}, shares)] == sizes


@pytest.mark.parametrize(
    ("numbers", "shares", "said"),
    [({"a": "first"}, 1, "fate_wave of a is 'first'"), ({}, "some", "fate_serial has the entry 'some'"), ({}, 0, "0")],
)
def test_what_is_no_number_is_refused(numbers: dict[str, Any], shares: Any, said: str) -> None:
    with pytest.raises(KubefateError, match=said):
        waves(["a"], {}, numbers, shares)


def party(**said: Any) -> dict[str, Any]:
    out: dict[str, Any] = {
        "role": "party",
        "managed": True,
        "party_id": "1",
        "changed": True,
        "failed": False,
        "proven": False,
        "version": "",
        "namespace": "ns",
        "kubernetes": "https://k",
        "connection": "context k",
        "routes": [],
        "cluster": {"revision": 1, "ready": True, "state": "ready"},
        "access": {"changes": []},
        "plan": {"operation": "upgrade", "reason": "why", "changes": [], "drift": []},
        "summary": [],
    }
    if said.get("failed"):
        out |= {"msg": "It went wrong.", "failure": {"hint": "Mend it."}}
    return out | said


def planned(**parties: dict[str, Any]) -> dict[str, Any]:
    return {
        "parties": parties,
        "changing": [host for host, one in parties.items() if one["changed"]],
        "failing": [host for host, one in parties.items() if one["failed"]],
        "unready": [host for host, one in parties.items() if not one["changed"] and not one["cluster"]["ready"]],
        "problems": [],
        "servers": ["https://k"],
    }


ILL = {"revision": 1, "ready": False, "state": "degraded"}
SAME = {"changed": False, "proven": True}


def test_only_those_are_worked_on_that_change_failed_are_not_ready_or_not_proven() -> None:
    found = planned(
        same=party(**SAME),
        changing=party(),
        failing=party(changed=False, failed=True),
        ill=party(**SAME, cluster=ILL),
        unproven=party(changed=False),
        external=party(managed=False),
        x=party(role="exchange"),
        sick=party(cluster=ILL),
    )
    everybody = work(found, list(found["parties"]), {}, {}, 1)
    assert everybody["order"] == ["ill", "failing", "x", "sick", "changing", "unproven"]
    assert everybody["waves"] == [2, 1, 1, 1, 1], "a wave in which all fail would end the play"
    assert work(found, ["failing"], {}, {}, 1)["waves"] == [1]
    careful = work(found, list(found["parties"]), {}, {}, 1, 0)
    assert careful["order"] == ["failing", "ill", "x", "sick", "changing", "unproven"]
    assert careful["waves"] == [1] * 6
    assert work(found, ["changing"], {}, {}, 1)["order"] == ["changing"]
    assert work(planned(same=party(**SAME)), ["same"], {}, {}, 1) == {"order": [], "waves": [], "leaders": {}}


def test_who_cannot_be_planned_is_no_wave_of_its_own_unless_it_is_to_end_the_run() -> None:
    found = planned(a=party(changed=False, failed=True), b=party(), c=party())
    assert work(found, "abc", {}, {}, "100%")["waves"] == [3]
    assert work(found, "abc", {}, {}, 1)["order"] == ["b", "a", "c"]
    assert work(found, "abc", {}, {}, "100%", 50)["waves"] == [1, 2]
    assert work(found, "a", {}, {}, "100%")["waves"] == [1]


def test_in_each_wave_one_host_does_the_work_of_all_on_one_machine() -> None:
    found = planned(**{host: party() for host in "abcd"})
    done = work(found, "abcd", {"d": 1}, {"b": "jump", "c": "jump"}, "100%")
    assert done["order"] == ["d", "a", "b", "c"]
    assert done["waves"] == [1, 3]
    assert done["leaders"] == {"d": ["d"], "a": ["a"], "b": ["b", "c"]}


def test_what_remains_are_the_waves_after_the_one_that_halted() -> None:
    assert remaining(list("abcdef"), [1, 2, 3], ["b", "c"]) == ["d", "e", "f"]
    assert remaining(list("abc"), [3], ["a"]) == []


@pytest.mark.parametrize(("percentage", "halted"), [(0, True), (49, True), (50, False), (100, False)])
def test_a_run_halts_by_the_rule_of_ansible(percentage: int, halted: bool) -> None:
    assert halts({"a": {"failed": True}, "b": {}}, percentage) is halted
    assert halts({"a": {}}, percentage) is False
    assert halts({}, percentage) is False
    assert halts({"a": {"failed": True}}, percentage) is True, "after a wave of which all failed it always does"


def test_the_outcome_of_a_host_is_that_of_its_wave_or_of_its_plan() -> None:
    assert outcome_of("a", {"clusters": {"a": {"changed": True}}}, party()) == {"changed": True}
    failed = outcome_of("a", {}, party(failed=True))
    assert (failed["failed"], failed["msg"]) == (True, "It went wrong.")
    broken = outcome_of("a", {"msg": "helm is missing", "failure": {"kind": "x"}}, party())
    assert broken == {"failed": True, "changed": False, "msg": "helm is missing", "failure": {"kind": "x"}}


def test_a_limit_says_what_stays_inconsistent() -> None:
    way = {"to": "new"}
    found = planned(
        new=party(), old=party(routes=[way]), other=party(), same=party(**SAME), bad=party(changed=False, failed=True)
    )
    assert left_out(found, ["new"]) == [
        "old is left out: it stays as it is, and its routes to new may be old ones, until it is deployed, too.",
        "other is left out: it stays as it is, until it is deployed, too.",
        "bad is left out, and could not be planned: It went wrong.",
    ]
    assert left_out(found, list(found["parties"])) == []


def test_who_would_be_cut_off_is_who_has_no_other_exchange() -> None:
    entries: list[dict[str, Any]] = [
        {"host": "x", "role": "exchange"},
        {"host": "y", "role": "exchange"},
        {"host": "a", "exchanges": ["x"]},
        {"host": "b"},
        {"host": "c", "exchanges": []},
        {"host": "d", "exchanges": ["x"], "state": "left"},
    ]
    assert cut_off(entries, ["x"]) == ["a"]
    assert cut_off(entries, ["x", "y"]) == ["a", "b"]
    assert cut_off(entries, ["x", "y", "a", "b"]) == []
    assert cut_off(entries, ["a"]) == []
