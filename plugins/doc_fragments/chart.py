# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Which chart: the options of ``arguments.CHART``."""

    DOCUMENTATION = r"""
options:
  chart:
    description:
      - Name of the chart. The key C(chartName) of the spec by default.
      - It is looked for among the charts that were uploaded with M(federatedai.kubefate.fate_chart), then among those
        that come with this collection.
    type: str
    aliases: [chart_name]
  chart_version:
    description:
      - Version of the chart. The key C(chartVersion) of the spec by default.
      - For a chart of this collection, this may also be a version of FATE that the chart deploys.
    type: str
  chart_path:
    description:
      - Path of a chart folder or archive, to be used instead of looking for O(chart).
    type: path
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
"""
