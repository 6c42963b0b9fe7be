# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange: which party each relay leads to, that it leads nowhere else, and what a change of routes restarts."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from .exchange import CHART, PARTIES, exchange
from .kit import CHART as FATE
from .kit import Helm, HelmError, Manifests, Spec, env_of, merged
from .test_network import opened, outside
from .test_queues import differing, services

FOLDER = "/data/projects/fate/osx/conf/certificates"
TLS_FILES = {
    "useSSL": True,
    "certChainFile": f"{FOLDER}/tls.crt",
    "privateKeyFile": f"{FOLDER}/tls.key",
    "caFile": f"{FOLDER}/ca.crt",
}
NEW: Spec = {
    "osx": {"partyList": [{"partyId": "7", "partyIp": "new", "partyPort": 9370}]},
    "nginx": {"route_table": {"7": {"fateflow": [{"host": "new", "http_port": 80, "grpc_port": 81}]}}},
    "trafficServer": {"route_table": {"sni": [{"fqdn": "7.fate.org", "tunnelRoute": "new:6651"}]}},
}


def render(helm: Helm, **changes: Any) -> Manifests:
    return helm.render(merged(exchange(), changes), CHART)


def refused(helm: Helm, said: str, **changes: Any) -> None:
    with pytest.raises(HelmError, match=re.escape(said)):
        render(helm, **changes)


def routes(manifests: Manifests) -> dict[str, Any]:
    table = json.loads(manifests.data("osx-route-table", "route_table.json"))
    assert isinstance(table, dict)
    return table


def records(manifests: Manifests) -> dict[str, str]:
    """Settings of the traffic server."""
    lines = manifests.data("traffic-server-config", "records.config").splitlines()
    found = [
        re.fullmatch(
            r"CONFIG (proxy\.config\.[a-z0-9_.]+CA[a-z_.]+|proxy\.config\.[a-z0-9_.]+) (INT|STRING) (.*)", line
        )
        for line in lines
    ]
    assert all(found), lines
    return {match[1]: match[3] for match in found if match}


# ---- OSX


def test_osx_is_nobody_itself_and_has_a_route_for_each_party_and_no_other(helm: Helm) -> None:
    manifests = render(helm)
    assert routes(manifests) == {
        "self_party": ["default"],
        "route_table": {
            "9999": {"default": [{"ip": "192.168.9.1", "port": 30091}]},
            "10000": {"default": [{"ip": "osx.bank.example", "port": 9370}]},
        },
    }
    assert manifests.properties("osx-config", "broker.properties")["self.party"] == "default"


def test_osx_takes_party_ids_of_any_length_as_text(helm3: Helm) -> None:
    huge = "123456789012345678901234567890"
    block = {"partyList": [{"partyId": huge, "partyIp": "peer", "partyPort": 9370}]}
    assert list(routes(render(helm3, osx=block))["route_table"]) == [huge]


def test_tls_of_osx_is_mutual_on_both_sides(helm: Helm) -> None:
    plain = {"partyId": "1", "partyIp": "plain", "partyPort": 9370, "useSSL": False}
    manifests = render(helm, osx={"enableTLS": True, "partyList": [*PARTIES["osx"]["partyList"], plain]})
    table = routes(manifests)["route_table"]
    assert table["9999"]["default"] == [{"ip": "192.168.9.1", "port": 30091, **TLS_FILES}]
    assert table["1"]["default"] == [{"ip": "plain", "port": 9370}]
    settings = manifests.properties("osx-config", "broker.properties")
    assert settings["open.grpc.tls.server"] == settings["grpc.ssl.open.client.validate"] == "true"
    assert services(manifests, "osx") == {"tcp-osx-tls": (9883, 9883)}
    (secret,) = [volume["secret"] for volume in manifests.pod("osx")["volumes"] if "secret" in volume]
    assert secret["secretName"] == "osx-certs"


def test_osx_of_an_exchange_is_that_of_a_party_in_all_else() -> None:
    """What is known of OSX and nginx stands in the facts of both charts."""
    for version in ("2.0.0", "2.2.0"):
        party, own = (
            yaml.safe_load((chart / "facts" / f"{version}.yaml").read_text(encoding="utf-8")) for chart in (FATE, CHART)
        )
        assert own["osx"] == party["osx"]
        assert {name: own["images"][name] for name in ("osx", "nginx")} == {
            name: party["images"][name] for name in ("osx", "nginx")
        }
    for profile in ("small", "medium", "large"):
        party, own = (
            yaml.safe_load((chart / "facts" / "resources" / f"{profile}.yaml").read_text(encoding="utf-8"))
            for chart in (FATE, CHART)
        )
        assert (own["osx"], own["nginx"]) == (party["osx"], party["nginx"])


# ---- nginx


