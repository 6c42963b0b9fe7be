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
  - Lists the charts that were uploaded to a Kubernetes, those that come with this collection, and those of a
    repository.
  - Describes them with the values template, its example and the schema of the spec.
  - Writes them to a folder as archives.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.store
  - federatedai.kubefate.helm
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.attributes.info
options:
  path:
    description:
      - Path of a chart folder or archive. That chart alone is shown.
    type: path
    aliases: [chart_path]
  name:
    description:
      - Only charts of this name. A registry (C(oci://)) has no list, so one chart must be named there.
      - A reference, such as C(oci://host/path/name) or the URL of an archive, is the one chart that is shown.
    type: str
    aliases: [chart, chart_name, chart_ref]
  version:
    description:
      - Only charts of this version, with or without a leading v, or of the versions of a range such as C(^1.2). Also a
        version of FATE, for a chart that says which it deploys.
    type: str
    aliases: [chart_version]
  type:
    description:
      - Only charts that deploy this, such as V(fate), V(fate-serving) or V(fate-exchange). A chart says so in its
        annotation C(kubefate.federatedai.org/type); its name is its type by default.
    type: str
  sources:
    description:
      - Where to look. Only V(store) needs a Kubernetes, and only V(repository) the network.
      - A repository is looked into where O(chart_repo_url) or the environment names one.
    type: list
    elements: str
    choices: [store, bundled, repository]
    default: [store, bundled, repository]
  details:
    description:
      - Return the values template, its example, the schema of the spec, the dependencies and the list of files, too.
    type: bool
    default: false
    aliases: [describe]
  download_to:
    description:
      - Folder into which the archives of the charts are written.
    type: path
"""

EXAMPLES = r"""
- name: Which charts are there
  federatedai.kubefate.fate_chart_info:
    context: party-9999
  register: there

- name: What may be written into a spec of chart fate
  federatedai.kubefate.fate_chart_info:
    sources: [bundled]
    name: fate
    details: true

- name: Which exchanges a Helm repository has
  federatedai.kubefate.fate_chart_info:
    sources: [repository]
    chart_repo_url: https://charts.example.com/fate
    type: fate-exchange

- name: Get a chart back
  federatedai.kubefate.fate_chart_info:
    context: party-9999
    name: my-fate
    version: 1.2.0
    download_to: /tmp
"""

RETURN = r"""
charts:
  description: The charts, those of the store first, then those of the collection and of the repository.
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
    description:
      description: Its description.
      type: str
      returned: always
    type:
      description: What it deploys.
      type: str
      returned: always
    source:
      description: V(store), V(bundled), V(repository), V(oci), V(url), V(folder) or V(archive).
      type: str
      returned: always
    origin:
      description: Address of the repository, or of the chart itself. Empty for what is here.
      type: str
      returned: always
    digest:
      description: Digest over all of its files. Empty for what only the index of a repository is known of.
      type: str
      returned: always
    archive_digest:
      description: Digest of its archive, if it is one.
      type: str
      returned: always
    fate_versions:
      description: Versions of FATE that it deploys, where it says so.
      type: list
      elements: str
      returned: always
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
    dependencies:
      description: The charts that it needs, as Chart.yaml lists them.
      type: list
      elements: dict
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
