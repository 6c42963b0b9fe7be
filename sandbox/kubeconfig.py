# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes kubeconfigs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from .layout import write_private


def write_kubeconfig(path: Path, cluster: str, server: str, authority: Path, certificate: Path, key: Path) -> None:
    """Writes a kubeconfig that holds its certificates and key, so that it works wherever it is copied to."""

    def embedded(file: Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    user = certificate.stem
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": cluster, "cluster": {"server": server, "certificate-authority-data": embedded(authority)}}
        ],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": embedded(certificate), "client-key-data": embedded(key)},
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "current-context": cluster,
    }
    # JSON is YAML, and needs no library to write.
    write_private(path, json.dumps(content, indent=2) + "\n")
