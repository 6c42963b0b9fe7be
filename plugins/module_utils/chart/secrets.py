# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""secrets.yaml of a chart: Secrets that must be there before the chart is installed.

Charts contain no secret and refer to Secrets by name. Which ones, a chart says in ``secrets.yaml``::

    secrets:
      - name: fate-mysql                  # in the release's namespace
        existing: mysql.existingSecret    # spec path: where it says something, that Secret is used and none is made
        modules: [mysql, python]          # needed where one of these is in the spec's list of modules
        without: [redis]                  # and none of these
        when: some.path                   # needed only where the spec says something there, or {some.path: word}
        unless: externalMysqlIp           # needed only where it does not
        create: false                     # never made: must be there beforehand
        keys:
          username: {spec: mysql.user, default: fate}
          password: {spec: [mysql.password, password], generate: 24}
          other: {spec: mysql.other, required: true}
        rotate: {keys: [password]}        # how values are changed later: see rotation.py

A value is the spec's where the spec gives one (the first of several paths), else the default, else ``generate`` random
letters and digits. A Secret that exists is kept as it is.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..data import get, is_secret_key
from ..errors import Kind, KubefateError, bad_input
from ..facts.labels import OWNER
from .package import Chart
from .rotation import Rotation, declared

FILE = "secrets.yaml"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One key of a declared Secret.

    given: the spec's or default value, None where it is to be generated, with ``length`` characters. path: in the spec,
    empty where the value is not from there. paths: where in the spec it would stand.
    """

    name: str
    given: str | None
    length: int
    path: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A Secret that a chart needs for a spec. made: by this collection; otherwise it must be there beforehand.
    rotation: how its values are changed; None where the chart does not say."""

    name: str
    keys: tuple[SecretKey, ...]
    made: bool = True
    rotation: Rotation | None = None

    def missing(self, live: Mapping[str, Any] | None) -> list[SecretKey]:
        """Keys that the live Secret (None: there is none) does not have."""
        data = (live or {}).get("data") or {}
        return [key for key in self.keys if key.name not in data]

    def differing(self, live: Mapping[str, Any] | None) -> list[SecretKey]:
        """Keys whose value in the spec is not what the live Secret has. They are kept as they are, and reported."""
        data = (live or {}).get("data") or {}
        return [
            key
            for key in self.keys
            if key.given is not None and key.path and key.name in data and decoded(data[key.name]) != key.given
        ]

    def build(self, live: Mapping[str, Any] | None, namespace: str, release: str) -> dict[str, Any]:
        """The Secret with what is missing filled in and everything else kept."""
        if live is None:
            metadata: dict[str, Any] = {
                "name": self.name,
                "namespace": namespace,
                "labels": {**OWNER, "name": release, "app.kubernetes.io/part-of": "fate"},
            }
            live = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": {}}
        data = dict(live.get("data") or {})
        for key in self.missing(live):
            value = key.given if key.given is not None else generated(key.length)
            data[key.name] = encoded(value)
        return {**live, "data": data}


def held(secret: Mapping[str, Any]) -> set[str]:
    """What a Secret holds under keys that name a secret; user names are none."""
    return {decoded(value) for key, value in (secret.get("data") or {}).items() if is_secret_key(str(key))}


def requested(chart: Chart, spec: Mapping[str, Any]) -> list[SecretRequest]:
    """The Secrets that a chart wants for a spec.

    Raises ``KubefateError``: bad_input for a value that the spec must give, chart for a malformed declaration.
    """
    try:
        return [_request(entry, spec) for entry in _declared(chart) if _applies(entry, spec)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _malformed(chart, f"{type(error).__name__}: {error}") from None


def _declared(chart: Chart) -> list[Mapping[str, Any]]:
    """The entries of the declaration; none without the file."""
    declared = chart.document(FILE)
    entries = declared.get("secrets") if isinstance(declared, Mapping) else declared
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise _malformed(chart, "there is no list of secrets")
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("keys"), Mapping):
            raise _malformed(chart, f"{entry!r} has no keys")
    return entries


