"""Writes how long each task of a run took, one JSON line each, to the file that KUBEFATE_PHASES names."""

from __future__ import annotations

DOCUMENTATION = """
name: phases
type: aggregate
short_description: Writes how long each task took
description: For measurements.
"""

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """One line when a task begins, and one at the end of the run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "phases"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._play = ""

    def _note(self, name: str) -> None:
        with open(os.environ["KUBEFATE_PHASES"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"time": time.time(), "play": self._play, "task": name}) + "\n")

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._note("start")

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play.get_name()
        self._note("play")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._note(task.get_name().rpartition(" : ")[2])

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._note("end")
