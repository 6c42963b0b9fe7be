"""Writes every task's results and the statistics to a JSON file, for tests."""

from __future__ import annotations

DOCUMENTATION = """
name: report
type: aggregate
short_description: Writes results to a file
description: Writes every task's results to the file that KUBEFATE_REPORT names.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._play = ""
        self._tasks: list[dict[str, Any]] = []

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._tasks.append({"play": self._play, "task": task.get_name(), "results": {}})

    def v2_runner_on_ok(self, result: Any) -> None:
        data = json.dumps(result._result, default=str)
        self._tasks[-1]["results"][result._host.get_name()] = json.loads(data)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.v2_runner_on_ok(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        summary = {host: stats.summarize(host) for host in stats.processed}
        with open(os.environ["KUBEFATE_REPORT"], "w", encoding="utf-8") as stream:
            json.dump({"stats": summary, "tasks": self._tasks}, stream)
