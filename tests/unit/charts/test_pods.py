# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods and Services: images, resources, volumes, labels, security, ways in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .kit import ALL_MODULES, Helm, HelmError, Manifests, Spec, env_of, party

# Capabilities that the Pod Security level "baseline" lets a container add.
BASELINE = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
SUFFIXED = ("python", "clustermanager", "nodemanager")


def image(manifests: Manifests, name: str) -> str:
    text = manifests.container(name)["image"]
    assert isinstance(text, str)
    return text


# ---- images


@pytest.mark.parametrize(
    ("version", "images"),
    [
        (
            "2.0.0",
            {
                "osx": "federatedai/osx:2.0.0-release",
                "clustermanager": "federatedai/eggroll:2.0.0-release",
                "nodemanager": "federatedai/eggroll:2.0.0-release",
                "python": "federatedai/fateflow:2.0.0-release",
                "fateboard": "federatedai/fateboard:2.0.0-release",
                "mysql": "mysql:8.0.28",
                "client": "federatedai/client:2.0.0-release",
            },
        ),
        (
            "2.2.0",
            {
                "osx": "federatedai/osx:2.2.0-release",
                "clustermanager": "federatedai/eggroll:3.2.0-release",
                "nodemanager": "federatedai/eggroll:3.2.0-release",
                "python": "federatedai/fateflow:2.2.0-release",
                "fateboard": "federatedai/fateboard:2.1.1-release",
                "mysql": "mysql:8.0.28",
            },
        ),
    ],
)
def test_images_are_those_of_the_version(helm: Helm, version: str, images: dict[str, str]) -> None:
    manifests = helm.render(party(fateVersion=version, modules=list(images)))
    assert {name: image(manifests, name) for name in images} == images


@pytest.mark.parametrize(
    ("algorithm", "device", "suffix"),
    [
        ("Basic", "CPU", ""),
        ("Basic", "IPCL", "-ipcl"),
        ("NN", "CPU", "-nn"),
        ("NN", "GPU", "-nn-gpu"),
        ("ALL", "GPU", "-all-gpu"),
    ],
)
def test_suffix_goes_to_all_images_that_hold_the_libraries(
    helm3: Helm, algorithm: str, device: str, suffix: str
) -> None:
    manifests = helm3.render(party(algorithm=algorithm, device=device))
    for name in SUFFIXED:
        assert re.fullmatch(rf"federatedai/(fateflow|eggroll){suffix}:2\.0\.0-release", image(manifests, name))
    for name in ("osx", "fateboard", "client", "mysql"):
        assert image(manifests, name) == image(helm3.render(party()), name)


@pytest.mark.parametrize(("algorithm", "device"), [("ALL", "CPU"), ("NN", "IPCL"), ("ALL", "IPCL"), ("Basic", "GPU")])
def test_combination_without_an_image_is_refused_with_those_that_have_one(
    helm3: Helm, algorithm: str, device: str
) -> None:
    message = f"algorithm {algorithm} with device {device}: .* are ALL/GPU, Basic/CPU, Basic/IPCL, NN/CPU, NN/GPU"
    with pytest.raises(HelmError, match=message):
        helm3.render(party(algorithm=algorithm, device=device))


def test_2_2_0_has_plain_images_only_unless_one_is_named_with_its_suffix(helm: Helm) -> None:
    spec = party(fateVersion="2.2.0", modules=["python", "mysql"], algorithm="NN")
    with pytest.raises(HelmError, match=r"FATE 2.2.0 has no image for it; those that exist are Basic/CPU"):
        helm.render(spec)
    own = {**spec, "python": {"image": "example/flow", "imageTag": "1", "imageSuffix": "-mine"}}
    assert image(helm.render(own), "python") == "example/flow-mine:1"


@pytest.mark.parametrize("registry", ["harbor.example.com/mirror", "harbor.example.com/mirror/"])
def test_registry_stands_before_every_image_with_one_slash(helm: Helm, registry: str) -> None:
    manifests = helm.render(party(registry=registry))
    for pod in manifests.pods():
        for container in pod["containers"] + pod.get("initContainers", []):
            assert re.match(r"harbor\.example\.com/mirror/(federatedai/\w+|mysql):", container["image"]), container[
                "image"
            ]


def test_image_may_be_named_by_digest(helm: Helm) -> None:
    digest = "sha256:" + "0" * 64
    manifests = helm.render(party(osx={"image": "example/osx", "imageTag": digest}))
    assert image(manifests, "osx") == f"example/osx@{digest}"


