# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventory variables to the parties of a federation."""

from __future__ import annotations

DOCUMENTATION = r"""
name: parties
short_description: The parties of a federation, from an inventory
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Turns inventory hosts and their variables C(fate_*) into the list that
    M(federatedai.kubefate.fate_federation_info) takes.
positional: hostvars, chart_version
options:
  _input:
    description: Names of inventory hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  chart_version:
    description: Version of the chart, in place of what the inventory says.
    type: str
"""

EXAMPLES = r"""
- name: Plan the parties of the group fate
  federatedai.kubefate.fate_federation_info:
    parties: "{{ groups['fate'] | federatedai.kubefate.parties(hostvars) }}"
"""

RETURN = r"""
_value:
  description: One entry for each host.
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import merge

CONNECTION = (
    "kubeconfig",
    "context",
    "host",
    "api_key",
    "username",
    "password",
    "client_cert",
    "client_key",
    "ca_cert",
    "validate_certs",
    "proxy",
    "no_proxy",
    "impersonate_user",
    "impersonate_groups",
)
PLAIN = (
    "name",
    "namespace",
    "store_namespace",
    "chart",
    "chart_version",
    "chart_path",
    "advertise_host",
    "advertise_port",
    "routes",
)
SPACE = ("quota", "limit_range", "cluster_rights")
IDENTITY = (("party_id", "partyId"),)


def parties(hosts: Iterable[str], hostvars: Mapping[str, Any], chart_version: str = "") -> list[dict[str, Any]]:
    """One entry for each host. chart_version: in place of what the inventory says."""
    if isinstance(hosts, str) or not isinstance(hosts, Iterable):
        raise AnsibleFilterError("federatedai.kubefate.parties takes a list of host names, such as groups['fate'].")
    found = [_party(str(host), hostvars[host]) for host in hosts]
    return [{**party, "chart_version": chart_version} for party in found] if chart_version else found


def _party(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    party: dict[str, Any] = {"host": host}
    for name in PLAIN:
        if _given(variables, name):
            party[name] = variables[f"fate_{name}"]
    party["connection"] = connection(variables)
    party["spec_files"] = _files(variables)
    party["spec"] = spec(variables)
    if variables.get("fate_manage_rbac", True):
        party["deployer"] = variables.get("fate_service_account") or "fate-deployer"
        party["namespace_labels"] = variables.get("fate_namespace_labels") or {}
        party |= {name: variables[f"fate_{name}"] for name in SPACE if _given(variables, name)}
    return party


def connection(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection options that a host's variables give."""
    return {name: variables[f"fate_{name}"] for name in CONNECTION if _given(variables, name)}


def spec(variables: Mapping[str, Any]) -> dict[str, Any]:
    """A host's spec: the group's ``fate_spec_defaults``, then the host's ``fate_spec`` and ``fate_secret_spec``, then
    ``fate_scale`` and its party id."""
    merged = merge(variables.get("fate_spec_defaults") or {}, variables.get("fate_spec") or {})
    merged = merge(merged, variables.get("fate_secret_spec") or {})
    for module, count in (variables.get("fate_scale") or {}).items():
        merged = merge(merged, {module: {"replicas": count}})
    for name, key in IDENTITY:
        if _given(variables, name):
            merged[key] = variables[f"fate_{name}"]
    return merged


def _files(variables: Mapping[str, Any]) -> list[str]:
    files = variables.get("fate_spec_files") or []
    return [files] if isinstance(files, str) else list(files)


def _given(variables: Mapping[str, Any], name: str) -> bool:
    return variables.get(f"fate_{name}") not in (None, "")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"parties": parties, "party_spec": spec}
