# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live objects, listed once for all who ask."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from ..kube.client import Api, ApiError
from ..objects import Ref


class Objects:
    """Live objects of some kinds, listed once each and shared by all who ask.

    namespaces: those that are looked at. wide: try one list over all namespaces first, and fall back to one for each
    namespace where that is not permitted.
    """

    def __init__(self, api: Api, namespaces: Sequence[str], *, wide: bool = False):
        self.api, self.namespaces, self.wide = api, tuple(dict.fromkeys(namespaces)), wide
        self._loaded: set[tuple[str, str, str]] = set()
        self._everywhere: set[tuple[str, str]] = set()
        self._refused: dict[tuple[str, str, str], ApiError] = {}
        self._loading = threading.Lock()
        self._by_namespace: dict[str, dict[Ref, dict[str, Any]]] = {}

    def load(self, kinds: Iterable[tuple[str, str]], labels: str = "") -> None:
        """List the kinds that are not there yet, several at once. Kinds that may not be read, or that the server does
        not know, count as empty; see ``refused``.

        labels: a selector; then only these objects are there, and ``find`` does not find others of the kinds."""
        with self._loading:
            known = {(version, kind) for version, kind, selector in self._loaded if selector in ("", labels)}
            self._load([kind for kind in dict.fromkeys(kinds) if kind not in known], labels)

    def _load(self, wanted: Sequence[tuple[str, str]], labels: str) -> None:
        found: list[list[dict[str, Any]] | None] = self.api.parallel(lambda kind: self._list(kind, labels), wanted)
        narrow = [
            (kind, space)
            for kind, items in zip(wanted, found, strict=True)
            if items is None
            for space in self.namespaces
        ]
        lists: list[list[dict[str, Any]]] = self.api.parallel(lambda asked: self._or_none(*asked, labels), narrow)
        for items in [*(items for items in found if items), *lists]:
            for item in items:
                ref = Ref.of(item)
                self._by_namespace.setdefault(ref.namespace, {})[ref] = item
        self._loaded |= {(*kind, labels) for kind in wanted}

    def _list(self, kind: tuple[str, str], labels: str) -> list[dict[str, Any]] | None:
        """With one list, where that is permitted; None for what has to be listed namespace by namespace."""
        namespaced = True
        try:
            namespaced = self.api.type_of(*kind).namespaced
            if not namespaced or self.wide:
                listed = self.api.list_objects(*kind, labels=labels)
                if not labels:
                    self._everywhere.add(kind)
                return listed
        except ApiError as error:
            if error.status == 403 and self.wide and namespaced:
                return None
            if error.status == 403:
                self._refused[(*kind, "")] = error
            if error.status in (403, 404, 405):
                return []
            raise
        return None

    def _or_none(self, kind: tuple[str, str], namespace: str, labels: str) -> list[dict[str, Any]]:
        try:
            return self.api.list_objects(*kind, namespace, labels=labels)
        except ApiError as error:
            if error.status == 403:
                self._refused[(*kind, namespace)] = error
            if error.status in (403, 404, 405):
                return []
            raise

    def all_of(self, kind: tuple[str, str]) -> list[dict[str, Any]] | None:
        """Every object of a kind that was loaded, of all namespaces; None where that may not be read."""
        if kind not in self._everywhere:
            return None
        found = self.everything()
        return [item for item in found if (item["apiVersion"], item["kind"]) == kind]

    def refused(self, kind: tuple[str, str], namespace: str) -> ApiError | None:
        """What the server said about a kind that may not be listed in a namespace."""
        return self._refused.get((*kind, namespace)) or self._refused.get((*kind, ""))

    def require(self, kinds: Iterable[tuple[str, str]], namespace: str) -> None:
        """Raise what the server said about the first of the kinds that may not be listed."""
        for kind in sorted(kinds):
            refused = self.refused(kind, namespace)
            if refused is not None:
                raise refused.within("plan")

    def find(self, ref: Ref) -> dict[str, Any] | None:
        """A live object of a kind that was loaded, from the lists or read now. Raises ``ApiError`` where it may not be
        read."""
        kind = (ref.api_version, ref.kind)
        listed = kind in self._everywhere or ref.namespace in self.namespaces
        if self.refused(kind, ref.namespace) is not None or not listed:
            return self.api.find(ref)
        return self._by_namespace.get(ref.namespace, {}).get(ref)

    def of(self, namespace: str) -> list[dict[str, Any]]:
        """What was listed in a namespace, and what lies in none."""
        return [*self._by_namespace.get(namespace, {}).values(), *self._by_namespace.get("", {}).values()]

    def everything(self) -> list[dict[str, Any]]:
        return [item for items in self._by_namespace.values() for item in items.values()]
