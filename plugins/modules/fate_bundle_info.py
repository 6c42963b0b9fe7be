#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fate_bundle_info
short_description: Verify an air-gap bundle
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Compares every file of a bundle with its checksum, and what it lists with what is there. It fails where anything is
    missing, more or different.
extends_documentation_fragment:
  - federatedai.kubefate.attributes.files_info
options:
  path:
    description:
      - Path of the bundle's folder.
    type: path
    required: true
seealso:
  - module: federatedai.kubefate.fate_bundle
"""

EXAMPLES = r"""
- name: Is the bundle whole
  federatedai.kubefate.fate_bundle_info:
    path: /media/usb/fate
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
problems:
  description: What is wrong with it.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.bundles import INFORM_BUNDLE
from ansible_collections.federatedai.kubefate.plugins.module_utils.entry import execute


def main() -> None:
    execute(INFORM_BUNDLE)


if __name__ == "__main__":
    main()
