# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of a sandbox now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .client import ApiError, Client
from .components import ALL, ETCD, Component, Plant
from .objects import NODES, count_ready_nodes
from .processes import Records


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """`problem` is empty for a healthy component; `pid` is 0 for one that does not run."""

    name: str
    pid: int
    problem: str
    rss_bytes: int
    port: int
    log: str


@dataclass(frozen=True, slots=True)
class Status:
    """`state` is absent, stopped, degraded or running."""

    name: str
    state: str
    problem: str
    server: str
    kubeconfig: str
    folder: str
    components: tuple[ComponentStatus, ...]
    nodes_ready: int
    nodes: int
    tools: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def rss_bytes(self) -> int:
        return sum(component.rss_bytes for component in self.components)


def admin_client(plant: Plant, timeout: float = 5.0) -> Client:
    pki, port = plant.pki, plant.settings.ports["kube-apiserver"]
    return Client(port, pki.authority, pki.certificate("admin"), pki.key("admin"), timeout)


def find_problem(plant: Plant, component: Component, path: str = "") -> str:
    """What is wrong with a component that runs; empty if it answers `path`, or else its health path, with success."""
    pki, port = plant.pki, plant.settings.ports[component.listens[0]]
    if component is ETCD:
        client = Client(port, pki.etcd_authority, pki.certificate("etcd-client"), pki.key("etcd-client"))
    else:
        client = Client(port, pki.authority, pki.certificate("admin"), pki.key("admin"))
    try:
        client.request("GET", path or component.health_path)
    except ApiError as error:
        return _shorten(str(error))
    return ""


def _shorten(text: str) -> str:
    """One line. The API server lists all its checks; only those that failed (`[-]name failed: ...`) matter."""
    lines = text.splitlines()
    failed = [line.removeprefix("[-]").split(" failed")[0] for line in lines if line.startswith("[-]")]
    return f"not ready: {', '.join(failed)}" if failed else " ".join(lines)


def look(plant: Plant) -> Status:
    """Looks at all processes, asks each for its health and the API server for its nodes."""
    records = Records(plant.folder.records)
    components = tuple(_look_at(plant, component, records) for component in ALL)
    problems = [f"{component.name}: {component.problem}" for component in components if component.problem]
    ready = 0
    if not problems:
        try:
            ready = count_ready_nodes(admin_client(plant))
        except ApiError as error:
            problems.append(f"nodes: {error}")
        else:
            if ready < NODES:
                problems.append(f"nodes: {ready} of {NODES} are ready")
            elif not plant.settings.furnished:
                problems.append("`up` was interrupted before it was done")
    running = any(component.pid for component in components)
    return Status(
        name=plant.folder.name,
        state="running" if not problems else "degraded" if running else "stopped",
        problem="; ".join(problems) if running else "",
        server=plant.server,
        kubeconfig=str(plant.folder.kubeconfig),
        folder=str(plant.folder.root),
        components=components,
        nodes_ready=ready,
        nodes=NODES,
        tools={tool.name: str(plant.tools.folder / tool.path) for tool in plant.tools.tools},
    )


def _look_at(plant: Plant, component: Component, records: Records) -> ComponentStatus:
    process = records.read(component.name)
    return ComponentStatus(
        name=component.name,
        pid=process.pid if process else 0,
        problem=find_problem(plant, component) if process else "is not running",
        rss_bytes=process.rss_bytes() if process else 0,
        port=plant.settings.ports[component.listens[0]],
        log=str(plant.folder.log(component.name)),
    )
