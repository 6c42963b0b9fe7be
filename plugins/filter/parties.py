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
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import merge, plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve

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
CLUSTER = ("name", "namespace", "store_namespace", "chart", "chart_version", "chart_path", "chart_digest", "drift")
"""What planning and applying take of a host's variables as it is."""
SPACE = ("quota", "limit_range", "cluster_rights")
"""What a namespace and its deployer get, where that is granted here."""
MEMBER = ("role", "managed", "advertise_host", "advertise_port", "advertise", "inbound", "node_address", "routes")
"""What only the plan of the whole federation takes."""
APPLIED = ("wait", "wait_timeout", "patience", "on_failure")
"""What only applying takes."""
CHART_REPO = (
    "url",
    "username",
    "password",
    "ca_cert",
    "client_cert",
    "client_key",
    "validate_certs",
    "plain_http",
    "pass_credentials",
)
IDENTITY = (("party_id", "partyId"),)


def parties(hosts: Iterable[str], hostvars: Mapping[str, Any], chart_version: str = "") -> list[dict[str, Any]]:
    """One entry for each host. chart_version: in place of what the inventory says."""
    return [_party(host, hostvars[host], chart_version) for host in host_names(hosts, "parties")]


def clusters(
    hosts: Iterable[str], hostvars: Mapping[str, Any], planned: Mapping[str, Any], chart_version: str = ""
) -> list[dict[str, Any]]:
    """One entry for each host that could be planned, with what that adds to its spec. chart_version: as above."""
    found = []
    for host in host_names(hosts, "parties"):
        party = planned["parties"][host]
        if party["failed"]:
            continue
        variables = hostvars[host]
        entry = _cluster(host, variables, chart_version)
        entry["spec"] = merge(plain(entry["spec"]), plain(party["additions"]))
        entry |= {name: variables[f"fate_{name}"] for name in APPLIED if _given(variables, name)}
        if _given(variables, "running_jobs"):
            entry["running_fate_jobs"] = variables["fate_running_jobs"]
        found.append(entry)
    return found


def links(hosts: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The exceptions that ``fate_links`` of these hosts make; a list that several share counts once. Names of groups
    become their hosts."""
    lists: list[Any] = []
    found: list[dict[str, Any]] = []
    for host in host_names(hosts, "parties"):
        variables = hostvars[host]
        entries = plain(variables["fate_links"]) if _given(variables, "links") else []
        if entries not in lists:
            lists.append(entries)
            found += [_link(entry, host, variables["groups"]) for entry in entries]
    return found


def connection(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection options that a host's variables give."""
    return {name: variables[f"fate_{name}"] for name in CONNECTION if _given(variables, name)}


def kubernetes(variables: Mapping[str, Any]) -> str:
    """The API server that a host's variables lead to, and by what; where another machine has the files that they name,
    only what they say."""
    options = plain(connection(variables))
    try:
        found = resolve(options)
    except KubefateError:
        named = [f"{name} {options[name]}" for name in ("host", "context", "kubeconfig") if _is_text(options.get(name))]
        return ", ".join(named) or "the current context"
    return f"{found.server} ({found.origin})"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def chart_repo(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The chart repository that a host's variables ``fate_chart_repo_*`` name, or the air-gap bundle."""
    given = {
        name: variables[f"fate_chart_repo_{name}"] for name in CHART_REPO if _given(variables, f"chart_repo_{name}")
    }
    if _given(variables, "bundle"):
        given = {"url": f"{variables['fate_bundle']}/charts"}
    return given


def spec(variables: Mapping[str, Any]) -> dict[str, Any]:
    """A host's spec: the group's ``fate_spec_defaults``, which are those of parties, then the host's ``fate_spec`` and
    ``fate_secret_spec``, then ``fate_scale`` and its party id."""
    common = {} if variables.get("fate_role") == "exchange" else variables.get("fate_spec_defaults") or {}
    merged = merge(common, variables.get("fate_spec") or {})
    merged = merge(merged, variables.get("fate_secret_spec") or {})
    for module, count in (variables.get("fate_scale") or {}).items():
        merged = merge(merged, {module: {"replicas": count}})
    for name, key in IDENTITY:
        if _given(variables, name):
            merged[key] = variables[f"fate_{name}"]
    return merged


def host_names(hosts: Iterable[str], name: str) -> list[str]:
    """What a filter of that name was given to work on. Raises ``AnsibleFilterError`` for what is no list of hosts."""
    if isinstance(hosts, str) or not isinstance(hosts, Iterable):
        raise AnsibleFilterError(f"federatedai.kubefate.{name} takes a list of host names, such as groups['fate'].")
    return [str(host) for host in hosts]


def _cluster(host: str, variables: Mapping[str, Any], chart_version: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"host": host}
    for name in CLUSTER:
        if _given(variables, name):
            entry[name] = variables[f"fate_{name}"]
    if chart_version:
        entry["chart_version"] = chart_version
    entry["connection"] = connection(variables)
    if repository := chart_repo(variables):
        entry["chart_repo"] = repository
    entry["spec_files"] = _listed(variables.get("fate_spec_files"))
    entry["spec"] = spec(variables)
    entry["certificates"] = (variables.get("fate_certificates") or "none") != "none"
    if boolean(variables.get("fate_manage_rbac", True)):
        entry["deployer"] = variables.get("fate_service_account") or "fate-deployer"
        entry["namespace_labels"] = variables.get("fate_namespace_labels") or {}
        entry |= {name: variables[f"fate_{name}"] for name in SPACE if _given(variables, name)}
    return entry


def _party(host: str, variables: Mapping[str, Any], chart_version: str) -> dict[str, Any]:
    party = _cluster(host, variables, chart_version)
    for name in MEMBER:
        if _given(variables, name):
            party[name] = variables[f"fate_{name}"]
    if _given(variables, "party_state"):
        party["state"] = variables["fate_party_state"]
    if _given(variables, "version"):
        party["fate_version"] = variables["fate_version"]
    if "fate_exchange" in variables:
        party["exchanges"] = _listed(variables["fate_exchange"])
    if variables.get("inventory_file"):
        party["inventory"] = variables["inventory_file"]
    return party


def _link(entry: Any, host: str, groups: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of ``fate_links`` as the module takes it."""
    keys = set(entry) if isinstance(entry, Mapping) else set()
    if keys == {"between", "via"} and isinstance(entry["between"], list) and len(entry["between"]) == 2:
        origins, targets = entry["between"]
    elif keys == {"from", "to", "via"}:
        origins, targets = entry["from"], entry["to"]
    else:
        raise AnsibleFilterError(
            f"fate_links of {host} has the entry {plain(entry)}. Write {{between: [one, other], via: never}}, or "
            "{from: one, to: other, via: direct} for one direction; via is never, direct or the host of an exchange."
        )
    return {
        "origins": _members(origins, groups),
        "targets": _members(targets, groups),
        "via": str(entry["via"]),
        "both_ways": "between" in keys,
    }


def _members(names: Any, groups: Mapping[str, Any]) -> list[str]:
    """Hosts by their names or those of their groups."""
    found: list[str] = []
    for name in _listed(names):
        found += map(str, groups[name]) if name in groups else [name]
    return list(dict.fromkeys(found))


def _listed(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    return [str(value)] if isinstance(value, str) else [str(item) for item in value]


def _given(variables: Mapping[str, Any], name: str) -> bool:
    return variables.get(f"fate_{name}") not in (None, "")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "parties": parties,
            "party_clusters": clusters,
            "party_links": links,
            "party_spec": spec,
            "party_kubernetes": kubernetes,
            "chart_repo": chart_repo,
        }
