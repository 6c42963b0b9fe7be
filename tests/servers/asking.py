# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to servers of this machine, over HTTP and without a proxy."""

from __future__ import annotations

import functools
from http.client import HTTPResponse
from urllib import request


def opened(asked: str | request.Request, seconds: float) -> HTTPResponse:
    """The answer, to be closed. seconds: that the server may be silent. Raises urllib's HTTPError, which is an
    OSError."""
    answer = _opener().open(asked, timeout=seconds)
    assert isinstance(answer, HTTPResponse)
    return answer


@functools.cache
def _opener() -> request.OpenerDirector:
    """Made once: it reads all authorities that the machine trusts, which takes longer than many a question."""
    return request.build_opener(request.ProxyHandler({}))
