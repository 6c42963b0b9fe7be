# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call needs from this machine when its module runs on another one."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.lookup import is_path

FILES = (
    "path",
    "chart_path",
    "chart_repo_url",
    "chart_repo_ca_cert",
    "chart_ca_cert",
    "chart_repo_client_cert",
    "chart_ssl_cert_file",
    "chart_repo_client_key",
    "chart_ssl_key_file",
    "repo_url",
    "chart_repository",
    "spec_files",
    "specs",
    "ca_cert",
    "ssl_ca_cert",
    "client_cert",
    "cert_file",
    "client_key",
    "key_file",
)
"""Options that name files, besides kubeconfig."""


class Parcel:
    """Files and folders, packed into one archive, so that the connection carries one file however many they are.

    folder: where it is unpacked.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self._places: dict[str, str] = {}

    def add(self, path: str) -> str:
        """Put a file or folder in; its path over there, which ends like the one here."""
        source = os.path.abspath(path)
        place = self._places.setdefault(source, f"{len(self._places)}/{os.path.basename(source)}")
        return f"{self.folder}/{place}"

    def write(self, archive: str) -> list[str]:
        """Write the archive; the paths over there. Only their owner can read them; links are followed."""
        with tarfile.open(archive, "w", dereference=True) as tar:
            for source, place in self._places.items():
                tar.add(source, place, filter=_private)
            return [f"{self.folder}/{inside}" for inside in _with_parents(tar.getnames())]


def _private(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode = 0o700 if entry.isdir() else 0o600
    return entry


def _with_parents(names: list[str]) -> Iterator[str]:
    yield from sorted({name.partition("/")[0] for name in names})
    yield from names


def with_files(options: Mapping[str, Any], send: Callable[[str], str]) -> dict[str, Any]:
    """The same options, with what ``send`` makes of each path that is on this machine. A path at which nothing is here
    is meant over there."""

    def sent(path: Any) -> Any:
        here = os.path.expanduser(os.path.expandvars(path)) if isinstance(path, str) else ""
        return send(here) if here and os.path.exists(here) else path

    out = dict(options)
    for name in FILES:
        if name in out:
            out[name] = [sent(path) for path in out[name]] if isinstance(out[name], list) else sent(out[name])
    if isinstance(out.get("kubeconfig"), str):
        out["kubeconfig"] = os.pathsep.join(sent(path) for path in out["kubeconfig"].split(os.pathsep))
    for name in ("chart", "chart_name", "chart_ref", "name"):
        if isinstance(out.get(name), str) and is_path(out[name]):
            out[name] = sent(out[name])
    if isinstance(out.get("chart_repo"), Mapping):
        out["chart_repo"] = {**with_files(out["chart_repo"], send), "url": sent(out["chart_repo"].get("url"))}
    if isinstance(out.get("connection"), Mapping):
        out["connection"] = with_files(out["connection"], send)
    for name in ("parties", "clusters"):
        if isinstance(out.get(name), list):
            out[name] = [with_files(entry, send) if isinstance(entry, Mapping) else entry for entry in out[name]]
    return out
