# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Serving: what its modules are told, and the mistakes of KubeFATE's chart that this one does not make."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .kit import Helm, HelmError, Manifests, Spec, env_of
from .serving import CHART, HOME, MODULES, NAMES, serving

PEER = {"partyId": "10000", "partyIp": "192.168.10.1", "partyPort": 30106}
TLS_FILES = {
    "useSSL": True,
    "negotiationType": "TLS",
    "certChainFile": "/etc/fate-certificates/tls.crt",
    "privateKeyFile": "/etc/fate-certificates/tls.key",
    "caFile": "/etc/fate-certificates/ca.crt",
}


def render(helm: Helm, **changes: Any) -> Manifests:
    return helm.render(serving(**changes), CHART)


def refused(helm: Helm, said: str, **changes: Any) -> None:
    with pytest.raises(HelmError, match=said):
        render(helm, **changes)


def server(manifests: Manifests) -> dict[str, str]:
    return manifests.properties("serving-server-config", "serving-server.properties")


def proxy(manifests: Manifests) -> dict[str, str]:
    return manifests.properties("serving-proxy-config", "application.properties")


def admin(manifests: Manifests) -> dict[str, str]:
    return manifests.properties("serving-admin-config", "application.properties")


def routes(manifests: Manifests) -> dict[str, Any]:
    table = json.loads(manifests.data("serving-proxy-route-table", "route_table.json"))
    assert isinstance(table, dict)
    return table


# ---- serving-server


@pytest.mark.parametrize(("switch", "kind"), [(True, "redis"), (True, "local"), (False, "redis"), (False, "local")])
def test_the_cache_is_switched_by_its_switch_and_of_its_kind(helm3: Helm, switch: bool, kind: str) -> None:
    """KubeFATE's chart wrote the kind where the switch belongs, so that it was never on."""
    settings = server(render(helm3, servingServer={"cacheSwitch": switch, "cacheType": kind}))
    assert settings["remoteModelInferenceResultCacheSwitch"] == str(switch).lower()
    assert settings["cache.type"] == kind


def test_a_cache_in_redis_needs_one(helm: Helm) -> None:
    rest = [name for name in MODULES if name != "servingRedis"]
    block = {"cacheSwitch": True, "cacheType": "redis"}
    refused(helm, r"servingServer.cacheType: redis needs one", modules=rest, servingServer=block)
    assert server(render(helm, modules=rest, servingServer={**block, "cacheType": "local"}))
    external = render(helm, modules=rest, servingServer=block, externalRedisIp="redis.example.com")
    assert (server(external)["redis.ip"], server(external)["redis.port"]) == ("redis.example.com", "6379")
    assert env_of(external.container("serving-server"))["REDIS_PASSWORD"] == {
        "secretKeyRef": {"name": "fate-serving-external-redis", "key": "password"}
    }


def test_a_redis_of_ones_own_beside_the_chart_s_is_refused(helm: Helm) -> None:
    refused(helm, r"externalRedisIp: it names a Redis, yet modules lists servingRedis", externalRedisIp="redis")
    refused(
        helm, r"externalZookeeperUrl: it names a ZooKeeper, yet modules lists", externalZookeeperUrl="zookeeper:2181"
    )


def test_the_server_listens_where_its_service_leads(helm: Helm) -> None:
    manifests = render(helm)
    settings = server(manifests)
    assert (settings["port"], settings["server.port"]) == ("8000", "8080")
    assert ports_of(manifests, "serving-server") == {8000, 8080}
    assert settings["proxy"] == "serving-proxy:8879"


def ports_of(manifests: Manifests, name: str) -> set[int]:
    return {port["containerPort"] for port in manifests.container(name)["ports"]}


def test_models_are_fetched_only_from_a_fate_flow_that_is_named(helm: Helm) -> None:
    assert "model.transfer.url" not in server(render(helm))
    named = server(render(helm, servingServer={"fateflow": {"ip": "192.168.9.1", "port": 30097}}))
    assert named["model.transfer.url"] == "http://192.168.9.1:30097/v1/model/transfer"
    assert server(render(helm, servingServer={"fateflow": {"ip": "flow"}}))["model.transfer.url"].startswith(
        "http://flow:9380/"
    )


