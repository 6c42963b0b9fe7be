# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions, storage, ports, security, quotas and the table."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.model import Check, Status, failed
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.network import (
    check_ingress,
    check_node_ports,
    port_range,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.podsecurity import (
    ENFORCE,
    check_pod_security,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.quotas import check_quota
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.report import table_lines
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.storage import check_storage
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.table import (
    check_rights,
    counts,
    examine,
    milder,
    rows,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.versions import check_apis, check_server
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.preflight.kit import (
    SPACE,
    container,
    named,
    party,
    said,
    server,
    workload,
)


# versions and clock --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "PASS Kubernetes v1.34.1"),
        ({"openshift": True}, "PASS Kubernetes v1.34.1, OpenShift"),
        ({"version": "v1.24.9"}, "FAIL Kubernetes v1.24.9 is too old."),
        ({"version": "v1.25.0+k3s1"}, "PASS Kubernetes v1.25.0+k3s1"),
        ({"version": ""}, "WARN not visible: the version of the Kubernetes"),
        ({"skew": 7.2}, "WARN the API server's clock is 7 s ahead"),
        ({"skew": -90.0}, "FAIL the API server's clock is 90 s behind: certificates"),
        ({"skew": None}, "WARN not visible: the API server does not say what time it is"),
    ],
)
def test_versions_and_the_clock_are_judged(facts: Any, expected: str) -> None:
    assert any(text.startswith(expected) for text in said(check_server(server(**facts))))


def test_an_api_version_that_is_gone_names_what_to_use_instead() -> None:
    old = named("CronJob", "daily", api_version="batch/v1beta1")
    (found,) = check_apis(server(), party(old))
    assert (found.status, found.text) == (Status.FAIL, "there is no batch/v1beta1 for CronJob/daily")
    assert found.hint == "It was removed in Kubernetes 1.25. Use a chart that has batch/v1."


def test_a_kind_that_nobody_has_installed_asks_for_its_definition() -> None:
    (found,) = check_apis(server(), party(named("Gateway", "x", api_version="networking.istio.io/v1")))
    assert "CustomResourceDefinition" in found.hint


def test_a_release_with_an_api_version_that_is_gone_cannot_be_updated() -> None:
    (found,) = check_apis(
        server(), party(workload(), recorded=[named("Ingress", "x", api_version="extensions/v1beta1")])
    )
    assert found.status is Status.FAIL
    assert "helm cannot update it" in found.text
    assert "mapkubeapis" in found.hint


def test_api_versions_that_may_not_be_read_are_a_warning() -> None:
    (found,) = check_apis(server(served=None), party(workload()))
    assert (found.status, found.text) == (Status.WARN, "not visible: the API versions that there are")


# storage -------------------------------------------------------------------------------------------------------------
def storage_class(name: str, provisioner: str = "example.test/disk", default: bool = False) -> dict[str, Any]:
    notes = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return named("StorageClass", name, metadata={"annotations": notes}, provisioner=provisioner)


def claim(storage: str | None = None, mode: str = "ReadWriteOnce") -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}}
    return named(
        "PersistentVolumeClaim", "data", spec=spec if storage is None else {**spec, "storageClassName": storage}
    )


@pytest.mark.parametrize(
    ("wanted", "classes", "expected"),
    [
        (claim(), [storage_class("fast", default=True)], "PASS 1 volumes of storage class fast"),
        (
            claim(),
            [storage_class("fast")],
            "FAIL PersistentVolumeClaim/data asks for a volume of the default storage class",
        ),
        (claim("fast"), [storage_class("fast")], "PASS 1 volumes of storage class fast"),
        (
            claim("slow"),
            [storage_class("fast")],
            "FAIL PersistentVolumeClaim/data asks for storage class slow, which does",
        ),
        (claim(""), [], "WARN PersistentVolumeClaim/data asks for a volume that somebody made beforehand"),
        (
            claim("fast", "ReadWriteMany"),
            [storage_class("fast", "ebs.csi.aws.com")],
            "FAIL PersistentVolumeClaim/data asks for ReadWriteMany",
        ),
        (
            claim("fast", "ReadWriteMany"),
            [storage_class("fast")],
            "WARN PersistentVolumeClaim/data asks for ReadWriteMany; whether",
        ),
        (claim(), None, "WARN not visible: the storage classes that there are"),
    ],
)
def test_each_volume_wants_a_class_that_can_make_it(wanted: Any, classes: Any, expected: str) -> None:
    (found,) = said(check_storage(server(classes=classes), party(wanted)))
    assert found.startswith(expected)


