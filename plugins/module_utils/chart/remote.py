# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting charts that are not here: helm talks to repositories and registries, with settings of this call alone."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence

from ..errors import Kind, KubefateError
from ..helm.cli import INDEXES, Helm
from .download import download, status_error, unreachable, wants_login
from .index import Entry, choose, read_folder, read_index
from .package import Chart, read_chart
from .packing import write_whole
from .repository import NAME, Repository, check_files, shown, write_settings
from .versions import plain_version

_MISSING = (
    "not found",
    "no chart version found",
    "no chart name found",
    "manifest unknown",
    "could not locate a version",
)
_STATUS = re.compile(r"(?<![\w.:/-])(401|403)(?![\w./-])")
"""An HTTP status, and no part of a port, a digest or a version."""
_LOGIN = ("unauthorized", "authentication required", "basic auth", "credential")


class Remote:
    """One repository. open_helm: makes a helm whose ``home`` is the folder that it is given. folder: private, for
    settings and downloads."""

    def __init__(self, repository: Repository, open_helm: Callable[[str], Helm], folder: str):
        check_files(repository)
        self.repository, self.open_helm, self.folder = repository, open_helm, folder
        self._entries: list[Entry] | None = None
        self._helm: Helm | None = None

    @property
    def where(self) -> str:
        return shown(self.repository.url)

    def helm(self) -> Helm:
        """helm with the settings of this repository."""
        if self._helm is None:
            home = tempfile.mkdtemp(prefix="helm-", dir=self.folder)
            write_settings(home, {NAME: self.repository})
            self._helm = self.open_helm(home)
        return self._helm

    def entries(self) -> Sequence[Entry]:
        """Everything that the repository has. A registry has no list: it is asked for one chart at a time."""
        if self._entries is None:
            self._entries = self._list()
        return self._entries

    def _list(self) -> list[Entry]:
        if self.repository.is_oci:
            return []
        if not self.repository.is_web:
            if not os.path.isdir(self.repository.url):
                raise unreachable(self.where, "there is no such folder")
            return read_folder(self.repository.url)
        try:
            self.helm().update_repository(NAME)
        except KubefateError as error:
            raise explained(error, self.where, "") from None
        path = os.path.join(self.helm().home, INDEXES, f"{NAME}-index.yaml")
        with open(path, encoding="utf-8", errors="replace") as stream:
            return read_index(stream.read(), self.where)

    def find(self, name: str, wanted: str) -> Chart | None:
        """The chart of that name and version, or of the newest version in a range; None where there is none."""
        if self.repository.is_oci:
            return self.pull_reference(f"{self.repository.url.rstrip('/')}/{name}", wanted)
        entry = choose(self.entries(), name, wanted)
        return self.get(entry) if entry else None

    def get(self, entry: Entry) -> Chart:
        """The archive of an entry, its digest checked against the index."""
        if self.repository.is_web:
            target = tempfile.mkdtemp(prefix="pulled-", dir=self.folder)
            try:
                self.helm().pull(f"{NAME}/{entry.name}", entry.version, target, self.repository.options())
            except KubefateError as error:
                raise explained(error, self.where, f"{entry.name} {entry.version}") from None
            path = _only(target)
        else:
            path = os.path.join(self.repository.url, entry.url or f"{entry.name}-{entry.version}.tgz")
        chart = read_chart(path, "repository", where=f"{entry.name} {entry.version} of {self.where}", origin=self.where)
        if entry.digest and entry.digest not in chart.archives:
            raise KubefateError(
                f"{entry.name} {entry.version} of {self.where} is not what the repository's index says: its digest is "
                f"{chart.archives[0]}, not {entry.digest}.",
                Kind.CHART,
                "chart",
                "Somebody changed one of the two. Have the repository's index made anew, or get the chart elsewhere.",
            )
        return self._named(chart, entry.name)

    def pull_reference(self, reference: str, wanted: str) -> Chart | None:
        """A chart of a registry; None where there is none."""
        tried: KubefateError | None = None
        plain = plain_version(wanted)
        for version in dict.fromkeys((wanted, plain, f"v{plain}" if plain[:1].isdigit() else wanted)):
            target = tempfile.mkdtemp(prefix="pulled-", dir=self.folder)
            try:
                digest = self.helm().pull(reference, version, target, self.repository.options())
            except KubefateError as error:
                tried = explained(error, self.where, f"{reference} {wanted}".strip())
                if tried.kind is not Kind.CHART:
                    raise tried from None
                continue
            chart = read_chart(_only(target), "oci", where=reference, origin=shown(reference), also=digest)
            return self._named(chart, reference.rpartition("/")[2].partition("@")[0].partition(":")[0])
        return None

    def download(self, url: str) -> Chart:
        """The chart whose archive is at a URL."""
        path = os.path.join(tempfile.mkdtemp(prefix="pulled-", dir=self.folder), "chart.tgz")
        write_whole(path, lambda stream: download(self.repository.at(url), stream))
        return read_chart(path, "url", where=shown(url), origin=shown(url))

    def _named(self, chart: Chart, name: str) -> Chart:
        if chart.name != name:
            raise KubefateError(
                f"{self.where} has chart {chart.title} under the name {name}.", Kind.CHART, "chart", "Ask who keeps it."
            )
        return chart


def explained(error: KubefateError, where: str, what: str) -> KubefateError:
    """What helm says of a repository, with the next step. where: its address. what: that was asked of it."""
    if error.kind is Kind.TOOL:
        return error
    text = error.msg.partition(": ")[2] or error.msg
    low = text.lower()
    statuses = _STATUS.findall(low)
    if error.kind is Kind.TIMEOUT or any(word in low for word in ("x509", "certificate", "tls:", "gave http response")):
        return unreachable(where, text)
    if "401" in statuses or any(word in low for word in _LOGIN):
        return wants_login(where)
    if "403" in statuses or "denied" in low:
        return status_error(where, 403, "forbidden")
    if what and any(word in low for word in _MISSING):
        return KubefateError(f"{where} has no chart {what}: {text}", Kind.CHART, "chart", "Check name and version.")
    return unreachable(where, text)


def _only(folder: str) -> str:
    """The archive that helm wrote."""
    found = [name for name in os.listdir(folder) if name.endswith(".tgz")]
    if len(found) != 1:
        raise KubefateError(f"helm pull wrote {len(found)} archives.", Kind.HELM, "chart")
    return os.path.join(folder, found[0])
