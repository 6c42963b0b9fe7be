# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec, identity, load

COMMON = """\
partyId: 1
osx:
  type: ClusterIP
  partyList:
  - partyId: 8888
  - partyId: 7777
"""
PARTY = """\
name: fate-9999

partyId: 9999
osx:
  nodePort: 30091
"""


def write(folder: Path, **files: str) -> list[str]:
    paths = []
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths


def test_later_files_win_and_inline_data_wins_over_files(tmp_path: Path) -> None:
    files = write(tmp_path, common=COMMON, party=PARTY)
    spec = load(files, {"osx": {"type": "NodePort"}, "computing": "Spark"})
    assert spec.data == {
        "partyId": 9999,
        "name": "fate-9999",
        "osx": {"type": "NodePort", "nodePort": 30091, "partyList": [{"partyId": 8888}, {"partyId": 7777}]},
        "computing": "Spark",
    }
    assert load(list(reversed(files)), None).data["partyId"] == 1


def test_a_null_takes_a_value_of_an_earlier_file_away_and_stays_null(tmp_path: Path) -> None:
    spec = load(write(tmp_path, common=COMMON, party="osx: {type: }\n"), None)
    assert spec.data["osx"]["type"] is None
    assert "partyList" in spec.data["osx"]


def test_every_key_knows_the_file_and_line_that_it_came_from(tmp_path: Path) -> None:
    common, party = write(tmp_path, common=COMMON, party=PARTY)
    spec = load([common, party], {"osx": {"type": "NodePort"}, "modules": ["osx"]})
    assert spec.where("partyId") == f"{party}, line 3"
    assert spec.where("osx.nodePort") == f"{party}, line 5"
    assert spec.where("osx.partyList.1.partyId") == f"{common}, line 6"
    assert spec.where("osx.partyList.1.unknown") == f"{common}, line 6", "the nearest key above"
    assert spec.where("osx.type") == "the spec", "inline data has no line"
    assert spec.where("modules.0") == "the spec"
    assert spec.where("nowhere") == "the spec"


def test_a_list_that_inline_data_replaces_has_no_line_any_more(tmp_path: Path) -> None:
    spec = load(write(tmp_path, common=COMMON), {"osx": {"partyList": [{"partyId": 1}]}})
    assert spec.where("osx.partyList.0.partyId") == "the spec"
    assert spec.where("osx.type").endswith("common.yaml, line 3")


def test_values_are_read_as_kubefate_read_them(tmp_path: Path) -> None:
    text = "since: 2024-01-02\nlimit: 1:30\nmode: 017\nroute_table:\n  9999: {on: 1}\n"
    assert load(write(tmp_path, a=text), None).data == {
        "since": "2024-01-02",
        "limit": "1:30",
        "mode": 15,
        "route_table": {"9999": {"true": 1}},
    }


def test_neither_files_nor_inline_data_is_an_empty_spec() -> None:
    assert load([], None) == Spec({}, {})
    assert load([], {}).data == {}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match=r"There is no file .*nowhere\.yaml") as caught:
        load([str(tmp_path / "nowhere.yaml")], None)
    assert caught.value.kind is Kind.INPUT


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n", "~\n"])
def test_a_file_without_keys_is_no_cluster_yaml(tmp_path: Path, text: str) -> None:
    with pytest.raises(KubefateError, match=r"a\.yaml is not a cluster\.yaml: it has no keys"):
        load(write(tmp_path, a=text), None)


def test_a_syntax_error_is_told_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match=r"b\.yaml is not valid YAML: line 2"):
        load(write(tmp_path, a=PARTY, b="a: 1\nb: c: d\n"), None)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(KubefateError, match=r"a\.yaml cannot be read"):
        load([str(tmp_path / "a.yaml")], None)


def test_a_folder_is_no_cluster_yaml(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match="cannot be read"):
        load([str(tmp_path)], None)


def test_identity_is_what_the_spec_says_and_a_namespace_is_the_name_unless_given() -> None:
    full = {"name": "a", "namespace": "b", "chartName": "fate", "chartVersion": "v2.0.0"}
    assert identity(Spec(full)) == ("a", "b", "fate", "v2.0.0")
    assert identity(Spec({"name": "a"})) == ("a", "a", "", "")
    assert identity(Spec({"name": None, "chartName": None})) == ("", "", "", "")
