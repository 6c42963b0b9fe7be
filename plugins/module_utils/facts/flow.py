# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to ask FATE-Flow for its jobs, and whose pods they need, as data.

Source: FATE-Flow v2.0.0 to v2.2.0 (apps/client/job_app.py, entity/types/_status.py), KubeFATE's charts v1.11 and v2.0.0
for labels and Services.
"""

from __future__ import annotations

MODULE = "python"
"""The module that FATE-Flow runs in."""
SERVICE = "fateflow"
"""Its Service in the charts of KubeFATE and of this collection."""
PORT = 9380
"""Its HTTP port."""
PORT_WORD = "http"
"""Part of the name of that port, where a chart gives it another number."""
JOBS = "v2/job/list/query?status=running&status=waiting"
"""Lists jobs of these statuses, all of them and in one answer; those whose submission failed are left out."""
ACTIVE: tuple[str, ...] = ("running", "waiting")
"""Statuses of a job that has not ended. A ``ready`` one is still being agreed on between the parties."""
SUCCESS = 0
"""``code`` of an answer that is none of an error. The HTTP status is 200 in any case."""
AUTHENTICATION_CODES = range(5000, 6000)
"""``code`` of answers to callers whom FATE-Flow does not let in."""
ROLES: tuple[str, ...] = ("guest", "host", "arbiter", "local")

NEEDED: frozenset[str] = frozenset(
    {
        "python",
        "clustermanager",
        "nodemanager",
        "osx",
        "rollsite",
        "nginx",
        "pulsar",
        "rabbitmq",
        "mysql",
        "spark-master",
        "spark-worker",
        "namenode",
        "datanode",
    }
)
"""Modules without which a job that runs fails: those that schedule and compute it, carry it to the other parties, and
keep its state and data."""