def test_pull_secrets_and_policy_reach_every_pod(helm: Helm) -> None:
    manifests = helm.render(party(imagePullSecrets=[{"name": "login"}], pullPolicy="Always"))
    for pod in manifests.pods():
        assert pod["imagePullSecrets"] == [{"name": "login"}]
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["imagePullPolicy"] == "Always"


# ---- resources


def mebibytes(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)(Ki|Mi|Gi|k|M|G)?", text).groups()  # type: ignore[union-attr]
    factor = {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "k": 1e3 / 2**20, "M": 1e6 / 2**20, "G": 1e9 / 2**20}
    return float(number) * factor.get(unit, 1 / 2**20)


def java(manifests: Manifests, name: str) -> tuple[int, int]:
    """Heap and direct memory in MiB that a module's Java may take."""
    found = re.search(r"-Xmx(\d+)m -XX:MaxDirectMemorySize=(\d+)m", manifests.script(name))
    assert found
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("name", ["osx", "clustermanager", "nodemanager", "fateboard"])
@pytest.mark.parametrize("block", [{}, {"jvmHeap": "3Gi", "jvmDirect": "700Mi"}], ids=["default", "given"])
def test_request_of_memory_holds_what_java_may_take(helm3: Helm, name: str, block: Spec) -> None:
    manifests = helm3.render(party(**{name: block}))
    heap, direct = java(manifests, name)
    if block:
        assert (heap, direct) == (3072, 700)
    requests = manifests.container(name)["resources"]["requests"]
    assert mebibytes(requests["memory"]) >= heap + direct + 256


@pytest.mark.parametrize("name", ["osx", "clustermanager", "fateboard"])
@pytest.mark.parametrize("amount", ["1Gi", "900Mi", "1.5Gi", "2000000Ki", "1200M", 1073741824])
def test_java_fits_into_the_limit(helm3: Helm, name: str, amount: Any) -> None:
    manifests = helm3.render(party(**{name: {"resources": {"limits": {"memory": amount}}}}))
    heap, direct = java(manifests, name)
    limit = mebibytes(str(amount))
    assert 0.3 * limit < heap + direct < limit - 200
    # The limit is the request then: Kubernetes says so, the chart must not ask for more.
    assert "memory" not in manifests.container(name)["resources"].get("requests", {})


def test_limit_that_cannot_hold_what_was_asked_for_is_refused(helm: Helm) -> None:
    spec = party(osx={"jvmHeap": "2Gi", "resources": {"limits": {"memory": "2Gi"}}})
    with pytest.raises(HelmError, match=r"osx.resources: the limit of memory, 2Gi, is less than jvmHeap"):
        helm.render(spec)


def test_limit_without_room_for_java_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"osx.resources: memory 512Mi leaves Java too little"):
        helm.render(party(osx={"resources": {"limits": {"memory": "512Mi"}}}))


def test_amount_that_cannot_be_read_is_refused(helm: Helm) -> None:
    with pytest.raises(HelmError, match='memory "lots" is no amount of memory'):
        helm.render(party(osx={"resources": {"requests": {"memory": "lots"}}}))


def test_requests_of_nodemanager_follow_its_processes(helm: Helm) -> None:
    def requests(processors: int) -> dict[str, str]:
        manifests = helm.render(party(nodemanager={"sessionProcessorsPerNode": processors}))
        found = manifests.container("nodemanager")["resources"]["requests"]
        assert isinstance(found, dict)
        return found

    assert requests(4) == {"cpu": "4", "memory": "4096Mi"}
    assert requests(8)["cpu"] == "8" and mebibytes(requests(8)["memory"]) == 4096 + 4 * 768


def test_resources_of_a_block_stand_and_missing_requests_are_added(helm: Helm) -> None:
    block = {"resources": {"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": 1, "cpu": "3"}}}
    resources = helm.render(party(python=block)).container("python")["resources"]
    assert resources == {
        "requests": {"nvidia.com/gpu": 1, "memory": "2048Mi"},
        "limits": {"nvidia.com/gpu": 1, "cpu": "3"},
    }


# ---- volumes

STATEFUL = {
    "nodemanager": ("data-dir", "/data/projects/fate/eggroll/data"),
    "mysql": ("data", "/var/lib/mysql"),
    "python": ("python-data", "/data/projects/fate/fate_flow/model"),
    "client": ("persistence", "/data/projects/fate/persistence"),
}


