# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What helm would deploy: a chart with values, rendered as for the Kubernetes that is there.

A chart that asks the server nothing is rendered by helm alone, from what it is told; for any other, helm previews the
release with the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..chart.asking import apis_to_tell
from ..errors import Kind, KubefateError
from ..helm.cli import Helm
from ..kube.client import Api
from ..objects import Object
from ..release import SERVER_SIDE, Release, Status, manifest_objects, split_hooks
from ..values import Values
from .target import Target


@dataclass(frozen=True, slots=True)
class Telling:
    """What helm is told of a Kubernetes. kubernetes: its version. apis: versions that are there beside its own."""

    kubernetes: str
    apis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A manifest that helm rendered. hooks: objects that run when it is deployed."""

    objects: list[dict[str, Any]]
    hook_texts: list[str]
    hooks: list[Object]
    server_side: bool


def to_tell(api: Api, target: Target) -> Telling | None:
    """What helm must know of a Kubernetes to render the chart without asking it; None where that cannot be said."""
    there = api.versions()
    apis = None if there is None else apis_to_tell(target.chart, there)
    return None if apis is None or not api.version() else Telling(api.version(), tuple(apis))


def render_manifest(
    helm: Helm, target: Target, values: Values, current: Release | None, telling: Telling | None = None
) -> Preview:
    """What helm would deploy, rendered with the server's capabilities.

    telling: what helm is told; without it, it asks the server itself. Helm refuses to preview a release that is locked
    in a pending state, be it since this very moment; then the chart is rendered as for an upgrade. Whoever applies such
    a plan plans again under the release's Lease.
    """
    if current is not None and (current.status.pending or current.status is Status.UNINSTALLING):
        return _rendered_alone(helm, target, values, current)
    key = _preview_key(helm, target, values, current)
    body = helm.previews.find(*key)
    if body is None and telling is not None:
        body = _rendered_here(helm, target, values, current, telling)
        helm.previews.keep(body, *key)
    if body is None:
        try:
            body = helm.preview(target.name, target.chart.path, values.text, namespace=target.namespace)
        except KubefateError as error:
            if error.kind is not Kind.LOCKED:
                raise
            return _rendered_alone(helm, target, values, current)
        helm.previews.keep(body, *key)
    manifest = str(body.get("manifest") or "")
    server_side = body.get("apply_method") == SERVER_SIDE
    return Preview(manifest_objects(manifest), hook_texts(body), hooks_of(body), server_side)


def _rendered_here(
    helm: Helm, target: Target, values: Values, current: Release | None, telling: Telling
) -> dict[str, Any]:
    """The same as a preview, by helm alone."""
    extra = helm.tell(telling.kubernetes, telling.apis, upgrade=current is not None)
    text = helm.template(target.name, target.chart.path, values.text, namespace=target.namespace, extra=extra)
    body: dict[str, Any] = split_hooks(text)
    return {**body, "apply_method": SERVER_SIDE} if _goes_on_server_side(helm, current) else body


def _goes_on_server_side(helm: Helm, current: Release | None) -> bool:
    """Whether this helm applies the next revision on the server: helm 3 never does, helm 4 goes on as it began."""
    return (current is None or current.server_side) and helm.version() >= (4, 0)


def _preview_key(helm: Helm, target: Target, values: Values, current: Release | None) -> tuple[str, ...]:
    """Everything that a preview is made from."""
    state = f"{current.uid} {current.revision} {current.status}" if current else ""
    return helm.binary, helm.server, target.name, target.namespace, target.chart.digest, values.text, state


def _rendered_alone(helm: Helm, target: Target, values: Values, current: Release | None) -> Preview:
    extra = [*helm.ask_the_server(), "--is-upgrade", "--no-hooks"]
    manifest = helm.template(target.name, target.chart.path, values.text, namespace=target.namespace, extra=extra)
    body = current.body if current else {}
    server_side = current is not None and _goes_on_server_side(helm, current)
    return Preview(manifest_objects(manifest), hook_texts(body), hooks_of(body), server_side)


def hook_texts(body: Mapping[str, Any]) -> list[str]:
    """The hooks of a release record, in an order that does not depend on helm's."""
    return sorted(str(hook.get("manifest") or "").strip() for hook in body.get("hooks") or [])


def hooks_of(body: Mapping[str, Any]) -> list[Object]:
    """The objects of hooks; those that only ``helm test`` runs are left out."""
    found: list[Object] = []
    for hook in body.get("hooks") or []:
        if set(hook.get("events") or ()) - {"test", "test-success"}:
            found += manifest_objects(str(hook.get("manifest")))
    return found
