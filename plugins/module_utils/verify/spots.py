# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where endpoints are looked at from: the machine that runs this, or a pod of a party.

A pod is used where its image has a Python. What is sent there goes to its standard input, never into an argv; a private
key goes to pods of its own party only.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import Kind, KubefateError
from ..health.pods import is_ready, is_simulated
from ..kube.client import Api
from ..objects import Object, Ref, name_of
from . import probe as probing
from .model import Site

BOOT = """
import json, sys
given = json.loads(sys.stdin.buffer.read(int(sys.argv[1])))
space = {"__name__": "probe"}
exec(given["source"], space)
print(json.dumps(space["probe"](given["request"])))
"""
SHELL = 'python=$(command -v python3 || command -v python) || exit 127; exec "$python" -c "$0" "$1"'
NO_PYTHON = 127


class Spot(Protocol):
    """A place to look from."""

    @property
    def name(self) -> str:
        """For people."""

    def look(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of ``probe``. Raises ``KubefateError`` where nothing can be looked at from here."""


@dataclass(frozen=True, slots=True)
class Here:
    """The machine that runs this."""

    name: str = "controller"

    def look(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return probing.probe(dict(request))


@dataclass(frozen=True, slots=True)
class InPod:
    """A pod of a party."""

    api: Api
    pod: Ref
    container: str

    @property
    def name(self) -> str:
        return f"pod {self.pod.namespace}/{self.pod.name}"

    def look(self, request: Mapping[str, Any]) -> dict[str, Any]:
        text = json.dumps({"source": source(), "request": dict(request)})
        argv = ("sh", "-c", SHELL, BOOT, str(len(text)))
        seconds = 4 * float(request["timeout"]) + 20
        done = self.api.execute(self.pod, self.container, argv, text, seconds)
        try:
            if done.code == 0:
                answer: dict[str, Any] = json.loads(done.out)
                return answer
        except ValueError:
            pass
        said = (done.err or done.out).strip()[-200:]
        what = "has no Python" if done.code == NO_PYTHON else f"cannot look: {said or f'exit code {done.code}'}"
        raise KubefateError(f"{self.name} {what}", Kind.REFUSED, "verify", "Run this where the addresses are reached.")


def source() -> str:
    """The text of ``probe``, also where this lies in an archive."""
    spec = importlib.util.find_spec(probing.__name__)
    loader: Any = spec.loader if spec else None
    text = loader.get_source(probing.__name__) if loader else None
    if not text:
        raise KubefateError("The program that looks at endpoints cannot be read.", Kind.INTERNAL, "verify")
    return str(text)


def inside(site: Site, module: str) -> InPod | None:
    """A pod of a party to look from: a ready one of that module that is not simulated."""
    if site.api is None:
        return None
    for pod in site.pods.get(module, ()):
        if is_ready(pod) and not is_simulated(pod):
            return InPod(site.api, Ref("v1", "Pod", site.member.namespace, name_of(pod)), _container(pod))
    return None


def _container(pod: Object) -> str:
    return str(((pod.get("spec") or {}).get("containers") or [{}])[0].get("name", ""))
