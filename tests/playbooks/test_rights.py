"""The deployer's role holds what its operations need, and nothing else."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from recorder import Recorder
from support import required

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.grants import apply_grant, grant_changes
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.identity import token_for
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.model import (
    Purpose,
    Rule,
    policies,
    ungranted,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.parts import parts_in
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.reviews import missing_rights
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.users import deployer_grant
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.gather import find_release
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.lifecycle import run_verb
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.logs import LogRequest, read_logs
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.operations import present
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.removal import absent
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rollback import rolled_back
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.target import target
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import Connection, resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.credentials import authority
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import RealRunner

NAME, ACCOUNT = "rights", "deployer"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: rights\nversion: 0.1.0\nappVersion: 1.0.0\n",
    "values-template.yaml": "objects:\n{{ toYaml (default (list) .objects) | indent 2 }}\n",
    "templates/all.yaml": "{{ range .Values.objects }}\n---\n{{ toYaml . }}\n{{ end }}\n",
    "secrets.yaml": "secrets:\n  - name: made\n    keys:\n      password: {generate: 16}\n",
}
LABELS = {"fateMoudle": "python", "cluster": "fate"}
POD = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "image": "example.test/a:1"}]}}
HOOK = {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}


def named(api_version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": LABELS, **rest.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def objects(text: str = "one") -> list[dict[str, Any]]:
    """One of everything that rules are about. text: what an update changes."""
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    stateful: dict[str, Any] = {"serviceName": "fateflow", "selector": {"matchLabels": LABELS}, "template": POD}
    ports = [{"name": "http", "port": 9380}, *([] if text == "one" else [{"name": "grpc", "port": 9360}])]
    job = {"backoffLimit": 0, "template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}
    return [
        named("v1", "Service", "fateflow", spec={"selector": LABELS, "ports": ports}),
        named("v1", "ConfigMap", "settings", data={"text": text}),
        named("apps/v1", "StatefulSet", "python", spec={**stateful, "volumeClaimTemplates": [claim]}),
        named("batch/v1", "Job", "hook", metadata={"annotations": HOOK}, spec=job),
        *([named("v1", "PersistentVolumeClaim", "passing", spec=claim["spec"])] if text == "one" else []),
    ]


@dataclass(slots=True)
class World:
    """A namespace with a deployer, and a chart."""

    api: Api
    namespace: str
    folder: Path
    rules: list[Rule]

    def connection(self, front: Recorder | None = None) -> Connection:
        """As the deployer. front: of the API server."""
        token = token_for(self.api, ACCOUNT, self.namespace)
        if front is None:
            return self.api.connection.with_token(token, "the deployer")
        return resolve({"host": front.url, "api_key": token, "ca_cert": str(front.authority)}, {})

    def context(self, connection: Connection, helm: str, **options: Any) -> Context:
        kubeconfig = self.folder / f"{uuid.uuid4().hex[:8]}.kubeconfig"
        kubeconfig.write_text(json.dumps(connection.kubeconfig))
        kubeconfig.chmod(0o600)
        known = {"wait_timeout": 60, "store_namespace": self.namespace, **options}
        return Context(Api(connection), Helm(RealRunner(), required(helm), str(kubeconfig)), Options(**known))

    def bring(self, context: Context, text: str = "one") -> dict[str, Any]:
        spec = Spec({"objects": objects(text)})
        wanted = target(NAME, self.namespace, read_chart(str(self.folder / "chart")), spec)
        return present(context, wanted, check_mode=False)

    def logs(self, context: Context) -> list[dict[str, str]]:
        found = find_release(context.api, NAME, self.namespace)
        return read_logs(context, found, self.namespace, LogRequest())

    def grant(self, rules: list[Rule]) -> None:
        role = self.api.read(Ref("rbac.authorization.k8s.io/v1", "Role", self.namespace, ACCOUNT))
        self.api.replace({**role, "rules": [rule.as_policy() for rule in rules]})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    for name, text in CHART.items():
        path = tmp_path / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    api = Api(resolve({"kubeconfig": required("KUBEFATE_TEST_KUBECONFIG")}))
    namespace = f"rights-{uuid.uuid4().hex[:6]}"
    deployed = [obj for obj in objects() if obj["kind"] != "Job"]
    hooks = [obj for obj in objects() if obj["kind"] == "Job"]
    grant = deployer_grant(ACCOUNT, namespace, namespace, parts_in(api, deployed), parts_in(api, hooks))
    apply_grant(api, grant_changes(grant, api.find))
    try:
        yield World(api, namespace, tmp_path, list(grant.rules[namespace]))
    finally:
        api.delete(Ref("v1", "Namespace", "", namespace))


def life(world: World, helm: str, *, whole: bool) -> set[tuple[str, str, str]]:
    """What a cluster's life with one helm asks the API server for. whole: also what helm takes no part in."""
    connection = world.api.connection
    with Recorder(connection.server, authority(connection.cluster), world.folder) as recorder:
        context = world.context(world.connection(recorder), helm, history=2)
        assert world.bring(context)["cluster"]["ready"]
        assert world.bring(context, "two")["changed"]
        for state in ("restarted", "stopped", "started") if whole else ():
            assert run_verb(context, state, NAME, world.namespace, (), check_mode=False)["changed"]
        assert world.logs(context)
        assert world.bring(context, "three")["changed"]
        assert rolled_back(context, NAME, world.namespace, 0, check_mode=False)["changed"]
        context.options = replace(context.options, purge_data=True)
        assert absent(context, NAME, world.namespace, check_mode=False)["changed"]
    outside = {entry.group for entry in recorder.seen if not entry.namespace}
    assert outside <= {"authorization.k8s.io", "authentication.k8s.io"}, "nothing else is asked for outside"
    return {(entry.group, entry.resource, entry.verb) for entry in recorder.seen if entry.namespace == world.namespace}


