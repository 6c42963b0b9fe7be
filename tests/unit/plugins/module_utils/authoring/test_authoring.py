# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An author's way: create, complete, look over, render, package."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.checking import Finding, look_over
from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.creation import (
    check_new,
    create,
    existing,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.dependencies import lock, missing, unlocked
from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.packaging import packaged, write_package
from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.rendering import (
    Rendered,
    examples,
    render_all,
    write_rendered,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.repository import Repository
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart, write_folder
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.sources import (
    push,
    registry,
    web_server,
    write_repository,
)

pytestmark = pytest.mark.once

META = "apiVersion: v2\nname: mine\nversion: 0.1.0\n"
FILES = {
    "values-template.yaml": "who: {{ .who }}\n",
    "values-template-example.yaml": "name: mine\nwho: you\n",
    "spec.schema.json": json.dumps(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "namespace": {"type": "string"},
                "chartName": {"type": "string", "enum": ["mine"]},
                "chartVersion": {"type": "string", "enum": ["0.1.0", "2.2.0"]},
                "who": {"type": "string"},
            },
        }
    ),
    "templates/all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\ndata: {who: {{ .Values.who }}}\n",
}
Tools = Callable[[str], Helm]


@pytest.fixture
def tools(newest_helm: Helm) -> Tools:
    """Makes a helm with settings of its own."""
    return lambda home: Helm(newest_helm.runner, newest_helm.binary, home=home)


def mine(folder: Path, meta: str = META, **files: str) -> str:
    given = {name: text for name, text in {**FILES, **files}.items() if text}
    return write_folder(folder / "mine", chart(given, meta))


def found(path: str, helm: Helm, *specs: str) -> list[Finding]:
    return look_over(read_chart(path), specs, [helm], None, "default")[0]


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]


# create ----------------------------------------------------------------------------------------------------------
def test_a_chart_that_helm_makes_can_be_deployed_from_a_spec_at_once(helm: Helm, tmp_path: Path) -> None:
    made = create(str(tmp_path / "new" / "demo"), "demo", "0.3.0", None, helm)
    assert (made.title, made.type) == ("demo 0.3.0", "demo")
    assert errors(found(made.path, helm)) == []
    (rendered,) = render_all(made, examples(made, ()), helm).values()
    assert isinstance(rendered, Rendered)
    assert {obj["kind"] for obj in rendered.objects} >= {"Deployment", "Service"}
    pods = next(obj for obj in rendered.objects if obj["kind"] == "Deployment")["spec"]["template"]
    assert pods["metadata"]["labels"]["fateMoudle"] == "demo"
    assert pods["metadata"]["labels"]["partyId"] == "9999"


def test_a_copy_has_its_own_name_wherever_the_original_says_its_own(helm: Helm, tmp_path: Path) -> None:
    source = read_chart(mine(tmp_path, f"# A comment.\n{META}annotations:\n  some.test/note: kept\n"))
    made = create(str(tmp_path / "yours"), "yours", "2.0.0", source, helm)
    assert (made.name, made.version, made.type) == ("yours", "2.0.0", "mine")
    assert (made.text("Chart.yaml") or "").startswith("# A comment.")
    assert made.annotation("some.test/note") == "kept"
    properties = made.document("spec.schema.json")["properties"]
    assert properties["chartName"]["enum"] == ["yours"]
    assert properties["chartVersion"]["enum"] == ["2.0.0", "v2.0.0", "2.2.0"]
    assert errors(found(made.path, helm)) == []
    assert set(made.files) == set(source.files)


def test_a_copy_of_a_chart_whose_meta_is_written_in_one_line_has_its_name_too(helm: Helm, tmp_path: Path) -> None:
    source = read_chart(mine(tmp_path, "{apiVersion: v2, name: mine, version: 0.1.0}\n"))
    assert create(str(tmp_path / "yours"), "yours", "2.0.0", source, helm).title == "yours 2.0.0"


