# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig that a user gets: self-contained, with one cluster, one user and one context."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any

from ..errors import KubefateError, bad_input
from ..kube.connection import Connection
from ..kube.credentials import authority
from ..privatefile import write_private
from ..yamltext import dump_yaml, parse_yaml


def build(connection: Connection, user: str, entry: Mapping[str, str], namespace: str) -> dict[str, Any]:
    """A kubeconfig for the API server of a connection. entry: the credential, as a kubeconfig's user has it."""
    given = connection.cluster
    cluster: dict[str, Any] = {"server": connection.server}
    ca = authority(given)
    if ca:
        cluster["certificate-authority-data"] = base64.b64encode(ca.encode()).decode()
    for key in ("insecure-skip-tls-verify", "tls-server-name", "proxy-url"):
        if given.get(key):
            cluster[key] = given[key]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "fate", "cluster": cluster}],
        "users": [{"name": user, "user": dict(entry)}],
        "contexts": [{"name": "fate", "context": {"cluster": "fate", "user": user, "namespace": namespace}}],
        "current-context": "fate",
    }


def as_text(kubeconfig: Mapping[str, Any]) -> str:
    return dump_yaml(kubeconfig)


def check_place(path: str) -> None:
    """Raise ``KubefateError`` where a kubeconfig cannot be written, before anything is given out."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise bad_input(f"{path} cannot be written.", "Give the path of a file in a folder that exists.")


def write(path: str, text: str) -> None:
    """Write it so that at no time anybody but the owner can read it, or meets half of it."""
    try:
        write_private(path, text)
    except OSError as error:
        raise bad_input(f"{path} cannot be written: {error.strerror}.") from None


def read(path: str) -> dict[str, Any]:
    """The server and the credential in a kubeconfig that was written here; empty where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = parse_yaml(stream.read(), path)
        cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
        return {"server": str(cluster["server"]), "entry": dict(user)}
    except (OSError, UnicodeDecodeError, KubefateError, LookupError, TypeError, ValueError):
        return {}


def is_private(path: str) -> bool:
    """Whether only the owner can read a file."""
    return os.stat(path).st_mode & 0o077 == 0
