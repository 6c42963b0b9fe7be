# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas and limit ranges of a namespace, against what is going to be in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..objects import Object, name_of
from ..plan.normalise import quantity
from .model import Check, Finding, PartyFacts, failed, hidden, passed
from .pods import Wanted, amount_text, containers, is_over, limits, requests, selected, workloads

_PLAIN = {"cpu": "requests.cpu", "memory": "requests.memory", "ephemeral-storage": "requests.ephemeral-storage"}
"""Short names of a quota's resources."""
_COUNTED = {
    "Pod": "pods",
    "Service": "services",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
    "Ingress": "ingresses.networking.k8s.io",
}
_SERVICES = {"NodePort": "services.nodeports", "LoadBalancer": "services.loadbalancers"}
_HINT = "Raise the namespace's ResourceQuota, or lower the requests."


def check_quota(party: PartyFacts) -> Iterator[Finding]:
    if not party.quotas_visible and not party.quota and not party.limits:
        yield hidden(
            Check.QUOTA,
            f"quotas of namespace {party.namespace}",
            f"list resourcequotas and limitranges in namespace {party.namespace}",
            "It is unknown whether they leave enough.",
        )
        return
    quotas = _quotas(party)
    ranges = _ranges(party)
    findings = [*_exceeded(party, quotas), *_without_requests(party, quotas, ranges), *_out_of_range(party, ranges)]
    yield from findings
    if not findings:
        some = f"{len(quotas)} quotas and {len(ranges)} limits leave enough"
        yield passed(Check.QUOTA, some if quotas or ranges else "the namespace has no quota")


def _quotas(party: PartyFacts) -> list[tuple[str, dict[str, Decimal], dict[str, Decimal]]]:
    """Name, hard and used of each quota; one that is going to be made counts as it is going to be."""
    found = {}
    for obj in party.live:
        if obj.get("kind") == "ResourceQuota" and not (obj.get("spec") or {}).get("scopes"):
            status = obj.get("status") or {}
            hard = status.get("hard") or (obj.get("spec") or {}).get("hard") or {}
            found[name_of(obj)] = (_amounts(hard), _amounts(status.get("used") or {}))
    if party.quota:
        used = found.get("fate", ({}, {}))[1]
        found["fate"] = (_amounts(party.quota), used)
    return [(name, hard, used) for name, (hard, used) in found.items()]


def _amounts(given: Mapping[str, Any]) -> dict[str, Decimal]:
    return {_PLAIN.get(name, name): amount for name, value in given.items() if (amount := quantity(value)) is not None}


def _ranges(party: PartyFacts) -> list[Mapping[str, Any]]:
    found = [obj for obj in party.live if obj.get("kind") == "LimitRange"]
    entries = [
        entry
        for obj in found
        if not (party.limits and name_of(obj) == "fate")
        for entry in (obj.get("spec") or {}).get("limits") or []
    ]
    return [*entries, *party.limits]


def _exceeded(
    party: PartyFacts, quotas: Sequence[tuple[str, dict[str, Decimal], dict[str, Decimal]]]
) -> Iterator[Finding]:
    """Against the sum of what is there already without being ours, and what is going to be there."""
    pods = [obj for obj in party.live if obj.get("kind") == "Pod"]
    own = [pod for pod in selected([*party.objects, *party.recorded], pods) if not is_over(pod)]
    now = _sum_of([Wanted("", pod.get("spec") or {}, {}, 1) for pod in own])
    now |= _counts(party.recorded, party.live)
    wanted = _sum_of(list(workloads(party.objects)))
    wanted |= _counts(party.objects, ())
    for name, hard, used in quotas:
        for resource, allowed in hard.items():
            need = wanted.get(resource, wanted.get(resource.removeprefix("count/"), Decimal(0)))
            have = now.get(resource, now.get(resource.removeprefix("count/"), Decimal(0)))
            after = used.get(resource, Decimal(0)) - have + need
            if need and after > allowed:
                yield failed(
                    Check.QUOTA,
                    f"ResourceQuota {name} allows {resource} {amount_text(allowed, resource)}, and "
                    f"{amount_text(after, resource)} would be used; {amount_text(after - allowed, resource)} are "
                    "missing",
                    _HINT,
                    f"ResourceQuota/{name}",
                )


