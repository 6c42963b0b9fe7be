# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which chart a name and a version mean.

What is here goes first: a path that is given, the in-cluster store, the charts of the collection; then the repository.
A reference (a URL, ``oci://``) is what it says and is not looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Kind, KubefateError, bad_input
from ..facts.migration import OLD_TAG
from ..helm.cli import Helm
from ..kube.client import ApiError
from .package import BUNDLED, Chart, fate_versions, read_chart
from .remote import Remote
from .repository import OCI, Repository
from .store import ChartStore, Stored
from .versions import check_range, is_range, newest, plain_version, same_version, satisfies

_CONTENT = re.compile(r"[a-z2-7]{52}")
_ARCHIVE = re.compile(r"sha256:[0-9a-f]{64}")
_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. name: of a chart, or a reference. version: one, a range, or one of FATE. path: of a
    folder or archive. digest: that it must have, of its content or ``sha256:...`` of its archive."""

    name: str = ""
    version: str = ""
    path: str = ""
    digest: str = ""

    @property
    def is_reference(self) -> bool:
        return self.name.startswith((OCI, *_WEB))

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".strip()


def is_path(name: str) -> bool:
    """Whether what is given as a chart's name is the path of one, as kubernetes.core allows."""
    return name.startswith((".", "/", "~")) or (name.endswith(".tgz") and "://" not in name)


@dataclass(slots=True)
class ChartFinder:
    """bundled: chart name to folder. folder: temporary, for archives. repository: without a URL there is none, and its
    credentials are those of references. open_helm: makes a helm with settings in the folder that it is given."""

    bundled: Mapping[str, str]
    folder: str
    repository: Repository
    open_helm: Callable[[str], Helm]
    _remote: Remote | None = None

    @property
    def remote(self) -> Remote | None:
        if self._remote is None and self.repository.url:
            self._remote = Remote(self.repository, self.open_helm, self.folder)
        return self._remote

    def find(self, wanted: Wanted, store: ChartStore | None = None) -> Chart:
        """The chart to use. Raises ``KubefateError`` listing what there is, or naming digests that differ."""
        check_range(wanted.version)
        if wanted.digest and not (_CONTENT.fullmatch(wanted.digest) or _ARCHIVE.fullmatch(wanted.digest)):
            raise bad_input(
                f"{wanted.digest!r} is not the digest of a chart.",
                "Give the digest that fate_chart_info shows, or sha256: and the digest of the archive.",
                "chart",
            )
        chart = self._find(wanted, store)
        check_digest(chart, wanted.digest)
        return chart

    def _find(self, wanted: Wanted, store: ChartStore | None) -> Chart:
        if wanted.path:
            return read_chart(wanted.path)
        if not wanted.name:
            raise KubefateError(
                "No chart is named.", Kind.CHART, "chart", "Give chart, chart_path, or chartName in the spec."
            )
        if is_path(wanted.name):
            return read_chart(os.path.expanduser(wanted.name))
        if wanted.is_reference:
            return self._reference(wanted)
        stored = stored_charts(store)
        chart = self._local(wanted, store, stored)
        if chart is None and self.remote is not None:
            chart = self.remote.find(wanted.name, wanted.version)
        if chart is None:
            raise self._unknown(wanted, stored)
        return chart

    def _local(self, wanted: Wanted, store: ChartStore | None, stored: Sequence[Stored]) -> Chart | None:
        mine = {entry.version: entry for entry in stored if entry.name == wanted.name}
        exact = next((entry for entry in mine.values() if same_version(entry.version, wanted.version)), None)
        best = mine.get(newest(mine, wanted.version) or "") if is_range(wanted.version) else None
        chosen = exact or best
        bundled = None if chosen else self._bundled(wanted.name)
        if bundled and serves(bundled, wanted.version):
            return bundled
        if not wanted.version:
            chosen = mine.get(newest(mine, "") or "")
        return self.from_store(store, chosen) if store and chosen else None

    def from_store(self, store: ChartStore, entry: Stored) -> Chart:
        """A chart of the store, in a folder of its content's own: two Kubernetes may have two by one name."""
        folder = os.path.join(self.folder, entry.sha256[:16])
        os.makedirs(folder, exist_ok=True)
        return store.read(entry, folder)

    def _bundled(self, name: str) -> Chart | None:
        path = self.bundled.get(name)
        return read_chart(path, BUNDLED) if path and os.path.isdir(path) else None

    def _reference(self, wanted: Wanted) -> Chart:
        remote = Remote(self.repository.at(wanted.name), self.open_helm, self.folder)
        if not wanted.name.startswith(OCI):
            chart: Chart | None = remote.download(wanted.name)
        else:
            chart = remote.pull_reference(wanted.name, wanted.version)
        if chart is None:
            raise KubefateError(
                f"There is no chart {wanted.title}.", Kind.CHART, "chart", "Check the reference and the version."
            )
        if wanted.version and not serves(chart, wanted.version):
            raise KubefateError(
                f"{wanted.name} is chart {chart.title}, not version {wanted.version}.",
                Kind.CHART,
                "chart",
                "Correct the version or the address.",
            )
        return chart

    def _unknown(self, wanted: Wanted, stored: Sequence[Stored]) -> KubefateError:
        there = [f"{entry.name} {entry.version} (store)" for entry in stored]
        local = self._bundled(wanted.name)
        if local:
            serving = fate_versions(local)
            there.append(f"{local.title} (bundled{', for FATE ' + ', '.join(serving) if serving else ''})")
        there += [f"{other} (bundled)" for other in self.bundled if other != wanted.name]
        if self.remote is not None:
            there += self._there_remotely(self.remote, wanted.name)
        hint = (
            f"Charts that there are: {'; '.join(there) or 'none'}. Upload one with fate_chart, or give chart_path or "
            "chart_repo_url."
        )
        if local and re.match(OLD_TAG, wanted.version):
            hint += " The playbook migrate_spec makes a cluster.yaml for FATE 2 of one for FATE 1.x."
        return KubefateError(f"There is no chart {wanted.title}.", Kind.CHART, "chart", hint)

    @staticmethod
    def _there_remotely(remote: Remote, name: str) -> list[str]:
        found = [f"{entry.name} {entry.version} ({remote.where})" for entry in remote.entries() if entry.name == name]
        names = sorted({entry.name for entry in remote.entries()} - {name})
        return [*found[:10], *(f"{other} ({remote.where})" for other in names[:10])] or [f"none such in {remote.where}"]


def check_digest(chart: Chart, wanted: str) -> None:
    """Raise ``KubefateError`` (chart) for a chart that has not the digest that it must have. Empty: any will do."""
    if not wanted or wanted in (chart.digest, *chart.archives):
        return
    has = " or ".join([chart.digest, *chart.archives])
    also = "" if chart.archives or not wanted.startswith("sha256:") else " A folder has no digest of an archive."
    raise KubefateError(
        f"Chart {chart.title} ({chart.origin or chart.source}) is not the one that was asked for: its digest is {has}, "
        f"not {wanted}.{also}",
        Kind.CHART,
        "chart",
        "Somebody changed the chart, or the digest is that of another version. Nothing was changed.",
    )


def serves(chart: Chart, version: str) -> bool:
    """True if a chart is what ``version`` asks for: no version at all, its own, one of a range, or one of FATE that it
    deploys."""
    if not version or satisfies(chart.version, version):
        return True
    return plain_version(version) in fate_versions(chart)


def stored_charts(store: ChartStore | None) -> Sequence[Stored]:
    """The charts of the store; none where it cannot be read, since a bundled chart needs no such right."""
    if store is None:
        return []
    try:
        return store.charts()
    except ApiError as error:
        if error.status in (403, 404):
            return []
        raise