def test_volumes_that_are_there_need_no_class() -> None:
    assert said(check_storage(server(), party(claim("gone"), live=[claim("gone")]))) == [
        "PASS no volume has to be made"
    ]


def test_templates_of_a_stateful_set_are_volumes_too() -> None:
    stateful = workload("mysql", "StatefulSet")
    stateful["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"storageClassName": "slow"}}]
    (found,) = check_storage(server(classes=[storage_class("fast")]), party(stateful))
    assert found.about == "StatefulSet/mysql (data)"
    assert "there are: fast" in found.hint


def test_a_claim_that_pods_name_has_to_be_there() -> None:
    using = workload(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "theirs"}}])
    texts = said(check_storage(server(), party(using)))
    assert texts[0] == "FAIL Deployment/python uses the PersistentVolumeClaim theirs, which does not exist"
    texts = said(check_storage(server(), party(using, claims_visible=False)))
    assert texts[0] == "WARN not visible: whether the PersistentVolumeClaim theirs exists"
    there = {**claim(), "metadata": {"name": "theirs", "namespace": SPACE}}
    assert said(check_storage(server(), party(using, live=[there]))) == ["PASS no volume has to be made"]


# ingress and ports ---------------------------------------------------------------------------------------------------
def ingress(wanted: str = "") -> dict[str, Any]:
    return named("Ingress", "fateboard", spec={"ingressClassName": wanted} if wanted else {})


@pytest.mark.parametrize(
    ("wanted", "classes", "expected"),
    [
        ("nginx", [named("IngressClass", "nginx")], "PASS 1 Ingress objects of class nginx"),
        ("nginx", [named("IngressClass", "traefik")], "WARN there is no ingress class nginx"),
        ("", [named("IngressClass", "nginx")], "WARN there is no default ingress class"),
        ("nginx", None, "WARN not visible: the ingress classes that there are"),
    ],
)
def test_an_ingress_wants_a_class_that_is_there(wanted: str, classes: Any, expected: str) -> None:
    assert said(check_ingress(server(ingress_classes=classes), party(ingress(wanted)))) == [expected]


def test_a_default_ingress_class_serves_those_that_name_none() -> None:
    notes = {"ingressclass.kubernetes.io/is-default-class": "true"}
    classes = [named("IngressClass", "nginx", metadata={"annotations": notes})]
    (found,) = check_ingress(server(ingress_classes=classes), party(ingress()))
    assert found.status is Status.PASS


def service(port: int, name: str = "osx", namespace: str = SPACE) -> dict[str, Any]:
    spec = {"type": "NodePort", "ports": [{"port": 9370, "nodePort": port}]}
    return named("Service", name, metadata={"namespace": namespace}, spec=spec)


@pytest.mark.parametrize(
    ("port", "facts", "expected"),
    [
        (30091, {}, "PASS 30091 can be had"),
        (30091, {"services": [service(30091)]}, "PASS 30091 can be had"),
        (
            30091,
            {"services": [service(30091, "x", "other")]},
            "FAIL node port 30091 of Service/osx is taken by Service x in namespace other",
        ),
        (40000, {}, "FAIL node port 40000 of Service/osx lies outside of 30000-32767"),
        (40000, {"port_range": (20000, 40000)}, "PASS 40000 can be had"),
        (30091, {"services": None}, "WARN not visible: whether node port 30091 of Service/osx is free"),
    ],
)
def test_a_node_port_has_to_be_free_and_in_the_range(port: int, facts: Any, expected: str) -> None:
    assert said(check_node_ports(server(**facts), party(service(port)))) == [expected]


