# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether running servers use the certificates that their Secrets hold, and what makes them. Pure.

Only the API server's clock is looked at: when a pod was made, and when the Secret was changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..facts.certificates import WATCH_SECONDS, Server, TakesUp
from ..health.pods import is_simulated
from ..objects import Object, condition, name_of
from .model import moment


class TakeUp(StrEnum):
    """What makes a server use what its Secret holds. wait: it will by itself, within minutes."""

    NOTHING = "nothing"
    WAIT = "wait"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Pod:
    """ready_seconds: how long it took to get ready; None where it is not."""

    name: str
    made: datetime
    ready_seconds: float | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of one server."""

    known: tuple[Pod, ...] = ()

    def older_than(self, changed: datetime | None) -> list[Pod]:
        """Those that were there before a Secret changed."""
        return [pod for pod in self.known if changed is not None and pod.made < changed]

    @property
    def gap_seconds(self) -> int:
        """How long nobody reached the server if it were restarted: as long as its pods took to get ready."""
        return round(max((pod.ready_seconds or 0.0 for pod in self.known), default=0.0))


def pods_of(pods: Iterable[Object]) -> Pods:
    """From Pods of one server; those that are being deleted are left out."""
    return Pods(tuple(_pod(pod) for pod in pods if not (pod.get("metadata") or {}).get("deletionTimestamp")))


def _pod(pod: Object) -> Pod:
    made = moment(str(pod["metadata"]["creationTimestamp"]))
    ready = condition(pod, "Ready")
    seconds = None
    if ready.get("status") == "True" and ready.get("lastTransitionTime"):
        seconds = max(0.0, (moment(str(ready["lastTransitionTime"])) - made).total_seconds())
    return Pod(name_of(pod), made, seconds, is_simulated(pod))


def take_up(server: Server, changed: datetime | None, pods: Pods, now: datetime) -> TakeUp:
    """What has to happen before the running pods use what the Secret holds.

    changed: when the Secret was, None where that is not known.
    """
    if changed is None or not pods.older_than(changed):
        return TakeUp.NOTHING
    match server.takes_up:
        case TakesUp.RESTARTS:
            return TakeUp.RESTART
        case TakesUp.WATCHES:
            return TakeUp.WAIT if now - changed < timedelta(seconds=WATCH_SECONDS) else TakeUp.NOTHING


def consequence(server: Server, pods: Pods) -> TakeUp:
    """What has to happen after a Secret is changed; nothing where no pod has it yet."""
    if not pods.known:
        return TakeUp.NOTHING
    return _OF[server.takes_up]


_OF = {TakesUp.RESTARTS: TakeUp.RESTART, TakesUp.WATCHES: TakeUp.WAIT}
