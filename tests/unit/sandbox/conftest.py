# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the sandbox importable: it is a program beside the collection's plugins, not one of them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from sandbox.layout import Home
from sandbox.progress import Reporter


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def reporter(told: io.StringIO) -> Reporter:
    return Reporter(told)