def test_a_library_beside_the_original_becomes_the_copys_own(helm: Helm, tmp_path: Path) -> None:
    path = mine(tmp_path / "charts")
    write_folder(tmp_path / "charts" / "common", chart({}, "apiVersion: v2\nname: common\nversion: 1.0.0\n"))
    os.mkdir(f"{path}/charts")
    os.symlink("../../common", f"{path}/charts/common")
    made = create(str(tmp_path / "elsewhere" / "yours"), "yours", "1.0.0", read_chart(path), helm)
    assert "charts/common/Chart.yaml" in made.files
    assert not os.path.islink(f"{made.path}/charts/common")


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = mine(tmp_path)
    assert existing(path, "mine") is not None
    assert existing(str(tmp_path / "nothing"), "mine") is None
    (tmp_path / "other").mkdir()
    assert existing(str(tmp_path / "other"), "mine") is None
    (tmp_path / "other" / "file").touch()
    for there, name in ((path, "yours"), (str(tmp_path / "other"), "mine")):
        with pytest.raises(KubefateError, match="already") as caught:
            existing(there, name)
        assert caught.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(("name", "version"), [("Mine", "1.0.0"), ("a/b", "1.0.0"), ("mine", "1.0"), ("mine", "new")])
def test_a_name_or_version_that_no_chart_can_have_is_refused(name: str, version: str) -> None:
    with pytest.raises(KubefateError, match="cannot be the") as caught:
        check_new(name, version)
    assert caught.value.kind is Kind.INPUT


# dependencies ----------------------------------------------------------------------------------------------------
def needing(url: str, version: str = "^1.0", name: str = "redis") -> str:
    return f"{META}dependencies:\n  - {{name: {name}, version: {version!r}, repository: {url!r}}}\n"


def redis(version: str) -> Chart:
    return chart({"templates/x.yaml": "a: 1\n"}, f"apiVersion: v2\nname: redis\nversion: {version}\n")


def test_dependencies_are_resolved_and_locked_from_a_repository_with_a_login(tools: Tools, tmp_path: Path) -> None:
    charts = (redis("1.0.0"), redis("1.4.0"), redis("2.0.0"))
    with web_server(write_repository(tmp_path / "repository", *charts)) as place:
        path = mine(tmp_path, needing(place.url))
        assert missing(read_chart(path)) == ["redis ^1.0"]
        work = tmp_path / "work"
        work.mkdir()
        changed, made = lock(path, tools, place.repository(), str(work), update=False)
        assert changed
        assert made.document("Chart.lock")["dependencies"][0]["version"] == "1.4.0"
        assert missing(made) == []
        assert unlocked(made) == ""
    changed, again = lock(path, tools, Repository(""), str(work), update=False)
    assert not changed, "nobody is asked where all is there"
    assert again.digest == made.digest


def test_dependencies_come_from_a_registry_with_a_login(tools: Tools, tmp_path: Path) -> None:
    with registry(tmp_path / "registry") as place:
        push(place, tools("").binary, redis("1.4.0"))
        path = mine(tmp_path, needing(place.url))
        _changed, made = lock(path, tools, place.repository(), str(tmp_path), update=False)
    assert missing(made) == []


def test_a_dependency_that_is_not_there_is_named_and_nothing_is_lost(tools: Tools, tmp_path: Path) -> None:
    with web_server(write_repository(tmp_path / "repository", redis("1.0.0"))) as place:
        for meta, said in (
            (needing(place.url, name="nothing"), "nothing"),
            (needing(place.url, "^7"), "redis"),
            (needing("http://127.0.0.1:9"), "127.0.0.1:9"),
            (needing("@somewhere"), "somewhere"),
        ):
            path = mine(tmp_path, meta)
            before = read_chart(path).digest
            with pytest.raises(KubefateError) as caught:
                lock(path, tools, place.repository(), str(tmp_path), update=False)
            assert said in caught.value.msg
            assert "The dependencies of chart mine 0.1.0 cannot be had" in caught.value.msg
            assert caught.value.hint
            assert read_chart(path).digest == before


# look over -------------------------------------------------------------------------------------------------------
def test_a_good_chart_has_no_findings(helm: Helm, tmp_path: Path) -> None:
    assert found(mine(tmp_path), helm) == []


