# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module of the collection supports."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells what would be changed, without changing it.
    support: full
  diff_mode:
    description:
      - Shows what is, or in check mode would be, changed, object by object and field by field. Secrets are left out.
    support: full
  async:
    description: Supports being run in the background with C(async).
    support: full
  platform:
    description: Where it can run. Helm and the module must be able to reach the API server from there.
    support: full
    platforms: posix
  action_group:
    description: Use C(group/federatedai.kubefate.all) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - federatedai.kubefate.all
notes:
  - Where the task's connection leads to another machine, the files and folders of the controller that options name
    (charts, specs, kubeconfigs, certificates) are copied there for the time of the call. A path at which the
    controller has nothing is one of that machine.
"""
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: N/A
  async:
    description: Supports being run in the background with C(async).
    support: full
  platform:
    description: Where it can run. The module must be able to reach the API server from there.
    support: full
    platforms: posix
  action_group:
    description: Use C(group/federatedai.kubefate.all) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - federatedai.kubefate.all
notes:
  - Where the task's connection leads to another machine, the files and folders of the controller that options name
    (charts, specs, kubeconfigs, certificates) are copied there for the time of the call. A path at which the
    controller has nothing is one of that machine.
"""
    FILES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells what would be changed, without changing it.
    support: full
  diff_mode:
    description: Shows no differences between files.
    support: none
  async:
    description: Supports being run in the background with C(async).
    support: full
  platform:
    description: Where it can run. It reaches no Kubernetes, so it is in no action group.
    support: full
    platforms: posix
"""
    FILES_INFO = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: N/A
  async:
    description: Supports being run in the background with C(async).
    support: full
  platform:
    description: Where it can run. It reaches no Kubernetes, so it is in no action group.
    support: full
    platforms: posix
"""
