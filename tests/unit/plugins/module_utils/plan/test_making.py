# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was gathered to a plan: every word that a plan knows, and what it is said of."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.secrets import SecretKey, SecretRequest
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.making import (
    Answer,
    Conflict,
    Gathered,
    contested,
    make,
    make_removal,
    questions,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.model import Action, Operation, Plan
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.normalise import with_marks
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.show import as_result, diff, sentences
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import PROOF_LABEL, Release, Status

Object = dict[str, Any]
REFUSED = "StatefulSet.apps is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas'"


def obj(kind: str, name: str = "engine", spec: Any = None, **more: Any) -> Object:
    """An object as helm sends it."""
    version = "apps/v1" if kind in ("Deployment", "StatefulSet") else "v1"
    made = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "ns"}, **more}
    return with_marks({**made, "spec": spec} if spec is not None else made, "r", "ns")


def deployment(image: str = "engine:1", replicas: int = 1, kind: str = "Deployment") -> Object:
    template = {"spec": {"containers": [{"name": "main", "image": image}]}}
    return obj(kind, spec={"replicas": replicas, "template": template})


def live(wanted: Object, **changed: Any) -> Object:
    """The same on the API server, with what that adds. changed: parts of the spec."""
    found = copy.deepcopy(wanted)
    found["metadata"].update(uid="u", resourceVersion="7", generation=1)
    if "spec" in found:
        found["spec"].update(changed)
    found["status"] = {"replicas": 1}
    return found


def edited_by(found: Object, manager: str, *path: str) -> Object:
    """The same with the mark that somebody owns a field of it."""
    owned: Any = {}
    for step in reversed(path):
        owned = {f"f:{step}": owned}
    found["metadata"]["managedFields"] = [{"manager": manager, "operation": "Update", "fieldsV1": owned}]
    return found


def release(
    status: str = "deployed", revision: int = 1, label: str = "", description: str = "Install complete"
) -> Release:
    packed = base64.b64encode(gzip.compress(json.dumps({"info": {"description": description}}).encode()))
    labels = {PROOF_LABEL: label} if label else {}
    payload = base64.b64encode(packed).decode()
    return Release("r", "ns", revision, Status(status), labels, "uid", payload)


def gathered(
    recorded: Object | None = None,
    desired: Object | None = None,
    there: Object | None = None,
    **more: Any,
) -> Gathered:
    """One object: what the release says, what is wanted (the same where it is proven), what is there."""

    def refs(item: Object | None) -> dict[Ref, Object]:
        return {Ref.of(item): item} if item else {}

    releases = more.pop("releases", (release(),) if recorded else ())
    found = Gathered("r", "ns", True, releases, refs(recorded), refs(desired) if desired else None, refs(there))
    return replace(found, **more)


def answered(found: Gathered, answer: Answer | None = None) -> Gathered:
    """The same with an API server that takes everything as it is wanted, or that answers so."""

    def reply(ref: Ref) -> Answer:
        if answer is not None:
            return answer
        merged = copy.deepcopy(dict(found.live.get(ref) or {}))
        return Answer({**merged, **copy.deepcopy(dict(found.wanted[ref]))})

    return replace(found, answers={ref: reply(ref) for ref in questions(found)})


def actions(plan: Plan) -> list[str]:
    return [str(change.action) for change in plan.changes]


