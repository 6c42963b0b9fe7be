# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who did what, for a person and for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.job import audit


def audit_entries(jobs: Iterable[Mapping[str, Any]], since: str = "") -> list[dict[str, Any]]:
    """One entry for each job, oldest first."""
    try:
        return audit.audit_entries(plain(list(jobs)), str(since))
    except KubefateError as error:
        raise AnsibleFilterError(f"{error.msg} {error.hint}") from None


def audit_table(entries: Iterable[Mapping[str, Any]]) -> str:
    """The entries, one in a line."""
    return "\n".join(audit.audit_lines(entries))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_entries": audit_entries, "audit_table": audit_table}
