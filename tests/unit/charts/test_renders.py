# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of helm's work between runs is found by what it was made of, and by nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from . import kit, renders
from .kit import CHART, Helm, party


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(renders, "FOLDER", str(tmp_path / "renders"))
    return tmp_path / "renders"


def test_what_is_kept_is_found_by_the_same_words_only(folder: Path) -> None:
    assert renders.find("chart", "spec") is None
    assert renders.keep("text", "chart", "spec") == "text"
    assert renders.find("chart", "spec") == "text"
    assert renders.find("charts", "pec") is None


def test_without_a_folder_and_without_words_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renders.keep("text")
    assert renders.find() is None
    monkeypatch.setattr(renders, "FOLDER", "")
    renders.keep("text", "chart")
    assert renders.find("chart") is None
    assert not folder.exists()


@pytest.mark.parametrize("change", ["none", "content", "name", "linked"])
def test_a_folder_is_another_one_when_any_file_of_it_changes(tmp_path: Path, change: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        (place / "chart" / "templates").mkdir(parents=True)
        (place / "chart" / "templates" / "a.yaml").write_text("a: 1\n")
        (place / "common").mkdir()
        (place / "common" / "_b.tpl").write_text("b\n")
        (place / "chart" / "charts").symlink_to(place / "common")
    template = second / "chart" / "templates" / "a.yaml"
    if change == "content":
        template.write_text("a: 2\n")
    elif change == "name":
        template.rename(template.with_name("b.yaml"))
    elif change == "linked":
        (second / "common" / "_b.tpl").write_text("c\n")
    assert (renders.content(first / "chart") == renders.content(second / "chart")) == (change == "none")


def test_only_a_helm_that_is_one_is_believed(folder: Path, helm3: Helm) -> None:
    class Pretending(Helm):
        __slots__ = ()

    spec = party(modules=["osx"])
    first = kit._rendered.__wrapped__(helm3, "{}", CHART)
    assert kit._words("made", Pretending(helm3.path), str(spec), CHART) == ()
    assert len(list(folder.iterdir())) == 1, "also what is refused is kept"
    again = kit._rendered.__wrapped__(helm3, "{}", CHART)
    assert str(again) == str(first)


def test_what_nobody_asks_for_goes_after_a_while(folder: Path) -> None:
    for name in ("new", "old"):
        renders.keep(name, name)
    old = renders._path(("old",))
    assert old
    os.utime(old, (0, time.time() - renders.SECONDS - 1))
    renders.tidy()
    assert (renders.find("new"), renders.find("old")) == ("new", None)
