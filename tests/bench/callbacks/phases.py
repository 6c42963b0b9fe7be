"""Writes when each play of a run began, one JSON line each, to the file that KUBEFATE_PHASES names."""

from __future__ import annotations

DOCUMENTATION = """
name: phases
type: aggregate
short_description: Writes when each play began
description: For measurements.
"""

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """One line when a play begins."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "phases"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play: Any) -> None:
        with open(os.environ["KUBEFATE_PHASES"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"time": time.monotonic(), "play": play.get_name()}) + "\n")
