# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values are those that KubeFATE's own renderer makes: Go's text/template with sprig, beside ours."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import load
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import Values, render
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import parse_yaml
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.kubefate import SHAPES, Shape

pytestmark = pytest.mark.once

MUTANTS = 12


def kubefate(shape: Shape, spec: str, folder: Path) -> Any:
    """What KubeFATE's renderer makes, as YAML; None where it fails."""
    program = os.environ.get("KUBEFATE_TEST_VALUES")
    assert program, "KUBEFATE_TEST_VALUES must hold the path of the renderer that tests/runner builds"
    (folder / "template").write_text(shape.template)
    (folder / "spec").write_text(spec)
    argv = [program, str(folder / "template"), str(folder / "spec")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    try:
        return plain(parse_yaml(done.stdout, "KubeFATE's values"))
    except KubefateError:
        return None


def mutants(text: str) -> list[str]:
    """The spec, and the spec with some of its keys left out, made null, empty, large, or another type."""
    chance = random.Random(5)
    found = [text]
    while len(found) < MUTANTS:
        spec = yaml.safe_load(text)
        for _change in range(chance.randint(1, 3)):
            place: Any = spec
            while True:
                key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
                if isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.6:
                    place = place[key]
                    continue
                match chance.randrange(5):
                    case 0 if isinstance(place, dict) and place is not spec:
                        del place[key]
                    case 1:
                        place[key] = None
                    case 2:
                        place[key] = 12345678
                    case 3:
                        place[key] = "some text"
                    case _:
                        place[key] = {} if isinstance(place[key], dict) else ""
                break
            if not place:
                break
        found.append(yaml.safe_dump(spec, sort_keys=False))
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_values_are_those_of_kubefate(name: str, helm: Helm, tmp_path: Path) -> None:
    shape = SHAPES[name]
    texts = {f"spec {number}": text for number, text in enumerate(mutants(shape.spec))}
    specs = {key: load([key], None, lambda _path, text=text: text).data for key, text in texts.items()}
    ours = render(helm, shape.template, specs, name)
    compared = 0
    for key, text in texts.items():
        theirs = kubefate(shape, text, tmp_path)
        found = ours[key]
        if theirs is None:
            assert isinstance(found, KubefateError), text
        else:
            assert isinstance(found, Values), (text, found)
            assert found.data == theirs, text
            compared += 1
    assert compared >= MUTANTS // 3
    assert kubefate(shape, shape.spec, tmp_path), "the spec of its users is rendered"


def test_the_comparison_can_fail(helm: Helm, tmp_path: Path) -> None:
    shape = SHAPES["fate-exchange"]
    spec = load(["x"], None, lambda _path: shape.spec).data
    other = Shape(shape.meta, shape.template.replace("{{ .partyId }}", "2"), shape.spec)
    (found,) = render(helm, shape.template, {"x": spec}, "x").values()
    assert isinstance(found, Values)
    assert found.data != kubefate(other, shape.spec, tmp_path)
