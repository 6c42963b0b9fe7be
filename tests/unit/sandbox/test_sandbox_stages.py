# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage files: well formed, and never two of them for one pod.

kwok draws lots between stages that match the same object. The selectors' jq expressions are evaluated here by small
functions of this file, one for each expression that the stages use; an expression without one fails the tests.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.layout import STAGE_FILES
from sandbox.stagefiles import expand, write_stages

ANNOTATION = "kubefate.federatedai.org/simulate"
START_MODES = ("image-pull", "config-error", "failed-mount", "crash-loop", "oom", "init-crash", "never-ready")
MODES = (*START_MODES, "slow-ready", "becomes-unready", "evicted", "job-fail", "recovered")


@dataclass(frozen=True)
class Pod:
    mode: str = "none"
    phase: str = "Pending"
    started: bool = False
    ready: str | None = None
    restarts: int = 0
    waiting: str | None = None
    restart_policy: str = "Always"
    deleted: bool = False


KEYS: dict[str, Callable[[Pod], str | None]] = {
    ".metadata.deletionTimestamp": lambda pod: "now" if pod.deleted else None,
    ".status.phase": lambda pod: pod.phase,
    ".status.containerStatuses": lambda pod: "[...]" if pod.started else None,
    ".spec.restartPolicy": lambda pod: pod.restart_policy,
    "<<mode.jq>>": lambda pod: pod.mode,
    "<<ready.jq>>": lambda pod: pod.ready,
    "<<restarts.jq>>": lambda pod: str(pod.restarts),
    "<<waiting.jq>>": lambda pod: pod.waiting,
}


def read_stages() -> list[dict[str, Any]]:
    return [stage for file in sorted(STAGE_FILES.glob("*.yaml")) for stage in yaml.safe_load_all(file.read_text())]


POD_STAGES = [stage for stage in read_stages() if stage["spec"]["resourceRef"]["kind"] == "Pod"]


def matches(expression: dict[str, Any], pod: Pod) -> bool:
    value = KEYS[expression["key"]](pod)
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise AssertionError(expression)


def chosen(pod: Pod) -> list[str]:
    return [
        stage["metadata"]["name"]
        for stage in POD_STAGES
        if all(matches(expression, pod) for expression in stage["spec"]["selector"]["matchExpressions"])
    ]


def all_pods() -> Iterator[Pod]:
    modes = ("none", "misspelt", "init-crash-without-init-container", *MODES)
    phases = ("Pending", "Running", "Succeeded", "Failed")
    waiting = (None, "ErrImagePull", "ImagePullBackOff")
    for fields in itertools.product(
        modes, phases, (False, True), (None, "True", "False", "Unknown"), (0, 3, 6), waiting, ("Always", "Never")
    ):
        if fields[2] or (fields[4] == 0 and fields[5] is None):
            yield Pod(*fields)


def test_no_two_stages_match_the_same_pod() -> None:
    ambiguous = {pod: names for pod in all_pods() if len(names := chosen(pod)) > 1}
    assert not ambiguous


def test_a_pod_that_is_being_deleted_is_only_deleted() -> None:
    assert {tuple(chosen(Pod(mode, phase, deleted=True))) for mode in MODES for phase in ("Pending", "Running")} == {
        ("pod-delete",)
    }


@pytest.mark.parametrize(
    ("mode", "stage"),
    [
        ("none", "pod-ready"),
        ("recovered", "pod-ready"),
        ("becomes-unready", "pod-ready"),
        ("evicted", "pod-ready"),
        ("job-fail", "pod-ready"),
        ("image-pull", "pod-image-pull"),
        ("config-error", "pod-config-error"),
        ("failed-mount", "pod-failed-mount"),
        ("crash-loop", "pod-crash"),
        ("oom", "pod-crash"),
        ("init-crash", "pod-init-crash"),
        ("never-ready", "pod-never-ready"),
        ("slow-ready", "pod-never-ready"),
        ("misspelt", "pod-unknown-mode"),
        ("init-crash-without-init-container", "pod-unknown-mode"),
    ],
)
def test_a_new_pod_begins_with_one_stage(mode: str, stage: str) -> None:
    assert chosen(Pod(mode)) == [stage]


@pytest.mark.parametrize("mode", START_MODES)
def test_a_failed_pod_is_never_handed_to_the_stages_of_healthy_pods(mode: str) -> None:
    for phase in ("Pending", "Running"):
        later = chosen(Pod(mode, phase, started=True, ready="False", restarts=6, waiting="Some"))
        assert later == []


def test_a_ready_pod_is_left_alone() -> None:
    assert chosen(Pod("none", "Running", started=True, ready="True")) == []


