#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_outcome
short_description: Give a host its outcome of what was done for several
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Has as its result what is given, and fails if that says so. Nothing is contacted.
  - After M(federatedai.kubefate.fate_clusters) was run once for several hosts, each host has a result of its own, with
    its own changes, diff and failure.
attributes:
  check_mode:
    description: Contacts nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: Shows the diff that is given.
    support: full
  async:
    description: Supports being run in the background with C(async).
    support: full
  platform:
    description: Where it can run.
    support: full
    platforms: posix
options:
  outcome:
    description:
      - The outcome, such as an entry of RV(federatedai.kubefate.fate_clusters#module:clusters).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What became of this host
  federatedai.kubefate.fate_outcome:
    outcome: "{{ done.clusters[inventory_hostname] }}"
"""

RETURN = r"""
failure:
  description: What failed, as in M(federatedai.kubefate.fate_cluster). Everything else that was given is there, too.
  returned: on failure
  type: dict
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.outcome import TELL_OUTCOME
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(TELL_OUTCOME)


if __name__ == "__main__":
    main()
