# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what follows from a chart's folder `schema`: spec.schema.json, values.schema.json, values.yaml,
values-template-example.yaml and the table of keys in README.md; and of its `facts` the images in Chart.yaml.

    python scripts/chart_files.py            write them for every chart that has such a folder
    python scripts/chart_files.py --check    say which are not current, and exit with 1

`schema` holds YAML. party.yaml has the keys at the top and the order of the sections; every other file has sections, or
(ignored.yaml) keys that are taken and do nothing. Keys and definitions that charts share are in
charts/fate-common/schema.
What a key is described by:

  description   in which ` - ` stands for a colon with a space
  type          string, integer, boolean; list (of items, else of free mappings); texts (a mapping of texts),
                quantities, map (free), table (of items by party id); a key with `keys` is a mapping of just these
  enum, pattern, minimum, maximum, minLength, maxLength, unique, format: as in JSON Schema
  use           name of a definition that the rest is put over
  groups        groups of keys that are put into `keys`
  default       what the values have if a cluster.yaml says nothing; initial: the same, where that is for Helm alone
  example       what the example shows
  value         dotted path in the values; `none`: it does not get there, as with `secret`, which marks a secret
  plain         null and an empty text do not stand for "nothing said"
  ignored       keys of KubeFATE that do nothing: a sentence, or [sentence, path of what replaces it], or a mapping with
                text, replaced, secret
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chart_images
import yaml

