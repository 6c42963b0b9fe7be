# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release offers to its own config files: Services and where they lead, ports, mounted files, scripts."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from .kit import CHART, LOADER, Manifests, Spec


class View:
    """One release, and the cluster.yaml that it was made from: hosts of others are those that stand in there."""

    def __init__(self, manifests: Manifests, spec: Spec):
        self.manifests, self.spec = manifests, spec

    @property
    def party(self) -> str:
        """Its id; an exchange is none."""
        return str(self.spec.get("partyId", "default"))

    @functools.cached_property
    def workloads(self) -> dict[str, dict[str, Any]]:
        return {item["metadata"]["name"]: item for item in self.manifests.workloads()}

    @functools.cached_property
    def services(self) -> dict[str, set[int]]:
        """Ports of each Service that lead to a port that a container of a selected pod opens."""
        return {
            item["metadata"]["name"]: set(_ports(item["spec"], self.manifests))
            for item in self.manifests.objects
            if item["kind"] == "Service"
        }

    def unreachable(self, host: str, port: int | None) -> str:
        """Why nobody answers there; empty if somebody does."""
        if self._elsewhere(host):
            if (host, port) in self._given or port is None:
                return ""
            return f"{host}:{port} does not stand in the cluster.yaml"
        name = host.split(".")
        service = name[1] if len(name) > 1 and name[0] in self._pods else name[0]
        if service not in self.services:
            return f"{host} is no Service of the release"
        if len(name) > 1 and service == name[1] and self._pods[name[0]] != service:
            return f"{host} is no name of a pod: {name[0]} is of Service {self._pods[name[0]]}"
        if port is not None and port not in self.services[service]:
            others = sorted(self.services[service])
            return f"Service {service} does not lead to an open port with {port}, but with {others}"
        return ""

    @functools.cached_property
    def _pods(self) -> dict[str, str]:
        """Name of each pod of a StatefulSet, and the Service that gives it a name."""
        return {
            f"{name}-{index}": item["spec"]["serviceName"]
            for name, item in self.workloads.items()
            if item["kind"] == "StatefulSet"
            for index in range(item["spec"]["replicas"])
        }

    @functools.cached_property
    def _given(self) -> set[tuple[str, int]]:
        """Hosts and ports that stand together in the cluster.yaml."""

        def walk(node: Any) -> Iterator[tuple[str, int]]:
            if isinstance(node, Mapping):
                texts = [item for item in node.values() if isinstance(item, str)]
                numbers = [item for item in node.values() if isinstance(item, int) and not isinstance(item, bool)]
                yield from ((text, number) for text in texts for number in numbers)
                for item in node.values():
                    yield from walk(item)
            elif isinstance(node, list):
                for item in node:
                    yield from walk(item)
            elif isinstance(node, str) and (found := re.fullmatch(r"([\w.-]+):(\d+)", node)):
                yield found[1], int(found[2])

        return {*walk(self.spec), *self._tunnels()}

    def _tunnels(self) -> Iterator[tuple[str, int]]:
        """Addresses of the loopback on which a pod itself listens, and passes on what comes."""
        for item in self.manifests.objects:
            if item["kind"] == "ConfigMap":
                for text in item["data"].values():
                    found = re.findall(r"^\s*listen (127(?:\.\d+){3}):(\d+);", text, re.MULTILINE)
                    yield from ((address, int(port)) for address, port in found)

    def _elsewhere(self, host: str) -> bool:
        """Whether it is a host that the cluster.yaml names."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return any(host == text for text, _port in self._given) and host not in self.services
        return True

    def opened(self, workload: str) -> set[int]:
        """Ports of its containers."""
        return {
            port["containerPort"]
            for container in self.workloads[workload]["spec"]["template"]["spec"]["containers"]
            for port in container.get("ports", [])
        }

    def script(self, workload: str) -> str:
        """All shell text of its pod."""
        pod = self.workloads[workload]["spec"]["template"]["spec"]
        containers = [*pod["containers"], *pod.get("initContainers", [])]
        return "\n".join(str(part) for item in containers for part in (*item.get("command", []), *item.get("args", [])))

    def databases(self) -> set[str]:
        """Names of the database that pods wait for."""
        return {
            variable["value"]
            for item in self.workloads.values()
            for container in item["spec"]["template"]["spec"].get("initContainers", [])
            for variable in container.get("env", [])
            if variable["name"] == "MYSQL_DATABASE"
        }

    def mounted(self, workload: str, path: str) -> bool:
        """Whether a container of it has this file or folder by a mount."""
        pod = self.workloads[workload]["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for mount in (mount for container in pod["containers"] for mount in container.get("volumeMounts", [])):
            at = mount["mountPath"].rstrip("/")
            if path.rstrip("/") == at:
                return True
            if path.startswith(f"{at}/") and "subPath" not in mount:
                files = self._files(volumes.get(mount["name"], {}))
                if files is None or path[len(at) + 1 :] in files:
                    return True
        return False

    def _files(self, volume: Mapping[str, Any]) -> set[str] | None:
        """Names of the files of a volume; None if it may have any."""
        if "secret" in volume:
            return secret_keys(volume["secret"]["secretName"])
        if "configMap" in volume:
            return set(self.manifests.get("ConfigMap", volume["configMap"]["name"])["data"])
        return None


def _ports(service: Mapping[str, Any], release: Manifests) -> Iterator[int]:
    selected = [
        item["spec"]["template"]
        for item in release.workloads()
        if service.get("selector", {}).items() <= item["spec"]["template"]["metadata"]["labels"].items()
    ]
    for port in service["ports"]:
        target = port.get("targetPort", port["port"])
        for template in selected:
            for container in template["spec"]["containers"]:
                for opened in container.get("ports", []):
                    if target in (opened["containerPort"], opened.get("name")):
                        yield port["port"]


@functools.cache
def secret_keys(name: str) -> set[str] | None:
    """Keys of a Secret that a chart declares; None if none declares it."""
    for path in sorted(CHART.parent.glob("*/secrets.yaml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)["secrets"]:
            if entry["name"] == name:
                return set(entry["keys"])
    return None
