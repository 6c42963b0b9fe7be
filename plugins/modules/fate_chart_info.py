#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_chart_info
short_description: List, describe and download charts
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Lists the charts that were uploaded to a Kubernetes and those that come with this collection.
  - Describes them with the values template, its example and the schema of the spec.
  - Writes them to a folder as archives.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.attributes.info
options:
  name:
    description:
      - Only charts of this name.
    type: str
  version:
    description:
      - Only charts of this version, with or without a leading v. For a chart of this collection, also a version of
        FATE.
    type: str
  details:
    description:
      - Return the values template, its example, the schema of the spec and the list of files, too.
    type: bool
    default: false
  download_to:
    description:
      - Folder into which the archives of the charts are written.
    type: path
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
"""

EXAMPLES = r"""
- name: Which charts are there
  federatedai.kubefate.fate_chart_info:
    context: party-9999
  register: there

- name: What may be written into a spec of chart fate
  federatedai.kubefate.fate_chart_info:
    context: party-9999
    name: fate
    details: true

- name: Get a chart back
  federatedai.kubefate.fate_chart_info:
    context: party-9999
    name: my-fate
    version: 1.2.0
    download_to: /tmp
"""

RETURN = r"""
charts:
  description: The charts, those of the store first.
  returned: always
  type: list
  elements: dict
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
    source:
      description: V(store) or V(bundled).
      type: str
      returned: always
    digest:
      description: Digest over all of its files.
      type: str
      returned: always
    fate_versions:
      description: Versions of FATE that a chart of this collection deploys.
      type: list
      elements: str
      returned: for bundled charts
    values_template:
      description: Text of the values template.
      type: str
      returned: with O(details)
    values_template_example:
      description: Text of the example of a spec.
      type: str
      returned: with O(details)
    spec_schema:
      description: JSON schema of the spec.
      type: dict
      returned: with O(details)
    files:
      description: Paths of the chart's files.
      type: list
      elements: str
      returned: with O(details)
paths:
  description: Paths of the archives that were written.
  returned: with O(download_to)
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.charts import INFORM_CHARTS
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_CHARTS)


if __name__ == "__main__":
    main()
