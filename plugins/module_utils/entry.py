# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a call in a module's own process: the one place that builds an ``AnsibleModule`` and ends it."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .call import Call, Entry, carry_out, hidden
from .errors import Kind, KubefateError
from .helm.runner import Outcome, Started, bound_to_parent


class CommandRunner:
    """Runs programs through ``AnsibleModule.run_command``, without a shell, with the time-out that it lacks."""

    def __init__(self, module: AnsibleModule):
        self.module = module

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        env: Mapping[str, str],
        timeout: float,
        bound: bool,
        started: Started | None = None,
    ) -> Outcome:
        command = bound_to_parent(argv, os.getpid()) if bound else list(argv)
        watchdog = _Watchdog(timeout)

        def begun(process: Any) -> None:
            watchdog.start(process)
            if started:
                started(process.terminate)

        try:
            rc, out, err = self.module.run_command(
                command,
                data=stdin or None,
                binary_data=True,
                environ_update=dict(env),
                expand_user_and_vars=False,
                encoding="utf-8",
                errors="surrogate_then_replace",
                handle_exceptions=False,
                before_communicate_callback=begun,
            )
        except BrokenPipeError:
            return Outcome(1, "", "It ended without reading its input.")
        except OSError as error:
            raise KubefateError(f"{argv[0]} cannot be run: {error}.", Kind.TOOL, "input") from None
        finally:
            watchdog.cancel()
        return Outcome(rc, out, err, watchdog.fired)


class _Watchdog:
    """Kills a process that runs longer than it may."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.fired = False
        self._timer: threading.Timer | None = None

    def start(self, process: Any) -> None:
        def end() -> None:
            self.fired = True
            process.kill()

        self._timer = threading.Timer(self.seconds, end)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer:
            self._timer.cancel()


def execute(entry: Entry) -> None:
    """Run a module: parse its options, do the work, exit."""
    # The invocation is not written to the system's log: a spec may hold passwords.
    module = AnsibleModule(**entry.arguments.as_kwargs(), supports_check_mode=True, no_log=True)
    signal.signal(signal.SIGTERM, _terminated)
    with tempfile.TemporaryDirectory(prefix="kubefate-", dir=module.tmpdir) as folder:
        call = Call(module.params, bool(module.check_mode), CommandRunner(module), folder, diff=bool(module._diff))
        outcome = carry_out(entry, call, verbose=module._verbosity >= 3)
    module.params = hidden(module.params, call.secret_paths)
    for text in outcome.pop("warnings", []):
        module.warn(text)
    if "failure" in outcome:
        module.fail_json(**outcome)
    module.exit_json(**outcome)


def _terminated(*_arguments: object) -> None:
    raise KubefateError(
        "The module was asked to end (SIGTERM).", Kind.CANCELED, hint="Run again: it goes on from here."
    )
