# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many examples of a property are tried."""

from __future__ import annotations

import os


def examples(usual: int, long: int = 1000) -> int:
    """A tenth of the usual number where the same code was shown with another ansible-core; many when there is time.

    They are the same ones in every run, so that a test does not fail for what nobody changed; only when there is time
    they are others each time.
    """
    if os.environ.get("KUBEFATE_LONG"):
        return long
    return max(usual // 10, 2) if os.environ.get("KUBEFATE_FEW_EXAMPLES") else usual
