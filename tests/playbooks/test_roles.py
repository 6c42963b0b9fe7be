"""With the kubeconfig of each role: what it may do works, and everything else the API server refuses."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support import required

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.grants import (
    Space,
    apply_grant,
    grant_changes,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.identity import identify, token_for
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.parts import parse
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.roles import UserRole
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.rules import cluster_rules
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.users import UserKind, deployer_grant
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.users import Users, Wish
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api, ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref

DEPLOYED = ("v1/ConfigMap", "v1/Service", "apps/v1/Deployment")
"""What the chart of these users has."""
READ, CHANGE = ("get", "list", "watch"), ("create", "patch", "update", "delete")
ALL = {*READ, *CHANGE}
VERBS = (*READ, *CHANGE, "deletecollection")

# Written down from what the roles are said to be for, not from the code: resource to verbs, in a party's namespace.
VIEWER: dict[str, set[str]] = {
    "configmaps": {*READ},
    "services": {*READ},
    "deployments.apps": {*READ},
    "replicasets.apps": {*READ},
    "pods": {*READ},
    "pods/log": {"get"},
    "events": {*READ},
    "persistentvolumeclaims": {*READ},
    "leases.coordination.k8s.io": {"get", "list"},
}
OPERATOR: dict[str, set[str]] = VIEWER | {
    "configmaps": {*ALL},
    "services": {*ALL},
    "deployments.apps": {*ALL},
    "secrets": {"get", "list", "create", "update", "patch", "delete"},
    "persistentvolumeclaims": {*READ, "patch"},
    "leases.coordination.k8s.io": {"get", "list", "create", "update", "delete"},
}
ADMIN: dict[str, set[str]] = OPERATOR | {
    "secrets": {*ALL},
    "persistentvolumeclaims": {*READ, "patch", "delete"},
    "serviceaccounts": {*ALL},
    "serviceaccounts/token": {"create"},
    "roles.rbac.authorization.k8s.io": {*ALL},
    "rolebindings.rbac.authorization.k8s.io": {*ALL},
}
PARTY = {UserRole.VIEWER: VIEWER, UserRole.OPERATOR: OPERATOR, UserRole.ADMIN: ADMIN}
STORE = {
    UserRole.VIEWER: {"configmaps": {*READ}},
    UserRole.OPERATOR: {"configmaps": {*READ, "create", "patch", "delete"}},
    UserRole.ADMIN: {"configmaps": {*ALL}},
}
NEVER = (
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "resourcequotas",
    "limitranges",
    "endpoints",
)
"""Resources of a namespace that the chart does not have, and that nobody needs for it."""
OUTSIDE = (
    "nodes",
    "namespaces",
    "persistentvolumes",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "storageclasses.storage.k8s.io",
)
RESOURCES = (*ADMIN, *NEVER)


@dataclass(slots=True)
class World:
    """Two parties, the store, and somebody else's namespace."""

    api: Api
    party: str
    other: str
    store: str
    foreign: str

    def user(
        self, role: UserRole, *, rotate: bool = False, name: str = "", kind: UserKind = UserKind.SERVICE_ACCOUNT
    ) -> dict[str, Any]:
        """The kubeconfig of a user of the first party."""
        parts = parse(self.api, DEPLOYED)
        wish = Wish(name or str(role), kind, role, [self.party], self.store, returned=True)
        made: dict[str, Any] = Users(self.api, wish.with_parts(parts, ()), False).present(rotate=rotate)["kubeconfig"]
        return made

    def revoke(self, name: str, role: UserRole) -> None:
        wish = Wish(name, UserKind.SERVICE_ACCOUNT, role, [self.party], self.store)
        assert Users(self.api, wish, False).absent()["changed"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    api = Api(resolve({"kubeconfig": required("KUBEFATE_TEST_KUBECONFIG")}))
    prefix = f"roles-{uuid.uuid4().hex[:6]}"
    made = World(api, f"{prefix}-a", f"{prefix}-b", f"{prefix}-store", f"{prefix}-foreign")
    parts = parse(api, DEPLOYED)
    for party in (made.party, made.other):
        apply_grant(api, grant_changes(deployer_grant("fate-deployer", party, made.store, parts), api.find))
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.foreign}})
    try:
        yield made
    finally:
        for space in (made.party, made.other, made.store, made.foreign):
            api.delete(Ref("v1", "Namespace", "", space))


