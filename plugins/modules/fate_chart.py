#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_chart
short_description: Upload charts to and delete charts from a cluster's chart store
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Keeps a chart, folder or archive, in the store namespace of a Kubernetes, where
    M(federatedai.kubefate.fate_cluster) finds it by name and version.
  - Nothing of the chart is lost. Sub-charts, schemas, CRDs, files and the lock file are kept as they are.
  - An upload that is interrupted leaves no half chart, and the digest is checked whenever the chart is read.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes
options:
  path:
    description:
      - Path of the chart's folder or C(.tgz) archive. Required with O(state=present).
    type: path
  name:
    description:
      - Name of the chart. With O(path), it must be what the chart itself says.
    type: str
  version:
    description:
      - Version of the chart, with or without a leading v. With O(path), it must be what the chart itself says.
    type: str
  state:
    description:
      - V(present) uploads the chart, V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - With O(state=present), replace a chart of the same name and version that has other content.
      - With O(state=absent), delete a chart although clusters are made from it. They keep running.
    type: bool
    default: false
seealso:
  - module: federatedai.kubefate.fate_chart_info
"""

EXAMPLES = r"""
- name: Upload a chart
  federatedai.kubefate.fate_chart:
    context: party-9999
    path: charts/my-fate

- name: Delete a chart
  federatedai.kubefate.fate_chart:
    context: party-9999
    name: my-fate
    version: 1.2.0
    state: absent
"""

RETURN = r"""
chart:
  description: The chart, empty if it was not there.
  returned: always
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    version:
      description: Its version.
      type: str
      returned: always
    app_version:
      description: The version of the program that it deploys, as the chart says.
      type: str
      returned: always
    description:
      description: Its description.
      type: str
      returned: always
    source:
      description: Where it is.
      type: str
      returned: always
    digest:
      description: Digest over all of its files.
      type: str
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.charts import CHANGE_CHART
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_CHART)


if __name__ == "__main__":
    main()
