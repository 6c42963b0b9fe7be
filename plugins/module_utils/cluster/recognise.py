# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases are clusters of FATE, and whose."""

from __future__ import annotations

from ..errors import Kind, KubefateError
from ..facts.labels import CLUSTER, MODULE, PARTY_ID
from ..objects import labels_of
from ..release import PROOF_LABEL, Release
from ..values import TEMPLATE


def is_fate(release: Release) -> bool:
    """Whether a release is one of FATE: made by this collection, or with the labels of KubeFATE's charts."""
    if PROOF_LABEL in release.labels:
        return True
    return any(CLUSTER in labels_of(obj) and MODULE in labels_of(obj) for obj in release.objects)


def refuse_foreign(release: Release | None) -> None:
    """Raise ``KubefateError`` (conflict) for a release that is not one of FATE: it is somebody else's. One that is
    asked for by name may also be known by its chart, if that has a values template."""
    if release is None or is_fate(release):
        return
    if any(entry.get("name") == TEMPLATE for entry in release.chart_record.get("files") or []):
        return
    meta = release.chart_meta
    raise KubefateError(
        f"Release {release.name} in namespace {release.namespace} is not one of FATE: it was made from chart "
        f"{meta.get('name')} {meta.get('version')}, which has no {TEMPLATE}, and none of its objects has the labels "
        f"{CLUSTER} and {MODULE}.",
        Kind.CONFLICT,
        "plan",
        "It is left as it is. Choose another name or namespace.",
    )


def party_id(release: Release) -> str:
    """The party id of a release, by its label, else by its values; empty where it has none."""
    for obj in release.objects:
        if labels_of(obj).get(PARTY_ID):
            return str(labels_of(obj)[PARTY_ID])
    return str(release.values.get(PARTY_ID) or "")


def cluster_kind(release: Release) -> str:
    """``fate``, ``fate-serving`` or ``fate-exchange`` by the labels of its workloads, else the chart's name."""
    found = [labels_of(obj)[CLUSTER] for obj in release.objects if CLUSTER in labels_of(obj)]
    return max(set(found), key=lambda kind: (found.count(kind), kind)) if found else str(release.chart_meta.get("name"))
