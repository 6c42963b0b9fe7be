# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the action plugins: carries out a module's call where the task's connection leads.

On the controller itself that is done in Ansible's own worker process. Wrapping a module up, starting a Python for it
and importing everything there costs more than all the rest of a run in which nothing changes. Everything else (another
machine, another interpreter, another user, async) is done by the module. Both carry out the same ``Entry``, and what
comes back is the same.

Ansible sends only Python files with a module, so a module cannot see ``charts/``: they are found here and, for another
machine, copied there with all other files of this machine that the options name.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, Entry, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import (
    Outcome,
    Started,
    bound_to_parent,
    die_with_parent,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.values import TEMPLATE
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.sending import Parcel, with_files

with suppress(ImportError):  # whoever needs it and does not find it says what to install
    importlib.import_module("urllib3")  # once, here: each task runs in a fork of this process

LOCAL = ("local", "ansible.builtin.local")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""Where this collection lies."""


def bundled_charts() -> dict[str, str]:
    """Name to path of each chart that comes with the collection. One without a values template is no chart for
    clusters, but a library that others use."""
    folder = os.path.join(ROOT, "charts")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return {name: os.path.join(folder, name) for name in names if os.path.exists(os.path.join(folder, name, TEMPLATE))}


class CallAction(ActionBase):  # type: ignore[misc]
    """entry: what the module of the same name is."""

    entry: Entry
    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if "bundled_charts" in self.entry.arguments.options:
            args.setdefault("bundled_charts", bundled_charts())
        if "collection_path" in self.entry.arguments.options:
            args.setdefault("collection_path", ROOT)
        if not self._is_local():
            args = self._send(args)
        if self._is_here(task_vars):
            return self._discreet({**result, **self._carry_out(args)})
        if self._asks_for_secret(args):
            self._play_context.no_log = True  # connections show what a module prints, from -vvv on
        done = self._execute_module(module_args=args, task_vars=task_vars, wrap_async=self._task.async_val)
        return self._discreet({**result, **done})

    def _asks_for_secret(self, args: Mapping[str, Any]) -> bool:
        return any(args.get(f"return_{key}") for key in self.entry.private)

    def _discreet(self, result: dict[str, Any]) -> dict[str, Any]:
        """A result that holds a secret which was asked for can be registered, and is not shown."""
        if any(result.get(key) for key in self.entry.private):
            result["_ansible_no_log"] = True
        return result

    def _is_local(self) -> bool:
        return self._connection.transport in LOCAL

    def _is_here(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether the task asks for nothing but this very process: this machine, user, Python and environment."""
        wanted = self._templar.template(task_vars.get("ansible_python_interpreter") or sys.executable)
        here = str(wanted).startswith("auto") or _folder(str(wanted)) == _folder(sys.executable)
        elsewhere = self._task.async_val or self._task.become or any(self._task.environment or ())
        return self._is_local() and here and not elsewhere

    def _carry_out(self, args: Mapping[str, Any]) -> dict[str, Any]:
        die_with_parent()
        keywords = self.entry.arguments.as_kwargs()
        checked = ModuleArgumentSpecValidator(keywords.pop("argument_spec"), **keywords).validate(plain(args))
        if checked.error_messages:
            said = "; ".join(_complaint(error) for error in checked.errors.errors)
            return {"failed": True, "msg": remove_values(said, checked._no_log_values)}
        with tempfile.TemporaryDirectory(prefix="kubefate-", dir=constants.DEFAULT_LOCAL_TMP) as folder:
            call = Call(
                dict(checked.validated_parameters),
                bool(self._task.check_mode),
                run_program,
                folder,
                run_folder=constants.DEFAULT_LOCAL_TMP,
                diff=bool(self._task.diff),
            )
            outcome = carry_out(self.entry, call, verbose=self._display.verbosity >= 3)
        if "failure" in outcome:
            outcome["failed"] = True
            outcome.setdefault("changed", False)
        if not self._task.diff:
            outcome.pop("diff", None)
        kept = {key: value for key, value in outcome.items() if value is None or isinstance(value, bool)}
        return {**remove_values(outcome, checked._no_log_values), **kept}

    def _send(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The options, with the files of this machine that they name copied to the one that the module runs on."""
        shell = self._connection._shell
        target = self._make_tmp_path()
        parcel = Parcel(shell.join_path(target, "sent"))
        sent = with_files(args, parcel.add)
        if "bundled_charts" in args and "bundled_charts" not in self._task.args:
            sent["bundled_charts"] = {name: parcel.add(path) for name, path in args["bundled_charts"].items()}
        there = shell.join_path(target, "sent.tar")
        with tempfile.NamedTemporaryFile(prefix="kubefate-", dir=constants.DEFAULT_LOCAL_TMP) as archive:
            paths = parcel.write(archive.name)
            if not paths:
                return sent
            self._transfer_file(archive.name, there)
        folder = shell.quote(parcel.folder)
        unpack = f"umask 077 && mkdir {folder} && tar -xof {shell.quote(there)} -C {folder}"
        done = self._low_level_execute_command(unpack, sudoable=False)
        if done["rc"] != 0:
            said = str(done.get("stderr") or done.get("stdout") or "").strip()
            raise AnsibleActionFail(f"Charts and files could not be unpacked in {parcel.folder}: {said}")
        if self._is_become_unprivileged():
            self._fixup_perms2([target, parcel.folder, *paths])
        return sent


def _complaint(error: AnsibleValidationError) -> str:
    """What is wrong with an option, as a module would say it."""
    return f"Unsupported parameters: {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)


def _folder(interpreter: str) -> str:
    """Where an interpreter lies. Those of two virtual environments are links to one program, but see other packages."""
    return os.path.realpath(os.path.dirname(interpreter))


def run_program(
    argv: Sequence[str],
    *,
    stdin: str,
    env: Mapping[str, str],
    timeout: float,
    bound: bool,
    started: Started | None = None,
) -> Outcome:
    """Runs a program for the core. See ``helm.runner.Runner``."""
    command = bound_to_parent(argv, os.getpid()) if bound else list(argv)
    try:
        process = subprocess.Popen(
            command,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise KubefateError(f"{argv[0]} cannot be run: {error}.", Kind.TOOL, "input") from None
    with process:
        if started:
            started(process.terminate)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Outcome(-9, out, err, timed_out=True)
        except BaseException:
            process.kill()
            raise
    return Outcome(process.returncode, out, err)
