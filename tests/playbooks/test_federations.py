"""Federations: exchanges, two control planes, joining and leaving, waves, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, STATE, Federation, Run

PLAN = "Which Kubernetes is changed, and how"
SIMULATE = "kubefate.federatedai.org/simulate"
SMALL = {"federation": "OSX", "modules": ["osx"]}
"""A party that has only what it talks by."""


@pytest.fixture
def small(federation: Federation) -> Federation:
    federation.defaults["fate_spec_defaults"] = SMALL
    federation.defaults["fate_manage_rbac"] = False
    return federation


def table(federation: Federation, host: str) -> dict[str, Any]:
    text = federation.one("configmap", "osx-route-table", host)["data"]["route_table.json"]
    return dict(json.loads(text)["route_table"])


def peers(federation: Federation, host: str) -> dict[str, str]:
    """Party id, or default, to where it leads."""
    found = {}
    for party_id, roles in table(federation, host).items():
        for entry in roles.get("default") or ():
            found[party_id] = f"{entry['ip']}:{entry['port']}"
    return found


def pods(federation: Federation, host: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in federation.objects("pods", host)}


def changes(run: Run, host: str) -> list[str]:
    return [f"{one['action']} {one['kind']}/{one['name']}" for one in run.of(STATE)[host]["plan"]["changes"]]


def batches(run: Run) -> list[list[str]]:
    """The hosts of each wave, by name: whose result comes first is chance."""
    return [sorted(results) for _play, task, results in run.results if task.endswith(STATE)]


def elsewhere(federation: Federation) -> str:
    """The same API server under another name, which is another Kubernetes for all that can be seen."""
    content = yaml.safe_load(federation.kubeconfig.read_text())
    return str(content["clusters"][0]["cluster"]["server"]).replace("127.0.0.1", "localhost")


# two control planes ---------------------------------------------------------------------------------------------------
@pytest.fixture
def other_plane() -> Iterator[Path]:
    """The kubeconfig of a second control plane, which knows nothing of the first."""
    command = [sys.executable, str(ROOT / "sandbox"), "--name", f"other-{uuid.uuid4().hex[:4]}"]
    subprocess.run([*command, "up"], check=True, capture_output=True)
    try:
        path = subprocess.run([*command, "kubeconfig"], check=True, capture_output=True, text=True).stdout.strip()
        yield Path(path)
    finally:
        subprocess.run([*command, "down"], check=True, capture_output=True)


def on(plane: Path, federation: Federation) -> Federation:
    """The same federation, looked at on another control plane."""
    return Federation(federation.folder, federation.prefix, plane, federation.helm, federation.hosts)


def test_three_parties_and_an_exchange_on_two_control_planes(small: Federation, other_plane: Path) -> None:
    here, there = {"fate_kubeconfig": str(small.kubeconfig)}, {"fate_kubeconfig": str(other_plane)}
    hub = small.add_exchange("hub", **here, fate_advertise_host="hub.example", fate_advertise_port=30000)
    small.add("1", **here)
    small.add("2", **there, fate_spec={"osx": {"type": "NodePort", "nodePort": 30091}})
    small.add("3", **there, fate_spec={"osx": {"type": "NodePort"}})

    check = small.play("deploy_fate", "--check", "--diff", named=False)
    assert check.code == 0
    assert "known after apply: the route to party-3 over osx: osx.nodePort is not given" in check.text
    run = small.play("deploy_fate", named=False)
    assert run.code == 0
    assert batches(run)[0] == ["hub"], "the exchange comes first"
    assert batches(run)[-1] == ["hub"], "what was not known before is routed in the same run"
    assert changes(run, "hub") == ["update NetworkPolicy/osx", "update ConfigMap/osx-route-table"], "the port is new"

    far = on(other_plane, small)
    node = next(
        address["address"]
        for found in json.loads(far.kubectl("get", "nodes", "--output", "json"))["items"]
        for address in found["status"]["addresses"]
        if address["type"] == "InternalIP"
    )
    chosen = far.one("service", "osx", "party-3")["spec"]["ports"][0]["nodePort"]
    assert peers(small, hub) == {
        "1": f"osx.{small.prefix}-1.svc:9370",
        "2": f"{node}:30091",
        "3": f"{node}:{chosen}",
    }
    for seen, host in ((small, "party-1"), (far, "party-2"), (far, "party-3")):
        assert peers(seen, host) == {"default": "hub.example:30000"}
    assert "namespaces" not in small.kubectl("get", "namespace", f"{small.prefix}-2", check=False)
    report = run.message("The federation now")
    assert "to everybody else through hub by hub.example:30000" in report

    again = small.play("deploy_fate", named=False)
    assert (again.code, again.changed()) == (0, 0)
    delete = ["delete", "namespace", "--wait=false", f"{small.prefix}-2", f"{small.prefix}-3"]
    far.kubectl(*delete)


def balance(federation: Federation, host: str, address: str) -> threading.Thread:
    """Gives the party's Service an address once it is there, as a cloud would."""

    def give() -> None:
        for _second in range(120):
            patch = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": address}]}}})
            target = ["service/osx", "--namespace", federation.namespace(host), "--subresource=status"]
            if federation.kubectl("patch", *target, "--type=merge", "--patch", patch, check=False):
                return
            time.sleep(0.5)

    thread = threading.Thread(target=give, daemon=True)
    thread.start()
    return thread


