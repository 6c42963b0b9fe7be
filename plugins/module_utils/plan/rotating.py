# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of which Secrets change, to what, and which pods restart for it. Pure.

A rotation goes through three steps, and each leaves in the Secret where it is, so that a run that is interrupted is
gone on with by the next:

1. The coming values are put into the Secret beside the present ones, under ``next-KEY``.
2. The server is told. Then they take the place of the present ones, together with a mark, ``PENDING``: the pods that
   read the Secret still have the old values.
3. Each of these pods is replaced by one whose template carries the same mark; then the mark of the Secret goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from ..chart.secrets import SecretKey, SecretRequest, decoded, generated
from ..errors import bad_input
from ..objects import Object, annotations_of, module_of, pod_template

NEXT = "next-"
PENDING = "kubefate.federatedai.org/rotation"
"""Annotation of a Secret whose values are new, and of pod templates that were replaced for it: which rotation."""


class Step(StrEnum):
    """What a Secret's rotation has to do next."""

    BEGIN = "begin"
    TELL = "tell"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Turn:
    """One Secret's rotation. values: coming value of each key, None where one is generated. why: of each key, in a few
    words. mark: the rotation that its pods are restarted for, where that is known already."""

    request: SecretRequest
    live: Object
    step: Step
    values: Mapping[str, str | None]
    why: Mapping[str, str]
    mark: str = ""

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def module(self) -> str:
        """The module that the server is in, or empty."""
        return self.request.rotation.module if self.request.rotation else ""

    def coming(self) -> dict[str, str]:
        """The coming values, those that are generated too."""
        lengths = {key.name: key.length for key in self.request.keys}
        return {name: generated(lengths[name]) if value is None else value for name, value in self.values.items()}


Wanted: TypeAlias = "tuple[SecretRequest, Object | None]"
"""What a chart needs, and the live Secret."""


def turns(
    wanted: Sequence[Wanted],
    named: Sequence[str],
    given: Mapping[str, Mapping[str, str]],
    modules: Iterable[str],
) -> tuple[list[Turn], list[str]]:
    """The rotations that a run carries out, and sentences about what it leaves alone.

    named: Secrets that are meant; all that can be rotated by default. given: Secret to key to coming value. modules:
    that the release has. Where a rotation is unfinished, that is finished, and none begins. Raises ``KubefateError``
    (bad_input).
    """
    _check(wanted, named, given)
    meant = [(request, live) for request, live in wanted if not named or request.name in named]
    made = [(request, live) for request, live in meant if request.made and request.rotation]
    found = [_turn(request, _there(request, live), given.get(request.name, {}), set(modules)) for request, live in made]
    notes = [_not_ours(request) for request, _live in meant if not request.made]
    unfinished = [turn for turn in found if turn.step is not Step.BEGIN]
    if unfinished:
        waiting = ", ".join(turn.name for turn in found if turn.step is Step.BEGIN)
        if waiting or given:
            notes.append(
                f"The rotation of {', '.join(turn.name for turn in unfinished)} was interrupted and is finished first, "
                "with the values that it began with. Run again for a new one."
            )
        return unfinished, notes
    kept = [f"{turn.name}: {reason}" for turn in found for key, reason in turn.why.items() if key not in turn.values]
    return [turn for turn in found if turn.values], notes + kept


def _there(request: SecretRequest, live: Object | None) -> Object:
    missing = [key.name for key in request.missing(live)]
    if live is None or missing:
        what = "does not exist" if live is None else f"has no key {', '.join(missing)}"
        raise bad_input(f"Secret {request.name} {what}.", "Deploy the cluster first: what is not there cannot change.")
    return live


