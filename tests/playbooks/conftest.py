"""Fixtures of the playbook tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import Federation, forked_plays, required


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "smoke: also run on the oldest ansible-core")


@pytest.fixture(scope="session", autouse=True)
def plays_end() -> Iterator[None]:
    """What runs plays ends with the session."""
    yield
    if forked_plays.cache_info().currsize and (plays := forked_plays()):
        plays.stop()


@contextmanager
def made(folder: Path, helm: str) -> Iterator[Federation]:
    """An empty federation; whatever it made is deleted afterwards."""
    federation = Federation(
        folder, f"t{uuid.uuid4().hex[:6]}", Path(required("KUBEFATE_TEST_KUBECONFIG")), required(helm)
    )
    try:
        yield federation
    finally:
        spaces = federation.kubectl("get", "namespaces", "--output", "name").split()
        mine = [space for space in spaces if space.startswith(f"namespace/{federation.prefix}")]
        if mine:
            federation.kubectl("delete", "--wait=false", "--ignore-not-found", *mine)


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
