"""A process that ends while the sandbox starts."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import components
from sandbox.cluster import STARTS, ControlPlane
from sandbox.errors import SandboxError
from sandbox.layout import ClusterFolder
from sandbox.progress import Reporter


class Flaky(ControlPlane):
    """Its kwok ends ``crashes`` times before it stays."""

    def __init__(self, folder: Path, crashes: int):
        plant: Any = SimpleNamespace(folder=ClusterFolder(folder))
        records: Any = self
        super().__init__(plant, Reporter(io.StringIO()))
        self.crashes = crashes
        self._records = records

    def read(self, name: str) -> object:
        return self._starts[name] > self.crashes or None

    def _start(self, component: components.Component) -> None:
        self._starts[component.name] += 1


@pytest.mark.parametrize("crashes", range(STARTS))
def test_a_process_that_ends_in_its_first_seconds_is_started_again(tmp_path: Path, crashes: int) -> None:
    plane = Flaky(tmp_path, crashes)
    plane._start(components.KWOK)
    for _look in range(5):
        plane._revive(components.KWOK)
    assert plane._starts["kwok"] == crashes + 1


def test_a_process_that_ends_each_time_is_a_failure_with_its_log(tmp_path: Path) -> None:
    plane = Flaky(tmp_path, STARTS)
    plane._start(components.KWOK)
    with pytest.raises(SandboxError, match="kwok ended") as caught:
        for _look in range(STARTS):
            plane._revive(components.KWOK)
    assert "kwok.log" in str(caught.value) + str(vars(caught.value))
    assert plane._starts["kwok"] == STARTS