@pytest.mark.parametrize("name", STATEFUL)
def test_data_lie_in_a_volume_of_the_name_that_kubefate_gave_it(helm: Helm, name: str) -> None:
    manifests = helm.render(party(persistence=True))
    claims = manifests.workload(name)["spec"]["volumeClaimTemplates"]
    claim, path = STATEFUL[name]
    assert [item["metadata"]["name"] for item in claims] == [claim]
    assert claims[0]["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    assert {mount["name"] for mount in manifests.container(name)["volumeMounts"] if mount["mountPath"] == path} == {
        claim
    }


def test_claim_templates_do_not_change_with_the_version(helm: Helm) -> None:
    old, new = (
        helm.render(party(persistence=True, fateVersion=version, modules=["python", "mysql"]))
        for version in ("2.0.0", "2.2.0")
    )
    for name in ("python", "mysql"):
        assert old.workload(name)["spec"]["volumeClaimTemplates"] == new.workload(name)["spec"]["volumeClaimTemplates"]
        assert old.workload(name)["spec"]["selector"] == new.workload(name)["spec"]["selector"]


@pytest.mark.parametrize("name", STATEFUL)
def test_without_persistence_data_are_gone_with_the_pod(helm: Helm, name: str) -> None:
    manifests = helm.render(party())
    assert "volumeClaimTemplates" not in manifests.workload(name)["spec"]
    assert {"name": STATEFUL[name][0], "emptyDir": {}} in manifests.pod(name)["volumes"]


@pytest.mark.parametrize("name", STATEFUL)
def test_persistence_of_a_module_goes_before_that_of_the_party(helm3: Helm, name: str) -> None:
    manifests = helm3.render(party(**{name: {"persistence": True}}))
    assert [other for other in STATEFUL if "volumeClaimTemplates" in manifests.workload(other)["spec"]] == [name]
    manifests = helm3.render(party(persistence=True, **{name: {"persistence": False}}))
    assert [other for other in STATEFUL if "volumeClaimTemplates" not in manifests.workload(other)["spec"]] == [name]


@pytest.mark.parametrize("name", STATEFUL)
def test_existing_claim_is_used(helm3: Helm, name: str) -> None:
    replicas = {"replicas": 1} if name in ("nodemanager", "python") else {}
    manifests = helm3.render(party(persistence=True, **{name: {"existingClaim": "mine", **replicas}}))
    assert "volumeClaimTemplates" not in manifests.workload(name)["spec"]
    volume = {"name": STATEFUL[name][0], "persistentVolumeClaim": {"claimName": "mine"}}
    assert volume in manifests.pod(name)["volumes"]


@pytest.mark.parametrize("name", ["nodemanager", "python"])
def test_existing_claim_for_several_replicas_is_refused(helm: Helm, name: str) -> None:
    with pytest.raises(HelmError, match=rf"{name}.existingClaim: 2 replicas would write into one volume"):
        helm.render(party(persistence=True, **{name: {"existingClaim": "mine", "replicas": 2}}))


@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize(
    ("given", "written"), [(None, None), ("", None), ("-", ""), ("fast", "fast")], ids=["null", "empty", "dash", "name"]
)
def test_storage_class(helm3: Helm, name: str, given: str | None, written: str | None) -> None:
    manifests = helm3.render(party(persistence=True, **{name: {"storageClass": given, "size": "5Gi"}}))
    claim = manifests.workload(name)["spec"]["volumeClaimTemplates"][0]["spec"]
    assert claim.get("storageClassName") == written
    assert claim["resources"]["requests"]["storage"] == "5Gi"


def test_models_logs_and_jobs_of_fate_flow_are_kept(helm: Helm) -> None:
    mounts = helm.render(party(persistence=True)).container("python")["volumeMounts"]
    kept = {mount["mountPath"].rsplit("/", 1)[-1] for mount in mounts if mount["name"] == "python-data"}
    assert kept == {"logs", "jobs", "model", "data", "localfs", "llm"}


@pytest.mark.parametrize(("given", "written"), [(None, "nodemanager"), ("", None), ("x/y", "x/y")])
def test_sub_path_of_the_data(helm: Helm, given: str | None, written: str | None) -> None:
    mounts = helm.render(party(nodemanager={"subPath": given})).container("nodemanager")["volumeMounts"]
    data = next(mount for mount in mounts if mount["mountPath"].endswith("/data"))
    assert data.get("subPath") == written


# ---- labels, security, probes


