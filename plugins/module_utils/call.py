# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of a module: its options, what the core needs made from them, and the outcome.

Whoever carries a call out, ``entry`` in a module's own process or an action plugin in Ansible's, gives it the
parameters, a way to run programs and a private folder. What comes back is the same.
"""

from __future__ import annotations

import getpass
import os
import socket
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from .arguments import Arguments, connection_options
from .chart.lookup import ChartFinder, Wanted
from .chart.package import Chart
from .chart.repository import Repository
from .chart.store import ChartStore
from .cluster.context import Context
from .cluster.options import Options
from .data import blanked, redact
from .errors import Kind, KubefateError
from .helm.cli import Helm
from .helm.previews import Previews
from .helm.runner import Runner
from .kube.client import Api
from .kube.connection import Connection
from .kube.login import connect
from .plan.show import with_diffs
from .progress import ENVIRONMENT, FileProgress
from .yamltext import dump_yaml


@dataclass(frozen=True, slots=True)
class Entry:
    """What a module is: its options, and the function that does its work and returns its result. private: keys of the
    result that hold a secret which was asked for: a result that has one is not shown, and can be registered."""

    arguments: Arguments
    work: Callable[[Call], dict[str, Any]]
    private: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """runner: runs programs. folder: only the user can read it, and it goes with the call. secret_paths: dotted paths
    of secrets in the spec, secrets: what stands there; filled in by the work. run_folder: such a folder that goes with
    the run of Ansible; empty where there is none. diff: somebody wants to see what changes."""

    params: dict[str, Any]
    check_mode: bool
    runner: Runner
    folder: str
    secret_paths: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    run_folder: str = ""
    diff: bool = False
    _api: Api | None = None
    _turns: AbstractContextManager[Any] = field(
        default_factory=lambda: threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
    )

    def connection(self) -> Connection:
        """The connection that the options name; with service_account, as that account."""
        found = connect(self.params)
        account = self.params.get("service_account")
        if account:
            from .access.identity import token_for  # imported late: most calls act as themselves

            space, _slash, name = account.rpartition("/")
            space = space or str(self.params.get("namespace") or "") or found.namespace
            token = token_for(Api(found), name, space)
            found = found.with_token(token, f"service account {space}/{name}")
        return found

    def api(self) -> Api:
        if self._api is None:
            self._api = Api(self.connection())
        return self._api

    def helm(self) -> Helm:
        """Helm on the same Kubernetes."""
        return self.helm_for(self.api().connection)

    def helm_at(self, home: str) -> Helm:
        """Helm for charts alone, with settings in a folder of this call. It reaches no Kubernetes."""
        return Helm(self.runner, self.params.get("helm_binary") or "", home=home)

    def helm_for(self, connection: Connection) -> Helm:
        """Helm on one Kubernetes; its kubeconfig lies in the private folder."""
        handle, path = tempfile.mkstemp(prefix="kubeconfig-", dir=self.folder)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(dump_yaml(connection.kubeconfig))
        return Helm(
            self.runner,
            self.params.get("helm_binary") or "",
            path,
            connection.server,
            previews=Previews(self.run_folder),
            turns=self._turns,
        )

    def progress(self, about: str) -> FileProgress:
        return FileProgress(about, self.params.get("progress_dir") or os.environ.get(ENVIRONMENT))

    def options(self, own: Mapping[str, Any] | None = None) -> Options:
        """What the parameters say about how to plan and apply. own: what one of several clusters says for itself."""
        params = {**self.params, **{key: value for key, value in (own or {}).items() if value is not None}}
        return Options.of(
            {
                **params,
                "ignore": params.get("ignore_differences"),
                "history": params.get("history_max"),
                "patience": {key: value for key, value in (params.get("patience") or {}).items() if value is not None},
            }
        )

    def context(self, about: str) -> Context:
        """What the operations on one cluster need."""
        return Context(self.api(), self.helm(), self.options(), runner_name(), self.progress(about), self.secrets)

    def finder(self, params: Mapping[str, Any] | None = None) -> ChartFinder:
        """What finds charts. params: options that name the repository; those of the call by default."""
        repository = Repository.of(self.params if params is None else params, os.environ)
        self.secrets |= {repository.password} if repository.password else set()
        return ChartFinder(self.params.get("bundled_charts") or {}, self.folder, repository, self.helm_at)

    def chart(self, name: str, version: str) -> Chart:
        """The chart that the options, and otherwise the spec, name."""
        wanted = Wanted(
            self.params.get("chart") or name,
            self.params.get("chart_version") or version,
            self.params.get("chart_path") or "",
            self.params.get("chart_digest") or "",
        )
        return self.finder().find(wanted, None if wanted.path else self.store())

    def store(self) -> ChartStore:
        return ChartStore(self.api(), self.params["store_namespace"])


def runner_name() -> str:
    """Who does this, for locks and job records: user, host and process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"


def carry_out(entry: Entry, call: Call, *, verbose: bool) -> dict[str, Any]:
    """The result of a call. On failure it has ``msg`` and ``failure``: the one place that turns errors into a result.

    verbose: add the traceback of an error that nobody expected.
    """
    found = with_diffs(_outcome(entry, call, verbose), call.diff)
    outcome: dict[str, Any] = blanked(found, call.secrets)
    return outcome


def _outcome(entry: Entry, call: Call, verbose: bool) -> dict[str, Any]:
    try:
        return entry.work(call)
    except KubefateError as error:
        return {**error.result, "msg": error.msg, "failure": error.as_failure()}
    except Exception as error:  # a person gets a sentence; the traceback is for -vvv
        hint = "Run with -vvv and report what it prints."
        failure = KubefateError("", Kind.INTERNAL, "", hint).as_failure()
        outcome: dict[str, Any] = {"msg": f"Internal error: {type(error).__name__}: {error}", "failure": failure}
        if verbose:
            outcome["exception"] = traceback.format_exc()
        return outcome


def hidden(params: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    """Parameters without secrets, as Ansible may show them. paths: dotted paths of secrets in specs."""
    shown = dict(params)
    if isinstance(shown.get("kubeconfig"), Mapping):
        shown["kubeconfig"] = "(data, not shown)"
    if shown.get("spec"):
        shown["spec"] = redact(shown["spec"], paths)
    if shown.get("secret_values"):
        shown["secret_values"] = redact(shown["secret_values"], shown["secret_values"])
    if isinstance(shown.get("connection"), Mapping):
        shown = _hidden_party(shown, paths)
    for several in ("parties", "clusters", "authorities", "stores"):
        if shown.get(several):
            shown[several] = [_hidden_party(party, paths) for party in shown[several]]
    return shown


def _hidden_party(party: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    secrets = [name for name, option in connection_options().items() if option.get("no_log")]
    connection = redact(party.get("connection") or {}, secrets)
    if isinstance(connection.get("kubeconfig"), Mapping):
        connection["kubeconfig"] = "(data, not shown)"
    found = {**party, "connection": connection}
    if party.get("spec"):
        found["spec"] = redact(party["spec"], paths)
    if party.get("chart_repo"):
        found["chart_repo"] = redact(party["chart_repo"])
    return found
