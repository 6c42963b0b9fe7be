# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking over a release that KubeFATE or helm made: the spec that reproduces it, and whether it does, by a plan.

Nothing is changed in Kubernetes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..access.grants import grant_changes
from ..access.parts import parts_in, parts_of
from ..access.users import deployer_grant
from ..adopt.candidates import candidates
from ..adopt.inversion import Inversion, Leftover, invert
from ..adopt.learning import Knowledge, Spec, survey
from ..adopt.paths import MISSING, shown
from ..adopt.secrets import is_hidden, split
from ..chart.lookup import stored_charts
from ..chart.package import BUNDLED, Chart, read_chart
from ..chart.recorded import is_recorded, recorded_chart
from ..chart.secrets import required_values, secret_paths
from ..chart.store import ChartStore
from ..data import REDACTED, plain, put, redact
from ..errors import Kind, KubefateError
from ..kube.client import ApiError
from ..objects import Ref
from ..plan.show import as_result, sentences
from ..release import Release
from ..spec.loading import Spec as Loaded
from ..spec.schema import check
from ..values import TEMPLATE, Values, render
from .context import Context
from .gather import find_release
from .planning import Planned, plan_cluster
from .recognise import cluster_kind, party_id, refuse_foreign
from .shape import Result
from .target import EXAMPLE, SPEC_SCHEMA, target

DEPLOYER = "fate-deployer"
"""The service account that the playbooks deploy as, unless another is named."""


@dataclass(frozen=True, slots=True)
class _Reproduction:
    """A spec, what it leaves over, and the plan that it makes; error where it makes none."""

    spec: Mapping[str, Any]
    leftover: Sequence[Leftover] = ()
    hidden: frozenset[str] = frozenset()
    planned: Planned | None = None
    error: str = ""


