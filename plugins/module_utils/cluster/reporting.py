# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on clusters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..data import blanked, secret_leaves
from ..kube.client import ApiError
from ..objects import Object, event_time, name_of
from ..release import newest
from .context import Context
from .describe import describe, manifest_summary, release_values
from .gather import HEALTH_KINDS, SECRETS, Found, health, history, referred, sort_found
from .glimpse import glimpse
from .listing import Objects
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
        out["history"] = _history(context, name, namespace)
    return out


def _history(context: Context, name: str, namespace: str) -> list[dict[str, Any]]:
    """The revisions that helm keeps; none where they may not be read."""
    try:
        return [release.summary() for release in history(context.api, name, namespace)]
    except ApiError as error:
        if error.status != 403:
            raise
        return []


def list_clusters(context: Context, namespace: str, objects: Objects, *, details: bool) -> list[Result]:
    """Every cluster of FATE in one namespace or, with an empty one, in all.

    Where Secrets may not be read, those of that namespace, or of the one that the connection names, are seen by their
    live objects.
    """
    try:
        secrets = context.api.list_objects("v1", "Secret", namespace, labels=SECRETS)
    except ApiError as error:
        own = namespace or context.api.connection.namespace
        if error.status != 403 or not own:
            raise
        return _glimpsed(context, own, error, details=details)
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


def _glimpsed(context: Context, namespace: str, refusal: ApiError, *, details: bool) -> list[Result]:
    objects = Objects(context.api, [namespace])
    return [
        inform(context, Found((release,), {}), release.name, namespace, objects, details=details)
        for release in glimpse(context.api, namespace, refusal)
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
