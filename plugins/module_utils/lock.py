# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Lease for each release, so that two runs do not work on it at once.

Staleness is judged on the observer's own clock: a holder whose ``renewTime`` has not changed for the lease's length, as
seen from here, is gone. Clocks of different machines are never compared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from .errors import Kind, KubefateError
from .facts.labels import OWNER
from .kube.client import Api, ApiError
from .objects import Ref
from .progress import silent

LEASE_SECONDS = 30
RENEW_SECONDS = 8.0
LOOK_SECONDS = 1.0


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class ReleaseLock:
    """Holds the Lease ``kubefate-<release>`` while the ``with`` block runs, renewing it in the background.

    holder: who this is, for people. timeout: seconds to wait for another holder. on_wait: told once who is waited for.
    Raises ``KubefateError`` (locked) naming the holder when the time is up.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        release: str,
        holder: str,
        timeout: float,
        on_wait: Callable[[str], None] = silent,
    ):
        self.api, self.holder, self.timeout, self.on_wait = api, holder, timeout, on_wait
        self.ref = Ref("coordination.k8s.io/v1", "Lease", namespace, f"kubefate-{release}"[:253])
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._acquire()
        self._thread = threading.Thread(target=self._renew, name="kubefate-lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(RENEW_SECONDS)
        try:
            lease = self.api.find(self.ref)
            if lease and lease["spec"].get("holderIdentity") == self.holder:
                self.api.delete(self.ref)
        except KubefateError:
            pass  # it ends by itself

    def _acquire(self) -> None:
        end = time.monotonic() + self.timeout
        seen, since, told = "", time.monotonic(), False
        while True:
            lease = self.api.find(self.ref)
            if lease is None:
                if self._try(self.api.create, self._lease({})):
                    return
                continue
            spec = lease.get("spec") or {}
            holder = str(spec.get("holderIdentity") or "")
            mark = f"{holder} {spec.get('renewTime')}"
            if mark != seen:
                seen, since = mark, time.monotonic()
            free = not holder or time.monotonic() - since > float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)
            if free and self._try(self.api.replace, self._lease(lease)):
                return
            if not told and not free:
                self.on_wait(holder)
                told = True
            if time.monotonic() >= end:
                raise KubefateError(
                    f"Release {self.ref.name.removeprefix('kubefate-')} in {self.ref.namespace} is being worked on by "
                    f"{holder}; waited {int(self.timeout)} s.",
                    Kind.LOCKED,
                    hint="Run again when that run has ended, or raise lock_timeout. The lock of a run that was killed "
                    f"ends {LEASE_SECONDS} s after it.",
                )
            time.sleep(LOOK_SECONDS)

    @staticmethod
    def _try(write: Callable[[dict[str, Any]], Any], lease: dict[str, Any]) -> bool:
        try:
            write(lease)
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        return True

    def _lease(self, old: dict[str, Any]) -> dict[str, Any]:
        metadata = {"name": self.ref.name, "namespace": self.ref.namespace, "labels": dict(OWNER)}
        if old:
            metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
        now = _now()
        spec = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": LEASE_SECONDS,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": int((old.get("spec") or {}).get("leaseTransitions") or 0) + (1 if old else 0),
        }
        return {"apiVersion": self.ref.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}

    def _renew(self) -> None:
        while not self._stop.wait(RENEW_SECONDS):
            try:
                lease = self.api.find(self.ref)
                if not lease or lease["spec"].get("holderIdentity") != self.holder:
                    return  # taken over while this machine was away; helm's own lock keeps the two apart
                lease["spec"]["renewTime"] = _now()
                self.api.replace(lease)
            except KubefateError:
                continue  # the server may be away for a moment; the lease lives for several renewals
