# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that Kubernetes and Helm accept, checked before anything is contacted."""

from __future__ import annotations

import re

from ..errors import bad_input

_LABEL = re.compile(r"^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?\Z")
MAX_ACCOUNT = 253
MAX_RELEASE = 53
MAX_NAMESPACE = 63
_RESERVED = ("kube-system", "kube-public", "kube-node-lease")


def check_name(name: str) -> None:
    """Raise ``KubefateError`` for what Helm refuses as a release name."""
    if not name:
        raise bad_input("The cluster has no name.", "Give name, or the key name in the spec.")
    if len(name) > MAX_RELEASE or not _LABEL.match(name):
        raise bad_input(
            f"{name!r} cannot be the name of a cluster.",
            f"Use at most {MAX_RELEASE} lower-case letters, digits and dashes, beginning and ending with a "
            "letter or digit.",
        )


def check_account(name: str) -> None:
    """Raise ``KubefateError`` for what cannot be the name of a service account."""
    if len(name) > MAX_ACCOUNT or not _SUBDOMAIN.match(name):
        raise bad_input(
            f"{name!r} cannot be the name of a service account.",
            f"Use at most {MAX_ACCOUNT} lower-case letters, digits, dashes and dots, beginning and ending with a "
            "letter or digit.",
        )


def check_namespace(namespace: str) -> None:
    """Raise ``KubefateError`` for what cannot be a namespace, or should not be one's own."""
    if len(namespace) > MAX_NAMESPACE or not _LABEL.match(namespace):
        raise bad_input(
            f"{namespace!r} cannot be a namespace.",
            f"Use at most {MAX_NAMESPACE} lower-case letters, digits and dashes, beginning and ending with a "
            "letter or digit.",
        )
    if namespace in _RESERVED:
        raise bad_input(f"Namespace {namespace} belongs to Kubernetes itself.", "Choose a namespace of its own.")
