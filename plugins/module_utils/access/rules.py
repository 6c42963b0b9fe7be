# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights an operation needs, as one table, computed from what a chart deploys.

The same rules make the deployer's role, are checked before a cluster is changed, and are what the preflight asks about.
Each is there since an operation makes such requests: without it that operation is refused beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..facts.flow import PORT, SERVICE
from .model import Purpose, Rule, lean
from .parts import Part

_INSTALL, _UPGRADE, _RESTART = Purpose.INSTALL, Purpose.UPGRADE, Purpose.RESTART
_LOGS, _REMOVE, _PURGE = Purpose.LOGS, Purpose.REMOVE, Purpose.PURGE
_KEPT = ("PersistentVolumeClaim",)
"""Data stays: helm is told to leave it, unless a purge is asked for."""
CHANGES = (_INSTALL, _UPGRADE, _RESTART, _REMOVE)
"""What takes the release's Lease and leaves a job record."""
READ = ("get", "list", "watch")

_BASE = (
    Rule(
        "",
        ("secrets",),
        ("get", "list"),
        "reads Helm's release records and the Secrets of passwords",
        (*CHANGES, _LOGS),
    ),
    Rule(
        "",
        ("secrets",),
        ("create", "update"),
        "helm writes its release records, and passwords are generated",
        (_INSTALL, _UPGRADE, _REMOVE),
    ),
    Rule("", ("secrets",), ("delete",), "helm deletes the records of old revisions", (_UPGRADE, _REMOVE)),
    Rule("", ("secrets",), ("patch",), "notes on a release record that it was stopped", (_UPGRADE, _RESTART)),
    Rule("", ("pods",), ("list", "watch"), "sees whether pods get ready, and why they do not", (*CHANGES, _LOGS)),
    Rule("", ("pods/log",), ("get",), "reads what containers wrote", (_LOGS,)),
    Rule("", ("events",), ("list", "watch"), "names the cause of what does not start", (_INSTALL, _UPGRADE, _RESTART)),
    Rule(
        "apps",
        ("replicasets",),
        ("list", "watch"),
        "tells pods of the new revision from those of the old one",
        (_INSTALL, _UPGRADE, _RESTART),
    ),
    Rule("", ("persistentvolumeclaims",), ("list", "watch"), "sees whether volumes are bound, and which stay", CHANGES),
    Rule("", ("persistentvolumeclaims",), ("patch",), "has helm leave volumes that a chart no longer has", (_UPGRADE,)),
    Rule("", ("persistentvolumeclaims",), ("delete",), "deletes data when a purge is asked for", (_PURGE,)),
    Rule("", ("namespaces",), ("get",), "sees whether the namespace is being deleted", (_INSTALL, _UPGRADE, _REMOVE)),
    Rule(
        "coordination.k8s.io",
        ("leases",),
        ("create", "delete", "get", "update"),
        "keeps two runs from working on one cluster",
        CHANGES,
    ),
)
_ASKING = Rule(
    "",
    ("services/proxy",),
    ("get",),
    "asks FATE-Flow for its jobs before pods that they need are replaced",
    (_UPGRADE, _RESTART, _REMOVE),
    (f"{SERVICE}:{PORT}",),
)


def deployer_rules(parts: Sequence[Part], hooks: Iterable[Part] = ()) -> list[Rule]:
    """The rules that deploying these objects in one namespace needs, and nothing else.

    Kinds that lie in no namespace are left out: a role cannot grant them. See ``cluster_rules``.
    """
    inside = [part for part in parts if part.type.namespaced]
    rules = [*_BASE, *(rule for group in _groups(inside) for rule in _chart_rules(*group))]
    rules += [_hook_rule(*group) for group in _groups(part for part in hooks if part.type.namespaced)]
    asking = any(part.type.kind == "Service" and (not part.names or SERVICE in part.names) for part in inside)
    return lean([*rules, _ASKING] if asking else rules)


def _groups(parts: Iterable[Part]) -> list[tuple[str, list[Part]]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.type.group, []).append(part)
    return sorted(found.items())


def _chart_rules(group: str, parts: Sequence[Part]) -> list[Rule]:
    resources = _resources(parts)
    what = ", ".join(part.text for part in parts)
    update = (_UPGRADE, _RESTART) if group == "apps" else (_UPGRADE,)
    purpose = "tries changes, repairs drift, restarts" if group == "apps" else "tries changes and repairs drift"
    rules = [
        Rule(group, resources, READ, f"reads and watches what the chart deploys: {what}", CHANGES),
        Rule(group, resources, ("create", "patch"), f"helm makes and changes: {what}", (_INSTALL, _UPGRADE)),
        Rule(group, resources, ("update",), f"{purpose}: {what}", update),
    ]
    passing = [part for part in parts if part.type.kind not in _KEPT]
    if passing:
        gone = ", ".join(part.text for part in passing)
        why = f"helm deletes what is deployed no longer: {gone}"
        rules.append(Rule(group, _resources(passing), ("delete",), why, (_UPGRADE, _REMOVE)))
    return rules


def _hook_rule(group: str, parts: Sequence[Part]) -> Rule:
    what = ", ".join(part.text for part in parts)
    verbs = ("create", "delete", "get", "list", "patch", "watch")
    return Rule(group, _resources(parts), verbs, f"helm runs the chart's hooks: {what}", (_INSTALL, _UPGRADE))


def _resources(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(sorted({part.type.plural for part in parts}))


def store_rules() -> list[Rule]:
    """What a deployer needs in the store namespace: job records, and reading uploaded charts."""
    return [
        Rule(
            "",
            ("configmaps",),
            ("create", "get", "list", "patch"),
            "keeps job records, reads uploaded charts",
            CHANGES,
        ),
        Rule("", ("configmaps",), ("delete",), "deletes old job records", CHANGES),
    ]


def cluster_rules(parts: Iterable[Part]) -> list[Rule]:
    """What only a ClusterRole can grant: objects of the chart that lie in no namespace, and reading what a party's
    placement depends on, so that a cause can be named with numbers."""
    rules = [
        Rule("", ("nodes",), ("get", "list"), "says how much room is missing, and on which node"),
        Rule("storage.k8s.io", ("storageclasses",), ("get", "list"), "says which storage classes there are"),
        Rule("networking.k8s.io", ("ingressclasses",), ("get", "list"), "says which ingress classes there are"),
    ]
    for group, outside in _groups(part for part in parts if not part.type.namespaced):
        rules += _chart_rules(group, outside)
    return rules
