#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_spec
short_description: Bring a cluster.yaml of FATE 1.x to what FATE 2 takes
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Writes a C(cluster.yaml) that was made for FATE 1.x, or for an earlier chart, as one that a chart of today takes,
    and says of each key what became of it.
  - Modules, their settings and the words of engines get their new names. Images of FATE 1.x and keys that do nothing
    any more are left out. What the chart does not know stays as it is and is listed, for its user to decide.
  - The old file stays as it is. Comments are not taken over.
  - Files are read and written on the machine that the module runs on, so run it on the controller.
extends_documentation_fragment:
  - federatedai.kubefate.helm
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.attributes.files
options:
  spec_files:
    description:
      - Paths of the old C(cluster.yaml) files. Each is merged over the ones before.
    type: list
    elements: path
    required: true
  dest:
    description:
      - Path of the new file. Only its owner can read it, for specs may hold passwords.
    type: path
    required: true
  chart:
    description:
      - The chart that shall take the spec. A name is looked for among those of the collection and in
        O(chart_repo_url); a path or reference is used as it is. It has to have a C(spec.schema.json).
      - The key C(chartName) of the spec by default, and C(fate) if there is none.
    type: str
  version:
    description:
      - The version of FATE, or of the chart, that the spec shall name. The newest FATE that the chart deploys by
        default.
    type: str
  force:
    description:
      - Replace a file that is at O(dest) and has other content.
    type: bool
    default: false
seealso:
  - module: federatedai.kubefate.fate_cluster
"""

EXAMPLES = r"""
- name: From a cluster.yaml of FATE 1.11 to one of FATE 2.2
  federatedai.kubefate.fate_spec:
    spec_files: [party-9999/cluster.yaml]
    dest: party-9999/cluster-2.2.yaml
    version: 2.2.0
  register: migrated

- name: What is left to decide
  ansible.builtin.debug:
    msg: "{{ migrated.left | default(['Nothing.'], true) }}"
"""

RETURN = r"""
chart:
  description: The chart that takes the new spec.
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
      returned: always
path:
  description: Path of the new file.
  returned: success
  type: str
steps:
  description: What became of keys that are not as they were, in the order in which it was done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(renamed), V(changed) (its value is written otherwise) or V(dropped).
      type: str
      returned: always
    path:
      description: Dotted path of the key in the old file.
      type: str
      returned: always
    to:
      description: Dotted path in the new one; empty unless it was renamed.
      type: str
      returned: always
    where:
      description: File and line.
      type: str
      returned: always
    text:
      description: Why.
      type: str
      returned: always
left:
  description: What the chart does not take and was left as it is. Empty where the new file can be deployed.
  returned: success
  type: list
  elements: str
notes:
  description: What a spec cannot say, such as what becomes of the data of FATE 1.x.
  returned: success
  type: list
  elements: str
report:
  description: All of that in lines for a person.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.specs import CHANGE_SPEC
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(CHANGE_SPEC)


if __name__ == "__main__":
    main()