def asked(api: Api, namespace: str, resource: str, verb: str) -> bool:
    """Whether the API server lets this user do it."""
    what, _dot, group = resource.partition(".")
    plural, _slash, sub = what.partition("/")
    attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": plural, "subresource": sub}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    answer = api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", None, body)
    return bool(answer["status"]["allowed"])


@pytest.mark.parametrize("role", PARTY)
def test_a_role_may_do_what_it_is_for_and_nothing_else_anywhere(world: World, role: UserRole) -> None:
    api = Api(resolve({"kubeconfig": world.user(role)}))
    party, store = PARTY[role], STORE[role]
    expected = {(world.party, what, verb): verb in party.get(what, ()) for what in RESOURCES for verb in VERBS}
    expected |= {(world.store, what, verb): verb in store.get(what, ()) for what in RESOURCES for verb in VERBS}
    elsewhere = itertools.product((world.other, world.foreign, "kube-system"), RESOURCES, ("get", "list", "create"))
    expected |= dict.fromkeys(elsewhere, False)
    expected |= dict.fromkeys(itertools.product([""], (*OUTSIDE, "secrets", "pods"), ("get", "list", "create")), False)
    if role is UserRole.ADMIN:
        # The account of an admin lives in the store namespace, its rights do not.
        assert not asked(api, world.store, "serviceaccounts/token", "create")
    questions = list(expected)
    answers: list[bool] = api.parallel(lambda question: asked(api, *question), questions)
    wrong = [
        f"{verb} {what} in {space or 'the whole Kubernetes'}: {'allowed' if allowed else 'refused'}"
        for (space, what, verb), allowed in zip(questions, answers, strict=True)
        if allowed is not expected[space, what, verb]
    ]
    assert wrong == []


def test_requests_themselves_are_served_or_refused_as_the_reviews_say(world: World) -> None:
    password = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pw"}, "stringData": {"password": "planted"}}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
    for space in (world.party, world.other, world.foreign):
        world.api.create(password, space)
        world.api.create(settings, space)
    for role in PARTY:
        api = Api(resolve({"kubeconfig": world.user(role)}))
        assert api.read(Ref("v1", "ConfigMap", world.party, "settings"))["data"] == {"a": "b"}
        tried = {
            "secret": lambda api=api: api.read(Ref("v1", "Secret", world.party, "pw")),
            "change": lambda api=api: api.patch(
                Ref("v1", "ConfigMap", world.party, "settings"), {"data": {"a": "b"}}, dry_run=True
            ),
            "account": lambda api=api: list(api.list_objects("v1", "ServiceAccount", world.party)),
            "other party": lambda api=api: api.read(Ref("v1", "ConfigMap", world.other, "settings")),
            "other secret": lambda api=api: api.read(Ref("v1", "Secret", world.other, "pw")),
            "foreign": lambda api=api: list(api.list_objects("v1", "Secret", world.foreign)),
            "all": lambda api=api: list(api.list_objects("v1", "Secret")),
        }
        done = set()
        for name, attempt in tried.items():
            try:
                attempt()
                done.add(name)
            except ApiError as error:
                assert (error.status, error.kind) == (403, Kind.FORBIDDEN), error.msg
                assert "planted" not in error.msg
        assert (
            done
            == {
                UserRole.VIEWER: set(),
                UserRole.OPERATOR: {"secret", "change"},
                UserRole.ADMIN: {"secret", "change", "account"},
            }[role]
        )


