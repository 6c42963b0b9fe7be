# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the FATE-Flow of a release for its jobs, with the caller's own rights: through the API server's proxy, and
where that does not get through, in FATE-Flow's pod."""

from __future__ import annotations

from collections.abc import Iterable

from ..facts.flow import JOBS
from ..kube.client import Api, ApiError
from ..objects import Object
from .finding import flow_service, flow_workload, ready_pod, without_asking
from .inside import ask_inside
from .model import Known, Unknown, Verdict
from .parsing import SHOWN, verdict_of


def ask(api: Api, manifest: Iterable[Object], namespace: str) -> Verdict:
    """The jobs that have not ended. manifest: of the release. Raises nothing: what fails is unknown."""
    objects = list(manifest)
    workload = flow_workload(objects)
    if workload is None:
        return Known()
    try:
        live = api.find(api.ref(workload, namespace))
        pods = list(api.list_objects("v1", "Pod", namespace)) if live else []
        known = without_asking(live, pods)
    except ApiError as error:
        return Unknown(f"FATE-Flow's pods cannot be looked at: {error.msg}", error.hint, passing=error.status != 403)
    if known is not None:
        return known
    service = flow_service(objects, workload)
    if not service:
        return Unknown("No Service of the release leads to FATE-Flow's HTTP port.", "Add one.", passing=False)
    verdict = _through(api, namespace, service)
    pod = ready_pod(live, pods)
    if isinstance(verdict, Unknown) and verdict.closed and pod is not None:
        return ask_inside(api, pod, namespace) or verdict
    return verdict


def proxy_path(namespace: str, service: str) -> str:
    """Where the API server passes requests on to a Service. service: its name and port, ``name:port``."""
    return f"/api/v1/namespaces/{namespace}/services/{service}/proxy"


def _through(api: Api, namespace: str, service: str) -> Verdict:
    try:
        return verdict_of(api.request("GET", f"{proxy_path(namespace, service)}/{JOBS}", once=True))
    except ApiError as error:
        return _failed(error, namespace, service)


def _failed(error: ApiError, namespace: str, service: str) -> Unknown:
    said = error.server_message[:SHOWN].rstrip(".")
    match error.status:
        case 401 | 403 if error.body.get("kind") == "Status":
            return Unknown(
                f"There is no right to ask FATE-Flow for running jobs: {said}.",
                f"Grant the verb get on services/proxy, resource name {service}, in namespace {namespace}; the role "
                "federatedai.kubefate.rbac does.",
                passing=False,
            )
        case 404 if error.body.get("kind") == "Status":
            return Unknown(f"Service {service} in {namespace} is not there: {said}.", "Put it back.", passing=False)
        case 0:
            return Unknown(f"FATE-Flow was not asked for running jobs: {said}.", error.hint, closed=True)
        case 200:
            return Unknown(
                f"What answers at {service} in {namespace} is not FATE-Flow: it does not send JSON.", passing=False
            )
        case 500 | 502 | 503 | 504:
            return Unknown(
                f"FATE-Flow is ready, but does not answer at {service} in {namespace}: {said}.",
                "Look at its log, and whether a network policy keeps the API server out: networkPolicy.apiServer names "
                "the addresses that chart fate lets in. Whoever has the verbs get and create on pods/exec asks it in "
                "its pod then.",
                closed=True,
            )
        case _:
            return Unknown(
                f"FATE-Flow's answer at {service} in {namespace} is not understood (status {error.status}): {said}.",
                "FATE-Flow 2.x is asked; look at the jobs of another one yourself.",
                passing=False,
            )
