# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of the sandbox, and how each is built."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from .gomodule import GoModule, read_go_module
from .layout import MODULE_FILES, Home

BUILD_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: `path` is its place among the built tools, `variables` what the linker sets in it."""

    name: str
    path: str
    package: str
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def link_flags(self) -> str:
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.variables)])


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The built tools: a folder whose name is the digest of all that they are made of."""

    folder: Path
    tools: tuple[Tool, ...]

    @property
    def digest(self) -> str:
        return self.folder.name

    def path(self, name: str) -> Path:
        """The executable of the tool; raises KeyError for a name that no tool has."""
        for tool in self.tools:
            if tool.name == name:
                return self.folder / tool.path
        raise KeyError(name)

    def missing(self) -> list[Tool]:
        # A tool gets its name when it is whole, so one that is there is complete.
        return [tool for tool in self.tools if not os.access(self.folder / tool.path, os.X_OK)]


def list_tools(module: GoModule) -> tuple[Tool, ...]:
    """All tools. A plain build of them says `v0.0.0-master` or `v4.3`, which charts and kubectl take at its word."""
    kubernetes = module.version("k8s.io/kubernetes")
    major, minor = kubernetes.removeprefix("v").split(".")[:2]
    of_kubernetes = tuple(
        (f"{package}.{name}", value)
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in (("gitVersion", kubernetes), ("gitMajor", major), ("gitMinor", minor))
    )
    # What `helm template` and `helm lint` take for the version of Kubernetes when there is no cluster.
    of_helm3 = tuple(
        (f"helm.sh/helm/v3/pkg/{package}.k8sVersion{name}", value)
        for package in ("chartutil", "lint/rules")
        for name, value in (("Major", major), ("Minor", minor))
    )
    return (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
        *(
            Tool(name, name, f"k8s.io/kubernetes/cmd/{name}", of_kubernetes)
            for name in ("kubectl", "kube-scheduler", "kube-controller-manager", "kube-apiserver")
        ),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", _version(module, "sigs.k8s.io/kwok", "pkg/consts.Version")),
        Tool(
            "helm3",
            "helm3/helm",
            "helm.sh/helm/v3/cmd/helm",
            _version(module, "helm.sh/helm/v3", "internal/version.version") + of_helm3,
        ),
        Tool(
            "helm4",
            "helm4/helm",
            "helm.sh/helm/v4/cmd/helm",
            _version(module, "helm.sh/helm/v4", "internal/version.version"),
        ),
    )


def _version(module: GoModule, path: str, variable: str) -> tuple[tuple[str, str], ...]:
    return ((f"{path}/{variable}", module.version(path)),)


def digest(folder: Path, tools: tuple[Tool, ...]) -> str:
    """Digest of go.mod, go.sum, the tools, their flags and this kind of machine: 16 hexadecimal digits."""
    content = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        content.update((folder / name).read_bytes())
    for tool in tools:
        content.update(repr((tool.path, tool.package, tool.link_flags)).encode())
    content.update(repr((BUILD_FLAGS, sys.platform, platform.machine())).encode())
    return content.hexdigest()[:16]


def toolbox(home: Home, folder: Path = MODULE_FILES) -> Toolbox:
    """The toolbox that go.mod asks for, built or not; raises SandboxError if go.mod cannot be read."""
    tools = list_tools(read_go_module(folder))
    return Toolbox(home.bin / digest(folder, tools), tools)