def test_the_address_of_a_load_balancer_is_waited_for_and_routed_in_the_same_run(small: Federation) -> None:
    small.add("1", fate_advertise_host="one.example")
    small.add("2", fate_host=elsewhere(small), fate_spec={"osx": {"type": "LoadBalancer"}}, fate_wait=False)
    small.add("3", fate_advertise_host="three.example")
    giving = balance(small, "party-2", "203.0.113.7")
    run = small.play("deploy_fate")
    giving.join(5)
    assert run.code == 0
    assert "known after apply" in run.text
    for host in ("party-1", "party-3"):
        assert peers(small, host)["2"] == "203.0.113.7:9370"
        assert changes(run, host) == ["update ConfigMap/osx-route-table"]


# join, leave and exchanges that fail ----------------------------------------------------------------------------------
def test_who_joins_leaves_or_moves_changes_one_object_of_each_other_party_and_restarts_nothing(
    small: Federation,
) -> None:
    others = [small.add("1"), small.add("2")]
    assert small.play("deploy_fate").code == 0
    before = {host: pods(small, host) for host in others}
    small.add("3")
    small.add("4")
    joined = small.play("deploy_fate")
    assert joined.code == 0
    for host in others:
        assert changes(joined, host) == ["update ConfigMap/osx-route-table"]
        assert joined.of(STATE)[host]["plan"]["restarts"] == []
        assert {peers(small, host)[new] for new in "34"} == {f"osx.{small.prefix}-{new}.svc:9370" for new in "34"}

    small.hosts["party-3"]["fate_party_state"] = "left"
    del small.hosts["party-4"]
    small.hosts["party-2"]["fate_advertise_host"] = "moved.example"
    left = small.play("deploy_fate")
    assert left.code == 0
    for host in (*others, "party-3"):
        assert changes(left, host) == ["update ConfigMap/osx-route-table"]
    assert peers(small, "party-3") == {}
    assert peers(small, "party-1") == {"2": "moved.example:9370"}
    assert set(peers(small, "party-2")) == {"1"}
    assert {host: pods(small, host) for host in others} == before


