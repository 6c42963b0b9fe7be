#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_chart_folder_info
short_description: Look a chart over before it is used
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Checks a chart's files, its schema against its example, what its templates make of the example and of further specs,
    what C(helm lint) says, whether two renders are equal, and whether its dependencies are there and locked.
  - With a connection that the options name, the API server is asked about each object, too. Nothing is kept there.
extends_documentation_fragment:
  - federatedai.kubefate.connection
  - federatedai.kubefate.helm
  - federatedai.kubefate.attributes.info
options:
  path:
    description:
      - Path of the chart's folder or archive.
    type: path
    required: true
    aliases: [chart_path]
  specs:
    description:
      - Paths of C(cluster.yaml) files to try the chart with, besides its own example.
    type: list
    elements: path
    default: []
  helm_binaries:
    description:
      - Paths of helm executables, such as a helm 3 and a helm 4, each of which is asked. O(helm_binary) by default.
    type: list
    elements: path
    default: []
  namespace:
    description:
      - Namespace in which the API server is asked about the objects. It has to be there.
    type: str
    default: default
  fail_on:
    description:
      - The least finding that makes the task fail.
    type: str
    choices: [error, warning, never]
    default: error
seealso:
  - module: federatedai.kubefate.fate_chart_folder
"""

EXAMPLES = r"""
- name: Look a chart over with helm 3 and helm 4, and with the Kubernetes that it is for
  federatedai.kubefate.fate_chart_folder_info:
    path: charts/my-fate
    specs: [cluster.yaml]
    helm_binaries: [/opt/helm3/helm, /opt/helm4/helm]
    context: test
"""

RETURN = r"""
chart:
  description: The chart; empty where it cannot be read.
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
    digest:
      description: Digest over all of its files.
      type: str
      returned: where the chart is there
    archive_digest:
      description: Digest of its archive, if it is one.
      type: str
      returned: where the chart is there
ok:
  description: Whether no error was found.
  returned: always
  type: bool
checks:
  description: Which checks were done.
  returned: always
  type: list
  elements: str
findings:
  description: What was found.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: Which check found it. V(files), V(dependencies), V(repeatable), V(specs), V(helm) or V(kubernetes).
      type: str
      returned: always
    severity:
      description: V(error) or V(warning).
      type: str
      returned: always
    message:
      description: What is wrong.
      type: str
      returned: always
    file:
      description: Path in the chart; empty where it is not about one file.
      type: str
      returned: always
    line:
      description: Line in that file, 0 where that is not known.
      type: int
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.authoring import INFORM_FOLDER
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_FOLDER)


if __name__ == "__main__":
    main()
