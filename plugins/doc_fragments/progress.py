# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Progress: the options of ``arguments.PROGRESS``."""

    DOCUMENTATION = r"""
options:
  progress_dir:
    description:
      - Folder to which progress is written for the callback plugin P(federatedai.kubefate.progress#callback). That
        plugin sets it by an environment variable for modules that run on the controller.
    type: path
"""
