# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Field references in values templates, and the keys that a spec may have."""

from __future__ import annotations

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.candidates import candidates
from ansible_collections.federatedai.kubefate.plugins.module_utils.adopt.template import references


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("{{ .a.b }}", {"a.b"}),
        ("{{- .a | default .b -}}", {"a", "b"}),
        ("{{ with .a }}{{ .b }}{{ $.c }}{{ end }}{{ .d }}", {"a", "a.b", "c", "d"}),
        ("{{ with .a }}{{ .b }}{{ else }}{{ .c }}{{ end }}", {"a", "a.b", "c"}),
        ("{{ range .a }}{{ .b }}{{ end }}", {"a", "a.[].b", "a.{}.b"}),
        ("{{ range $k, $v := .a }}{{ $v.b }}{{ $k }}{{ end }}", {"a", "a.[].b", "a.{}.b", "a.[]", "a.{}"}),
        ("{{ $x := .a.b }}{{ $x.c }}", {"a.b", "a.b.c"}),
        ('{{ get .a "b" }}{{ index .c "d" }}', {"a", "a.b", "c", "c.d"}),
        ("{{ if and .a (eq .b.c 1) }}{{ .d }}{{ end }}", {"a", "b.c", "d"}),
        ('{{/* .a {{ */}}{{ `.b` }}{{ ".c }}" }}{{ .d }}', {"d"}),
        ('{{ define "x" }}{{ .a }}{{ end }}{{ .b }}', {"b"}),
    ],
)
def test_references_are_followed_through_scopes_and_variables(template: str, paths: set[str]) -> None:
    found = {".".join(path) for path in references(template)}
    assert found - {"a.[]", "a.{}"} == paths - {"a.[]", "a.{}"}


def test_words_that_a_template_looks_for_belong_to_the_list() -> None:
    found = references('{{ has "osx" .modules }}{{ has "mysql" $.modules }}{{ eq .computing "Spark" }}')
    assert (found[("modules",)].literals, found[("modules",)].searched) == (["osx", "mysql"], True)
    assert (found[("computing",)].literals, found[("computing",)].searched) == (["Spark"], False)


def test_keys_come_from_schema_example_and_template() -> None:
    schema = {
        "$defs": {"size": {"type": ["integer", "null"]}},
        "properties": {
            "a": {"$ref": "#/$defs/size"},
            "b": {"properties": {"c": {"enum": ["x", None]}}},
            "gone": {"x-ignored": "no more"},
            "list": {"type": "array", "items": {"properties": {"d": {"type": "string"}}}},
        },
    }
    found = {".".join(item.path): item for item in candidates("{{ .a }}{{ .unknown }}", schema, {"gone": 1, "a": 2})}
    assert set(found) == {"a", "b", "b.c", "list", "list.[]", "list.[].d"}
    assert found["a"].kinds == {"number"}
    assert found["b.c"].choices == ["x"]


def test_without_a_schema_a_key_of_the_template_counts() -> None:
    found = {".".join(item.path) for item in candidates("{{ .a.b }}", None, {"c": [{"d": 1}, {"e": None}]})}
    assert found == {"a.b", "c", "c.[]", "c.[].d", "c.[].e"}
