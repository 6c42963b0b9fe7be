"""No right outside of the parties' own namespaces: an administrator grants what the play writes down, the rest is done
with the deployers' accounts alone."""

from __future__ import annotations

import json
import time
from typing import Any

import yaml
from support import STATE, Federation


def kubeconfig_of(federation: Federation, namespace: str, account: str) -> str:
    """Path of a kubeconfig with nothing but a token of a service account."""
    token = federation.kubectl("--namespace", namespace, "create", "token", account).strip()
    cluster = yaml.safe_load(federation.kubeconfig.read_text())["clusters"][0]
    path = federation.folder / f"{namespace}-{account}.kubeconfig"
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": account, "user": {"token": token}}],
        "contexts": [{"name": account, "context": {"cluster": cluster["name"], "user": account}}],
        "current-context": account,
    }
    path.write_text(yaml.safe_dump(content))
    path.chmod(0o600)
    return str(path)


def act_as(federation: Federation, account: str) -> None:
    for host, variables in federation.hosts.items():
        variables["fate_kubeconfig"] = kubeconfig_of(federation, federation.namespace(host), account)


def await_right(federation: Federation, namespace: str) -> None:
    """API servers follow what is granted with some delay."""
    user = f"--as=system:serviceaccount:{namespace}:fate-deployer"
    for _try in range(150):
        if "yes" in federation.kubectl(
            "auth", "can-i", "create", "statefulsets", "--namespace", namespace, user, check=False
        ):
            return
        time.sleep(0.2)
    raise AssertionError(f"the deployer of {namespace} never gets its rights")


def test_two_parties_live_with_the_deployers_accounts_alone(two_parties: Federation) -> None:
    for host, variables in two_parties.hosts.items():
        space = two_parties.namespace(host)
        variables["fate_store_namespace"] = space
        two_parties.kubectl("create", "namespace", space)
        two_parties.kubectl("--namespace", space, "create", "serviceaccount", "operator")
        subject = f"--serviceaccount={space}:operator"
        two_parties.kubectl("--namespace", space, "create", "rolebinding", "operator", "--clusterrole=edit", subject)

    act_as(two_parties, "operator")
    rights = two_parties.folder / "rights"
    asked = two_parties.play("deploy_fate", named=False, fate_manifest_dir=str(rights))
    assert "Have an administrator look at" in asked.text.replace("\n", " ")
    objects = [obj for path in sorted(rights.iterdir()) for obj in yaml.safe_load_all(path.read_text()) if obj]
    assert not {obj["kind"] for obj in objects} & {"ClusterRole", "ClusterRoleBinding", "Namespace"}
    spaces = {two_parties.namespace(host) for host in two_parties.hosts}
    assert {obj["metadata"]["namespace"] for obj in objects} == spaces
    for host in two_parties.hosts:
        assert not two_parties.objects("deployments", host), "nothing was changed"
        two_parties.kubectl("apply", "--filename", str(rights / f"{host}.yaml"))
        await_right(two_parties, two_parties.namespace(host))

    act_as(two_parties, "fate-deployer")
    alone = {"named": False, "fate_manage_rbac": False}
    deployed = two_parties.play("deploy_fate", **alone)
    assert deployed.code == 0, deployed.text
    for host, result in deployed.of(STATE).items():
        assert result["cluster"]["ready"], result["cluster"]["reason"]
        account = f"system:serviceaccount:{two_parties.namespace(host)}:fate-deployer"
        assert result["job"]["creator"] == account
    two_parties.hosts["party-9999"]["fate_spec"] = {"nodemanager": {"replicas": 3}}
    assert two_parties.play("deploy_fate", **alone).changed() == 1

    told = two_parties.play("audit", **alone, fate_audit_json=str(two_parties.folder / "audit.json"))
    assert told.code == 0
    assert told.changed() == 0
    written: list[dict[str, Any]] = json.loads((two_parties.folder / "audit.json").read_text())
    assert [entry["method"] for entry in written] == ["ClusterInstall", "ClusterInstall", "ClusterUpdate"]
    assert {entry["creator"] for entry in written} == {
        f"system:serviceaccount:{space}:fate-deployer" for space in spaces
    }
    lines = told.message("Who did what").splitlines()
    assert len(lines) == 3
    assert f"by system:serviceaccount:{two_parties.namespace('party-9999')}:fate-deployer, from " in lines[-1]
    removed = two_parties.play("remove_fate", **alone)
    assert removed.code == 0, removed.text
    assert all(not two_parties.objects("deployments", host) for host in two_parties.hosts)
