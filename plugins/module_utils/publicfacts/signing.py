# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing public facts and checking them: the key that is pinned, the signature, federation, party and time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..certificates.pem import certificates, needed
from ..errors import Kind, KubefateError, bad_input
from .document import Document, fingerprint_of, malformed, to_sign

SKEW = timedelta(minutes=10)
"""How far the clocks of two organisations may be apart."""


def new_key() -> str:
    """A new Ed25519 key as PEM text."""
    needed()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    data: bytes = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return data.decode()


def sign(facts: Mapping[str, Any], key: str) -> Document:
    """The signed document. key: PEM text."""
    from cryptography.hazmat.primitives import serialization

    private = _private(key)
    public: bytes = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Document(facts, public, private.sign(to_sign(facts)))


def _private(key: str) -> Any:
    needed()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise bad_input(
            "The key that signs public facts is no Ed25519 key.",
            "Give PEM text that is not encrypted: openssl genpkey -algorithm ed25519.",
        )
    return found


def fingerprint(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()


def check(
    document: Document, where: str, *, pinned: str, federation: str, party_id: str | None, now: datetime | None
) -> None:
    """Raises ``KubefateError`` unless the facts are what they should be.

    pinned: fingerprint of the key that signs. party_id: whose they have to be, None for anybody's, empty for those of
    an exchange. now: None leaves the time out of account.
    """
    known = fingerprint_of(pinned)
    if fingerprint(document.public_key) != known:
        raise _refused(
            f"{where} is signed with the key {fingerprint(document.public_key)}, and not with {known}, which the "
            "inventory pins.",
            "If the organisation changed its key, have it say the new fingerprint by another way, such as the phone, "
            "and put that into fate_facts_fingerprint.",
        )
    if not _is_signed(document):
        raise _refused(f"The signature of {where} is wrong: somebody changed it.", "Have it sent again.")
    if document.facts["federation"] != federation:
        raise _refused(
            f"{where} is for the federation {document.facts['federation']!r}, not for {federation!r}.",
            "Have the facts exported for this federation (fate_federation).",
        )
    if party_id is not None and document.facts["party_id"] != party_id:
        raise _refused(
            f"{where} is about {document.whose}, not about party {party_id or '(an exchange)'}.",
            "Correct fate_party_id of the host, or give the file of that party.",
        )
    _check_authority(document, where)
    if now is not None:
        _check_time(document, where, now)


def _is_signed(document: Document) -> bool:
    needed()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(document.public_key).verify(document.signature, document.signed_bytes())
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_authority(document: Document, where: str) -> None:
    text = document.facts["authorities"]
    found = certificates(text, f"authorities in {where}") if text else ()
    told = set(document.facts["authority_fingerprints"])
    if {entry.fingerprint for entry in found} != told or not all(entry.authority for entry in found):
        raise malformed(where, "authorities and authority_fingerprints do not go together")


def _check_time(document: Document, where: str, now: datetime) -> None:
    if document.expires <= now:
        raise _refused(
            f"{where} expired on {document.expires:%Y-%m-%d %H:%M} UTC.", "Have newer ones exported (export_facts)."
        )
    if document.issued > now + SKEW:
        raise _refused(
            f"{where} was made on {document.issued:%Y-%m-%d %H:%M} UTC, which is still to come.",
            "Check the clocks of both machines.",
        )


def check_serial(document: Document, last: Document | None, where: str) -> bool:
    """Whether these facts are newer than the last that were accepted; False for the same again.

    Raises ``KubefateError`` for older ones, and for others with the same serial.
    """
    if last is None or document.serial > last.serial:
        return True
    if document.serial < last.serial:
        raise _refused(
            f"{where} has serial {document.serial}, and {last.serial} of {document.whose} was accepted already.",
            "Somebody sends old facts again, or you have an old file: get the newest.",
        )
    if document.facts != last.facts:
        raise _refused(
            f"{where} has serial {document.serial} like the facts of {document.whose} that were accepted, but says "
            "something else.",
            "Ask the organisation which of both is right, and have it export again.",
        )
    return False


def _refused(msg: str, hint: str) -> KubefateError:
    return KubefateError(msg, Kind.REFUSED, "input", hint)
