# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links in folders, hostile archives, and how much memory a large chart takes."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart import archive as reading
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.files import SMALL
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart, write_archive
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import (
    META,
    chart,
    packed,
    unpacked,
    write_folder,
)

COMMON = chart({"templates/_names.tpl": '{{ define "who" }}common{{ end }}'}, "name: common\nversion: 1.0.0\n")


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(KubefateError) as caught:
        work()
    assert (caught.value.kind, caught.value.phase) == (Kind.CHART, "chart")
    return caught.value.msg


def linked(folder: Path, target: str = "../../common", name: str = "charts/common") -> str:
    """A chart with a link, beside a library."""
    write_folder(folder / "common", COMMON)
    path = write_folder(folder / "fate", chart({"templates/all.yaml": 'a: {{ include "who" . }}\n'}))
    os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
    os.symlink(target, f"{path}/{name}")
    return path


# links -----------------------------------------------------------------------------------------------------------
def test_a_library_beside_the_chart_is_part_of_it(helm: Helm, tmp_path: Path) -> None:
    found = read_chart(linked(tmp_path))
    assert found.files["charts/common/templates/_names.tpl"] == COMMON.files["templates/_names.tpl"]
    archive = write_archive(found, str(tmp_path))
    assert read_chart(archive).digest == found.digest
    assert "a: common" in helm.template("x", archive, "")


def test_a_change_of_the_library_changes_the_chart(tmp_path: Path) -> None:
    path = linked(tmp_path)
    before = read_chart(path).digest
    (tmp_path / "common" / "templates" / "_names.tpl").write_text("other")
    assert read_chart(path).digest != before


def test_a_chart_that_is_itself_reached_by_a_link_keeps_its_library(tmp_path: Path) -> None:
    path = linked(tmp_path / "charts")
    os.symlink(path, tmp_path / "by-link")
    assert read_chart(str(tmp_path / "by-link")).digest == read_chart(path).digest


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/etc", "leads to /etc, which lies neither in the chart nor beside it"),
        ("../../../outside", "which lies neither in the chart nor beside it"),
        ("../../nowhere", "which is not there"),
        ("../..", "lies neither in the chart nor beside it"),
        ("..", "leads back to a folder that it lies in"),
        (".", "leads back to a folder that it lies in"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path, target: str, said: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    path = linked(tmp_path / "charts", target)
    text = refused(lambda: read_chart(path))
    assert "the link charts/common" in text
    assert said in text


def test_a_link_in_what_a_link_leads_to_is_looked_at_too(tmp_path: Path) -> None:
    path = linked(tmp_path / "charts")
    os.symlink("/etc/hostname", tmp_path / "charts" / "common" / "host")
    assert "charts/common/host leads to /etc/hostname" in refused(lambda: read_chart(path))


def test_two_libraries_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    path = linked(tmp_path)
    (tmp_path / "common" / "charts").mkdir()
    os.symlink("../../common", tmp_path / "common" / "charts" / "again")
    assert "leads back to a folder that it lies in" in refused(lambda: read_chart(path))


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "fate", chart())
    os.mkfifo(f"{path}/pipe")
    assert "pipe is neither a file nor a folder" in refused(lambda: read_chart(path))


# hostile archives ------------------------------------------------------------------------------------------------
def test_an_archive_whose_checksum_is_wrong_is_refused() -> None:
    data = bytearray(packed(chart({"a": "x" * 1000})))
    data[-6] ^= 1
    assert "is not a readable .tgz archive" in refused(lambda: unpacked(bytes(data)))


def test_a_file_that_comes_twice_is_refused() -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as out:
        for text in (META.encode(), META.replace("1.2.3", "6.6.6").encode()):
            entry = tarfile.TarInfo("fate/Chart.yaml")
            entry.size = len(text)
            out.addfile(entry, io.BytesIO(text))
    assert "it has Chart.yaml twice" in refused(lambda: unpacked(raw.getvalue()))


def test_a_header_that_is_a_bomb_is_refused_before_it_is_read() -> None:
    """An extended header of 2 GB of zeros packs into 2 MB, and tarfile would read it at once."""
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 2 << 30
    data = gzip.compress(header.tobuf(format=tarfile.USTAR_FORMAT) + bytes(1 << 20))
    assert "one of its headers has more than 1 MiB" in refused(lambda: unpacked(data))


def test_folders_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILES", 100)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as out:
        for number in range(200):
            entry = tarfile.TarInfo(f"fate/{number}")
            entry.type = tarfile.DIRTYPE
            out.addfile(entry)
    assert "or 100 files" in refused(lambda: unpacked(raw.getvalue()))


def test_what_follows_the_archive_is_read_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(reading, "MAX_FILES", 10)
    bomb = packed(chart()) + gzip.compress(bytes(8 << 20))
    assert "unpacks to more than" in refused(lambda: unpacked(bomb))


# memory ----------------------------------------------------------------------------------------------------------
ROUND_TRIP = """
import json, os, resource, sys
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart, write_archive
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.store import ChartStore
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi

class DiskApi(MemoryApi):
    \"\"\"Keeps objects on disk, as a server would, so that what is measured is the client.\"\"\"
    def request(self, method, path, query=None, body=None, **options):
        name = os.path.join(sys.argv[2], (body or {}).get("metadata", {}).get("name") or os.path.basename(path))
        if method in ("POST", "PUT"):
            with open(name, "w") as stream:
                json.dump(body, stream)
            return {}
        if method == "GET" and os.path.exists(name):
            with open(name) as stream:
                return json.load(stream)
        return {"items": []}

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
store = ChartStore(DiskApi(), "kubefate")
before = peak()
chart = read_chart(sys.argv[1])
stored = store.write(chart)
back = store.read(stored, sys.argv[3])
assert back.digest == chart.digest
print(json.dumps({"pieces": stored.pieces, "size": stored.size, "grown": peak() - before}))
"""


@pytest.mark.parametrize("form", ["folder", "archive"])
def test_a_chart_of_20_mb_is_stored_and_read_back_without_being_in_memory(tmp_path: Path, form: str) -> None:
    """Four pieces are on their way at once, three times each: 4 x 3 x 0.9 MB. The rest is Python's own."""
    path = write_folder(tmp_path / "fate", chart({f"noise/{number}": os.urandom(4 << 20) for number in range(5)}))
    given = write_archive(read_chart(path), str(tmp_path)) if form == "archive" else path
    for name in ("server", "back"):
        (tmp_path / name).mkdir()
    argv = [sys.executable, "-c", ROUND_TRIP, given, str(tmp_path / "server"), str(tmp_path / "back")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["size"] > 20_000_000
    assert measured["pieces"] > 25
    assert measured["grown"] < 20, measured


def test_a_large_file_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    noise = os.urandom(SMALL + 1)
    archive = write_archive(chart({"noise": noise, "small": "x"}), str(tmp_path))
    found = read_chart(archive)
    assert found.files["noise"] == noise
    assert found.files["small"] == b"x"
    assert "nothing" not in found.files
