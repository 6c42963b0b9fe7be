# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of a federation, from an inventory and for a person."""

from __future__ import annotations

DOCUMENTATION = r"""
name: user_scopes
short_description: The users of a federation, for each Kubernetes
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Of the parties that are on one Kubernetes the first takes care of the users there. For each such host this gives the
    users and the namespaces that they get rights in.
positional: hostvars
options:
  _input:
    description: Names of inventory hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars), of which the variables C(fate_*) are used.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Users of the Kubernetes that this host takes care of
  ansible.builtin.debug:
    msg: "{{ (groups['fate'] | federatedai.kubefate.user_scopes(hostvars))[inventory_hostname] }}"
"""

RETURN = r"""
_value:
  description: Host to C(users), C(namespaces), and C(store_namespace). Hosts that need not do anything are left out.
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.filter.parties import connection, host_names, spec
from ansible_collections.federatedai.kubefate.plugins.module_utils.access.show import user_lines
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import STORE_NAMESPACE
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import canonical, plain


def user_scopes(hosts: Iterable[str], hostvars: Mapping[str, Any]) -> dict[str, Any]:
    """For the first host of each Kubernetes: users with their namespaces."""
    together: dict[str, list[str]] = {}
    for host in host_names(hosts, "user_scopes"):
        key = canonical([plain(connection(hostvars[host])), _store(hostvars[host])])
        together.setdefault(key, []).append(host)
    return {members[0]: _scope(members, hostvars) for members in together.values()}


def _scope(members: Sequence[str], hostvars: Mapping[str, Any]) -> dict[str, Any]:
    spaces = {host: _namespace(host, hostvars[host]) for host in members}
    store = _store(hostvars[members[0]])
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    for host in members:
        for user in hostvars[host].get("fate_users") or []:
            key = (str(user.get("kind", "")), str(user["name"]))
            wanted.setdefault(key, {**plain(user), "parties": []})
            wanted[key]["parties"] += [party for party in user.get("parties") or [host] if party in spaces]
    return {
        "users": [_user(user, spaces, store) for user in wanted.values() if user["parties"]],
        "namespaces": list(dict.fromkeys([*spaces.values(), store])),
        "store_namespace": store,
    }


def _user(user: Mapping[str, Any], spaces: Mapping[str, str], store: str) -> dict[str, Any]:
    """An admin of all parties manages the users in the store namespace, too."""
    own = list(dict.fromkeys(spaces[party] for party in user["parties"]))
    if user.get("role") == "admin" and set(own) == set(spaces.values()) and store not in own:
        own.append(store)
    return {**{key: value for key, value in user.items() if key != "parties"}, "namespaces": own}


def _namespace(host: str, variables: Mapping[str, Any]) -> str:
    given = spec(variables)
    found = variables.get("fate_namespace") or given.get("namespace") or variables.get("fate_name") or given.get("name")
    if not found:
        raise AnsibleFilterError(f"{host} has no fate_namespace, so it is unknown where its users get rights.")
    return str(found)


def _store(variables: Mapping[str, Any]) -> str:
    return str(variables.get("fate_store_namespace") or STORE_NAMESPACE)


def user_list(users: Mapping[str, Any]) -> str:
    """The lines, as one text."""
    return "\n".join(user_lines(users))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"user_scopes": user_scopes, "user_list": user_list}
