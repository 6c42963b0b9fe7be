# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as results show it: chart, revision, health for each module, addresses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..chart.package import Chart
from ..data import blanked_text, redact, secret_leaves
from ..health.model import Health, State
from ..objects import Object, labels_of, module_of, name_of
from ..release import PROOF_LABEL, Release
from .recognise import party_id

ABSENT: dict[str, Any] = {"state": str(State.MISSING), "ready": False, "modules": [], "endpoints": [], "revision": 0}


def describe(
    name: str, namespace: str, release: Release | None, health: Health | None, live: Iterable[Object]
) -> dict[str, Any]:
    """The ``cluster`` value of a result."""
    if release is None:
        return {"name": name, "namespace": namespace, "reason": "there is no such release", **ABSENT}
    meta = release.chart_meta
    return {
        "name": name,
        "namespace": namespace,
        "party_id": party_id(release),
        "chart": {
            "name": str(meta.get("name") or ""),
            "version": str(meta.get("version") or ""),
            "app_version": app_version(release),
            "digest": release.chart_digest,
        },
        "revision": release.revision,
        "status": str(release.status),
        "description": blanked_text(release.description, secret_leaves(release.values)),
        "updated": release.last_deployed,
        "managed": PROOF_LABEL in release.labels,
        **_state(health),
        "endpoints": endpoints(live),
    }


def describe_proven(
    chart: Chart, party: str, release: Release, health: Health, live: Iterable[Object]
) -> dict[str, Any]:
    """The same of a release that is proven to be made from a chart: its record is not decoded."""
    objects = list(live)
    found = {labels_of(obj).get("app.kubernetes.io/version", "") for obj in objects} - {""}
    version = found.pop() if len(found) == 1 else str(chart.meta.get("appVersion") or "")
    return {
        "name": release.name,
        "namespace": release.namespace,
        "party_id": party,
        "chart": {"name": chart.name, "version": chart.version, "app_version": version},
        "revision": release.revision,
        "status": str(release.status),
        "description": "",
        "updated": release.modified,
        "managed": True,
        **_state(health),
        "endpoints": endpoints(objects),
    }


def _state(health: Health | None) -> dict[str, Any]:
    return {
        "state": str(health.state) if health else str(State.UNKNOWN),
        "reason": health.reason if health else "",
        "ready": bool(health and health.ready),
        "simulated": health.simulated if health else None,
        "modules": [work.as_result() for work in health.workloads] if health else [],
    }


def app_version(release: Release) -> str:
    """The version of the program that is deployed: its label where all workloads agree, else the chart's word."""
    found = {
        labels_of(obj).get("app.kubernetes.io/version", "")
        for obj in release.objects
        if obj.get("kind") in ("Deployment", "StatefulSet")
    } - {""}
    return found.pop() if len(found) == 1 else str(release.chart_meta.get("appVersion") or "")


def endpoints(live: Iterable[Object]) -> list[dict[str, Any]]:
    """Addresses of Services, Ingresses and Routes. address is what a client uses; scope says from where: cluster, node,
    outside."""
    found: list[dict[str, Any]] = []
    for obj in live:
        match obj.get("kind"):
            case "Service":
                found += _service(obj)
            case "Ingress":
                found += _ingress(obj)
            case "Route":
                found += _route(obj)
    return sorted(found, key=lambda item: (item["module"], item["name"], item["port"], item["address"]))


def _service(obj: Object) -> list[dict[str, Any]]:
    spec = obj.get("spec") or {}
    host = f"{name_of(obj)}.{obj['metadata'].get('namespace', '')}.svc"
    entries = []
    for port in spec.get("ports") or []:
        entry = {
            "module": module_of(obj),
            "name": name_of(obj),
            "kind": "Service",
            "port": port.get("name") or str(port["port"]),
        }
        entries.append({**entry, "scope": "cluster", "address": f"{host}:{port['port']}"})
        if port.get("nodePort"):
            entries.append({**entry, "scope": "node", "address": f"<any node>:{port['nodePort']}"})
        for ingress in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
            address = ingress.get("ip") or ingress.get("hostname")
            entries.append({**entry, "scope": "outside", "address": f"{address}:{port['port']}"})
    return entries


def _ingress(obj: Object) -> list[dict[str, Any]]:
    spec = obj.get("spec") or {}
    secure = {host for entry in spec.get("tls") or [] for host in entry.get("hosts") or []}
    entries = []
    for rule in spec.get("rules") or []:
        host = str(rule.get("host") or "*")
        for path in (rule.get("http") or {}).get("paths") or []:
            scheme = "https" if host in secure else "http"
            address = f"{scheme}://{host}{path.get('path') or '/'}"
            entry = {"module": module_of(obj), "name": name_of(obj), "kind": "Ingress", "port": "", "scope": "outside"}
            entries.append({**entry, "address": address})
    return entries


def _route(obj: Object) -> list[dict[str, Any]]:
    """A page that OpenShift's router shows."""
    spec = obj.get("spec") or {}
    if not spec.get("host"):
        return []
    scheme = "https" if spec.get("tls") else "http"
    address = f"{scheme}://{spec['host']}{spec.get('path') or '/'}"
    entry = {"module": module_of(obj), "name": name_of(obj), "kind": "Route", "port": "", "scope": "outside"}
    return [{**entry, "address": address}]


def release_values(release: Release) -> Any:
    """The values that were given to a release, secrets taken out."""
    return redact(release.values)


def manifest_summary(release: Release) -> list[dict[str, str]]:
    """Kind and name of each object of a release."""
    return [{"kind": str(obj.get("kind")), "name": name_of(obj), "module": module_of(obj)} for obj in release.objects]
