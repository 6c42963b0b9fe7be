# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that a user of the sandbox sees."""

from __future__ import annotations


class SandboxError(Exception):
    """Something went wrong that the user can do something about.

    `what` names the thing and the cause, `hint` the next step.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what


class StoppedError(SandboxError):
    """The user, or a signal, asked the command to stop."""
