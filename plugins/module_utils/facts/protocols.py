# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What FATE's proxies speak on the ports that others reach, as data.

Source: FATE 2.x java/osx and c/proxy, FATE-Serving, RabbitMQ's and Pulsar's documentation; the proxies and ports are
those of ``routing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """protocol: grpc, http, amqp or tcp, as ``verify.probe`` knows them. any_answer: every answer in HTTP/2 will do,
    since a proxy that has no route for a request does not answer as a gRPC server. tls: always (True), never (False),
    or as the endpoint says (None). by_name: the certificate is looked at for ``<party id>.<domain>`` instead of the
    address."""

    protocol: str
    any_answer: bool = False
    tls: bool | None = None
    by_name: bool = False


SPOKEN: Mapping[tuple[str, str], Spoken] = {
    ("osx", "port"): Spoken("grpc"),
    ("rollsite", "port"): Spoken("grpc"),
    ("serving", "port"): Spoken("grpc"),
    ("nginx", "http_port"): Spoken("http", by_name=True),
    ("nginx", "grpc_port"): Spoken("grpc", any_answer=True, by_name=True),
    ("rabbitmq", "port"): Spoken("amqp", by_name=True),
    ("pulsar", "port"): Spoken("tcp", tls=False),
    ("pulsar", "tls_port"): Spoken("tcp", tls=True, by_name=True),
    ("traffic_server", "port"): Spoken("tcp", tls=True, by_name=True),
}
"""Proxy and port to what is spoken there."""

PYTHON_MODULE = "python"
"""The module whose image has a Python, to look at others from inside a party."""
