#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_chart_folder
short_description: Create, complete, package and render the folder of a chart
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - What an author of a chart does with its folder. No Kubernetes is needed.
  - A chart for this collection is a Helm chart with a C(values-template.yaml), which turns a C(cluster.yaml) into
    values.
  - Files are read and written on the machine that the module runs on, so run it on the controller.
extends_documentation_fragment:
  - federatedai.kubefate.helm
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.attributes.files
options:
  path:
    description:
      - Path of the chart's folder. With O(state=rendered) also of an archive.
    type: path
    required: true
    aliases: [chart_path]
  state:
    description:
      - V(created) makes the folder of a new chart. One that is there is left as it is.
      - V(locked) brings the dependencies that C(Chart.yaml) names into C(charts/) and notes their versions in
        C(Chart.lock).
      - V(packaged) writes the chart's archive. The same files make the same archive, byte by byte. What
        C(.helmignore) names is left out.
      - V(rendered) writes the values and manifests that the chart makes of specs. Nothing is asked of a Kubernetes.
    type: str
    choices: [created, locked, packaged, rendered]
    required: true
  name:
    description:
      - With O(state=created), the name of the new chart. That of the folder by default.
    type: str
  version:
    description:
      - With O(state=created), its version. V(0.1.0) by default.
    type: str
  source:
    description:
      - With O(state=created), the chart of which a copy is made. A name is looked for among those of the collection
        and in O(chart_repo_url); a path or reference is used as it is.
      - Without it, helm makes the chart, and what a C(cluster.yaml) needs is added.
    type: str
  source_version:
    description:
      - Version of O(source), or a range.
    type: str
  update:
    description:
      - With O(state=locked), look for newer versions of dependencies that are there and locked.
    type: bool
    default: false
  dest:
    description:
      - With O(state=packaged), the folder for the archive; the current one by default.
      - With O(state=rendered), the folder in which each cluster gets a folder of its name.
    type: path
  force:
    description:
      - With O(state=packaged), replace an archive of the same version that has other content.
    type: bool
    default: false
  specs:
    description:
      - With O(state=rendered), paths of C(cluster.yaml) files, each for a cluster of its own. The chart's own example
        by default.
    type: list
    elements: path
    default: []
  kube_version:
    description:
      - With O(state=rendered), the version of Kubernetes that the chart is rendered for. Helm's own idea by default.
    type: str
  api_versions:
    description:
      - With O(state=rendered), API versions that the Kubernetes shall have besides its own.
    type: list
    elements: str
    default: []
seealso:
  - module: federatedai.kubefate.fate_chart_folder_info
  - module: federatedai.kubefate.fate_chart
"""

EXAMPLES = r"""
- name: Begin a chart of one's own with a copy of chart fate
  federatedai.kubefate.fate_chart_folder:
    path: charts/my-fate
    state: created
    source: fate
    version: 1.0.0

- name: Get its dependencies from a registry
  federatedai.kubefate.fate_chart_folder:
    path: charts/my-fate
    state: locked
    chart_repo_url: oci://harbor.example.com/charts
    chart_repo_username: robot$author
    chart_repo_password: "{{ harbor_token }}"

- name: See what it makes of a cluster.yaml
  federatedai.kubefate.fate_chart_folder:
    path: charts/my-fate
    state: rendered
    specs: [cluster.yaml]
    dest: rendered

- name: Write its archive
  federatedai.kubefate.fate_chart_folder:
    path: charts/my-fate
    state: packaged
    dest: dist
"""

RETURN = r"""
chart:
  description: The chart.
  returned: success
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
    digest:
      description: Digest over all of its files.
      type: str
      returned: where the chart is there
    archive_digest:
      description: Digest of its archive, if it is one.
      type: str
      returned: where the chart is there
path:
  description: Path of the archive.
  returned: with O(state=packaged)
  type: str
dependencies:
  description: What Chart.lock has, with name, version and repository.
  returned: with O(state=locked), unless there is nothing to do
  type: list
  elements: dict
rendered:
  description: What was made of each spec.
  returned: with O(state=rendered)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the cluster.
      type: str
      returned: always
    namespace:
      description: Its namespace.
      type: str
      returned: always
    paths:
      description: Paths of values and manifests. Only their owner can read them.
      type: list
      elements: str
      returned: always
    objects:
      description: Kind and name of each object.
      type: list
      elements: dict
      returned: always
    secrets:
      description: Names and keys of the Secrets that are made before the chart is installed.
      type: list
      elements: dict
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.authoring import CHANGE_FOLDER
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_FOLDER)


if __name__ == "__main__":
    main()