CHARTS = Path(__file__).parents[1] / "charts"
COMMON = CHARTS / "fate-common" / "schema"
KNOWN = {
    *("description", "type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "unique", "format"),
    *("use", "groups", "keys", "items", "required", "default", "initial", "example", "value", "plain", "secret"),
    "ignored",
}
WORDS = ("enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "format")
TABLE = "^([0-9]{1,63}|default)$"
WIDTH = 118
MARKS = ("<!-- keys: made by scripts/chart_files.py -->", "<!-- end of keys -->")
LICENCE = "# SPDX-License-Identifier: Apache-2.0"
VALUES_HEAD = (
    "Made by scripts/chart_files.py of the folder schema. Users of the collection write a cluster.yaml instead (see "
    "values-template-example.yaml), from which values-template.yaml makes these. Passwords are no values: they stand "
    "in Secrets (see secrets.yaml)."
)
EXAMPLE_HEAD = (
    "Made by scripts/chart_files.py of the folder schema. A cluster.yaml with every key that the chart takes; only {} "
    "are needed. A key that is left out, null or an empty text says nothing, and the default holds. Keys that all "
    "modules have are explained at the first one."
)
Node = dict[str, Any]


def load(path: Path) -> Node:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


class Source:
    """A chart's folder `schema`, with definitions and groups put in."""

    def __init__(self, chart: Path):
        self.chart = chart
        self.top = load(chart / "schema" / "party.yaml")
        self.defs = {**load(COMMON / "defs.yaml"), **self.top.get("defs", {})}
        self.groups = load(COMMON / "groups.yaml")
        sections: Node = {}
        for path in sorted((chart / "schema").glob("*.yaml")):
            if path.stem not in ("party", "ignored"):
                sections |= load(path)
        self.ignored = load(chart / "schema" / "ignored.yaml")
        self.sections = {name: self.full(sections[name], name) for name in self.top["sections"]}
        self.keys = {name: self.full(node, name) for name, node in self.top["keys"].items()}

    def full(self, node: Node, path: str) -> Node:
        """A node with its definition and groups put in, all the way down. Refuses words that nobody knows."""
        if "use" in node:
            node = {**self.defs[node["use"]], **node}
        if strange := set(node) - KNOWN:
            raise SystemExit(f"{path}: {', '.join(sorted(map(str, strange)))} means nothing; is a comma unquoted?")
        node = dict(node)
        if "keys" in node or "groups" in node:
            keys: Node = {}
            for name in node.get("groups", []):
                keys |= {key: {**entry, "group": True} for key, entry in self.groups[name].items()}
            own = node.get("keys", {})
            keys = {**{key: entry for key, entry in keys.items() if key not in own}, **own}
            node["keys"] = {
                key: {**self.full(_without(entry), f"{path}.{key}"), "group": bool(entry.get("group"))}
                for key, entry in keys.items()
            }
        if isinstance(node.get("items"), dict):
            node["items"] = self.full(node["items"], f"{path}[]")
        return node

    def ignored_of(self, node: Node) -> dict[str, Node]:
        return {name: _ignored(entry) for name, entry in node.get("ignored", {}).items()}


def _without(entry: Node) -> Node:
    return {key: value for key, value in entry.items() if key != "group"}


def _ignored(entry: Any) -> Node:
    match entry:
        case str():
            entry = {"text": entry}
        case [text, replaced]:
            entry = {"text": text, "replaced": replaced}
    found: Node = {"x-ignored": _sentence(entry["text"])}
    if "replaced" in entry:
        found["x-replaced-by"] = entry["replaced"]
    if entry.get("secret"):
        found["x-secret"] = True
    return found


def _sentence(text: str) -> str:
    return " ".join(text.split()).replace(" - ", ": ")


# ---- schemas


def spec_schema(source: Source) -> Node:
    properties = {name: spec_of(source, node) for name, node in source.keys.items()}
    properties |= {name: spec_of(source, node) for name, node in source.sections.items()}
    properties |= {name: _ignored(entry) for name, entry in source.ignored.items()}
    shared = {key: entry for group in source.groups.values() for key, entry in group.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": source.top["title"],
        "description": _sentence(source.top["description"]),
        "type": "object",
        "additionalProperties": False,
        "required": source.top["required"],
        "properties": properties,
        "$defs": {key: spec_of(source, source.full(entry, key), whole=True) for key, entry in shared.items()},
    }


def spec_of(source: Source, node: Node, *, whole: bool = False, name: str = "") -> Node:
    if node.get("group") and not whole:
        return {"$ref": f"#/$defs/{name}"}
    found: Node = {"description": _sentence(node["description"])} if "description" in node else {}
    kind = node.get("type", "object" if "keys" in node else "string")
    plain = node.get("plain", False)

    def typed(word: str) -> Any:
        return word if plain else [word, "null"]

    match kind:
        case "texts":
            found |= {"type": typed("object"), "additionalProperties": {"type": "string"}}
        case "quantities":
            found |= {"type": typed("object"), "additionalProperties": {"type": ["string", "number"]}}
        case "map":
            found |= {"type": typed("object"), "additionalProperties": True}
        case "table":
            entry = spec_of(source, {**node["items"], "plain": True})
            found |= {"type": typed("object"), "additionalProperties": False, "patternProperties": {TABLE: entry}}
        case "list":
            free: Node = {"type": "object", "additionalProperties": True}
            items = spec_of(source, {"plain": True, **node["items"]}) if "items" in node else free
            found |= {"type": typed("array"), "items": items}
            if node.get("unique"):
                found["uniqueItems"] = True
        case "object":
            keys = {key: spec_of(source, entry, name=key) for key, entry in node["keys"].items()}
            keys |= source.ignored_of(node)
            found |= {"type": typed("object"), "additionalProperties": False, "properties": keys}
            if "required" in node:
                found["required"] = node["required"]
        case _:
            found["type"] = typed(kind)
    found |= {word: node[word] for word in WORDS if word in node}
    if "enum" in found and not plain:
        found["enum"] = [*found["enum"], None]
    if "default" in node and not isinstance(node["default"], list):
        found["default"] = node["default"]
    if node.get("secret"):
        found["x-secret"] = True
    return found


def values_schema(source: Source) -> Node:
    tree: Node = {"keys": {}}
    for path, node in in_values(source):
        _put(tree, path.split("."), node)
    schema = values_of(tree)
    shared = {key: entry for group in source.groups.values() for key, entry in group.items()}
    schema["definitions"] = {key: values_of(source.full(entry, key)) for key, entry in shared.items()}
    schema["properties"] |= {
        "fate-common": {"description": "Of the library chart, which takes none.", "type": "object"},
        "global": {"description": "Helm's own.", "type": "object"},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Values of charts/{source.chart.name}",
    } | schema


def _put(tree: Node, path: list[str], node: Node) -> None:
    for step in path[:-1]:
        tree = tree["keys"].setdefault(step, {"keys": {}})
    tree["keys"][path[-1]] = node


def in_values(source: Source) -> Iterator[tuple[str, Node]]:
    """Path in the values and description of everything that gets there, in order."""
    for name, node in source.keys.items():
        path = str(node.get("value", name))
        if path != "none" and not node.get("secret"):
            yield path, node
    default = source.top.get("modules") or []
    for name, node in source.sections.items():
        include = {"type": "boolean", "default": name in default, "description": "Whether it is deployed."}
        yield f"modules.{name}", {**node, "keys": {"include": include, **node["keys"]}}


def values_of(node: Node) -> Node:
    kind = node.get("type", "object" if "keys" in node else "string")
    found: Node = {}
    match kind:
        case "texts":
            found = {"type": "object", "additionalProperties": {"type": "string"}}
        case "quantities":
            found = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
        case "map":
            found = {"type": "object"}
        case "table":
            found = {
                "type": "object",
                "additionalProperties": False,
                "patternProperties": {TABLE: values_of(node["items"])},
            }
        case "list":
            found = {"type": "array", "items": values_of(node["items"]) if "items" in node else {"type": "object"}}
        case "object":
            keys = {key: entry for key, entry in node["keys"].items() if _is_value(entry)}
            found = {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    key: {"$ref": f"#/definitions/{key}"} if entry.get("group") else values_of(entry)
                    for key, entry in keys.items()
                },
            }
            required = node.get("required") or [
                key
                for key, entry in keys.items()
                if has_default(entry) and not (entry.get("group") and "keys" in entry)
            ]
            if required:
                found["required"] = required
        case _:
            found = {"type": kind if has_default(node) or node.get("plain") else [kind, "null"]}
            found |= {word: node[word] for word in WORDS if word in node and word != "format"}
            if not (has_default(node) or node.get("plain")):
                if "enum" in found:
                    found["enum"] = [*found["enum"], "", None]
                if "pattern" in found:
                    found["pattern"] = f"^$|{found['pattern']}"
    return found


def _is_value(node: Node) -> bool:
    return not node.get("secret") and node.get("value") != "none"


def has_default(node: Node) -> bool:
    return initial(node) is not None or ("keys" in node and node.get("type", "object") == "object")


def initial(node: Node) -> Any:
    return node.get("initial", node.get("default"))


def as_json(value: Any, indent: str = "") -> str:
    """JSON with what fits into a line in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= WIDTH or not value or not isinstance(value, dict | list):
        return flat
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(key)}: {as_json(item, inner)}" for key, item in value.items()]
    else:
        parts = [inner + as_json(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{(',' + chr(10)).join(parts)}\n{indent}{closing}"


# ---- values.yaml and the example


def nothing(node: Node) -> Any:
    """What says nothing, in the type of a key."""
    match node.get("type", "object" if "keys" in node else "string"):
        case "list":
            return []
        case "texts" | "map" | "table" | "quantities" | "object":
            return {}
        case "string" if "enum" not in node and re.search(node.get("pattern", ""), ""):
            return ""
        case _:
            return None


def inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else _text(value)


def _text(value: str) -> str:
    plain = yaml.safe_dump({"k": value}, width=1000, allow_unicode=True, default_style=None).strip()[3:]
    return plain.replace("'", '"') if plain.startswith("'") and '"' not in plain else plain


def comment(text: str, indent: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def values_yaml(source: Source) -> str:
    tree: Node = {"keys": {}}
    for path, node in in_values(source):
        _put(tree, path.split("."), node)
    head = [LICENCE, *comment(VALUES_HEAD, "")]
    if source.groups:
        head += ["#", "# Blocks of modules take these besides:", "#"]
        for group in source.groups.values():
            for key, entry in group.items():
                head += comment(f"{key}: {_sentence(entry['description'])}", "")
    return "\n".join([*head, *_values(tree, "")]) + "\n"


def _values(node: Node, indent: str) -> Iterator[str]:
    for key, entry in node["keys"].items():
        if not _is_value(entry) or (entry.get("group") and not has_default(entry)):
            continue
        nested = "keys" in entry and entry.get("type", "object") == "object"
        if entry.get("group"):
            if not nested:
                yield f"{indent}{key}: {inline(initial(entry))}"
            continue
        if not indent:
            yield ""
        if "description" in entry and key != "include":
            yield from comment(_sentence(entry["description"]), indent)
        if nested:
            lines = list(_values(entry, indent + "  "))
            yield f"{indent}{key}:" if lines else f"{indent}{key}: {{}}"
            yield from lines
        else:
            value = initial(entry)
            yield f"{indent}{key}: {inline(nothing(entry) if value is None else value)}"


def example(source: Source) -> str:
    head = [LICENCE, *comment(EXAMPLE_HEAD.format(" and ".join(source.top["required"])), "")]
    seen: set[str] = set()
    lines = [*head, *_example({"keys": source.keys}, "", seen), *_example({"keys": source.sections}, "", seen)]
    lines += ["", "# Keys of KubeFATE that are accepted and do nothing here; the collection says so:"]
    for path, entry in ignored_paths(source):
        lines += comment(f"{path}: {entry['x-ignored']}", "")
    return "\n".join(lines) + "\n"


def ignored_paths(source: Source) -> Iterator[tuple[str, Node]]:
    def walk(node: Node, path: str) -> Iterator[tuple[str, Node]]:
        for name, entry in source.ignored_of(node).items():
            yield f"{path}.{name}", entry
        for key, child in node.get("keys", {}).items():
            yield from walk(child, f"{path}.{key}")

    for name, entry in source.ignored.items():
        yield name, _ignored(entry)
    for name, node in source.sections.items():
        yield from walk(node, name)


def _example(node: Node, indent: str, seen: set[str]) -> Iterator[str]:
    for key, entry in node["keys"].items():
        if not indent:
            yield ""
        known = entry.get("group") and key in seen
        if entry.get("group"):
            seen.add(key)
        if not known:
            yield from comment(explained(entry), indent)
        if "keys" in entry and entry.get("type", "object") == "object" and not known:
            yield f"{indent}{key}:"
            yield from _example(entry, indent + "  ", seen)
        else:
            shown = nothing(entry) if known else entry.get("example", entry.get("default", nothing(entry)))
            line = f"{indent}{key}: {inline(shown)}"
            if len(line) <= WIDTH or not isinstance(shown, dict | list):
                yield line
                continue
            yield f"{indent}{key}:"
            for item in shown:
                name = "-" if isinstance(shown, list) else f"{json.dumps(item)}:"
                yield f"{indent}  {name} {inline(item if isinstance(shown, list) else shown[item])}"


def explained(node: Node) -> str:
    text = _sentence(node["description"])
    if "enum" in node and len(node["enum"]) > 1:
        text += f" One of {', '.join(map(str, node['enum']))}."
    if node.get("default") is not None and "Default" not in text:
        text += f" Default: {inline(node['default'])}."
    return text


# ---- README


def table(source: Source) -> str:
    lines = ["| key | default | meaning |", "| --- | --- | --- |"]

    def walk(keys: Node, path: str) -> None:
        for key, node in keys.items():
            if node.get("group"):
                continue
            default = "" if node.get("default") is None else f"`{inline(node['default'])}`"
            lines.append(f"| `{path}{key}` | {default} | {explained(node).partition(' Default: ')[0]} |")
            if "keys" in node and node.get("type", "object") == "object":
                walk(node["keys"], f"{path}{key}.")

    walk(source.keys, "")
    walk(source.sections, "")
    lines += ["", "Blocks of modules take these too, as far as they make sense for the module:", ""]
    lines += ["| key | default | meaning |", "| --- | --- | --- |"]
    for group in source.groups.values():
        for key, node in group.items():
            default = "" if node.get("default") is None else f"`{inline(node['default'])}`"
            lines.append(f"| `{key}` | {default} | {explained(node).partition(' Default: ')[0]} |")
    return "\n".join(lines)


def readme(source: Source) -> str:
    text = (source.chart / "README.md").read_text(encoding="utf-8")
    before, _mark, rest = text.partition(MARKS[0])
    _old, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"{source.chart}/README.md lacks the lines {MARKS[0]} and {MARKS[1]}")
    return f"{before}{MARKS[0]}\n\n{table(source)}\n\n{MARKS[1]}{after}"


def files(chart: Path) -> dict[str, str]:
    """Name and text of each file that follows from a chart's folder `schema`."""
    source = Source(chart)
    return {
        "spec.schema.json": as_json(spec_schema(source)) + "\n",
        "values.schema.json": as_json(values_schema(source)) + "\n",
        "values.yaml": values_yaml(source),
        "values-template-example.yaml": example(source),
        "README.md": readme(source),
        "Chart.yaml": chart_images.chart_yaml(chart),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes files of charts that follow from their folder `schema`.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not current")
    check = parser.parse_args().check
    stale = []
    for folder in sorted(CHARTS.glob("*/schema/party.yaml")):
        chart = folder.parents[1]
        for name, text in files(chart).items():
            path = chart / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path.relative_to(CHARTS.parent)))
                if not check:
                    path.write_text(text, encoding="utf-8")
    if stale:
        sys.stdout.write(f"{'not current' if check else 'written'}: {', '.join(stale)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
