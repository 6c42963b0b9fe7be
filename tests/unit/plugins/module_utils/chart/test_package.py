# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart import archive as reading
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.files import files_digest
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import (
    Chart,
    read_chart,
    write_archive,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import (
    META,
    chart,
    packed,
    unpacked,
    write_folder,
)

FILES: dict[str, str | bytes] = {
    "values.yaml": "a: 1\n",
    "values.schema.json": "{}",
    "values-template.yaml": "{{ .x }}",
    "templates/all.yaml": "a: {{ .Values.a }}\n",
    "templates/NOTES.txt": "notes",
    "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
    "charts/sub/templates/x.yaml": "b: 1\n",
    "charts/packed-0.1.0.tgz": b"\x1f\x8b not really",
    "crds/crd.yaml": "kind: CustomResourceDefinition\n",
    "Chart.lock": "digest: x\n",
    ".helmignore": "*.bak\n",
    "empty": b"",
    "binary": bytes(range(256)),
}


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(KubefateError) as caught:
        work()
    assert (caught.value.kind, caught.value.phase) == (Kind.CHART, "chart")
    return caught.value.msg


# folders and archives --------------------------------------------------------------------------------------------
def test_a_folder_and_its_archive_are_the_same_chart(tmp_path: Path) -> None:
    folder = read_chart(write_folder(tmp_path / "some-folder", chart(FILES)))
    archive = read_chart(write_archive(folder, str(tmp_path)))
    assert archive.files == folder.files == chart(FILES).files
    assert archive.digest == folder.digest
    assert archive.meta == folder.meta
    assert (folder.source, archive.source) == ("folder", "archive")
    assert archive.path == str(tmp_path / "fate-1.2.3.tgz")


def test_an_archive_that_helm_made_is_read(helm: Helm, tmp_path: Path) -> None:
    made = chart({"values.yaml": "a: 1\n", "templates/all.yaml": "a: 1\n", "values-template.yaml": "{{ .x }}"})
    helm.package(write_folder(tmp_path / "fate", made), str(tmp_path))
    found = read_chart(str(tmp_path / "fate-1.2.3.tgz"))
    assert set(found.files) == set(made.files)
    assert {name: found.files[name] for name in FILES if name in found.files} == {
        name: made.files[name] for name in FILES if name in made.files
    }


def test_helm_takes_an_archive_that_we_made(helm: Helm, tmp_path: Path) -> None:
    path = write_archive(chart({"templates/all.yaml": "a: {{ .Values.x }}\n"}), str(tmp_path))
    assert "a: 5" in helm.template("web", path, "x: 5")


def test_the_digest_knows_every_change(tmp_path: Path) -> None:
    base = chart(FILES)
    changed = [
        {**FILES, "values.yaml": "a: 2\n"},
        {**FILES, "charts/sub/templates/x.yaml": "b: 2\n"},
        {**FILES, "new": ""},
        {name: text for name, text in FILES.items() if name != "empty"},
        {name if name != "empty" else "renamed": text for name, text in FILES.items()},
    ]
    digests = {base.digest, *(chart(files).digest for files in changed)}
    assert len(digests) == len(changed) + 1


def test_what_version_control_leaves_in_a_folder_is_not_part_of_the_chart(tmp_path: Path) -> None:
    path = write_folder(tmp_path, chart(FILES))
    before = read_chart(path).digest
    for name in (".git/config", "templates/__pycache__/x.pyc", ".DS_Store", "charts/sub/.svn/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert read_chart(path).digest == before


def test_a_link_to_a_file_in_a_folder_is_read_as_that_file(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "a", chart(FILES))
    os.symlink(tmp_path / "a" / "values.yaml", tmp_path / "a" / "linked.yaml")
    assert read_chart(path).files["linked.yaml"] == b"a: 1\n"


def test_a_chart_shows_its_texts_documents_and_annotations() -> None:
    meta = META + "annotations: {a/b: c, number: 5, none: }\n"
    found = chart({"data.json": '{"a": 1}', "bad.yaml": "a: b: c", "odd": b"\xff"}, meta)
    assert (found.name, found.version, found.app_version, found.title) == ("fate", "1.2.3", "2.0.0", "fate 1.2.3")
    assert found.document("data.json") == {"a": 1}
    assert found.document("nowhere") is None
    assert found.text("nowhere") is None
    assert found.text("odd") == "\ufffd"
    assert (found.annotation("a/b"), found.annotation("number"), found.annotation("none"), found.annotation("x")) == (
        "c",
        "5",
        "",
        "",
    )
    with pytest.raises(KubefateError, match=r"bad\.yaml of chart fate 1\.2\.3 is not valid YAML: line 1"):
        found.document("bad.yaml")


def test_the_summary_is_what_results_show() -> None:
    made = chart()
    assert made.summary() == {
        "name": "fate",
        "version": "1.2.3",
        "app_version": "2.0.0",
        "description": "FATE",
        "type": "fate",
        "source": "folder",
        "origin": "",
        "digest": made.digest,
        "archive_digest": "",
    }


# packing ---------------------------------------------------------------------------------------------------------
def test_packing_gives_the_same_bytes_whatever_folder_they_come_from(tmp_path: Path) -> None:
    one = read_chart(write_folder(tmp_path / "one", chart(FILES)))
    two = read_chart(write_folder(tmp_path / "two", chart(dict(reversed(FILES.items())))))
    os.utime(tmp_path / "two" / "values.yaml", (1, 1))
    assert packed(one) == packed(two) == packed(one)


def test_chart_yaml_comes_first_as_helm_likes_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(chart(FILES)))) as archive:
        assert archive.getnames()[0] == "fate/Chart.yaml"


NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
        lambda part: part not in (".", "..")
    ),
    min_size=1,
    max_size=3,
).map("/".join)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=8))
def test_nothing_is_lost_on_the_way_through_an_archive(files: dict[str, bytes]) -> None:
    made = chart(files)
    assert unpacked(packed(made)) == made.files
    assert files_digest(unpacked(packed(made))) == made.digest


def test_long_names_survive() -> None:
    files: dict[str, str | bytes] = {"/".join(["d" * 90] * 3) + "/file": "x"}
    assert unpacked(packed(chart(files))) == chart(files).files


# hostile archives ------------------------------------------------------------------------------------------------
def archive(*members: tuple[str, bytes | str], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """An archive of a chart with these members more; text instead of bytes is the target of a link."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as out:
        for name, data in (("fate/Chart.yaml", META.encode()), *members):
            entry = tarfile.TarInfo(name)
            if isinstance(data, str):
                entry.type, entry.linkname = kind, data
                out.addfile(entry)
            else:
                entry.size = len(data)
                out.addfile(entry, io.BytesIO(data))
    return raw.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../evil", "fate/../../evil", "/etc/passwd", "fate/a/../../../b", "fate/..", "fate\\..\\evil", "evil", "./evil"],
)
def test_a_path_that_leaves_the_chart_is_refused(name: str) -> None:
    said = refused(lambda: unpacked(archive((name, b"x")), "evil.tgz"))
    assert said.startswith("evil.tgz is not a chart that can be used: ")
    assert "does not lie in the chart's folder" in said


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=repr
)
def test_links_and_devices_are_refused(kind: bytes) -> None:
    data = archive(("fate/evil", "/etc/passwd"), kind=kind)
    assert "fate/evil is a link or a device" in refused(lambda: unpacked(data, "evil.tgz"))


def test_folders_in_an_archive_are_fine() -> None:
    assert unpacked(archive(("fate/templates", ""), kind=tarfile.DIRTYPE), "x") == {"Chart.yaml": META.encode()}


def test_two_folders_at_the_top_are_refused() -> None:
    said = refused(lambda: unpacked(archive(("other/Chart.yaml", b"x")), "two.tgz"))
    assert "must have one folder at its top, and has fate, other" in said


def test_an_empty_archive_is_refused() -> None:
    raw = io.BytesIO()
    tarfile.open(fileobj=raw, mode="w:gz").close()
    assert "and has none" in refused(lambda: unpacked(raw.getvalue(), "empty.tgz"))


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = tarfile.TarInfo("fate/zeros")
    entry.size = reading.MAX_BYTES + 1
    data = gzip.compress(entry.tobuf() + bytes(1 << 20))
    read: list[Any] = []
    monkeypatch.setattr(tarfile.TarFile, "extractfile", lambda *arguments: read.append(arguments))
    assert "unpacks to more than 64 MiB" in refused(lambda: unpacked(data, "bomb.tgz"))
    assert read == []


def test_an_archive_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILES", 3)
    members = [(f"fate/{number}", b"") for number in range(4)]
    assert "or 3 files" in refused(lambda: unpacked(archive(*members), "many.tgz"))


def test_a_folder_of_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_folder(tmp_path, chart(FILES))
    monkeypatch.setattr(reading, "MAX_FILES", 3)
    assert "more than" in refused(lambda: read_chart(path))
    monkeypatch.setattr(reading, "MAX_FILES", 1000)
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    assert "more than" in refused(lambda: read_chart(path))


def test_archives_that_are_broken_are_refused() -> None:
    whole = archive(("fate/values.yaml", os.urandom(5000)))
    for data in (
        whole[: len(whole) // 2],
        whole[:-1000],
        whole[:30],
        b"",
        b"not gzip at all",
        gzip.compress(b"not tar"),
    ):
        assert "not a chart that can be used" in refused(partial(unpacked, data, "broken.tgz"))


@given(st.binary(max_size=60), st.integers(0, 400))
def test_any_damage_to_an_archive_is_an_error_of_ours_or_harmless(noise: bytes, at: int) -> None:
    whole = archive(("fate/values.yaml", b"a: 1\n"))
    data = whole[:at] + noise + whole[at + len(noise) :]
    try:
        files = unpacked(data, "damaged.tgz")
    except KubefateError as error:
        assert error.kind is Kind.CHART
    else:
        assert all(isinstance(content, bytes) for content in files.values())


# Chart.yaml ------------------------------------------------------------------------------------------------------
def read(meta: str | None, tmp_path: Path) -> Chart:
    if meta is not None:
        (tmp_path / "Chart.yaml").write_text(meta)
    return read_chart(str(tmp_path))


def test_a_folder_without_chart_yaml_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: read(None, tmp_path)) == (
        f"{tmp_path} is not a chart that can be used: there is no Chart.yaml."
    )


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("", "its Chart.yaml has no keys"),
        ("- a", "its Chart.yaml has no keys"),
        ("version: 1.0.0", "Chart.yaml has no usable name (None)"),
        ("name: fate", "Chart.yaml has no usable version (None)"),
        ("name: a/b\nversion: 1.0.0", "no usable name ('a/b')"),
        ("name: ../a\nversion: 1.0.0", "no usable name ('../a')"),
        ('name: "a\\n"\nversion: 1.0.0', "no usable name"),
        ("name: fate\nversion: latest", "no usable version ('latest')"),
        ("name: fate\nversion: 1.0.0/../x", "no usable version"),
        ("name: fate\nversion: ''", "no usable version ('')"),
    ],
)
def test_a_chart_yaml_that_says_too_little_is_refused(tmp_path: Path, meta: str, said: str) -> None:
    assert said in refused(lambda: read(meta, tmp_path))


def test_a_chart_yaml_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match=r"Chart\.yaml of .* is not valid YAML: line 2"):
        read("name: a\nb: c: d\n", tmp_path)


@pytest.mark.parametrize("version", ["1.0.0", "v2.0.0", "1.2", "2", "1.2.3-rc.1", "1.2.3+build.5", "v1.11.2-alpha+x"])
def test_versions_that_charts_have(tmp_path: Path, version: str) -> None:
    assert read(f"name: fate\nversion: {version}\n", tmp_path).version == version


def test_a_path_without_a_chart_is_named(tmp_path: Path) -> None:
    assert refused(lambda: read_chart(str(tmp_path / "nowhere"))) == f"There is no chart at {tmp_path}/nowhere."