def test_route_table_of_nginx_has_each_party_and_no_default(helm: Helm) -> None:
    text = render(helm).data("nginx-route-table", "route_table.yaml")
    assert yaml.safe_load(text) == {int(party): table for party, table in PARTIES["nginx"]["route_table"].items()}


def test_tls_of_nginx_asks_for_the_name_of_each_party(helm: Helm) -> None:
    table = copy.deepcopy(PARTIES["nginx"]["route_table"])
    table["9999"]["useSSL"] = False
    manifests = render(helm, nginx={"enableTLS": True, "route_table": table}, domain="bank.example")
    conf = manifests.data("nginx-config", "nginx.conf")
    assert "10000 10000.bank.example;" in conf and "10000 https;" in conf and "9999 http;" in conf
    assert "useSSL" not in manifests.data("nginx-route-table", "route_table.yaml")
    assert services(manifests, "nginx") == {"http": (9300, 9301), "grpc": (9310, 9311)}


# ---- traffic server


def test_names_lead_where_the_table_says(helm: Helm) -> None:
    sni = yaml.safe_load(render(helm).data("traffic-server-sni", "sni.yaml"))
    assert sni == {
        "sni": [
            {"fqdn": "9999.fate.org", "tunnel_route": "192.168.9.1:30099"},
            {"fqdn": "10000.fate.org", "tunnel_route": "192.168.10.1:30109"},
        ]
    }


def test_traffic_server_connects_to_no_other_port_and_takes_no_requests(helm: Helm) -> None:
    """With KubeFATE's settings, it fetched anything for anybody."""
    manifests = render(helm)
    settings = records(manifests)
    assert settings["proxy.config.http.connect_ports"] == "30099 30109"
    assert settings["proxy.config.reverse_proxy.enabled"] == settings["proxy.config.url_remap.remap_required"] == "1"
    assert manifests.data("traffic-server-config", "remap.config") == ""
    (rule,) = yaml.safe_load(manifests.data("traffic-server-config", "ip_allow.yaml"))["ip_allow"]
    assert (rule["action"], rule["methods"]) == ("allow", "CONNECT")
    nowhere = render(helm, trafficServer={"route_table": {"sni": []}})
    assert records(nowhere)["proxy.config.http.connect_ports"] == "1"
    assert yaml.safe_load(nowhere.data("traffic-server-sni", "sni.yaml")) == {"sni": []}


def test_traffic_server_finds_its_files_where_they_are_mounted(helm: Helm) -> None:
    manifests = render(helm)
    container = manifests.container("traffic-server")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    settings = records(manifests)
    assert env_of(container)["PROXY_CONFIG_CONFIG_DIR"] == mounts["config"]
    for name in ("server.cert", "server.private_key", "CA.cert"):
        assert settings[f"proxy.config.ssl.{name}.path"] == mounts["certificates"]
    assert settings["proxy.config.local_state_dir"] == settings["proxy.config.log.logfile_dir"] == mounts["run"]
    listed = manifests.data("traffic-server-config", "ssl_multicert.config")
    assert listed == "dest_ip=* ssl_cert_name=proxy.cert.pem ssl_key_name=proxy.key.pem\n"
    assert settings["proxy.config.ssl.CA.cert.filename"] == "ca.cert.pem"
    files = set(manifests.get("ConfigMap", "traffic-server-config")["data"])
    assert {settings["proxy.config.ssl.server.multicert.filename"], "records.config"} <= files
    assert set(manifests.get("ConfigMap", "traffic-server-sni")["data"]) == {
        settings["proxy.config.ssl.servername.filename"]
    }


def test_traffic_server_listens_at_a_port_that_no_right_is_needed_for(helm: Helm) -> None:
    manifests = render(helm, trafficServer={"type": "NodePort", "nodePort": 30007})
    assert records(manifests)["proxy.config.http.server_ports"] == "8443:ssl"
    (port,) = manifests.get("Service", "traffic-server")["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"], port["nodePort"]) == ("tls", 443, 8443, 30007)


@pytest.mark.parametrize(("given", "secret"), [("", "traffic-server-cert"), ("mine", "mine")])
def test_certificate_of_the_traffic_server(helm3: Helm, given: str, secret: str) -> None:
    volumes = render(helm3, trafficServer={"tls": {"existingSecret": given}}).pod("traffic-server")["volumes"]
    assert [volume["secret"]["secretName"] for volume in volumes if "secret" in volume] == [secret]


# ---- all of them


