# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets with certificates: read and written. The only place where private keys and Kubernetes meet.

A key is made here, written to a Secret of the party, and never returned: what leaves is the request for it. When the
certificate is there, both go into the Secret that the charts mount, and the one with the request is deleted.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import Kind, KubefateError, bad_input
from ..facts.certificates import LABEL, MANAGER, REQUEST_LABEL, Keys, Server
from ..facts.labels import OWNER
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, labels_of
from .model import Certificate, moment
from .pem import SigningRequest, bundle, certificates, key_fits, public_key_of, signed_by, signing_request
from .planning import Held
from .signing import new_key, new_request
from .wanted import Wanted

REQUEST = Keys("tls.csr", "tls.key", "")
TLS_TYPE = "kubernetes.io/tls"


def secret_ref(namespace: str, name: str) -> Ref:
    return Ref("v1", "Secret", namespace, name)


def held_of(secret: Object | None, server: Server) -> Held:
    """What a Secret holds, without its private key."""
    if secret is None:
        return Held()
    where = f"Secret {secret['metadata'].get('name')}"
    certificate = _first(text_of(secret, server.keys.certificate), where)
    trusted = _all(text_of(secret, server.keys.authority), where)
    key = text_of(secret, server.keys.key)
    return Held(
        there=True,
        ours=LABEL in labels_of(secret),
        certificate=certificate,
        trusted=trusted,
        fits=bool(certificate and key and key_fits(key, certificate)),
        changed=changed_at(secret),
    )


def text_of(secret: Object, key: str) -> str:
    """A value of a Secret; empty where it is missing or no text."""
    try:
        return base64.b64decode((secret.get("data") or {}).get(key) or "").decode()
    except ValueError:
        return ""


def _first(text: str, where: str) -> Certificate | None:
    return next(iter(_all(text, where)), None)


def _all(text: str, where: str) -> tuple[Certificate, ...]:
    try:
        return certificates(text, where) if text.strip() else ()
    except KubefateError as error:
        if error.kind is not Kind.INPUT:
            raise
        return ()


def changed_at(secret: Object) -> datetime | None:
    """When the content of a Secret was last changed, by the API server's clock."""
    metadata = secret.get("metadata") or {}
    times = [
        str(entry["time"])
        for entry in metadata.get("managedFields") or []
        if entry.get("time") and "f:data" in (entry.get("fieldsV1") or {})
    ]
    known = times or [str(metadata["creationTimestamp"])] if times or metadata.get("creationTimestamp") else []
    return max((moment(text) for text in known), default=None)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The certificates of one party. release: name of its cluster, which its Secrets then belong to."""

    api: Api
    namespace: str
    release: str = ""

    def held(self, wanted: Wanted) -> Held:
        return held_of(self.api.find(secret_ref(self.namespace, wanted.secret)), wanted.server)

    # asking for certificates ---------------------------------------------------------------------------------------
    def requested(self, wanted: Wanted) -> SigningRequest | None:
        """The request that was made before and still is for what is wanted."""
        secret = self.api.find(self._request_ref(wanted))
        if secret is None:
            return None
        try:
            found = signing_request(text_of(secret, REQUEST.certificate), f"Secret {self._request_ref(wanted).name}")
            fits = public_key_of(text_of(secret, REQUEST.key)) == found.key
        except KubefateError:
            return None
        same = found.names == wanted.names and found.common_name == wanted.common_name
        return found if fits and same else None

    def request(self, wanted: Wanted, organisation: str) -> tuple[SigningRequest, bool]:
        """The request for a certificate, and whether it was made now. Its key is in a Secret before it is returned."""
        found = self.requested(wanted)
        if found is not None:
            return found, False
        key = new_key(rsa=wanted.server.rsa)
        text = new_request(key, wanted.common_name, organisation, wanted.names)
        name = self._request_ref(wanted).name
        labels = {**self._labels(), REQUEST_LABEL: wanted.module}
        secret = _secret(self.namespace, name, labels, {REQUEST.certificate: text, REQUEST.key: key})
        write(self.api, secret)
        return signing_request(text, f"Secret {name}"), True

    def _request_ref(self, wanted: Wanted) -> Ref:
        return secret_ref(self.namespace, f"{wanted.secret}-request")

    # putting them in place -----------------------------------------------------------------------------------------
    def install(
        self, wanted: Wanted, issued: Certificate | None, trusted: Sequence[Certificate], now: datetime, *, dry: bool
    ) -> bool:
        """Put a certificate, with the key that was kept for it, and the trusted authorities into the Secret that is
        mounted. Without a certificate, only the authorities. True where that changed something.

        dry: nothing is written. Raises ``KubefateError`` for a certificate that does not fit.
        """
        live = self.api.find(secret_ref(self.namespace, wanted.secret))
        held = held_of(live, wanted.server)
        if not held.ours:
            raise self._foreign(wanted)
        keys = wanted.server.keys
        data = {keys.authority: bundle(trusted)}
        if issued is not None and (held.certificate is None or held.certificate.fingerprint != issued.fingerprint):
            data |= {keys.certificate: issued.pem, keys.key: self._kept_key(wanted, issued, trusted, now)}
        elif held.certificate is None:
            raise KubefateError(
                f"There is no certificate for {wanted.module} in namespace {self.namespace} yet.",
                Kind.NOT_FOUND,
                "apply",
                "Give the one that was issued for its request.",
            )
        if live is not None and all(text_of(live, key) == value for key, value in data.items()):
            return False
        if dry:
            return True
        labels = {**self._labels(), LABEL: wanted.module}
        write(self.api, _secret(self.namespace, wanted.secret, labels, data, live))
        if keys.certificate in data:
            self.api.delete(self._request_ref(wanted))
        return True

    def _kept_key(self, wanted: Wanted, issued: Certificate, trusted: Sequence[Certificate], now: datetime) -> str:
        """The private key that goes with a certificate, after a look at whether it is what was asked for."""
        secret = self.api.find(self._request_ref(wanted))
        key = text_of(secret, REQUEST.key) if secret else ""
        if not key or not key_fits(key, issued):
            raise bad_input(
                f"The certificate {issued.title} is not for the key that {wanted.module} in namespace "
                f"{self.namespace} asked with.",
                "Give the certificate that was issued for its newest request, or ask again with state: requested.",
            )
        if issued.expired(now) or issued.authority:
            what = "has expired" if issued.expired(now) else "is that of an authority"
            raise bad_input(f"The certificate {issued.title} for {wanted.module} {what}.", "Have another one issued.")
        missing = sorted(wanted.names - issued.names)
        if missing:
            raise bad_input(
                f"The certificate {issued.title} for {wanted.module} is not for {', '.join(missing)}.",
                "Have one issued for all the names of the request.",
            )
        if not any(signed_by(issued, authority) for authority in trusted):
            raise bad_input(
                f"The certificate {issued.title} for {wanted.module} was signed by none of the trusted authorities.",
                "Give the issuer's certificate in trust, after comparing its fingerprint with what the issuer says.",
            )
        return key

    def remove(self, wanted: Wanted, *, dry: bool) -> list[str]:
        """Delete the Secrets of a certificate that this collection made; their names."""
        gone = []
        for ref, label in (
            (secret_ref(self.namespace, wanted.secret), LABEL),
            (self._request_ref(wanted), REQUEST_LABEL),
        ):
            live = self.api.find(ref)
            if live is None or label not in labels_of(live):
                continue
            if not dry:
                self.api.delete(ref)
            gone.append(ref.name)
        return gone

    def _labels(self) -> dict[str, str]:
        named = {"name": self.release} if self.release else {}
        return {**OWNER, "app.kubernetes.io/part-of": "fate", **named}

    def _foreign(self, wanted: Wanted) -> KubefateError:
        return KubefateError(
            f"Secret {wanted.secret} in namespace {self.namespace} was not made by this collection.",
            Kind.CONFLICT,
            "apply",
            f"Remove it, or name it in {wanted.server.existing} to go on using it.",
        )


def _secret(
    namespace: str, name: str, labels: Mapping[str, str], data: Mapping[str, str], live: Object | None = None
) -> dict[str, Any]:
    """A Secret with these values; with a live one, that with these put in."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    if live is None:
        kind = TLS_TYPE if {"tls.crt", "tls.key"} <= set(data) else "Opaque"
        metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": dict(labels)}
        return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": encoded}
    metadata = {**live["metadata"], "labels": {**labels_of(live), **labels}}
    metadata.pop("managedFields", None)
    return {**live, "metadata": metadata, "data": {**(live.get("data") or {}), **encoded}}


