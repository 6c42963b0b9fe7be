# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in with user name and password.

An OpenShift exchanges them for a token at its OAuth server, which the ``openshift`` package does. Any other API server
is sent them as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ..errors import Kind, KubefateError, bad_input, library_missing
from .client import Api, ApiError
from .connection import Connection, resolve
from .credentials import authority, private_file

DISCOVERY = "/.well-known/oauth-authorization-server"
"""Where an OpenShift tells about its OAuth server. Source: RFC 8414, and "Authentication" of OpenShift's documentation.
"""
_OTHER = ("token", "tokenFile", "exec", "auth-provider", "client-certificate", "client-certificate-data")


def connect(options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Connection:
    """``resolve``, and a login where the options give user name and password and the server is an OpenShift.

    Raises ``KubefateError``.
    """
    found = resolve(options, environ)
    by_password = found.user.get("username") and not any(found.user.get(key) for key in _OTHER)
    return _logged_in(found) if by_password and _is_openshift(found) else found


def _is_openshift(connection: Connection) -> bool:
    """Asked by nobody in particular: the password is for the OAuth server alone."""
    try:
        said = Api(_as(connection, {})).request("GET", DISCOVERY)
    except ApiError as error:
        if error.status in (401, 403, 404):
            return False
        raise
    return bool(said.get("authorization_endpoint") and said.get("token_endpoint"))


def _logged_in(connection: Connection) -> Connection:
    user = connection.user
    acting = {key: value for key, value in user.items() if key in ("as", "as-groups", "as-uid", "as-user-extra")}
    origin = f"{connection.origin}, logged in as {user['username']}"
    return replace(_as(connection, {**acting, "token": _token(connection)}), origin=origin)


def _as(connection: Connection, user: Mapping[str, Any]) -> Connection:
    """The same API server with another user."""
    users = [{**connection.kubeconfig["users"][0], "user": dict(user)}]
    return replace(connection, kubeconfig={**connection.kubeconfig, "users": users})


def _token(connection: Connection) -> str:
    try:
        from kubernetes.client import Configuration
        from openshift.helper.userpassauth import OCPLoginConfiguration
    except ImportError:
        raise library_missing("openshift", "log in to an OpenShift with user name and password") from None
    cluster, name = connection.cluster, str(connection.user["username"])
    if cluster.get("proxy-url"):
        raise bad_input(
            "A login with user name and password goes through the proxy of the variable HTTPS_PROXY only, not through "
            "that of an option or a kubeconfig.",
            "Set HTTPS_PROXY in place of it, or log in yourself and give the token: api_key.",
            "connect",
        )
    with ExitStack() as stack:
        # Its own __init__ gives Configuration an option that newer versions of kubernetes do not have.
        client = OCPLoginConfiguration.__new__(OCPLoginConfiguration)
        Configuration.__init__(client, host=connection.server.rstrip("/"))
        client.ocp_username, client.ocp_password = name, str(connection.user.get("password") or "")
        client.verify_ssl = not cluster.get("insecure-skip-tls-verify")
        trusted = authority(cluster)
        client.ssl_ca_cert = stack.enter_context(private_file(trusted, ".pem")) if trusted else None
        if not client.verify_ssl:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # that nothing is verified was asked for
        try:
            client.get_token()
            return str(client.token["access_token"])
        except Exception as error:  # those of three libraries, one below the other
            raise _refused(error, connection, name) from None


def _refused(error: Exception, connection: Connection, name: str) -> KubefateError:
    about: Mapping[str, Any] = getattr(error, "req_info", {})
    status = about.get("req_status_code")
    if status == 401:
        return KubefateError(
            f"The OpenShift at {connection.server} does not take the password of {name}.",
            Kind.UNAUTHORIZED,
            "connect",
            f"Correct username and password; try them with oc login {connection.server}.",
        )
    if status is not None:
        said = f"{about.get('req_url', '').partition('?')[0]} answers {status} {about.get('req_reason', '')}".rstrip()
    else:
        said = f"{type(error).__name__}: {error}"
    return KubefateError(
        f"Logging in to the OpenShift at {connection.server} as {name} failed: {said}.",
        Kind.CONNECTION,
        "connect",
        "Its OAuth server often has a certificate of another authority than its API server: ca_cert may hold both. "
        "Or log in yourself and give the token: api_key.",
    )
