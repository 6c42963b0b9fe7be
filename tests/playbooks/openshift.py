"""A sandbox that has what this collection uses of an OpenShift: its API groups, an OAuth server, and projects."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder import Recorder
from support import ROOT, required

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.identity import token_for
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.credentials import authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.openshift import OAuth
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer

PEOPLE = "people"
USER, PASSWORD = "ann", "planted-password"
RBAC = "rbac.authorization.k8s.io"
REQUESTS = "/apis/project.openshift.io/v1/projectrequests"
KINDS = (
    ("route.openshift.io", "Route", "routes", True),
    ("security.openshift.io", "SecurityContextConstraints", "securitycontextconstraints", False),
    ("project.openshift.io", "Project", "projects", False),
    ("project.openshift.io", "ProjectRequest", "projectrequests", False),
)


@contextmanager
def own_sandbox() -> Iterator[str]:
    """A control plane that no other test uses, since its API groups change what charts deploy; its kubeconfig."""
    home = Path(required("KUBEFATE_TEST_KUBECONFIG")).parents[2]
    argv = [sys.executable, str(ROOT / "sandbox"), "--home", str(home), "--name", f"openshift-{uuid.uuid4().hex[:6]}"]

    def run(command: str) -> str:
        done = subprocess.run([*argv, command], capture_output=True, text=True, check=False, timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    try:
        run("up")
        yield run("kubeconfig")
    finally:
        run("down")


def definition(group: str, kind: str, plural: str, *, namespaced: bool) -> dict[str, Any]:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced" if namespaced else "Cluster",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}],
        },
    }


def cluster_role(name: str, rules: Sequence[Mapping[str, Any]], **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": list(rules)}


def binding(kind: str, role: str) -> dict[str, Any]:
    """Of the user to a cluster role."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": {"name": f"{USER}-{role}"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": USER, "namespace": PEOPLE}],
    }


def furnish(api: Api) -> None:
    """What an OpenShift has: its kinds, a user who may request projects, and project administrators who have routes."""
    for group, kind, plural, namespaced in KINDS:
        api.create(definition(group, kind, plural, namespaced=namespaced))
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PEOPLE}})
    api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": USER}}, PEOPLE)
    request = {"apiGroups": ["project.openshift.io"], "resources": ["projectrequests"], "verbs": ["create"]}
    api.create(cluster_role("self-provisioner", [request]))
    api.create(binding("ClusterRoleBinding", "self-provisioner"))
    routes = {"apiGroups": ["route.openshift.io"], "resources": ["routes"], "verbs": ["*"]}
    label = {f"{RBAC}/aggregate-to-admin": "true"}
    api.create(cluster_role("project-routes", [routes], **label))


@dataclass(frozen=True, slots=True)
class Given:
    """What a front answers by itself, in the form of urllib3's answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def stream(self, _size: int) -> Iterator[bytes]:
        yield from [self.body] if self.body else []


class OpenShift(Recorder):
    """The API server of an OpenShift. oauth: who may log in."""

    def __init__(self, api: Api, folder: Path):
        connection = api.connection
        super().__init__(connection.server, authority(connection.cluster), folder)
        self.api = api
        self.oauth = OAuth({USER: PASSWORD}, lambda user: token_for(api, user, PEOPLE))

    def _pass(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        known = {name.lower(): value for name, value in headers.items()}
        found = self.oauth.answer(self.url, method, target, known, body)
        if found is not None:
            return given(found)
        answer = super()._pass(method, target, headers, body)
        if (method, target.partition("?")[0], answer.status) == ("POST", REQUESTS, 201):
            self._make_project(json.loads(body)["metadata"]["name"])
        return answer

    def _make_project(self, name: str) -> None:
        """As the controller of projects does: a namespace whose administrator is who asked for it."""
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.api.create(binding("RoleBinding", "admin"), name)


def given(answer: Answer) -> Given:
    body = b"" if answer.body is None else answer.data()
    return Given(answer.status, {"Content-Type": "application/json", **answer.headers}, body)


@contextmanager
def openshift(folder: Path) -> Iterator[OpenShift]:
    with own_sandbox() as kubeconfig:
        api = Api(resolve({"kubeconfig": kubeconfig}))
        furnish(api)
        with OpenShift(api, folder) as server:
            yield server
