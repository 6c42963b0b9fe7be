# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An air-gap bundle: what is in it, and that nothing of it can be lost or changed unnoticed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.authoring.rendering import Example
from ansible_collections.federatedai.kubefate.plugins.module_utils.bundle.images import collect, mirrored, used
from ansible_collections.federatedai.kubefate.plugins.module_utils.bundle.making import Request, make
from ansible_collections.federatedai.kubefate.plugins.module_utils.bundle.verifying import verify
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, read_chart
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart, write_folder

pytestmark = pytest.mark.once

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: a, image: "{{ .Values.registry }}busybox@sha256:ABC"}]
      containers:
        - {name: b, image: "{{ .Values.registry }}{{ .Values.image }}"}
        - {name: c, image: "quay.io/some/tool:1"}
""".replace("ABC", "a" * 64)
META = """\
apiVersion: v2
name: {name}
version: 1.0.0
annotations:
  artifacthub.io/images: |
    - {{name: extra, image: "extra/only-sometimes:3"}}
"""
TEMPLATE = (
    'image: {{ .image }}\nregistry: {{ with .registry }}{{ . }}{{ if not (hasSuffix "/" .) }}/{{ end }}{{ end }}\n'
)


def made(folder: Path, name: str = "web", template: str = TEMPLATE, meta: str = META) -> Chart:
    files = {
        "values-template.yaml": template,
        "values-template-example.yaml": "name: web\nimage: federatedai/web:1\n",
        "templates/all.yaml": POD,
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
    }
    return read_chart(write_folder(folder / name, chart(files, meta.format(name=name))), "bundled")


def collection(folder: Path) -> str:
    """An archive of a collection."""
    path = folder / "given.tar.gz"
    text = json.dumps({"collection_info": {"namespace": "some", "name": "thing", "version": "1.2.3"}}).encode()
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("MANIFEST.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return str(path)


def installed(folder: Path) -> str:
    """A collection as ansible-galaxy installs it, with a link in it."""
    root = folder / "installed"
    (root / "charts" / "a" / "charts").mkdir(parents=True)
    (root / "charts" / "b").mkdir()
    (root / "charts" / "b" / "x").write_text("x")
    os.symlink("../../b", root / "charts" / "a" / "charts" / "b")
    names = [".", "charts", "charts/a", "charts/a/charts", "charts/a/charts/b", "charts/b", "charts/b/x"]
    info = {"namespace": "some", "name": "thing", "version": "1.2.3"}
    (root / "FILES.json").write_text(json.dumps({"files": [{"name": name} for name in names]}))
    (root / "MANIFEST.json").write_text(json.dumps({"collection_info": info}))
    return str(root)


class Maker:
    def __init__(self, folder: Path, helm: Helm):
        self.folder, self.helm, self.dest = folder, helm, folder / "bundle"
        self.work = folder / "work"
        self.work.mkdir()
        self.given: dict[str, Any] = {"collection": collection(folder), "mirror": "harbor.bank.example/fate"}

    def make(self, *charts: Chart, check_mode: bool = False, **options: Any) -> tuple[bool, dict[str, Any]]:
        pairs = [item if isinstance(item, tuple) else (item, []) for item in charts or (made(self.folder),)]
        request = Request(pairs, **{**self.given, **options})
        return make(request, str(self.dest), self.helm, str(self.work), check_mode=check_mode)

    def problems(self) -> list[str]:
        return verify(str(self.dest))[1]


@pytest.fixture
def maker(tmp_path: Path, newest_helm: Helm) -> Maker:
    return Maker(tmp_path, newest_helm)


def test_a_bundle_has_charts_images_the_mirror_map_the_collection_and_checksums(maker: Maker) -> None:
    known = f"sha256:{'b' * 64}"
    changed, manifest = maker.make(digests={"federatedai/web:1": known})
    assert changed
    assert [(item["name"], item["file"]) for item in manifest["charts"]] == [("web", "charts/web-1.0.0.tgz")]
    assert "charts/sub/Chart.yaml" in read_chart(str(maker.dest / "charts" / "web-1.0.0.tgz")).files
    images = {item["image"]: item for item in manifest["images"]}
    mirror = "harbor.bank.example/fate"
    assert {name: (item["digest"], item["mirror"], item["moved"]) for name, item in images.items()} == {
        "busybox": (f"sha256:{'a' * 64}", f"{mirror}/busybox", True),
        "federatedai/web:1": (known, f"{mirror}/federatedai/web:1", True),
        "quay.io/some/tool:1": ("", f"{mirror}/some/tool:1", False),
        "extra/only-sometimes:3": ("", f"{mirror}/extra/only-sometimes:3", False),
    }
    lines = (maker.dest / "mirror.txt").read_text().splitlines()
    assert f"federatedai/web:1@{known} {mirror}/federatedai/web:1" in lines
    assert (maker.dest / "images.txt").read_text().splitlines() == [line.partition(" ")[0] for line in lines]
    assert manifest["collection"] == "collection/some-thing-1.2.3.tar.gz"
    assert maker.problems() == []


def test_checksums_are_those_of_sha256sum(maker: Maker) -> None:
    maker.make()
    argv = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(argv, cwd=maker.dest, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_same_contents_make_the_same_bundle(maker: Maker) -> None:
    assert maker.make(check_mode=True)[0]
    assert not maker.dest.exists()
    assert maker.make()[0]
    before = {path: path.read_bytes() for path in maker.dest.rglob("*") if path.is_file()}
    assert not maker.make()[0]
    assert {path: path.read_bytes() for path in maker.dest.rglob("*") if path.is_file()} == before
    assert maker.make(made(maker.folder, "other"))[0]
    assert maker.problems() == []


def test_the_specs_of_parties_say_which_images_are_needed(maker: Maker) -> None:
    spec = Example("the spec of bank", Spec({"name": "bank", "image": "federatedai/web:7"}))
    _changed, manifest = maker.make((made(maker.folder), [spec]))  # type: ignore[arg-type]
    names = [item["image"] for item in manifest["images"]]
    assert "federatedai/web:7" in names
    assert "federatedai/web:1" not in names


def test_images_of_a_chart_that_renders_all_of_them_count_where_no_spec_is_given(maker: Maker) -> None:
    seen = "annotations:\n  kubefate.federatedai.org/images: all-rendered"
    known = made(maker.folder, meta=META.replace("annotations:", seen))
    spec = Example("the spec of bank", Spec({"name": "bank", "image": "federatedai/web:7"}))
    _changed, manifest = maker.make((known, [spec]))  # type: ignore[arg-type]
    assert "extra/only-sometimes:3" not in [item["image"] for item in manifest["images"]]
    _changed, manifest = maker.make(known)
    extra = next(item for item in manifest["images"] if item["image"] == "extra/only-sometimes:3")
    assert (extra["mirror"], extra["moved"]) == ("harbor.bank.example/fate/extra/only-sometimes:3", True)


def test_a_spec_that_names_the_mirror_already_makes_the_same_map(maker: Maker) -> None:
    data = {"name": "bank", "image": "federatedai/web:7", "registry": "harbor.bank.example/fate"}
    spec = Example("the spec of bank", Spec(data))
    _changed, manifest = maker.make((made(maker.folder), [spec]))  # type: ignore[arg-type]
    mirrors = {item["image"]: item["mirror"] for item in manifest["images"]}
    assert mirrors["federatedai/web:7"] == "harbor.bank.example/fate/federatedai/web:7"


def test_a_chart_that_wants_the_registry_with_its_slash_gets_it(maker: Maker) -> None:
    kubefate = "image: {{ .image }}\nregistry: {{ .registry }}\n"
    _changed, manifest = maker.make(made(maker.folder, template=kubefate))
    image = next(item for item in manifest["images"] if item["image"] == "federatedai/web:1")
    assert (image["mirror"], image["moved"]) == ("harbor.bank.example/fate/federatedai/web:1", True)


def test_a_bundle_appears_as_a_whole_or_not_at_all(maker: Maker) -> None:
    maker.make()
    before = (maker.dest / "SHA256SUMS").read_text()
    with pytest.raises(KubefateError):
        maker.make(made(maker.folder, "broken", "a: {{ .a.b.c }}\n"))
    assert (maker.dest / "SHA256SUMS").read_text() == before
    assert maker.problems() == []
    assert [path.name for path in maker.folder.iterdir() if path.name.startswith(".bundle")] == []


def test_a_folder_that_is_no_bundle_is_not_written_over(maker: Maker) -> None:
    maker.dest.mkdir()
    (maker.dest / "thesis").touch()
    with pytest.raises(KubefateError, match="is not empty and no bundle") as caught:
        maker.make()
    assert caught.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("charts/web-1.0.0.tgz was changed", "changed"),
        ("images.txt is missing", "removed"),
        ("more is not part of it", "added"),
        ("collection/some-thing-1.2.3.tar.gz was changed", "changed"),
        ("bundle.json was changed", "changed"),
    ],
)
def test_every_damage_is_noticed(maker: Maker, damage: str, said: str) -> None:
    maker.make()
    path = maker.dest / damage.partition(" ")[0]
    match said:
        case "changed":
            data = path.read_bytes()
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "removed":
            path.unlink()
        case _:
            path.touch()
    assert damage in maker.problems()


def test_a_chart_that_was_exchanged_with_its_checksum_is_noticed(maker: Maker) -> None:
    maker.make()
    other = maker.folder / "elsewhere"
    other.mkdir()
    maker.dest, kept = other / "bundle", maker.dest
    maker.make(made(other, template=f"# other\n{TEMPLATE}"))
    shutil.copy(maker.dest / "charts" / "web-1.0.0.tgz", kept / "charts")
    maker.dest = kept
    sums = kept / "SHA256SUMS"
    new = hashlib.sha256((kept / "charts" / "web-1.0.0.tgz").read_bytes()).hexdigest()
    lines = [f"{new}  charts/web-1.0.0.tgz" if "web-1.0.0" in line else line for line in sums.read_text().splitlines()]
    sums.write_text("\n".join(lines) + "\n")
    assert any("is not chart web 1.0.0 as it was put in" in text for text in maker.problems())


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match="is no bundle") as caught:
        verify(str(tmp_path))
    assert caught.value.kind is Kind.NOT_FOUND


def test_an_installed_collection_is_packed_with_its_links(maker: Maker) -> None:
    maker.make(collection="", installed=installed(maker.folder))
    with tarfile.open(maker.dest / "collection" / "some-thing-1.2.3.tar.gz") as archive:
        assert archive.getnames()[:2] == ["MANIFEST.json", "FILES.json"]
        assert archive.getmember("charts/a/charts/b").linkname == "../../b"
        assert archive.getmember("charts/b/x").isfile()


def test_a_collection_that_cannot_be_packed_is_told(maker: Maker) -> None:
    for options, said in (
        ({"collection": "", "installed": str(maker.folder)}, "was not installed by ansible-galaxy"),
        ({"collection": str(maker.folder / "nothing.tar.gz")}, "is not the archive of a collection"),
    ):
        with pytest.raises(KubefateError, match=said) as caught:
            maker.make(**options)
        assert caught.value.kind is Kind.INPUT


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("mysql:8", "m/mysql:8"),
        ("federatedai/osx:2", "m/federatedai/osx:2"),
        ("quay.io/a/b:1@sha256:abc", "m/a/b:1"),
        ("localhost/a", "m/a"),
        ("host:5000/a/b", "m/a/b"),
    ],
)
def test_an_image_keeps_its_path_in_the_mirror(image: str, name: str) -> None:
    assert mirrored(image, "m/") == name


def test_images_are_those_of_all_containers() -> None:
    pod = {"containers": [{"image": "a"}, {"name": "none"}], "initContainers": [{"image": "b"}]}
    objects = [{"kind": "Pod", "spec": pod}, {"kind": "CronJob", "spec": {"jobTemplate": {"spec": pod}}}]
    assert used(objects) == ["a", "b", "a", "b"]
    assert [image.name for image in collect(["a", "b"], ["a", "x/b"], ["b", "c"], "x", {})] == ["a", "b", "c"]
