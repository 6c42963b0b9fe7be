# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server would make of objects: dry runs, of which nothing stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kube.client import Api, ApiError
from ..objects import Object, Ref
from ..plan.making import Answer, Conflict, Gathered, contested
from ..plan.normalise import HELM_MANAGER, as_replacement


def ask(api: Api, gathered: Gathered, refs: Sequence[Ref]) -> dict[Ref, Answer]:
    """The API server's dry-run answers, several at once."""
    answers = api.parallel(lambda ref: _answer(api, gathered.wanted[ref], gathered.live.get(ref)), refs)
    return dict(zip(refs, answers, strict=True))


def _answer(api: Api, obj: Object, live: Object | None) -> Answer:
    try:
        if live is None:
            return Answer(api.create(obj, dry_run=True, strict=True))
        return Answer(_replaced(api, obj, live))
    except ApiError as error:
        if error.status == 403 and "exceeded quota" not in error.server_message and not _policy(error):
            return Answer(None, permitted=False)
        if error.status in (400, 403, 409, 422, 500):
            return Answer(None, refused=error.server_message)
        if error.status == 404:
            return Answer(None, permitted=False)  # the namespace, or a kind that the chart itself brings as a CRD
        raise


def _replaced(api: Api, obj: Object, live: Object, tries: int = 5) -> dict[str, Any]:
    """The dry run of a replacement. Controllers write all the time: an object that has another version by now is read
    again."""
    try:
        return api.replace(as_replacement(obj, live), dry_run=True, strict=True)
    except ApiError as error:
        if error.status != 409 or tries <= 1:
            raise
    return _replaced(api, obj, api.read(Ref.of(live)), tries - 1)


def _policy(error: ApiError) -> bool:
    """True for a 403 that an admission plugin gave: the right is there, the object is not wanted."""
    text = error.server_message
    return "violates PodSecurity" in text or "denied the request" in text or "denied request" in text


def ask_conflicts(api: Api, gathered: Gathered) -> dict[Ref, tuple[Conflict, ...]]:
    """What a server-side apply by helm would be refused for, object by object: fields that others own by now."""
    refs = contested(gathered)
    found = api.parallel(lambda ref: _conflicts(api, gathered.wanted[ref]), refs)
    return {ref: conflicts for ref, conflicts in zip(refs, found, strict=True) if conflicts}


def _conflicts(api: Api, obj: Object) -> tuple[Conflict, ...]:
    try:
        api.apply(obj, "", HELM_MANAGER, force=False, dry_run=True)
    except ApiError as error:
        if error.status == 409:
            return tuple(Conflict(cause.get("field", ""), cause.get("message", "")) for cause in error.causes)
        if error.status not in (403, 404, 422):
            raise
    return ()