# what is asked ----------------------------------------------------------------------------------------------------
def test_an_object_that_has_all_that_is_wanted_is_not_asked_about() -> None:
    wanted = deployment()
    there = live(wanted, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    assert questions(gathered(wanted, None, there)) == []
    assert questions(gathered(wanted, copy.deepcopy(wanted), there)) == []


def test_only_objects_that_differ_or_that_somebody_wrote_to_or_that_are_new_are_asked_about() -> None:
    wanted = deployment()
    ref = Ref.of(wanted)
    assert questions(gathered(wanted, None, live(wanted, replicas=3))) == [ref]
    assert questions(gathered(wanted, deployment("engine:2"), live(wanted))) == [ref]
    assert questions(gathered(wanted, None, edited_by(live(wanted), "kubectl-edit", "spec", "paused"))) == [ref]
    assert questions(gathered(None, wanted, None)) == [ref]
    assert questions(gathered(None, wanted, None, namespace_exists=False)) == []


@pytest.mark.parametrize("manager", ["helm", "kube-controller-manager", "my-operator-controller"])
def test_what_helm_and_controllers_wrote_is_no_reason_to_ask(manager: str) -> None:
    wanted = deployment()
    assert questions(gathered(wanted, None, edited_by(live(wanted), manager, "spec", "replicas"))) == []


# operations -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("found", "operation", "reason"),
    [
        ((), Operation.INSTALL, "there is no such release yet"),
        ((release("uninstalled", 2),), Operation.INSTALL, "revision 2 was uninstalled, and its record kept"),
        ((release("uninstalling", 2),), Operation.INSTALL, "its removal was interrupted (revision 2)"),
        (
            (release("failed", 3, description="hook failed"),),
            Operation.UPGRADE,
            "revision 3 is failed: hook failed",
        ),
        ((release("pending-upgrade", 2),), Operation.UPGRADE, "revision 2 is pending-upgrade"),
        ((release(),), Operation.NONE, "revision 1 has the same manifest"),
    ],
    ids=["nothing", "uninstalled", "uninstalling", "failed", "pending", "deployed"],
)
def test_the_state_of_the_release_says_what_is_to_be_done(found: Any, operation: Operation, reason: str) -> None:
    wanted = deployment()
    recorded = wanted if found else None
    plan = make(answered(gathered(recorded, copy.deepcopy(wanted), live(wanted), releases=found)))
    assert (plan.operation, plan.reason) == (operation, reason)


def test_a_release_that_is_proven_needs_no_rendering() -> None:
    plan = make(answered(gathered(deployment(), None, live(deployment()))))
    assert (plan.operation, plan.changed, plan.unchanged) == (Operation.NONE, False, 1)
    assert "made from this chart and these values" in plan.reason


def test_hooks_that_changed_are_a_reason_to_upgrade() -> None:
    wanted = deployment()
    plan = make(answered(gathered(wanted, copy.deepcopy(wanted), live(wanted), hooks_changed=True)))
    assert plan.operation is Operation.UPGRADE


# a release that somebody else changed -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("r2-digest", ""),
        ("", ""),
        ("r1-digest", "revision 2 was made without this collection (Rollback to 1)"),
    ],
    ids=["ours", "of a helm that knows nothing of us", "carried over from a revision before"],
)
def test_a_revision_that_somebody_else_made_is_named(label: str, said: str) -> None:
    there = (release(revision=2, label=label, description="Rollback to 1"),)
    same = make(answered(gathered(deployment(), deployment(), live(deployment()), releases=there)))
    assert same.operation is Operation.NONE
    other = make(answered(gathered(deployment(), deployment("engine:2"), live(deployment()), releases=there)))
    assert other.operation is Operation.UPGRADE
    for plan in (same, other):
        assert ("made without this collection" in plan.reason) == bool(said)
        assert said in plan.reason


def test_a_release_that_is_gone_is_named_by_what_is_known_of_it() -> None:
    past = "revision 2 is gone: it was uninstalled without this collection"
    assert make(gathered(None, deployment(), None, past=past)).reason == past


# objects ----------------------------------------------------------------------------------------------------------
def test_a_change_of_the_spec_is_shown_field_by_field_with_the_restart_and_its_reason() -> None:
    plan = make(answered(gathered(deployment(), deployment("engine:2", 3), live(deployment()))))
    shown = as_result(plan)
    fields = {item["path"]: (item["before"], item["after"], item["source"]) for item in shown["changes"][0]["fields"]}
    assert fields == {
        "spec.replicas": (1, 3, "spec"),
        "spec.template.spec.containers[name=main].image": ("engine:1", "engine:2", "spec"),
    }
    assert shown["changes"][0]["validated"] is True
    assert [(item["module"], item["pods"], item["reason"]) for item in shown["restarts"]] == [
        ("engine", 1, "image changed")
    ]


