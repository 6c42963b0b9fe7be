# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubeconfig's user entry sends with each request.

Tokens, certificates and passwords that stand in the kubeconfig are read here. Where something has to be run or renewed
(exec plugins, OIDC and other auth providers), the ``kubernetes`` package does it; importing that package costs more
than all the requests of a run in which nothing changes, so it is imported for those alone.
"""

from __future__ import annotations

import base64
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import Kind, KubefateError, library_missing

TOKEN_FILE_LIFE = 60.0
"""Seconds after which a token file is read again: the kubelet replaces it before the token ends."""


@dataclass(slots=True)
class Credentials:
    """headers: what every request carries. certificate: (certificate, key) as PEM text, or None."""

    headers: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    certificate: tuple[str, str] | None = None
    token_file: str = ""
    _read_at: float = float("-inf")

    def request_headers(self) -> list[tuple[str, str]]:
        """The headers of one request, as pairs since Impersonate-Group may come more than once."""
        if self.token_file and time.monotonic() - self._read_at > TOKEN_FILE_LIFE:
            self.headers["Authorization"] = "Bearer " + _text(self.token_file).strip()
            self._read_at = time.monotonic()
        return [*self.headers.items(), *(("Impersonate-Group", group) for group in self.groups)]


def credentials(kubeconfig: Mapping[str, Any]) -> Credentials:
    """The credentials of a minimal kubeconfig. Raises ``KubefateError`` when they cannot be had."""
    user = kubeconfig["users"][0]["user"]
    found = Credentials(certificate=_certificate(user))
    if user.get("exec") or user.get("auth-provider"):
        _from_library(dict(kubeconfig), found)
    elif user.get("token"):
        found.headers["Authorization"] = f"Bearer {user['token']}"
    elif user.get("tokenFile"):
        found.token_file = user["tokenFile"]
    elif user.get("username"):
        pair = f"{user['username']}:{user.get('password', '')}"
        found.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    if user.get("as"):
        found.headers["Impersonate-User"] = str(user["as"])
        found.groups = [str(group) for group in user.get("as-groups") or []]
    return found


def _certificate(user: Mapping[str, Any]) -> tuple[str, str] | None:
    certificate = _pem(user, "client-certificate")
    key = _pem(user, "client-key")
    return (certificate, key) if certificate and key else None


def _pem(entry: Mapping[str, Any], name: str) -> str:
    """PEM text that is embedded as base64 or named as a file."""
    if entry.get(f"{name}-data"):
        try:
            return base64.b64decode(entry[f"{name}-data"], validate=True).decode()
        except ValueError:
            raise KubefateError(f"{name}-data of the kubeconfig is not base64.", Kind.INPUT, "connect") from None
    return _text(entry[name]) if entry.get(name) else ""


def authority(cluster: Mapping[str, Any]) -> str:
    """The CA bundle as PEM text, empty for the system's own."""
    return _pem(cluster, "certificate-authority")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError as error:
        raise KubefateError(
            f"The kubeconfig names a file that cannot be read: {error}.", Kind.INPUT, "connect"
        ) from None


def _from_library(kubeconfig: dict[str, Any], found: Credentials) -> None:
    """Run the exec plugin, or renew the token, as the kubernetes package does."""
    try:
        from kubernetes.client import Configuration
        from kubernetes.config import load_kube_config_from_dict
    except ImportError:
        raise library_missing("kubernetes", "use a kubeconfig with an exec plugin or an auth provider") from None
    configuration = Configuration()
    try:
        load_kube_config_from_dict(kubeconfig, client_configuration=configuration, persist_config=False)
    except Exception as error:  # the library lets errors of the plugin through as they are
        raise KubefateError(
            f"The credentials plugin of the kubeconfig failed: {error}", Kind.UNAUTHORIZED, "connect"
        ) from None
    bearer = configuration.api_key.get("authorization") or configuration.api_key.get("BearerToken")
    if bearer:
        found.headers["Authorization"] = bearer if " " in bearer else f"Bearer {bearer}"
    if configuration.cert_file and configuration.key_file:
        found.certificate = (_text(configuration.cert_file), _text(configuration.key_file))
    if not found.headers and not found.certificate:
        raise KubefateError(
            "The credentials plugin of the kubeconfig returned neither a token nor a certificate.",
            Kind.UNAUTHORIZED,
            "connect",
            "Run its command by hand and look at what it prints.",
        )


@contextmanager
def private_file(text: str, suffix: str = "", folder: str | None = None) -> Iterator[str]:
    """A file that only its owner can read, gone afterwards."""
    handle, path = tempfile.mkstemp(prefix="kubefate-", suffix=suffix, dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        yield path
    finally:
        os.unlink(path)
