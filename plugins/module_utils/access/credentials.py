# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that are given out, each with a record that it ends with.

A token of a service account is bound to a Secret that holds nothing: once the Secret is gone, the API server takes the
token no longer. A certificate cannot be ended so; its record tells of it only. See ``users.User.group``.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import Kind, KubefateError
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of, labels_of
from .users import USER_LABEL, User

CREDENTIAL_LABEL = "kubefate.federatedai.org/credential"
"""On the record of a credential: ``token`` or ``certificate``."""
ISSUED = "kubefate.federatedai.org/issued"
EXPIRES = "kubefate.federatedai.org/expires"
ISSUED_BY = "kubefate.federatedai.org/issued-by"
SHORTEST = 600
"""Seconds. Source: validation of TokenRequest and CertificateSigningRequest in Kubernetes 1.22 and newer."""
LONGEST = 2**32
SLACK = 90
"""Seconds by which what was given may fall short of what was asked for."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential, as a kubeconfig's user has it. expires: in Kubernetes' form."""

    entry: Mapping[str, str]
    expires: str
    record: Ref


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def open_record(api: Api, user: User, kind: str, seconds: int, by: str) -> Object:
    """Make the record of a credential that is about to be given out."""
    now = datetime.now(UTC)
    notes = {ISSUED: moment(now), EXPIRES: moment(now + timedelta(seconds=seconds)), ISSUED_BY: by}
    name = f"fate-credential-{user.key[:10].lower()}-{secrets.token_hex(4)}"
    return api.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubefate.federatedai.org/credential",
            "metadata": {
                "name": name,
                "namespace": user.home,
                "labels": {CREDENTIAL_LABEL: kind, USER_LABEL: user.key},
                "annotations": {key: value for key, value in notes.items() if value},
            },
        }
    )


def issue_token(api: Api, user: User, seconds: int, by: str, record: Object | None = None) -> Issued:
    """A token for a service account. record: of the credential that is renewed; a new one by default.

    Raises ``KubefateError`` where the API server does not give one for so long; what was made for it is gone then.
    """
    made = record or open_record(api, user, "token", seconds, by)
    ref = Ref("v1", "Secret", user.home, made["metadata"]["name"])
    bound = {"apiVersion": "v1", "kind": "Secret", "name": ref.name, "uid": made["metadata"]["uid"]}
    spec = {"expirationSeconds": seconds, "boundObjectRef": bound}
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    try:
        answer = api.sub("POST", Ref("v1", "ServiceAccount", user.home, user.name), "token", body)
        status = answer["status"]
        check_given(seconds, str(status["expirationTimestamp"]), "token")
    except KubefateError as error:
        if record is None:
            api.delete(ref)
        if isinstance(error, ApiError) and error.status == 403:
            error.hint = "A kubeconfig needs the verb create on serviceaccounts/token in the account's namespace."
        raise
    expires = moment(parsed(str(status["expirationTimestamp"])))
    if record is not None:
        api.patch(ref, {"metadata": {"annotations": {EXPIRES: expires}}})
    return Issued({"token": str(status["token"])}, expires, ref)


def check_given(seconds: int, until: str, what: str, slack: float = SLACK) -> None:
    """Raise ``KubefateError`` for a credential that ends before it should: the server shortens them without a word."""
    given = (parsed(until) - datetime.now(UTC)).total_seconds()
    if given < seconds - slack:
        raise KubefateError(
            f"The API server gives a {what} for {int(given)} s at most; {seconds} s were asked for.",
            Kind.INPUT,
            "rbac",
            "Ask for a shorter lifetime, or have the API server's limit raised.",
        )


def records_of(api: Api, user: User, home: str = "") -> list[Object]:
    """The records of a user's credentials, newest first."""
    labels = f"{CREDENTIAL_LABEL},{USER_LABEL}={user.key}"
    found = api.list_objects("v1", "Secret", home or user.home, labels=labels)
    return sorted(found, key=lambda record: annotations_of(record).get(ISSUED, ""), reverse=True)


def as_result(record: Object) -> dict[str, str]:
    notes = annotations_of(record)
    return {
        "kind": labels_of(record).get(CREDENTIAL_LABEL, ""),
        "issued": notes.get(ISSUED, ""),
        "expires": notes.get(EXPIRES, ""),
        "issued_by": notes.get(ISSUED_BY, ""),
    }


def is_over(record: Object) -> bool:
    until = annotations_of(record).get(EXPIRES, "")
    return bool(until) and parsed(until) < datetime.now(UTC)


def end(api: Api, records: list[Object]) -> None:
    """Delete records; tokens that are bound to them end."""
    api.parallel(lambda record: api.delete(Ref.of(record)), records)


def claims(token: str) -> Mapping[str, Any]:
    """What a token says of itself, unverified; empty for what is none."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