@pytest.mark.parametrize(
    ("pods", "said"),
    [
        (0, "restart Deployment/engine: 1 pods, image changed"),
        (2, "restart Deployment/engine: engine-0, engine-1, image changed"),
        (9, "engine-3, engine-4 and 4 more, image changed"),
    ],
)
def test_a_restart_names_its_pods(pods: int, said: str) -> None:
    labels = {"matchLabels": {"app": "engine"}}
    old, new = deployment(), deployment("engine:2")
    for each in (old, new):
        each["spec"]["selector"] = labels
    there = [obj("Pod", f"engine-{number}") for number in range(pods)] + [obj("Pod", "other-0")]
    for pod in there[:pods]:
        pod["metadata"]["labels"]["app"] = "engine"
    plan = make(answered(gathered(old, new, live(old), pods=there)))
    assert sentences(plan)[-1].endswith(said)
    assert as_result(plan)["restarts"][0]["names"] == [f"engine-{number}" for number in range(pods)]


def test_more_pods_are_no_restart() -> None:
    plan = make(answered(gathered(deployment(), deployment(replicas=3), live(deployment()))))
    assert actions(plan) == ["update"]
    assert plan.restarts == ()


def test_an_object_that_is_wanted_no_more_is_deleted_unless_it_says_that_it_stays() -> None:
    kept = obj("ConfigMap", "kept")
    kept["metadata"]["annotations"]["helm.sh/resource-policy"] = "keep"
    for old, action in ((obj("ConfigMap", "old"), "delete"), (kept, "kept"), (obj("PersistentVolumeClaim"), "kept")):
        found = gathered(old, deployment(), live(old))
        assert actions(make(answered(found))) == ["create", action]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"namespace_exists": False}, "unvalidated: its namespace does not exist yet"),
        (
            {"answers": {Ref.of(deployment()): Answer(None, permitted=False)}},
            "unvalidated: there is no right to dry-run",
        ),
    ],
    ids=["no namespace", "no right"],
)
def test_what_could_not_be_tried_on_the_api_server_says_so(changed: Mapping[str, Any], reason: str) -> None:
    plan = make(gathered(None, deployment(), None, **changed))
    change = next(change for change in plan.changes if change.ref.kind == "Deployment")
    assert (change.action, change.validated, change.reason) == (Action.CREATE, False, reason)
    assert any(reason in entry["after_header"] for entry in diff(plan))


def test_an_update_that_may_not_be_tried_is_planned_from_what_is_wanted() -> None:
    found = gathered(deployment(), deployment("engine:2"), live(deployment(), revisionHistoryLimit=10))
    plan = make(answered(found, Answer(None, permitted=False)))
    assert [item.path for item in plan.changes[0].fields] == ["spec.template.spec.containers[name=main].image"]
    assert (plan.changes[0].validated, plan.changes[0].reason) == (False, "unvalidated: there is no right to dry-run")


def test_what_the_api_server_refuses_is_an_error_and_for_a_stateful_set_says_the_way_on() -> None:
    old, new = deployment(kind="StatefulSet"), deployment("engine:2", kind="StatefulSet")
    plan = make(answered(gathered(old, new, live(old)), Answer(None, refused=REFUSED)))
    assert [finding.text for finding in plan.errors] == [f"The API server refuses StatefulSet/engine: {REFUSED}"]
    assert "--cascade=orphan" in plan.errors[0].hint


@pytest.mark.parametrize(
    ("owner", "said"), [("other", "belongs to release other"), ("", "was not made by this release")]
)
def test_an_object_of_somebody_else_is_never_taken(owner: str, said: str) -> None:
    theirs = live(deployment())
    theirs["metadata"]["annotations"] = {"meta.helm.sh/release-name": owner} if owner else {}
    plan = make(gathered(None, deployment(), theirs))
    assert len(plan.errors) == 1
    assert said in plan.errors[0].text


