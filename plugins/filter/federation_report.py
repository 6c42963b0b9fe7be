# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A federation's state in a few lines for a person."""

from __future__ import annotations

DOCUMENTATION = r"""
name: federation_report
short_description: A federation's state in a few lines
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Says whether pods are simulated, and then for each party chart and version, modules with their state, routes, and
    addresses.
positional: hostvars
options:
  _input:
    description: Result of M(federatedai.kubefate.fate_federation_info).
    type: dict
    required: true
  hostvars:
    description:
      - Ansible's C(hostvars). The variable C(cluster_result) of a host, which the role
        P(federatedai.kubefate.cluster#role) sets, is newer than what the federation's plan says.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Report
  ansible.builtin.debug:
    msg: "{{ planned | federatedai.kubefate.federation_report }}"
"""

RETURN = r"""
_value:
  description: The lines, as one text.
  type: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.report import (
    cluster_lines,
    plan_lines,
    report,
)


def federation_report(planned: Mapping[str, Any], hostvars: Mapping[str, Any] | None = None) -> str:
    """The lines, as one text."""
    newer: dict[str, Any] = {}
    for host in planned["parties"] if hostvars else ():
        applied = (hostvars or {})[host].get("cluster_result") or {}
        if applied.get("cluster"):
            newer[host] = applied["cluster"]
    return "\n".join(report(planned, newer))


def federation_plan(planned: Mapping[str, Any]) -> str:
    """What is going to be changed, and where."""
    return "\n".join(plan_lines(planned))


def cluster_list(clusters: Iterable[Mapping[str, Any]]) -> str:
    """One line for each cluster."""
    return "\n".join(cluster_lines(clusters))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "federation_report": federation_report,
            "federation_plan": federation_plan,
            "cluster_list": cluster_list,
        }
