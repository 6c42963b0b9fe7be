# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners: the real helm executables, and one that plays recorded answers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome, Started


@dataclass(slots=True)
class Run:
    """One call of a runner."""

    argv: list[str]
    stdin: str
    env: dict[str, str]
    timeout: float
    bound: bool


@dataclass(slots=True)
class FakeRunner:
    """Gives the answers in their order, the last one again and again; remembers every call.

    answers: outcomes, or functions from the call to an outcome.
    """

    answers: Sequence[Outcome | Callable[[Run], Outcome]] = ()
    runs: list[Run] = field(default_factory=list, repr=False)

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        env: Mapping[str, str],
        timeout: float,
        bound: bool,
        started: Started | None = None,
    ) -> Outcome:
        run = Run(list(argv), stdin, dict(env), timeout, bound)
        self.runs.append(run)
        answers = self.answers or [Outcome(0, "", "")]
        answer = answers[min(len(self.runs), len(answers)) - 1]
        return answer if isinstance(answer, Outcome) else answer(run)


@dataclass(slots=True)
class RealRunner:
    """Runs programs for real, and remembers every call."""

    runs: list[Run] = field(default_factory=list, repr=False)

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        env: Mapping[str, str],
        timeout: float,
        bound: bool,
        started: Started | None = None,
    ) -> Outcome:
        self.runs.append(Run(list(argv), stdin, dict(env), timeout, bound))
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **env},
            timeout=timeout,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


def helm_binary(major: int) -> str:
    """The helm executable of that major version that the environment names."""
    variable = f"KUBEFATE_HELM{major}"
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        raise AssertionError(f"{variable} must hold the path of a helm {major} executable, and holds {path!r}.")
    return path


def real_helm(major: int) -> tuple[Helm, RealRunner]:
    """A helm that needs no Kubernetes, and its runner."""
    runner = RealRunner()
    return Helm(runner, helm_binary(major)), runner
