# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on clusters."""

from __future__ import annotations

from collections.abc import Iterable

from ..data import blanked, secret_leaves
from ..objects import Object, event_time, name_of
from ..release import newest
from .context import Context
from .describe import describe, manifest_summary, release_values
from .gather import HEALTH_KINDS, SECRETS, Found, Objects, health, history, referred, sort_found
from .recognise import is_fate
from .shape import Result, among


def inform(context: Context, found: Found, name: str, namespace: str, objects: Objects, *, details: bool) -> Result:
    """The state of one cluster. details: also values (without secrets), manifest summary, events and revisions."""
    current = found.current
    if current is None:
        return describe(name, namespace, None, None, ())
    expected = list(referred(context.api, current.objects, name, namespace).values())
    verdict = health(objects, expected, namespace)
    out = describe(name, namespace, current, verdict, among(objects.of(namespace), expected))
    if details:
        objects.load([("v1", "Event")])
        out["release_values"] = release_values(current)
        out["manifest"] = manifest_summary(current)
        out["events"] = blanked(_events(objects.of(namespace), expected), secret_leaves(current.values))
        out["history"] = [release.summary() for release in history(context.api, name, namespace)]
    return out


def list_clusters(context: Context, namespace: str, objects: Objects, *, details: bool) -> list[Result]:
    """Every cluster of FATE in one namespace or, with an empty one, in all."""
    secrets = context.api.list_objects("v1", "Secret", namespace, labels=SECRETS)
    releases = [revisions[0] for revisions in newest(secrets).values()]
    fate = [release for release in releases if is_fate(release)]
    kinds = {(str(obj["apiVersion"]), str(obj["kind"])) for release in fate for obj in release.objects}
    objects.load(kinds | set(HEALTH_KINDS))
    return [
        inform(
            context,
            sort_found(secrets, release.name, release.namespace),
            release.name,
            release.namespace,
            objects,
            details=details,
        )
        for release in sorted(fate, key=lambda release: (release.namespace, release.name))
    ]


def _events(objects: Iterable[Object], expected: Iterable[Object]) -> list[dict[str, str]]:
    names = {name_of(obj) for obj in expected}
    found = []
    for event in objects:
        about = event.get("involvedObject") or {}
        name = str(about.get("name", ""))
        if event.get("kind") == "Event" and any(name == own or name.startswith(f"{own}-") for own in names):
            found.append(
                {
                    "time": event_time(event),
                    "type": str(event.get("type", "")),
                    "object": f"{about.get('kind')}/{name}",
                    "reason": str(event.get("reason", "")),
                    "message": str(event.get("message", "")),
                }
            )
    return sorted(found, key=lambda event: event["time"])[-100:]
