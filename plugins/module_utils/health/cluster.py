# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of a cluster: its workloads, its claims, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterable

from ..objects import WORKLOADS, Object, module_of, name_of
from .model import Cause, Health, State, Workload, worst
from .pods import is_simulated
from .snapshot import Snapshot
from .workloads import assess, images_of

_JUDGED = (*WORKLOADS, "Pod", "PersistentVolumeClaim", "Service")


def judge(expected: Iterable[Object], seen: Snapshot) -> Health:
    """The health of what a release should consist of.

    expected: the objects of the release's manifest. seen: the live objects of those kinds, pods, ReplicaSets, claims
    and, where anything is not ready, events.
    """
    objects = list(expected)
    workloads = []
    others: list[tuple[Object, State, str]] = []
    causes: list[Cause] = []
    for wanted in objects:
        kind, name = str(wanted.get("kind")), name_of(wanted)
        live = seen.find(kind, name)
        verdict = assess(live, seen)
        causes += verdict.causes
        if kind in WORKLOADS or kind == "Pod":
            workloads.append(Workload(kind, name, module_of(wanted), verdict, images_of(live or wanted)))
        elif kind in _JUDGED or verdict.state is not State.READY:
            others.append((wanted, verdict.state, verdict.message))
    states = [work.verdict.state for work in workloads] + [found for _obj, found, _text in others]
    state = worst(states) if states else State.READY
    if state is State.SUSPENDED and any(work.verdict.state is State.READY for work in workloads):
        state = State.READY
    return Health(state, _reason(workloads, others), tuple(workloads), tuple(causes), _simulated(workloads, seen))


def _reason(workloads: list[Workload], others: list[tuple[Object, State, str]]) -> str:
    """One sentence: how many are ready, and what the others wait for."""
    good = [work for work in workloads if work.verdict.state in (State.READY, State.SUSPENDED)]
    text = f"{len(good)} of {len(workloads)} workloads are ready"
    bad = [f"{work.module}: {work.verdict.message}" for work in workloads if work not in good]
    bad += [f"{obj.get('kind')} {name_of(obj)}: {said}" for obj, state, said in others if state is not State.READY]
    return f"{text}; {'; '.join(bad)}" if bad else text


def _simulated(workloads: list[Workload], seen: Snapshot) -> bool | None:
    pods = seen.of_kind("Pod")
    if not pods or not workloads:
        return None
    return any(is_simulated(pod) for pod in pods)
