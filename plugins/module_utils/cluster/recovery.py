# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that an interrupted run left behind, and how to go on from them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Kind, KubefateError
from ..helm.cli import Helm
from ..job.record import seconds_since
from ..kube.client import Api, ApiError
from ..objects import Object, annotations_of, name_of
from ..plan.making import CLAIM, KEEP
from ..plan.model import Action, Operation, Plan
from ..release import PROOF_LABEL, Release, Status, names
from ..yamltext import dump_yaml
from .options import Options


def recover(api: Api, helm: Helm, release: Release, options: Options, tell: Callable[[str], None]) -> None:
    """Bring a release into a state from which helm goes on. The caller holds the release's Lease.

    A pending revision is marked as failed: at once if it is ours (its label names it; whoever made it is gone, since we
    hold the Lease), else only after ``pending_timeout`` or with ``force_unlock``. A removal that was interrupted is
    finished. Raises ``KubefateError`` (locked) for a pending revision of somebody else.
    """
    if release.status is Status.UNINSTALLING:
        tell(f"finishing the removal of revision {release.revision} that was interrupted")
        helm.uninstall(release.name, release.namespace, timeout=options.wait_timeout)
        return
    if not release.status.pending:
        return
    ours = names(release.labels.get(PROOF_LABEL, ""), release.revision)
    age = seconds_since(_second(release.last_deployed)) if release.last_deployed else options.pending_timeout
    if not ours and not options.force_unlock and age < options.pending_timeout:
        raise KubefateError(
            f"Revision {release.revision} of release {release.name} in {release.namespace} has been {release.status} "
            "for "
            f"{int(age)} s, and was not started by this collection.",
            Kind.LOCKED,
            "apply",
            "If nobody works on it any more, run again with force_unlock: true, or after "
            f"{int(options.pending_timeout)} s "
            "(pending_timeout).",
        )
    tell(f"revision {release.revision} was left {release.status}: it is marked as failed and followed by a new one")
    mark_failed(api, release, f"was left {release.status}")


def mark_failed(api: Api, release: Release, text: str) -> None:
    """Give a revision the status ``failed``, as Helm would have if it had lived."""
    info = {**(release.body.get("info") or {}), "status": str(Status.FAILED), "description": text}
    _rewrite(api, release, {**release.body, "info": info}, status=str(Status.FAILED))


def keep_volumes(api: Api, release: Release, plan: Plan) -> None:
    """Have helm leave the volumes that a plan keeps. An update asks the live object for helm's annotation, a removal
    the manifest in the release's record."""
    claims = {change.ref for change in plan.changes if change.ref.kind == CLAIM and change.action is Action.KEEP}
    if plan.operation is not Operation.UNINSTALL:
        for ref in sorted(claims):
            api.patch(ref, {"metadata": {"annotations": {KEEP: "keep"}}})
        return
    objects = release.objects
    named = {ref.name for ref in claims}
    lost = [obj for obj in objects if obj.get("kind") == CLAIM and name_of(obj) in named and not _is_kept(obj)]
    for obj in lost:
        metadata = obj["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), KEEP: "keep"}
    if lost:
        manifest = "".join(f"---\n{dump_yaml(obj)}" for obj in objects)
        _rewrite(api, release, {**release.body, "manifest": manifest})


def _is_kept(obj: Object) -> bool:
    return annotations_of(obj).get(KEEP) == "keep"


def _rewrite(api: Api, release: Release, body: Mapping[str, Any], **labels: str) -> None:
    """Write another body into a revision's record."""
    secret = api.read(release.ref)
    packed = base64.b64encode(gzip.compress(json.dumps(body).encode(), mtime=0))
    secret["data"]["release"] = base64.b64encode(packed).decode()
    secret["metadata"].setdefault("labels", {}).update(labels)
    api.replace(secret)


def mark(api: Api, release: Release, label: str, value: str | None) -> None:
    """Set or, with None, take away a label of a revision's record. A right that is missing is no failure."""
    try:
        api.patch(release.ref, {"metadata": {"labels": {label: value}}})
    except ApiError as error:
        if error.status not in (403, 404, 409):
            raise


def _second(moment: str) -> str:
    """Helm's time to the second: ``2026-01-02T03:04:05.123456789Z`` has more digits than Python reads."""
    head, dot, tail = moment.partition(".")
    if not dot:
        return moment
    zone = tail.lstrip("0123456789")
    return head + (zone or "Z")
