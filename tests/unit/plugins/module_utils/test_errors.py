# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import (
    Kind,
    KubefateError,
    Resource,
    bad_input,
    library_missing,
)


def test_a_failure_has_the_published_shape() -> None:
    pod = Resource("Pod", "osx-0", "fate-9999", "CrashLoopBackOff", "ended", ("BackOff: x",), "line\n")
    error = KubefateError("osx is not ready.", Kind.UNHEALTHY, "settle", "Read the log.", [pod])
    assert json.loads(json.dumps(error.as_failure())) == {
        "kind": "unhealthy",
        "phase": "settle",
        "hint": "Read the log.",
        "resources": [
            {
                "kind": "Pod",
                "name": "osx-0",
                "namespace": "fate-9999",
                "reason": "CrashLoopBackOff",
                "message": "ended",
                "events": ["BackOff: x"],
                "log": "line\n",
            }
        ],
    }
    assert str(error) == "osx is not ready."


WORDS = (
    "bad_input chart connection unauthorized forbidden not_found conflict refused locked jobs_running helm "
    "missing_tool missing_library unhealthy timeout canceled internal"
)


def test_the_words_that_a_pipeline_may_test_for() -> None:
    """Part of the published result shape: changing one breaks somebody's pipeline."""
    assert sorted(Kind) == sorted(WORDS.split())


def test_bad_input_is_of_the_input_phase_unless_told_otherwise() -> None:
    assert (bad_input("x").kind, bad_input("x").phase) == (Kind.INPUT, "input")
    assert bad_input("x", phase="connect").phase == "connect"


def test_a_missing_library_names_the_purpose_and_the_remedy() -> None:
    error = library_missing("PyYAML", "read YAML")
    assert error.kind is Kind.LIBRARY
    assert "PyYAML is needed to read YAML" in error.msg
    assert "pip install PyYAML" in error.hint
