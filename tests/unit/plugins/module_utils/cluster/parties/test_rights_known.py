# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rights that were granted a moment ago, on an API server that does not know of them yet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.parties import applying
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError


class Server:
    """Answers that a right is missing for so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, late: int, kind: Kind = Kind.FORBIDDEN):
        self.late, self.kind, self.now = late, kind, 0.0
        monkeypatch.setattr(applying, "require_rights", self.require)
        monkeypatch.setattr(applying.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(applying.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def require(self, *_arguments: Any) -> None:
        self.late -= 1
        if self.late >= 0:
            raise KubefateError("create deployments is missing", self.kind)

    def ask(self, *, granted: bool) -> None:
        nothing: Any = None
        applying._require_rights(nothing, nothing, granted=granted)


def test_rights_that_were_granted_a_moment_ago_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, late=10)
    server.ask(granted=True)
    assert 1 < server.now < applying.RIGHTS_KNOWN


@pytest.mark.parametrize(
    ("late", "kind", "granted"),
    [(1, Kind.FORBIDDEN, False), (1000, Kind.FORBIDDEN, True), (1, Kind.CONNECTION, True)],
    ids=["nothing was granted", "never", "another error"],
)
def test_what_is_missing_otherwise_is_told(
    monkeypatch: pytest.MonkeyPatch, late: int, kind: Kind, granted: bool
) -> None:
    server = Server(monkeypatch, late, kind)
    with pytest.raises(KubefateError, match="is missing"):
        server.ask(granted=granted)
    assert server.now <= applying.RIGHTS_KNOWN + 1


def test_rights_that_are_there_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, late=0)
    server.ask(granted=True)
    assert server.now == 0
