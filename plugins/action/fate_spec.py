# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.specs import CHANGE_SPEC
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import CallAction


class ActionModule(CallAction):
    """Carries out the call of the module of the same name."""

    entry = CHANGE_SPEC