@pytest.mark.parametrize("ready", ["False", "Unknown"])
@pytest.mark.parametrize("mode", ["none", "recovered"])
def test_a_pod_recovers_when_nothing_says_that_it_should_fail(mode: str, ready: str) -> None:
    assert chosen(Pod(mode, "Running", started=True, ready=ready, restarts=6)) == ["pod-recover"]
    assert chosen(Pod(mode, "Pending", started=True, ready=ready)) == ["pod-recover"]


def test_a_pod_that_ran_goes_on_as_its_mode_says() -> None:
    def later(mode: str, ready: str, **fields: Any) -> list[str]:
        return chosen(Pod(mode, "Running", started=True, ready=ready, **fields))

    assert later("slow-ready", "False") == ["pod-slow-ready"]
    assert later("becomes-unready", "True") == ["pod-becomes-unready"]
    assert later("becomes-unready", "False") == []
    assert later("evicted", "True") == ["pod-evicted"]
    assert later("job-fail", "True", restart_policy="Never") == ["pod-job-fail"]
    assert later("none", "True", restart_policy="OnFailure") == ["pod-complete"]
    assert later("crash-loop", "False", restarts=5) == ["pod-crash"]
    assert later("crash-loop", "False", restarts=6) == []
    assert later("oom", "True") == ["pod-crash"]


def test_a_pod_that_ended_is_left_alone() -> None:
    for mode, phase in itertools.product(MODES, ("Succeeded", "Failed")):
        assert chosen(Pod(mode, phase, started=True, ready="False", restart_policy="Never")) == []


def test_every_mode_is_known_to_the_stage_for_unknown_ones() -> None:
    (stage,) = [stage for stage in POD_STAGES if stage["metadata"]["name"] == "pod-unknown-mode"]
    (expression,) = [it for it in stage["spec"]["selector"]["matchExpressions"] if it["key"] == "<<mode.jq>>"]
    assert set(expression["values"]) == {"none", *MODES}


def test_every_status_of_a_pod_says_that_it_is_simulated() -> None:
    for stage in POD_STAGES:
        for step in stage["spec"]["steps"]:
            if "patch" in step:
                assert "<<pod-status.tpl>>" in step["patch"]["template"].splitlines()
    status = (STAGE_FILES / "parts" / "pod-status.tpl").read_text()
    assert '- type: kubefate.federatedai.org/Simulated\n  status: "True"\n  reason: kwok\n' in status


def test_the_status_is_written_before_the_event() -> None:
    """A refused event, in a namespace that is being deleted, must not keep the status from being written."""
    for stage in POD_STAGES:
        kinds = [next(iter(step)) for step in stage["spec"]["steps"]]
        assert kinds in (["patch"], ["patch", "apply"], ["delete"])


def test_stage_names_are_unique() -> None:
    names = [stage["metadata"]["name"] for stage in read_stages()]
    assert len(names) == len(set(names)) > 15


def test_nodes_keep_sending_heartbeats() -> None:
    """Without leases the node controller gives a node up after 50 s without a heartbeat."""
    (stage,) = [stage for stage in read_stages() if stage["metadata"]["name"] == "node-heartbeat"]
    assert stage["spec"]["delay"]["durationMilliseconds"] <= 20000
    assert "lastHeartbeatTime: {{ $now | Quote }}" in stage["spec"]["steps"][0]["patch"]["template"]


def test_every_part_is_used() -> None:
    used = set(re.findall(r"<<([a-z.-]+)>>", "".join(file.read_text() for file in STAGE_FILES.glob("*.yaml"))))
    assert used == {file.name for file in (STAGE_FILES / "parts").iterdir()}


def test_blocks_of_templates_are_closed(tmp_path: Path) -> None:
    for file in write_stages(tmp_path):
        for stage in yaml.safe_load_all(file.read_text()):
            for step in stage["spec"]["steps"]:
                template = (step.get("patch") or step.get("apply") or {}).get("template", "")
                opened = len(re.findall(r"{{-? *(?:if|range|with)\b", template))
                assert opened == len(re.findall(r"{{-? *end\b", template)), stage["metadata"]["name"]


def test_written_stages_are_complete_and_private(tmp_path: Path) -> None:
    written = write_stages(tmp_path / "stages")
    assert len(written) == len(list(STAGE_FILES.glob("*.yaml")))
    for file in written:
        assert "<<" not in file.read_text()
        assert file.stat().st_mode & 0o077 == 0


def test_a_part_on_a_line_of_its_own_keeps_the_indentation(tmp_path: Path) -> None:
    (tmp_path / "two.tpl").write_text("a\n  b\n")
    (tmp_path / "words.jq").write_text("x\n| y\n")
    assert expand("  <<two.tpl>>\nkey: '<<words.jq>>'\n", tmp_path) == "  a\n    b\nkey: 'x | y'\n"


def test_a_missing_part_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"none\.tpl is missing"):
        expand("<<none.tpl>>", tmp_path)
