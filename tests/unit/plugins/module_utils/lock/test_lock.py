# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Lease for each release: who holds it, who waits, and when a holder counts as gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils import lock
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.lock import LEASE_SECONDS, ReleaseLock
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal

LEASE = Ref("coordination.k8s.io/v1", "Lease", "ns", "kubefate-fate-9999")
LONG_AGO = "2001-01-01T00:00:00.000000Z"


class Clock:
    """Time that passes only when somebody sleeps. then: what happens at each look, by its number."""

    def __init__(self, then: Callable[[int], None] = lambda look: None):
        self.now, self.looks, self.then = 0.0, 0, then

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.looks += 1
        self.then(self.looks)


def held(by: str = "jane@elsewhere (process 7)", renewed: str = LONG_AGO) -> dict[str, Any]:
    spec = {"holderIdentity": by, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": renewed, "leaseTransitions": 2}
    metadata = {"name": LEASE.name, "namespace": "ns"}
    return {"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}


def take(
    api: MemoryApi, clock: Clock, monkeypatch: pytest.MonkeyPatch, timeout: float = 120.0, told: Any = None
) -> ReleaseLock:
    monkeypatch.setattr(lock, "time", clock)
    return ReleaseLock(api, "ns", "fate-9999", "me", timeout, told.append if told is not None else lambda holder: None)


def holder(api: MemoryApi) -> str:
    return str(api.objects[LEASE]["spec"]["holderIdentity"])


def test_a_free_lease_is_taken_at_once_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    api, clock = MemoryApi(), Clock()
    with take(api, clock, monkeypatch):
        assert holder(api) == "me"
        assert api.objects[LEASE]["spec"]["leaseDurationSeconds"] == LEASE_SECONDS
    assert LEASE not in api.objects
    assert clock.looks == 0


def test_whoever_does_not_renew_is_gone_by_this_machine_s_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The renewTime lies years back, which says nothing: clocks differ. That it does not change says it."""
    api, clock, told = MemoryApi(held()), Clock(), []
    with take(api, clock, monkeypatch, told=told):
        assert holder(api) == "me"
        assert api.objects[LEASE]["spec"]["leaseTransitions"] == 3
    assert LEASE_SECONDS < clock.now <= LEASE_SECONDS + 2
    assert told == ["jane@elsewhere (process 7)"], "who is waited for is told once"


def test_a_clock_that_goes_ahead_makes_no_holder_live_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    api, clock = MemoryApi(held(renewed="2999-01-01T00:00:00.000000Z")), Clock()
    with take(api, clock, monkeypatch):
        assert holder(api) == "me"


def test_whoever_renews_is_waited_for_until_the_time_is_up_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    api = MemoryApi(held())

    def renew(look: int) -> None:
        api.put(held(renewed=f"2026-01-01T00:00:{look:02}Z"))

    clock = Clock(renew)
    with pytest.raises(KubefateError) as caught, take(api, clock, monkeypatch, timeout=50.0):
        pass
    assert caught.value.kind is Kind.LOCKED
    assert "fate-9999 in ns is being worked on by jane@elsewhere (process 7); waited 50 s" in caught.value.msg
    assert "lock_timeout" in caught.value.hint
    assert holder(api).startswith("jane")
    assert api.writes == [], "nothing was changed"


def test_the_default_time_outlives_the_lease_of_a_run_that_was_killed() -> None:
    from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options

    assert Options().lock_timeout == 120.0
    assert Options().lock_timeout > LEASE_SECONDS


def test_a_lease_that_is_given_back_is_taken_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    api = MemoryApi(held())
    with take(api, Clock(lambda look: api.drop(LEASE) if look == 3 else None), monkeypatch) as taken:
        assert holder(api) == "me"
    assert isinstance(lock.time, Clock)
    assert lock.time.looks == 3
    assert taken.timeout == 120.0


def test_of_two_that_take_it_at_once_one_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API server refuses a lease that was made, or written to, since it was read."""
    api, tries = MemoryApi(), []

    def first_come(sent: Sent) -> Any:
        if sent.method == "POST" and not tries:
            tries.append(sent)
            api.put(held("somebody who was quicker"))
            return refusal(409, "already exists")
        return None

    api.fault = first_come
    told: list[str] = []
    clock = Clock(lambda look: api.drop(LEASE) if look == 2 else None)
    with take(api, clock, monkeypatch, told=told):
        assert holder(api) == "me"
    assert told == ["somebody who was quicker"]


def test_a_lease_that_was_taken_over_meanwhile_is_left_to_its_new_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    api = MemoryApi()
    with take(api, Clock(), monkeypatch):
        api.put(held("the next one"))
    assert holder(api) == "the next one"


def test_a_server_that_is_away_at_the_end_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    api = MemoryApi()
    with take(api, Clock(), monkeypatch):
        api.fault = lambda sent: refusal(500)
    assert holder(api) == "me", "it ends by itself"


def test_the_lease_is_renewed_while_the_work_goes_on_often_enough_to_miss_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lock.RENEW_SECONDS * 3 < LEASE_SECONDS
    api, renewed = MemoryApi(), threading.Event()

    def seen(sent: Sent) -> None:
        if sent.method == "PUT":
            renewed.set()

    api.fault = seen
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.02)
    with ReleaseLock(api, "ns", "fate-9999", "me", 1.0):
        assert renewed.wait(5)
