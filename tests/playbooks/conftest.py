"""Fixtures of the playbook tests."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.config import new_client_from_config
from support import Federation, forked_plays, required


@pytest.fixture(scope="session", autouse=True)
def plays_end() -> Iterator[None]:
    """What runs plays ends with the session."""
    yield
    if forked_plays.cache_info().currsize and (plays := forked_plays()):
        plays.stop()


@contextmanager
def made(folder: Path, helm: str) -> Iterator[Federation]:
    """An empty federation; whatever it made that costs or hinders others is deleted afterwards."""
    federation = Federation(
        folder, f"t{uuid.uuid4().hex[:6]}", Path(required("KUBEFATE_TEST_KUBECONFIG")), required(helm)
    )
    try:
        yield federation
    finally:
        clear(federation)


def clear(federation: Federation) -> None:
    """Delete what runs, what has ports or volumes, and what others could find.

    The namespaces stay with what lies in them, until the sandbox goes: for each that is deleted, controllers ask for
    all kinds of objects that there are, several times, which was a quarter of all requests of these tests.
    """
    with new_client_from_config(str(federation.kubeconfig)) as api:
        core, apps, batch = client.CoreV1Api(api), client.AppsV1Api(api), client.BatchV1Api(api)
        rights = client.RbacAuthorizationV1Api(api)
        # As JSON, since tests leave many namespaces: objects of 400 take 36 ms to make, their JSON 2 ms.
        spaces = json.loads(core.list_namespace(_preload_content=False).data)["items"]
        for name in [space["metadata"]["name"] for space in spaces if space["status"]["phase"] == "Active"]:
            if name.startswith(federation.prefix):
                for delete in (
                    apps.delete_collection_namespaced_deployment,
                    apps.delete_collection_namespaced_stateful_set,
                    batch.delete_collection_namespaced_job,
                    core.delete_collection_namespaced_persistent_volume_claim,
                    core.delete_collection_namespaced_secret,
                    core.delete_collection_namespaced_service,
                    rights.delete_collection_namespaced_role_binding,
                ):
                    delete(name, propagation_policy="Background")
                core.delete_collection_namespaced_pod(name, grace_period_seconds=0)


@pytest.fixture
def federation(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """An empty federation of this test alone."""
    with made(tmp_path, getattr(request, "param", "KUBEFATE_HELM3")) as found:
        yield found


@pytest.fixture
def two_parties(federation: Federation) -> Federation:
    federation.add("9999")
    federation.add("10000")
    return federation


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """An empty federation for the tests of a file."""
    with made(tmp_path_factory.mktemp("kept"), "KUBEFATE_HELM3") as found:
        yield found


@pytest.fixture
def living(kept: Federation) -> Federation:
    """Two parties that are deployed, which the tests of a file share: a run puts back what the test before changed."""
    return converged(kept, "9999", "10000")


@pytest.fixture
def living_party(kept: Federation) -> Federation:
    """The same with one party."""
    return converged(kept, "9999")


def converged(federation: Federation, *party_ids: str) -> Federation:
    for variables in (federation.hosts, federation.defaults, federation.extra):
        variables.clear()
    for party_id in party_ids:
        federation.add(party_id)
    assert federation.play("deploy_fate", fate_drift="repair").code == 0
    return federation