def test_adaptors_are_those_of_the_spec(helm: Helm) -> None:
    block = {"singleAdaptor": "com.example.One", "batchAdaptor": "com.example.Many", "AdapterURL": "http://x/y"}
    settings = server(render(helm, servingServer=block))
    assert settings["feature.single.adaptor"] == "com.example.One"
    assert settings["feature.batch.adaptor"] == "com.example.Many"
    assert settings["http.adapter.url"] == "http://x/y"
    assert server(render(helm))["feature.single.adaptor"].endswith(".MockAdapter")


def test_both_ports_of_the_server_may_have_node_ports_and_neither_is_fixed(helm: Helm) -> None:
    """KubeFATE's chart always took 30210 for HTTP, so that two of one Kubernetes collided."""

    def node_ports(**block: Any) -> dict[int, int | None]:
        ports = render(helm, servingServer=block).get("Service", "serving-server")["spec"]["ports"]
        return {port["port"]: port.get("nodePort") for port in ports}

    assert node_ports(type="NodePort") == {8000: None, 8080: None}
    assert node_ports(type="NodePort", nodePort=30095, httpNodePort=30211) == {8000: 30095, 8080: 30211}


# ---- serving-proxy


def test_route_table_has_peers_and_itself_and_no_default_route(helm: Helm) -> None:
    """KubeFATE's chart sent everything else to 192.168.0.1:30100 unless told otherwise."""
    assert routes(render(helm, servingProxy={"partyList": [PEER]})) == {
        "route_table": {
            "9999": {"serving": [{"ip": "serving-server", "port": 8000}]},
            "10000": {"default": [{"ip": "192.168.10.1", "port": 30106}]},
        },
        "permission": {"default_allow": True},
    }


def test_ports_of_routes_are_numbers(helm: Helm) -> None:
    """As texts, the editor behind serving-admin cannot read them."""
    text = render(helm, servingProxy={"partyList": [PEER]}).data("serving-proxy-route-table", "route_table.json")
    assert '"port": 30106' in text and '"port": 8000' in text


def test_exchange_becomes_the_default_route(helm: Helm) -> None:
    table = routes(render(helm, servingProxy={"exchange": {"ip": "hub", "port": 30100}}))["route_table"]
    assert table["default"] == {"default": [{"ip": "hub", "port": 30100}]}


def test_changed_routes_change_one_config_map_and_no_pod(helm: Helm) -> None:
    before, after = render(helm), render(helm, servingProxy={"partyList": [PEER]})
    differing = [
        (old["kind"], old["metadata"]["name"])
        for old, new in zip(before.objects, after.objects, strict=True)
        if old != new
    ]
    assert sorted(differing) == [("ConfigMap", "serving-proxy-route-table"), ("NetworkPolicy", "serving-proxy")]


def test_proxy_looks_at_the_route_table_where_changes_arrive(helm: Helm) -> None:
    manifests = render(helm)
    (mount,) = [item for item in manifests.container("serving-proxy")["volumeMounts"] if item["name"] == "routes"]
    assert "subPath" not in mount
    assert proxy(manifests)["route.table"] == f"{mount['mountPath']}/route_table.json"
    assert set(manifests.get("ConfigMap", "serving-proxy-config")["data"]) == {"application.properties"}


def test_tls_is_mutual_on_the_port_for_other_parties_and_in_the_routes(helm: Helm) -> None:
    manifests = render(
        helm, servingProxy={"enableTLS": True, "partyList": [PEER, {**PEER, "partyId": "1", "useSSL": False}]}
    )
    settings = proxy(manifests)
    assert settings["proxy.grpc.inter.negotiationType"] == "TLS"
    for side in ("server", "client"):
        assert settings[f"proxy.grpc.inter.{side}.certChain.file"] == TLS_FILES["certChainFile"]
        assert settings[f"proxy.grpc.inter.{side}.privateKey.file"] == TLS_FILES["privateKeyFile"]
    assert settings["proxy.grpc.inter.CA.file"] == TLS_FILES["caFile"]
    table = routes(manifests)["route_table"]
    assert table["10000"]["default"] == [{"ip": "192.168.10.1", "port": 30106, **TLS_FILES}]
    assert table["1"]["default"] == [{"ip": "192.168.10.1", "port": 30106}]
    assert table["9999"]["serving"] == [{"ip": "serving-server", "port": 8000}]
    (secret,) = [volume["secret"] for volume in manifests.pod("serving-proxy")["volumes"] if "secret" in volume]
    assert secret["secretName"] == "serving-certs"
    own = render(helm, servingProxy={"enableTLS": True, "tls": {"existingSecret": "mine"}})
    assert '"secretName": "mine"' in json.dumps(own.pod("serving-proxy"))


