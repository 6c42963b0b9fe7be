# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making keys, requests, authorities and certificates. Nothing is kept here: private keys are given and returned as
PEM text, and whoever calls writes them where they belong."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..errors import bad_input
from .model import Certificate
from .pem import SigningRequest, certificate, is_address, key_fits, needed, private_key

if TYPE_CHECKING:
    from cryptography import x509 as x509_types

RSA_BITS = 2048
SKEW = timedelta(minutes=10)
"""How far the clocks of two parties may be apart: a certificate counts from so much before it was made."""
LONGEST_COMMON_NAME = 64
"""Characters of a common name. Source: RFC 5280, appendix A.1, ub-common-name."""


def new_key(*, rsa: bool = False) -> str:
    """A new private key, as PKCS#8 in PEM form: on the curve P-256, or RSA."""
    needed()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys

    key: Any = rsa_keys.generate_private_key(65537, RSA_BITS) if rsa else ec.generate_private_key(ec.SECP256R1())
    return _pkcs8(key, serialization)


def _pkcs8(key: Any, serialization: Any) -> str:
    data: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return data.decode()


def new_request(key: str, common_name: str, organisation: str, names: Iterable[str]) -> str:
    """A certificate signing request for a key, as PEM text."""
    needed()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(common_name, organisation))
    builder = builder.add_extension(_alternative_names(names), critical=False)
    signed = builder.sign(private_key(key), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def new_authority(name: str, days: int, now: datetime) -> tuple[str, str]:
    """The certificate and the key of a new certificate authority, as PEM text. No two have the same subject: some
    programs look an authority up by it."""
    needed()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    mark = f" CA {now:%Y-%m-%d} {secrets.token_hex(3)}"
    subject = _subject(name[: LONGEST_COMMON_NAME - len(mark)] + mark, name)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    signed = (
        _builder(subject, subject, key.public_key(), now, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode(), _pkcs8(key, serialization)


def sign(request: SigningRequest, authority: Certificate, authority_key: str, days: int, now: datetime) -> Certificate:
    """The certificate for a request, for a server that is also a client of the others. It does not outlive the
    authority. Of the request only its key and its names are taken over: who may have these, the caller has checked.
    Raises ``KubefateError``."""
    needed()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    check_authority(authority, authority_key, now)
    asked = x509.load_pem_x509_csr(request.pem.encode())
    issuer = x509.load_pem_x509_certificate(authority.pem.encode())
    organisation = next((str(entry.value) for entry in issuer.subject.get_attributes_for_oid(_organisation())), "")
    subject = _subject(request.common_name, organisation)
    end = min(now + timedelta(days=days), authority.not_after)
    builder = _builder(subject, issuer.subject, asked.public_key(), now, end)
    for extension, critical in _profile(asked.public_key(), request.names):
        builder = builder.add_extension(extension, critical)
    builder = builder.add_extension(_issuer_key(issuer), critical=False)
    signed = builder.sign(private_key(authority_key), hashes.SHA256())
    return certificate(signed.public_bytes(serialization.Encoding.PEM).decode(), "the new certificate")


def check_authority(authority: Certificate, key: str, now: datetime) -> None:
    """Raises ``KubefateError`` for an authority that cannot sign."""
    if not authority.authority:
        raise bad_input(
            f"{authority.title} is not the certificate of an authority.",
            "Give one whose basic constraints say CA:TRUE.",
        )
    if authority.expired(now):
        raise bad_input(
            f"The authority {authority.title} expired on {authority.not_after:%Y-%m-%d}.", "Give a new one."
        )
    if not key_fits(key, authority):
        raise bad_input(
            f"The key that was given does not belong to the authority {authority.title}.",
            "Give the key in PEM form, not encrypted, that goes with the certificate.",
        )


def _profile(key: Any, names: Iterable[str]) -> list[tuple[Any, bool]]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=isinstance(key, rsa.RSAPublicKey),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (_alternative_names(names), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
    ]


def _issuer_key(issuer: x509_types.Certificate) -> x509_types.AuthorityKeyIdentifier:
    from cryptography import x509

    try:
        found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except (x509.ExtensionNotFound, ValueError):
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found)


def _builder(subject: Any, issuer: Any, key: Any, now: datetime, end: datetime) -> x509_types.CertificateBuilder:
    from cryptography import x509

    begin = (now - SKEW).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end.replace(microsecond=0))
    )


def _subject(common_name: str, organisation: str) -> x509_types.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    if len(common_name) > LONGEST_COMMON_NAME:
        raise bad_input(
            f"The name {common_name} is too long for a certificate.",
            f"A common name has at most {LONGEST_COMMON_NAME} characters: use a shorter domain.",
        )
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:LONGEST_COMMON_NAME]))
    return x509.Name(parts)


def _organisation() -> Any:
    from cryptography.x509.oid import NameOID

    return NameOID.ORGANIZATION_NAME


def _alternative_names(names: Iterable[str]) -> x509_types.SubjectAlternativeName:
    from cryptography import x509

    found: list[x509_types.GeneralName] = []
    for name in sorted(set(names)):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name))
        except ValueError:
            raise bad_input(f"{name!r} cannot be a name in a certificate.", "Write it in ASCII (punycode).") from None
    if not found:
        raise bad_input("A certificate was asked for that is for no name.", "Give names.")
    return x509.SubjectAlternativeName(found)
