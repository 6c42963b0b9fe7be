# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the API server what we may do.

One review of rules tells everything about a namespace where the server's authorizers can list their rules. What it does
not mention is asked for one by one, several at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..kube.client import Api, ApiError
from .model import Right, ungranted

_API = "/apis/authorization.k8s.io/v1"


class Reviews:
    """What one identity may do, each namespace asked about once."""

    def __init__(self, api: Api):
        self.api = api
        self._given: dict[str, Sequence[Mapping[str, Any]]] = {}

    def look(self, namespaces: Iterable[str]) -> None:
        """Ask about namespaces, several at once."""
        spaces = [space for space in dict.fromkeys(namespaces) if space and space not in self._given]
        found: list[Sequence[Mapping[str, Any]]] = self.api.parallel(lambda space: _rules(self.api, space), spaces)
        self._given.update(zip(spaces, found, strict=True))

    def missing(self, rights: Iterable[Right]) -> list[Right]:
        """Those of the rights that we have not got, in their order. A server that does not answer such questions is
        taken to permit what it is asked about: it says so itself when it does not."""
        wanted = list(dict.fromkeys(rights))
        self.look(right.namespace for right in wanted)
        unclear = [right for right in wanted if ungranted([right], self._given.get(right.namespace, ()))]
        answers: list[bool] = self.api.parallel(lambda right: _allowed(self.api, right), unclear)
        return [right for right, allowed in zip(unclear, answers, strict=True) if not allowed]


def missing_rights(api: Api, rights: Iterable[Right]) -> list[Right]:
    """See ``Reviews.missing``."""
    return Reviews(api).missing(rights)


def _rules(api: Api, namespace: str) -> Sequence[Mapping[str, Any]]:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    try:
        answer = api.request("POST", f"{_API}/selfsubjectrulesreviews", None, body)
    except ApiError as error:
        if error.status in (403, 404):
            return ()
        raise
    return (answer.get("status") or {}).get("resourceRules") or ()


def _allowed(api: Api, right: Right) -> bool:
    resource, _slash, subresource = right.resource.partition("/")
    attributes = {
        "namespace": right.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "name": right.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    try:
        answer = api.request("POST", f"{_API}/selfsubjectaccessreviews", None, body)
    except ApiError as error:
        if error.status in (403, 404):
            return True
        raise
    return bool((answer.get("status") or {}).get("allowed"))