class Adopter:
    """Reconstructs the specs of releases.

    bundled: chart name to folder. folder: temporary. charts_to: where charts go that are nowhere but in their release;
    empty: they are not kept. secrets: return secrets, too.
    """

    def __init__(
        self,
        context: Context,
        bundled: Mapping[str, str],
        store: ChartStore,
        folder: str,
        *,
        charts_to: str = "",
        secrets: bool = False,
    ):
        self.context, self.bundled, self.store, self.folder = context, bundled, store, folder
        self.charts_to, self.secrets = charts_to, secrets
        self._known: dict[str, Knowledge] = {}

    def adopt(self, name: str, namespace: str) -> Result:
        """The ``adoption`` of one release. Raises ``KubefateError`` for one that is not there or is not one of FATE."""
        current = find_release(self.context.api, name, namespace).current
        if current is None:
            raise KubefateError(f"There is no release {name} in namespace {namespace}.", Kind.NOT_FOUND, "plan")
        refuse_foreign(current)
        self.context.progress(f"reading {namespace}/{name}")
        try:
            chart = self._chart(current)
            kept = self._keep(chart)
            found = self._reproduce(current, chart)
        except KubefateError as error:
            meta = current.chart_meta
            chart_result = {
                "name": str(meta.get("name")),
                "version": str(meta.get("version")),
                "source": "",
                "path": "",
            }
            return self._result(current, chart_result, _Reproduction({}, error=f"{error.msg} {error.hint}".strip()))
        summary = {"name": chart.name, "version": chart.version, "source": chart.source, "path": kept}
        return self._result(current, summary, found)

    # the chart -----------------------------------------------------------------------------------------------------
    def _chart(self, release: Release) -> Chart:
        """The chart that a release was made from: bundled or stored, else as the release has it."""
        record = release.chart_record
        name, version = release.chart_meta.get("name"), release.chart_meta.get("version")
        path = self.bundled.get(str(name))
        if path and os.path.isdir(path) and is_recorded(read_chart(path), record):
            return read_chart(path, BUNDLED)
        for entry in stored_charts(self.store):
            if (entry.name, entry.version) == (name, version):
                stored = self.store.read(entry, tempfile.mkdtemp(dir=self.folder))
                if is_recorded(stored, record):
                    return stored
        return recorded_chart(record, self.folder)

    def _keep(self, chart: Chart) -> str:
        """Write a chart that is nowhere else into ``charts_to``; its path."""
        if chart.source != "release" or not self.charts_to:
            return ""
        os.makedirs(self.charts_to, exist_ok=True)
        path = os.path.join(self.charts_to, os.path.basename(chart.path))
        shutil.copyfile(chart.path, path)
        return path

    # the spec ------------------------------------------------------------------------------------------------------
    def _reproduce(self, release: Release, chart: Chart) -> _Reproduction:
        if chart.text(TEMPLATE) is None:
            raise KubefateError(
                f"Chart {chart.title} has no {TEMPLATE}, so there is no spec that makes its values.",
                Kind.CHART,
                "chart",
                "Upload the chart with a values template, or go on with helm.",
            )
        fixed = {
            "name": release.name,
            "namespace": release.namespace,
            "chartName": chart.name,
            "chartVersion": chart.version,
        }
        found = self._invert(plain(release.values), fixed, chart)
        spec = self._with_required(found.spec, chart, release.namespace)
        try:
            wanted = target(release.name, release.namespace, chart, Loaded(plain(spec)))
            planned = plan_cluster(self.context, wanted)
        except KubefateError as error:
            return _Reproduction(spec, found.leftover, _hidden(chart, spec), error=f"{error.msg} {error.hint}".strip())
        return _Reproduction(spec, found.leftover, wanted.secret_paths, planned)

    def _invert(self, values: Mapping[str, Any], fixed: Spec, chart: Chart) -> Inversion:
        template = chart.text(TEMPLATE) or ""
        if chart.digest not in self._known:
            example = chart.document(EXAMPLE)
            found = candidates(template, chart.document(SPEC_SCHEMA), example)
            self._known[chart.digest] = survey(found, example)

        def made(specs: Mapping[str, Spec]) -> dict[str, Any]:
            if not specs:
                return {}
            rendered = render(self.context.helm, template, specs, chart.title)
            return {name: each.data for name, each in rendered.items() if isinstance(each, Values)}

        return invert(values, fixed, self._known[chart.digest], made)

    def _with_required(self, spec: Mapping[str, Any], chart: Chart, namespace: str) -> dict[str, Any]:
        """The spec with values that it must give for Secrets, from the Secrets that are there."""
        out: dict[str, Any] = plain(spec)
        for secret, key, path in required_values(chart, out):
            live = self.context.api.find(Ref("v1", "Secret", namespace, secret))
            text = _decoded(((live or {}).get("data") or {}).get(key))
            if text:
                put(out, path, text)
        return out

    # the result ----------------------------------------------------------------------------------------------------
    def _result(self, release: Release, chart: Mapping[str, str], found: _Reproduction) -> Result:
        plan = found.planned.plan if found.planned else None
        public, secret, paths = split(found.spec, found.hidden)
        reasons = [found.error] if found.error else []
        if plan is not None and plan.changed:
            reasons = [plan.reason, *sentences(replace(plan, drift=()))] if plan.reason else sentences(plan)
        out: Result = {
            "adopted": not reasons,
            "reasons": reasons,
            "kind": cluster_kind(release),
            "party_id": party_id(release),
            "chart": dict(chart),
            "spec": public,
            "secret_paths": paths,
            "leftover": [_leftover(entry) for entry in found.leftover],
            "plan": as_result(plan) if plan else {},
            "deployer": self._deployer(found.planned) if found.planned else "",
        }
        if self.secrets:
            out["secret_spec"] = secret
        return out

    def _deployer(self, planned: Planned) -> str:
        """The service account of the playbooks, where it is there with all its rights."""
        api = self.context.api
        gathered, store = planned.gathered, self.context.options.store_namespace
        try:
            parts = parts_of(api, gathered.wanted)
            hooks = parts_in(api, gathered.hooks)
            grant = deployer_grant(DEPLOYER, planned.target.namespace, store, parts, hooks)
            return "" if grant_changes(grant, api.find) else DEPLOYER
        except ApiError:
            return ""


def _hidden(chart: Chart, spec: Mapping[str, Any]) -> frozenset[str]:
    """Paths of secrets in a spec that does not fit its chart."""
    schema = chart.document(SPEC_SCHEMA)
    found = check(schema, Loaded(plain(spec))).secrets if schema is not None else set()
    return frozenset(found | secret_paths(chart))


def _leftover(entry: Leftover) -> dict[str, Any]:
    hidden = is_hidden(entry.place)
    shown_values = {
        key: None if value is MISSING else REDACTED if hidden else redact(value)
        for key, value in (("found", entry.found), ("made", entry.made))
    }
    return {"path": shown(entry.place), "reason": entry.reason, **shown_values}


def _decoded(data: Any) -> str:
    import base64  # imported late: few charts require a value

    return base64.b64decode(data).decode("utf-8", "replace") if data else ""