def test_what_is_known_only_afterwards_is_said() -> None:
    service = obj("Service", spec={"type": "LoadBalancer", "ports": [{"name": "http", "port": 80}]})
    request = SecretRequest("made", (SecretKey("password", None, 24, ""),))
    plan = make(answered(gathered(None, service, None, secrets=[(request, None)])))
    assert actions(plan) == ["generated", "create"]
    assert as_result(plan)["known_after_apply"] == [
        "Secret/made: the generated values",
        "Service/engine: the load balancer's address",
        "Service/engine: the node ports of http",
    ]


def test_a_secret_that_must_be_there_and_is_not_is_an_error() -> None:
    request = SecretRequest("theirs", (SecretKey("token", None, 0, ""),), made=False)
    plan = make(answered(gathered(None, deployment(), None, secrets=[(request, None)])))
    assert [finding.text for finding in plan.errors] == [
        "Secret/theirs does not exist, and the spec says that it is there."
    ]


# drift ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("drift", "operation", "changes", "left"),
    [
        ("ignore", Operation.NONE, [], []),
        ("report", Operation.NONE, [], ["update"]),
        ("repair", Operation.REPAIR, ["update"], []),
    ],
)
def test_a_field_that_somebody_changed(drift: str, operation: Operation, changes: list[str], left: list[str]) -> None:
    there = edited_by(live(deployment(), replicas=5), "kubectl-scale", "spec", "replicas")
    plan = make(answered(gathered(deployment(), None, there)), drift)
    assert (plan.operation, actions(plan), [str(item.action) for item in plan.drift]) == (operation, changes, left)
    for change in (*plan.changes, *plan.drift):
        (item,) = change.fields
        assert (item.path, item.before, item.after, item.by) == ("spec.replicas", 5, 1, ("kubectl-scale",))


@pytest.mark.parametrize("drift", ["report", "repair"])
def test_an_object_that_somebody_deleted(drift: str) -> None:
    plan = make(gathered(deployment(), None, None), drift)
    found = plan.changes if drift == "repair" else plan.drift
    assert [(change.action, change.reason) for change in found] == [(Action.CREATE, "somebody deleted it")]
    assert plan.changed == (drift == "repair")


def test_a_cluster_that_was_stopped_is_started_again_and_that_is_no_drift() -> None:
    stopped = replace(release(), labels={"kubefate.federatedai.org/stopped": "r1"})
    there = edited_by(live(deployment(), replicas=0), "kubectl-scale", "spec", "replicas")
    plan = make(answered(gathered(deployment(), None, there, releases=(stopped,))))
    assert (plan.operation, plan.reason, plan.drift) == (Operation.REPAIR, "the cluster was stopped", ())
    assert [item.path for item in plan.changes[0].fields] == ["spec.replicas"]


@pytest.mark.parametrize(("drift", "refused"), [("report", True), ("repair", False)])
def test_a_conflict_that_helm_would_meet_is_refused_before_unless_it_is_repaired(drift: str, refused: bool) -> None:
    there = edited_by(live(deployment()), "kubectl-set", "spec", "replicas")
    found = gathered(deployment(), deployment("engine:2"), there)
    ref = Ref.of(deployment())
    assert contested(found) == [ref]
    conflict = Conflict(".spec.replicas", 'conflict with "kubectl-set"')
    plan = make(replace(answered(found), conflicts={ref: (conflict,)}), drift)
    assert bool(plan.errors) is refused
    assert any("kubectl-set" in finding.text for finding in plan.findings)


# removal ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("purge", "action"), [(False, "kept"), (True, "delete")])
def test_a_removal_keeps_volumes_and_secrets_unless_they_are_to_be_purged(purge: bool, action: str) -> None:
    claim, request = obj("PersistentVolumeClaim", "data"), SecretRequest("made", ())
    found = gathered(deployment(), deployment(), live(deployment()), secrets=[(request, obj("Secret", "made"))])
    plan = make_removal(found, [claim], purge)
    shown = {change.ref.kind: str(change.action) for change in plan.changes}
    assert shown == {"Deployment": "delete", "PersistentVolumeClaim": action, "Secret": action}
    assert plan.operation is Operation.UNINSTALL


def test_a_removal_of_what_is_not_there_is_nothing() -> None:
    plan = make_removal(gathered(), [], False)
    assert (plan.operation, plan.changed) == (Operation.NONE, False)
