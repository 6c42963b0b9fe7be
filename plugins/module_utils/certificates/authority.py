# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority: in a Secret of the organisation that issues, or given by the inventory.

It has one certificate and key, or, while it changes, two: the newest, and the one before until nothing that it signed
is in use.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import Kind, KubefateError, bad_input
from ..facts.certificates import AUTHORITY_LABEL
from ..kube.client import Api, ApiError
from ..objects import Object, labels_of
from .model import Certificate
from .pem import SigningRequest, certificate, certificates
from .planning import Authority
from .signing import check_authority, new_authority, sign
from .store import secret_ref, text_of, write

PAIRS = (("tls.crt", "tls.key"), ("previous.crt", "previous.key"))
"""Keys of the Secret, the newest pair first."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One certificate of an authority, with its key. The key is not shown by repr."""

    certificate: Certificate
    key: str

    def __repr__(self) -> str:
        return f"Signer({self.certificate.title})"


def given(name: str, options: Mapping[str, Any]) -> tuple[Signer, ...]:
    """The authority that options give: certificate and key, previous_certificate and previous_key. Empty for none. A
    text with several certificates is that of an authority that changes.

    Raises ``KubefateError`` for a key alone.
    """
    found = []
    for prefix in ("", "previous_"):
        text, key = str(options.get(f"{prefix}certificate") or ""), str(options.get(f"{prefix}key") or "")
        if not text and not key:
            continue
        if not text:
            raise bad_input(
                f"{prefix}key of the authority {name} was given without {prefix}certificate.", "Give both, as PEM text."
            )
        known = certificates(text, f"{prefix}certificate of the authority {name}")
        newest_first = sorted(known, key=lambda entry: entry.not_before, reverse=True)
        found += [Signer(entry, key) for entry in newest_first]
    return tuple(found)


def signers_of(secret: Object | None) -> tuple[Signer, ...]:
    """The authority that a Secret holds."""
    if secret is None:
        return ()
    where = f"Secret {secret['metadata'].get('name')}"
    return tuple(
        Signer(certificate(text, f"{name} of {where}"), text_of(secret, key))
        for name, key in PAIRS
        if (text := text_of(secret, name)).strip()
    )


def public(name: str, signers: Sequence[Signer], *, is_given: bool) -> Authority:
    """What others may know of an authority."""
    return Authority(name, tuple(signer.certificate for signer in signers), is_given)


@dataclass(frozen=True, slots=True)
class Vault:
    """Where an authority is kept. federation: whose it is."""

    api: Api
    namespace: str
    secret: str
    federation: str

    def read(self) -> Object | None:
        live = self.api.find(secret_ref(self.namespace, self.secret))
        if live is not None and AUTHORITY_LABEL not in labels_of(live):
            raise KubefateError(
                f"Secret {self.secret} in namespace {self.namespace} is no authority of this collection.",
                Kind.CONFLICT,
                "apply",
                "Choose another name for the authority (fate_ca_name), or remove the Secret.",
            )
        return live

    def make(self, days: int, now: datetime) -> tuple[Signer, ...]:
        """A new authority, where there is none; otherwise the one that is there."""
        live = self.read()
        if live is not None:
            return signers_of(live)
        try:
            self._write(None, [new_authority(self.federation, days, now)])
        except ApiError as error:
            if error.status != 409:
                raise  # else somebody made it at the same moment, and that one counts
        return signers_of(self.read())

    def introduce(self, days: int, now: datetime) -> tuple[Signer, ...]:
        """Another certificate and key beside those that there are. Raises ``KubefateError`` while two are there."""
        live = self.read()
        known = signers_of(live)
        if len(known) > 1:
            raise KubefateError(
                f"The authority {self.secret} is being changed already: {known[0].certificate.title} takes over from "
                f"{known[1].certificate.title}.",
                Kind.CONFLICT,
                "apply",
                "Run certificates until the older one is gone; it says who still uses it.",
            )
        pairs = [(signer.certificate.pem, signer.key) for signer in known]
        self._write(live, [new_authority(self.federation, days, now), *pairs])
        return signers_of(self.read())

    def retire(self) -> tuple[Signer, ...]:
        """Only the newest is kept."""
        live = self.read()
        known = signers_of(live)
        if live is not None and len(known) > 1:
            self._write(live, [(known[0].certificate.pem, known[0].key)])
        return known[:1]

    def _write(self, live: Object | None, pairs: Sequence[tuple[str, str]]) -> None:
        data = {}
        for (certificate_key, key_key), (text, key) in zip(PAIRS, pairs, strict=False):
            data[certificate_key] = base64.b64encode(text.encode()).decode()
            data[key_key] = base64.b64encode(key.encode()).decode()
        metadata: dict[str, Any] = {
            "name": self.secret,
            "namespace": self.namespace,
            "labels": {AUTHORITY_LABEL: _label(self.federation), "app.kubernetes.io/part-of": "fate"},
        }
        if live is not None:
            metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        write(
            self.api,
            {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data},
        )


def _label(text: str) -> str:
    """A federation's name as the value of a label."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)
    return plain[:63].strip("-") or "federation"


def issue(
    signers: Sequence[Signer],
    request: SigningRequest,
    allowed: frozenset[str],
    who: str,
    *,
    signer: str,
    days: int,
    now: datetime,
) -> Certificate:
    """The certificate for a request.

    allowed: names that the asker may have; a request for others is refused. signer: fingerprint of the certificate that
    signs, the newest by default. Raises ``KubefateError``.
    """
    foreign = sorted({*request.names, request.common_name} - allowed)
    if foreign:
        raise KubefateError(
            f"The request of {who} is for names that are not known to be its own: {', '.join(foreign)}.",
            Kind.REFUSED,
            "apply",
            "If they are, add them to fate_certificate_names of that host, in the inventory of the issuer.",
        )
    chosen = next((found for found in signers if found.certificate.fingerprint == signer), None) if signer else None
    chosen = chosen or next(iter(signers), None)
    if chosen is None:
        raise KubefateError("There is no authority to sign with.", Kind.NOT_FOUND, "apply", "Make it first.")
    check_authority(chosen.certificate, chosen.key, now)
    return sign(request, chosen.certificate, chosen.key, days, now)
