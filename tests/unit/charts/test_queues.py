# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx, RabbitMQ and Pulsar: their files, TLS, and what a change of routes restarts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from .kit import Helm, Manifests, Spec, env_of, merged, pulsar_party, rabbitmq_party

SECURE: Spec = {"nginx": {"enableTLS": True}, "rabbitmq": {"enableTLS": True}}
OTHER = {"fateflow": [{"host": "192.168.11.1", "http_port": 1, "grpc_port": 2}]}


def differing(before: Manifests, after: Manifests) -> set[tuple[str, str]]:
    old = {(item["kind"], item["metadata"]["name"]): item for item in before.objects}
    new = {(item["kind"], item["metadata"]["name"]): item for item in after.objects}
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def services(manifests: Manifests, name: str) -> dict[str, tuple[int, int]]:
    ports = manifests.get("Service", name)["spec"]["ports"]
    return {port["name"]: (port["port"], port["targetPort"]) for port in ports}


# ---- nginx


def test_route_table_of_nginx_is_one_that_its_parser_reads(helm: Helm) -> None:
    spec = rabbitmq_party(
        nginx={"route_table": {"10000": OTHER}, "exchange": {"ip": "hub", "httpPort": 3, "grpcPort": 4}}
    )
    text = helm.render(spec).data("nginx-route-table", "route_table.yaml")
    assert yaml.safe_load(text) == {
        9999: {
            "fateflow": [{"host": "fateflow", "http_port": 9380, "grpc_port": 9360}],
            "proxy": [{"host": "nginx", "http_port": 9300, "grpc_port": 9310}],
        },
        10000: OTHER,
        "default": {"proxy": [{"host": "hub", "http_port": 3, "grpc_port": 4}]},
    }
    # It knows plain blocks: no flow style, no anchors, no quotes needed.
    assert not re.search(r"[{}\[\]&*'\"]", text)


def test_nginx_has_no_default_route_without_an_exchange(helm: Helm) -> None:
    text = helm.render(rabbitmq_party()).data("nginx-route-table", "route_table.yaml")
    assert "default" not in yaml.safe_load(text)


def test_nginx_starts_whether_or_not_names_can_be_looked_up(helm: Helm) -> None:
    conf = helm.render(rabbitmq_party()).data("nginx-config", "nginx.conf")
    servers = re.findall(r"^\s+server ([\d.a-z]+):\d+;", conf, flags=re.M)
    assert servers == ["127.0.0.1", "127.0.0.1"]
    assert conf.count("{") == conf.count("}")


def test_changed_routes_of_nginx_restart_nothing(helm: Helm) -> None:
    before, after = (
        helm.render(rabbitmq_party()),
        helm.render(merged(rabbitmq_party(), {"nginx": {"route_table": {"11": OTHER}}})),
    )
    assert differing(before, after) == {("ConfigMap", "nginx-route-table"), ("NetworkPolicy", "nginx")}
    mounts = before.container("nginx")["volumeMounts"]
    assert not any("subPath" in mount for mount in mounts)
    secure = helm.render(merged(rabbitmq_party(), SECURE))
    more = helm.render(merged(rabbitmq_party(), {**SECURE, "nginx": {"enableTLS": True, "route_table": {"11": OTHER}}}))
    assert ("Deployment", "nginx") not in differing(secure, more)


