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
positional: hostvars, hosts
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
  hosts:
    description: Hosts that may have such a variable.
    type: list
    elements: str
    default: []
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

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.report import (
    cluster_lines,
    plan_lines,
    report,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.work import (
    cut_off,
    halts,
    left_out,
    outcome_of,
    remaining,
    to_do,
    work,
)


def federation_report(
    planned: Mapping[str, Any], hostvars: Mapping[str, Any] | None = None, hosts: Iterable[str] = ()
) -> str:
    """The lines, as one text."""
    newer: dict[str, Any] = {}
    for host in hosts if hostvars else ():
        applied = (hostvars or {})[host].get("cluster_result") or {}
        if applied.get("cluster"):
            newer[host] = applied["cluster"]
    return "\n".join(report(planned, newer))


def federation_plan(planned: Mapping[str, Any], hosts: Iterable[str] | None = None) -> str:
    """What is going to be changed, and where; and what stays inconsistent where only these hosts are changed."""
    lines = plan_lines(planned)
    if hosts is not None:
        lines += left_out(planned, hosts)
    return "\n".join(lines)


def federation_work(
    planned: Mapping[str, Any],
    hosts: Sequence[str],
    hostvars: Mapping[str, Any],
    shares: Any = "100%",
    percentage: float = 100.0,
) -> dict[str, Any]:
    """The hosts that there is something to do for, in waves."""
    wanted = [host for host in to_do(planned) if host in set(hosts)]
    numbers = {host: hostvars[host].get("fate_wave") for host in wanted}
    delegates = {host: str(hostvars[host].get("fate_delegate_to") or "") for host in wanted}
    try:
        return work(planned, hosts, numbers, delegates, shares, float(percentage))
    except KubefateError as error:
        raise AnsibleFilterError(f"{error.msg} {error.hint}") from None


def party_outcome(work_: Mapping[str, Any], host: str, hostvars: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one host, out of what was done for its wave."""
    leader = next(leader for leader, group in work_["leaders"].items() if host in group)
    there = hostvars[leader]
    return outcome_of(host, there.get("fate_wave_done") or {}, there["fate_planned"]["parties"][host])


def federation_halt(
    work_: Mapping[str, Any], hosts: Sequence[str], hostvars: Mapping[str, Any], percentage: float
) -> str:
    """What remains, where the outcome of these hosts' wave ends the run; else nothing."""
    outcomes = {host: party_outcome(work_, host, hostvars) for host in hosts}
    left = remaining(work_["order"], work_["waves"], hosts)
    if not halts(outcomes, float(percentage)):
        return ""
    failed = [host for host, outcome in outcomes.items() if outcome.get("failed")]
    text = f"Halted at {', '.join(failed)}: {outcomes[failed[0]].get('msg', '')}"
    if not left:
        return f"{text} Nothing else remains."
    return f"{text} What remains: {', '.join(left)}. Run again when the cause is gone: it goes on from here."


def federation_cut_off(entries: Sequence[Mapping[str, Any]], leaving: Sequence[str]) -> list[str]:
    """The parties that would have no exchange left if these hosts were gone."""
    return cut_off(entries, leaving)


def cluster_list(clusters: Iterable[Mapping[str, Any]]) -> str:
    """One line for each cluster."""
    return "\n".join(cluster_lines(clusters))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "federation_report": federation_report,
            "federation_plan": federation_plan,
            "federation_work": federation_work,
            "federation_halt": federation_halt,
            "federation_cut_off": federation_cut_off,
            "party_outcome": party_outcome,
            "cluster_list": cluster_list,
        }