def test_parties_go_around_an_exchange_that_does_not_work_and_come_back_and_change_to_another(
    small: Federation,
) -> None:
    for name in ("east", "west"):
        small.add_exchange(name)
    small.add("1", fate_exchange=["east", "west"])
    assert small.play("deploy_fate").code == 0
    way = {name: f"osx.{small.prefix}-{name}.svc:9370" for name in ("east", "west")}
    assert peers(small, "party-1") == {"default": way["east"]}
    assert peers(small, "west") == {"1": f"osx.{small.prefix}-1.svc:9370"}, "it is ready to take over"

    space = small.namespace("east")
    small.kubectl("delete", "deployment/osx", "--namespace", space)
    around = small.play("deploy_fate", "--limit", "party-1")
    assert around.code == 0
    assert "east: this exchange does not work" in " ".join(around.text.split())
    assert peers(small, "party-1") == {"default": way["west"]}
    repaired = small.play("deploy_fate", fate_drift="repair")
    assert repaired.code == 0
    assert batches(repaired) == [["east"], ["party-1"]], "it works again, and so the party comes back in the same run"
    assert peers(small, "party-1") == {"default": way["east"]}

    small.hosts["party-1"]["fate_exchange"] = "west"
    other = small.play("deploy_fate")
    assert (other.code, batches(other)) == (0, [["east"], ["party-1"]]), "nobody comes by the first any more"
    assert changes(other, "party-1") == ["update ConfigMap/osx-route-table"]
    assert peers(small, "party-1") == {"default": way["west"]}


def test_an_exchange_that_others_depend_on_is_neither_removed_nor_let_go(small: Federation) -> None:
    small.add_exchange("hub")
    small.add("1", fate_exchange="hub")
    assert small.play("deploy_fate").code == 0
    removal = small.play("remove_fate", "--limit", "hub")
    assert removal.code != 0
    assert "hub cannot be removed: party-1 would have no exchange left" in " ".join(removal.text.split())
    small.hosts["hub"]["fate_party_state"] = "left"
    leave = small.play("deploy_fate")
    assert leave.failed() == ["hub"]
    assert "cannot leave: party-1" in " ".join(leave.text.split())
    assert peers(small, "party-1") == {"default": f"osx.{small.prefix}-hub.svc:9370"}
    assert small.one("deployment", "osx", "hub")


def test_an_unreachable_party_fails_alone_and_the_others_keep_their_routes_to_it(small: Federation) -> None:
    small.add("1", fate_advertise_host="one.example")
    small.add("2", fate_advertise_host="two.example")
    small.add("3", fate_advertise_host="three.example", fate_host="https://127.0.0.1:1")
    run = small.play("deploy_fate")
    assert run.failed() == ["party-3"]
    assert "https://127.0.0.1:1 cannot be reached" in run.text
    assert peers(small, "party-1") == {"2": "two.example:9370", "3": "three.example:9370"}
    small.hosts["party-2"]["fate_spec_files"] = ["missing.yaml"]
    worse = small.play("deploy_fate")
    assert worse.failed() == ["party-2", "party-3"]
    assert "There is no file" in worse.text
    assert peers(small, "party-1") == {"2": "two.example:9370", "3": "three.example:9370"}


# waves ----------------------------------------------------------------------------------------------------------------
def test_waves_come_in_order_exchanges_first_and_a_limit_keeps_them(small: Federation) -> None:
    small.add("1")
    small.add("2", fate_wave=2)
    small.add("3", fate_wave=1)
    small.add("4")
    small.add_exchange("hub")
    assert batches(small.play("deploy_fate", "--check")) == [["hub"], ["party-3"], ["party-2"], ["party-1", "party-4"]]
    half = small.play("deploy_fate", "--check", "--limit", "party-1,party-2,party-4", fate_serial=["50%"])
    assert batches(half) == [["party-2"], ["party-1"], ["party-4"]]
    assert "hub is left out" in half.text and "party-3 is left out" in half.text


def annotated(mode: str = "") -> Mapping[str, Any]:
    return {"osx": {"podAnnotations": {"some.test/note": "new", **({SIMULATE: mode} if mode else {})}}}


def revision(federation: Federation, host: str) -> int:
    return max(
        int(secret["metadata"]["labels"]["version"])
        for secret in federation.objects("secrets", host)
        if secret["type"] == "helm.sh/release.v1"
    )


