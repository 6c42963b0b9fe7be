# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster.yaml as data: from files, from inline data, merged in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..data import merge, plain
from ..errors import bad_input
from ..yamltext import key_lines, parse_yaml

INLINE = "the spec"
"""Where inline data stands, for messages."""


@dataclass(frozen=True, slots=True)
class Spec:
    """data: the merged spec. origins: for messages, dotted path to ``file, line`` for what came from a file."""

    data: dict[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)

    def where(self, path: str) -> str:
        """Where a key stands: ``cluster.yaml, line 12``, or ``the spec`` for inline data."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0]
        return INLINE


def load(files: Sequence[str], inline: Mapping[str, Any] | None, read: Any = None) -> Spec:
    """The spec from files, in order, and then the inline data over them.

    read: function from a path to its text (for tests); the file system by default. Raises ``KubefateError`` (bad_input)
    with file and line.
    """
    data: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for path in files:
        text = read(path) if read else _text(path)
        loaded = parse_yaml(text, path)
        if not isinstance(loaded, dict):
            raise bad_input(f"{path} is not a cluster.yaml: it has no keys.")
        data = merge(data, plain(loaded))
        origins |= {key: f"{path}, line {line}" for key, line in key_lines(text, path).items()}
    if inline:
        over = plain(inline)
        data = merge(data, over)
        for key in _said(over):
            origins = {path: where for path, where in origins.items() if not path.startswith(f"{key}.")}
            origins[key] = INLINE
    return Spec(data, origins)


def _said(over: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Dotted paths of what is put over the files: values and whole lists, not the mappings on the way."""
    for key, value in over.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and value:
            yield from _said(value, inner)
        else:
            yield inner


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        raise bad_input(f"There is no file {path}.", "Give the path of a cluster.yaml.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise bad_input(f"{path} cannot be read: {error}.") from None


def identity(spec: Spec) -> tuple[str, str, str, str]:
    """Name, namespace, chart name and chart version of a spec, each empty where it is not given.

    A namespace that is not given is the name, as users of KubeFATE have it.
    """
    name = str(spec.data.get("name") or "")
    namespace = str(spec.data.get("namespace") or name)
    return name, namespace, str(spec.data.get("chartName") or ""), str(spec.data.get("chartVersion") or "")
