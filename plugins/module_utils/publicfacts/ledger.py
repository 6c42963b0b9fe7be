# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public facts in Kubernetes: the key that signs, what was exported last, and what was accepted from others."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..access.namespaces import ensure_namespace
from ..certificates.model import stamp
from ..data import digest
from ..errors import Kind, KubefateError
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, labels_of
from .document import Document, read
from .signing import check_serial, new_key, sign

KEY_LABEL = "kubefate.federatedai.org/facts-key"
EXPORTED_LABEL = "kubefate.federatedai.org/facts-exported"
ACCEPTED_LABEL = "kubefate.federatedai.org/facts-accepted"
KEY = "key"
CHANGING = ("serial", "issued", "expires")
"""Facts about the document, which do not make it another one."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The facts of one store namespace. create: make it where it is missing."""

    api: Api
    namespace: str
    create: bool = True

    # one's own -----------------------------------------------------------------------------------------------------
    def signing_key(self, secret: str, *, dry: bool) -> str:
        """The organisation's key, made if it is missing; empty if it would be. It stays in its Secret."""
        ref = Ref("v1", "Secret", self.namespace, secret)
        live = self.api.find(ref)
        if live is None:
            if dry:
                return ""
            ensure_namespace(self.api, self.namespace, self.create)
            data = {KEY: base64.b64encode(new_key().encode()).decode()}
            obj = self._object("Secret", secret, {KEY_LABEL: "true"}) | {"type": "Opaque", "data": data}
            try:
                live = self.api.create(obj)
            except ApiError as error:
                if error.status != 409:
                    raise
                live = self.api.read(ref)  # somebody made one at the same moment, and that one counts
        if KEY_LABEL not in labels_of(live):
            raise KubefateError(
                f"Secret {secret} in namespace {self.namespace} is not one that signs public facts.",
                Kind.CONFLICT,
                "apply",
                "Choose another name for it (fate_facts_secret), or remove it.",
            )
        try:
            return base64.b64decode((live.get("data") or {})[KEY]).decode()
        except (KeyError, ValueError):
            return ""

    def export(
        self, facts: Mapping[str, Any], key: str, days: int, now: datetime, *, dry: bool
    ) -> tuple[Document, bool]:
        """The signed facts, and whether they are new. Those that were exported last are given again while nothing
        changed and more than half of their time is left."""
        name = f"facts-exported-{_short(facts)}"
        last = self._read(name, EXPORTED_LABEL)
        if last is not None and _same(last, facts, key, days, now):
            return last, False
        serial = max(int(now.timestamp()), last.serial + 1 if last else 0)
        dated = {
            **facts,
            "serial": serial,
            "issued": stamp(now),
            "expires": stamp(now + timedelta(days=days)),
        }
        document = sign(dated, key)
        if not dry:
            # Noted before anybody sees it: a serial is never used for two documents.
            self._write(name, {EXPORTED_LABEL: "true"}, document, {})
        return document, True

    # others' -------------------------------------------------------------------------------------------------------
    def accept(self, document: Document, where: str, now: datetime, *, dry: bool) -> bool:
        """Remember facts that were checked; True if they are new. Raises ``KubefateError`` for older ones."""
        name = f"facts-{_short(document.facts)}"
        newer = check_serial(document, self._read(name, ACCEPTED_LABEL), where)
        if newer and not dry:
            ensure_namespace(self.api, self.namespace, self.create)
            self._write(name, {ACCEPTED_LABEL: str(document.facts["role"])}, document, {"accepted": stamp(now)})
        return newer

    def accepted(self) -> list[Document]:
        """All facts that were accepted. They are to be checked again: others may write to this namespace."""
        found = self.api.list_objects("v1", "ConfigMap", self.namespace, labels=ACCEPTED_LABEL)
        return [document for item in found if (document := _document(item)) is not None]

    def forget(self, facts: Mapping[str, Any], *, dry: bool) -> bool:
        """Delete what was accepted about a party; True if there was something."""
        ref = Ref("v1", "ConfigMap", self.namespace, f"facts-{_short(facts)}")
        live = self.api.find(ref)
        if live is None or ACCEPTED_LABEL not in labels_of(live):
            return False
        if not dry:
            self.api.delete(ref)
        return True

    def _read(self, name: str, label: str) -> Document | None:
        live = self.api.find(Ref("v1", "ConfigMap", self.namespace, name))
        if live is None or label not in labels_of(live):
            return None
        found = _document(live)
        if found is None:
            raise KubefateError(
                f"ConfigMap {name} in namespace {self.namespace} keeps public facts and their serial, and is damaged.",
                Kind.CONFLICT,
                "gather",
                "Find out who changed it; then delete it, and import the newest facts.",
            )
        return found

    def _write(self, name: str, labels: Mapping[str, str], document: Document, more: Mapping[str, str]) -> None:
        data = {"document": document.text(), "serial": str(document.serial), **more}
        obj = {**self._object("ConfigMap", name, labels), "data": data}
        live = self.api.find(Ref.of(obj))
        if live is None:
            self.api.create(obj)
            return
        obj["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        try:
            self.api.replace(obj)
        except ApiError as error:
            if error.status == 409:
                error.hint = "Somebody else works on the same facts; run again."
            raise

    def _object(self, kind: str, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        metadata = {
            "name": name,
            "namespace": self.namespace,
            "labels": {**labels, "app.kubernetes.io/part-of": "fate"},
        }
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _short(facts: Mapping[str, Any]) -> str:
    """A name for whose facts these are, which an object may have."""
    who = str(facts["party_id"]) if facts["role"] == "party" else f"exchange {facts['name']}"
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in who.lower())
    return f"{plain[:40].strip('-')}-{digest(str(facts['federation']), str(facts['role']), who)[:8]}"


def _document(obj: Object) -> Document | None:
    try:
        return read((obj.get("data") or {}).get("document") or "", "")
    except KubefateError:
        return None


def _same(last: Document, facts: Mapping[str, Any], key: str, days: int, now: datetime) -> bool:
    told = {name: value for name, value in last.facts.items() if name not in CHANGING}
    by_same_key = sign(last.facts, key).public_key == last.public_key
    return told == dict(facts) and by_same_key and last.expires - now > timedelta(days=days) / 2
