"""Specs with something wrong in them: each is planned, or refused in a sentence, and never ends in a traceback."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, required

from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.clusters import CHANGE_CLUSTER
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import run_program

SEED = int(os.environ.get("KUBEFATE_SEED") or 20260)
COUNT = 500 if os.environ.get("KUBEFATE_LONG") else 50
STRANGE = (
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    " ",
    "a\nb",
    "\u4e2d{{ .x }}",
    "..",
    [],
    {},
    [[]],
    {"": None},
    [{"a": 1}],
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a spec."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*at, index))


def mutated(spec: dict[str, Any], rng: random.Random) -> tuple[dict[str, Any], str]:
    """A copy with one to three things changed, and what they are."""
    out, said = copy.deepcopy(spec), []
    for _change in range(rng.randint(1, 3)):
        *steps, last = rng.choice(list(places(out)))
        holder: Any = out
        for step in steps:
            holder = holder[step]
        match rng.choice(("remove", "replace", "rename", "add")):
            case "remove":
                del holder[last]
                said.append(f"without {[*steps, last]}")
            case "rename" if isinstance(holder, dict):
                name = str(last)[:-1] + rng.choice("xyz")
                holder[name] = holder.pop(last)
                said.append(f"{[*steps, last]} called {name!r}")
            case "add" if isinstance(holder, dict):
                holder[rng.choice(("unknown", "replicas", "image", "x.y", "1"))] = rng.choice(STRANGE)
                said.append(f"something added beside {[*steps, last]}")
            case _:
                holder[last] = copy.deepcopy(rng.choice(STRANGE))
                said.append(f"{[*steps, last]} = {holder[last]!r}")
        if not out:
            break
    return out, "; ".join(said)


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    text = (ROOT / "charts" / "fate" / "values-template-example.yaml").read_text()
    return dict(yaml.safe_load(text))


@pytest.mark.parametrize("number", range(COUNT))
def test_a_mutated_spec_is_planned_or_refused(example: dict[str, Any], number: int, tmp_path: Path) -> None:
    spec, said = mutated(example, random.Random(f"{SEED}-{number}"))
    print(said)
    params = {
        **{name: option.get("default") for name, option in CHANGE_CLUSTER.arguments.options.items()},
        "kubeconfig": required("KUBEFATE_TEST_KUBECONFIG"),
        "helm_binary": required("KUBEFATE_HELM3" if number % 2 else "KUBEFATE_HELM4"),
        "chart": "fate",
        "chart_path": str(ROOT / "charts" / "fate"),
        "name": "mutated",
        "namespace": "mutated",
        "spec": spec,
    }
    outcome = carry_out(CHANGE_CLUSTER, Call(params, True, run_program, str(tmp_path)), verbose=True)
    failure = outcome.get("failure")
    if failure is None:
        assert outcome["plan"]["operation"] == "install"
        return
    assert failure["kind"] != "internal", outcome
    assert len(outcome["msg"]) > 20
    assert "Traceback" not in outcome["msg"]
