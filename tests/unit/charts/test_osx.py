# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSX: routes, broker, certificates, and what restarts it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from .kit import Helm, HelmError, Manifests, party

PEER = {"partyId": "10000", "partyIp": "192.168.10.1", "partyPort": 30101}
TLS_FILES = {
    "certChainFile": "/data/projects/fate/osx/conf/certificates/tls.crt",
    "privateKeyFile": "/data/projects/fate/osx/conf/certificates/tls.key",
    "caFile": "/data/projects/fate/osx/conf/certificates/ca.crt",
}


def table(manifests: Manifests) -> dict[str, Any]:
    parsed = json.loads(manifests.data("osx-route-table", "route_table.json"))
    assert isinstance(parsed, dict)
    return parsed


def test_route_table_has_peers_and_itself_and_no_default_route(helm: Helm) -> None:
    manifests = helm.render(party(osx={"partyList": [PEER]}))
    assert table(manifests) == {
        "route_table": {
            "9999": {"fateflow": [{"ip": "fateflow", "port": 9360}]},
            "10000": {"default": [{"ip": "192.168.10.1", "port": 30101}]},
        },
        "self_party": ["9999"],
    }


def test_exchange_becomes_the_default_route_beside_direct_peers(helm: Helm) -> None:
    manifests = helm.render(party(osx={"partyList": [PEER], "exchange": {"ip": "exchange", "port": 30000}}))
    routes = table(manifests)["route_table"]
    assert routes["default"] == {"default": [{"ip": "exchange", "port": 30000}]}
    assert set(routes) == {"9999", "10000", "default"}


def test_ports_of_routes_are_json_numbers(helm: Helm) -> None:
    text = helm.render(party(osx={"partyList": [PEER]})).data("osx-route-table", "route_table.json")
    assert '"port": 30101' in text and '"port": 9360' in text


def test_own_id_among_the_peers_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"osx.partyList: it lists 9999, the party itself"):
        helm.render(party(osx={"partyList": [{**PEER, "partyId": "9999"}]}))


def test_peer_listed_twice_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"osx.partyList: it lists party 10000 twice"):
        helm.render(party(osx={"partyList": [PEER, {**PEER, "partyPort": 1}]}))


def test_exchange_without_port_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"osx.exchange: port of the exchange hub is missing"):
        helm.render(party(osx={"exchange": {"ip": "hub"}}))


def test_changed_routes_change_one_config_map_and_no_pod(helm: Helm) -> None:
    before, after = helm.render(party()), helm.render(party(osx={"partyList": [PEER]}))
    differing = [
        (old["kind"], old["metadata"]["name"])
        for old, new in zip(before.objects, after.objects, strict=True)
        if old != new
    ]
    assert differing == [("NetworkPolicy", "osx"), ("ConfigMap", "osx-route-table")]


def test_route_table_is_visible_beside_the_broker_file_and_follows_changes(helm: Helm) -> None:
    manifests = helm.render(party())
    mounts = manifests.container("osx")["volumeMounts"]
    assert [mount["mountPath"] for mount in mounts if mount["name"] == "broker"] == [
        "/data/projects/fate/osx/conf/broker"
    ]
    # A subPath mount would never see a change.
    assert "subPath" not in mounts[0]
    sources = manifests.pod("osx")["volumes"][0]["projected"]["sources"]
    assert [source["configMap"]["name"] for source in sources] == ["osx-config", "osx-route-table"]
    assert set(manifests.get("ConfigMap", "osx-config")["data"]) == {"broker.properties"}
    assert set(manifests.get("ConfigMap", "osx-route-table")["data"]) == {"route_table.json"}


def test_changed_broker_file_replaces_the_pod(helm: Helm) -> None:
    before, after = helm.render(party()), helm.render(party(osx={"enableTLS": True}))
    assert before.checksum("osx") != after.checksum("osx")


