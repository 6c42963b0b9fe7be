# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of a sandbox: two authorities, and a certificate per program and direction.

etcd has an authority of its own. If it trusted the cluster's, everybody who has a client certificate of the cluster,
or gets one signed through the API, could read and write all data past the API server.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .layout import write_private
from .pki import CLUSTER_CA, ETCD_CA, Pki

LIFETIME = datetime.timedelta(days=3650)
# A clock that is a little behind must not make a certificate invalid.
BACKDATED = datetime.timedelta(hours=1)

_LOOPBACK = ("localhost", "127.0.0.1")
_API_SERVER = (
    *_LOOPBACK,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    # The first address of the service range is the Service `kubernetes`.
    "10.96.0.1",
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate: a server's if it has `hosts` (names and addresses), a client's if `client`."""

    name: str
    authority: str
    common_name: str
    organization: str = ""
    hosts: tuple[str, ...] = ()
    client: bool = True


LEAVES = (
    # etcd's one member calls itself on the peer port, so its certificate serves both directions.
    Leaf("etcd", ETCD_CA, "etcd", hosts=_LOOPBACK),
    Leaf("etcd-client", ETCD_CA, "kube-apiserver"),
    Leaf("kube-apiserver", CLUSTER_CA, "kube-apiserver", hosts=_API_SERVER, client=False),
    Leaf("kubelet-client", CLUSTER_CA, "kube-apiserver-kubelet-client"),
    Leaf("admin", CLUSTER_CA, "sandbox-admin", "system:masters"),
    Leaf("kube-controller-manager", CLUSTER_CA, "system:kube-controller-manager", hosts=_LOOPBACK),
    Leaf("kube-scheduler", CLUSTER_CA, "system:kube-scheduler", hosts=_LOOPBACK),
    # kwok may do anything: roles for it would be objects that a real cluster does not have.
    Leaf("kwok", CLUSTER_CA, "sandbox-kwok", "system:masters", hosts=_LOOPBACK),
)


def make_all(pki: Pki) -> None:
    """Writes the authorities, the certificates of LEAVES and the service account key pair into pki's folder."""
    authorities = {}
    for name in (CLUSTER_CA, ETCD_CA):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _make_authority(f"kubefate sandbox {name}", key)
        authorities[name] = (certificate, key)
        _write_pair(pki, name, certificate, key)
    for leaf in LEAVES:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, issuer_key = authorities[leaf.authority]
        _write_pair(pki, leaf.name, _make_leaf(leaf, key, issuer, issuer_key), key)
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(pki.service_account_key, _private_pem(key))
    public = key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_private(pki.service_account_public_key, pem)


def _make_authority(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _start(subject, subject, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def _make_leaf(
    leaf: Leaf, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    usages = [ExtendedKeyUsageOID.SERVER_AUTH] * bool(leaf.hosts) + [ExtendedKeyUsageOID.CLIENT_AUTH] * leaf.client
    builder = _start(x509.Name(attributes), issuer.subject, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id)
    builder = builder.add_extension(authority_id, critical=False)
    if leaf.hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(_alternative_names(leaf.hosts)), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _start(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _alternative_names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC 1, not PKCS 8: the form that every reader of Kubernetes accepts for elliptic curves.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write_pair(pki: Pki, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(pki.certificate(name), certificate.public_bytes(serialization.Encoding.PEM))
    write_private(pki.key(name), _private_pem(key))
