"""The playbook for people: rights and kubeconfigs from the inventory, and who may do what."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support import Federation, required

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.grants import apply_grant, grant_changes
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.parts import parse
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.users import deployer_grant
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.kinds import DEPLOYED
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve


def may(kubeconfig: Path, verb: str, resource: str, namespace: str) -> bool:
    argv = [required("KUBEFATE_KUBECTL"), "--kubeconfig", str(kubeconfig), "auth", "can-i", verb, resource]
    done = subprocess.run([*argv, "--namespace", namespace], capture_output=True, text=True, check=False)
    assert done.stdout.strip() in ("yes", "no"), done.stderr
    return done.stdout.strip() == "yes"


def test_people_of_the_inventory_get_what_they_are_to_have_and_lose_it_again(two_parties: Federation) -> None:
    api = Api(resolve({"kubeconfig": str(two_parties.kubeconfig)}))
    spaces = [two_parties.namespace(host) for host in two_parties.hosts]
    for space in spaces:
        grant = deployer_grant("fate-deployer", space, f"{two_parties.prefix}-store", parse(api, DEPLOYED))
        apply_grant(api, grant_changes(grant, api.find))
    folder = two_parties.folder / "kubeconfigs"
    group = {"name": f"oidc:{two_parties.prefix}", "kind": "group", "role": "viewer"}
    people = [{"name": "ann", "role": "operator", "parties": ["party-9999"]}, {"name": "joe", "role": "admin"}, group]
    two_parties.defaults = {"fate_users": people, "fate_users_dir": str(folder)}
    planned = two_parties.play("users", "--check", "--diff")
    assert (planned.code, folder.exists()) == (0, False), planned.text
    made = two_parties.play("users")
    assert made.code == 0, made.text
    files = {path.stem: path for path in folder.rglob("*.kubeconfig")}
    assert set(files) == {"ann", "joe"}, "the identity provider gives its own"
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    said = made.message("Who may do what")
    for line in (
        "ann (service_account): operator in",
        "joe (service_account): admin in",
        f"{group['name']} (group): viewer",
    ):
        assert line in said
    first, second = spaces
    assert may(files["ann"], "create", "deployments.apps", first)
    assert not may(files["ann"], "list", "pods", second)
    assert all(may(files["joe"], "create", "rolebindings.rbac.authorization.k8s.io", space) for space in spaces)
    assert two_parties.play("users").changed() == 0

    two_parties.defaults["fate_users"] = [{"name": "ann", "state": "absent", "parties": ["party-9999"]}, *people[1:]]
    gone = two_parties.play("users")
    assert gone.code == 0, gone.text
    assert "ann (" not in gone.message("Who may do what")
    assert not two_parties.kubectl("--namespace", first, "get", "rolebindings", "ann", check=False)
    described = two_parties.play("users", fate_user="joe")
    (joe,) = described.of("Who may do what").popitem()[1]["msg"]
    assert (joe["name"], joe["role"]) == ("joe", "admin")
    assert set(joe["namespaces"]) >= set(spaces)
