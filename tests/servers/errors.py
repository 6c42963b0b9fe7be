# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with servers."""

from __future__ import annotations


class ServerError(Exception):
    """The base; the text says all that is known."""


class NotAvailableError(ServerError):
    """A program is neither here nor to be got; the text says what to install."""


class NotStartedError(ServerError):
    """A server ended, or did not answer in time; the text ends with what it said."""


class RefusedError(ServerError):
    """A program's own answer to settings or to a request is no; the text is what it says."""