def test_labels_are_those_that_tools_select_on(helm: Helm) -> None:
    manifests = helm.render(party())
    for item in manifests.objects:
        if item["kind"] == "Pod":
            # Not part of the cluster: KubeFATE's tools must not count it.
            assert "name" not in item["metadata"]["labels"]
            continue
        labels = item["metadata"]["labels"]
        assert labels["name"] == "fate-9999" and labels["partyId"] == "9999"
        assert labels["owner"] == "kubefate" and labels["cluster"] == "fate"
        assert labels["chart"] == "fate" and labels["heritage"] == "Helm" and labels["release"] == "fate-9999"
        assert labels["app.kubernetes.io/name"] == "fate" and labels["app.kubernetes.io/version"] == "2.0.0"
        assert labels["app.kubernetes.io/instance"] == "fate-9999"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
    moudle = {
        (item["kind"], item["metadata"]["name"]): item["metadata"]["labels"].get("fateMoudle")
        for item in manifests.objects
    }
    for name in ALL_MODULES:
        assert moudle[manifests.workload(name)["kind"], name] == name
    assert moudle["Service", "fateflow"] == moudle["Service", "fateflow-client"] == "fateflow"
    assert moudle["ConfigMap", "eggroll-config"] == "eggroll"
    assert moudle["ConfigMap", "python-config"] == "python"


def test_selectors_are_name_party_and_module_and_meet_their_pods(helm: Helm) -> None:
    manifests = helm.render(party())
    pods = [item["spec"]["template"]["metadata"]["labels"] for item in manifests.workloads()]
    for item in manifests.objects:
        spec = item.get("spec", {})
        selector = spec.get("selector", {})
        labels = selector.get("matchLabels", selector)
        if labels:
            assert set(labels) == {"name", "partyId", "fateMoudle"}
            assert sum(labels.items() <= pod.items() for pod in pods) == 1, item["metadata"]["name"]
    assert manifests.workload("nodemanager")["spec"]["template"]["metadata"]["labels"]["app"] == "nodemanager"


def test_label_name_is_the_release_if_the_party_has_no_name(helm: Helm) -> None:
    spec = party(name=None)
    assert helm.render(spec).workload("osx")["metadata"]["labels"]["name"] == "fate-9999"


def test_container_names_are_those_that_tools_ask_for(helm: Helm) -> None:
    manifests = helm.render(party())
    names = {name: manifests.container(name)["name"] for name in ALL_MODULES}
    assert names == {**{name: name for name in ALL_MODULES}, "python": "fateflow"}
    assert manifests.pod("python")["initContainers"][0]["name"] == "ping-mysql"


def test_every_pod_fits_the_pod_security_level_baseline(helm: Helm) -> None:
    for pod in helm.render(party()).pods():
        assert not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
        assert not any("hostPath" in volume for volume in pod.get("volumes", []))
        for container in pod["containers"] + pod.get("initContainers", []):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False and not context.get("privileged")
            assert context["capabilities"]["drop"] == ["ALL"]
            assert set(context["capabilities"].get("add", [])) <= BASELINE
            assert not any("hostPort" in port for port in container.get("ports", []))


def test_every_workload_has_all_three_probes(helm: Helm) -> None:
    manifests = helm.render(party())
    for name in ALL_MODULES:
        container = manifests.container(name)
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    assert manifests.container("python")["readinessProbe"]["httpGet"]["path"] == "/v2/server/fateflow"


def test_deployments_never_run_two_of_a_kind(helm: Helm) -> None:
    manifests = helm.render(party())
    for name in manifests.names("Deployment"):
        spec = manifests.get("Deployment", name)["spec"]
        assert spec["strategy"] == {"type": "Recreate"} and spec["replicas"] == 1


