# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is found, as one table: worst first within each party, what is the same for all once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .capacity import check_capacity
from .model import Check, Finding, PartyFacts, ServerFacts, Status, failed, passed, warned
from .network import check_ingress, check_node_ports
from .nodes import check_architecture, check_gpu
from .podsecurity import check_pod_security
from .quotas import check_quota
from .storage import check_storage
from .versions import check_apis, check_server

ORDER = list(Check)
_RIGHTS = 4


def examine(server: ServerFacts, parties: Sequence[PartyFacts]) -> dict[str, list[Finding]]:
    """Findings by host for the parties on one Kubernetes."""
    common = list(check_server(server))
    room = check_capacity(server, parties)
    return {party.host: _ordered([*common, *_examine(server, party), *room[party.host]]) for party in parties}


def _examine(server: ServerFacts, party: PartyFacts) -> Iterable[Finding]:
    yield from check_apis(server, party)
    yield from check_rights(party)
    for check in (check_storage, check_ingress, check_node_ports, check_architecture, check_gpu):
        yield from check(server, party)
    yield from check_pod_security(party)
    yield from check_quota(party)


def check_rights(party: PartyFacts) -> Iterable[Finding]:
    """Rights that are missing. What cannot be granted by whoever runs this has to be granted by an administrator."""
    for text, why in party.missing[:_RIGHTS]:
        yield failed(
            Check.RIGHTS,
            f"no right to {text} ({why})",
            "Grant it: the role federatedai.kubefate.rbac makes an account with exactly the rights that are needed.",
        )
    if len(party.missing) > _RIGHTS:
        rest = [text for text, _why in party.missing[_RIGHTS:]]
        yield failed(Check.RIGHTS, f"{len(rest)} more rights are missing: {'; '.join(rest)}", "Grant them as well.")
    if party.ungranted:
        named = "; ".join(text for text, _why in party.ungranted[:_RIGHTS])
        more = len(party.ungranted) - _RIGHTS
        yield warned(
            Check.RIGHTS,
            f"the deployer's rights cannot be granted without: {named}" + (f"; and {more} more" if more > 0 else ""),
            "Deploying writes them to a file for an administrator to apply, and goes on once that is done.",
        )
    if not party.missing and not party.ungranted:
        yield passed(Check.RIGHTS, "all that deploying needs")
    for text in party.constraints:
        yield passed(Check.RIGHTS, text)


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    severity = [Status.FAIL, Status.WARN, Status.PASS]
    return sorted(findings, key=lambda finding: (severity.index(finding.status), ORDER.index(finding.check)))


def milder(findings: Sequence[Finding], checks: Iterable[str]) -> list[Finding]:
    """The same, with what some checks found wrong as warnings."""
    spared = set(checks)
    return [
        Finding(finding.check, Status.WARN, finding.text, finding.hint, finding.about)
        if finding.status is Status.FAIL and str(finding.check) in spared
        else finding
        for finding in findings
    ]


def rows(findings: Mapping[str, Sequence[Finding]], places: Mapping[str, str]) -> list[dict[str, str]]:
    """The table as data. places: host to API server."""
    return [
        {
            "host": host,
            "kubernetes": places.get(host, ""),
            "check": str(finding.check),
            "status": str(finding.status),
            "about": finding.about,
            "text": finding.text,
            "hint": finding.hint,
        }
        for host, found in findings.items()
        for finding in found
    ]


def counts(table: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """How many of each."""
    statuses = [row["status"] for row in table]
    return {status.lower(): statuses.count(status) for status in map(str, Status)}
