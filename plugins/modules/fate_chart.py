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
  - federatedai.kubefate.helm
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.attributes
options:
  path:
    description:
      - Path of the chart's folder or C(.tgz) archive. With O(state=present), this or O(name) is required.
    type: path
    aliases: [chart_path]
  name:
    description:
      - Name of the chart. With O(path), it must be what the chart itself says.
      - Without O(path), it is looked for among the charts of this collection, then in O(chart_repo_url). A reference
        such as C(oci://host/path/name) or the URL of an archive is used as it is.
    type: str
    aliases: [chart, chart_name, chart_ref]
  version:
    description:
      - Version of the chart, with or without a leading v, or with O(state=present) a range such as C(^1.2).
        With O(path), it must be what the chart itself says.
    type: str
    aliases: [chart_version]
  chart_digest:
    description:
      - Digest that the chart must have, or nothing is stored. Either that of its content, or C(sha256:...) of its
        archive or of its manifest in a registry.
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

- name: Upload a chart of a registry, which must be the one that was tested
  federatedai.kubefate.fate_chart:
    context: party-9999
    chart_ref: oci://harbor.example.com/fate/my-fate
    chart_version: ^1.2
    chart_digest: sha256:{{ tested_manifest }}
    chart_repo_username: robot$deploy
    chart_repo_password: "{{ harbor_token }}"
    chart_repo_ca_cert: /etc/ssl/bank-ca.pem

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
    type:
      description: What it deploys.
      type: str
      returned: always
    source:
      description: Where it is.
      type: str
      returned: always
    origin:
      description: Empty. What M(federatedai.kubefate.fate_chart_info) lists of a repository has an address here.
      type: str
      returned: always
    digest:
      description: Digest over all of its files.
      type: str
      returned: always
    archive_digest:
      description: Digest of its archive.
      type: str
      returned: always
    fate_versions:
      description: Versions of FATE that it deploys, where it says so.
      type: list
      elements: str
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.charts import CHANGE_CHART
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_CHART)


if __name__ == "__main__":
    main()
