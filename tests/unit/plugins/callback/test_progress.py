# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress from many modules, in few lines."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.callback.progress import SHOWN, CallbackModule, Tail
from ansible_collections.federatedai.kubefate.plugins.module_utils.progress import ENVIRONMENT, FileProgress

INTERVAL = 0.3


class Screen:
    """What is printed, with the time."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str]] = []

    def display(self, text: str, **_options: Any) -> None:
        self.lines.append((time.monotonic(), text))


@pytest.fixture
def plugin() -> Iterator[Any]:
    made: Any = CallbackModule()
    made._display = Screen()
    made.get_option = {"interval": INTERVAL, "stream": "stdout"}.__getitem__
    made.v2_playbook_on_start(None)
    yield made
    made.v2_playbook_on_stats(None)


def task(name: str = "federatedai.kubefate.fate_cluster") -> Any:
    return SimpleNamespace(action=name)


def lines(plugin: Any) -> list[tuple[float, str]]:
    return list(plugin._display.lines)


def test_many_modules_that_tell_a_lot_give_at_most_one_line_in_an_interval(plugin: Any) -> None:
    folder = os.environ[ENVIRONMENT]
    assert os.stat(folder).st_mode & 0o777 == 0o700
    tellers = [FileProgress(f"party-{number}", folder) for number in range(10)]
    begun = time.monotonic()
    plugin.v2_playbook_on_task_start(task(), False)
    for step in range(40):
        for teller in tellers:
            teller(f"step {step}")
        time.sleep(0.03)
    time.sleep(2 * INTERVAL)
    shown = lines(plugin)
    assert 2 <= len(shown) <= (time.monotonic() - begun) / INTERVAL + 1
    gaps = [after[0] - before[0] for before, after in pairwise(shown)]
    assert min(gaps) >= INTERVAL * 0.9
    assert all(line.count("party-") <= SHOWN for _when, line in shown)
    assert f"and {10 - SHOWN} more" in shown[-1][1]
    assert "step 39" in shown[-1][1], "the newest is what is told"


def test_what_has_not_changed_is_not_told_again(plugin: Any) -> None:
    teller = FileProgress("party-1", os.environ[ENVIRONMENT])
    plugin.v2_playbook_on_task_start(task(), False)
    for _again in range(5):
        teller("waiting")
        time.sleep(INTERVAL / 2)
    assert [line for _when, line in lines(plugin)] == ["  ... party-1: waiting"]


def test_tasks_of_others_are_not_watched(plugin: Any) -> None:
    plugin.v2_playbook_on_task_start(task("ansible.builtin.copy"), False)
    FileProgress("party-1", os.environ[ENVIRONMENT])("something")
    time.sleep(2 * INTERVAL)
    assert lines(plugin) == []


def test_a_line_that_is_written_by_half_waits_for_the_rest(tmp_path: Any) -> None:
    path = tmp_path / "1-1.jsonl"
    path.write_text('{"about": "a", "text": "one"}\n{"about": "a", ')
    tail = Tail(str(tmp_path))
    assert [record["text"] for record in tail.read()] == ["one"]
    with path.open("a") as stream:
        stream.write('"text": "two"}\nno json\n')
    assert [record["text"] for record in tail.read()] == ["two"]
    assert tail.read() == []


def test_the_folder_is_gone_afterwards_and_nobody_is_told_to_use_it() -> None:
    made: Any = CallbackModule()
    made.v2_playbook_on_start(None)
    folder = os.environ[ENVIRONMENT]
    made.v2_playbook_on_stats(None)
    assert not os.path.exists(folder)
    assert ENVIRONMENT not in os.environ
    FileProgress("a", folder)("nobody listens, and nothing fails")
