# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Which cluster, and what it should be: the options of ``arguments.SPEC``."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the cluster, which is that of its Helm release. The key C(name) of the spec by default.
    type: str
    aliases: [release_name]
  namespace:
    description:
      - Namespace of the cluster. The key C(namespace) of the spec by default, and O(name) if there is none.
    type: str
    aliases: [release_namespace]
  spec:
    description:
      - A C(cluster.yaml) as data. It is merged over O(spec_files), mappings key by key, everything else replaced.
      - Values under keys that hold secrets never appear in results and diffs.
    type: dict
  spec_files:
    description:
      - Paths of C(cluster.yaml) files. Each is merged over the ones before.
    type: list
    elements: path
    default: []
"""