def test_without_tls_no_certificate_is_asked_for(helm: Helm) -> None:
    manifests = render(helm)
    assert proxy(manifests)["proxy.grpc.inter.negotiationType"] == "PLAINTEXT"
    assert "serving-certs" not in manifests.text


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"partyList": [{**PEER, "partyId": "9999"}]}, "servingProxy.partyList: it lists 9999, the party itself"),
        ({"partyList": [PEER, PEER]}, "servingProxy.partyList: it lists party 10000 twice"),
        ({"partyList": [{**PEER, "useSSL": True}]}, "useSSL of party 10000 needs servingProxy.enableTLS"),
        ({"exchange": {"ip": "hub"}}, "servingProxy.exchange: port of the exchange hub is missing"),
        ({"exchange": {"ip": "hub", "port": 1, "useSSL": True}}, "servingProxy.exchange: useSSL needs"),
    ],
)
def test_routes_that_cannot_work_are_refused(helm3: Helm, block: Spec, said: str) -> None:
    refused(helm3, said, servingProxy=block)


@pytest.mark.parametrize("party_id", ["2147483648", "123456789012345678901234567890"])
def test_a_party_id_that_the_proxy_cannot_hold_is_refused(helm3: Helm, party_id: str) -> None:
    refused(
        helm3, f"partyId: serving-proxy keeps it as a number of 32 bits, so it cannot be {party_id}", partyId=party_id
    )
    assert render(helm3, partyId=party_id, modules=["servingRedis"])


def test_the_largest_party_id_is_written_as_it_is(helm: Helm) -> None:
    manifests = render(helm, partyId="2147483647")
    assert proxy(manifests)["coordinator"] == "2147483647"
    assert "2147483647" in routes(manifests)["route_table"]


def test_only_the_port_for_other_parties_gets_a_node_port(helm: Helm) -> None:
    ports = render(helm, servingProxy={"type": "NodePort", "nodePort": 30096}).get("Service", "serving-proxy")["spec"][
        "ports"
    ]
    assert {port["port"]: port.get("nodePort") for port in ports} == {8059: None, 8869: 30096, 8879: None}


# ---- serving-admin


def test_admin_always_has_a_login_that_no_value_holds(helm: Helm) -> None:
    manifests = render(helm, servingAdmin={"username": "s3cret-user", "password": "s3cret"})
    assert "s3cret" not in manifests.text
    assert admin(manifests)["admin.password"] == "@ADMIN_PASSWORD@"
    assert env_of(manifests.container("serving-admin"))["ADMIN_PASSWORD"] == {
        "secretKeyRef": {"name": "fate-serving-admin", "key": "password"}
    }


def test_admin_without_zookeeper_is_refused(helm: Helm) -> None:
    refused(
        helm, r"modules: servingAdmin finds the others through ZooKeeper", modules=["servingServer", "servingAdmin"]
    )


def test_without_zookeeper_proxy_and_server_know_each_other_by_the_route_table(helm: Helm) -> None:
    manifests = render(helm, modules=["servingServer", "servingProxy"])
    assert server(manifests)["useRegister"] == server(manifests)["useZkRouter"] == "false"
    assert proxy(manifests)["useZkRouter"] == "false"
    assert "zk.url" not in server(manifests) and "zk.url" not in proxy(manifests)


def test_a_zookeeper_of_ones_own_with_a_login(helm: Helm) -> None:
    rest = [name for name in MODULES if name != "servingZookeeper"]
    manifests = render(helm, modules=rest, externalZookeeperUrl="zk-1:2181,zk-2:2181", externalZookeeperAcl=True)
    for settings in (server(manifests), proxy(manifests), admin(manifests)):
        assert settings["zk.url"] == "zk-1:2181,zk-2:2181"
        assert settings["acl.enable"] == "true" and settings["acl.password"] == "@ZOOKEEPER_PASSWORD@"
    for name in ("serving-server", "serving-proxy", "serving-admin"):
        assert env_of(manifests.container(name))["ZOOKEEPER_PASSWORD"] == {
            "secretKeyRef": {"name": "fate-serving-zookeeper", "key": "password"}
        }
    assert "acl.username" not in server(render(helm))