def test_a_run_halts_at_the_first_unhealthy_party_says_what_remains_and_goes_on_when_run_again(
    small: Federation,
) -> None:
    hosts = [small.add(party_id) for party_id in ("1", "2", "3")]
    assert small.play("deploy_fate").code == 0
    for host in hosts:
        small.hosts[host]["fate_spec"] = annotated("image-pull" if host == "party-2" else "")
    careful = {"fate_serial": 1, "fate_max_fail_percentage": 0, "fate_patience": {"image_pull": 1, "image_missing": 1}}
    run = small.play("deploy_fate", **careful)
    assert run.failed() == ["party-2"]
    assert run.message("The run halts").startswith("Halted at party-2: ")
    assert "What remains: party-3." in run.message("The run halts")
    assert [revision(small, host) for host in hosts] == [2, 2, 1]

    small.hosts["party-2"]["fate_spec"] = annotated()
    again = small.play("deploy_fate", **careful)
    assert again.code == 0
    assert batches(again) == [["party-2"], ["party-3"]]


def test_an_upgrade_of_the_federation_begins_with_the_exchange(small: Federation) -> None:
    small.defaults["fate_chart_version"] = "2.0.0"
    small.add("1")
    small.add("2")
    small.add_exchange("hub")
    assert small.play("deploy_fate").code == 0
    upgrade = small.play("upgrade_fate", fate_upgrade_to="2.2.0")
    assert upgrade.code == 0
    assert batches(upgrade) == [["hub"], ["party-1"], ["party-2"]]
    assert [revision(small, host) for host in ("hub", "party-1", "party-2")] == [2, 2, 2]


# two runs at once -----------------------------------------------------------------------------------------------------
def test_a_party_that_somebody_works_on_holds_up_its_wave_and_two_runs_at_once_do_the_work_once(
    small: Federation,
) -> None:
    hosts = [small.add("1"), small.add("2")]
    assert small.play("deploy_fate").code == 0
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": f"kubefate-{small.prefix}-2", "namespace": small.namespace("party-2")},
        "spec": {"holderIdentity": "jane@elsewhere (process 7)", "leaseDurationSeconds": 3600},
    }
    small.kubectl("create", "--filename", "-", stdin=json.dumps(lease))
    for host in hosts:
        small.hosts[host]["fate_spec"] = annotated()
    run = small.play("deploy_fate", fate_lock_timeout=1)
    assert run.failed() == hosts
    assert f"Release {small.prefix}-2 in {small.prefix}-2 is being worked on by jane@elsewhere (process 7)" in run.text
    assert [revision(small, host) for host in hosts] == [1, 1]
    assert "kubefate-" not in small.kubectl("get", "leases", "--namespace", small.namespace("party-1")), "given back"
    small.kubectl("delete", "lease", f"kubefate-{small.prefix}-2", "--namespace", small.namespace("party-2"))

    runs = [small.start("deploy_fate") for _number in range(2)]
    texts = [run.communicate(timeout=240)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], texts
    assert [revision(small, host) for host in hosts] == [2, 2], "the second finds that all is done"


def test_an_organisation_that_runs_only_its_own_party_touches_no_other(small: Federation) -> None:
    small.defaults["fate_managed"] = "{{ inventory_hostname in fate_ours }}"
    small.defaults["fate_ours"] = ["party-1"]
    small.add("1", fate_advertise_host="one.example")
    small.add("2", fate_advertise_host="two.example", fate_advertise_port=30101, fate_host="https://127.0.0.1:1")
    run = small.play("deploy_fate")
    assert run.code == 0
    assert peers(small, "party-1") == {"2": "two.example:30101"}
    assert "party-2: of another organisation" in run.message(PLAN)
    assert small.play("stop_fate").code == 0
    assert f"{small.prefix}-2" not in small.kubectl("get", "namespaces")
