# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing one cluster to what its spec says."""

from __future__ import annotations

from dataclasses import replace

from .context import Context
from .planning import plan_cluster, remember, unchanged
from .shape import Result
from .target import Target


def present(context: Context, target: Target, *, check_mode: bool) -> Result:
    """Bring a cluster to what the target says. Raises ``KubefateError`` carrying the result so far."""
    planned = plan_cluster(context, target)
    if not planned.plan.changed and not check_mode:
        remember(context, planned)
    # Imported late, here and below: a run in which nothing changes is mostly imports.
    if check_mode and planned.plan.changed:
        from .training import noted

        planned = replace(planned, plan=noted(context, planned.plan, planned.found.current))
    if check_mode or not planned.plan.changed:
        return unchanged(context, planned, wait=context.options.wait and not check_mode)
    from .changing import change

    return change(context, planned)
