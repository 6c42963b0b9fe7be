"""Verifying a federation whose pods are simulated, with another organisation's party that is real."""

from __future__ import annotations

import json

from support import Federation

from ansible_collections.federatedai.kubefate.tests.servers.grpc import GrpcServer

SPEC = {
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "modules": ["osx", "clustermanager", "nodemanager", "mysql"],
}

VERIFY = "ansible-playbook federatedai.kubefate.verify -i inventory"
ALL = f"{VERIFY} -e fate_verify_all=true -e fate_verify_file=verified.json"


def test_tables_are_proven_links_of_simulated_pods_are_not_and_real_ones_are_looked_at(two_parties: Federation) -> None:
    two_parties.defaults = {"fate_spec_defaults": SPEC}
    for host, variables in two_parties.hosts.items():
        variables["fate_advertise_host"] = f"{host}.example"  # where the insurer reaches them
    with GrpcServer() as elsewhere:
        two_parties.hosts["insurer"] = {
            "fate_managed": False,
            "fate_party_id": "7777",
            "fate_advertise_host": "127.0.0.1",
            "fate_advertise_port": elsewhere.port,
        }
        deployed = two_parties.play("deploy_fate", fate_verify_all=True)
        assert deployed.code == 0
        said = deployed.message("What was verified")
        assert said.startswith("SIMULATED: 4 of these checks were not made: the pods are simulated.")
        assert elsewhere.calls, "the real one was called"

        file = two_parties.folder / "verified.json"
        whole = two_parties.documented(ALL)
        assert whole.code == 0
        assert "PASS" in whole.message("What was verified").split("\n", 2)[2]
        written = json.loads(file.read_text())
        results = written["results"]
        seen = {(entry["check"], entry["host"], entry["target"]): entry["verdict"] for entry in results}
        assert seen["routes", "party-9999", ""] == seen["routes", "party-10000", ""] == "PASS"
        assert seen["link", "party-9999", "party-10000"] == seen["link", "party-10000", "party-9999"] == "SIMULATED"
        assert seen["link", "party-9999", "insurer"] == seen["link", "party-10000", "insurer"] == "PASS"
        assert seen["mounted", "party-9999", ""] == "SIMULATED"
        verdicts = [entry["verdict"] for entry in results]
        assert written["counts"] == {verdict: verdicts.count(verdict) for verdict in written["counts"]}
        assert written["counts"]["FAIL"] == 0

    table = json.dumps({"route_table": {}, "self_party": ["9999"]})
    patch = json.dumps({"data": {"route_table.json": table}})
    space = two_parties.namespace("party-9999")
    two_parties.kubectl("--namespace", space, "patch", "configmap", "osx-route-table", "--type=merge", "--patch", patch)
    wrong = two_parties.documented(VERIFY)
    assert wrong.code != 0
    said = " ".join(wrong.message("What was verified").split())
    assert "party 10000 is missing; party 7777 is missing" in said or "party 7777 is missing; party 10000" in said
    assert "not reached from where this runs (TCP: Connection refused)" in said, "the other party is gone"
    assert "1 of 8 checks failed" in wrong.text
