# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventory variables to public facts: whose are wanted, where they are, and what is told."""

from __future__ import annotations

DOCUMENTATION = r"""
name: facts_inventory
short_description: Whose public facts an inventory asks for, and where they are kept
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Looks for hosts that are not managed (C(fate_managed) is false) and pin a key (C(fate_facts_fingerprint)), and for
    the store namespaces of those that are managed.
positional: hostvars
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
"""

EXAMPLES = r"""
- name: Read the facts of parties that are not managed
  federatedai.kubefate.fate_facts_info:
    federation: fate
    parties: "{{ wanted.parties }}"
    stores: "{{ wanted.stores }}"
  vars:
    wanted: "{{ groups['fate'] | federatedai.kubefate.facts_inventory(hostvars) }}"
"""

RETURN = r"""
_value:
  description: C(parties) and C(stores), the options of M(federatedai.kubefate.fate_facts_info).
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.filter.parties import connection, host_names, spec
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import STORE_NAMESPACE


def facts_inventory(hosts: Iterable[str], hostvars: Mapping[str, Any]) -> dict[str, Any]:
    """Parties and stores."""
    parties: list[dict[str, Any]] = []
    stores: list[dict[str, Any]] = []
    names = host_names(hosts, "facts_inventory")
    for host in names:
        variables = hostvars[host]
        if not variables.get("fate_managed", True) and variables.get("fate_facts_fingerprint"):
            parties.append(_party(host, variables))
    # The variables of managed hosts are looked at only where they are needed: there may be many.
    for host in names if parties else ():
        variables = hostvars[host]
        if variables.get("fate_managed", True):
            store = {
                "connection": connection(variables),
                "namespace": variables.get("fate_store_namespace") or STORE_NAMESPACE,
            }
            if store not in stores:
                stores.append(store)
    return {"parties": parties, "stores": stores}


def _party(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    party: dict[str, Any] = {"host": host, "fingerprint": str(variables["fate_facts_fingerprint"])}
    if variables.get("fate_role") == "exchange":
        party["party_id"] = ""
    elif variables.get("fate_party_id") not in (None, ""):
        party["party_id"] = str(variables["fate_party_id"])
    return party


def public_versions(party: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, str]:
    """Versions and engines of a party, from its plan and its inventory variables."""
    chart = (party.get("cluster") or {}).get("chart") or {}
    engines = spec(variables)
    found = {
        "fate": chart.get("app_version") or variables.get("fate_chart_version"),
        "chart": chart.get("name") or variables.get("fate_chart"),
        "chart_version": chart.get("version"),
        **{name: engines.get(name) for name in ("computing", "federation", "storage")},
    }
    return {name: str(value) for name, value in found.items() if value}


def public_certificates(party: Mapping[str, Any]) -> list[dict[str, str]]:
    """The certificates of a party as the others may know them."""
    return [
        {
            "module": entry["module"],
            "fingerprint": entry["certificate"]["fingerprint"],
            "issuer": entry["signed_by"],
            "not_after": entry["certificate"]["not_after"],
        }
        for entry in party["certificates"]
        if entry["certificate"]
    ]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "facts_inventory": facts_inventory,
            "public_versions": public_versions,
            "public_certificates": public_certificates,
        }
