# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client certificate from the cluster's own signer, by a CertificateSigningRequest that is approved at once."""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from typing import Any

from ..errors import Kind, KubefateError, library_missing
from ..facts.labels import OWNER
from ..kube.client import Api, ApiError
from ..objects import Ref, condition
from .credentials import SLACK, Issued, check_given, moment, open_record
from .users import USER_LABEL, User

SIGNER = "kubernetes.io/kube-apiserver-client"
API = "certificates.k8s.io/v1"
BACKDATED = 300.0
"""Seconds that the signer of Kubernetes lets certificates of eight hours and more begin, and end, earlier."""
SIGNING_SECONDS = 30.0
"""How long the signer may take."""


def issue_certificate(api: Api, user: User, seconds: int, by: str) -> Issued:
    """A key that is made here, and a certificate for it. Raises ``KubefateError``.

    The certificate names the user, and as its only group the one that this generation of its certificates has.
    """
    key, request = _request(user)
    record = open_record(api, user, "certificate", seconds, by)
    ref = Ref.of(record)
    try:
        certificate = _signed(api, user, request, seconds, ref.name)
        until = moment(_not_after(certificate))
        check_given(seconds, until, "certificate", SLACK + BACKDATED)
    except KubefateError as error:
        api.delete(ref)
        error.phase = "rbac"
        if isinstance(error, ApiError) and error.status == 403:
            error.hint = (
                "A client certificate needs the verbs create on certificatesigningrequests, update on "
                f"certificatesigningrequests/approval, and approve on the signer {SIGNER}. A service account needs "
                "none of them."
            )
        raise
    entry = {
        "client-certificate-data": base64.b64encode(certificate).decode(),
        "client-key-data": base64.b64encode(key).decode(),
    }
    return Issued(entry, until, ref)


def _request(user: User) -> tuple[bytes, bytes]:
    """A new key and the request for its certificate, as PEM."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ImportError:
        raise library_missing("cryptography", "make a client certificate") from None
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, user.group),
            x509.NameAttribute(NameOID.COMMON_NAME, user.name),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, request.public_bytes(serialization.Encoding.PEM)


def _not_after(certificate: bytes) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _signed(api: Api, user: User, request: bytes, seconds: int, name: str) -> bytes:
    """Ask, approve, wait, and clean up: the record tells of the certificate, the request need not stay."""
    ref = Ref(API, "CertificateSigningRequest", "", name)
    spec = {
        "request": base64.b64encode(request).decode(),
        "signerName": SIGNER,
        "expirationSeconds": seconds,
        "usages": ["client auth", "digital signature"],
    }
    metadata = {"name": name, "labels": {USER_LABEL: user.key, **OWNER}}
    made = api.create({"apiVersion": API, "kind": "CertificateSigningRequest", "metadata": metadata, "spec": spec})
    try:
        approval = {
            "type": "Approved",
            "status": "True",
            "reason": "KubeFATE",
            "message": f"fate_user gives {user.name} the role {user.role}",
        }
        body = {**made, "status": {"conditions": [approval]}}
        api.sub("PUT", ref, "approval", body)
        return _await(api, ref)
    finally:
        _clean(api, ref)


def _await(api: Api, ref: Ref) -> bytes:
    end = time.monotonic() + SIGNING_SECONDS
    while True:
        seen = api.read(ref)
        certificate = (seen.get("status") or {}).get("certificate")
        if certificate:
            return base64.b64decode(certificate)
        failed = condition(seen, "Failed") or condition(seen, "Denied")
        if failed:
            raise KubefateError(
                f"The signer {SIGNER} refused: {failed.get('message') or failed.get('reason')}.", Kind.REFUSED, "rbac"
            )
        if time.monotonic() >= end:
            raise KubefateError(
                f"The signer {SIGNER} gave no certificate within {int(SIGNING_SECONDS)} s.",
                Kind.TIMEOUT,
                "rbac",
                "Not every Kubernetes signs client certificates; use kind: service_account there.",
            )
        time.sleep(0.2)


def _clean(api: Api, ref: Ref) -> None:
    with suppress(ApiError):  # Kubernetes deletes it by itself within hours
        api.delete(ref)
