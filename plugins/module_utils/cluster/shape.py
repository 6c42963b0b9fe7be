# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published shape of results about one cluster, for success, check mode and failure alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..objects import Object, Ref
from ..plan.model import Plan
from ..plan.show import LateDiff, as_result

if TYPE_CHECKING:
    from ..job.record import Job

Result = dict[str, Any]


def result(
    plan: Plan,
    cluster: Mapping[str, Any],
    job: Job | None = None,
    *,
    changed: bool | None = None,
    warnings: Sequence[str] = (),
) -> Result:
    """The published shape of a result; warnings are taken out and said when the module ends."""
    return {
        "changed": plan.changed if changed is None else changed,
        "cluster": dict(cluster),
        "plan": as_result(plan),
        "job": job.as_result() if job else {},
        "diff": LateDiff.of(plan),
        "warnings": list(warnings),
    }


def among(objects: Iterable[Object], expected: Iterable[Object]) -> list[Object]:
    """Those of the live objects that a release consists of."""
    refs = {Ref.of(obj) for obj in expected}
    return [obj for obj in objects if Ref.of(obj) in refs]