def test_nginx_speaks_tls_to_others_and_plainly_inside(helm: Helm) -> None:
    manifests = helm.render(
        merged(
            rabbitmq_party(),
            {**SECURE, "nginx": {"enableTLS": True, "exchange": {"ip": "hub", "httpPort": 3, "grpcPort": 4}}},
        )
    )
    conf = manifests.data("nginx-config", "nginx.conf")
    listens = re.findall(r"listen ([^;]+);", conf)
    assert listens == ["9300", "9310 http2", "9301 ssl", "9311 ssl http2", "9302"]
    assert conf.count("ssl_verify_client on;") == 2
    for kind in ("proxy", "grpc"):
        assert f"{kind}_ssl_verify on;" in conf and f"{kind}_ssl_name $fate_name;" in conf
    names = dict(re.findall(r"^\s+(\S+) (\S+);", conf.split("$fate_name {")[1].split("}")[0], flags=re.M))
    schemes = dict(re.findall(r"^\s+(\S+) (\S+);", conf.split("$fate_scheme {")[1].split("}")[0], flags=re.M))
    assert names == {"9999": "fateflow", "10000": "10000.fate.org", "default": "proxy.fate.org"}
    assert schemes == {"9999": "http", "10000": "https", "default": "https"}
    assert services(manifests, "nginx") == {"http": (9300, 9301), "grpc": (9310, 9311)}
    assert services(manifests, "nginx-inside") == {"http": (9300, 9300), "grpc": (9310, 9310)}
    flow = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))
    assert flow["federation"]["nginx"]["host"] == "nginx-inside"
    volumes = {volume["name"]: volume for volume in manifests.pod("nginx")["volumes"]}
    assert volumes["certificates"]["secret"]["secretName"] == "nginx-certs"


def test_peer_of_nginx_may_be_left_without_tls(helm: Helm) -> None:
    spec = merged(
        rabbitmq_party(), {**SECURE, "nginx": {"enableTLS": True, "route_table": {"10000": {**OTHER, "useSSL": False}}}}
    )
    conf = helm.render(spec).data("nginx-config", "nginx.conf")
    assert "    10000 http;" in conf


# ---- RabbitMQ


def test_rabbitmq_has_its_plugins_its_user_and_no_password_in_its_file(helm: Helm) -> None:
    manifests = helm.render(rabbitmq_party())
    plugins = manifests.data("rabbitmq-config", "enabled_plugins")
    assert plugins.strip() == "[rabbitmq_management, rabbitmq_federation, rabbitmq_federation_management]."
    conf = settings(manifests)
    assert (conf["default_user"], conf["default_pass"]) == ("@RABBITMQ_USER@", "@RABBITMQ_PASSWORD@")
    assert conf["max_message_size"] == "536870912"
    assert "listeners.ssl.default" not in conf
    env = env_of(manifests.container("rabbitmq"))
    assert env["RABBITMQ_NODENAME"] == "rabbit@localhost" and "RABBITMQ_DEFAULT_PASS" not in env
    pod = manifests.pod("rabbitmq")
    assert pod["securityContext"]["runAsUser"] == 999 and pod["securityContext"]["fsGroup"] == 999


def settings(manifests: Manifests) -> dict[str, str]:
    lines = manifests.data("rabbitmq-config", "rabbitmq.conf").splitlines()
    return dict(line.split(" = ", 1) for line in lines if line)


def test_management_of_rabbitmq_stays_inside(helm: Helm) -> None:
    manifests = helm.render(merged(rabbitmq_party(), {"rabbitmq": {"type": "NodePort", "nodePort": 30094}}))
    public = manifests.get("Service", "rabbitmq")["spec"]
    assert [(port["port"], port["nodePort"]) for port in public["ports"]] == [(5672, 30094)]
    inside = manifests.get("Service", "rabbitmq-inside")["spec"]
    assert inside["type"] == "ClusterIP" and [port["port"] for port in inside["ports"]] == [5672, 15672]


