# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces: made where they are missing, by a project request where OpenShift wants that, and whose they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..errors import Kind, KubefateError
from ..facts.labels import MODULE, OWNED, OWNER
from ..kube.client import Api, ApiError
from ..objects import Ref, labels_of
from .model import RBAC
from .openshift import recognise, request_project

MADE_LABEL = "kubefate.federatedai.org/made"
"""On namespaces that this collection made: only those are ever deleted by it."""
QUOTA = "fate"
"""Name of the ResourceQuota and of the LimitRange that a namespace gets."""


def namespace_object(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {**OWNER, MADE_LABEL: "true", **labels}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def ensure_namespace(api: Api, name: str, create: bool) -> bool:
    """Make a namespace that is missing; True if it was made. Raises ``KubefateError`` for one that is being deleted."""
    try:
        found = api.find(Ref("v1", "Namespace", "", name))
    except ApiError as error:
        if error.status == 403:
            return False
        raise
    if found is None:
        if not create:
            raise KubefateError(
                f"Namespace {name} does not exist, and create_namespace is false.",
                Kind.NOT_FOUND,
                "apply",
                "Make it first.",
            )
        return add_namespace(api, name)
    if (found.get("status") or {}).get("phase") == "Terminating":
        raise KubefateError(
            f"Namespace {name} is being deleted.",
            Kind.CONFLICT,
            "apply",
            "Wait until it is gone and run again; if it hangs, look at its finalizers and at kubectl get apiservice.",
        )
    return False


def add_namespace(api: Api, name: str) -> bool:
    """Make a namespace that was found missing. False where another run, side by side with this one, was first."""
    try:
        make_namespace(api, namespace_object(name, {}))
    except ApiError as error:
        if error.status != 409:
            raise
        return False
    return True


def make_namespace(api: Api, wanted: Mapping[str, Any]) -> None:
    """Make a namespace; where that is not permitted and the Kubernetes is an OpenShift, request a project."""
    try:
        api.create(wanted)
    except ApiError as error:
        if error.status != 403 or not recognise(api).projects:
            raise
        request_project(api, wanted)


def is_ours(api: Api, name: str) -> bool:
    """Whether a namespace has to do with FATE: this collection made it or granted rights in it, or a release is in it.
    What may not be read speaks neither for nor against it. Raises ``KubefateError`` if it does not exist."""
    namespace = _quietly(partial(api.read, Ref("v1", "Namespace", "", name)))
    if namespace is not None and labels_of(namespace).get(MADE_LABEL) == "true":
        return True
    return any(
        _quietly(partial(api.list_objects, api_version, kind, name, labels=labels))
        for api_version, kind, labels in (
            (RBAC, "RoleBinding", OWNED),
            ("v1", "ServiceAccount", OWNED),
            ("v1", "Secret", "owner in (helm,kubefate)"),
            ("apps/v1", "Deployment", MODULE),
        )
    )


def _quietly(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ApiError as error:
        if error.status == 403:
            return None
        raise
