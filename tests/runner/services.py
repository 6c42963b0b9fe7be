"""Programs that tests with real servers need, got before them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from servers import getting
from servers.errors import NotAvailableError


def get(wanted: Sequence[getting.Program]) -> str:
    """Get them and say so in a line; what is wrong, if one is not to be had."""
    start = time.monotonic()
    print(f"Getting {', '.join(program.name for program in wanted)}", flush=True)
    try:
        got = getting.get(wanted)
    except NotAvailableError as error:
        return str(error)
    print(getting.summary(got, time.monotonic() - start), flush=True)
    return ""
