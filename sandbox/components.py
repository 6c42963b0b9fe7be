# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the control plane: their command lines, their configuration files and where they say how they are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .kubeconfig import write_kubeconfig
from .layout import ClusterFolder, write_private
from .pki import Pki
from .settings import Settings
from .stagefiles import write_stages
from .tools import Toolbox

SERVICE_RANGE = "10.96.0.0/16"
# An address for documentation (RFC 5737). It is never used, but without one the API server looks for a network
# interface other than loopback, and refuses to start on a machine that has none.
ADVERTISED = "192.0.2.1"

PORTS = ("kube-apiserver", "etcd", "etcd-peer", "kube-controller-manager", "kube-scheduler", "kwok")


@dataclass(frozen=True, slots=True)
class Plant:
    """All that a component needs to know of its sandbox."""

    folder: ClusterFolder
    settings: Settings
    pki: Pki
    tools: Toolbox

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.settings.ports['kube-apiserver']}"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a component (not the user's)."""
        return self.folder.config / f"{user}.kubeconfig"


@dataclass(frozen=True, slots=True)
class Component:
    """A program of the control plane. `listens` names its ports, the first being the one that tells its health."""

    name: str
    listens: tuple[str, ...]
    health_path: str
    arguments: Callable[[Plant], list[str]]
    prepare: Callable[[Plant], None]
    memory_mib: int

    def environ(self, plant: Plant) -> dict[str, str]:
        """A small environment of its own: no proxy, no locale, nothing of the calling shell."""
        return {
            "HOME": str(plant.folder.root),
            "PATH": os.defpath,
            # kwok writes local times into the API, where they must be UTC.
            "TZ": "UTC",
            # A soft limit: the garbage collector works harder near it. With 100 parties all stay well below.
            "GOMEMLIMIT": f"{self.memory_mib}MiB",
        }

    def command(self, plant: Plant) -> list[str]:
        return [str(plant.tools.path(self.name)), *self.arguments(plant)]


def _etcd(plant: Plant) -> list[str]:
    client = f"https://127.0.0.1:{plant.settings.ports['etcd']}"
    peer = f"https://127.0.0.1:{plant.settings.ports['etcd-peer']}"
    certificate, key = plant.pki.certificate("etcd"), plant.pki.key("etcd")
    return [
        "--name=sandbox",
        f"--data-dir={plant.folder.etcd_data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=sandbox={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={plant.pki.etcd_authority}",
        f"--cert-file={certificate}",
        f"--key-file={key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={plant.pki.etcd_authority}",
        f"--peer-cert-file={certificate}",
        f"--peer-key-file={key}",
        # A killed process loses nothing by it, only a crashed machine does; a sandbox is not kept for that.
        "--unsafe-no-fsync",
        "--snapshot-count=5000",
        "--log-level=warn",
    ]


def _api_server(plant: Plant) -> list[str]:
    pki = plant.pki
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={plant.settings.ports['kube-apiserver']}",
        f"--advertise-address={ADVERTISED}",
        # The Service `kubernetes` would have a loopback address as endpoint, which the API does not allow.
        "--endpoint-reconciler-type=none",
        f"--etcd-servers=https://127.0.0.1:{plant.settings.ports['etcd']}",
        f"--etcd-cafile={pki.etcd_authority}",
        f"--etcd-certfile={pki.certificate('etcd-client')}",
        f"--etcd-keyfile={pki.key('etcd-client')}",
        f"--tls-cert-file={pki.certificate('kube-apiserver')}",
        f"--tls-private-key-file={pki.key('kube-apiserver')}",
        f"--client-ca-file={pki.authority}",
        f"--authentication-config={plant.folder.config / 'authentication.json'}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.service_account_public_key}",
        f"--service-account-signing-key-file={pki.service_account_key}",
        # Logs are fetched from kwok under the one address that all nodes share.
        "--kubelet-preferred-address-types=InternalDNS",
        f"--kubelet-certificate-authority={pki.authority}",
        f"--kubelet-client-certificate={pki.certificate('kubelet-client')}",
        f"--kubelet-client-key={pki.key('kubelet-client')}",
        "--profiling=false",
    ]


def _controller_manager(plant: Plant) -> list[str]:
    pki = plant.pki
    return [
        f"--kubeconfig={plant.kubeconfig('kube-controller-manager')}",
        *_serving(plant, "kube-controller-manager"),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.authority}",
        f"--cluster-signing-cert-file={pki.authority}",
        f"--cluster-signing-key-file={pki.authority_key}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--leader-elect=false",
        "--profiling=false",
        # With the default of 20 requests a second, 100 parties would wait for the controllers, not for the API server.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--concurrent-deployment-syncs=10",
        "--concurrent-replicaset-syncs=10",
        "--concurrent-statefulset-syncs=10",
    ]