def test_a_new_party_restarts_the_traffic_server_and_nothing_else(helm: Helm) -> None:
    """The others read their tables again when they change; the traffic server reads its own only at its start."""
    before = render(helm)
    for name, table in (("osx", "osx-route-table"), ("nginx", "nginx-route-table")):
        assert differing(before, render(helm, **{name: NEW[name]})) == {("ConfigMap", table), ("NetworkPolicy", name)}
        assert not any("subPath" in mount for mount in before.container(name)["volumeMounts"])
    after = render(helm, trafficServer=NEW["trafficServer"])
    assert differing(before, after) == {
        ("ConfigMap", "traffic-server-sni"),
        ("ConfigMap", "traffic-server-config"),
        ("Deployment", "traffic-server"),
        ("NetworkPolicy", "traffic-server"),
    }
    assert before.checksum("traffic-server") != after.checksum("traffic-server")


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (
            {"osx": {"partyList": [*PARTIES["osx"]["partyList"], PARTIES["osx"]["partyList"][0]]}},
            "osx.partyList: it lists party 9999 twice",
        ),
        (
            {"osx": {"partyList": [{**PARTIES["osx"]["partyList"][0], "useSSL": True}]}},
            "osx.partyList: useSSL of party 9999 needs osx.enableTLS",
        ),
        (
            {"nginx": {"route_table": {"default": {"proxy": [{"host": "hub", "http_port": 1, "grpc_port": 2}]}}}},
            "nginx.route_table: an exchange has no entry default",
        ),
        (
            {"nginx": {"route_table": {"9999": {"useSSL": True}}}},
            "nginx.route_table: useSSL of party 9999 needs nginx.enableTLS",
        ),
        (
            {"nginx": {"route_table": {"123456789012345": PARTIES["nginx"]["route_table"]["9999"]}}},
            'nginx takes party ids for numbers, so "123456789012345" would be another one to it',
        ),
        (
            {"trafficServer": {"route_table": {"sni": 2 * [{"fqdn": "1.fate.org", "tunnelRoute": "a:1"}]}}},
            "trafficServer.route_table.sni: it lists 1.fate.org twice",
        ),
    ],
)
def test_what_cannot_work_is_refused(helm3: Helm, block: Spec, said: str) -> None:
    refused(helm3, said, **block)


def test_parties_reach_the_ports_for_them_and_the_relays_reach_parties(helm: Helm) -> None:
    manifests = render(helm)
    assert opened(manifests, "osx") == {9370: []}
    assert opened(manifests, "nginx") == {9300: [], 9310: []}
    assert opened(manifests, "traffic-server") == {8443: []}
    assert {30091, 9370, 9883} == outside(manifests, "osx")
    assert {30093, 30098, 30103, 30108} <= outside(manifests, "nginx")
    assert {30099, 30109, 6651} == outside(manifests, "traffic-server")
    secure = render(
        helm,
        osx={"enableTLS": True},
        nginx={"enableTLS": True},
        networkPolicy={"parties": ["192.168.0.0/16"]},
    )
    blocks = [{"ipBlock": {"cidr": "192.168.0.0/16"}}]
    assert opened(secure, "osx") == {9883: blocks}
    assert opened(secure, "nginx") == {9301: blocks, 9311: blocks}


def test_several_relays_have_a_budget_and_osx_is_one(helm: Helm) -> None:
    manifests = render(helm, nginx={"replicas": 2}, trafficServer={"replicas": 3})
    assert manifests.names("PodDisruptionBudget") == {"nginx", "traffic-server"}
    assert manifests.workload("nginx")["spec"]["replicas"] == 2
    assert manifests.workload("traffic-server")["spec"]["replicas"] == 3
    assert manifests.workload("osx")["spec"]["replicas"] == 1


@pytest.mark.parametrize("party_id", ["", "1"])
def test_an_exchange_is_no_party_and_its_label_says_so(helm: Helm, party_id: str) -> None:
    manifests = render(helm, partyId=party_id)
    for item in manifests.workloads():
        assert item["metadata"]["labels"]["partyId"] == party_id
        assert item["metadata"]["labels"]["cluster"] == "fate-exchange"


def test_fate_2_2_0_has_no_image_of_nginx(helm: Helm) -> None:
    refused(helm, "modules: FATE 2.2.0 has no image for nginx", fateVersion="2.2.0")
    own = render(helm, fateVersion="2.2.0", nginx={"image": "mine/nginx", "imageTag": "1"})
    assert own.container("nginx")["image"] == "mine/nginx:1"
    assert (
        render(helm, fateVersion="2.2.0", modules=["osx"]).container("osx")["image"] == "federatedai/osx:2.2.0-release"
    )


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_script_parses(helm3: Helm, shell: str) -> None:
    manifests = render(helm3, osx={"enableTLS": True}, nginx={"enableTLS": True})
    texts = [manifests.script(name) for name in ("osx", "nginx")]
    for text in [*texts, manifests.get("Pod", "fate-exchange-test")["spec"]["containers"][0]["command"][-1]]:
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
