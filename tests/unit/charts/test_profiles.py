# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource profiles, security profiles, graphic cards, spread, ways in on OpenShift, and images with their sources."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from .kit import CHART, Helm, Manifests, merged, party, pulsar_party, rabbitmq_party
from .test_pods import mebibytes


def requests(manifests: Manifests, name: str) -> dict[str, Any]:
    return dict(manifests.container(name)["resources"].get("requests", {}))


def flags(manifests: Manifests, name: str) -> int:
    """MiB that a module's Java may take by its options or variables; 0 without any."""
    text = str(manifests.container(name))
    found = re.search(r"-Xmx(\d+)m -XX:MaxDirectMemorySize=(\d+)m", text)
    if found:
        return int(found[1]) + int(found[2])
    single = re.search(r"'(?:SPARK_DAEMON_MEMORY|HADOOP_HEAPSIZE_MAX)', 'value': '(\d+)m'", text)
    offered = re.search(r"'SPARK_WORKER_MEMORY', 'value': '(\d+)m'", text)
    return (int(single[1]) if single else 0) + (int(offered[1]) if offered else 0)


@pytest.mark.parametrize("profile", ["small", "medium", "large"])
def test_requests_of_a_profile_hold_what_java_may_take(helm3: Helm, profile: str) -> None:
    for spec in (
        party(resourceProfile=profile),
        rabbitmq_party(resourceProfile=profile),
        pulsar_party(resourceProfile=profile),
    ):
        manifests = helm3.render(spec)
        for item in manifests.workloads():
            name = item["metadata"]["name"]
            asked = requests(manifests, name)
            assert set(asked) == {"cpu", "memory"}, name
            assert mebibytes(asked["memory"]) > flags(manifests, name), name


def test_profiles_differ_and_custom_asks_for_nothing(helm: Helm) -> None:
    sizes = [
        mebibytes(requests(helm.render(party(resourceProfile=profile)), "osx")["memory"])
        for profile in ("small", "medium", "large")
    ]
    assert sizes == sorted(set(sizes))
    custom = helm.render(party(resourceProfile="custom", mysql={"resources": {"requests": {"cpu": "1"}}}))
    assert requests(custom, "osx") == {} and requests(custom, "mysql") == {"cpu": "1"}


@pytest.mark.parametrize("profile", ["restricted", "arbitrary"])
def test_stricter_profiles_fit_the_level_restricted(helm3: Helm, profile: str) -> None:
    secure = {"rabbitmq": {"enableTLS": True}, "nginx": {"enableTLS": True}, "securityProfile": profile}
    for manifests in (helm3.render(party(securityProfile=profile)), helm3.render(merged(rabbitmq_party(), secure))):
        for pod in manifests.pods():
            test = pod.get("restartPolicy") == "Never"
            assert test or pod["securityContext"]["runAsNonRoot"] is True
            assert test or ("runAsUser" in pod["securityContext"]) == (profile == "restricted")
            for container in pod["containers"] + pod.get("initContainers", []):
                context = container["securityContext"]
                assert context["allowPrivilegeEscalation"] is False
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert profile == "restricted" or "runAsUser" not in context