def _malformed(chart: Chart, what: str) -> KubefateError:
    return KubefateError(
        f"{FILE} of chart {chart.title} does not have the expected form ({what}).",
        Kind.CHART,
        "chart",
        "It has a list `secrets` of mappings with name, keys, and optionally existing, modules, without, when, unless, "
        "create, rotate.",
    )


def secret_paths(chart: Chart) -> set[str]:
    """Spec paths whose values are secrets, by the chart's own word: those that would be generated or are required."""
    paths: set[str] = set()
    for entry in _declared(chart):
        for rule in entry["keys"].values():
            if isinstance(rule, Mapping) and (rule.get("generate") or rule.get("required")):
                paths.update(_paths(rule))
    return paths


def required_values(chart: Chart, spec: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Values that the spec must give and does not: name of the Secret, its key, and the path in the spec."""
    found = []
    for entry in _declared(chart):
        if not _applies(entry, spec) or _says(spec, entry.get("existing")) or entry.get("create") is False:
            continue
        for name, rule in entry["keys"].items():
            if rule.get("required") and not any(_says(spec, path) for path in _paths(rule)):
                found.append((str(entry["name"]), str(name), _paths(rule)[0]))
    return found


def _says(spec: Mapping[str, Any], path: Any) -> bool:
    return bool(path) and get(spec, str(path)) not in (None, "", False)


def _applies(entry: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    modules = entry.get("modules")
    listed = {str(name) for name in spec.get("modules") or []}
    wanted = (not modules or bool(set(modules) & listed)) and not set(entry.get("without") or ()) & listed
    return wanted and _holds(spec, entry.get("when")) and not _says(spec, entry.get("unless"))


def _holds(spec: Mapping[str, Any], condition: Any) -> bool:
    """Whether the spec says something at a path, or, for a mapping of paths to words, just these words."""
    if isinstance(condition, Mapping):
        return all(get(spec, str(path)) == word for path, word in condition.items())
    return not condition or _says(spec, condition)


def _request(entry: Mapping[str, Any], spec: Mapping[str, Any]) -> SecretRequest:
    own = _says(spec, entry.get("existing"))
    if own or entry.get("create") is False:
        name = str(get(spec, str(entry["existing"])) if own else entry["name"])
        return SecretRequest(name, tuple(SecretKey(str(key), None, 0, "") for key in entry["keys"]), False)
    keys = tuple(_key(entry, name, rule, spec) for name, rule in entry["keys"].items())
    return SecretRequest(str(entry["name"]), keys, rotation=declared(entry))


def _paths(rule: Mapping[str, Any]) -> list[str]:
    paths = rule.get("spec") or []
    return [paths] if isinstance(paths, str) else [str(path) for path in paths]


def _key(entry: Mapping[str, Any], name: str, rule: Mapping[str, Any], spec: Mapping[str, Any]) -> SecretKey:
    paths, length = tuple(_paths(rule)), int(rule.get("generate") or 0)
    for path in paths:
        if _says(spec, path):
            return SecretKey(str(name), str(get(spec, path)), length, path, paths)
    if "default" in rule:
        return SecretKey(str(name), str(rule["default"]), length, "", paths)
    if rule.get("required"):
        options = " or ".join([*paths, *([str(entry["existing"])] if entry.get("existing") else [])])
        raise bad_input(f"The spec gives no value for key {name} of Secret {entry['name']}.", f"Give {options}.")
    if length < 1:
        raise ValueError(f"key {name} of Secret {entry['name']} has neither a value nor a length to generate")
    return SecretKey(str(name), None, length, "", paths)


def generated(length: int) -> str:
    """So many random letters and digits."""
    import secrets  # imported late: it is needed once in the life of a cluster

    return "".join(secrets.choice(_ALPHABET) for _position in range(length))


def encoded(value: str) -> str:
    """A value as it stands in the data of a Secret."""
    return base64.b64encode(value.encode()).decode()


def decoded(value: str) -> str:
    return base64.b64decode(value).decode("utf-8", "replace")
