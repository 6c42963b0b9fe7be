# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preflight found, for a person."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_table
short_description: What a preflight found, as a table
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - One row for each thing that was found, failures first, each with what to do. What holds for several parties stands
    there once.
positional: only_findings
options:
  _input:
    description:
      - Result of M(federatedai.kubefate.fate_preflight_info), or the value C(preflight) of that of
        M(federatedai.kubefate.fate_federation_info).
    type: dict
    required: true
  only_findings:
    description: Leave out what passed.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: What was found
  ansible.builtin.debug:
    msg: "{{ looked | federatedai.kubefate.preflight_table }}"
"""

RETURN = r"""
_value:
  description: The table, as one text.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.report import table_lines


def preflight_table(looked: Mapping[str, Any], only_findings: bool = False) -> str:
    """The table, as one text."""
    return "\n".join(table_lines(looked, only_findings=only_findings))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preflight_table": preflight_table}
