# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was verified, in lines for a person."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_report
short_description: What was verified, as a table
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - First how much failed, was simulated or passed; then a table of what failed or is doubtful, the worst first; then
    what to do.
positional: every
options:
  _input:
    description: Result of M(federatedai.kubefate.fate_verify_info).
    type: dict
    required: true
  every:
    description: List what passed and what is simulated, too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Report
  ansible.builtin.debug:
    msg: "{{ verified | federatedai.kubefate.verify_report }}"
"""

RETURN = r"""
_value:
  description: The lines, as one text.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.report import lines


def verify_report(verified: Mapping[str, Any], every: bool = False) -> str:
    """The lines, as one text."""
    return "\n".join(lines(verified, bool(every)))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"verify_report": verify_report}
