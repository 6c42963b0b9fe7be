# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers of FATE speak TLS, where they read their certificates, and what makes them read new ones, as data.

Source of Secrets and keys: KubeFATE's chart fate v2.0.0 for ``pulsar-cert`` (docs/FATE_On_Spark_With_Pulsar.md) and its
chart fate-exchange for ``traffic-server-cert`` (docs/Pulsar_Exchange.md); the collection's own charts for the others,
which KubeFATE has no TLS for. Source of what a server does with a changed file: see ``TakesUp``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TakesUp(StrEnum):
    """What makes a server use a certificate that changed under its feet.

    watches: it does so by itself, and connections that are open go on. RabbitMQ 3.10.8 on Erlang 25.2.3: Erlang keeps
    what it has read of a PEM file for up to two minutes. nginx 1.22.1: on SIGHUP, which the charts' start commands send
    when a file changes. Both seen, tests/real/test_certificates.py. restarts: only when it starts. OSX and
    FATE-Serving, since gRPC for Java reads the files when it builds its server, and what was not seen to do otherwise.
    """

    WATCHES = "watches"
    RESTARTS = "restarts"


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of the keys of a Secret."""

    certificate: str
    key: str
    authority: str


@dataclass(frozen=True, slots=True)
class Server:
    """A server that speaks TLS.

    module: FATE's name of it, as in a spec's list of modules. label: its pods' value of the label ``fateMoudle``.
    wanted: spec paths of which one has to say something for it to speak TLS; with none, it always does. secret: the
    Secret that the charts mount. existing: spec path that names another one. services: names of its Services. rsa: it
    reads no other kind of key. takes_up: what makes it use a new certificate.
    """

    module: str
    label: str
    wanted: tuple[str, ...]
    secret: str
    existing: str
    services: tuple[str, ...]
    keys: Keys
    takes_up: TakesUp
    rsa: bool = False


TLS = Keys("tls.crt", "tls.key", "ca.crt")
"""The key is PKCS#8, which gRPC for Java demands."""

SERVERS: tuple[Server, ...] = (
    Server(
        module="osx",
        label="osx",
        wanted=("osx.enableTLS",),
        secret="osx-certs",
        existing="osx.tls.existingSecret",
        services=("osx",),
        keys=TLS,
        takes_up=TakesUp.RESTARTS,
    ),
    Server(
        module="nginx",
        label="nginx",
        wanted=("nginx.enableTLS",),
        secret="nginx-certs",
        existing="nginx.tls.existingSecret",
        services=("nginx",),
        keys=TLS,
        takes_up=TakesUp.WATCHES,
    ),
    Server(
        module="rabbitmq",
        label="rabbitmq",
        wanted=("rabbitmq.enableTLS",),
        secret="rabbitmq-certs",
        existing="rabbitmq.tls.existingSecret",
        services=("rabbitmq",),
        keys=TLS,
        takes_up=TakesUp.WATCHES,
    ),
    Server(
        module="pulsar",
        label="pulsar",
        wanted=("pulsar.enableTLS", "pulsar.exchange"),
        secret="pulsar-cert",
        existing="pulsar.tls.existingSecret",
        services=("pulsar", "pulsar-public-tls"),
        keys=Keys("broker.cert.pem", "broker.key-pk8.pem", "ca.cert.pem"),
        takes_up=TakesUp.RESTARTS,
        rsa=True,
    ),
    Server(
        module="servingProxy",
        label="serving-proxy",
        wanted=("servingProxy.enableTLS",),
        secret="serving-certs",
        existing="servingProxy.tls.existingSecret",
        services=("serving-proxy",),
        keys=TLS,
        takes_up=TakesUp.RESTARTS,
    ),
    Server(
        module="trafficServer",
        label="traffic-server",
        wanted=(),
        secret="traffic-server-cert",
        existing="trafficServer.tls.existingSecret",
        services=("traffic-server",),
        keys=Keys("proxy.cert.pem", "proxy.key.pem", "ca.cert.pem"),
        takes_up=TakesUp.RESTARTS,
    ),
)

BY_MODULE: Mapping[str, Server] = {server.module: server for server in SERVERS}

DOMAIN = "fate.org"
"""Of the names ``<party id>.<domain>`` under which parties know each other's Pulsar and which SNI routing goes by.
Source: KubeFATE's docs/Pulsar_Exchange.md."""
DOMAIN_PATH = "pulsar.exchange.domain"
"""Spec path of another one."""
EXCHANGE_NAME = "proxy"
"""In place of the party id for an exchange. Source: the same."""

LABEL = "kubefate.federatedai.org/certificate"
"""On Secrets with certificates that this collection made; its value is the module."""
REQUEST_LABEL = "kubefate.federatedai.org/certificate-request"
"""On Secrets with a key whose certificate has been asked for."""
AUTHORITY_LABEL = "kubefate.federatedai.org/certificate-authority"
MANAGER = "kubefate-certificates"
"""Field manager of these Secrets: the API server notes when it changed them."""
WATCH_SECONDS = 300.0
"""After which a server that watches its files has a new certificate: two minutes for the kubelet to bring it, two for
Erlang to forget the old one, and some."""
