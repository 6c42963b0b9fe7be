# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenShift, recognised by its API groups, and what is done in its way: projects and security context constraints.

Source: OpenShift 4.16, "Managing security context constraints" and "Projects" of its documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..data import get
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, name_of, pod_template
from .model import Rule

ROUTES = "route.openshift.io"
SECURITY = "security.openshift.io"
PROJECTS = "project.openshift.io"


@dataclass(frozen=True, slots=True)
class OpenShift:
    """What a Kubernetes has of OpenShift."""

    routes: bool = False
    constraints: bool = False
    projects: bool = False

    @property
    def found(self) -> bool:
        return self.routes or self.constraints or self.projects

    def as_result(self) -> dict[str, bool]:
        return {"routes": self.routes, "security": self.constraints, "projects": self.projects}


def recognise(api: Api) -> OpenShift:
    """By its API groups. Where they may not be listed, it counts as no OpenShift."""
    groups = {version.partition("/")[0] for version in api.versions() or ()}
    return OpenShift(ROUTES in groups, SECURITY in groups, PROJECTS in groups)


def request_project(api: Api, namespace: Mapping[str, Any]) -> None:
    """Have OpenShift make a namespace whose administrator is the caller; its labels follow where that is permitted."""
    name = name_of(namespace)
    body = {
        "apiVersion": f"{PROJECTS}/v1",
        "kind": "ProjectRequest",
        "metadata": {"name": name},
        "displayName": name,
        "description": "FATE",
    }
    api.request("POST", f"/apis/{PROJECTS}/v1/projectrequests", None, body)
    try:
        api.patch(Ref("v1", "Namespace", "", name), {"metadata": {"labels": namespace["metadata"]["labels"]}})
    except ApiError as error:
        if error.status != 403:
            raise


def route_additions(schema: Mapping[str, Any] | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is added to a spec for an OpenShift: Routes in place of Ingress objects, where the chart knows the key
    ``route.enabled`` and the spec does not say what it wants."""
    known = ((((schema or {}).get("properties") or {}).get("route") or {}).get("properties") or {}).get("enabled")
    return {"route": {"enabled": True}} if known is not None and get(spec, "route.enabled") is None else {}


@dataclass(frozen=True, slots=True)
class Constraint:
    """A security context constraint that a service account's pods need, and why. capabilities: those that it has to
    allow beyond what OpenShift's own do; with any, it is one that this collection makes."""

    account: str
    name: str
    why: str
    capabilities: tuple[str, ...] = ()


_ORDER = ("", "nonroot-v2", "anyuid", "hostmount-anyuid", "privileged")
"""From least to most."""
_ALLOWED = {"": {"NET_BIND_SERVICE"}, "nonroot-v2": {"NET_BIND_SERVICE"}}
"""Capabilities that they let a container add; ``privileged`` lets it add all."""
VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def constraints_for(objects: Iterable[Object]) -> list[Constraint]:
    """The least constraint for each service account whose pods need more than ``restricted-v2``, which all may use."""
    needs: dict[str, list[tuple[str, str, set[str]]]] = {}
    for obj in objects:
        spec = pod_template(obj).get("spec") or {}
        if spec:
            level, why = _least(spec)
            text = f"{obj.get('kind')}/{name_of(obj)} {why}"
            account = str(spec.get("serviceAccountName") or "default")
            needs.setdefault(account, []).append((level, text, _added(spec)))
    found = [_constraint(account, needs[account]) for account in sorted(needs)]
    return [constraint for constraint in found if constraint.name]


def _constraint(account: str, needs: Sequence[tuple[str, str, set[str]]]) -> Constraint:
    """The one constraint that all pods of an account fit."""
    level, why, _own = max(needs, key=lambda need: _ORDER.index(need[0]))
    beyond = set().union(*(added for _level, _why, added in needs)) - _ALLOWED.get(level, set())
    if level == "privileged" or not beyond:
        return Constraint(account, level, why)
    listed = tuple(sorted(beyond))
    if level == "hostmount-anyuid":
        return Constraint(account, "privileged", f"{why} and adds capabilities: {', '.join(listed)}")
    wanting = next(text for _level, text, added in needs if added & beyond)
    about = f"{why if level else wanting.strip()}, and {', '.join(listed)} is added"
    name = "-".join(["fate", *(["anyuid"] if level == "anyuid" else []), *listed]).lower().replace("_", "-")
    return Constraint(account, name, about, listed)


def _added(spec: Mapping[str, Any]) -> set[str]:
    contexts = [container.get("securityContext") or {} for container in _containers(spec)]
    return {str(item) for context in contexts for item in (context.get("capabilities") or {}).get("add") or []}


def _containers(spec: Mapping[str, Any]) -> list[Any]:
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def _least(spec: Mapping[str, Any]) -> tuple[str, str]:
    """The least constraint that a pod fits but for the capabilities that it adds, and what keeps it from a lesser
    one."""
    contexts = [container.get("securityContext") or {} for container in _containers(spec)]
    pod = spec.get("securityContext") or {}
    if any(context.get("privileged") for context in contexts):
        return "privileged", "has a privileged container"
    if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        return "privileged", "uses a namespace of the host"
    if any("hostPath" in volume for volume in spec.get("volumes") or []):
        return "hostmount-anyuid", "mounts a folder of the host"
    users = [context.get("runAsUser", pod.get("runAsUser")) for context in contexts]
    if 0 in users:
        return "anyuid", "runs as root"
    if _added(spec) - {"NET_BIND_SERVICE"} and None in users:
        return "anyuid", "runs as its image says"  # capabilities are of use to root alone
    fixed = [str(user) for user in users if user is not None]
    if fixed:
        return "nonroot-v2", f"runs as user {fixed[0]}"
    group = pod.get("fsGroup")
    if group is not None:
        return "nonroot-v2", f"has its volumes owned by group {group}"
    return "", ""


def constraint_made(constraint: Constraint) -> dict[str, Any]:
    """The object of a constraint that OpenShift does not have itself: ``anyuid`` or ``nonroot-v2`` with the
    capabilities that it has to allow, and bound to nobody but by a role."""
    user = "RunAsAny" if constraint.name.startswith("fate-anyuid") else "MustRunAsNonRoot"
    host = ("HostDirVolumePlugin", "HostIPC", "HostNetwork", "HostPID", "HostPorts", "PrivilegedContainer")
    return {
        **{f"allow{what}": False for what in host},
        "allowPrivilegeEscalation": False,
        "allowedCapabilities": list(constraint.capabilities),
        "fsGroup": {"type": "RunAsAny"},
        "groups": [],
        "priority": None,
        "readOnlyRootFilesystem": False,
        "runAsUser": {"type": user},
        "seLinuxContext": {"type": "MustRunAs"},
        "seccompProfiles": ["runtime/default"],
        "supplementalGroups": {"type": "RunAsAny"},
        "users": [],
        "volumes": list(VOLUMES),
    }


def constraint_rule(constraint: Constraint) -> Rule:
    return Rule(
        SECURITY,
        ("securitycontextconstraints",),
        ("use",),
        f"pods of {constraint.account}: {constraint.why}",
        (),
        (constraint.name,),
    )


def constraint_objects(constraints: Sequence[Constraint]) -> list[tuple[str, Rule, str]]:
    """(name of role and binding, its rule, service account) for each constraint."""
    return [
        (f"fate-scc-{constraint.name}-{constraint.account}"[:253], constraint_rule(constraint), constraint.account)
        for constraint in constraints
    ]
