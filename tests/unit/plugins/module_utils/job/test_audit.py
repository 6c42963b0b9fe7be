# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.audit import audit_entries, audit_lines
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.record import Job, Method


def job(start: str, **said: Any) -> dict[str, Any]:
    return Job("fate-9999", "bank", Method.INSTALL, start=start, **said).summary()


def test_what_was_done_stands_in_order_and_once() -> None:
    early, late = job("2026-03-01T08:00:00Z"), job("2026-04-01T08:00:00Z")
    assert [entry["start"] for entry in audit_entries([late, early, late])] == [early["start"], late["start"]]


@pytest.mark.parametrize(
    ("since", "count"),
    [("", 2), ("2026-03-01", 2), ("2026-03-15", 1), ("2026-04-01T08:00:00Z", 1), ("2026-04-01T09:30:00+01:00", 0)],
)
def test_what_was_done_before_a_time_is_left_out(since: str, count: int) -> None:
    jobs = [job("2026-03-01T08:00:00Z"), job("2026-04-01T08:00:00Z")]
    assert len(audit_entries(jobs, since)) == count


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "12"])
def test_what_is_no_time_is_refused(since: str) -> None:
    with pytest.raises(KubefateError, match="is no time"):
        audit_entries([], since)


def test_a_line_says_when_what_by_whom_and_from_where() -> None:
    (entry,) = audit_entries([job("2026-03-01T08:00:00Z", creator="ann", runner="ann@desk (process 7)", revision=3)])
    (line,) = audit_lines([entry])
    assert line == (
        "2026-03-01T08:00:00Z  ClusterInstall       bank/fate-9999 revision 3: Pending, by ann, from "
        "ann@desk (process 7)"
    )
    unknown = {**entry, "creator": "", "runner": ""}
    assert audit_lines([unknown])[0].endswith("by somebody that the API server did not name")
    assert audit_lines([]) == ["There are no job records."]
