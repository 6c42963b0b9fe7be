# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small federation as verifying sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.authority import Signer
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now, stamp
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.routing import PROXIES, TABLE_FILES
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import (
    Endpoint,
    Hop,
    Member,
    Role,
    Table,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.model import Identity, Limits, Site, World
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import issued, osx

In = TypeVar("In")
Out = TypeVar("Out")
SIMULATED = "kubefate.federatedai.org/Simulated"


class PodApi(MemoryApi):
    """Programs that are run in pods run on this machine; or answer does."""

    def __init__(self, answer: Callable[[Sequence[str]], Ran] | None = None):
        super().__init__()
        self.answer = answer
        self.ran: list[tuple[str, tuple[str, ...], str]] = []

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        self.ran.append((f"{ref.namespace}/{ref.name}/{container}", tuple(command), stdin))
        if self.answer is not None:
            return self.answer(command)
        done = subprocess.run(list(command), input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)


def pod(
    module: str, *, simulated: bool = False, ready: bool = True, mounts: str = "", name: str = ""
) -> dict[str, Any]:
    """A pod; mounts: name of a ConfigMap that it mounts at /etc/fate."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": stamp(now())}]
    conditions += [{"type": SIMULATED, "status": "True"}] if simulated else []
    mount = [{"name": "table", "mountPath": "/etc/fate"}] if mounts else []
    return {
        "kind": "Pod",
        "metadata": {"name": name or f"{module}-0", "namespace": "bank", "labels": {"fateMoudle": module}},
        "spec": {
            "containers": [{"name": "main", "volumeMounts": mount}],
            "volumes": [{"name": "table", "configMap": {"name": mounts}}] if mounts else [],
        },
        "status": {"conditions": conditions},
    }


def config(proxy: str, content: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    return {"kind": "ConfigMap", "metadata": {"name": f"{proxy}-route-table"}, "data": {TABLE_FILES[proxy]: text}}


def hop(proxy: str, party_id: str, address: str, *ports: int, tls: bool = False, target: str = "") -> Hop:
    names = [port.name for port in PROXIES[proxy].ports]
    endpoint = Endpoint(address, dict(zip(names, ports, strict=False)), "given", tls)
    return Hop(party_id, target or f"party-{party_id}", endpoint)


def table(proxy: str, *hops: Hop, rest: Hop | None = None) -> Table:
    return Table(PROXIES[proxy], list(hops), rest)


def site(party_id: str, **changes: Any) -> Site:
    """A member that can be seen, with pods of all proxies and a FATE-Flow, unless they are given."""
    spec = changes.pop("spec", {"partyId": party_id})
    member = Member(f"party-{party_id}", party_id, Role.PARTY, namespace="bank", spec=spec)
    pods = {name: [pod(name)] for name in ("osx", "nginx", "rabbitmq", "pulsar")}
    known: dict[str, Any] = {"api": PodApi(), "pods": pods, "domain": "fate.org", **changes}
    return Site(member, **known)


def identity(signer: Signer, *addresses: str, trusted: Sequence[Signer] = (), days: int = 365) -> Identity:
    found, key = issued(signer, osx("bank", *addresses), days, now())
    return Identity(found, key, tuple(entry.certificate for entry in trusted or (signer,)))


def world(*sites: Site, **limits: Any) -> World:
    known = {"timeout": 2.0, "mount": 0.0, **limits}
    return World({one.host: one for one in sites}, Limits(**known), lambda _text: None)


def one_by_one(work: Callable[[In], Out], over: Iterable[In]) -> list[Out]:
    return [work(item) for item in over]


def verdicts(findings: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(finding.verdict), finding.text) for finding in findings]