def _sum_of(pods: Iterable[Wanted]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for wanted in pods:
        count = 1 if wanted.count is None else wanted.count
        entries = {f"requests.{name}": amount for name, amount in requests(wanted.spec).items()}
        entries |= {f"limits.{name}": amount for name, amount in limits(wanted.spec).items()}
        for name, amount in {**entries, "pods": Decimal(1)}.items():
            total[name] = total.get(name, Decimal(0)) + amount * count
    return total


def _counts(objects: Iterable[Object], live: Iterable[Object]) -> dict[str, Decimal]:
    """Numbers of objects by kind. live: only those that are there count, if any are given."""
    there = {(obj.get("kind"), name_of(obj)) for obj in live}
    total: dict[str, Decimal] = {}
    for obj in objects:
        if there and (obj.get("kind"), name_of(obj)) not in there:
            continue
        for name, amount in _counted_as(obj):
            total[name] = total.get(name, Decimal(0)) + amount
    return total


def _counted_as(obj: Object) -> Iterator[tuple[str, Decimal]]:
    kind, spec = str(obj.get("kind")), obj.get("spec") or {}
    if kind in _COUNTED and kind != "Pod":
        yield _COUNTED[kind], Decimal(1)
    if kind == "Service" and spec.get("type") in _SERVICES:
        yield _SERVICES[spec["type"]], Decimal(1)
    if kind == "PersistentVolumeClaim":
        yield "requests.storage", _size(obj)
    for claim in spec.get("volumeClaimTemplates") or []:
        count = Decimal(1 if spec.get("replicas") is None else spec["replicas"])
        yield "persistentvolumeclaims", count
        yield "requests.storage", count * _size(claim)


def _size(claim: Object) -> Decimal:
    asked = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return quantity(asked.get("storage")) or Decimal(0)


def _without_requests(
    party: PartyFacts, quotas: Sequence[Any], ranges: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """A quota on a resource refuses pods that say nothing about it, unless a limit range fills that in."""
    defaults = {
        f"{kind}.{name}"
        for entry in ranges
        if entry.get("type") == "Container"
        for kind, keys in (("requests", ("defaultRequest", "default", "min")), ("limits", ("default",)))
        for key in keys
        for name in entry.get(key) or {}
    }
    for quota, hard, _used in quotas:
        asked = {name for name in hard if name.startswith(("requests.", "limits.")) and name != "requests.storage"}
        for wanted in workloads(party.objects):
            silent = sorted(
                resource
                for resource in asked - defaults
                for container in containers(wanted.spec)
                if resource.partition(".")[2] not in _given(container, resource.partition(".")[0])
            )
            if silent:
                yield failed(
                    Check.QUOTA,
                    f"{wanted.owner} says nothing about {', '.join(dict.fromkeys(silent))}, and ResourceQuota {quota} "
                    "wants that",
                    "Give its resources in the spec, or the namespace a LimitRange with defaults.",
                    wanted.owner,
                )


def _given(container: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    resources = container.get("resources") or {}
    ceiling = resources.get("limits") or {}
    return ceiling if kind == "limits" else {**ceiling, **(resources.get("requests") or {})}


def _out_of_range(party: PartyFacts, ranges: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for entry in ranges:
        if entry.get("type") != "Container":
            continue
        most, least = _bounds(entry.get("max")), _bounds(entry.get("min"))
        for wanted in workloads(party.objects):
            for container in containers(wanted.spec):
                where = f"container {container.get('name')} of {wanted.owner}"
                for name, amount in _bounds(_given(container, "limits")).items():
                    if name in most and amount > most[name]:
                        given, bound = amount_text(amount, name), amount_text(most[name], name)
                        text = f"{where} has a limit of {given} {name}; the LimitRange allows {bound}"
                        yield failed(Check.QUOTA, text, "Lower it, or have the LimitRange changed.", wanted.owner)
                for name, amount in _bounds(_given(container, "requests")).items():
                    if name in least and amount < least[name]:
                        given, bound = amount_text(amount, name), amount_text(least[name], name)
                        text = f"{where} asks for {given} {name}; the LimitRange wants {bound}"
                        yield failed(Check.QUOTA, text, "Raise it, or have the LimitRange changed.", wanted.owner)


def _bounds(given: Mapping[str, Any] | None) -> dict[str, Decimal]:
    return {name: amount for name, value in (given or {}).items() if (amount := quantity(value)) is not None}
