# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rights as data: what a rule allows, what for, and which operations fail without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RBAC = "rbac.authorization.k8s.io/v1"
RBAC_GROUP = "rbac.authorization.k8s.io"
ANY = "*"


class Purpose(StrEnum):
    """The operations that a right is for. A rollback is an upgrade; stopping and starting need what a restart needs."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    RESTART = "restart"
    LOGS = "logs"
    REMOVE = "remove"
    PURGE = "purge"
    """Removal with its data."""


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource. resource: with its subresource, such as ``pods/log``. name: of the only object that it
    is about, else empty. why: what for, in words."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        """``delete persistentvolumeclaims in namespace fate-9999``."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole Kubernetes"
        return f"{self.verb} {what}{named} {where}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role. why: what it is for, in words. operations: those that need it; a rule of a person's role has
    none. names: of the only objects that it is about."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str
    operations: tuple[Purpose, ...] = ()
    names: tuple[str, ...] = ()

    def as_policy(self) -> dict[str, Any]:
        """As a role has it."""
        policy: dict[str, Any] = {
            "apiGroups": [self.group],
            "resources": list(self.resources),
            "verbs": list(self.verbs),
        }
        if self.names:
            policy["resourceNames"] = list(self.names)
        return policy

    def as_result(self) -> dict[str, Any]:
        operations = [str(operation) for operation in self.operations]
        return {**self.as_policy(), "why": self.why, "operations": operations}

    def rights(self, namespace: str) -> Iterator[Right]:
        for resource in self.resources:
            for verb in self.verbs:
                for name in self.names or ("",):
                    yield Right(namespace, self.group, resource, verb, name, self.why)


def policies(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [rule.as_policy() for rule in rules]


def serving(rules: Iterable[Rule], *operations: Purpose) -> list[Rule]:
    """The rules without which one of the operations fails."""
    return [rule for rule in rules if set(rule.operations) & set(operations)]


def joined(rules: Sequence[Rule], others: Iterable[Rule]) -> list[Rule]:
    """Rules with those of the others that add anything to them."""
    given = policies(rules)
    return [*rules, *(rule for rule in others if ungranted(rule.rights(""), given))]


def lean(rules: Sequence[Rule]) -> list[Rule]:
    """Rules without those of which the others give everything."""
    kept = list(rules)
    for rule in rules:
        others = [other for other in kept if other is not rule]
        if not ungranted(rule.rights(""), policies(others)):
            kept = others
    return kept


def allows(policy: Mapping[str, Any], right: Right) -> bool:
    """Whether a rule, as a role or a review has it, gives a right."""
    return (
        _among(right.group, policy.get("apiGroups"))
        and _resource(right.resource, policy.get("resources"))
        and _among(right.verb, policy.get("verbs"))
        and (not policy.get("resourceNames") or right.name in policy["resourceNames"])
    )


def _among(wanted: str, given: Sequence[str] | None) -> bool:
    return wanted in (given or ()) or ANY in (given or ())


def _resource(wanted: str, given: Sequence[str] | None) -> bool:
    _resource_name, slash, sub = wanted.partition("/")
    return _among(wanted, given) or bool(slash and f"{ANY}/{sub}" in (given or ()))


def ungranted(rights: Iterable[Right], given: Sequence[Mapping[str, Any]]) -> list[Right]:
    """Those of the rights that none of the rules gives."""
    return [right for right in rights if not any(allows(policy, right) for policy in given)]