def test_cards_go_to_the_modules_that_are_named(helm: Helm) -> None:
    gpu = {"count": 2, "runtimeClassName": "nvidia", "modules": ["python", "nodemanager"]}
    manifests = helm.render(
        party(algorithm="NN", device="GPU", gpu=gpu, nodemanager={"resources": {"limits": {"nvidia.com/gpu": 1}}})
    )
    assert manifests.container("python")["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert manifests.container("nodemanager")["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert manifests.pod("python")["runtimeClassName"] == "nvidia" and "runtimeClassName" not in manifests.pod("osx")
    assert "limits" not in helm.render(party(gpu=gpu)).container("python")["resources"]


def test_pods_of_a_module_are_spread_but_never_kept_from_running(helm: Helm) -> None:
    manifests = helm.render(party())
    (spread,) = manifests.pod("nodemanager")["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert "topologySpreadConstraints" not in manifests.pod("osx")
    own = [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]
    manifests = helm.render(party(nodemanager={"topologySpreadConstraints": own}, pods={"nodeSelector": {"a": ""}}))
    assert manifests.pod("nodemanager")["topologySpreadConstraints"] == own
    assert all(item["spec"]["template"]["spec"]["nodeSelector"] == {"a": ""} for item in manifests.workloads())


def test_variable_of_ones_own_takes_the_place_of_the_charts(helm: Helm) -> None:
    env = helm.render(party(python={"extraEnv": [{"name": "LOG_LEVEL", "value": "5"}]})).container("python")["env"]
    assert [entry for entry in env if entry["name"] == "LOG_LEVEL"] == [{"name": "LOG_LEVEL", "value": "5"}]


def test_more_volumes_and_containers_are_added(helm: Helm) -> None:
    block = {
        "extraVolumes": [{"name": "v", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "v", "mountPath": "/v"}],
        "extraContainers": [{"name": "beside", "image": "i"}],
        "extraInitContainers": [{"name": "before", "image": "i"}],
    }
    pod = helm.render(party(python=block)).pod("python")
    assert [item["name"] for item in pod["containers"]] == ["fateflow", "beside"]
    assert [item["name"] for item in pod["initContainers"]] == ["ping-mysql", "before"]
    assert {"name": "v", "emptyDir": {}} in pod["volumes"]
    assert {"name": "v", "mountPath": "/v"} in pod["containers"][0]["volumeMounts"]


def test_deployments_with_data_get_a_claim_that_outlives_them(helm: Helm) -> None:
    manifests = helm.render(rabbitmq_party(persistence=True))
    claim = manifests.get("PersistentVolumeClaim", "rabbitmq-data")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert {"name": "rabbitmq-data", "persistentVolumeClaim": {"claimName": "rabbitmq-data"}} in manifests.pod(
        "rabbitmq"
    )["volumes"]
    # In stream mode, OSX has nothing to keep.
    assert helm.render(party(persistence=True)).names("PersistentVolumeClaim") == set()
    queue = helm.render(party(persistence=True, computing="Standalone", storage="Standalone"))
    assert queue.names("PersistentVolumeClaim") == {"osx-data"}


# ---- pages


def test_routes_take_the_place_of_ingresses_on_openshift(helm: Helm) -> None:
    manifests = helm.render(party(route={"enabled": True}))
    assert manifests.names("Ingress") == set() and manifests.names("Route") == {"fateboard", "client"}
    route = manifests.get("Route", "fateboard")["spec"]
    assert route["host"] == "party9999.fateboard.example.com" and route["to"]["name"] == "fateboard"
    assert route["tls"] == {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}
    values = helm.values_of([party()])[0]
    found = Manifests(helm.template(values, more=("--api-versions", "route.openshift.io/v1")))
    assert found.names("Route") == {"fateboard", "client"}
    kept = helm.values_of([party(route={"enabled": False})])[0]
    assert Manifests(helm.template(kept, more=("--api-versions", "route.openshift.io/v1"))).names("Route") == set()


def test_pages_without_a_password_are_shown_only_if_hosts_are_named(helm: Helm) -> None:
    assert helm.render(rabbitmq_party()).names("Ingress") == {"fateboard", "client", "rabbitmq"}
    hosts = {"hosts": [{"name": "spark.example.com"}]}
    assert "spark" in helm.render(rabbitmq_party(ingress={"spark": hosts})).names("Ingress")
    assert "pulsar" not in helm.render(pulsar_party()).names("Ingress")


# ---- facts


@pytest.mark.parametrize("version", ["2.0.0", "2.2.0"])
def test_every_image_has_a_source_or_is_no_default(version: str) -> None:
    facts = yaml.safe_load((CHART / "facts" / f"{version}.yaml").read_text(encoding="utf-8"))
    for name, fact in facts["images"].items():
        assert isinstance(fact["verified"], bool), name
        assert bool(fact["tag"]) == bool(fact["repository"]) == (fact["source"] != "none"), name
        assert fact["verified"] or not fact["tag"], f"{name}: a default that no source names"
    assert facts["suffixes"]["verified"] is True
