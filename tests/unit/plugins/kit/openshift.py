# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth server of an OpenShift, as far as a login with user name and password goes."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer

DISCOVERY = "/.well-known/oauth-authorization-server"
CLIENT = "openshift-challenging-client"


def basic(header: str) -> tuple[str, str]:
    """User and password of an Authorization header, empty for another one."""
    scheme, _space, value = header.partition(" ")
    try:
        user, _colon, password = base64.b64decode(value).decode("latin-1").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (user, password) if scheme.lower() == "basic" else ("", "")


@dataclass(slots=True)
class OAuth:
    """users: to their passwords. issue: makes the token of a user. logins: who has got one. broken:
    whether it cannot give tokens at the moment."""

    users: Mapping[str, str]
    issue: Callable[[str], str]
    broken: bool = False
    logins: list[str] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)

    def answer(self, base: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """base: the URL of the server that this is a part of. headers: names in lower case. None for what is not for
        the OAuth server."""
        match method, urlsplit(target).path:
            case "GET", path if path == DISCOVERY:
                ends = {"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token"}
                return Answer(body={"issuer": base, **{name: base + path for name, path in ends.items()}})
            case "GET", "/oauth/authorize":
                return self._authorize(base, target, headers)
            case "POST", "/oauth/token":
                return self._exchange(headers, body)
            case _:
                return None

    def _authorize(self, base: str, target: str, headers: Mapping[str, str]) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        user, password = basic(headers.get("authorization", ""))
        asked = (query.get("client_id"), query.get("response_type")) == (CLIENT, "code")
        if not asked or not headers.get("x-csrf-token"):
            return Answer(400)
        if not user or self.users.get(user) != password:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="openshift"'})
        code = secrets.token_hex(8)
        self._codes[code] = user
        where = f"{base}/oauth/token/implicit?" + urlencode({"code": code, "state": query.get("state", "")})
        return Answer(302, headers={"Location": where})

    def _exchange(self, headers: Mapping[str, str], body: bytes) -> Answer:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        client, _password = basic(headers.get("authorization", ""))
        user = self._codes.pop(form.get("code", ""), "")
        if self.broken:
            return Answer(503)
        if client != CLIENT or form.get("grant_type") != "authorization_code" or not user:
            return Answer(400, {"error": "invalid_grant"})
        self.logins.append(user)
        return Answer(
            body={
                "access_token": self.issue(user),
                "expires_in": 86400,
                "scope": "user:full",
                "token_type": "Bearer",
            }
        )
