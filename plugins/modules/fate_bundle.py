#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_bundle
short_description: Put all that a deployment needs into one folder
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Makes an air-gap bundle, a folder with the charts and their dependencies, the archive of this collection, a list of
    the images with digests where they are known, their names in a mirror, and checksums of everything.
  - Its folder C(charts) is a chart repository. Clusters are deployed from it with O(chart_repo_url) or, with the
    playbooks, C(fate_bundle).
  - The bundle is there as a whole or not at all, and the same contents make the same bundle.
  - Files are read and written on the machine that the module runs on, so run it on the controller.
extends_documentation_fragment:
  - federatedai.kubefate.helm
  - federatedai.kubefate.chart_repo
  - federatedai.kubefate.attributes.files
options:
  dest:
    description:
      - The folder to make. A bundle that is there is replaced; anything else is left as it is, and an error.
    type: path
    required: true
  charts:
    description:
      - The charts to put in. Those of this collection by default, where O(parties) is empty, too.
    type: list
    elements: dict
    default: []
    suboptions:
      chart:
        description: Name of the chart, or a reference, as with M(federatedai.kubefate.fate_cluster).
        type: str
      chart_version:
        description: Its version, or a range.
        type: str
      chart_path:
        description: Path of a chart folder or archive.
        type: path
      chart_digest:
        description: Digest that it must have.
        type: str
  parties:
    description:
      - Parties whose charts are put in, too, and whose specs say which images are needed. The filter
        P(federatedai.kubefate.parties#filter) makes this list from an inventory.
      - For a chart without a party, its own example says which images are needed.
    type: list
    elements: dict
    default: []
  mirror_registry:
    description:
      - Address of the registry that will have the images, such as C(harbor.bank.example/fate). It is what the specs
        over there name as C(registry). Without it, the mirror is called C(MIRROR) in the lists.
    type: str
  image_digests:
    description:
      - Digests of images, by name, for those that the charts do not pin themselves.
    type: dict
    default: {}
  collection:
    description:
      - Path of the collection's archive. By default it is made from what is installed.
    type: path
  collection_path:
    description:
      - Where the collection is installed. It is filled in by the collection itself.
    type: path
seealso:
  - module: federatedai.kubefate.fate_bundle_info
"""

EXAMPLES = r"""
- name: Make a bundle of what the inventory deploys
  federatedai.kubefate.fate_bundle:
    dest: /media/usb/fate
    parties: "{{ groups['fate'] | federatedai.kubefate.parties(hostvars) }}"
    mirror_registry: harbor.bank.example/fate
"""

RETURN = r"""
bundle:
  description: What is in the bundle, as its bundle.json has it.
  returned: always
  type: dict
  contains:
    charts:
      description: Name, version, type, file, digest and archive_digest of each chart.
      type: list
      elements: dict
      returned: always
    images:
      description:
        - Each image with its digest where that is known, its name in the mirror, the charts that use it, and whether
          the chart itself asks the mirror (moved) when the spec's registry names it.
      type: list
      elements: dict
      returned: always
    collection:
      description: Path of the collection's archive in the bundle.
      type: str
      returned: always
    mirror_registry:
      description: Address of the mirror; empty where none was given.
      type: str
      returned: always
    format:
      description: Version of the bundle's form.
      type: int
      returned: always
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.bundles import MAKE_BUNDLE
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(MAKE_BUNDLE)


if __name__ == "__main__":
    main()