def test_each_right_is_used_and_what_is_used_is_granted(world: World) -> None:
    granted = {
        (rule.group, resource, verb) for rule in world.rules for resource in rule.resources for verb in rule.verbs
    }
    renewal = ("coordination.k8s.io", "leases", "update")
    granted.remove(renewal)  # a Lease is renewed after some seconds, which not every run takes
    granted.remove(("", "services/proxy", "get"))  # simulated pods are not asked for jobs; tests/real has others
    used = (life(world, "KUBEFATE_HELM3", whole=True) | life(world, "KUBEFATE_HELM4", whole=False)) - {renewal}
    assert sorted(used - granted) == [], "used, and not granted"
    assert sorted(granted - used) == [], "granted, and not used"


def test_without_any_single_rule_the_operation_that_it_serves_names_the_missing_right(world: World) -> None:
    helm = "KUBEFATE_HELM4"
    connection = world.connection()
    asking = Api(connection)

    contexts = {purge: world.context(connection, helm, purge_data=purge) for purge in (False, True)}

    def doing(purpose: Purpose) -> Callable[[], Any]:
        context = contexts[purpose is Purpose.PURGE]
        match purpose:
            case Purpose.INSTALL | Purpose.UPGRADE:
                return lambda: world.bring(context, "two")
            case Purpose.RESTART:
                return lambda: run_verb(context, "restarted", NAME, world.namespace, (), check_mode=False)
            case Purpose.LOGS:
                return lambda: world.logs(context)
            case Purpose.REMOVE | Purpose.PURGE:
                return lambda: absent(context, NAME, world.namespace, check_mode=False)

    untested = [rule for rule in world.rules if not rule.operations]
    assert untested == [], "each rule serves an operation"
    unnamed: list[str] = []

    def lack(rule: Rule, purpose: Purpose) -> None:
        try:
            doing(purpose)()
        except KubefateError as error:
            rights = list(rule.rights(world.namespace))
            named = any(right.verb in error.msg and right.resource in error.msg for right in rights)
            if error.kind is not Kind.FORBIDDEN or not named:
                unnamed.append(f"{purpose} without {rights[0].text}: {error.kind}: {error.msg}")
        else:
            unnamed.append(f"{purpose} without {rule}: it was done all the same")

    def try_all(*purposes: Purpose) -> None:
        for number, rule in enumerate(world.rules):
            others = [other for at, other in enumerate(world.rules) if at != number]
            world.grant(others)
            lost = ungranted(rule.rights(world.namespace), policies(others))
            assert lost, f"{rule} gives nothing that others do not"
            while missing_rights(asking, lost) != lost:
                time.sleep(0.02)  # the API server learns of a changed role a moment later
            for purpose in purposes:
                if purpose in rule.operations:
                    lack(rule, purpose)
        world.grant(world.rules)

    try_all(Purpose.INSTALL)
    assert unnamed == []
    assert find_release(world.api, NAME, world.namespace).current is None
    assert world.bring(world.context(connection, helm))["cluster"]["ready"]
    try_all(Purpose.UPGRADE, Purpose.RESTART, Purpose.LOGS, Purpose.REMOVE, Purpose.PURGE)
    assert unnamed == []
    current = find_release(world.api, NAME, world.namespace).current
    assert current is not None
    assert current.revision == 1, "what is refused changes nothing"