def test_brokers_speak_tls_through_a_tunnel_since_fate_flow_cannot(helm: Helm) -> None:
    manifests = helm.render(merged(rabbitmq_party(), SECURE))
    conf = settings(manifests)
    assert conf["listeners.ssl.default"] == "5671"
    assert (conf["ssl_options.verify"], conf["ssl_options.fail_if_no_peer_cert"]) == ("verify_peer", "true")
    assert services(manifests, "rabbitmq") == {"tcp-rabbitmq": (5672, 5671)}
    table = yaml.safe_load(manifests.data("rabbitmq-route-table", "rabbitmq_route_table.yaml"))
    assert table["10000"] == {"host": "127.0.40.16", "port": 5673}
    assert table["9999"] == {"host": "rabbitmq-inside", "port": 5672}
    peer = manifests.data("rabbitmq-tunnel", "peer-10000.conf")
    assert peer.splitlines()[0] == "# peer"
    for line in ("listen 127.0.40.16:5673;", "proxy_ssl_name 10000.fate.org;", "proxy_pass peer:30104;"):
        assert line in peer
    main = manifests.data("rabbitmq-tunnel", "tunnel.conf")
    assert "proxy_ssl on;" in main and "proxy_ssl_verify on;" in main
    tunnel = manifests.pod("rabbitmq")["containers"][1]
    assert tunnel["name"] == "tunnel" and tunnel["image"] == "federatedai/nginx:2.0.0-release"


@pytest.mark.parametrize(
    ("party_id", "address"),
    [
        ("0", "127.0.1.0"),
        ("1", "127.0.1.1"),
        ("10000", "127.0.40.16"),
        ("9999999", "127.152.151.127"),
        ("123450000001", "127.0.1.1"),
    ],
)
def test_a_party_keeps_its_address_in_the_tunnel_whoever_else_comes(helm3: Helm, party_id: str, address: str) -> None:
    spec = merged(
        rabbitmq_party(),
        {**SECURE, "rabbitmq": {"enableTLS": True, "route_table": {party_id: {"host": "x", "port": 1}}}},
    )
    table = yaml.safe_load(helm3.render(spec).data("rabbitmq-route-table", "rabbitmq_route_table.yaml"))
    assert table[party_id]["host"] == address


def test_changed_routes_of_rabbitmq_restart_nothing(helm: Helm) -> None:
    more = {"rabbitmq": {"route_table": {"11": {"host": "other", "port": 1}}}}
    before, after = helm.render(rabbitmq_party()), helm.render(merged(rabbitmq_party(), more))
    assert differing(before, after) == {("ConfigMap", "rabbitmq-route-table"), ("NetworkPolicy", "rabbitmq")}
    before = helm.render(merged(rabbitmq_party(), SECURE))
    after = helm.render(merged(merged(rabbitmq_party(), SECURE), more))
    assert differing(before, after) == {
        ("ConfigMap", "rabbitmq-route-table"),
        ("ConfigMap", "rabbitmq-tunnel"),
        ("NetworkPolicy", "rabbitmq"),
    }


# ---- Pulsar


def properties(manifests: Manifests) -> dict[str, str]:
    return manifests.properties("pulsar-config", "standalone.conf")


def clusters(manifests: Manifests) -> dict[str, Any]:
    found = json.loads(manifests.data("pulsar-route-table", "clusters.json"))
    assert isinstance(found, dict)
    return found


def test_pulsar_listens_as_its_file_says_and_fate_flow_is_told_where(helm: Helm) -> None:
    manifests = helm.render(pulsar_party())
    conf = properties(manifests)
    assert (conf["brokerServicePort"], conf["webServicePort"]) == ("6650", "8080")
    assert "brokerServicePortTls" not in conf
    assert conf["managedLedgerDefaultAckQuorum"] == "1"
    flow = yaml.safe_load(manifests.data("python-config", "service_conf.yaml"))["federation"]["pulsar"]
    assert (flow["host"], flow["port"], flow["mng_port"]) == ("pulsar-inside", 6650, 8080)
    assert env_of(manifests.container("pulsar"))["PULSAR_STANDALONE_CONF"] == "/etc/fate/standalone.conf"