@pytest.mark.parametrize(
    ("files", "check", "said", "place"),
    [
        ({"values-template.yaml": ""}, "files", "no cluster.yaml can be turned", ("values-template.yaml", 0)),
        ({"spec.schema.json": '{"type": "object", "dependentRequired": {}}'}, "files", "dependentRequired", None),
        ({"values-template-example.yaml": "name: mine\nwhoo: you\n"}, "specs", "who?", None),
        ({"values-template-example.yaml": "name: a: b\n"}, "specs", "line 1", None),
        ({"values-template.yaml": "a: 1\nwho: {{ .who.name }}\n"}, "specs", "line 2", ("values-template.yaml", 2)),
        ({"templates/all.yaml": 'a: 1\nb: {{ fail "no" }}\n'}, "specs", "no", ("templates/all.yaml", 2)),
        (
            {"templates/all.yaml": "kind: X\nmetadata: {}\n"},
            "specs",
            "no apiVersion or name",
            ("templates/all.yaml", 0),
        ),
        ({"templates/two.yaml": FILES["templates/all.yaml"]}, "specs", "ConfigMap mine is rendered 2 times", None),
        (
            {"templates/all.yaml": FILES["templates/all.yaml"].replace("{{ .Values.who }}", "{{ randAlpha 20 }}")},
            "repeatable",
            "Two renders of the same spec differ",
            ("templates/all.yaml", 0),
        ),
        (
            {"Chart.yaml": f"{META}dependencies: [{{name: redis, version: 1.0.0}}]\n"},
            "dependencies",
            "redis 1.0.0",
            None,
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_is_wrong_is_found_with_its_place(
    helm: Helm, tmp_path: Path, files: dict[str, str], check: str, said: str, place: tuple[str, int] | None
) -> None:
    meta = files.get("Chart.yaml", META)
    given = {name: text for name, text in {**FILES, **files}.items() if text and name != "Chart.yaml"}
    path = write_folder(tmp_path / "mine", chart(given, meta))
    seen = errors(found(path, helm))
    matching = [finding for finding in seen if finding.check == check and said in finding.message]
    assert matching, seen
    if place:
        assert any((finding.file, finding.line) == place for finding in matching), matching


def test_functions_that_make_renders_differ_are_found_with_their_line(helm: Helm, tmp_path: Path) -> None:
    text = 'a: 1\nb: {{ "now" }}\n{{/* now */}}\nc: {{ now | quote }}\nd: {{ lookup "v1" "Secret" "a" "b" }}\n'
    warned = found(mine(tmp_path, **{"templates/x.tpl": text}), helm)
    places = [(item.file, item.line) for item in warned if item.check == "repeatable" and item.severity == "warning"]
    assert ("templates/x.tpl", 4) in places
    assert ("templates/x.tpl", 5) in places
    assert ("templates/x.tpl", 2) not in places
    assert ("templates/x.tpl", 3) not in places


def test_each_further_spec_is_tried_and_named(helm: Helm, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("name: a\nwho: b\n")
    bad.write_text("name: a\nwho: [b]\n")
    seen = errors(found(mine(tmp_path), helm, str(good), str(bad)))
    assert len(seen) == 1
    assert str(bad) in seen[0].message
    assert "who" in seen[0].message


def test_a_template_that_loops_is_an_error_that_names_it(helm: Helm, tmp_path: Path) -> None:
    loop = '{{ define "loop" }}{{ include "loop" . }}{{ end }}a: {{ include "loop" . }}\n'
    seen = errors(found(mine(tmp_path, **{"templates/all.yaml": loop}), helm))
    assert seen
    assert any("templates/all.yaml" in finding.message for finding in seen)


# render ----------------------------------------------------------------------------------------------------------
def test_values_and_manifests_are_written_for_their_owner_alone(helm: Helm, tmp_path: Path) -> None:
    made = read_chart(mine(tmp_path))
    (rendered,) = render_all(made, examples(made, ()), helm).values()
    assert isinstance(rendered, Rendered)
    dest = str(tmp_path / "out")
    assert write_rendered(rendered, dest, check_mode=True)[0]
    assert not os.path.exists(dest)
    changed, paths = write_rendered(rendered, dest, check_mode=False)
    assert changed
    assert [os.path.relpath(path, dest) for path in paths] == ["mine/manifests/all.yaml", "mine/values.yaml"]
    assert {os.stat(path).st_mode & 0o077 for path in paths} == {0}
    assert "who: you" in Path(paths[0]).read_text()
    assert not write_rendered(rendered, dest, check_mode=False)[0]


def test_what_an_earlier_render_wrote_is_removed_and_nothing_else(helm: Helm, tmp_path: Path) -> None:
    path = mine(tmp_path, **{"templates/old.yaml": FILES["templates/all.yaml"].replace("name: mine", "name: old")})
    dest = tmp_path / "out"
    for _round in range(2):
        made = read_chart(path)
        (rendered,) = render_all(made, examples(made, ()), helm).values()
        assert isinstance(rendered, Rendered)
        write_rendered(rendered, str(dest), check_mode=False)
        if os.path.exists(f"{path}/templates/old.yaml"):
            assert (dest / "mine" / "manifests" / "old.yaml").exists()
            os.unlink(f"{path}/templates/old.yaml")
            (dest / "mine" / "manifests" / "notes.yaml").write_text("mine: 1\n")
    assert not (dest / "mine" / "manifests" / "old.yaml").exists()
    assert (dest / "mine" / "manifests" / "notes.yaml").exists()


# package ---------------------------------------------------------------------------------------------------------
def test_an_archive_has_the_folders_bytes_without_what_helmignore_names(helm: Helm, tmp_path: Path) -> None:
    path = mine(tmp_path, f"# A comment that helm would drop.\n{META}", **{".helmignore": "*.bak\n", "x.bak": "x"})
    made = packaged(path, helm, str(tmp_path))
    changed, archive = write_package(made, str(tmp_path / "dist"), force=False, check_mode=False)
    assert changed
    back = read_chart(archive)
    assert "x.bak" not in back.files
    assert back.files["Chart.yaml"].startswith(b"# A comment that helm would drop.")
    assert {name: back.files[name] for name in FILES} == {name: text.encode() for name, text in FILES.items()}
    assert "who: you" in helm.template("x", archive, "who: you")


def test_a_packed_library_and_a_linked_one_are_in_the_archive(helm: Helm, tmp_path: Path) -> None:
    meta = f"{META}dependencies: [{{name: common, version: 1.0.0}}, {{name: redis, version: 1.0.0}}]\n"
    path = mine(tmp_path / "charts", meta)
    common = "apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n"
    write_folder(tmp_path / "charts" / "common", chart({"templates/_a.tpl": '{{ define "a" }}{{ end }}'}, common))
    os.mkdir(f"{path}/charts")
    os.symlink("../../common", f"{path}/charts/common")
    write_repository(Path(path) / "charts", redis("1.0.0"), index=False)
    folder = read_chart(path)
    made = packaged(path, helm, str(tmp_path))
    assert made.digest == folder.digest, "nothing is lost"
    assert "charts/redis-1.0.0.tgz" in made.files


def test_packaging_again_changes_nothing_and_other_content_needs_force(helm: Helm, tmp_path: Path) -> None:
    path, dist = mine(tmp_path), str(tmp_path / "dist")
    one = packaged(path, helm, str(tmp_path))
    archive = write_package(one, dist, force=False, check_mode=False)[1]
    before = Path(archive).read_bytes()
    assert write_package(one, dist, force=False, check_mode=False) == (False, archive)
    (Path(path) / "more").write_text("x")
    two = packaged(path, helm, str(tmp_path))
    with pytest.raises(KubefateError, match="is there already, with other content") as caught:
        write_package(two, dist, force=False, check_mode=False)
    assert caught.value.kind is Kind.CONFLICT
    assert Path(archive).read_bytes() == before
    assert write_package(two, dist, force=True, check_mode=False)[0]


def test_a_chart_that_is_not_complete_is_not_packaged(helm: Helm, tmp_path: Path) -> None:
    path = mine(tmp_path, f"{META}dependencies: [{{name: redis, version: 1.0.0}}]\n")
    with pytest.raises(KubefateError, match=r"lacks redis 1\.0\.0") as caught:
        packaged(path, helm, str(tmp_path))
    assert "state: locked" in caught.value.hint