def ended(kubeconfig: dict[str, Any], seconds: float = 60) -> KubefateError:
    """What is said once a credential is taken no longer: the API server remembers a token for some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            Api(resolve({"kubeconfig": kubeconfig})).request("GET", "/api/v1/namespaces/default")
        except KubefateError as error:
            if error.kind is Kind.UNAUTHORIZED:
                return error
        time.sleep(0.3)
    raise AssertionError("the credential still works")


def test_a_credential_that_was_rotated_or_revoked_works_no_longer(world: World) -> None:
    rotated, revoked = (world.user(UserRole.OPERATOR, name=name) for name in ("joe", "ann"))
    for kubeconfig in (rotated, revoked):
        assert asked(Api(resolve({"kubeconfig": kubeconfig})), world.party, "configmaps", "create")
    fresh = world.user(UserRole.OPERATOR, name="joe", rotate=True)
    world.revoke("ann", UserRole.OPERATOR)
    for kubeconfig in (rotated, revoked):
        assert ended(kubeconfig).kind is Kind.UNAUTHORIZED
    assert asked(Api(resolve({"kubeconfig": fresh})), world.party, "configmaps", "create"), "the new one works"


def test_somebody_of_the_same_name_elsewhere_on_the_same_kubernetes_stays(world: World) -> None:
    mine = world.user(UserRole.OPERATOR, name="sam")
    wish = Wish("sam", UserKind.SERVICE_ACCOUNT, UserRole.OPERATOR, [world.other], world.store, returned=True)
    theirs = Users(world.api, wish.with_parts(parse(world.api, DEPLOYED), ()), False).present(rotate=False)
    world.revoke("sam", UserRole.OPERATOR)
    assert ended(mine).kind is Kind.UNAUTHORIZED
    assert asked(Api(resolve({"kubeconfig": theirs["kubeconfig"]})), world.other, "configmaps", "create")


def test_a_certificate_says_who_somebody_is_and_carries_rights_until_it_is_rotated(world: World) -> None:
    first = world.user(UserRole.VIEWER, name="kim", kind=UserKind.CERTIFICATE)
    old = Api(resolve({"kubeconfig": first}))
    assert asked(old, world.party, "pods", "list")
    assert not asked(old, world.party, "secrets", "list")
    assert not asked(old, world.other, "pods", "list")
    new = Api(resolve({"kubeconfig": world.user(UserRole.VIEWER, name="kim", kind=UserKind.CERTIFICATE, rotate=True)}))
    until = time.monotonic() + 60
    while asked(old, world.party, "pods", "list") and time.monotonic() < until:
        time.sleep(0.1)  # the API server learns of a changed binding a moment later
    assert not asked(old, world.party, "pods", "list"), "nobody can revoke it, but it may do nothing any more"
    assert (identify(old).name, identify(new).name) == ("kim", "kim")
    assert asked(new, world.party, "pods", "list")


def test_a_deployer_with_cluster_rights_sees_where_pods_could_run_and_its_namespace_gets_its_bounds(
    world: World,
) -> None:
    api, space = world.api, f"{world.party}-bounded"
    parts = parse(api, DEPLOYED)
    limits = [{"type": "Container", "max": {"memory": "8Gi"}, "default": {"cpu": "1"}}]
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    wanted = Space(space, True, labels, {"requests.cpu": "20", "pods": 30}, limits)
    account = f"deployer-{uuid.uuid4().hex[:6]}"
    grant = deployer_grant(account, space, space, parts, space=wanted, cluster=cluster_rules(parts))
    try:
        apply_grant(api, grant_changes(grant, api.find))
        assert grant_changes(grant, api.find) == [], "once it is granted there is nothing to do"
        hard = api.read(Ref("v1", "ResourceQuota", space, "fate"))["spec"]["hard"]
        assert hard == {"requests.cpu": "20", "pods": "30"}
        assert api.read(Ref("v1", "LimitRange", space, "fate"))["spec"]["limits"][0]["max"] == {"memory": "8Gi"}
        assert labels.items() <= api.read(Ref("v1", "Namespace", "", space))["metadata"]["labels"].items()
        acting = Api(api.connection.with_token(token_for(api, account, space), "the deployer"))
        outside = {what: {verb for verb in VERBS if asked(acting, "", what, verb)} for what in (*OUTSIDE, "secrets")}
        assert {what for what, verbs in outside.items() if verbs} == {"nodes", "storageclasses.storage.k8s.io"}
        assert outside["nodes"] == {"get", "list"}
        narrow = deployer_grant(account, space, space, parts, space=wanted)
        assert not any(obj["kind"].startswith("Cluster") for obj in narrow.objects())
    finally:
        for ref in (Ref.of(obj) for obj in grant.objects() if obj["kind"].startswith(("Cluster", "Namespace"))):
            api.delete(ref)