def test_pulsar_is_told_of_each_party_since_fate_never_finds_one(helm: Helm) -> None:
    manifests = helm.render(pulsar_party())
    table = yaml.safe_load(manifests.data("pulsar-route-table", "pulsar_route_table.yaml"))
    assert table == {
        "9999": {"host": "pulsar-inside", "port": 6650, "sslPort": 6651, "proxy": ""},
        "10000": {"host": "peer", "port": 30104, "sslPort": 30109, "proxy": ""},
    }
    assert set(clusters(manifests)) == {"10000"}
    assert clusters(manifests)["10000"]["brokerServiceUrl"] == "pulsar://peer:30104"
    assert clusters(manifests)["10000"]["brokerServiceUrlTls"] == "pulsar+ssl://peer:30109"
    main, routes = manifests.pod("python")["containers"]
    assert (main["name"], routes["name"]) == ("fateflow", "pulsar-routes")
    assert routes["command"][-2:] == ["http://pulsar-inside:8080", "/tmp/told"]
    assert "readinessProbe" in routes


def test_exchange_of_pulsar_is_a_complete_default_with_tls(helm: Helm) -> None:
    spec = pulsar_party(pulsar={"exchange": {"ip": "hub", "port": 30000, "domain": "example.org"}})
    manifests = helm.render(spec)
    table = yaml.safe_load(manifests.data("pulsar-route-table", "pulsar_route_table.yaml"))
    assert table["default"] == {
        "domain": "example.org",
        "brokerPort": 6650,
        "brokerSslPort": 6651,
        "proxy": "hub:30000",
    }
    conf = properties(manifests)
    assert conf["brokerServicePortTls"] == "6651" and conf["brokerClientTlsEnabled"] == "true"
    assert conf["brokerServicePort"] == "6650", "FATE's clients know no TLS"
    assert conf["tlsAllowInsecureConnection"] == "false" and conf["tlsHostnameVerificationEnabled"] == "true"
    volumes = {volume["name"]: volume for volume in manifests.pod("pulsar")["volumes"]}
    assert volumes["certificates"]["secret"]["secretName"] == "pulsar-cert"


def test_administration_of_pulsar_stays_inside_and_with_tls_so_does_the_plain_port(helm: Helm) -> None:
    manifests = helm.render(
        merged(pulsar_party(), {"pulsar": {"type": "NodePort", "httpNodePort": 30104, "httpsNodePort": 30109}})
    )
    assert services(manifests, "pulsar") == {"http-port": (6650, 6650), "https-port": (6651, 6651)}
    assert services(manifests, "pulsar-inside") == {"broker": (6650, 6650), "mng-port": (8080, 8080)}
    secure = helm.render(merged(pulsar_party(), {"pulsar": {"enableTLS": True, "publicLB": {"enabled": True}}}))
    assert services(secure, "pulsar") == {"http-port": (6650, 6651), "https-port": (6651, 6651)}
    assert secure.get("Service", "pulsar-public-tls")["spec"]["type"] == "LoadBalancer"


def test_changed_routes_of_pulsar_restart_nothing(helm: Helm) -> None:
    more = {"pulsar": {"route_table": {"11": {"host": "other", "port": 1}}}}
    before, after = helm.render(pulsar_party()), helm.render(merged(pulsar_party(), more))
    assert differing(before, after) == {("ConfigMap", "pulsar-route-table"), ("NetworkPolicy", "pulsar")}


def test_env_of_kubefate_and_of_ones_own_reach_pulsar_once_each(helm: Helm) -> None:
    spec = merged(
        pulsar_party(),
        {
            "pulsar": {
                "env": [{"name": "PULSAR_MEM", "value": "-Xmx1g"}, {"name": "A", "value": "1"}],
                "extraEnv": [{"name": "A", "value": "2"}],
            }
        },
    )
    entries = helm.render(spec).container("pulsar")["env"]
    names = [entry["name"] for entry in entries]
    assert len(names) == len(set(names))
    assert env_of({"env": entries}) | {"PULSAR_MEM": "-Xmx1g", "A": "2"} == env_of({"env": entries})
