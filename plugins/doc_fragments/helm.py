# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """The helm executable: the options of ``arguments.HELM``."""

    DOCUMENTATION = r"""
options:
  helm_binary:
    description:
      - Path of the helm executable. C(helm) in the search path by default.
    type: path
requirements:
  - helm >= 3.13, or helm 4
"""
