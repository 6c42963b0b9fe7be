# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what long-running modules of this collection are doing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: aggregate
short_description: Prints the progress of modules that wait
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - While a module of this collection plans, applies and waits, prints at most one line a second over all hosts.
  - Modules append to files in a folder that only the user can read; the plugin makes it and removes it.
requirements:
  - Enable it with C(callbacks_enabled = federatedai.kubefate.progress) in C(ansible.cfg).
options:
  interval:
    description: Shortest time between two lines, in seconds.
    type: float
    default: 1.0
    env:
      - name: KUBEFATE_PROGRESS_INTERVAL
    ini:
      - section: callback_kubefate_progress
        key: interval
  stream:
    description: Where the lines go. V(stderr) keeps the standard output clean for a program that reads it.
    type: str
    choices: [stdout, stderr]
    default: stdout
    env:
      - name: KUBEFATE_PROGRESS_STREAM
    ini:
      - section: callback_kubefate_progress
        key: stream
"""

import atexit
import json
import os
import shutil
import tempfile
import threading
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.federatedai.kubefate.plugins.module_utils.progress import ENVIRONMENT

MODULES = ("fate_cluster", "fate_clusters", "fate_federation_info", "fate_job")
SHOWN = 3
"""Parties named in one line; the others are counted."""
SHORTEST = 0.2


class Tail:
    """Reads the complete new lines of every file in a folder."""

    def __init__(self, folder: str):
        self.folder = folder
        self._offsets: dict[str, int] = {}

    def read(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        try:
            names = sorted(name for name in os.listdir(self.folder) if name.endswith(".jsonl"))
        except OSError:
            return found
        for name in names:
            found += self._new(name)
        return found

    def _new(self, name: str) -> list[dict[str, Any]]:
        start = self._offsets.get(name, 0)
        try:
            with open(os.path.join(self.folder, name), "rb") as stream:
                stream.seek(start)
                data = stream.read(1 << 20)
        except OSError:
            return []
        end = data.rfind(b"\n") + 1  # a half-written line waits for the next look
        self._offsets[name] = start + end
        records = []
        for line in data[:end].splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """A thread tails the files while a task of ours runs."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "federatedai.kubefate.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._said: dict[str, str] = {}
        self._folder = ""

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002
        self._folder = tempfile.mkdtemp(prefix="kubefate-progress-")
        os.environ[ENVIRONMENT] = self._folder  # modules that run here inherit it
        atexit.register(shutil.rmtree, self._folder, True)  # for a play that is interrupted

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        self._end()
        if str(task.action).rpartition(".")[2] in MODULES and self._folder:
            self._said = {}
            self._stop.clear()
            tail = Tail(self._folder)
            tail.read()  # what an earlier task left
            self._thread = threading.Thread(target=self._loop, args=(tail,), name="kubefate-progress", daemon=True)
            self._thread.start()

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self.v2_playbook_on_task_start(task, False)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        self._end()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.environ.pop(ENVIRONMENT, None)

    def _end(self) -> None:
        if self._thread:
            self._stop.set()
            self._thread.join(5)
            self._thread = None

    def _loop(self, tail: Tail) -> None:
        interval = max(SHORTEST, float(self.get_option("interval")))
        while not self._stop.wait(interval):
            newest = {str(record.get("about")): str(record.get("text")) for record in tail.read()}
            self._say({about: text for about, text in newest.items() if self._said.get(about) != text})

    def _say(self, news: dict[str, str]) -> None:
        """One whole line with one call: other lines then never come in between."""
        if not news:
            return
        self._said.update(news)
        shown = [f"{about}: {text}" if about else text for about, text in sorted(news.items())]
        more = f" | and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        line = "  ... " + " | ".join(shown[:SHOWN]) + more
        self._display.display(line, color="bright blue", stderr=self.get_option("stream") == "stderr")
