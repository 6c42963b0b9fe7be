# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revisions are ours: a rollback signs its own, and a release that is gone is known from its jobs."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.gather import (
    Prepared,
    complete,
    find_release,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.jobs import roll_back
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.listing import Objects
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.recovery import recover
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.book import JobBook
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.record import Job, JobStatus, Method, now
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import PROOF_LABEL
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm, Run
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, Sent, refusal


def record(revision: int, status: str = "superseded", label: str = "") -> dict[str, Any]:
    labels = {"owner": "helm", "name": "fate", "version": str(revision), "status": status}
    if label:
        labels[PROOF_LABEL] = label
    body = {"info": {"status": status, "last_deployed": now()}, "manifest": ""}
    payload = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode()))).decode()
    metadata = {"name": f"sh.helm.release.v1.fate.v{revision}", "namespace": "ns", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": payload}}


def label_of(api: MemoryApi, revision: int) -> str | None:
    found = api.objects[Ref("v1", "Secret", "ns", f"sh.helm.release.v1.fate.v{revision}")]
    return (found["metadata"]["labels"] or {}).get(PROOF_LABEL)  # type: ignore[no-any-return]


def rolling(api: MemoryApi, status: str = "deployed", rc: int = 0) -> Context:
    """A helm that rolls back as helm does: labels of the revision that it goes back to are carried over."""

    def helm(run: Run) -> Outcome:
        if "rollback" in run.argv:
            api.put(record(3, status, label_of(api, 1) or ""))
        return Outcome(rc, "", "Error: it failed" if rc else "")

    return Context(api, Helm(FakeRunner([helm]), "helm"), Options())


@pytest.mark.parametrize(
    ("label", "signed"),
    [("r1-digest", "r3-digest"), ("", "r3-unproven"), ("r0-digest", "r3-unproven")],
    ids=["of a revision that is proven", "of one that helm made", "of one that carries a label of another"],
)
def test_a_rollback_makes_a_revision_that_is_known_as_ours(label: str, signed: str) -> None:
    api = MemoryApi(record(1, label=label), record(2, "deployed", "r2-other"))
    roll_back(rolling(api), "fate", "ns", 1)
    assert label_of(api, 3) == signed
    assert label_of(api, 1) == (label or None), "the revision that it went back to is as it was"


def test_a_rollback_that_was_interrupted_is_ours_to_go_on_from() -> None:
    api = MemoryApi(record(1, label="r1-digest"), record(2, "deployed", "r2-other"))
    with pytest.raises(KubefateError):
        roll_back(rolling(api, "pending-rollback", rc=1), "fate", "ns", 1)
    left = find_release(api, "fate", "ns").current
    assert left is not None
    assert str(left.status) == "pending-rollback"
    told: list[str] = []
    recover(api, Helm(FakeRunner(), "helm"), left, Options(), told.append)
    assert "was left pending-rollback" in told[0]


def test_one_that_somebody_else_left_is_not() -> None:
    api = MemoryApi(record(2, "pending-rollback", "r1-digest"))
    left = find_release(api, "fate", "ns").current
    assert left is not None
    with pytest.raises(KubefateError) as caught:
        recover(api, Helm(FakeRunner(), "helm"), left, Options(), lambda text: None)
    assert caught.value.kind is Kind.LOCKED


# a release that is gone ---------------------------------------------------------------------------------------------
def known_of(api: MemoryApi, *, namespace_exists: bool = True) -> str:
    prepared = Prepared("fate", "ns", (), find_release(api, "fate", "ns"), {}, {}, None, False, namespace_exists, ())
    return complete(api, prepared, Objects(api, ["ns"]), Options(store_namespace="store")).past


def with_jobs(*methods: tuple[Method, str]) -> MemoryApi:
    api = MemoryApi()
    for number, (method, uid) in enumerate(methods):
        start = f"2026-01-01T00:00:0{number}Z"
        done = Job("fate", "ns", method, status=JobStatus.SUCCESS, revision=number + 1, release_uid=uid, start=start)
        JobBook(api, "store").open(done)
    api.sent.clear()
    return api


def test_a_release_that_its_jobs_know_and_that_is_gone_was_uninstalled_by_somebody_else() -> None:
    said = known_of(with_jobs((Method.INSTALL, "u1"), (Method.UPDATE, "u2")))
    assert said == "revision 2 of 2026-01-01T00:00:01Z is gone: it was uninstalled without this collection"


@pytest.mark.parametrize(
    "methods",
    [(), ((Method.INSTALL, "u1"), (Method.DELETE, "")), ((Method.INSTALL, ""),)],
    ids=["never there", "removed by us", "never installed"],
)
def test_otherwise_nothing_is_said(methods: tuple[tuple[Method, str], ...]) -> None:
    assert known_of(with_jobs(*methods)) == ""


def test_job_records_are_asked_for_only_where_a_release_is_missing() -> None:
    there, nowhere = with_jobs((Method.INSTALL, "u1")), with_jobs((Method.INSTALL, "u1"))
    there.put(record(1, "deployed"))
    known_of(there)
    known_of(nowhere, namespace_exists=False)
    assert [sent.path for api in (there, nowhere) for sent in api.sent if "configmaps" in sent.path] == []


def test_records_that_may_not_be_read_are_done_without() -> None:
    api = with_jobs((Method.INSTALL, "u1"))

    def hidden(sent: Sent) -> Any:
        return refusal(403) if "configmaps" in sent.path else None

    api.fault = hidden
    assert known_of(api) == ""