def _check(wanted: Sequence[Wanted], named: Sequence[str], given: Mapping[str, Mapping[str, str]]) -> None:
    requests = {request.name: request for request, _live in wanted}
    able = [name for name, request in requests.items() if request.made and request.rotation]
    for name in [*named, *given]:
        request = requests.get(name)
        if request is None or (request.made and not request.rotation):
            raise bad_input(
                f"This cluster has no Secret {name} that could be rotated.",
                f"It has {', '.join(able)}." if able else "Its chart says of none how that is done (secrets.yaml).",
            )
        if name in given and not request.made:
            raise bad_input(
                _not_ours(request), "Change its values yourself, where they are used and in the Secret, then restart."
            )
    for name, values in given.items():
        rotation = requests[name].rotation
        for key, value in values.items():
            if rotation is None or key not in rotation.keys:
                known = ", ".join(rotation.keys if rotation else ())
                raise bad_input(f"Key {key} of Secret {name} cannot be rotated.", f"Those that can: {known}.")
            _check_value(requests[name], key, value)


def _check_value(request: SecretRequest, name: str, value: str) -> None:
    if not value or not value.isprintable() or not value.isascii():
        raise bad_input(
            f"The value that is given for key {name} of Secret {request.name} is empty, or has characters that are no "
            "printable ASCII.",
            "Give another one, or none: one is generated then.",
        )
    key = _key(request, name)
    if key.path and value != key.given:
        raise bad_input(
            f"Key {name} of Secret {request.name} is given both by secret_values and, otherwise, by {key.path} of the "
            "spec.",
            f"Change {key.path} in the spec, or take it out there: the next deployment would find them different.",
        )


def _not_ours(request: SecretRequest) -> str:
    return f"Secret {request.name} is your own or somebody else's, so it is never changed here."


def _key(request: SecretRequest, name: str) -> SecretKey:
    return next(key for key in request.keys if key.name == name)


def _turn(request: SecretRequest, live: Object, given: Mapping[str, str], modules: set[str]) -> Turn:
    data = live.get("data") or {}
    keys = request.rotation.keys if request.rotation else ()
    begun = {key: decoded(data[NEXT + key]) for key in keys if NEXT + key in data}
    if begun:
        return Turn(request, live, Step.TELL, begun, dict.fromkeys(begun, "as a rotation that was interrupted has it"))
    mark = annotations_of(live).get(PENDING, "")
    if mark:
        return Turn(request, live, Step.RESTART, {}, {}, mark)
    outside = bool(request.rotation and request.rotation.module and request.rotation.module not in modules)
    values: dict[str, str | None] = {}
    why: dict[str, str] = {}
    for name in keys:
        changes, value, why[name] = _choice(_key(request, name), decoded(data[name]), given.get(name), outside)
        if changes:
            values[name] = value
    return Turn(request, live, Step.BEGIN, values, why)


def _choice(key: SecretKey, present: str, given: str | None, outside: bool) -> tuple[bool, str | None, str]:
    """Whether a key changes, to which value (None: a generated one), and why or why not."""
    if given is not None:
        return given != present, given, "as given" if given != present else f"{key.name} has the given value already"
    if key.path and key.given is not None:
        if key.given != present:
            return True, key.given, f"as {key.path} of the spec says"
        return False, None, f"{key.name} is what {key.path} of the spec says; change it there"
    if not key.length:
        return False, None, f"{key.name} is only changed to a value that is given"
    if outside:
        return (
            False,
            None,
            (
                f"the server that {key.name} is for is not part of this cluster; change it there, and give the value "
                "with secret_values"
            ),
        )
    return True, None, "generated"


def readers(workloads: Iterable[Object], secret: str, server: str) -> list[Object]:
    """The workloads whose pods read a Secret when they start. Those of the server itself are none: it has been told,
    and without a volume its data would be gone with its pod."""
    return [
        obj
        for obj in workloads
        if secret in set(_named(pod_template(obj).get("spec") or {})) and not (server and module_of(obj) == server)
    ]


def _named(pod: Mapping[str, Any]) -> Iterable[str]:
    """Names of the Secrets that a pod reads."""
    for volume in pod.get("volumes") or []:
        yield str((volume.get("secret") or {}).get("secretName", ""))
        for source in (volume.get("projected") or {}).get("sources") or []:
            yield str((source.get("secret") or {}).get("name", ""))
    for container in [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]:
        for entry in container.get("env") or []:
            yield str(((entry.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name", ""))
        for entry in container.get("envFrom") or []:
            yield str((entry.get("secretRef") or {}).get("name", ""))