@pytest.mark.parametrize("text", ["", "30000", "2-1", "1-70000", "a-b"])
def test_a_range_of_ports_is_two_numbers(text: str) -> None:
    with pytest.raises(KubefateError, match="is no range of ports"):
        port_range(text)
    assert port_range("1 - 2") == (1, 2)


# pod security --------------------------------------------------------------------------------------------------------
def test_what_a_namespace_enforces_is_held_against_each_pod() -> None:
    rooted = workload("root", containers=[container(securityContext={"privileged": True})])
    (found,) = check_pod_security(party(workload(), rooted, labels={ENFORCE: "baseline"}))
    assert (
        found.text == f"Deployment/root is not baseline, which namespace {SPACE} enforces: container main is privileged"
    )
    assert f"{ENFORCE}: privileged" in found.hint


def test_labels_that_the_namespace_has_count_where_none_are_asked_for() -> None:
    space = named("Namespace", SPACE, metadata={"labels": {ENFORCE: "restricted"}})
    (found,) = check_pod_security(party(workload(), namespace_object=space))
    assert found.status is Status.FAIL
    assert "does not set runAsNonRoot: true" in found.text


def test_without_a_level_the_highest_that_is_fulfilled_is_told() -> None:
    assert said(check_pod_security(party(workload()))) == [
        "PASS the pods fulfil baseline; the namespace asks for nothing"
    ]
    (found,) = check_pod_security(party(workload(), namespace_visible=False))
    assert (found.status, found.text) == (Status.WARN, f"not visible: the level of namespace {SPACE}")


# quotas --------------------------------------------------------------------------------------------------------------
def quota(hard: dict[str, Any], used: dict[str, Any] | None = None) -> dict[str, Any]:
    return named("ResourceQuota", "team", spec={"hard": hard}, status={"hard": hard, "used": used or {}})


@pytest.mark.parametrize(
    ("hard", "used", "expected"),
    [
        ({"requests.cpu": "4"}, {}, "PASS 1 quotas and 0 limits leave enough"),
        ({"cpu": "1"}, {}, "FAIL ResourceQuota team allows requests.cpu 1, and 2 would be used; 1 are missing"),
        (
            {"requests.memory": "3Gi"},
            {"requests.memory": "2Gi"},
            "FAIL ResourceQuota team allows requests.memory 3.0 GiB, and 4.0 GiB would be used; 1.0 GiB are missing",
        ),
        ({"pods": "1"}, {}, "FAIL ResourceQuota team allows pods 1, and 2 would be used; 1 are missing"),
        (
            {"count/deployments.apps": "0"},
            {},
            "FAIL ResourceQuota team allows count/deployments.apps 0, and 1 would be used",
        ),
        (
            {"limits.cpu": "4"},
            {},
            "FAIL Deployment/python says nothing about limits.cpu, and ResourceQuota team wants that",
        ),
        ({"services.nodeports": "0"}, {}, "PASS 1 quotas and 0 limits leave enough"),
    ],
)
def test_a_quota_has_to_leave_enough(hard: Any, used: Any, expected: str) -> None:
    (found,) = said(check_quota(party(workload(replicas=2), live=[quota(hard, used)])))
    assert found.startswith(expected)


def test_what_the_party_uses_already_is_not_counted_twice() -> None:
    running = named(
        "Pod", "python-1", metadata={"labels": {"app": "python"}}, spec={"containers": [container("1", "1Gi")]}
    )
    there = [quota({"requests.cpu": "1", "pods": "1"}, {"requests.cpu": "1", "pods": "1"}), running]
    (found,) = check_quota(party(workload(), recorded=[workload()], live=there))
    assert found.status is Status.PASS


def test_a_quota_that_is_going_to_be_made_counts() -> None:
    (found,) = check_quota(party(workload(), quota={"requests.cpu": 0.5}, quotas_visible=False))
    assert found.text == "ResourceQuota fate allows requests.cpu 0.5, and 1 would be used; 0.5 are missing"


def test_a_limit_range_with_defaults_speaks_for_pods_that_say_nothing() -> None:
    defaults = named("LimitRange", "team", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]})
    (found,) = check_quota(party(workload(), live=[quota({"limits.cpu": "4"}), defaults]))
    assert found.status is Status.PASS


