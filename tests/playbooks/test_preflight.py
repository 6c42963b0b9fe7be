"""What the preflight says before anything is deployed, on the real API server."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from support import Federation, required

from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api, ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.podsecurity import violations

Row = dict[str, str]


def rows(run: Any) -> list[Row]:
    return list(run.of("Look at all parties").popitem()[1]["checks"])


def of(table: list[Row], check: str, host: str = "") -> list[Row]:
    return [row for row in table if row["check"] == check and host in ("", row["host"])]


def test_a_federation_that_can_be_deployed_passes_and_nothing_is_made(two_parties: Federation) -> None:
    run = two_parties.play("preflight", fate_preflight_json=str(two_parties.folder / "found.json"))
    assert run.code == 0, run.text
    table = rows(run)
    assert {row["status"] for row in table} <= {"PASS", "WARN"}
    for host in two_parties.hosts:
        assert {row["check"] for row in table if row["host"] == host} == {
            *("helm", "kubernetes", "apis", "clock", "rights", "storage", "ingress", "node_ports", "architecture"),
            *("capacity", "gpu", "pod_security", "quota"),
        }
    written = json.loads((two_parties.folder / "found.json").read_text())
    assert written["checks"] == table
    assert run.message("What was found").splitlines()[-1].endswith("0 FAIL")
    assert two_parties.prefix not in two_parties.kubectl("get", "namespaces"), "nothing was made"
    assert run.changed() == 0


def test_each_party_hears_what_would_not_work_for_it_and_how_to_mend_it(federation: Federation) -> None:
    federation.add("1", fate_spec={"python": {"resources": {"requests": {"cpu": "5000", "memory": "1Gi"}}}})
    federation.add("2", fate_spec={"persistence": True, "mysql": {"storageClass": "gone"}})
    federation.add("3", fate_spec={"osx": {"type": "NodePort", "nodePort": 29999}})
    federation.add("4", fate_namespace_labels={"pod-security.kubernetes.io/enforce": "restricted"})
    federation.add("5", fate_quota={"requests.cpu": "1"})
    federation.add("6", fate_spec={"nodemanager": {"resources": {"limits": {"nvidia.com/gpu": 1}}}})
    federation.add("7")
    run = federation.play("preflight")
    table = rows(run)
    wrong = {row["host"]: row for row in table if row["status"] == "FAIL"}
    expected = {
        "party-1": ("capacity", "fit on no node: cpu: 5000 for each"),
        "party-2": ("storage", "asks for storage class gone, which does not exist"),
        "party-3": ("node_ports", "lies outside of 30000-32767"),
        "party-4": ("pod_security", "is not restricted, which namespace"),
        "party-5": ("quota", "ResourceQuota fate allows requests.cpu 1"),
        "party-6": ("gpu", "asks for nvidia.com/gpu, which no node has"),
    }
    for host, (check, text) in expected.items():
        found = [row for row in of(table, check, host) if row["status"] == "FAIL"]
        assert found, f"{host}: {[row for row in table if row['host'] == host]}"
        assert text in found[0]["text"]
        assert found[0]["hint"], "each failure says what to do"
    assert "party-7" not in wrong
    assert run.code != 0
    assert set(run.failed()) == set(expected), "exit code and hosts tell which"

    deployed = federation.play("deploy_fate", "--limit", "party-3,party-7")
    assert deployed.failed() == ["party-3"]
    assert "The preflight found: node port 29999" in deployed.text
    assert federation.objects("deployments", "party-7"), "the other one is deployed"
    spaces = federation.kubectl("get", "namespaces", "--output", "name")
    assert federation.namespace("party-3") not in spaces, "nothing was made for the one that would fail"


def test_what_may_not_be_read_warns_and_says_which_right_is_missing(federation: Federation) -> None:
    federation.add("9999", fate_manage_rbac=False)
    space = federation.namespace("party-9999")
    federation.kubectl("create", "namespace", space)
    federation.kubectl("--namespace", space, "create", "serviceaccount", "poor")
    subject = f"--serviceaccount={space}:poor"
    federation.kubectl("--namespace", space, "create", "rolebinding", "poor", "--clusterrole=admin", subject)
    token = federation.kubectl("--namespace", space, "create", "token", "poor").strip()
    import yaml

    cluster = yaml.safe_load(federation.kubeconfig.read_text())["clusters"][0]
    poor = federation.folder / "poor"
    poor.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "users": [{"name": "poor", "user": {"token": token}}],
                "contexts": [{"name": "poor", "context": {"cluster": cluster["name"], "user": "poor"}}],
                "current-context": "poor",
            }
        )
    )
    run = federation.play("preflight", named=False, fate_kubeconfig=str(poor), fate_store_namespace=space)
    table = rows(run)
    unseen = {row["check"]: row["hint"] for row in table if row["text"].startswith("not visible")}
    assert {"capacity", "architecture", "ingress"} <= set(unseen)
    assert "list nodes" in unseen["capacity"]
    assert all(row["status"] == "WARN" for row in table if row["text"].startswith("not visible"))
    lacking = [row["text"] for row in of(table, "rights") if row["status"] == "FAIL"]
    assert lacking == [], "the role admin of Kubernetes is enough to deploy with"


# the same verdict as the admission plugin -----------------------------------------------------------------------------
SAFE = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
CONTAINERS: list[dict[str, Any]] = [
    {},
    SAFE,
    {**SAFE, "privileged": True},
    {**SAFE, "allowPrivilegeEscalation": None},
    {**SAFE, "runAsNonRoot": None},
    {**SAFE, "runAsUser": 0},
    {**SAFE, "seccompProfile": None},
    {**SAFE, "seccompProfile": {"type": "Unconfined"}},
    {**SAFE, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}},
    {**SAFE, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}},
    {**SAFE, "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
    {**SAFE, "capabilities": {"drop": ["KILL"]}},
    {**SAFE, "procMount": "Unmasked"},
    {**SAFE, "seLinuxOptions": {"type": "container_t"}},
    {**SAFE, "seLinuxOptions": {"type": "spc_t"}},
    {**SAFE, "seLinuxOptions": {"user": "x"}},
    {**SAFE, "appArmorProfile": {"type": "Unconfined"}},
    {**SAFE, "appArmorProfile": {"type": "RuntimeDefault"}},
]
PODS: list[dict[str, Any]] = [
    {},
    {"hostNetwork": True},
    {"hostPID": True},
    {"hostIPC": True},
    {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]},
    {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "secret": {"secretName": "s"}}]},
    {"volumes": [{"name": "v", "nfs": {"server": "a", "path": "/b"}}]},
    {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}},
    {"securityContext": {"runAsNonRoot": False}},
    {"securityContext": {"runAsUser": 0}},
    {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
    {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}},
    {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
    {"securityContext": {"seLinuxOptions": {"role": "r"}}},
    {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
]
EXTRA: list[dict[str, Any]] = [
    {},
    {"ports": [{"containerPort": 80, "hostPort": 80}]},
    {"readinessProbe": {"httpGet": {"port": 80, "host": "elsewhere"}}},
    {"lifecycle": {"preStop": {"tcpSocket": {"port": 80, "host": "elsewhere"}}}},
]


def pods() -> Iterator[dict[str, Any]]:
    """Every single deviation, and some in twos."""
    chance = random.Random(1)
    singles = [(pod, context, {}) for pod in PODS for context in (SAFE, {})]
    singles += [({}, context, extra) for context in CONTAINERS for extra in EXTRA[:1]]
    singles += [({}, SAFE, extra) for extra in EXTRA]
    twos = list(itertools.product(PODS, CONTAINERS, EXTRA))
    for pod, context, extra in [*singles, *chance.sample(twos, 120)]:
        plain = {key: value for key, value in context.items() if value is not None}
        container = {"name": "main", "image": "example.test/a:1", "securityContext": plain, **extra}
        yield {**pod, "containers": [container]}


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_the_verdict_on_a_pod_is_that_of_the_admission_plugin(level: str) -> None:
    api = Api(resolve({"kubeconfig": required("KUBEFATE_TEST_KUBECONFIG")}))
    space = f"security-{uuid.uuid4().hex[:6]}"
    labels = {"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": "latest"}
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": labels}})

    def admitted(spec: dict[str, Any]) -> bool | None:
        """None for a pod that Kubernetes does not take for another reason."""
        try:
            api.create(
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}, space, dry_run=True
            )
        except ApiError as error:
            return False if "violates PodSecurity" in error.server_message else None
        return True

    try:
        tried = list(pods())
        verdicts: list[bool | None] = api.parallel(admitted, tried)
    finally:
        api.delete(Ref("v1", "Namespace", "", space))
    wrong = []
    for spec, verdict in zip(tried, verdicts, strict=True):
        found = violations(spec, {})
        ours = not found["baseline"] and (level == "baseline" or not found["restricted"])
        if verdict is not None and verdict is not ours:
            wrong.append((spec, verdict, found))
    assert wrong == []
    assert {True, False} <= set(verdicts)
    assert sum(verdict is not None for verdict in verdicts) > 100
