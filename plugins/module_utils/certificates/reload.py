# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling running servers to load the certificates that their Secret holds, where a command does that."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import Kind, KubefateError
from ..facts.labels import MODULE as POD_LABEL
from ..health.pods import is_ready, is_simulated
from ..kube.client import ApiError
from ..kube.mounts import mounted_file
from ..objects import Object, Ref, name_of
from .store import Shelf, secret_ref, text_of
from .wanted import Wanted

LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pod. done: reloaded, simulated or failed."""

    pod: str
    done: str
    text: str = ""


def load(
    shelf: Shelf, wanted: Wanted, timeout: float, tell: Callable[[str], None], *, dry: bool = False
) -> list[Outcome]:
    """Wait until the pods see what the Secret holds, and tell their servers to load it. It is then noted on the Secret.

    timeout: seconds to wait for the kubelets, which look every minute or so. Raises ``KubefateError`` where a pod could
    not be told; nothing is noted then.
    """
    pods = shelf.api.list_objects("v1", "Pod", shelf.namespace, labels=f"{POD_LABEL}={wanted.server.label}")
    running = [pod for pod in pods if is_ready(pod)]
    if dry:
        return [Outcome(name_of(pod), "simulated" if is_simulated(pod) else "reloaded") for pod in running]
    secret = shelf.api.read(secret_ref(shelf.namespace, wanted.secret))
    end = time.monotonic() + timeout
    outcomes = [_load(shelf, wanted, secret, pod, end, tell) for pod in running]
    failed = [outcome for outcome in outcomes if outcome.done == "failed"]
    if failed:
        raise KubefateError(
            f"{wanted.module} in namespace {shelf.namespace} still uses its old certificate: "
            + "; ".join(f"{outcome.pod}: {outcome.text}" for outcome in failed),
            Kind.REFUSED,
            "apply",
            f"Grant the verbs get and create on pods/exec, or restart it: restart_fate with fate_modules: "
            f"[{wanted.module}].",
        )
    shelf.note_loaded(wanted)
    return outcomes


def _load(
    shelf: Shelf, wanted: Wanted, secret: Object, pod: Object, end: float, tell: Callable[[str], None]
) -> Outcome:
    name = name_of(pod)
    if is_simulated(pod):
        return Outcome(name, "simulated", "nothing listens behind a simulated pod")
    key = wanted.server.keys.certificate
    place = mounted_file(pod, "Secret", wanted.secret, key)
    if place is None or place.frozen:
        how = "mounts the file alone (subPath), so that it never changes" if place else "does not mount the Secret"
        return Outcome(name, "failed", f"the pod {how}")
    ref = Ref("v1", "Pod", shelf.namespace, name)
    tell(f"{wanted.module}: waiting until {name} sees the new certificate")
    try:
        while not _sees(shelf, ref, place.container, place.path, text_of(secret, key)):
            if time.monotonic() >= end:
                return Outcome(name, "failed", "the new certificate did not reach it in time")
            time.sleep(LOOK_SECONDS)
        done = shelf.api.execute(ref, wanted.server.reload, container=place.container)
    except ApiError as error:
        return Outcome(name, "failed", error.server_message.rstrip("."))
    if done.code:
        said = (done.err or done.out).decode("utf-8", "replace").strip()[-300:]
        return Outcome(name, "failed", f"{' '.join(wanted.server.reload)} ended with {done.code}: {said}")
    tell(f"{wanted.module}: {name} loaded the new certificate")
    return Outcome(name, "reloaded")


def _sees(shelf: Shelf, pod: Ref, container: str, path: str, text: str) -> bool:
    done = shelf.api.execute(pod, ("cat", path), container=container)
    return done.code == 0 and done.out.decode("utf-8", "replace") == text


def as_results(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    return [{"pod": outcome.pod, "done": outcome.done, "text": outcome.text} for outcome in outcomes]
