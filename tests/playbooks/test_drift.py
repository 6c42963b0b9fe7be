"""What somebody changes behind the collection's back: found, named with who did it, left alone or put back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Federation, Run, ansible_playbook, required, workload

HELMS = {"helm3": "KUBEFATE_HELM3", "helm4": "KUBEFATE_HELM4"}
IMAGE = "jsonpath={.spec.template.spec.containers[0].image}"


def engine(version: str, replicas: int = 2) -> dict[str, Any]:
    found = workload("engine", image=f"example.test/program:{version}")
    found["spec"]["replicas"] = replicas
    return found


def settings(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def result_of(run: Run) -> dict[str, Any]:
    return dict(run.of("Deploy objects")["localhost"])


def image(federation: Federation) -> str:
    return federation.in_objects("get", "deployment", "engine", "--output", IMAGE)


def plan(federation: Federation, *objects: dict[str, Any], **options: Any) -> dict[str, Any]:
    run = federation.play(federation.objects_playbook(*objects, **options), "--check", "--diff")
    assert run.code == 0, run.text
    return dict(result_of(run)["plan"])


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited"])
@pytest.mark.parametrize("upgraded", HELMS)
@pytest.mark.parametrize("born", HELMS)
def test_whichever_helm_made_it_and_whichever_goes_on(
    federation: Federation, born: str, upgraded: str, edited: bool
) -> None:
    federation.helm = required(HELMS[born])
    assert federation.deploy_objects(engine("1")).code == 0
    federation.helm = required(HELMS[upgraded])
    assert not plan(federation, engine("1"))["changed"], "the other helm sees nothing to change"
    if not edited:
        done = federation.deploy_objects(engine("2"))
        assert done.code == 0
        assert image(federation) == "example.test/program:2"
    else:
        federation.in_objects("set", "image", "deployment/engine", "main=example.test/program:edited")
        left = federation.deploy_objects(engine("1"))
        assert left.changed() == 0
        drift = result_of(left)["plan"]["drift"][0]["fields"][0]
        assert drift["before"] == "example.test/program:edited"
        assert drift["managers"] == ["kubectl-set"], "who did it"
        refused = federation.deploy_objects(engine("2"))
        if (born, upgraded) == ("helm4", "helm4"):
            assert refused.code != 0
            assert result_of(refused)["failure"]["phase"] == "plan", "before helm starts"
            assert "kubectl-set" in result_of(refused)["msg"]
            assert "drift: repair" in result_of(refused)["failure"]["hint"]
            assert image(federation) == "example.test/program:edited"
        else:
            assert refused.code == 0, "this helm overwrites what its chart changes"
        assert federation.deploy_objects(engine("2"), drift="repair").code == 0
        assert image(federation) == "example.test/program:2"
    for helm in HELMS.values():
        federation.helm = required(helm)
        assert not plan(federation, engine("2"), drift="repair")["changed"]


@pytest.mark.parametrize("federation", list(HELMS.values()), indirect=True, ids=list(HELMS))
def test_repair_puts_back_just_what_was_changed_and_restarts_nothing(federation: Federation) -> None:
    objects = [engine("1"), settings(a="1", b="2")]
    assert federation.deploy_objects(*objects).code == 0
    pods = federation.in_objects("get", "pods", "--output", "jsonpath={..metadata.uid}")
    patch = json.dumps({"data": {"a": "edited", "c": "added"}, "metadata": {"labels": {"mine": "yes"}}})
    federation.in_objects("patch", "configmap", "settings", "--type=merge", "--patch", patch)
    federation.in_objects("label", "deployment", "engine", "theirs=too")
    found = {
        field["path"]: field["after"] for change in plan(federation, *objects)["drift"] for field in change["fields"]
    }
    assert found["data.a"] == "1"
    assert "data.c" in found
    done = federation.deploy_objects(*objects, drift="repair")
    assert done.code == 0
    live = json.loads(federation.in_objects("get", "configmap", "settings", "--output", "json"))
    assert live["data"] == {"a": "1", "b": "2"}
    assert federation.in_objects("get", "pods", "--output", "jsonpath={..metadata.uid}") == pods
    labels = federation.in_objects("get", "deployment", "engine", "--output", "jsonpath={.metadata.labels.theirs}")
    assert labels == "too", "labels that others add are theirs"
    federation.in_objects("rollout", "restart", "deployment/engine")
    assert federation.deploy_objects(*objects, drift="repair").changed() == 0, "neither is a restart by hand undone"


def test_a_deleted_object_is_found_and_made_again_when_asked(federation: Federation) -> None:
    objects = [engine("1"), settings(a="1")]
    assert federation.deploy_objects(*objects).code == 0
    federation.in_objects("delete", "configmap", "settings")
    left = federation.deploy_objects(*objects)
    assert left.changed() == 0
    assert [change["action"] for change in result_of(left)["plan"]["drift"]] == ["create"]
    assert federation.deploy_objects(*objects, drift="repair").changed() == 1
    assert federation.in_objects("get", "configmap", "settings", "--output", "jsonpath={.data.a}") == "1"


def test_what_is_to_be_ignored_is_ignored_by_option_by_annotation_and_altogether(federation: Federation) -> None:
    objects = [engine("1"), settings(a="1", b="2")]
    assert federation.deploy_objects(*objects).code == 0
    patch = json.dumps({"data": {"a": "edited", "b": "edited"}})
    federation.in_objects("patch", "configmap", "settings", "--type=merge", "--patch", patch)
    rules = [{"kind": "ConfigMap", "name": "sett*", "pointers": ["/data/a"]}]
    ruled = plan(federation, *objects, ignore_differences=rules, drift="repair")
    assert [field["path"] for change in ruled["changes"] for field in change["fields"]] == ["data.b"]
    assert plan(federation, *objects, drift="ignore")["drift"] == []
    federation.in_objects("annotate", "configmap", "settings", "kubefate.federatedai.org/ignore-differences=/data")
    assert not plan(federation, *objects, drift="repair")["changed"]


def test_an_autoscaler_s_replicas_are_its_own_business(federation: Federation) -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "engine"},
        "spec": {
            "minReplicas": 1,
            "maxReplicas": 5,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "engine"},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                }
            ],
        },
    }
    assert federation.deploy_objects(engine("1"), scaler).code == 0
    federation.in_objects("scale", "deployment/engine", "--replicas=4")
    found = plan(federation, engine("1"), scaler, drift="repair")
    assert not found["changed"]
    assert found["drift"] == []


def test_the_plan_of_an_unchanged_cluster_is_empty_with_the_other_helm_and_the_other_ansible(
    federation: Federation,
) -> None:
    federation.add("9999")
    assert federation.play("deploy_fate").code == 0
    federation.helm = required("KUBEFATE_HELM4")
    argv = federation._argv("deploy_fate", ("--check", "--diff"), {}, named=True)
    run = ansible_playbook(argv, federation.folder, {}, required("KUBEFATE_OTHER_ANSIBLE_BIN"))
    assert run.code == 0
    assert run.changed() == 0
    planned = run.of("Plan all parties")["party-9999"]["parties"]["party-9999"]
    assert planned["plan"]["changes"] == planned["plan"]["drift"] == planned["plan"]["findings"] == []
    federation.extra["fate_party_id"] = "9999"
    forced = federation.play("deploy_fate", fate_drift="repair")
    assert forced.changed() == 0


def test_fields_that_a_stateful_set_cannot_change_are_refused_with_the_way_on(federation: Federation) -> None:
    def database(size: str) -> dict[str, Any]:
        found = workload("database", "StatefulSet")
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        found["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
        return found

    assert federation.deploy_objects(database("1Gi")).code == 0
    claims = federation.in_objects("get", "pvc", "--output", "jsonpath={..metadata.uid}")
    refused = federation.deploy_objects(database("2Gi"))
    assert refused.code != 0
    failure = result_of(refused)["failure"]
    assert failure["phase"] == "plan"
    assert "--cascade=orphan" in failure["hint"]
    secrets = federation.in_objects("get", "secrets", "--selector", "owner=helm", "--output", "name").split()
    assert len(secrets) == 1, "helm was not started"
    federation.in_objects("delete", "statefulset", "database", "--cascade=orphan")
    assert federation.deploy_objects(database("2Gi")).code == 0
    assert federation.in_objects("get", "pvc", "--output", "jsonpath={..metadata.uid}") == claims, "the data stays"


def volume(**annotations: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "data", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def claims(federation: Federation) -> str:
    return federation.in_objects("get", "pvc", "--output", "jsonpath={..metadata.uid}")


@pytest.mark.parametrize("federation", [HELMS["helm4"]], indirect=True, ids=["helm4"])
def test_a_volume_that_the_chart_makes_is_never_lost_silently(federation: Federation) -> None:
    assert federation.deploy_objects(engine("1"), volume()).code == 0
    data = claims(federation)
    planned = plan(federation, engine("1"))
    assert [(change["kind"], change["action"]) for change in planned["changes"]] == [("PersistentVolumeClaim", "kept")]
    assert federation.deploy_objects(engine("1")).code == 0
    assert claims(federation) == data, "an update that has no volume any more keeps it"
    assert federation.deploy_objects(engine("1"), volume()).code == 0, "and one that has it again takes it back"
    assert claims(federation) == data
    assert federation.deploy_objects(engine("1"), volume(), state="absent").code == 0
    assert claims(federation) == data, "so does a removal"
    assert federation.deploy_objects(engine("1"), volume()).code == 0
    assert claims(federation) == data
    purged = federation.deploy_objects(engine("1"), volume(), state="absent", purge_data=True)
    assert purged.code == 0
    assert claims(federation) == "", "until it is said that the data shall go"