# ---- Redis


def test_redis_keeps_its_data_where_the_volume_is(helm: Helm) -> None:
    """KubeFATE's chart mounted the volume where Redis writes nothing."""
    manifests = render(helm, persistence=True)
    (mount,) = [
        item for item in manifests.container("serving-redis")["volumeMounts"] if item["name"] == "serving-redis-data"
    ]
    assert f"dir {mount['mountPath']}\n" in manifests.data("serving-redis-config", "redis.conf")


def test_redis_wants_a_password_that_is_no_argument(helm: Helm) -> None:
    manifests = render(helm, servingRedis={"password": "s3cret"})
    assert "s3cret" not in manifests.text
    assert "--requirepass" not in manifests.script("serving-redis")
    assert 'requirepass "@REDIS_PASSWORD@"' in manifests.data("serving-redis-config", "redis.conf")
    assert server(manifests)["redis.password"] == "@REDIS_PASSWORD@"


@pytest.mark.parametrize(
    ("resources", "megabytes"),
    [({}, 192), ({"limits": {"memory": "1Gi"}}, 768), ({"requests": {"memory": "512Mi"}}, 384)],
)
def test_redis_never_holds_more_than_its_container(helm3: Helm, resources: Any, megabytes: int) -> None:
    conf = render(helm3, servingRedis={"resources": resources}).data("serving-redis-config", "redis.conf")
    assert f"maxmemory {megabytes}mb\n" in conf and "maxmemory-policy allkeys-lru\n" in conf


# ---- ZooKeeper


def test_zookeeper_is_one_server_whatever_its_namespace(helm: Helm) -> None:
    """KubeFATE's chart named a server in the namespace default."""
    manifests = render(helm)
    assert "ZOO_SERVERS" not in env_of(manifests.container("serving-zookeeper"))
    assert "default.svc" not in manifests.text


def test_zookeeper_s_service_for_names_of_pods_is_there(helm: Helm) -> None:
    manifests = render(helm)
    name = manifests.workload("serving-zookeeper")["spec"]["serviceName"]
    assert manifests.get("Service", name)["spec"]["clusterIP"] == "None"


def test_zookeeper_gets_the_heap_that_its_container_has_room_for(helm: Helm) -> None:
    manifests = render(helm)
    heap = int(env_of(manifests.container("serving-zookeeper"))["ZOO_HEAP_SIZE"])
    requested = manifests.container("serving-zookeeper")["resources"]["requests"]["memory"]
    assert heap + 128 <= int(requested.removesuffix("Mi"))
    larger = render(helm, servingZookeeper={"jvmHeap": "1Gi"})
    assert env_of(larger.container("serving-zookeeper"))["ZOO_HEAP_SIZE"] == "1024"


# ---- all of them


@pytest.mark.parametrize("persistence", [True, False])
def test_no_pod_has_two_volumes_of_one_name(helm: Helm, persistence: bool) -> None:
    """KubeFATE's chart gave ZooKeeper's pod the claim of Redis beside its own, both named data."""
    manifests = render(helm, persistence=persistence)
    for item in manifests.workloads():
        volumes = [volume["name"] for volume in item["spec"]["template"]["spec"].get("volumes", [])]
        volumes += [claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])]
        assert len(volumes) == len(set(volumes)), item["metadata"]["name"]


