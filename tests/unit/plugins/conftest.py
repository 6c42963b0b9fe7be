# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures and settings of the tests of the plugins."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.examples import examples
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import RealRunner, real_helm

settings.register_profile(
    "kubefate",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=examples(30),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.register_profile("kubefate-long", settings.get_profile("kubefate"), derandomize=False)
settings.load_profile("kubefate-long" if os.environ.get("KUBEFATE_LONG") else "kubefate")


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def helm_and_runner(request: pytest.FixtureRequest) -> tuple[Helm, RealRunner]:
    """Each of the real helms with the calls that are made of it."""
    return real_helm(request.param)


@pytest.fixture(params=[pytest.param(3, marks=pytest.mark.long), 4], ids=["helm3", "helm4"])
def newest_helm(request: pytest.FixtureRequest) -> Helm:
    """For files that helm only packs or fetches; the playbook tests do that with Helm 3."""
    return real_helm(request.param)[0]


@pytest.fixture
def helm(helm_and_runner: tuple[Helm, RealRunner]) -> Helm:
    return helm_and_runner[0]


@pytest.fixture(autouse=True)
def _no_kubernetes_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reaches a Kubernetes or a proxy that the environment names."""
    for name in list(os.environ):
        if name.startswith(("K8S_AUTH_", "HELM_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBEFATE_PROGRESS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
