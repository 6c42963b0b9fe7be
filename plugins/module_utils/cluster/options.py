# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller may say about a cluster, apart from the spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..health.model import Trouble
from ..plan.ignoring import IgnoreRule

STORE_NAMESPACE = "kubefate"

PATIENCE: Mapping[Trouble, float] = {
    Trouble.IMAGE_MISSING: 30,
    Trouble.ADMISSION: 30,
    Trouble.QUOTA: 30,
    Trouble.JOB_FAILED: 30,
    Trouble.VOLUME_LOST: 30,
    Trouble.IMAGE_PULL: 180,
    Trouble.CONFIG: 180,
    Trouble.CRASH_LOOP: 300,
}
"""Seconds that a cause may last before waiting ends. Causes that are not here are borne until ``wait_timeout``."""
PATIENT_RESTARTS = 5
"""A crash loop is given up only after so many restarts: clustermanager restarts until MySQL answers, and that is
healthy."""


@dataclass(frozen=True, slots=True)
class Options:
    """wait: until ready. wait_timeout, lock_timeout, pending_timeout: seconds. patience: cause to seconds, over the
    defaults. history: revisions that helm keeps. job_history_max: job records that are kept for a cluster.
    store_namespace: where job records and uploaded charts are."""

    wait: bool = True
    wait_timeout: float = 1800.0
    lock_timeout: float = 120.0
    pending_timeout: float = 600.0
    force_unlock: bool = False
    drift: str = "report"
    on_failure: str = "keep"
    running_fate_jobs: str = "fail"
    ignore: Sequence[IgnoreRule] = ()
    patience: Mapping[str, float] = field(default_factory=dict)
    history: int = 10
    job_history_max: int = 50
    store_namespace: str = STORE_NAMESPACE
    create_namespace: bool = True
    purge_data: bool = False
    purge_namespace: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Options:
        """From a module's parameters of the same names; those that are absent keep their default."""
        known = {name: params[name] for name in cls.__slots__ if params.get(name) is not None}
        known["ignore"] = tuple(
            IgnoreRule(rule["kind"], rule["name"], tuple(rule["pointers"])) for rule in known.get("ignore") or ()
        )
        return cls(**known)

    def patience_for(self, trouble: Trouble) -> float | None:
        """Seconds, or None for a cause that is borne until the end."""
        if str(trouble) in self.patience:
            return float(self.patience[str(trouble)])
        return PATIENCE.get(trouble)
