# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release records, as both helms wrote them to a live API server (see helm/record.py)."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import (
    MAX_RECORD,
    PROOF_LABEL,
    Release,
    Status,
    fingerprint,
    manifest_objects,
    newest,
    proof,
    record_size,
)
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.helm.record import RECORD_VALUES, SERVICE

FIXTURES = Path(__file__).parents[1] / "helm" / "fixtures"
RECORDED: dict[int, list[dict[str, Any]]] = {
    major: json.loads((FIXTURES / f"records-helm{major}.json").read_text(encoding="utf-8")) for major in (3, 4)
}
META = "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: '4'\n"


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def records(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Revision 1 (superseded), 2 (deployed) and 3 (failed) of the release web."""
    return copy.deepcopy(RECORDED[request.param])


def releases(records: list[dict[str, Any]]) -> list[Release]:
    return [Release.of(record) for record in records]


# reading ---------------------------------------------------------------------------------------------------------
def test_what_the_labels_say(records: list[dict[str, Any]]) -> None:
    assert [(found.name, found.revision, found.status) for found in releases(records)] == [
        ("web", 1, Status.SUPERSEDED),
        ("web", 2, Status.DEPLOYED),
        ("web", 3, Status.FAILED),
    ]
    assert len({found.uid for found in releases(records)}) == 3
    assert all(found.namespace.startswith("ut-") for found in releases(records))


def test_what_the_record_says(records: list[dict[str, Any]]) -> None:
    second = releases(records)[1]
    assert second.values == {**RECORD_VALUES, "note": "second"}
    assert second.chart_meta["name"] == "web"
    assert second.summary() == {
        "revision": 2,
        "status": "deployed",
        "chart": "web-1.2.3",
        "app_version": "4",
        "updated": second.last_deployed,
        "description": "Upgrade complete",
    }
    assert second.last_deployed.startswith("202")
    (service,) = second.objects
    assert (service["kind"], service["metadata"]["name"]) == ("Service", "web")


def test_a_failed_revision_says_why(records: list[dict[str, Any]]) -> None:
    assert "Unsupported value" in releases(records)[2].description


def test_the_body_is_decoded_once_and_only_when_it_is_asked_for(
    records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[int] = []
    real = gzip.decompress

    def decompress(data: bytes) -> bytes:
        unpacked.append(1)
        return real(data)

    monkeypatch.setattr(gzip, "decompress", decompress)
    found = releases(records)[1]
    assert (found.status, unpacked) == (Status.DEPLOYED, [])
    assert found.values and found.objects and found.description
    assert unpacked == [1]


# damage ----------------------------------------------------------------------------------------------------------
def packed(body: Any) -> str:
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode()))).decode()


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "****",
        "AAAA",
        base64.b64encode(b"text").decode(),
        packed({"a": 1})[:-40],
        packed([1]),
        packed("text"),
        packed(None),
    ],
    ids=["empty", "no base64", "zeros", "no gzip", "cut", "list", "text", "null"],
)
def test_a_record_that_cannot_be_read_is_an_error_with_its_name(payload: str) -> None:
    record = {
        "metadata": {"namespace": "ns", "labels": {"name": "web", "version": "7", "status": "deployed"}},
        "data": {"release": payload},
    }
    found = Release.of(record)
    assert (found.revision, found.status) == (7, Status.DEPLOYED)
    with pytest.raises(KubefateError, match=r"Revision 7 of release web") as caught:
        assert found.body
    assert caught.value.kind is Kind.HELM


def test_a_record_with_next_to_nothing_in_it_is_read() -> None:
    record = {"metadata": {"labels": None}, "data": {"release": packed({"chart": None, "info": None, "config": None})}}
    found = Release.of(record)
    assert (found.name, found.revision, found.status) == ("", 0, Status.UNKNOWN)
    assert (found.chart_meta, found.values, found.description, found.objects) == ({}, {}, "", [])
    assert found.summary()["chart"] == "-"


@pytest.mark.parametrize(("word", "status"), [("deployed", Status.DEPLOYED), ("odd", Status.UNKNOWN)])
def test_a_status_that_a_later_helm_invents_is_unknown(word: str, status: Status) -> None:
    assert Release.of({"metadata": {"labels": {"status": word}}}).status is status


def test_which_states_are_pending() -> None:
    assert {status for status in Status if status.pending} == {
        Status.PENDING_INSTALL,
        Status.PENDING_UPGRADE,
        Status.PENDING_ROLLBACK,
    }


# proof -----------------------------------------------------------------------------------------------------------
def labelled(revision: int, label: str | None, status: str = "deployed") -> Release:
    labels = {"name": "web", "version": str(revision), "status": status}
    if label is not None:
        labels[PROOF_LABEL] = label
    return Release.of({"metadata": {"labels": labels}})


PRINT = fingerprint(chart({"values.yaml": "a: 1"}), {"a": 1})


def test_a_revision_proves_what_it_was_made_from() -> None:
    assert labelled(3, proof(3, PRINT)).proves(PRINT)


@pytest.mark.parametrize(
    ("release", "why"),
    [
        (labelled(3, None), "it carries no label"),
        (labelled(4, proof(3, PRINT)), "helm carried the label over when somebody else upgraded"),
        (labelled(3, proof(3, PRINT), "failed"), "it did not succeed"),
        (labelled(3, proof(3, PRINT), "pending-upgrade"), "it has not succeeded yet"),
        (labelled(3, proof(3, "x" * 52)), "it was made from something else"),
        (labelled(3, PRINT), "the label names no revision"),
        (labelled(3, f"r33-{PRINT}"), "the label names another revision"),
        (labelled(3, ""), "the label is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_revision_that_proves_nothing(release: Release, why: str) -> None:
    assert not release.proves(PRINT)


def test_helm_does_carry_labels_over(records: list[dict[str, Any]]) -> None:
    """Why the label names its revision: revision 1 was given the label, and 2 and 3 have it too."""
    assert [found.labels.get("proof") for found in releases(records)] == ["r1", "r1", "r1"]


@pytest.mark.parametrize("revision", [1, 42, 999_999_999])
def test_the_proof_fits_a_label_and_keeps_the_digest(revision: int) -> None:
    label = proof(revision, PRINT)
    assert len(label) <= 63
    assert label == f"r{revision}-{PRINT}"
    assert label.replace("-", "").isalnum()


def test_the_fingerprint_knows_chart_dependencies_and_values() -> None:
    base = chart({"values.yaml": "a: 1", "charts/sub/values.yaml": "b: 1"})
    other = chart({"values.yaml": "a: 1", "charts/sub/values.yaml": "b: 2"})
    prints = {
        fingerprint(base, {"a": 1}),
        fingerprint(other, {"a": 1}),
        fingerprint(base, {"a": "1"}),
        fingerprint(base, {"a": None}),
        fingerprint(base, {}),
    }
    assert len(prints) == 5
    assert fingerprint(base, {"a": 1, "b": 2}) == fingerprint(base, {"b": 2, "a": 1})


# many ------------------------------------------------------------------------------------------------------------
def test_the_newest_revision_comes_first_by_number_and_not_by_name(records: list[dict[str, Any]]) -> None:
    tenth = copy.deepcopy(records[1])
    tenth["metadata"]["labels"]["version"] = "10"
    found = newest([*records, tenth]).values()
    assert [[release.revision for release in each] for each in found] == [[10, 3, 2, 1]]


def test_releases_are_kept_apart_by_namespace_and_name(records: list[dict[str, Any]]) -> None:
    elsewhere = copy.deepcopy(records)
    for record in elsewhere:
        record["metadata"]["namespace"] = "other"
    found = newest([*records, *elsewhere])
    assert {key: len(revisions) for key, revisions in found.items()} == {
        (records[0]["metadata"]["namespace"], "web"): 3,
        ("other", "web"): 3,
    }


def test_secrets_that_are_no_releases_are_left_out(records: list[dict[str, Any]]) -> None:
    others = [
        {"type": "Opaque", "metadata": {"name": "db", "labels": {"owner": "kubefate"}}},
        {"type": "Opaque", "metadata": {"name": "x"}},
    ]
    assert len(newest([*others, *records])) == 1
    assert newest(others) == {}


# manifests -------------------------------------------------------------------------------------------------------
def test_lists_in_a_manifest_are_taken_apart_and_empty_documents_left_out() -> None:
    manifest = (
        "---\n# Source: a\nkind: A\nmetadata: {name: a}\n---\n\n---\n# nothing\n---\n"
        "kind: List\nitems: [{kind: B}, {kind: C}]\n---\nkind: ConfigMapList\nitems:\n"
        "---\nkind: Playlist\n---\n- no\n---\n{}\n"
    )
    assert [obj["kind"] for obj in manifest_objects(manifest)] == ["A", "B", "C", "Playlist"]
    assert manifest_objects("") == []


# size ------------------------------------------------------------------------------------------------------------
def test_the_size_is_about_that_of_a_real_record(records: list[dict[str, Any]]) -> None:
    found = releases(records)[1]
    real = len(base64.b64decode(found.payload))
    estimate = record_size(chart({"templates/web.yaml": SERVICE}, META), found.values, str(found.body["manifest"]))
    assert real * 0.5 < estimate < real * 1.5


def test_what_the_api_server_refused_as_too_long_is_known_before() -> None:
    """The chart of the recorded refusal: 1 200 000 random bytes as hexadecimal text."""
    large = chart({"big.txt": os.urandom(1200000).hex(), "templates/web.yaml": SERVICE}, META)
    assert record_size(large, {}, "") > MAX_RECORD


def test_what_the_api_server_takes_is_not_refused() -> None:
    """Tried with helm 3 and 4: 700 000 random bytes make a record of 937 924 bytes."""
    size = record_size(chart({"noise.bin": os.urandom(700000)}), {}, "")
    assert 900_000 < size < MAX_RECORD
