# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From clusters that run to the files of an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: adopted_files
short_description: The files of an inventory of clusters that run
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Makes an inventory, and for each host its spec and its secrets, of what M(federatedai.kubefate.fate_cluster_info)
    reports with O(federatedai.kubefate.fate_cluster_info#module:specs).
positional: variables
options:
  _input:
    description: The value C(clusters) of M(federatedai.kubefate.fate_cluster_info).
    type: list
    elements: dict
    required: true
  variables:
    description:
      - Variables of a host. Those that name the Kubernetes are written into the inventory, apart from credentials.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Which files there will be
  ansible.builtin.debug:
    msg: "{{ found.clusters | federatedai.kubefate.adopted_files(hostvars['localhost']) | map(attribute='path') }}"
"""

RETURN = r"""
_value:
  description: One entry for each file, with path, content, checksum (SHA-256), and whether it holds secrets.
  type: list
  elements: dict
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.inventory import files, report
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain

PATHS = ("client_cert", "client_key", "ca_cert")
WORDS = (
    "context",
    "host",
    "username",
    "validate_certs",
    "proxy",
    "no_proxy",
    "impersonate_user",
    "impersonate_groups",
    "use_current_context",
    "store_namespace",
)


def adopted_files(clusters: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry for each file."""
    given = {f"fate_{name}": variables[f"fate_{name}"] for name in (*PATHS, *WORDS) if _given(variables, name)}
    for name in PATHS:
        if f"fate_{name}" in given:
            given[f"fate_{name}"] = _absolute(str(given[f"fate_{name}"]))
    kubeconfig = variables.get("fate_kubeconfig")
    if isinstance(kubeconfig, str) and kubeconfig:
        paths = [_absolute(path) for path in kubeconfig.split(os.pathsep)]
        given = {"fate_kubeconfig": os.pathsep.join(paths), **given}
    where = str(given.get("fate_host") or given.get("fate_context") or given.get("fate_kubeconfig") or "")
    return [file.as_result() for file in files(plain(clusters), plain(given), where)]


def adoption_report(clusters: Sequence[Mapping[str, Any]]) -> str:
    """What was found, as one text."""
    return "\n".join(report(plain(clusters))) or "There is no cluster of FATE."


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _given(variables: Mapping[str, Any], name: str) -> bool:
    return variables.get(f"fate_{name}") not in (None, "")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"adopted_files": adopted_files, "adoption_report": adoption_report}
