# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as data for results and as text for ``--diff``. No secret value is ever in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..data import REDACTED, is_secret_key, redact
from ..objects import Object
from ..yamltext import dump_yaml
from .model import Action, Change, FieldChange, Plan, Restart, Source
from .normalise import pruned, without_marks

_LINE = re.compile(r"^(?P<head>[\s\"'{,]*(?P<key>[\w.\-]+)[\"']?\s*[:=]\s*)(?P<value>\S.*)$")
_PAIR = re.compile(r"""(?P<head>(["'])(?P<key>[\w.\-]+)\2\s*:\s*)(["'])(?P<value>(?:\\.|(?!\4).)*)\4""")
_STEP = re.compile(r"[^.\[\]=]+")


def as_result(plan: Plan) -> dict[str, Any]:
    """The plan as plain data; part of the published result shape."""
    return {
        "release": plan.release,
        "namespace": plan.namespace,
        "operation": str(plan.operation),
        "reason": plan.reason,
        "changed": plan.changed,
        "changes": [_change(change) for change in plan.changes],
        "drift": [_change(change) for change in plan.drift],
        "restarts": [_restart(restart) for restart in plan.restarts],
        "findings": [finding.as_result() for finding in plan.findings],
        "known_after_apply": list(plan.unknown),
        "unchanged": plan.unchanged,
    }


def sentences(plan: Plan) -> list[str]:
    """One short line for each change, for job records, summaries and progress."""
    lines = [_sentence(change) for change in plan.changes]
    lines += [restart.text for restart in plan.restarts]
    lines += [f"drift, left alone: {_sentence(change)}" for change in plan.drift]
    return lines


@dataclass(frozen=True, slots=True)
class LateDiff:
    """A diff that is made when somebody wants to see it: writing whole objects as text takes longer than planning."""

    makers: tuple[Callable[[], list[dict[str, str]]], ...]

    @classmethod
    def of(cls, plan: Plan) -> LateDiff:
        return cls((lambda: diff(plan),))

    def entries(self) -> list[dict[str, str]]:
        return [entry for make in self.makers for entry in make()]

    def after(self, *makers: Callable[[], list[dict[str, str]]]) -> LateDiff:
        """The same with something before it."""
        return LateDiff((*makers, *self.makers))


def with_diffs(outcome: dict[str, Any], wanted: bool) -> dict[str, Any]:
    """A result whose diffs, and those of the clusters in it, are made, or left empty where nobody wants to see them."""
    out = dict(outcome)
    if isinstance(out.get("diff"), LateDiff):
        out["diff"] = out["diff"].entries() if wanted else []
    if isinstance(out.get("clusters"), dict):
        out["clusters"] = {host: with_diffs(found, wanted) for host, found in out["clusters"].items()}
    return out


def diff(plan: Plan) -> list[dict[str, str]]:
    """For Ansible's ``--diff``: one entry for each object, then what follows from the changes."""
    entries = [_diff(change, plan.namespace) for change in plan.changes]
    entries += [_diff(change, plan.namespace, "drift, left alone") for change in plan.drift]
    notes = [restart.text for restart in plan.restarts]
    notes += [f"known after apply: {text}" for text in plan.unknown]
    notes += [f"{finding.level}: {finding.text} {finding.hint}".rstrip() for finding in plan.findings]
    if notes:
        entries.append(_notes(plan.namespace, notes))
    return entries


def pending_diff(namespace: str, texts: Sequence[str]) -> dict[str, str]:
    """The same for what a federation learns after applying."""
    return _notes(namespace, [f"known after apply: {text}" for text in texts])


def _notes(namespace: str, lines: Sequence[str]) -> dict[str, str]:
    header = f"what follows ({namespace})"
    return {"before_header": header, "after_header": header, "before": "", "after": "\n".join(lines) + "\n"}


def public(obj: Object) -> Any:
    """An object without what servers and Helm write and without secret values."""
    return _hidden(without_marks(pruned(obj)))


def _hidden(obj: Any) -> Any:
    out = redact(obj)
    kind = str(obj.get("kind", "")) if isinstance(obj, Mapping) else ""
    if kind == "Secret":
        for part in ("data", "stringData"):
            if isinstance(obj.get(part), Mapping):
                out[part] = dict.fromkeys(obj[part], REDACTED)
    elif kind == "ConfigMap" and isinstance(out.get("data"), Mapping):
        out["data"] = {key: _hidden_lines(str(text)) for key, text in out["data"].items()}
    for container in _containers(out):
        for entry in container.get("env") or []:
            if isinstance(entry, dict) and is_secret_key(str(entry.get("name", ""))) and entry.get("value"):
                entry["value"] = REDACTED
    return out


