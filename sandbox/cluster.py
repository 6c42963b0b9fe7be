# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a sandbox up, whatever state it is in, and takes it down."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from . import components, ports, processes
from .builder import ensure_built
from .client import ApiError
from .components import Component, Plant
from .errors import SandboxError
from .kubeconfig import write_kubeconfig
from .layout import ClusterFolder, Home
from .lock import locked
from .objects import NODES, count_ready_nodes, end_trial, furnish, policy_in_force
from .pki import Pki, ensure_pki
from .processes import Process, Records
from .progress import Reporter
from .settings import Settings, load_settings
from .status import Status, admin_client, find_problem, look
from .tools import Toolbox, toolbox

START_SECONDS = 120.0
# How long a process that runs already may stay unhealthy before it is started again.
PATIENCE_SECONDS = 10.0
STOP_SECONDS = 10.0
# How often a process is started before its end counts as a failure.
STARTS = 3
LOG_LINES = 15


def up(home: Home, name: str, port: int | None, reporter: Reporter) -> tuple[Status, bool]:
    """Makes the sandbox run; returns its status and whether anything had to be done.

    Builds the tools if needed. Raises SandboxError, and then leaves no process running, only the logs.
    """
    folder = home.cluster(name)
    box = ensure_built(home, reporter)
    with locked(home.locks / f"{name}.lock", f"the sandbox {name!r}", reporter):
        plant = _lay_out(home, folder, box, port)
        control = ControlPlane(plant, reporter)
        if plant.settings.tools == box.digest:
            status = look(plant)
            if status.state == "running":
                return status, False
        control.check_ports()
        try:
            control.bring_up()
        except BaseException:
            control.stop()
            raise
        return look(control.plant), True


def down(home: Home, name: str, reporter: Reporter) -> bool:
    """Stops the sandbox and removes its folder; returns whether there was one. Raises SandboxError if a part stays."""
    folder = home.cluster(name)
    if not folder.root.exists():
        return False
    with locked(home.locks / f"{name}.lock", f"the sandbox {name!r}", reporter):
        left = stop_all(folder)
        if left:
            pids = ", ".join(str(process.pid) for process in left)
            raise SandboxError(f"these processes of the sandbox {name!r} cannot be stopped: {pids}", "See `ps`.")
        shutil.rmtree(folder.root, ignore_errors=True)
        if folder.root.exists():
            raise SandboxError(f"{folder.root} could not be removed entirely", "Check its permissions, then try again.")
    return True


def find(home: Home, name: str) -> Status | None:
    """The status of a sandbox; None if there is none of that name."""
    folder = home.cluster(name)
    settings = load_settings(folder)
    if settings is None:
        return None
    return look(Plant(folder, settings, Pki(folder.pki), toolbox(home)))


def _lay_out(home: Home, folder: ClusterFolder, box: Toolbox, port: int | None) -> Plant:
    """The folder, ports, certificates and kubeconfig, made where they are missing."""
    settings = load_settings(folder)
    if settings is None:
        settings = Settings(_choose_ports(home, port), box.digest)
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.save(folder)
    elif port not in (None, settings.ports["kube-apiserver"]):
        raise SandboxError(
            f"the sandbox {folder.name!r} has port {settings.ports['kube-apiserver']}, not {port}",
            f"Leave --port out, or remove the sandbox first with `down --name {folder.name}`.",
        )
    for needed in (folder.config, folder.logs, folder.records):
        needed.mkdir(exist_ok=True)
    plant = Plant(folder, settings, ensure_pki(folder.pki), box)
    if not folder.kubeconfig.exists():
        pki, context = plant.pki, f"kubefate-sandbox-{folder.name}"
        certificate, key = pki.certificate("admin"), pki.key("admin")
        write_kubeconfig(folder.kubeconfig, context, plant.server, pki.authority, certificate, key)
    return plant


