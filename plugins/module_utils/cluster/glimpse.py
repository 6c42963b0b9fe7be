# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters as somebody sees them who may read no Secret, and so no release record: from the live objects.

Helm marks each object with the release that it belongs to. Revision, values and status of the release stay unknown, and
what is missing altogether cannot be missed.
"""

from __future__ import annotations

from ..facts.kinds import DEPLOYED
from ..facts.labels import CLUSTER, MODULE
from ..kube.client import Api, ApiError
from ..objects import Object, annotations_of, labels_of
from ..plan.making import RELEASE_NAME
from ..plan.normalise import pruned
from ..release import Release, seen_release
from .gather import Found, find_release
from .listing import Objects

KINDS = tuple((line.rpartition("/")[0], line.rpartition("/")[2]) for line in DEPLOYED)


def find_or_glimpse(api: Api, name: str, namespace: str) -> Found:
    """What is there under a release's name, from its record or, where that may not be read, from what is live."""
    try:
        return find_release(api, name, namespace)
    except ApiError as error:
        if error.status != 403:
            raise
        seen = glimpse(api, namespace, error)
    return Found(tuple(release for release in seen if release.name == name), {})


def glimpse(api: Api, namespace: str, refusal: ApiError) -> list[Release]:
    """Releases of FATE that live objects of a namespace belong to. Raises ``refusal``, what was said about Secrets,
    where not even workloads may be read."""
    objects = Objects(api, [namespace])
    objects.load(KINDS)
    if objects.refused(("apps/v1", "Deployment"), namespace) is not None:
        raise refusal
    found: dict[str, list[Object]] = {}
    for obj in objects.of(namespace):
        name = annotations_of(obj).get(RELEASE_NAME)
        if name:
            found.setdefault(name, []).append(pruned(obj))
    return [
        seen_release(name, namespace, members)
        for name, members in sorted(found.items())
        if any(CLUSTER in labels_of(obj) and MODULE in labels_of(obj) for obj in members)
    ]