def _containers(obj: Any) -> list[Any]:
    spec = obj.get("spec") if isinstance(obj, Mapping) else None
    template = ((spec or {}).get("template") or {}).get("spec") or spec or {}
    if not isinstance(template, Mapping):
        return []
    return [*(template.get("initContainers") or []), *(template.get("containers") or [])]


def _hidden_lines(text: str) -> str:
    """Configuration text with the values of keys that name a secret replaced, line by line."""
    lines = []
    for line in text.splitlines(keepends=True):
        match = _LINE.match(line.rstrip("\n"))
        secret = match and any(is_secret_key(word) for word in match["key"].split("."))
        lines.append(f"{match['head']}{REDACTED}\n" if match and secret else _PAIR.sub(_hidden_pair, line))
    return "".join(lines)


def _hidden_pair(pair: re.Match[str]) -> str:
    """A key and its text in JSON or the like, of which a line may hold many."""
    quote = pair[4]
    return f"{pair['head']}{quote}{REDACTED}{quote}" if is_secret_key(pair["key"]) else pair[0]


def _field(change: FieldChange, kind: str) -> dict[str, Any]:
    before, after = _values(change, kind)
    shown = {"path": change.path, "before": before, "after": after, "source": str(change.source)}
    return {**shown, "managers": list(change.by)} if change.by else shown


def _values(change: FieldChange, kind: str) -> tuple[Any, Any]:
    """Both values, or, for what is secret, only that they differ."""
    path = change.path
    secret = kind == "Secret" and path.split(".")[0] in ("data", "stringData")
    steps = _STEP.findall(path)
    if secret or any(is_secret_key(step) for step in steps):
        return (None if change.before is None else REDACTED), (
            None if change.after is None else f"{REDACTED} (changed)"
        )
    if kind == "ConfigMap" and path.startswith(("data", "binaryData")):
        return _text(change.before), _text(change.after)
    return redact(change.before), redact(change.after)


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return _hidden_lines(value)
    if isinstance(value, Mapping):
        return {key: _text(item) for key, item in value.items()}
    return value


def _change(change: Change) -> dict[str, Any]:
    ref = change.ref
    return {
        "api_version": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "action": str(change.action),
        "reason": change.reason,
        "validated": change.validated,
        "fields": [_field(item, ref.kind) for item in change.fields],
    }


def _restart(restart: Restart) -> dict[str, Any]:
    return {
        "kind": restart.ref.kind,
        "name": restart.ref.name,
        "module": restart.module,
        "pods": restart.pods,
        "names": list(restart.names),
        "reason": restart.reason,
    }


def _sentence(change: Change) -> str:
    text = f"{change.action} {change.ref}"
    if change.fields:
        names = [item.path for item in change.fields]
        text += ": " + ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return text + (f" ({change.reason})" if change.reason else "")


def _diff(change: Change, namespace: str, note: str = "") -> dict[str, str]:
    words = [note, change.reason]
    header = f"{change.ref} ({namespace}): {change.action}" + "".join(f", {word}" for word in words if word)
    before, after = "", ""
    match change.action:
        case Action.CREATE:
            after = dump_yaml(public(change.after or {}))
        case Action.DELETE:
            before = dump_yaml(public(change.before or {}))
        case Action.UPDATE:
            before, after = _both(change.fields, change.ref.kind)
        case Action.GENERATE:
            after = f"{change.reason} ({REDACTED}, known after apply)\n"
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def _both(fields: Sequence[FieldChange], kind: str) -> tuple[str, str]:
    before, after = "", ""
    for item in fields:
        old, new = _values(item, kind)
        mark = "" if item.source is Source.SPEC else f"  # drift{' by ' + ', '.join(item.by) if item.by else ''}"
        before += _entry(item.path, old, mark)
        after += _entry(item.path, new, mark)
    return before, after


def _entry(path: str, value: Any, mark: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and "\n" in value:
        return f"{path}: |{mark}\n" + "".join(f"  {line}\n" for line in value.splitlines())
    if isinstance(value, Mapping | list):
        return f"{path}:{mark}\n" + "".join(f"  {line}\n" for line in dump_yaml(value).splitlines())
    return f"{path}: {value}{mark}\n"
