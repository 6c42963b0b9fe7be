# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What FATE-Flow said for real (see record.py), as jobs of this collection."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.model import FlowJob, Known, Seat, Unknown
from ansible_collections.federatedai.kubefate.plugins.module_utils.flow.parsing import verdict_of
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.flow.kit import FLOW


def jobs(name: str) -> tuple[FlowJob, ...]:
    verdict = verdict_of(FLOW[name])
    assert isinstance(verdict, Known)
    return verdict.jobs


def rows(name: str) -> list[dict[str, Any]]:
    return list(FLOW[name]["data"]["data"])


def test_an_idle_fate_flow_has_no_jobs() -> None:
    assert verdict_of(FLOW["idle"]) == Known()


def test_the_jobs_of_a_guest_that_run_and_wait_are_known_with_their_partners() -> None:
    running, waiting = jobs("guest")
    assert (running.status, waiting.status) == ("running", "waiting")
    for job in (running, waiting):
        assert job.seats == (Seat("guest", "9999"),)
        assert job.partners == (Seat("host", "10000"), Seat("arbiter", "10000"))
        assert (job.initiator, job.progress) == ("9999", 0)
    assert running.started == next(row["start_time"] for row in rows("guest") if row["status"] == "running")
    assert waiting.started is None


def test_a_party_with_two_roles_has_one_job_and_is_not_its_own_partner() -> None:
    here, there = jobs("host"), jobs("guest")
    assert [job.job_id for job in here] == [job.job_id for job in there]
    assert here[0].seats == (Seat("host", "10000"), Seat("arbiter", "10000"))
    assert here[0].partners == (Seat("guest", "9999"),)


def test_a_fate_flow_that_plays_all_parties_has_no_partners() -> None:
    (job,) = jobs("alone")
    assert job.partners == ()
    assert job.people == "guest 9999, host 10000, arbiter 10000"


def test_the_text_of_a_job_names_it_its_people_and_since_when_it_runs() -> None:
    job = FlowJob("2026", "running", (Seat("guest", "1"),), (Seat("host", "2"),), "1", 40, 1795530309716)
    assert job.text == "2026 (guest 1 with host 2; running since 2026-11-24T14:25:09Z, 40 % done)"
    assert FlowJob("2026", "waiting", (Seat("guest", "1"),)).text == "2026 (guest 1; waiting, 0 % done)"


def test_jobs_that_have_ended_do_not_count() -> None:
    answer = copy.deepcopy(FLOW["guest"])
    for row in answer["data"]["data"]:
        row["status"] = "success"
    assert verdict_of(answer) == Known()


@pytest.mark.parametrize(
    ("name", "said", "passing"),
    [
        ("unidentified", "refuses to list its jobs", False),
        ("no-such-path", "404: Not Found", True),
        ("no-such-job", "(code 1001)", True),
    ],
)
def test_an_error_of_fate_flow_is_no_answer(name: str, said: str, passing: bool) -> None:
    verdict = verdict_of(FLOW[name])
    assert isinstance(verdict, Unknown)
    assert said in verdict.why
    assert verdict.passing is passing


def without(key: str) -> dict[str, Any]:
    answer = copy.deepcopy(FLOW["guest"])
    del answer["data"]["data"][0][key]
    return answer  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"retcode": 0, "data": []},
        {"code": 0},
        {"code": 0, "data": None},
        {"code": 0, "data": {"data": "none"}},
        {"code": 0, "data": {"data": ["x"]}},
        *(without(key) for key in ("job_id", "status", "role", "party_id", "parties")),
    ],
)
def test_an_answer_that_is_not_understood_is_not_taken_for_no_jobs(answer: Any) -> None:
    verdict = verdict_of(answer)
    assert isinstance(verdict, Unknown)
    assert not verdict.passing
    assert "not understood" in verdict.why


def test_a_long_message_of_fate_flow_is_cut() -> None:
    verdict = verdict_of({"code": 100, "message": "x" * 9000})
    assert isinstance(verdict, Unknown)
    assert len(verdict.why) < 300
