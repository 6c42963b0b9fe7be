# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage classes, and whether they can give the volumes that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..facts.kubernetes import SINGLE_NODE_PROVISIONERS
from ..objects import Object, annotations_of, name_of
from .model import Check, Finding, PartyFacts, ServerFacts, failed, hidden, passed, warned
from .pods import workloads

_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_SHARED = ("ReadWriteMany", "ReadOnlyMany")


@dataclass(frozen=True, slots=True)
class Claim:
    """A volume that is asked for. storage_class: None for the default one, empty for none at all."""

    owner: str
    storage_class: str | None
    modes: tuple[str, ...]
    volume: str = ""


def claims(objects: Sequence[Object]) -> Iterator[Claim]:
    for obj in objects:
        where = f"{obj.get('kind')}/{name_of(obj)}"
        if obj.get("kind") == "PersistentVolumeClaim":
            yield _claim(where, obj.get("spec") or {})
        for template in (obj.get("spec") or {}).get("volumeClaimTemplates") or []:
            yield _claim(f"{where} ({name_of(template)})", template.get("spec") or {})


def _claim(where: str, spec: Mapping[str, Any]) -> Claim:
    given = spec.get("storageClassName")
    return Claim(
        where,
        None if given is None else str(given),
        tuple(spec.get("accessModes") or ()),
        str(spec.get("volumeName") or ""),
    )


def check_storage(server: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    live = {name_of(obj) for obj in party.live if obj.get("kind") == "PersistentVolumeClaim"}
    yield from _existing(party, live)
    wanted = [claim for claim in claims(party.objects) if not claim.volume]
    fresh = [claim for claim in wanted if claim.owner.partition("/")[2] not in live]
    if not fresh:
        yield passed(Check.STORAGE, "no volume has to be made")
        return
    if server.classes is None:
        yield hidden(
            Check.STORAGE,
            "the storage classes that there are",
            "list storageclasses.storage.k8s.io",
            f"It is unknown whether {len(fresh)} volumes can be made.",
        )
        return
    findings = [finding for claim in fresh for finding in _claimed(claim, server.classes)]
    yield from findings
    if not findings:
        names = sorted(
            {str(_class_of(claim, server.classes)["metadata"]["name"]) for claim in fresh if claim.storage_class != ""}
        )
        yield passed(Check.STORAGE, f"{len(fresh)} volumes of storage class {', '.join(names) or 'none'}")


def _class_of(claim: Claim, classes: Sequence[Object]) -> Object:
    """The storage class of a claim; empty where there is none."""
    for entry in classes:
        if claim.storage_class is None and annotations_of(entry).get(_DEFAULT) == "true":
            return entry
        if claim.storage_class == name_of(entry):
            return entry
    return {}


def _claimed(claim: Claim, classes: Sequence[Object]) -> Iterator[Finding]:
    known = ", ".join(sorted(map(name_of, classes))) or "none"
    if claim.storage_class == "":
        yield warned(
            Check.STORAGE,
            f"{claim.owner} asks for a volume that somebody made beforehand",
            "Have a PersistentVolume made for it, or give a storage class.",
            claim.owner,
        )
        return
    found = _class_of(claim, classes)
    if not found and claim.storage_class is None:
        yield failed(
            Check.STORAGE,
            f"{claim.owner} asks for a volume of the default storage class, and there is none",
            f"Give a storage class; there are: {known}.",
            claim.owner,
        )
    elif not found:
        yield failed(
            Check.STORAGE,
            f"{claim.owner} asks for storage class {claim.storage_class}, which does not exist",
            f"Give one that does; there are: {known}.",
            claim.owner,
        )
    elif set(claim.modes) & set(_SHARED):
        yield from _shared(claim, found)


def _shared(claim: Claim, found: Object) -> Iterator[Finding]:
    provisioner, modes = str(found.get("provisioner")), ", ".join(claim.modes)
    if provisioner in SINGLE_NODE_PROVISIONERS:
        yield failed(
            Check.STORAGE,
            f"{claim.owner} asks for {modes}, and storage class {name_of(found)} ({provisioner}) gives volumes to one "
            "node at a time",
            "Use accessMode ReadWriteOnce, or a storage class of a shared file system.",
            claim.owner,
        )
    else:
        yield warned(
            Check.STORAGE,
            f"{claim.owner} asks for {modes}; whether {provisioner} of storage class {name_of(found)} can do that does "
            "not show",
            "Ask who runs the storage.",
            claim.owner,
        )


def _existing(party: PartyFacts, live: set[str]) -> Iterator[Finding]:
    """Claims that pods name and that the chart does not make."""
    made = {name_of(obj) for obj in party.objects if obj.get("kind") == "PersistentVolumeClaim"}
    for wanted in workloads(party.objects):
        for volume in wanted.spec.get("volumes") or []:
            name = str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")
            if not name or name in made or name in live:
                continue
            if party.claims_visible:
                yield failed(
                    Check.STORAGE,
                    f"{wanted.owner} uses the PersistentVolumeClaim {name}, which does not exist",
                    "Make it first, or correct its name.",
                    wanted.owner,
                )
            else:
                yield hidden(
                    Check.STORAGE,
                    f"whether the PersistentVolumeClaim {name} exists",
                    f"list persistentvolumeclaims in namespace {party.namespace}",
                    f"{wanted.owner} uses it.",
                )
