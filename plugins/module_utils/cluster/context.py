# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operation on a cluster works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..helm.cli import Helm
from ..kube.client import Api
from ..progress import Progress, silent
from .options import Options


@dataclass(slots=True)
class Context:
    """runner: who does it, for locks and job records. secrets: of the spec and of the Secrets that the collection made,
    which no record and no result may quote."""

    api: Api
    helm: Helm
    options: Options
    runner: str = ""
    progress: Progress = silent
    secrets: set[str] = field(default_factory=set)
