# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chart deploys, as far as rights depend on it: kinds of objects, with the names of those that are known.

As text a part is ``apps/v1/Deployment``, or ``apps/v1/Deployment/python`` for one object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import bad_input
from ..kube.client import Api
from ..kube.resources import ResourceType
from ..objects import Object, Ref

SHOWN = 6
"""Names that one sentence lists."""


@dataclass(frozen=True, slots=True)
class Part:
    """Objects of one kind. names: empty where only the kind is known."""

    type: ResourceType
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """``Deployment (clustermanager, osx)``."""
        if not self.names:
            return self.type.kind
        more = f" and {len(self.names) - SHOWN} more" if len(self.names) > SHOWN else ""
        return f"{self.type.kind} ({', '.join(self.names[:SHOWN])}{more})"

    def lines(self) -> list[str]:
        kind = f"{self.type.api_version}/{self.type.kind}"
        return [f"{kind}/{name}" for name in self.names] or [kind]


def parts_of(api: Api, refs: Iterable[Ref]) -> tuple[Part, ...]:
    """The objects, kind by kind. Raises ``KubefateError`` for a kind that the API server does not know."""
    names: dict[tuple[str, str], set[str]] = {}
    for ref in refs:
        names.setdefault((ref.api_version, ref.kind), set()).update({ref.name} - {""})
    return tuple(Part(api.type_of(*kind), tuple(sorted(found))) for kind, found in sorted(names.items()))


def parts_in(api: Api, objects: Iterable[Object]) -> tuple[Part, ...]:
    return parts_of(api, (Ref.of(obj) for obj in objects))


def as_lines(parts: Iterable[Part]) -> list[str]:
    """Parts as text, which ``parse`` reads."""
    return [line for part in parts for line in part.lines()]


def parse(api: Api, lines: Iterable[str]) -> tuple[Part, ...]:
    """``apps/v1/Deployment`` and ``apps/v1/Deployment/python`` to parts. Raises ``KubefateError`` for what is none."""
    return parts_of(api, [_ref(line) for line in lines])


def _ref(line: str) -> Ref:
    steps = line.split("/")
    kinds = [number for number, step in enumerate(steps) if step[:1].isupper()]
    if not kinds or not 1 <= kinds[0] <= 2 or len(steps) - kinds[0] > 2 or "" in steps:
        raise bad_input(
            f"{line!r} is not a resource.",
            "Write apiVersion/Kind, such as apps/v1/Deployment or v1/Service, or apiVersion/Kind/name.",
        )
    version, kind, name = steps[: kinds[0]], steps[kinds[0]], steps[kinds[0] + 1 :]
    return Ref("/".join(version), kind, "", "".join(name))
