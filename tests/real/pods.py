# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod of a chart below a folder: its files where they are mounted, its containers' own scripts to write the rest."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Manifests

FOLDERS = (
    "/data/projects",
    "/etc",
    "/opt",
    "/var/lib",
    "/pulsar",
    "/hadoop",
    "/docker-entrypoint-initdb.d",
    "/run",
    "/tmp",
)
"""Where images have what their containers write and read."""
Secrets = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Pod:
    """One pod.

    :param name: of its workload.
    :param root: the folder that stands for the root of every container's file system.
    :param address: that the pod has.
    :param secrets: content of the Secrets that it refers to.
    """

    manifests: Manifests
    name: str
    root: Path
    address: str = "127.0.0.1"
    secrets: Secrets = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        return self.manifests.pod(self.name)

    def container(self, name: str = "") -> dict[str, Any]:
        """A container by its name; without one the first that is no init container."""
        every = [*self.spec["containers"], *self.spec.get("initContainers", [])]
        found: dict[str, Any] = next(item for item in every if not name or item["name"] == name)
        return found

    def inside(self, path: str) -> Path:
        """Where a path of a container lies."""
        return self.root / path.lstrip("/")

    def moved(self, text: str) -> str:
        """A text with the paths of a container below the folder."""
        folders = "|".join(map(re.escape, FOLDERS))
        return re.sub(rf"(?<![\w./@-])(?=(?:{folders})(?:/|\b))", lambda _found: str(self.root), text)

    def mount(self, name: str = "") -> None:
        """Write the files of ConfigMaps and Secrets that a container mounts."""
        volumes = {volume["name"]: volume for volume in self.spec.get("volumes", [])}
        for mount in self.container(name).get("volumeMounts", []):
            files = dict(self._files(volumes.get(mount["name"], {})))
            target = self.inside(mount["mountPath"])
            if "subPath" in mount:
                if mount["subPath"] in files:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(files[mount["subPath"]])
                continue
            target.mkdir(parents=True, exist_ok=True)
            for key, text in files.items():
                (target / key).parent.mkdir(parents=True, exist_ok=True)
                (target / key).write_text(text)

    def _files(self, volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Name and text of each file of a volume."""
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if config_map := source.get("configMap"):
                yield from _chosen(self.manifests.get("ConfigMap", config_map["name"])["data"], config_map)
            if secret := source.get("secret"):
                yield from _chosen(self.secrets[secret.get("secretName") or secret["name"]], secret)

    def environment(self, name: str = "") -> dict[str, str]:
        """Variables of a container, with what they refer to."""
        own = {"status.podIP": self.address, "metadata.name": f"{self.name}-0", "metadata.namespace": "default"}
        known: dict[str, str] = {}
        for source in self.container(name).get("envFrom", []):
            known |= self.manifests.get("ConfigMap", source["configMapRef"]["name"])["data"]
        for item in self.container(name).get("env", []):
            source = item.get("valueFrom", {})
            if "secretKeyRef" in source:
                reference = source["secretKeyRef"]
                known[item["name"]] = self.secrets[reference["name"]][reference["key"]]
            elif "fieldRef" in source:
                known[item["name"]] = own[source["fieldRef"]["fieldPath"]]
            else:
                known[item["name"]] = str(item.get("value", ""))
        return known

    def run(self, name: str = "", **extra: str) -> str:
        """Run the script of a container, without the program that it becomes; what it said. Its paths lie below the
        folder. extra: variables that differ. Raises AssertionError if it fails."""
        container = self.container(name)
        shell, _dash_c, text = container["command"][:3]
        if "\nexec " in text:
            text = text[: text.rindex("\nexec ") + 1]
        work = self.inside(container.get("workingDir", "/"))
        work.mkdir(parents=True, exist_ok=True)
        own = {key: self.moved(value) for key, value in self.environment(name).items()}
        known = {"PATH": os.environ["PATH"], **own, **extra}
        argv = [shell, "-c", self.moved(text)]
        done = subprocess.run(argv, cwd=work, env=known, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{container['name']} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def _chosen(data: Mapping[str, str], source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    items = source.get("items")
    if items is None:
        yield from data.items()
    else:
        yield from ((item["path"], data[item["key"]]) for item in items)
