# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels that charts for FATE carry, and the one of this collection itself. Source: KubeFATE's charts v1.11 and v2.0.0,
and the recommended labels of Kubernetes."""

from __future__ import annotations

MODULE = "fateMoudle"
"""Spelled so in every chart of KubeFATE; outside tools select on it."""
PARTY_ID = "partyId"
CLUSTER = "cluster"
"""``fate``, ``fate-serving`` or ``fate-exchange``."""
RECOMMENDED_COMPONENT = "app.kubernetes.io/component"
OWNER = {"owner": "kubefate"}
"""On what this collection makes by itself, beside the charts."""
OWNED = ",".join(f"{key}={value}" for key, value in OWNER.items())
"""Selects that."""
