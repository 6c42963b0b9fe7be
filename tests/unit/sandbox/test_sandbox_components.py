# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from sandbox import components
from sandbox.components import ALL, PORTS, SERVICE_RANGE, Plant
from sandbox.errors import SandboxError
from sandbox.layout import Home
from sandbox.objects import CAPACITY, NODES, load_objects, node
from sandbox.pki import ensure_pki
from sandbox.settings import Settings, load_settings
from sandbox.tools import toolbox


@pytest.fixture
def plant(home: Home) -> Plant:
    folder = home.cluster("default")
    for needed in (folder.config, folder.logs):
        needed.mkdir(parents=True)
    ports = {name: 20000 + number for number, name in enumerate(PORTS)}
    return Plant(folder, Settings(ports, "digest"), ensure_pki(folder.pki), toolbox(home))


def commands(plant: Plant) -> dict[str, list[str]]:
    for component in ALL:
        component.prepare(plant)
    return {component.name: component.command(plant) for component in ALL}


def test_everything_listens_on_loopback_only(plant: Plant) -> None:
    all_commands = commands(plant)
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        assert "--bind-address=127.0.0.1" in all_commands[name]
    listens = [argument for argument in all_commands["etcd"] if argument.startswith("--listen-")]
    assert len(listens) == 2
    assert all("=https://127.0.0.1:" in argument for argument in listens)
    assert any(argument.startswith("--server-address=127.0.0.1:") for argument in all_commands["kwok"])


def test_no_check_of_certificates_is_switched_off(plant: Plant) -> None:
    text = " ".join(argument for command in commands(plant).values() for argument in command)
    files = [file for file in plant.folder.config.iterdir() if file.suffix in (".kubeconfig", ".json")]
    assert len(files) == 6
    for content in (text, *(file.read_text() for file in files)):
        assert "insecure" not in content
        assert "http://" not in content
    assert "--client-cert-auth" in text
    assert "--peer-client-cert-auth" in text


def test_anonymous_requests_reach_the_health_endpoints_only(plant: Plant) -> None:
    commands(plant)
    content = json.loads((plant.folder.config / "authentication.json").read_text())
    paths = [condition["path"] for condition in content["anonymous"]["conditions"]]
    assert paths == ["/livez", "/readyz", "/healthz"]


def test_every_port_is_used_by_the_component_that_has_it(plant: Plant) -> None:
    all_commands = commands(plant)
    assert sorted(name for component in ALL for name in component.listens) == sorted(PORTS)
    for component in ALL:
        for name in component.listens:
            port = str(plant.settings.ports[name])
            assert any(argument.endswith(port) for argument in all_commands[component.name])


def test_the_environment_is_not_that_of_the_caller(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    for component in ALL:
        environ = component.environ(plant)
        assert "HTTPS_PROXY" not in environ
        assert environ["TZ"] == "UTC"


def test_files_with_keys_are_private(plant: Plant) -> None:
    commands(plant)
    for file in plant.folder.config.glob("*.kubeconfig"):
        assert file.stat().st_mode & 0o077 == 0


def test_a_hundred_parties_find_room_and_one_node_may_be_missing() -> None:
    party_cpus, party_gibibytes, party_pods = 20, 40, 8
    nodes = NODES - 1
    assert nodes * int(CAPACITY["cpu"]) >= 100 * party_cpus
    assert nodes * int(CAPACITY["memory"].removesuffix("Ti")) * 1024 >= 100 * party_gibibytes
    assert nodes * int(CAPACITY["pods"]) >= 100 * party_pods


def test_nodes_say_that_they_are_simulated_and_take_any_pod() -> None:
    made = node(1, "v1.37.2", 20000)
    assert made["metadata"]["labels"]["type"] == "kwok"
    assert made["metadata"]["annotations"]["kubefate.federatedai.org/simulated"] == "true"
    assert "taints" not in made["spec"]
    assert made["status"]["nodeInfo"]["kubeletVersion"] == "v1.37.2+kwok"


def test_addresses_of_nodes_and_pods_do_not_collide() -> None:
    nodes = [node(index, "v1", 1) for index in range(1, NODES + 1)]
    ranges = [ipaddress.ip_network(made["spec"]["podCIDR"]) for made in nodes]
    ranges.append(ipaddress.ip_network(SERVICE_RANGE))
    assert not any(a.overlaps(b) for a in ranges for b in ranges if a is not b)
    assert all(pods.num_addresses > int(CAPACITY["pods"]) for pods in ranges[:-1])
    addresses = {made["status"]["addresses"][0]["address"] for made in nodes}
    assert len(addresses) == NODES
    documentation = ipaddress.ip_network("192.0.2.0/24")
    assert all(ipaddress.ip_address(address) in documentation for address in addresses)


def test_there_is_one_default_storage_class_and_one_that_waits_for_a_pod() -> None:
    classes = {it["metadata"]["name"]: it for it in load_objects() if it["kind"] == "StorageClass"}
    defaults = [name for name, it in classes.items() if it["metadata"].get("annotations")]
    assert defaults == ["standard"]
    assert {it["volumeBindingMode"] for it in classes.values()} == {"Immediate", "WaitForFirstConsumer"}
    assert {it["reclaimPolicy"] for it in classes.values()} == {"Delete"}


def test_the_policy_knows_the_labels_of_fate_and_lets_other_namespaces_alone() -> None:
    objects = {it["kind"]: it for it in load_objects()}
    policy, binding = objects["MutatingAdmissionPolicy"], objects["MutatingAdmissionPolicyBinding"]
    (modes,) = policy["spec"]["variables"]
    assert "['fateMoudle', 'app', 'app.kubernetes.io/component']" in modes["expression"]
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
    assert binding["spec"]["paramRef"] == {"name": "simulate", "parameterNotFoundAction": "Allow"}


def test_settings_are_read_back(home: Home) -> None:
    folder = home.cluster("default")
    folder.root.mkdir(parents=True)
    assert load_settings(folder) is None
    settings = Settings({"etcd": 1}, "digest", furnished=True)
    settings.save(folder)
    assert load_settings(folder) == settings


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"ports": {}, "tools": "x", "more": 1}'])
def test_damaged_settings_say_how_to_begin_anew(home: Home, content: str) -> None:
    folder = home.cluster("default")
    folder.root.mkdir(parents=True)
    folder.settings.write_text(content)
    with pytest.raises(SandboxError, match=r"settings\.json cannot be read") as caught:
        load_settings(folder)
    assert "down --name default" in caught.value.hint


def test_components_start_after_what_they_need() -> None:
    names = [component.name for component in components.ALL]
    assert names[:2] == ["etcd", "kube-apiserver"]


def test_state_lies_in_one_folder(plant: Plant) -> None:
    root = str(plant.folder.root)
    outside = {"/readyz", "/healthz"}
    for name, command in commands(plant).items():
        for argument in command[1:]:
            path = argument.partition("=")[2]
            if path.startswith("/") and path not in outside:
                assert Path(path).is_relative_to(root), (name, argument)
