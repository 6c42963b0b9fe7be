"""On an OpenShift: login with user name and password, a project, Routes, and the least security context constraint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openshift import PASSWORD, USER, OpenShift, openshift
from support import STATE, Federation, Run, required

MODULES = ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShift]:
    with openshift(tmp_path_factory.mktemp("openshift")) as found:
        yield found


@pytest.fixture
def party(server: OpenShift, tmp_path: Path) -> Federation:
    kubeconfig = tmp_path / "administrator.kubeconfig"
    kubeconfig.write_text(json.dumps(server.api.connection.kubeconfig))
    kubeconfig.chmod(0o600)
    return Federation(tmp_path, "bank", kubeconfig, required("KUBEFATE_HELM4"))


def login(server: OpenShift, password: str = PASSWORD) -> dict[str, str]:
    return {"host": server.url, "username": USER, "password": password, "ca_cert": str(server.authority)}


def variables(options: dict[str, str]) -> dict[str, str]:
    return {f"fate_{name}": value for name, value in options.items()}


def grant(party: Federation, server: OpenShift, namespace: str) -> Run:
    """The role rbac, as the user who logs in."""
    play: dict[str, Any] = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/federatedai.kubefate.all": login(server)},
        "tasks": [
            {
                "name": "Grant",
                "ansible.builtin.include_role": {"name": "federatedai.kubefate.rbac"},
                "vars": {"rbac_namespace": namespace, "rbac_store_namespace": namespace},
            }
        ],
    }
    return party.play(party.write_playbook(yaml.safe_dump([play])), named=False)


def test_a_user_logs_in_gets_a_project_and_deploys_with_routes(server: OpenShift, party: Federation) -> None:
    host = party.add("9999", fate_spec={"securityProfile": "arbitrary"})
    space = party.namespace(host)
    party.hosts[host] |= {"fate_store_namespace": space, **variables(login(server))}
    granted = grant(party, server, space)
    assert granted.code == 0, granted.text
    assert party.kubectl("get", "projectrequest", space, "--output", "name"), "by a request, not by a namespace"
    accounts = party.kubectl("--namespace", space, "get", "serviceaccounts", "--output", "name")
    assert "serviceaccount/fate-deployer" in accounts

    run = party.play("deploy_fate", named=False, fate_manage_rbac=False)
    assert run.code == 0, run.text
    result = run.of(STATE)[host]
    assert result["cluster"]["ready"], result["cluster"]["reason"]
    assert result["job"]["creator"] == f"system:serviceaccount:people:{USER}"
    assert server.oauth.logins[0] == USER
    assert PASSWORD not in run.text
    assert [route["spec"]["to"]["name"] for route in party.objects("routes", host)] == ["fateboard"]
    assert party.objects("ingresses", host) == []


def test_pods_that_run_as_root_get_the_least_constraint_that_lets_them(server: OpenShift, party: Federation) -> None:
    host = party.add("10000")
    party.hosts[host]["fate_namespace"] = "bank-root"
    looked = party.play("preflight")
    assert looked.code == 0, looked.text
    rows = looked.of("Look at all parties").popitem()[1]["checks"]
    name = "fate-anyuid-chown-dac-override-fowner-setgid-setuid"
    assert any(f"security context constraint {name}" in row["text"] for row in rows)
    run = party.play("deploy_fate")
    assert run.code == 0, run.text
    (role,) = [item for item in party.objects("roles", host) if item["metadata"]["name"].startswith("fate-scc-")]
    assert role["rules"] == [
        {
            "apiGroups": ["security.openshift.io"],
            "resources": ["securitycontextconstraints"],
            "resourceNames": [name],
            "verbs": ["use"],
        }
    ]
    bound = party.one("rolebinding", role["metadata"]["name"], host)
    assert [subject["name"] for subject in bound["subjects"]] == ["default"]
    made = json.loads(party.kubectl("get", "securitycontextconstraints", name, "--output", "json"))
    assert made["allowedCapabilities"] == ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
    assert made["users"] == made["groups"] == [], "only roles let it be used"
    assert not any(value for key, value in made.items() if key.startswith("allow") and key != "allowedCapabilities")
    assert party.play("deploy_fate").changed() == 0
    assert party.objects("ingresses", host) == []


def test_a_wrong_password_is_refused_and_nothing_is_made(server: OpenShift, party: Federation) -> None:
    host = party.add("7", **variables(login(server, "planted-wrong")))
    run = party.play("deploy_fate", named=False)
    assert run.code != 0
    assert f"does not take the password of {USER}" in run.text.replace("\n", " ")
    assert "planted-wrong" not in run.text
    assert party.namespace(host) not in party.kubectl("get", "namespaces", "--output", "name")
