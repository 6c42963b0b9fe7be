# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Where records are kept: the options of ``arguments.STORE``."""

    DOCUMENTATION = r"""
options:
  store_namespace:
    description:
      - Namespace in which uploaded charts and job records are kept.
    type: str
    default: kubefate
"""
