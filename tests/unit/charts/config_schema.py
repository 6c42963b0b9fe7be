# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a rendered config file against what its server reads (``configs/*.yaml``): keys, types, and that what it names
is there. For servers that no package registry has.

A schema is a tree. ``type: map`` has ``keys`` by name and ``others`` for all other keys; ``type: list`` has ``items``;
all else is a leaf, of one of the types that ``Checker`` has a method for. A leaf may be ``required``, ``empty``, and
``required_when`` or of use only ``when`` a key beside it is true.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from .cluster_view import View
from .kit import LOADER, Manifests, Spec

FOLDER = Path(__file__).parent / "configs"
PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Schema:
    """One kind of config file."""

    name: str
    data: Mapping[str, Any]

    @functools.cached_property
    def root(self) -> Node:
        others = {"others": self.data["others"]} if "others" in self.data else {}
        return {"type": "map", "keys": self.data["keys"], **others}

    @property
    def file(self) -> str:
        return str(self.data["file"])

    @property
    def readers(self) -> list[str]:
        return list(self.data["readers"])

    @property
    def flat(self) -> bool:
        """Whether all of its values are text."""
        return self.data["format"] in ("properties", "xml", "words")

    def text(self, manifests: Manifests) -> str | None:
        """The file, if this release renders it."""
        for item in manifests.objects:
            name = item["metadata"]["name"]
            wanted = item["kind"] == "ConfigMap" and self.data.get("config_map", name) == name
            if wanted and self.file in item.get("data", {}):
                return str(item["data"][self.file])
        return None

    def parse(self, text: str) -> Any:
        match self.data["format"]:
            case "properties":
                lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
                return dict(line.split("=", 1) for line in lines)
            case "json":
                return json.loads(text)
            case "xml":
                found = re.findall(r"<name>(.*?)</name>\s*<value>(.*?)</value>", text, re.DOTALL)
                return dict(found)
            case "words":
                return dict(line.split(None, 1) for line in text.splitlines() if line.strip())
        return yaml.load(text, Loader=LOADER)


@functools.cache
def schemas() -> dict[str, Schema]:
    """All of them, by name."""
    return {
        path.stem: Schema(path.stem, yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER))
        for path in sorted(FOLDER.glob("*.yaml"))
    }


def problems(schema: Schema, manifests: Manifests, spec: Spec, parsed: Any = None) -> list[str]:
    """What is wrong with a file of a release. parsed: its content, if not what the release renders."""
    text = schema.text(manifests)
    assert text is not None, f"{schema.file} is not rendered"
    checker = Checker(schema, View(manifests, spec), str(spec.get("fateVersion", "")))
    checker.check(schema.root, schema.parse(text) if parsed is None else parsed, "")
    return checker.found