def test_broker_closes_its_http_server_and_knows_the_cluster_manager(helm: Helm) -> None:
    broker = helm.render(party()).properties("osx-config", "broker.properties")
    assert broker["open.http.server"] == "false"
    assert broker["grpc.port"] == "9370"
    assert broker["self.party"] == "9999"
    assert (broker["eggroll.cluster.manager.ip"], broker["eggroll.cluster.manager.port"]) == ("clustermanager", "4670")


def test_osx_starts_without_eggroll(helm: Helm) -> None:
    manifests = helm.render(party(modules=["osx"]))
    assert "eggroll-config" not in manifests.names("ConfigMap")
    assert "eggroll-config" not in json.dumps(manifests.pod("osx"))


@pytest.mark.parametrize(
    ("version", "jar", "extra"),
    [("2.0.0", "lib/osx-broker-1.0.0.jar", None), ("2.2.0", "lib/osx-broker-1.1.0.jar", "pb_lib/v3/*")],
)
def test_class_path_is_that_of_the_version(helm: Helm, version: str, jar: str, extra: str | None) -> None:
    manifests = helm.render(party(fateVersion=version, modules=["osx"]))
    path = manifests.script("osx").split("-cp '")[1].split("'")[0].split(":")
    assert jar in path
    assert (extra in path) if extra else not any("pb_lib" in part for part in path)
    assert "org.fedai.osx.broker.Bootstrap -c /data/projects/fate/osx/conf" in manifests.script("osx")
    broker = manifests.properties("osx-config", "broker.properties")
    assert ("eggroll.version" in broker) == (version == "2.2.0")


def test_tls_listens_with_the_certificates_and_is_all_that_is_published(helm: Helm) -> None:
    manifests = helm.render(party(osx={"enableTLS": True, "type": "NodePort", "nodePort": 30091, "partyList": [PEER]}))
    broker = manifests.properties("osx-config", "broker.properties")
    assert broker["open.grpc.tls.server"] == "true" and broker["grpc.tls.port"] == "9883"
    assert broker["grpc.server.cert.chain.file"] == TLS_FILES["certChainFile"]
    assert broker["grpc.server.private.key.file"] == TLS_FILES["privateKeyFile"]
    assert broker["grpc.server.ca.file"] == TLS_FILES["caFile"]
    plain, tls = manifests.get("Service", "osx-inside")["spec"], manifests.get("Service", "osx")["spec"]
    assert plain["type"] == "ClusterIP" and "nodePort" not in plain["ports"][0]
    assert plain["ports"][0]["port"] == 9370
    conf = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))
    assert conf["federation"]["osx"]["host"] == "osx-inside"
    assert tls["type"] == "NodePort" and tls["ports"][0]["port"] == 9883 and tls["ports"][0]["nodePort"] == 30091
    assert table(manifests)["route_table"]["10000"]["default"][0] == {
        "ip": "192.168.10.1",
        "port": 30101,
        "useSSL": True,
        **TLS_FILES,
    }
    secret = next(volume["secret"] for volume in manifests.pod("osx")["volumes"] if "secret" in volume)
    assert secret["secretName"] == "osx-certs"


def test_peer_may_be_left_without_tls(helm: Helm) -> None:
    manifests = helm.render(party(osx={"enableTLS": True, "partyList": [{**PEER, "useSSL": False}]}))
    assert table(manifests)["route_table"]["10000"]["default"] == [{"ip": "192.168.10.1", "port": 30101}]


@pytest.mark.parametrize(
    "osx", [{"partyList": [{**PEER, "useSSL": True}]}, {"exchange": {"ip": "hub", "port": 1, "useSSL": True}}]
)
def test_tls_to_others_without_certificates_is_refused(helm: Helm, osx: dict[str, Any]) -> None:
    with pytest.raises(HelmError, match=r"needs osx.enableTLS"):
        helm.render(party(osx=osx))


def test_java_does_not_touch_all_of_its_heap_at_start(helm: Helm) -> None:
    assert "AlwaysPreTouch" not in helm.render(party()).script("osx")