def test_a_limit_range_has_bounds() -> None:
    entry = {"type": "Container", "max": {"cpu": "500m"}, "min": {"memory": "2Gi"}}
    wide = workload(containers=[container("1", "1Gi", resources={"limits": {"cpu": "1", "memory": "1Gi"}})])
    texts = said(check_quota(party(wide, limits=[entry])))
    assert texts == [
        "FAIL container main of Deployment/python has a limit of 1 cpu; the LimitRange allows 0.5",
        "FAIL container main of Deployment/python asks for 1.0 GiB memory; the LimitRange wants 2.0 GiB",
    ]


def test_volumes_count_against_a_quota_by_number_and_size() -> None:
    stateful = workload("mysql", "StatefulSet", 2)
    asked = {"resources": {"requests": {"storage": "10Gi"}}}
    stateful["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": asked}]
    texts = said(
        check_quota(party(stateful, live=[quota({"requests.storage": "15Gi", "persistentvolumeclaims": "1"})]))
    )
    assert [text.partition(",")[0] for text in texts] == [
        "FAIL ResourceQuota team allows requests.storage 15.0 GiB",
        "FAIL ResourceQuota team allows persistentvolumeclaims 1",
    ]


def test_quotas_that_may_not_be_read_are_a_warning() -> None:
    (found,) = check_quota(party(workload(), quotas_visible=False))
    assert (found.status, found.text) == (Status.WARN, f"not visible: quotas of namespace {SPACE}")


# the table -----------------------------------------------------------------------------------------------------------
def test_rights_are_named_one_by_one_and_the_rest_together() -> None:
    missing = [(f"create things{number} in namespace x", "why") for number in range(6)]
    texts = said(check_rights(party(missing=missing)))
    assert texts[0] == "FAIL no right to create things0 in namespace x (why)"
    assert texts[-1].startswith("FAIL 2 more rights are missing: create things4")
    (pending,) = check_rights(party(ungranted=missing))
    assert pending.status is Status.WARN
    assert "for an administrator to apply" in pending.hint


def test_the_table_has_every_check_once_for_each_party_worst_first() -> None:
    found = examine(server(version="v1.20.0"), [party(workload(), ingress("nginx"))])["bank"]
    assert {finding.check for finding in found} == set(Check) - {Check.PLAN}
    assert [finding.status for finding in found][:2] == [Status.FAIL, Status.WARN]
    table = rows({"bank": found}, {"bank": "https://bank"})
    assert table[0] == {
        "host": "bank",
        "kubernetes": "https://bank",
        "check": "kubernetes",
        "status": "FAIL",
        "about": "",
        "text": "Kubernetes v1.20.0 is too old.",
        "hint": "Use Kubernetes 1.25 or newer.",
    }
    assert counts(table) == {"pass": len(found) - 2, "warn": 1, "fail": 1}


def test_checks_that_are_to_be_ignored_warn_at_most() -> None:
    found = [failed(Check.CAPACITY, "a", "b"), failed(Check.QUOTA, "c", "d")]
    assert [finding.status for finding in milder(found, ["capacity"])] == [Status.WARN, Status.FAIL]


def test_a_person_reads_what_several_parties_have_in_common_once() -> None:
    row = {"kubernetes": "", "check": "helm", "status": "PASS", "about": "", "text": "helm 4.0", "hint": ""}
    bad = {**row, "check": "quota", "status": "FAIL", "text": "too much", "hint": "less", "host": "c"}
    looked = {
        "checks": [{**row, "host": host} for host in "abcdefg"] + [bad],
        "counts": {"pass": 7, "warn": 0, "fail": 1},
    }
    assert table_lines(looked) == [
        "FAIL quota         c: too much",
        "                   -> less",
        "PASS helm          helm 4.0: a, b, c, d and 3 more",
        "7 PASS, 0 WARN, 1 FAIL",
    ]
    assert table_lines(looked, only_findings=True)[-2:] == ["                   -> less", "7 PASS, 0 WARN, 1 FAIL"]
