# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release's FATE-Flow is, and whether there is anything to ask. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..facts.flow import MODULE, PORT, PORT_WORD, SERVICE
from ..health.pods import is_ready, is_simulated
from ..health.snapshot import Snapshot
from ..health.workloads import assess
from ..objects import Object, labels_of, module_of, name_of, pod_template
from .model import Known

_SCALED = ("Deployment", "StatefulSet")


def flow_workload(manifest: Iterable[Object]) -> Object | None:
    """The workload of a release that FATE-Flow runs in."""
    found = (obj for obj in manifest if obj.get("kind") in _SCALED and module_of(obj) == MODULE)
    return next(found, None)


def flow_service(manifest: Iterable[Object], workload: Object) -> str:
    """The Service that leads to FATE-Flow's HTTP port, as the API server's proxy names it; empty without one."""
    labels = labels_of(pod_template(workload))
    found = [
        (name_of(obj) != SERVICE, name_of(obj), port)
        for obj in manifest
        if obj.get("kind") == "Service" and _selects(obj, labels) and (port := _http_port(obj)) is not None
    ]
    return "{1}:{2}".format(*min(found)) if found else ""


def _selects(service: Object, labels: Mapping[str, str]) -> bool:
    selector = (service.get("spec") or {}).get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _http_port(service: Object) -> int | None:
    ports: list[Mapping[str, Any]] = (service.get("spec") or {}).get("ports") or []
    for port in ports:
        if PORT in (port.get("port"), port.get("targetPort")):
            return int(port["port"])
    named = [port for port in ports if PORT_WORD in str(port.get("name") or "")]
    return int(named[0]["port"]) if named else None


def ready_pod(live: Object | None, pods: Iterable[Object]) -> Object | None:
    """A pod of the workload that is ready."""
    mine = Snapshot([live, *pods]).pods(live) if live else []
    return next((pod for pod in mine if is_ready(pod)), None)


def without_asking(live: Object | None, pods: Iterable[Object]) -> Known | None:
    """What is known before FATE-Flow is asked, or None where it is ready to answer.

    Nothing runs where it has no pods, is to have none, or they are simulated. One that is not ready is not waited for:
    it may be just what is being repaired.
    """
    if live is None or (live.get("spec") or {}).get("replicas") == 0:
        return Known()
    seen = Snapshot([live, *pods])
    mine = seen.pods(live)
    if mine and all(is_simulated(pod) for pod in mine):
        return Known()
    if any(is_ready(pod) for pod in mine):
        return None
    said = assess(live, seen).message or "none of its pods is ready"
    return Known(caveat=f"FATE-Flow ({live.get('kind')}/{name_of(live)}) was not asked for running jobs: {said}.")
