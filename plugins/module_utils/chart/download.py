# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloading one archive from a URL, piece by piece. helm would take the credentials only on its command line."""

from __future__ import annotations

import base64
import os
import ssl
from typing import IO, Any

from ..errors import Kind, KubefateError
from .archive import CHUNK, MAX_BYTES
from .repository import Repository, shown

TIMEOUT = 60.0
"""Seconds without a byte."""


def download(source: Repository, stream: IO[bytes]) -> None:
    """Write what is at the repository's URL. Raises ``KubefateError`` naming the URL without secrets."""
    import http.client
    import urllib.error
    import urllib.request

    where = shown(source.url)
    request = urllib.request.Request(source.url, headers={"User-Agent": "federatedai.kubefate"})
    if source.username:
        login = base64.b64encode(f"{source.username}:{source.password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {login}")  # never to where it is redirected
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_tls(source)))
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            _copy(answer, stream, where)
    except urllib.error.HTTPError as error:
        raise status_error(where, error.code, error.reason) from None
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise unreachable(where, str(getattr(error, "reason", error))) from None


def _copy(answer: Any, stream: IO[bytes], where: str) -> None:
    total = 0
    while chunk := answer.read(CHUNK):
        total += len(chunk)
        if total > MAX_BYTES:
            raise KubefateError(
                f"{where} has more than {MAX_BYTES >> 20} MiB; a chart is smaller.",
                Kind.CHART,
                "chart",
                "Check the URL.",
            )
        stream.write(chunk)
    expected = answer.headers.get("Content-Length")
    if expected and total != int(expected):
        raise unreachable(where, f"it ended after {total} of {expected} bytes")


def _tls(source: Repository) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=os.path.expanduser(source.ca_cert) or None)
    if not source.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if source.client_cert:
        key = os.path.expanduser(source.client_key) if source.client_key else None
        context.load_cert_chain(os.path.expanduser(source.client_cert), key)
    return context


def status_error(where: str, status: int, reason: str) -> KubefateError:
    """The error for an HTTP status."""
    match status:
        case 401:
            return wants_login(where)
        case 403:
            return KubefateError(
                f"{where} refuses this user (403 {reason}).",
                Kind.FORBIDDEN,
                "chart",
                "Give chart_repo_username and chart_repo_password of somebody who may read it.",
            )
        case 404 | 410:
            return KubefateError(
                f"There is nothing at {where} ({status} {reason}).", Kind.CHART, "chart", "Check the address."
            )
    return unreachable(where, f"it answers {status} {reason}")


def wants_login(where: str) -> KubefateError:
    return KubefateError(
        f"{where} asks for a login, or does not accept the one that was given.",
        Kind.UNAUTHORIZED,
        "chart",
        "Give chart_repo_username and chart_repo_password; for Harbor, those of a user or robot account.",
    )


def unknown_ca(where: str, reason: str) -> KubefateError:
    return KubefateError(
        f"The certificate of {where} is not trusted here: {reason}.",
        Kind.CONNECTION,
        "chart",
        "Give the CA that signed it as chart_repo_ca_cert. chart_repo_validate_certs: false trusts anybody.",
    )


def unreachable(where: str, reason: str) -> KubefateError:
    """The error for what a connection says."""
    low = reason.lower()
    if "wrong version number" in low.replace("_", " ") or "gave http response" in low:
        return KubefateError(
            f"{where} does not speak TLS ({reason}).",
            Kind.CONNECTION,
            "chart",
            "Check the address; for a registry without TLS, chart_repo_plain_http: true.",
        )
    if any(word in low for word in ("certificate", "x509", "ssl", "tls:")):
        return unknown_ca(where, reason)
    return KubefateError(
        f"{where} cannot be reached: {reason}.",
        Kind.CONNECTION,
        "chart",
        "Check the address and the network, or bring the chart as a file: chart_path, or an air-gap bundle.",
    )
