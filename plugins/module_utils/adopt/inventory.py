# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of clusters that are taken over, as files: an inventory, and for each host its spec and its secrets."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..yamltext import Template, dump_variables

Cluster = Mapping[str, Any]
"""As ``fate_cluster_info`` reports it, with its ``adoption``."""

OTHERS = "fate_not_adopted"
"""The group of what cannot be reproduced: no playbook touches it unless told to."""
_APART = ("fate-serving", "fate-exchange")
"""Kinds that have a federation, which is a group, of their own."""
_IDENTITY = ("name", "namespace", "chartName", "chartVersion", "partyId")
"""Keys of a spec that stand in the inventory itself."""


@dataclass(frozen=True, slots=True)
class File:
    """path: relative. secret: only its owner may read it."""

    path: str
    content: str
    secret: bool = False

    def as_result(self) -> dict[str, Any]:
        checksum = hashlib.sha256(self.content.encode()).hexdigest()
        return {"path": self.path, "content": self.content, "secret": self.secret, "checksum": checksum}


@dataclass(slots=True)
class Host:
    """One host of the inventory. notes: what a person should know."""

    name: str
    cluster: Cluster
    group: str
    notes: list[str] = field(default_factory=list)

    @property
    def adoption(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.cluster["adoption"]
        return found

    @property
    def title(self) -> str:
        chart = self.adoption["chart"]
        where = {"release": ", taken out of the release", "": ""}.get(chart["source"], f", {chart['source']}")
        return (
            f"{self.name}: {self.cluster['name']} in namespace {self.cluster['namespace']}, "
            f"chart {chart['name']} {chart['version']}{where}"
        )


def hosts(clusters: Iterable[Cluster]) -> list[Host]:
    """A host for each cluster, with a name and a group in which it can be deployed beside the others."""
    found: list[Host] = []
    for cluster in clusters:
        if cluster.get("adoption"):
            host = Host(_name(cluster, [other.name for other in found]), cluster, "")
            host.group = _group(host, found)
            found.append(host)
    for host in found:
        host.notes = list(_notes(host, found))
    return found


def files(clusters: Iterable[Cluster], shared: Mapping[str, Any], where: str = "") -> list[File]:
    """What is written. shared: variables that all hosts have, such as those of the connection. where: names the
    Kubernetes."""
    known = hosts(clusters)
    made = [File("inventory.yml", _inventory(known, shared, where))]
    for host in known:
        folder = posixpath.join("host_vars", host.name)
        spec = {key: value for key, value in host.adoption["spec"].items() if key not in _IDENTITY}
        head = f"# The spec of {host.title}.\n"
        made.append(File(posixpath.join(folder, "spec.yml"), f"---\n{head}{dump_variables({'fate_spec': spec})}"))
        if host.adoption.get("secret_spec"):
            path = posixpath.join(folder, "secrets.yml")
            text = dump_variables({"fate_secret_spec": host.adoption["secret_spec"]})
            advice = f"# Secrets of the spec. Encrypt this file: ansible-vault encrypt {path}\n"
            made.append(File(path, f"---\n{advice}{text}", secret=True))
    return made


def report(clusters: Iterable[Cluster]) -> list[str]:
    """What was found, line by line."""
    return [line for host in hosts(clusters) for line in _lines(host)]


def _lines(host: Host) -> list[str]:
    verdict = "deploying it changes nothing" if host.adoption["adopted"] else "NOT taken over"
    lines = [f"{host.title}: {verdict}."]
    lines += [f"  {_one_line(reason)}" for reason in host.adoption["reasons"]]
    lines += [
        f"  value {entry['path']} is left over: {_one_line(entry['reason'])}" for entry in host.adoption["leftover"]
    ]
    drift = (host.adoption["plan"] or {}).get("drift") or []
    lines += [f"  changed by hand, and left so: {change['kind']}/{change['name']}" for change in drift]
    return lines + [f"  {note}" for note in host.notes]


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _inventory(known: Sequence[Host], shared: Mapping[str, Any], where: str) -> str:
    groups: dict[str, Any] = {}
    for host in known:
        group = groups.setdefault(host.group, {"vars": {**shared, "fate_routes": "spec"}, "hosts": {}})
        group["hosts"][host.name] = _variables(host)
    head = ["---", f"# Clusters of FATE as they run{f' at {where}' if where else ''}."]
    head += [f"# {line}" for host in known for line in _lines(host)]
    head += [
        "#",
        "# fate_routes: spec keeps the routes between parties as they are. Without it each party gets a route to each",
        "# other one of its group. fate_manage_rbac: false deploys with your own rights.",
    ]
    return "\n".join(head) + "\n" + dump_variables(groups)


def _variables(host: Host) -> dict[str, Any]:
    adoption, chart = host.adoption, host.adoption["chart"]
    out: dict[str, Any] = {"fate_name": host.cluster["name"], "fate_namespace": host.cluster["namespace"]}
    if "partyId" in adoption["spec"]:
        out["fate_party_id"] = adoption["spec"]["partyId"]
    if chart["source"] == "release":
        name = posixpath.basename(chart["path"])
        out["fate_chart_path"] = Template("{{ inventory_dir }}/charts/" + name)
    else:
        out |= {"fate_chart": chart["name"], "fate_chart_version": chart["version"]}
    if not adoption["deployer"]:
        out["fate_manage_rbac"] = False
    return out


def _name(cluster: Cluster, taken: Sequence[str]) -> str:
    adoption, name, namespace = cluster["adoption"], str(cluster["name"]), str(cluster["namespace"])
    wanted = [name, f"{name}.{namespace}"]
    if adoption["party_id"] and adoption["kind"] not in _APART:
        wanted.insert(0, f"party-{adoption['party_id']}")
    return next(choice for choice in wanted if choice not in taken)


def _group(host: Host, others: Iterable[Host]) -> str:
    """The first group in which nobody has the same party id or namespace."""
    if not host.adoption["adopted"]:
        return OTHERS
    kind = host.adoption["kind"]
    base = re.sub(r"\W", "_", kind) if kind in _APART else "fate"
    taken = {other.group for other in others if _collide(host, other)}
    number = 1
    while (name := base if number == 1 else f"{base}_{number}") in taken:
        number += 1
    return name


def _collide(host: Host, other: Host) -> bool:
    mine, theirs = str(host.adoption["party_id"]), str(other.adoption["party_id"])
    return bool(mine and mine == theirs) or bool(host.cluster["namespace"] == other.cluster["namespace"])


def _notes(host: Host, known: Sequence[Host]) -> Iterable[str]:
    party_id = host.adoption["party_id"]
    if not party_id:
        yield "It has no party id."
    for other in known:
        if other is not host and party_id and other.adoption["party_id"] == party_id:
            yield f"Party id {party_id} is also that of {other.name}; one federation cannot have both."
        elif other is not host and other.cluster["namespace"] == host.cluster["namespace"]:
            yield f"Namespace {host.cluster['namespace']} is also that of {other.name}."
    if host.group not in ("fate", OTHERS):
        yield f"It is in the group {host.group}: give -e fate_federation={host.group}."
    secrets = host.adoption["secret_paths"]
    if secrets:
        yield f"Secrets ({', '.join(secrets)}) are in host_vars/{host.name}/secrets.yml. Encrypt it with ansible-vault."
