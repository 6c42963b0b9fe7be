"""Fixtures of the playbook tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Federation, required


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "smoke: also run on the oldest ansible-core")


@pytest.fixture
def federation(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """An empty federation; whatever it made is deleted afterwards."""
    helm = getattr(request, "param", "KUBEFATE_HELM3")
    made = Federation(tmp_path, f"t{uuid.uuid4().hex[:6]}", Path(required("KUBEFATE_TEST_KUBECONFIG")), required(helm))
    try:
        yield made
    finally:
        spaces = made.kubectl("get", "namespaces", "--output", "name").split()
        mine = [space for space in spaces if space.startswith(f"namespace/{made.prefix}")]
        if mine:
            made.kubectl("delete", "--wait=false", *mine)


@pytest.fixture
def two_parties(federation: Federation) -> Federation:
    federation.add("9999")
    federation.add("10000")
    return federation
