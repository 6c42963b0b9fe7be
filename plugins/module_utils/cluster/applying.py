# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan, under the release's Lease, with a job record that says what happened."""

from __future__ import annotations

from collections.abc import Sequence

from ..access.namespaces import ensure_namespace
from ..chart.secrets import held
from ..errors import Kind, KubefateError
from ..job.record import Job, Method
from ..kube.client import Api, ApiError
from ..objects import Object, Ref
from ..plan.editing import edited
from ..plan.making import Gathered
from ..plan.model import Action, Change, FieldChange, Operation, Plan, Source
from ..plan.normalise import HELM_MANAGER
from ..plan.show import sentences
from ..release import CHART_LABEL, MAX_RECORD, PROOF_LABEL, STOPPED_LABEL, Release, Status, proof, record_size
from ..values import Values
from .context import Context
from .gather import find_release
from .hooks import HookWatch
from .planning import Planned
from .recovery import keep_volumes, mark, recover
from .running import Running
from .target import Target

HELM_SECONDS = 300.0


def check_size(target: Target, values: Values, manifest: Sequence[Object]) -> None:
    """Raise ``KubefateError`` for a release whose record would not fit into an object, before anything is changed."""
    size = record_size(target.chart, values.data, repr(list(manifest)))
    if size > MAX_RECORD:
        raise KubefateError(
            f"The release record of {target.name} would need about {size >> 10} KiB; an object in Kubernetes may have "
            f"{MAX_RECORD >> 10} KiB.",
            Kind.CHART,
            "plan",
            "Make the chart smaller: helm keeps all of its files in the record. Leave out what no template uses.",
        )


def job_of(planned: Planned) -> Job:
    """The record of what is about to be done."""
    target, current = planned.target, planned.found.current
    update = current is not None and planned.plan.operation is not Operation.INSTALL
    return Job(
        cluster=target.name,
        namespace=target.namespace,
        method=Method.UPDATE if update else Method.INSTALL,
        chart=f"{target.chart.name}-{target.chart.version}",
        chart_digest=target.chart.digest,
        previous_revision=current.revision if current else 0,
        changes=sentences(planned.plan),
    )


def apply(running: Running, planned: Planned) -> Release | None:
    """Carry out a plan, without waiting for readiness; the release as it is then. The caller holds the Lease."""
    context, target, plan, current = running.context, planned.target, planned.plan, planned.found.current
    if current is not None:
        recover(context.api, context.helm, current, context.options, running.tell)
        keep_volumes(context.api, current, plan)
    _make_secrets(running, planned.gathered, plan)
    if plan.operation in (Operation.INSTALL, Operation.UPGRADE) and planned.values is not None:
        _run_helm(running, planned, planned.values)
    _repair(running, planned, current is not None and current.server_side)
    if current is not None and current.stopped and plan.operation is Operation.REPAIR:
        mark(context.api, current, STOPPED_LABEL, None)
    return find_release(context.api, target.name, target.namespace).current


def next_revision(releases: Sequence[Release]) -> int:
    """The number that helm will give to the next revision. A removal that is finished first leaves none behind."""
    if releases and releases[0].status is Status.UNINSTALLING:
        return 1
    return max((release.revision for release in releases), default=0) + 1


def _make_secrets(running: Running, gathered: Gathered, plan: Plan) -> None:
    wanted = {change.ref.name for change in plan.changes if change.action is Action.GENERATE}
    for request, live in gathered.secrets:
        if request.name not in wanted or not request.made:
            continue
        secret = request.build(live, gathered.namespace, gathered.release)
        if live is None:
            running.context.api.create(secret)
        else:
            running.context.api.replace(secret)
        running.context.secrets.update(held(secret))
        running.tell(f"Secret {request.name} made")


def _run_helm(running: Running, planned: Planned, values: Values) -> None:
    context, target = running.context, planned.target
    revision = next_revision(planned.gathered.releases)
    running.job.revision = revision
    place = target.chart.origin or target.chart.source
    running.tell(f"helm: revision {revision} of {target.name} from {target.chart.title} ({place})")
    hooks = [obj for obj in planned.gathered.hooks if obj.get("kind") in ("Job", "Pod")]
    with HookWatch(running, hooks, target.namespace) as watch:
        context.helm.upgrade(
            target.name,
            target.chart.path,
            values.text,
            target.namespace,
            labels={
                PROOF_LABEL: proof(revision, target.fingerprint),
                CHART_LABEL: proof(revision, target.chart.digest),
            },
            timeout=min(HELM_SECONDS, context.options.wait_timeout),
            history=context.options.history,
            force_conflicts=context.options.drift == "repair" and bool(planned.gathered.conflicts),
            started=watch.started if hooks else None,
        )


def _repair(running: Running, planned: Planned, server_side: bool) -> None:
    """Put back what somebody changed or deleted and helm leaves alone."""
    for change in planned.plan.changes:
        if is_repair(change, planned.plan):
            _put_back(running.context.api, planned.gathered.wanted[change.ref], change, server_side)
            running.tell(f"drift repaired: {change.ref}")


def is_repair(change: Change, plan: Plan) -> bool:
    """True for a change that is drift which helm does not put back itself."""
    if change.action is Action.UPDATE:
        return bool(change.fields) and all(item.source is Source.DRIFT for item in change.fields)
    return change.action is Action.CREATE and plan.operation is Operation.REPAIR


def _put_back(api: Api, wanted: Object, change: Change, server_side: bool) -> None:
    """Set the fields that the plan shows, and no others, as helm would: so that helm owns them afterwards.

    A release that helm applied server-side is applied so here, which takes the fields from whoever owns them.
    """
    live = api.find(change.ref)
    if live is None:
        if server_side:
            api.apply(wanted, "", HELM_MANAGER, force=True, dry_run=False)
        else:
            api.create(wanted, manager=HELM_MANAGER)
        return
    if server_side and any(item.after is not None for item in change.fields):
        live = api.apply(wanted, "", HELM_MANAGER, force=True, dry_run=False)
    set_fields(api, live, change.fields)


def apply_fields(api: Api, change: Change) -> None:
    """Set fields that the release's manifest has, too, of an object that helm applies server-side: as a part of what
    helm applied, so that helm meets no conflict when it sets them again."""
    api.apply(edited(change.after or {}, change.fields), "", HELM_MANAGER, force=True, dry_run=False)


def set_fields(api: Api, live: Object, fields: Sequence[FieldChange]) -> None:
    """Set these fields of a live object, and no others, as helm: so that helm goes on owning them."""
    for _attempt in range(3):
        target = edited(live, fields)
        if target == live:
            return
        try:
            api.replace(target, manager=HELM_MANAGER)
        except ApiError as error:
            if error.status != 409:
                raise
            live = api.read(Ref.of(live))
        else:
            return


def prepare_namespace(context: Context, namespace: str) -> None:
    if ensure_namespace(context.api, namespace, context.options.create_namespace):
        context.progress(f"namespace {namespace} made")


def delete_all(api: Api, refs: Sequence[Ref]) -> None:
    api.parallel(api.delete, refs)
