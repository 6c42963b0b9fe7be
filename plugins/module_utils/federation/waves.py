# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order members are changed: exchanges first and one by one, then the parties wave by wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import bad_input


def waves(hosts: Sequence[str], roles: Mapping[str, str], numbers: Mapping[str, Any], shares: Any) -> list[list[str]]:
    """The hosts in batches.

    roles: host to party or exchange. numbers: host to its wave; those without one come last. shares: how many of a wave
    at once, as Ansible's ``serial`` takes it: a number, a share such as ``10%``, or a list of those, whose last entry
    is repeated.
    """
    found = [[host] for host in hosts if roles.get(host) == "exchange"]
    parties = [host for host in hosts if roles.get(host) != "exchange"]
    for wave in _by_number(parties, numbers):
        found += _batches(wave, shares)
    return found


def _by_number(hosts: Sequence[str], numbers: Mapping[str, Any]) -> Iterable[list[str]]:
    last = float("inf")
    grouped: dict[float, list[str]] = {}
    for host in hosts:
        grouped.setdefault(_number(host, numbers.get(host), last), []).append(host)
    return [grouped[number] for number in sorted(grouped)]


def _number(host: str, value: Any, last: float) -> float:
    if value is None or value == "":
        return last
    try:
        return float(value)
    except (TypeError, ValueError):
        raise bad_input(f"fate_wave of {host} is {value!r}.", "Give a number; small ones come first.") from None


def _batches(hosts: Sequence[str], shares: Any) -> Iterable[list[str]]:
    sizes = [_size(share, len(hosts)) for share in (shares if isinstance(shares, list | tuple) else [shares])]
    start = 0
    while start < len(hosts):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        yield list(hosts[start : start + size])
        start += size


def _size(share: Any, total: int) -> int:
    text = str(share).strip()
    number = text.removesuffix("%").strip()
    if not number.isdigit() or int(number) < 1:
        raise bad_input(
            f"fate_serial has the entry {share!r}.", "Give a number such as 2, a share such as 10%, or a list of those."
        )
    return max(1, total * int(number) // 100) if text.endswith("%") else int(number)
