# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The helm executable, versions 3 and 4: the only place that knows its command line.

Values go in by stdin and the kubeconfig by a file that only its owner reads, so that no secret is ever in argv. Every
call has a time-out. The variables by which a user may point helm somewhere else are emptied: the Kubernetes that is
changed is the one that was named to the module.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from ..errors import Kind, KubefateError
from .messages import failure
from .previews import Previews
from .runner import Outcome, Runner, Started

OLDEST = (3, 13)
"""The first version with ``--dry-run=server`` and ``--labels``."""

GOGC = "400"
"""How seldom helm looks for memory to use again. It is over soon: it takes less time, and half as much memory again."""
RENDER_TIMEOUT = 60.0
QUERY_TIMEOUT = 60.0
DOWNLOAD_TIMEOUT = 300.0

REPOSITORIES = "repositories.yaml"
REGISTRIES = "registries.json"
INDEXES = "indexes"
"""Files and folders in ``home``."""

_NEUTRAL = (
    "HELM_DEBUG",
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
)
_DIGEST = re.compile(r"^Digest: (sha256:[0-9a-f]{64})\s*$", re.MULTILINE)
_MISSED = re.compile(r"Unable to get an update from the .*?:\s*(.*?)\s*(?:Update Complete|\Z)", re.DOTALL)
_VERSION = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(slots=True)
class Helm:
    """One helm executable, used for one Kubernetes.

    kubeconfig: path of the minimal kubeconfig; empty for what needs no Kubernetes. server: its API server. home: folder
    for helm's own settings, repositories, credentials and caches; empty: those of the user. calls: the subcommands that
    were run, in order. previews: those that were made earlier. turns: entered while helm runs, so that not too many do.
    """

    runner: Runner
    binary: str = ""
    kubeconfig: str = ""
    server: str = ""
    home: str = ""
    calls: list[str] = field(default_factory=list)
    previews: Previews = field(default_factory=Previews)
    turns: AbstractContextManager[Any] = field(default_factory=nullcontext)
    _version: tuple[int, int] | None = None

    def version(self) -> tuple[int, int]:
        """Major and minor version, asked once. Raises ``KubefateError`` (missing_tool) for helm 2 and what is no
        helm."""
        if self._version is None:
            outcome = self._run(["version", "--short"], timeout=QUERY_TIMEOUT, checked=False)
            match = _VERSION.search(outcome.out + outcome.err)
            if outcome.timed_out or not match:
                said = (outcome.err or outcome.out).strip()[:200] or f"nothing (exit code {outcome.rc})"
                raise _unusable(f"{self._path()} does not answer like helm. It said: {said}.")
            version = (int(match[1]), int(match[2]))
            if version < OLDEST:
                raise _unusable(f"{self._path()} is helm {match[0]}.")
            self._version = version
        return self._version

    def template(self, name: str, chart: str, values: str, *, namespace: str = "", extra: Sequence[str] = ()) -> str:
        """Manifests as text, rendered without a Kubernetes."""
        argv = ["template", *extra, *_namespace(namespace), "--values", "-", "--", name, chart]
        return self._run(argv, stdin=values, timeout=RENDER_TIMEOUT).out

    def ask_the_server(self) -> list[str]:
        """Options with which ``template`` renders for the Kubernetes that is there: for helm 3, ``--dry-run=server``
        alone leaves its own idea of versions and APIs in place."""
        return ["--dry-run=server"] if self.version() >= (4, 0) else ["--dry-run=server", "--validate"]

    def tell(self, kubernetes: str, apis: Sequence[str], *, upgrade: bool) -> list[str]:
        """Options with which ``template`` renders for a Kubernetes of that version as ``upgrade`` would. apis: versions
        that are there beside those of Kubernetes itself."""
        told = ["--kube-version", kubernetes, *(["--api-versions", ",".join(apis)] if apis else [])]
        return [*told, *(["--is-upgrade"] if upgrade else [])]

    def preview(self, name: str, chart: str, values: str, namespace: str) -> dict[str, Any]:
        """The release that ``upgrade`` would make: its manifest and hooks, rendered with the server's capabilities."""
        argv = ["upgrade", "--install", "--dry-run=server", "--output", "json", *_namespace(namespace)]
        return self._release([*argv, "--values", "-", "--", name, chart], values, RENDER_TIMEOUT, bound=False)

    def upgrade(
        self,
        name: str,
        chart: str,
        values: str,
        namespace: str,
        *,
        labels: Mapping[str, str],
        timeout: float,
        history: int,
        description: str = "",
        force_conflicts: bool = False,
        started: Started | None = None,
    ) -> dict[str, Any]:
        """Install or upgrade; the new release. Readiness is not waited for, hooks are. The objects were validated when
        it was planned, and are not again.

        timeout: seconds for helm as a whole. history: revisions to keep. started: gets a function that asks helm to
        give up.
        """
        argv = ["upgrade", "--install", "--output", "json", *_namespace(namespace), "--disable-openapi-validation"]
        argv += ["--history-max", str(history), "--timeout", f"{int(timeout)}s"]
        argv += ["--labels", ",".join(f"{key}={value}" for key, value in labels.items())]
        if description:
            argv += ["--description", description]
        if force_conflicts and self.version() >= (4, 0):  # helm 3 asks nobody, and does not know the option
            argv += ["--force-conflicts"]
        argv += ["--values", "-", "--", name, chart]
        return self._release(argv, values, timeout + 15, bound=True, started=started)

    def rollback(
        self,
        name: str,
        revision: int,
        namespace: str,
        *,
        timeout: float,
        history: int,
        force_conflicts: bool = False,
    ) -> None:
        """Make a new revision that is like an earlier one. timeout: seconds for helm as a whole."""
        argv = ["rollback", *_namespace(namespace), "--timeout", f"{int(timeout)}s", "--history-max", str(history)]
        if force_conflicts and self.version() >= (4, 0):
            argv += ["--force-conflicts"]
        self._run([*argv, "--", name, str(revision)], timeout=timeout + 15, bound=True)

    def uninstall(self, name: str, namespace: str, *, timeout: float) -> None:
        """Remove a release and its objects; one that is not there is fine."""
        argv = ["uninstall", "--ignore-not-found", *_namespace(namespace), "--timeout", f"{int(timeout)}s"]
        self._run([*argv, "--", name], timeout=timeout + 15, bound=True)

    def update_repository(self, name: str) -> None:
        """Read the index of one repository of ``home`` anew."""
        done = self._run(["repo", "update", "--", name], timeout=DOWNLOAD_TIMEOUT, checked=False)
        missed = _MISSED.search(done.out)
        if missed:  # helm 3 is content with that, and helm 4 says only here why
            raise failure("repo", Outcome(1, "", missed[1]), DOWNLOAD_TIMEOUT)
        if done.rc != 0 or done.timed_out:
            raise failure("repo", done, DOWNLOAD_TIMEOUT)

    def pull(self, ref: str, version: str, target: str, options: Sequence[str] = ()) -> str:
        """Download the archive of a chart into a folder; the digest that a registry names, else empty."""
        argv = ["pull", "--destination", target, *options, *(["--version", version] if version else [])]
        done = self._run([*argv, "--", ref], timeout=DOWNLOAD_TIMEOUT)
        found = _DIGEST.search(done.out + done.err)
        return found[1] if found else ""

    def update_dependencies(self, chart: str, options: Sequence[str] = ()) -> None:
        """Resolve the dependencies of a chart folder: its charts/ and Chart.lock."""
        self._run(["dependency", "update", *options, "--", chart], timeout=DOWNLOAD_TIMEOUT)

    def build_dependencies(self, chart: str, options: Sequence[str] = ()) -> None:
        """Get the dependencies that Chart.lock names into a chart folder's charts/."""
        self._run(["dependency", "build", *options, "--", chart], timeout=DOWNLOAD_TIMEOUT)

    def lint(self, chart: str, values: str) -> str:
        """What helm says about a chart, whatever it thinks of it."""
        argv = ["lint", "--values", "-", "--", chart]
        done = self._run(argv, stdin=values, timeout=RENDER_TIMEOUT, checked=False)
        if done.timed_out:
            raise failure("lint", done, RENDER_TIMEOUT)
        return f"{done.out}\n{done.err}"

    def create(self, path: str) -> None:
        """Make the folder of a new chart, named like the folder."""
        self._run(["create", "--", path], timeout=QUERY_TIMEOUT)

    def package(self, chart: str, target: str) -> None:
        """Write the archive of a chart folder into the folder ``target``."""
        self._run(["package", "--destination", target, "--", chart], timeout=QUERY_TIMEOUT)

    # ---------------------------------------------------------------------------------------------------------------
    def _path(self) -> str:
        if not self.binary:
            found = shutil.which("helm")
            if not found:
                raise _unusable("There is no helm in PATH.")
            self.binary = found
        elif os.sep in self.binary and not os.access(self.binary, os.X_OK):
            raise _unusable(f"{self.binary} is not an executable file.")
        return self.binary

    def _release(
        self, argv: Sequence[str], values: str, timeout: float, *, bound: bool, started: Started | None = None
    ) -> dict[str, Any]:
        out = self._run(argv, stdin=values, timeout=timeout, bound=bound, started=started).out
        start = out.find("{")
        try:
            release = json.loads(out[start:]) if start >= 0 else None
        except ValueError:
            release = None
        if not isinstance(release, dict):
            raise KubefateError(
                f"helm {argv[0]} succeeded, but what it printed is not the JSON of a release: {out[:200]!r}", Kind.HELM
            )
        return release

    def _run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        timeout: float,
        bound: bool = False,
        checked: bool = True,
        started: Started | None = None,
    ) -> Outcome:
        env = dict.fromkeys(_NEUTRAL, "")
        env.update(HELM_DRIVER="secret", KUBECONFIG=self.kubeconfig or os.devnull, GOGC=os.environ.get("GOGC", GOGC))
        if self.home:
            env.update(_homes(self.home))
        self.calls.append(argv[0])
        command = [self._path(), *argv]
        # Helm waits for hooks, which may take long and needs no machine.
        with nullcontext() if started else self.turns:
            outcome = self.runner(command, stdin=stdin, env=env, timeout=timeout, bound=bound, started=started)
        if outcome.rc != 0 and argv[0] != "version":
            self.version()  # an old or wrong executable is the better explanation, if that is what it is
        if checked and (outcome.rc != 0 or outcome.timed_out):
            raise failure(argv[0], outcome, timeout)
        return outcome


def _homes(home: str) -> dict[str, str]:
    """Everything that helm reads and writes besides charts and the Kubernetes lies in one folder."""
    return {
        "HELM_CONFIG_HOME": home,
        "HELM_CACHE_HOME": os.path.join(home, "cache"),
        "HELM_DATA_HOME": os.path.join(home, "data"),
        "HELM_PLUGINS": os.path.join(home, "plugins"),
        "HELM_REPOSITORY_CONFIG": os.path.join(home, REPOSITORIES),
        "HELM_REPOSITORY_CACHE": os.path.join(home, INDEXES),
        "HELM_REGISTRY_CONFIG": os.path.join(home, REGISTRIES),
        "HELM_CONTENT_CACHE": os.path.join(home, "content"),
        "DOCKER_CONFIG": home,
    }


def _namespace(namespace: str) -> list[str]:
    return ["--namespace", namespace] if namespace else []


def _unusable(found: str) -> KubefateError:
    return KubefateError(
        f"{found} Helm 3.13 or newer, or helm 4, is needed.",
        Kind.TOOL,
        "input",
        "Install helm 3 or 4 and put it into PATH, or give its path with helm_binary.",
    )
