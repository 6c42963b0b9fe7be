# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters of FATE that run on a Kubernetes, as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: clusters
short_description: The clusters of FATE that run on a Kubernetes
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Lists every cluster of FATE, whoever deployed it, as a host of the group C(fate_clusters). The name of a host is
    that of the cluster; clusters of one name are told apart by their namespaces, as C(name.namespace).
  - Each host has the variables C(fate_name), C(fate_namespace) and C(fate_party_id), and those of the connection, apart
    from credentials. C(fate_cluster) is what M(federatedai.kubefate.fate_cluster_info) returns of the cluster, such as
    C(fate_cluster.chart.version), C(fate_cluster.state) and C(fate_cluster.modules).
  - The hosts have no spec, so they can be looked at, stopped and started, and not be deployed. The playbook
    C(federatedai.kubefate.adopt_fate) writes an inventory with specs.
  - The name of the file must end in C(kubefate.yml) or C(kubefate.yaml).
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - federatedai.kubefate.connection
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [federatedai.kubefate.clusters]
  namespace:
    description: Only clusters in this namespace. All namespaces by default.
    type: str
"""

EXAMPLES = r"""
# bank.kubefate.yml: ansible-inventory -i bank.kubefate.yml --list
plugin: federatedai.kubefate.clusters
context: bank
keyed_groups:
  - key: fate_cluster.state
    prefix: state
groups:
  outdated: fate_cluster.chart.app_version is version('2.2.0', '<')
compose:
  fate_board: fate_cluster.endpoints | selectattr('module', 'equalto', 'fateboard') | map(attribute='address') | first
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.federatedai.kubefate.plugins.module_utils.arguments import CONNECTION
from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import INFORM_CLUSTERS
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import run_program

GROUP = "fate_clusters"
ENDINGS = ("kubefate.yml", "kubefate.yaml")
CREDENTIALS = ("api_key", "password")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """Asks as ``fate_cluster_info`` does."""

    NAME = "federatedai.kubefate.clusters"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        connection = self._connection()
        self.inventory.add_group(GROUP)
        clusters = self._clusters(path, connection, cache)
        names = Counter(str(cluster["name"]) for cluster in clusters)
        shown = {f"fate_{name}": value for name, value in connection.items() if _may_be_shown(name, value)}
        for cluster in clusters:
            name = str(cluster["name"])
            host = name if names[name] == 1 else f"{name}.{cluster['namespace']}"
            # What a cluster says of itself is data, and never a template.
            self._add(host, {**shown, **wrap_var(variables(cluster))})

    def _add(self, host: str, found: Mapping[str, Any]) -> None:
        self.inventory.add_host(host, group=GROUP)
        for name, value in found.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), dict(found), host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), dict(found), host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), dict(found), host, strict=strict)

    def _connection(self) -> dict[str, Any]:
        """The connection options that are given; those that are templates are filled in."""
        given = {name: self.get_option(name) for name in CONNECTION.options}
        return {
            name: self.templar.template(value) if isinstance(value, str) and self.templar.is_template(value) else value
            for name, value in given.items()
            if value is not None
        }

    def _clusters(self, path: str, connection: Mapping[str, Any], cache: bool) -> Sequence[Mapping[str, Any]]:
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        use, update = self.get_option("cache") and cache, self.get_option("cache") and not cache
        if use:
            try:
                return list(self._cache[key])
            except KeyError:
                update = True
        found = self._ask(path, connection)
        if update:
            self._cache[key] = found
        return found

    def _ask(self, path: str, connection: Mapping[str, Any]) -> list[dict[str, Any]]:
        keywords = INFORM_CLUSTERS.arguments.as_kwargs()
        asked = plain({**connection, "namespace": self.get_option("namespace")})
        checked = ModuleArgumentSpecValidator(keywords.pop("argument_spec"), **keywords).validate(asked)
        if checked.error_messages:
            raise AnsibleParserError(f"{path}: {'; '.join(checked.error_messages)}")
        with tempfile.TemporaryDirectory(prefix="kubefate-", dir=constants.DEFAULT_LOCAL_TMP) as folder:
            call = Call(dict(checked.validated_parameters), True, run_program, folder)
            outcome = carry_out(INFORM_CLUSTERS, call, verbose=False)
        if "failure" in outcome:
            raise AnsibleParserError(f"{path}: {outcome['msg']} {outcome['failure']['hint']}".rstrip())
        return [cluster for cluster in outcome["clusters"] if cluster["revision"]]


def variables(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster as the variables of a host."""
    identity = {f"fate_{name}": cluster.get(name) for name in ("name", "namespace", "party_id")}
    return {**identity, "fate_cluster": dict(cluster)}


def _may_be_shown(name: str, value: Any) -> bool:
    """Variables are printed, so no credentials are among them."""
    return name not in CREDENTIALS and not isinstance(value, Mapping) and value not in ("", [])
