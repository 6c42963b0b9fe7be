# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who acts: whom the API server takes us for, and acting as a service account."""

from __future__ import annotations

from dataclasses import dataclass

from ..kube.client import Api, ApiError
from ..objects import Ref

TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Identity:
    """A user as the API server knows it. Empty where the server does not tell."""

    name: str = ""
    groups: tuple[str, ...] = ()


def identify(api: Api) -> Identity:
    """The user that the API server takes us for, with its groups."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = api.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", None, body)
    except ApiError:
        return Identity()
    user = (answer.get("status") or {}).get("userInfo") or {}
    return Identity(str(user.get("username") or ""), tuple(map(str, user.get("groups") or ())))


def whoami(api: Api) -> str:
    """The name of the user that the API server takes us for."""
    return identify(api).name


def token_for(api: Api, name: str, namespace: str, seconds: int = TOKEN_SECONDS) -> str:
    """A short-lived token of a service account. Raises ``KubefateError``."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
    try:
        answer = api.sub("POST", Ref("v1", "ServiceAccount", namespace, name), "token", body)
    except ApiError as error:
        error.phase = "rbac"
        error.hint = {
            404: f"Make the service account {name} in {namespace} first: the role federatedai.kubefate.rbac does.",
            403: "Asking for a service account's token needs the verb create on serviceaccounts/token.",
        }.get(error.status, error.hint)
        raise
    return str(answer["status"]["token"])