def test_data_lie_in_volumes_of_the_names_that_kubefate_gave_them(helm: Helm) -> None:
    manifests = render(helm, persistence=True)
    assert manifests.names("PersistentVolumeClaim") == {"serving-server-data", "serving-redis-data"}
    (claim,) = manifests.workload("serving-zookeeper")["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    for name in ("serving-server", "serving-redis"):
        kept = manifests.get("PersistentVolumeClaim", f"{name}-data")
        assert kept["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
        assert kept["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        volume = {"name": f"{name}-data", "persistentVolumeClaim": {"claimName": f"{name}-data"}}
        assert volume in manifests.pod(name)["volumes"]
    mounts = {
        mount["mountPath"]: mount["subPath"]
        for mount in manifests.container("serving-server")["volumeMounts"]
        if mount["name"] == "serving-server-data"
    }
    assert mounts == {"/root/.fate": "cache", f"{HOME}/serving-server/.fate": "model_cache"}


@pytest.mark.parametrize("name", ["servingServer", "servingRedis", "servingZookeeper"])
def test_a_claim_of_ones_own_takes_the_place_of_the_chart_s(helm3: Helm, name: str) -> None:
    manifests = render(helm3, persistence=True, **{name: {"existingClaim": "mine"}})
    claims = [volume.get("persistentVolumeClaim") for volume in manifests.pod(NAMES[name])["volumes"]]
    assert {"claimName": "mine"} in claims
    assert f"{NAMES[name]}-data" not in manifests.names("PersistentVolumeClaim")
    assert "volumeClaimTemplates" not in manifests.workload(NAMES[name])["spec"]


@pytest.mark.parametrize(("given", "written"), [(None, None), ("", None), ("-", ""), ("fast", "fast")])
def test_storage_class(helm3: Helm, given: str | None, written: str | None) -> None:
    block = {"storageClass": given}
    manifests = render(helm3, persistence=True, servingRedis=block, servingZookeeper=block)
    claims = manifests.workload("serving-zookeeper")["spec"]["volumeClaimTemplates"]
    for spec in (manifests.get("PersistentVolumeClaim", "serving-redis-data")["spec"], claims[0]["spec"]):
        assert spec.get("storageClassName") == written


def test_labels_are_those_that_kubefate_s_tools_select_on(helm: Helm) -> None:
    manifests = render(helm, persistence=True)
    for item in manifests.objects:
        if item["kind"] == "Pod":
            continue
        labels = item["metadata"]["labels"]
        assert labels["name"] == "fate-serving-9999" and labels["partyId"] == "9999"
        assert labels["owner"] == "kubefate" and labels["cluster"] == "fate-serving"
        assert labels["app.kubernetes.io/name"] == "fate-serving" and labels["app.kubernetes.io/version"] == "2.1.6"
        assert labels["fateMoudle"] in NAMES.values()


def test_java_and_its_container_fit_each_other(helm: Helm) -> None:
    manifests = render(helm)
    for name in ("serving-server", "serving-proxy", "serving-admin"):
        found = re.search(r"-Xmx(\d+)m -XX:MaxDirectMemorySize=(\d+)m", manifests.script(name))
        assert found
        requested = int(manifests.container(name)["resources"]["requests"]["memory"].removesuffix("Mi"))
        assert requested >= int(found[1]) + int(found[2]) + 192
    refused(helm, "the limit of memory", servingServer={"resources": {"limits": {"memory": "1Gi"}}, "jvmHeap": "2Gi"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("serving-server", "'com.webank.ai.fate.serving.Bootstrap' '-c' 'conf/serving-server.properties'"),
        ("serving-proxy", "'com.webank.ai.fate.serving.proxy.bootstrap.Bootstrap' '-c' 'conf/application.properties'"),
        ("serving-admin", "'com.webank.ai.fate.serving.admin.Bootstrap'"),
    ],
)
def test_programs_start_as_their_images_start_them(helm: Helm, name: str, words: str) -> None:
    manifests = render(helm)
    assert manifests.script(name).rstrip().endswith(words)
    assert manifests.container(name)["workingDir"] == f"{HOME}/{name}"


def test_each_page_has_an_ingress_to_its_port(helm: Helm) -> None:
    manifests = render(helm)
    found = {}
    for name in manifests.names("Ingress"):
        (rule,) = manifests.get("Ingress", name)["spec"]["rules"]
        service = rule["http"]["paths"][0]["backend"]["service"]
        found[rule["host"]] = (service["name"], service["port"]["number"])
    assert found == {
        "party9999.serving-proxy.example.com": ("serving-proxy", 8059),
        "party9999.serving-admin.example.com": ("serving-admin", 8350),
    }


def test_istio_takes_the_place_of_ingress_in_whatever_namespace(helm: Helm) -> None:
    """KubeFATE's chart took the release's name for the namespace."""
    manifests = render(helm, istio={"enabled": True})
    assert not manifests.names("Ingress")
    assert manifests.names("VirtualService") == {"serving-proxy", "serving-admin"}
    route = manifests.get("VirtualService", "serving-proxy")["spec"]["http"][0]["route"][0]["destination"]
    assert route == {"host": "serving-proxy", "port": {"number": 8059}}
