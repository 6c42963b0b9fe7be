# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching the hooks of a chart while helm waits for them: helm itself says nothing until its time is up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Self

from ..errors import KubefateError
from ..health.cluster import judge
from ..health.model import Cause, Health
from ..health.snapshot import Snapshot
from ..objects import Object, Ref
from .running import Running
from .settle import WATCHED, Mirror, Patience, unhealthy

LOOK_SECONDS = 0.5


class HookWatch:
    """Names the causes of hooks that do not get on, and ends helm when one has lasted longer than it is worth.

    hooks: Jobs and pods that helm runs. Without any there is nothing to watch.
    """

    def __init__(self, running: Running, hooks: Sequence[Object], namespace: str):
        self.running, self.hooks, self.namespace = running, hooks, namespace
        self._over = threading.Event()
        self._end_helm: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._watch, name="hooks", daemon=True)
        self._spent: tuple[Health, list[Cause]] | None = None

    def __enter__(self) -> Self:
        if self.hooks:
            self._thread.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._over.set()
        if self.hooks:
            self._thread.join(5)
        if self._spent and isinstance(error, KubefateError):
            health, causes = self._spent
            failure = unhealthy(self.running.context.api, health, causes)
            failure.phase = "apply"
            failure.msg = f"A hook of the chart does not get on: {failure.msg}"
            raise failure from None

    def started(self, end_helm: Callable[[], None]) -> None:
        """Given to helm's runner."""
        self._end_helm = end_helm

    def _watch(self) -> None:
        kinds = [(str(obj["apiVersion"]), str(obj["kind"])) for obj in self.hooks]
        patience = Patience(self.running.context.options)
        told: set[str] = set()
        try:
            with Mirror(self.running.context.api, self.namespace, [*kinds, *WATCHED]) as mirror:
                while not self._over.is_set():
                    live = mirror.objects()
                    there = {Ref.of(obj) for obj in live}
                    health = judge([obj for obj in self.hooks if Ref.of(obj, self.namespace) in there], Snapshot(live))
                    for cause in health.causes:
                        if cause.text not in told:
                            told.add(cause.text)
                            self.running.tell(f"hook: {cause.text}", "Warning")
                    causes = patience.spent(health)
                    if causes:
                        self._spent = (health, causes)
                        self._end_helm()
                        return
                    mirror.changed(LOOK_SECONDS)
        except KubefateError:
            return  # helm meets the same and says so