def _choose_ports(home: Home, port: int | None) -> dict[str, int]:
    # Those of a sandbox that is down at the moment look free.
    taken = {port} if port else set()
    for name in home.cluster_names():
        with suppress(SandboxError):
            other = load_settings(home.cluster(name))
            taken |= set(other.ports.values()) if other else set()
    if port:
        ports.require_free(port, "chosen with --port", "Choose another port, or leave --port out.")
    names = [name for name in components.PORTS if not (port and name == "kube-apiserver")]
    chosen = ports.choose(names, taken)
    return {"kube-apiserver": port, **chosen} if port else chosen


def stop_all(folder: ClusterFolder) -> list[Process]:
    """Stops all processes of the sandbox, those that use the API server first; returns those that stay."""
    records = Records(folder.records)
    marked = processes.find_marked(folder.root)
    left: list[Process] = []
    users = (components.KWOK, components.CONTROLLER_MANAGER, components.SCHEDULER)
    for group in (users, (components.API_SERVER,), (components.ETCD,)):
        names = {component.name for component in group}
        noted = [process for name in names if (process := records.read(name))]
        strays = [process for process in marked if Path(process.exe).name in names and process not in noted]
        left += processes.stop(noted + strays, STOP_SECONDS)
    return left


class ControlPlane:
    """Works on the processes of one sandbox, whose lock the caller holds."""

    def __init__(self, plant: Plant, reporter: Reporter) -> None:
        self.plant = plant
        self._reporter = reporter
        self._records = Records(plant.folder.records)
        self._log_starts: dict[str, int] = {}
        self._starts: Counter[str] = Counter()

    def check_ports(self) -> None:
        """Raises SandboxError if somebody else has a port of a component that is to be started."""
        self._remove_strays()
        for component in components.ALL:
            if not self._records.read(component.name):
                self._require_ports(component)

    def bring_up(self) -> None:
        """Starts what is missing, restarts what is sick, and waits until all is well. Raises SandboxError."""
        began = time.monotonic()
        if self.plant.settings.tools != self.plant.tools.digest:
            self._reporter.say("the tools have changed: starting everything again")
            self.stop()
            self._save(tools=self.plant.tools.digest)
        self._start_missing(components.ETCD, components.API_SERVER)
        self._await_health(components.ETCD)
        # kwok and the sandbox's objects need not wait for the API server's slowest step, making the default roles.
        self._await_health(components.API_SERVER, "/version")
        self._start_missing(components.KWOK)
        self._furnish()
        self._await_health(components.API_SERVER)
        self._start_missing(components.CONTROLLER_MANAGER, components.SCHEDULER)
        for component in components.ALL:
            self._await_health(component)
        self._await_rest()
        self._save(furnished=True)
        self._reporter.say(f"the sandbox {self.plant.folder.name!r} is up after {time.monotonic() - began:.1f} s")

    def stop(self) -> None:
        stop_all(self.plant.folder)

    def _save(self, *, tools: str | None = None, furnished: bool | None = None) -> None:
        settings = self.plant.settings
        settings = replace(
            settings,
            tools=settings.tools if tools is None else tools,
            furnished=settings.furnished if furnished is None else furnished,
        )
        settings.save(self.plant.folder)
        self.plant = replace(self.plant, settings=settings)

    def _remove_strays(self) -> None:
        """Ends processes that a killed command started and could not note any more."""
        noted = [self._records.read(component.name) for component in components.ALL]
        processes.stop([it for it in processes.find_marked(self.plant.folder.root) if it not in noted], STOP_SECONDS)

    def _start_missing(self, *wanted: Component) -> None:
        for component in wanted:
            if not self._records.read(component.name):
                self._start(component)

    def _start(self, component: Component) -> None:
        self._require_ports(component)
        self._reporter.say(f"  starting {component.name}")
        component.prepare(self.plant)
        log = self.plant.folder.log(component.name)
        self._log_starts[component.name] = log.stat().st_size if log.exists() else 0
        self._starts[component.name] += 1
        command, environ = component.command(self.plant), component.environ(self.plant)
        process = processes.start(command, environ, self.plant.folder.root, log)
        self._records.write(component.name, process)

    def _require_ports(self, component: Component) -> None:
        hint = f"Stop it, or let the sandbox choose other ports: `down --name {self.plant.folder.name}`, then `up`."
        for name in component.listens:
            ports.require_free(self.plant.settings.ports[name], name, hint)

    def _await_health(self, component: Component, path: str = "") -> None:
        """Waits until `path`, or else the component's health path, is answered with success."""
        if component.name not in self._log_starts:
            # It ran before: it may only need to notice that its servers are back, or it may be stuck.
            if self._becomes_healthy(component, path, PATIENCE_SECONDS):
                return
            self._reporter.say(f"  {component.name} runs but is not healthy: starting it again")
            if sick := self._records.read(component.name):
                processes.stop([sick], STOP_SECONDS)
            self._start(component)
        if not self._becomes_healthy(component, path, START_SECONDS):
            problem = find_problem(self.plant, component)
            raise self._failure(component, f"{component.name} is not healthy after {START_SECONDS:.0f} s: {problem}")

    def _becomes_healthy(self, component: Component, path: str, seconds: float) -> bool:
        def healthy() -> bool:
            self._revive(component)
            return not find_problem(self.plant, component, path)

        return self._poll(healthy, f"  waiting for {component.name}", seconds)

    def _revive(self, component: Component) -> None:
        """Starts it again if it has ended: kwok now and then loses a race with itself in its first seconds."""
        if self._records.read(component.name):
            return
        if self._starts[component.name] >= STARTS:
            raise self._failure(component, f"{component.name} ended")
        self._reporter.say(f"  {component.name} ended, see {self.plant.folder.log(component.name)}")
        self._start(component)

    def _furnish(self) -> None:
        version = {tool.name: dict(tool.variables) for tool in self.plant.tools.tools}["kube-apiserver"]
        kubernetes = version["k8s.io/component-base/version.gitVersion"]
        try:
            furnish(admin_client(self.plant, 30.0), kubernetes, self.plant.settings.ports["kwok"])
        except ApiError as error:
            raise self._failure(components.API_SERVER, f"the sandbox's objects cannot be created: {error}") from None

    def _await_rest(self) -> None:
        """Waits for what the processes' health does not show: the nodes, and the policy."""
        client = admin_client(self.plant)
        counted = _tries(lambda: count_ready_nodes(client) >= NODES)

        def ready() -> bool:
            self._revive(components.KWOK)
            return counted()

        if not self._poll(ready, "  waiting for the nodes", START_SECONDS):
            raise self._failure(components.KWOK, f"the nodes are not ready after {START_SECONDS:.0f} s")
        policy = _tries(lambda: policy_in_force(client))
        if not self._poll(policy, "  waiting for the simulation policy", START_SECONDS):
            raise self._failure(components.API_SERVER, "the simulation policy does not take effect")
        end_trial(client)

    def _poll(self, condition: Callable[[], bool], text: str, seconds: float) -> bool:
        watch = self._reporter.stopwatch(text)
        while not condition():
            if watch.seconds >= seconds:
                return False
            time.sleep(0.05)
            watch.tick()
        return True

    def _failure(self, component: Component, what: str) -> SandboxError:
        """An error that shows the end of what the component wrote since it was started."""
        log = self.plant.folder.log(component.name)
        try:
            with log.open("rb") as stream:
                stream.seek(self._log_starts.get(component.name, 0))
                text = stream.read().decode(errors="replace")
            # What a program that gave up in panic says stands before the stacks of its goroutines.
            lines = text.split("\ngoroutine ")[0].splitlines()[-LOG_LINES:]
        except OSError:
            lines = []
        shown = "".join(f"\n    {line[:400]}" for line in lines) or " nothing"
        return SandboxError(what, f"The end of {log}:{shown}")


def _tries(condition: Callable[[], bool]) -> Callable[[], bool]:
    """The condition, false instead of an ApiError."""

    def tried() -> bool:
        try:
            return condition()
        except ApiError:
            return False

    return tried