class Checker:
    """Walks one file."""

    def __init__(self, schema: Schema, view: View, version: str):
        self.schema, self.view = schema, view
        self.found: list[str] = []
        self._flat = schema.flat
        self._required = set(schema.data.get("required_of", {}).get(version, ()))

    def say(self, where: str, what: str) -> None:
        self.found.append(f"{self.schema.file}: {where or 'the file'}: {what}")

    def check(self, node: Node, value: Any, where: str, beside: Mapping[str, Any] | None = None) -> None:
        """beside: the map that the value is in."""
        match node["type"]:
            case "map":
                self._map(node, value, where)
            case "list":
                if not isinstance(value, list):
                    self.say(where, f"{value!r} is no list")
                    return
                if node.get("filled") and not value:
                    self.say(where, "the list is empty")
                for index, item in enumerate(value):
                    self.check(node["items"], item, f"{where}[{index}]", {})
            case kind:
                self._leaf(kind, node, value, where, beside or {})

    def _map(self, node: Node, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            self.say(where, f"{value!r} is no map")
            return
        keys: Mapping[str, Node] = node.get("keys", {})
        for key, item in value.items():
            inside = f"{where}.{key}" if where else str(key)
            if key in keys:
                self.check(keys[key], item, inside, value)
            elif "others" in node:
                if not isinstance(key, str | int):
                    self.say(inside, "no such key")
                self.check(node["others"], item, inside, value)
            else:
                self.say(inside, "the server reads no such key")
        for key, child in keys.items():
            needed = child.get("required") or key in self._required or true(value.get(child.get("required_when")))
            if needed and key not in value:
                self.say(f"{where}.{key}" if where else key, "it is missing")

    def _leaf(self, kind: str, node: Node, value: Any, where: str, beside: Mapping[str, Any]) -> None:
        if value is None or value == "":
            if not node.get("empty"):
                self.say(where, "it is empty")
            return
        if "when" in node and not true(beside.get(node["when"])):
            kind = "int"
        wrong = getattr(self, f"_{kind}")(node, value, beside)
        for text in [wrong] if isinstance(wrong, str) else wrong or []:
            self.say(where, text)

    # ---- leaves: what is wrong with a value, if anything is

    def _number(self, value: Any) -> int | None:
        if self._flat and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _int(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return None if self._number(value) is not None else f"{value!r} is no whole number"

    def _bool(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        good = value in ("true", "false") if self._flat else isinstance(value, bool)
        return None if good else f"{value!r} is neither true nor false"

    def _str(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return None if isinstance(value, str) else f"{value!r} is no text"

    def _enum(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return None if value in node["values"] else f"{value!r} is none of {node['values']}"

    def _pattern(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        good = isinstance(value, str) and re.fullmatch(node["pattern"], value)
        return None if good else f"{value!r} does not look like {node['pattern']}"

    def _duration(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return self._pattern({"pattern": r"\d+[hms]"}, value, beside)

    def _size(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return self._pattern({"pattern": r"\d+[KMG]B"}, value, beside)

    def _party(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return None if value == self.view.party else f"{value!r} is not the party itself, {self.view.party}"

    def _filled(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        """Something that the pod fills in when it starts."""
        if not isinstance(value, str) or not PLACEHOLDER.fullmatch(value):
            yield f"{value!r} is not left for the start of the pod to fill in"
        else:
            yield from self._fillers(value)

    def _fillers(self, value: str) -> Iterator[str]:
        for name in PLACEHOLDER.findall(value):
            for reader in self._readers():
                if not re.search(rf"\b{name}\b", self.view.script(reader).replace(f"@{name}@", "")):
                    yield f"the start of {reader} does not fill in {name}"

    def _readers(self) -> list[str]:
        return [reader for reader in self.schema.readers if reader in self.view.workloads]

    def _host(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        host = value
        if isinstance(value, str) and PLACEHOLDER.fullmatch(value):
            yield from self._fillers(value)
            host = node.get("stands_for", "")
            if not host:
                yield f"{value} stands for no Service"
                return
        ports = [self._number(beside.get(key)) for key in node.get("ports", ())]
        yield from self._reached(host, [port for port in ports if port is not None])

    def _reached(self, host: Any, ports: list[int]) -> Iterator[str]:
        if not isinstance(host, str):
            yield f"{host!r} is no host"
            return
        for port in ports or [None]:
            wrong = self.view.unreachable(host, port)
            if wrong:
                yield wrong

    def _port(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        number = self._number(value)
        return None if number is not None and 0 < number < 65536 else f"{value!r} is no port"

    def _tls_port(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        """A port of TLS of a host beside it: of others as they say; the own one stands there even if it is shut."""
        host, number = beside.get(node["host"]), self._number(value)
        if host in self.view.services:
            if number != node["own"]:
                yield f"{value!r} is not {node['own']}"
        else:
            yield from self._reached(host, [number or 0])

    def _listen(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        """A port that the reader itself opens."""
        number = self._number(value)
        for reader in self._readers():
            if number not in self.view.opened(reader):
                yield f"{value!r} is no port of a container of {reader}"

    def _endpoint(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        found = re.fullmatch(r"([\w.-]+):(\d+)", str(value))
        if not found:
            yield f"{value!r} is not host:port"
        else:
            yield from self._reached(found[1], [int(found[2])])

    def _endpoints(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        for item in str(value).split(","):
            yield from self._endpoint(node, item, beside)

    def _uri(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        parts = urlsplit(str(value))
        schemes = node.get("scheme", "http")
        if parts.scheme not in (schemes if isinstance(schemes, list) else [schemes]):
            yield f"{value!r} is no address of {schemes}"
            return
        yield from self._reached(parts.hostname or "", [parts.port] if parts.port else [])
        if parts.port is None:
            yield f"{value!r} names no port"
        if "path" in node and parts.path != node["path"]:
            yield f"{value!r} does not end with {node['path']}"

    _url = _uri

    def _urls(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        for item in str(value).split(";"):
            yield from self._uri(node, item, beside)

    def _jdbc(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        found = re.fullmatch(r"jdbc:mysql://([\w.-]+):(\d+)/([^?]+)\?(.*)", str(value))
        if not found:
            yield f"{value!r} is no address of a database"
            return
        yield from self._reached(found[1], [int(found[2])])
        wrong = self._database(node, found[3], beside)
        if wrong:
            yield wrong
        names = {part.split("=")[0] for part in found[4].split("&")}
        known = {"useSSL", "serverTimezone", "characterEncoding", "allowPublicKeyRetrieval"}
        if names != known:
            yield f"its options are {sorted(names)} and not {sorted(known)}"

    def _database(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        wanted = self.view.databases()
        return None if {value} == wanted else f"{value!r} is not the database that pods wait for, {sorted(wanted)}"

    def _path(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        """A file or folder that every reader has: of its image, or mounted."""
        path = str(value)
        if not path.startswith("/"):
            path = f"{self.schema.data.get('home', '')}/{path}"
        of_image = [item.rstrip("/") for item in self.schema.data.get("image_paths", ())]
        for reader in self._readers():
            if path.rstrip("/") not in of_image and not self.view.mounted(reader, path):
                yield f"{path} is neither in the image of {reader} nor mounted"

    def _spark(self, node: Node, value: Any, beside: Mapping[str, Any]) -> Iterator[str]:
        if not re.fullmatch(r"local\[(\d+|\*)\]", str(value)):
            yield from self._uri({"scheme": "spark"}, value, beside)

    def _class(self, node: Node, value: Any, beside: Mapping[str, Any]) -> str | None:
        return self._pattern({"pattern": r"[a-z][\w.]*\.[A-Z]\w*"}, value, beside)


def true(value: Any) -> bool:
    return value is True or value == "true"
