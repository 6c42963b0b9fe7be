# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Which chart: the options of ``arguments.CHART_CHOICE``."""

    DOCUMENTATION = r"""
options:
  chart:
    description:
      - Name of the chart. The key C(chartName) of the spec by default.
      - It is looked for among the charts that were uploaded with M(federatedai.kubefate.fate_chart), then among those
        that come with this collection, then in O(chart_repo_url).
      - A reference is used as it is instead, and not looked for. C(oci://host/path/name) in a registry, C(https://...)
        of an archive, or a path that begins with C(.), C(/) or C(~).
    type: str
    aliases: [chart_name, chart_ref]
  chart_version:
    description:
      - Version of the chart, with or without a leading v. The key C(chartVersion) of the spec by default.
      - A range as Helm knows them, such as C(^1.2), C(>=1.0 <2) or C(1.x), means the newest version in it at the first
        place that has one.
      - For a chart of this collection, this may also be a version of FATE that the chart deploys.
    type: str
  chart_path:
    description:
      - Path of a chart folder or archive, to be used instead of looking for O(chart).
    type: path
  chart_digest:
    description:
      - Digest that the chart must have, or nothing is changed.
      - Either that of its content, as results and M(federatedai.kubefate.fate_chart_info) show it, or C(sha256:...) of
        its archive, as in the index of a repository, or of its manifest in a registry.
    type: str
"""
