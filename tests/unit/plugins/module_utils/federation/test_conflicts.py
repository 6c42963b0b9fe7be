# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two members cannot both have, and what cannot work together: named with both sides, and where it was written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.compatibility import (
    hop_refused,
    incompatible,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.conflicts import conflicts, leaving
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Member, Problem
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import exchange, member

HERE = "https://here"


def one(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_members_that_differ_in_everything_have_no_conflict() -> None:
    assert conflicts([member("a", "1"), member("b", "2"), exchange("x"), exchange("y")]) == []


def test_a_party_id_that_is_used_twice_is_told_with_the_files_and_lines() -> None:
    left = member("a", "1", source="hosts.yml", origins={"partyId": "cluster-a.yaml, line 4"})
    right = member("b", "1", source="hosts.yml, cluster-b.yaml", origins={"partyId": "the spec"})
    problem = one(conflicts([left, right]))
    assert problem.text == ("Party id 1 is used by a (cluster-a.yaml, line 4) and b (hosts.yml, cluster-b.yaml).")
    assert problem.hosts == ("a", "b")


def test_an_external_party_takes_part_in_the_comparison() -> None:
    assert one(conflicts([member("a", "1"), member("b", "1", managed=False, kubernetes="")])).hosts == ("a", "b")


def test_fate_serving_has_the_party_id_of_its_party_and_an_exchange_none_of_a_party() -> None:
    serving = member("a-serving", "1", chart="fate-serving", spec={"modules": ["servingProxy"]})
    assert conflicts([member("a", "1"), serving]) == []
    taken = Member("x", "1", role=exchange("x").role, name="x", kubernetes="https://x", namespace="x")
    assert "Party id 1 is used by a and x" in one(conflicts([member("a", "1"), taken])).text
    assert conflicts([taken, Member("y", "1", role=taken.role, name="y", kubernetes="https://y", namespace="y")]) == []


@pytest.mark.parametrize(
    ("differing", "said"),
    [
        ({"namespace": "same"}, "Namespace same at https://here is used by a and b."),
        ({"name": "same"}, "The name same at https://here is used by a and b."),
        (
            {"spec": {"osx": {"type": "NodePort", "nodePort": 30091}}},
            "Node port 30091 of https://here is claimed by a as osx.nodePort and b as osx.nodePort.",
        ),
        (
            {"spec": {"ingress": {"fateboard": {"hosts": [{"name": "board.example"}]}}}},
            "The host name board.example/ at https://here is claimed by a as ingress.fateboard and b as "
            "ingress.fateboard.",
        ),
    ],
)
def test_what_is_used_twice_on_one_kubernetes_is_told_and_elsewhere_it_is_not(
    differing: dict[str, Any], said: str
) -> None:
    problem = one(
        conflicts([member("a", "1", kubernetes=HERE, **differing), member("b", "2", kubernetes=HERE, **differing)])
    )
    assert (problem.text, problem.hosts) == (said, ("a", "b"))
    assert conflicts([member("a", "1", kubernetes=HERE, **differing), member("b", "2", **differing)]) == []


def test_two_paths_of_one_host_name_are_no_conflict() -> None:
    def page(path: str) -> dict[str, Any]:
        return {"ingress": {"fateboard": {"hosts": [{"name": "board.example", "path": path}]}}}

    assert not conflicts(
        [member("a", "1", kubernetes=HERE, spec=page("/a")), member("b", "2", kubernetes=HERE, spec=page("/b"))]
    )


def test_one_node_port_for_two_modules_of_one_party_is_a_conflict_too() -> None:
    spec = {"nginx": {"type": "NodePort", "httpNodePort": 30093, "grpcNodePort": 30093}}
    problem = one(conflicts([member("a", "1", spec=spec)]))
    assert "a as nginx.httpNodePort and a as nginx.grpcNodePort" in problem.text
    assert problem.hosts == ("a",)


@pytest.mark.parametrize(
    ("advertise", "said"),
    [
        ({"osxx": {"host": "h"}}, "names osxx, which is none of osx,"),
        ({"nginx": {"host": "h", "port": 1}}, "nginx has no port; it has host, grpc_port, http_port."),
    ],
)
def test_an_address_for_what_is_not_there_is_told(advertise: dict[str, Any], said: str) -> None:
    assert said in one(conflicts([member("a", "1", advertise=advertise)])).text


# versions and engines -------------------------------------------------------------------------------------------------
def test_versions_that_do_not_work_together_are_refused_on_the_smaller_side() -> None:
    new = [member(name, name, version="2.2.0") for name in "bcd"]
    problems, warnings = incompatible([member("a", "1", version="1.11.2", source="hosts.yml"), *new], {})
    problem = one(problems)
    assert problem.hosts == ("a",)
    assert problem.text == (
        "a (hosts.yml) (FATE 1.11.2) and b, c and d (FATE 2.2.0) cannot work together: the job protocols of FATE-Flow "
        "1.x and 2.x differ."
    )
    assert warnings == []


def test_versions_that_may_meet_during_an_upgrade_are_warned_about() -> None:
    problems, warnings = incompatible([member("a", "1", version="2.0.0"), member("b", "2", version="2.2.0")], {})
    assert problems == []
    assert "a (FATE 2.0.0) and b (FATE 2.2.0): they transfer data alike" in one(warnings)  # type: ignore[arg-type]


def test_members_that_never_talk_may_differ() -> None:
    never = {"a": {"b": "never"}, "b": {"a": "never"}}
    left, right = member("a", "1", version="1.11.2", spec={"federation": "Pulsar"}), member("b", "2", version="2.2.0")
    assert incompatible([left, right], never) == ([], [])
    assert len(incompatible([left, right], {"a": {"b": "never"}})[0]) == 2, "in one direction they talk"


def test_a_version_that_is_not_known_is_not_judged() -> None:
    assert incompatible([member("a", "1", version="nightly"), member("b", "2", version="2.2.0")], {}) == ([], [])


def test_engines_that_differ_are_refused_with_what_each_uses() -> None:
    problems, _warnings = incompatible([member("a", "1", spec={"federation": "Pulsar"}), member("b", "2")], {})
    problem = one(problems)
    assert problem.text == "a use Pulsar, and b use OSX, stream mode: they cannot work together."
    assert problem.hosts == ("a", "b")


def test_osx_in_stream_mode_does_not_work_with_osx_in_queue_mode() -> None:
    problems, _warnings = incompatible([member("a", "1", spec={"computing": "Spark"}), member("b", "2")], {})
    assert "OSX, queue mode" in one(problems).text


def test_fate_serving_is_a_network_of_its_own() -> None:
    serving = member("s", "1", chart="fate-serving", version="2.1.6")
    assert incompatible([member("a", "1", version="2.2.0"), serving], {}) == ([], [])


@pytest.mark.parametrize(
    ("here", "there", "refused"),
    [
        ("2.0.0", "2.2.0", ""),
        ("2.2.0", "2.2.1", ""),
        ("v1.11.2", "2.2.0", "no migration"),
        ("2.2.0", "2.0.0", ""),
        ("2.2.0", "1.11.2", "no migration"),
        ("nightly", "2.0.0", ""),
    ],
)
def test_between_which_versions_a_party_can_go_in_place(here: str, there: str, refused: str) -> None:
    assert refused in hop_refused(here, there)
    assert bool(hop_refused(here, there)) == bool(refused)


# leaving --------------------------------------------------------------------------------------------------------------
def test_an_exchange_that_would_cut_others_off_cannot_leave_and_says_whom() -> None:
    gone = exchange("x", left=True)
    problem = one(
        leaving([gone, member("a", "1", exchanges=("x",)), member("b", "2", exchanges=("x", "y")), exchange("y")])
    )
    assert problem.text == "x cannot leave: a would be cut off, since fate_exchange names no other exchange."
    assert problem.hosts == ("x",)


def test_an_exchange_that_others_do_not_depend_on_can_leave() -> None:
    gone = exchange("x", left=True)
    assert leaving([gone, member("a", "1", exchanges=("x", "y")), member("b", "2"), exchange("y")]) == []
    assert leaving([gone, member("a", "1", exchanges=("x",), left=True)]) == []
