# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading PEM: certificates, bundles, requests, and whether a key, a certificate and an authority go together."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import KubefateError, bad_input, library_missing
from .model import Certificate

if TYPE_CHECKING:
    from cryptography import x509 as x509_types

LEAST_RSA_BITS = 2048
LEAST_VERSION = 42
"""The first release of the package cryptography whose certificates know their times with a time zone."""


def needed() -> None:
    """Raises ``KubefateError`` where the package cryptography is missing or too old."""
    try:
        import cryptography
    except ImportError:
        raise library_missing("cryptography", "make and read certificates") from None
    if int(cryptography.__version__.partition(".")[0]) < LEAST_VERSION:
        error = library_missing("cryptography", "make and read certificates")
        error.msg = f"The Python package cryptography {cryptography.__version__} is too old to read certificates."
        error.hint = f"Install it for the Python that runs the module: pip install 'cryptography>={LEAST_VERSION}'"
        raise error


def certificates(text: str, where: str) -> tuple[Certificate, ...]:
    """The certificates of a PEM text, in order. where: for the error. Raises ``KubefateError`` for none, or for what
    is no certificate."""
    needed()
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise bad_input(f"{where} is no certificate in PEM form.", "It begins with -----BEGIN CERTIFICATE-----.") from (
            None
        )
    return tuple(_facts(certificate) for certificate in found)


def certificate(text: str, where: str) -> Certificate:
    """The first certificate of a PEM text."""
    return certificates(text, where)[0]


def bundle(found: Iterable[Certificate]) -> str:
    """A PEM text of certificates, each once, in an order that does not depend on theirs."""
    by_fingerprint = {entry.fingerprint: entry for entry in found}
    ordered = sorted(by_fingerprint.values(), key=lambda entry: (entry.not_before, entry.fingerprint))
    return "".join(entry.pem for entry in ordered)


def signed_by(entry: Certificate, authority: Certificate) -> bool:
    """Whether an authority signed a certificate."""
    needed()
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        x509.load_pem_x509_certificate(entry.pem.encode()).verify_directly_issued_by(
            x509.load_pem_x509_certificate(authority.pem.encode())
        )
    except (ValueError, TypeError, InvalidSignature):
        return False
    return authority.authority


def key_fits(key: str, entry: Certificate) -> bool:
    """Whether a private key belongs to a certificate. key: PEM text; False for what is none."""
    try:
        return public_key_of(key) == entry.key
    except KubefateError:
        return False


def public_key_of(key: str) -> str:
    """SHA-256 of the public part of a private key. Raises ``KubefateError``, which does not quote it."""
    return _key_digest(private_key(key).public_key())


def private_key(key: str) -> Any:
    """A private key from PEM text. Raises ``KubefateError``, which does not quote it."""
    needed()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnicodeEncodeError, UnsupportedAlgorithm):
        raise bad_input(
            "A private key cannot be read.", "It has to be PEM text, such as PKCS#8, and not encrypted."
        ) from None


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A certificate signing request whose signature is right. key: SHA-256 of its public key."""

    pem: str
    common_name: str
    names: frozenset[str]
    key: str


def signing_request(text: str, where: str) -> SigningRequest:
    """A request from PEM text. Raises ``KubefateError`` for what is none, is not signed with its own key, or has a weak
    one."""
    needed()
    from cryptography import x509

    try:
        found = x509.load_pem_x509_csr(text.encode())
        names = _alternative_names(found.extensions)
    except (ValueError, UnicodeEncodeError, x509.DuplicateExtension):
        raise bad_input(
            f"{where} is no certificate signing request in PEM form.",
            "fate_certificate with state: requested makes it.",
        ) from None
    if not found.is_signature_valid:
        raise bad_input(f"{where} is not signed with the key that it is for.", "Ask for another one.")
    weakness = _weakness(found.public_key())
    if weakness:
        raise bad_input(f"{where} is for {weakness}.", f"Use RSA with {LEAST_RSA_BITS} bits or more, or a NIST curve.")
    return SigningRequest(text, _common_name(found.subject), names, _key_digest(found.public_key()))


def _weakness(key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return f"an RSA key of {key.key_size} bits" if key.key_size < LEAST_RSA_BITS else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"a key on the curve {key.curve.name}" if key.key_size < 256 else ""
    return "a kind of key that FATE's servers do not know"


def _facts(found: x509_types.Certificate) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        extensions = found.extensions
        constraints = [entry.value for entry in extensions if isinstance(entry.value, x509.BasicConstraints)]
        names = _alternative_names(extensions)
    except (ValueError, x509.DuplicateExtension):
        constraints, names = [], frozenset()
    return Certificate(
        pem=found.public_bytes(Encoding.PEM).decode(),
        fingerprint=hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest(),
        common_name=_common_name(found.subject),
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        serial=f"{found.serial_number:x}",
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        names=names,
        authority=any(constraint.ca for constraint in constraints),
        key=_key_digest(found.public_key()),
    )


def _common_name(name: x509_types.Name) -> str:
    from cryptography.x509.oid import NameOID

    return next((str(entry.value) for entry in name.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def _alternative_names(extensions: x509_types.Extensions) -> frozenset[str]:
    from cryptography import x509

    found: set[str] = set()
    for entry in extensions:
        if isinstance(entry.value, x509.SubjectAlternativeName):
            found |= {name.lower() for name in entry.value.get_values_for_type(x509.DNSName)}
            found |= {str(address) for address in entry.value.get_values_for_type(x509.IPAddress)}
    return frozenset(found)


def _key_digest(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
