# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster.yaml of FATE 1.x calls otherwise than one of FATE 2.x.

Source: values-template.yaml of KubeFATE's charts ``fate`` and ``fate-exchange``, v1.11.2 and v2.0.0. Keys that have no
meaning any more are in the schema of a chart (``x-ignored``), words of engines in ``facts.engines``.
"""

from __future__ import annotations

from collections.abc import Mapping

SUCCESSORS: Mapping[str, str] = {"rollsite": "osx"}
"""Module of 1.x to the one that does its work now; so are the blocks of their settings called."""

WITHOUT_SUCCESSOR: Mapping[str, str] = {
    "lbrollsite": "FATE 2 has no rollsite to balance over; parties that share an address use an exchange.",
}
"""Module of 1.x that nothing replaces, to a sentence about it."""

IMAGES = (
    "eggroll",
    "fateflow",
    "fateboard",
    "client",
    "nginx",
    "python",
    "spark-base",
    "spark-master",
    "spark-worker",
)
"""Images of FATE, without what engine, algorithm and device add to the name. Their tags are versions of FATE."""

OLD_TAG = r"^v?1\.\d+\.\d+"
"""Of an image of FATE 1.x, such as ``1.11.2-release``."""

IMAGE_KEYS: Mapping[str, str] = {"Image": "image", "ImageTag": "imageTag"}
"""Spelling of 1.x (of Spark alone) to that of 2.x."""

DATA = (
    "FATE 2 does not read what FATE 1.x has stored: let the jobs of the old cluster end, save its models and its "
    "database, and deploy the new one beside it, under another name."
)
"""What no spec can do. Source: FATE's notes on 2.0.0, whose tables of FATE-Flow and Eggroll are new."""