def write(api: Api, secret: Mapping[str, Any]) -> dict[str, Any]:
    """Create or replace a Secret. One that somebody changed since it was read is an error, never overwritten."""
    try:
        if secret["metadata"].get("resourceVersion"):
            return api.replace(secret, manager=MANAGER)
        return _created(api, secret)
    except ApiError as error:
        error.within("apply")
        if error.status == 409:
            error.hint = "Somebody else works on the same certificates; run again."
        if error.status == 403:
            error.hint = "Certificates need the rights get, list, create, update and delete on Secrets there."
        raise


def _created(api: Api, secret: Mapping[str, Any]) -> dict[str, Any]:
    """A request that nobody waits for any more is replaced; everything else that is there already is somebody's."""
    try:
        return api.create(secret, manager=MANAGER)
    except ApiError as error:
        if error.status != 409 or REQUEST_LABEL not in labels_of(secret):
            raise
    live = api.read(Ref.of(secret))
    metadata = {**secret["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
    return api.replace({**secret, "metadata": metadata}, manager=MANAGER)


def listed(
    api: Api, kind: tuple[str, str], namespaces: Sequence[str], labels: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Objects of all of these namespaces: with one request where that is permitted, else one for each. And the
    namespaces that may not be read."""
    spaces = tuple(dict.fromkeys(namespaces))
    if len(spaces) > 1:
        try:
            return [item for item in api.list_objects(*kind, labels=labels) if _space(item) in spaces], []
        except ApiError as error:
            if error.status != 403:
                raise
    return _one_by_one(lambda space: api.list_objects(*kind, space, labels=labels), api, spaces)


def _one_by_one(
    read: Callable[[str], list[dict[str, Any]]], api: Api, spaces: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    def guarded(space: str) -> list[dict[str, Any]] | None:
        try:
            return read(space)
        except ApiError as error:
            if error.status == 403:
                return None
            raise

    answers = api.parallel(guarded, spaces)
    refused = [space for space, items in zip(spaces, answers, strict=True) if items is None]
    return [item for items in answers for item in items or ()], refused


def _space(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("namespace", ""))