def _scheduler(plant: Plant) -> list[str]:
    return [f"--config={plant.folder.config / 'scheduler.json'}", *_serving(plant, "kube-scheduler")]


def _kwok(plant: Plant) -> list[str]:
    return [
        f"--kubeconfig={plant.kubeconfig('kwok')}",
        f"--config={plant.folder.config / 'kwok.json'}",
        *(f"--config={path}" for path in sorted(plant.folder.stages.glob("*.yaml"))),
        "--manage-all-nodes=true",
        # With leases a restarted kwok would leave the nodes alone until the leases of its predecessor end, 40 s later.
        "--node-lease-duration-seconds=0",
        f"--server-address=127.0.0.1:{plant.settings.ports['kwok']}",
        f"--tls-cert-file={plant.pki.certificate('kwok')}",
        f"--tls-private-key-file={plant.pki.key('kwok')}",
        "--v=WARN",
    ]


def _serving(plant: Plant, name: str) -> list[str]:
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={plant.settings.ports[name]}",
        f"--tls-cert-file={plant.pki.certificate(name)}",
        f"--tls-private-key-file={plant.pki.key(name)}",
    ]


def _prepare_etcd(plant: Plant) -> None:
    # etcd insists on a data folder that only its owner can enter.
    plant.folder.etcd_data.mkdir(mode=0o700, exist_ok=True)


def _prepare_api_server(plant: Plant) -> None:
    content = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": f"/{name}"} for name in ("livez", "readyz", "healthz")]},
    }
    write_private(plant.folder.config / "authentication.json", json.dumps(content))


def _prepare_controller_manager(plant: Plant) -> None:
    _write_component_kubeconfig(plant, "kube-controller-manager")


def _prepare_scheduler(plant: Plant) -> None:
    _write_component_kubeconfig(plant, "kube-scheduler")
    content = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(plant.kubeconfig("kube-scheduler")), "qps": 500, "burst": 1000},
        "leaderElection": {"leaderElect": False},
        "enableProfiling": False,
    }
    write_private(plant.folder.config / "scheduler.json", json.dumps(content))


def _prepare_kwok(plant: Plant) -> None:
    _write_component_kubeconfig(plant, "kwok")
    write_stages(plant.folder.stages)
    # The format in which a container runtime writes logs.
    log = plant.folder.config / "container.log"
    write_private(
        log, "2024-01-01T00:00:00Z stdout F This pod is simulated: no container runs in it, so it has no log.\n"
    )
    options = {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        # kwok fills in no defaults once it is given a configuration.
        "options": {
            "cidr": "10.64.224.0/19",
            "enableDebuggingHandlers": True,
            "enablePodsOnNodeSyncListPager": True,
            "enablePodsOnNodeSyncStreamWatch": False,
            "nodeLeaseParallelism": 1,
            "nodePlayStageParallelism": 4,
            "podPlayStageParallelism": 16,
            "podsOnNodeSyncParallelism": 4,
        },
    }
    logs = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "simulated"},
        "spec": {"logs": [{"logsFile": str(log), "previousLogsFile": str(log)}]},
    }
    write_private(plant.folder.config / "kwok.json", f"{json.dumps(options)}\n---\n{json.dumps(logs)}\n")


def _write_component_kubeconfig(plant: Plant, name: str) -> None:
    pki = plant.pki
    path = plant.kubeconfig(name)
    write_kubeconfig(path, "sandbox", plant.server, pki.authority, pki.certificate(name), pki.key(name))


# In the order in which they start; they stop in the opposite order.
ETCD = Component("etcd", ("etcd", "etcd-peer"), "/readyz", _etcd, _prepare_etcd, 160)
API_SERVER = Component("kube-apiserver", ("kube-apiserver",), "/readyz", _api_server, _prepare_api_server, 1024)
CONTROLLER_MANAGER = Component(
    "kube-controller-manager",
    ("kube-controller-manager",),
    "/healthz",
    _controller_manager,
    _prepare_controller_manager,
    384,
)
SCHEDULER = Component("kube-scheduler", ("kube-scheduler",), "/readyz", _scheduler, _prepare_scheduler, 256)
KWOK = Component("kwok", ("kwok",), "/healthz", _kwok, _prepare_kwok, 256)

ALL = (ETCD, API_SERVER, KWOK, CONTROLLER_MANAGER, SCHEDULER)