@pytest.mark.parametrize("name", ALL_MODULES)
def test_pod_settings_of_a_block_reach_its_pod_and_no_other(helm3: Helm, name: str) -> None:
    block: Spec = {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "fate", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "podAnnotations": {"note": "x"},
        "podLabels": {"team": "y"},
        "priorityClassName": "high",
        "podSecurityContext": {"fsGroup": 1000},
        "securityContext": {"runAsUser": 0},
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
    }
    manifests = helm3.render(party(**{name: block}))
    pod = manifests.pod(name)
    for key in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert pod[key] == block[key]
    assert pod["securityContext"] == {"fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod["containers"][0]["securityContext"] == {"runAsUser": 0}
    assert env_of(pod["containers"][0])["TZ"] == "UTC"
    metadata = manifests.workload(name)["spec"]["template"]["metadata"]
    assert metadata["annotations"]["note"] == "x" and metadata["labels"]["team"] == "y"
    assert sum("nodeSelector" in other for other in manifests.pods()) == 1


# ---- Services and pages

PUBLISHED = {
    "osx": ("osx", {"nodePort": 30091}),
    "python": ("fateflow-client", {"httpNodePort": 30097, "grpcNodePort": 30092}),
    "mysql": ("mysql", {"nodePort": 30306}),
    "fateboard": ("fateboard", {"nodePort": 30080}),
    "client": ("notebook", {"nodePort": 30200}),
}


@pytest.mark.parametrize("module", PUBLISHED)
@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_node_ports_stand_only_where_the_type_has_some(helm3: Helm, module: str, kind: str) -> None:
    name, ports = PUBLISHED[module]
    block = {"type": kind, "loadBalancerIP": "10.0.0.1", **ports}
    spec = helm3.render(party(**{module: block})).get("Service", name)["spec"]
    written = {port["nodePort"] for port in spec["ports"] if "nodePort" in port}
    assert spec["type"] == kind
    assert written == (set() if kind == "ClusterIP" else set(ports.values()))
    assert ("loadBalancerIP" in spec) == (kind == "LoadBalancer")


def test_services_have_the_names_and_ports_that_others_look_for(helm: Helm) -> None:
    manifests = helm.render(party())
    ports = {
        item["metadata"]["name"]: {port["name"]: port["port"] for port in item["spec"]["ports"]}
        for item in manifests.objects
        if item["kind"] == "Service"
    }
    assert ports == {
        "osx": {"tcp-osx": 9370},
        "clustermanager": {"tcp-clustermanager": 4670},
        "nodemanager": {"tcp-nodemanager": 4671},
        "mysql": {"tcp-mysql": 3306},
        "fateflow": {"tcp-grpc": 9360, "tcp-http": 9380},
        "fateflow-client": {"tcp-grpc": 9360, "tcp-http": 9380},
        "fateboard": {"tcp-fateboard": 8080},
        "notebook": {"tcp-notebook": 20000},
    }
    for name in ("clustermanager", "nodemanager", "fateflow"):
        assert manifests.get("Service", name)["spec"]["clusterIP"] == "None"


def test_pages_of_two_parties_have_different_hosts(helm: Helm) -> None:
    def hosts(spec: Spec) -> set[str]:
        manifests = helm.render(spec)
        return {
            rule["host"] for name in ("fateboard", "client") for rule in manifests.get("Ingress", name)["spec"]["rules"]
        }

    assert hosts(party()) == {"party9999.fateboard.example.com", "party9999.notebook.example.com"}
    assert not hosts(party()) & hosts(party(partyId="10000"))


def test_ingress_as_given(helm: Helm) -> None:
    page = {
        "annotations": {"a": "b"},
        "hosts": [{"name": "board.example.com"}, {"name": "x.example.com", "path": "/board"}],
        "tls": [{"secretName": "cert", "hosts": ["board.example.com"]}],
    }
    ingress = helm.render(party(ingress={"fateboard": page}, ingressClassName="haproxy")).get("Ingress", "fateboard")
    assert ingress["metadata"]["annotations"] == {"a": "b"}
    assert ingress["spec"]["ingressClassName"] == "haproxy" and ingress["spec"]["tls"] == page["tls"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["board.example.com", "x.example.com"]
    assert [rule["http"]["paths"][0]["path"] for rule in ingress["spec"]["rules"]] == ["/", "/board"]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "fateboard", "port": {"number": 8080}}


def test_page_without_ingress(helm: Helm) -> None:
    assert helm.render(party(ingress={"fateboard": {"enabled": False}})).names("Ingress") == {"client"}


def test_party_id_too_long_for_a_host_name_asks_for_one(helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"ingress.fateboard.hosts: the party id is too long for a host name"):
        helm.render(party(partyId="1" * 60))
    assert helm.render(party(partyId="1" * 60, modules=["osx"]))


def test_istio_takes_the_place_of_ingress_and_the_wait_stays(helm: Helm) -> None:
    manifests = helm.render(party(istio={"enabled": True}))
    assert not manifests.names("Ingress")
    gateway = manifests.get("Gateway", "fate-9999-gateway")["spec"]
    assert [server["hosts"] for server in gateway["servers"]] == [
        ["party9999.fateboard.example.com"],
        ["party9999.notebook.example.com"],
    ]
    assert [server["tls"]["credentialName"] for server in gateway["servers"]] == [
        "fateboard-credential",
        "client-credential",
    ]
    assert manifests.names("VirtualService") == {"fateboard", "notebook"}
    assert manifests.pod("python")["initContainers"][0]["name"] == "ping-mysql"
    annotations = manifests.workload("python")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["sidecar.istio.io/rewriteAppHTTPProbers"] == "false"
    # Init containers run before the proxy does.
    assert annotations["traffic.sidecar.istio.io/excludeOutboundPorts"] == "3306"
