# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's error texts, versions 3 and 4, as errors of this collection."""

from __future__ import annotations

import re

from ..errors import Kind, KubefateError
from .runner import Outcome

_NOISE = re.compile(r"^(?:Use --debug flag|level=|WARNING:|W\d{4} |I\d{4} |walk\.go|coalesce\.go|time=)")
_AT = re.compile(r"(?P<file>[^\s:()]+/templates/[^\s:()]+):(?P<line>\d+)(?::\d+)?")
_KINDS: tuple[tuple[str, Kind, str], ...] = (
    # first what quotes a person's words, which may hold anything
    ("execution error at", Kind.CHART, "The chart itself refuses this combination; change the spec."),
    ("parse error at", Kind.CHART, "Correct the template."),
    (
        "another operation (install/upgrade/rollback) is in progress",
        Kind.LOCKED,
        "Somebody else works on this release. Run again when they are done.",
    ),
    (
        "invalid ownership metadata",
        Kind.CONFLICT,
        "An object of that name belongs to another release or to nobody. Choose another namespace or name, or remove "
        "it.",
    ),
    (
        "cannot re-use a name that is still in use",
        Kind.CONFLICT,
        "A release of that name is there already. Choose another name.",
    ),
    ("conflict with", Kind.CONFLICT, "Somebody else changed these fields. Run with drift=repair to take them back."),
    ("don't meet the specifications of the schema", Kind.CHART, "Correct the values that the chart's schema refuses."),
    ("chart requires kubeversion", Kind.CHART, "Use a chart version that supports this Kubernetes version."),
    ("exceeded quota", Kind.REFUSED, "Raise the namespace's ResourceQuota, or lower the requests."),
    ("denied the request", Kind.REFUSED, "An admission policy refused an object; change the spec or the policy."),
    ("denied request", Kind.REFUSED, "An admission policy refused an object; change the spec or the policy."),
    (
        "violates podsecurity",
        Kind.REFUSED,
        "The namespace's pod security level refuses this; change the spec or the level.",
    ),
    (
        "too long: may not be more than",
        Kind.CHART,
        "Make the chart smaller: helm keeps all of its files in the record.",
    ),
    ("is invalid: ", Kind.REFUSED, "The API server does not accept this object; change the spec."),
    ("no matches for kind", Kind.CHART, "Install its CustomResourceDefinition first."),
    ("failed to create: namespaces", Kind.NOT_FOUND, "Make the namespace first."),
    ("is forbidden", Kind.FORBIDDEN, "Grant this right, or use credentials that have it."),
    ("template: ", Kind.CHART, "Correct the template, or the part of the spec that it reads."),
    ("/templates/", Kind.CHART, "Correct the template, or the part of the spec that it reads."),
    ("yaml parse error", Kind.CHART, "Correct the template: what it renders is not YAML."),
    ("missing in charts/ directory", Kind.CHART, "Run helm dependency build for this chart."),
    *(
        (mark, Kind.HELM, "A hook of the chart failed. Look at it and at its pods in the namespace, and run again.")
        for mark in ("hooks failed", "failed pre-install", "failed post-install")
    ),
    ("chart.yaml", Kind.CHART, "Give the path of a chart folder or of its .tgz archive."),
    ('path "', Kind.CHART, "Give the path of a chart folder or of its .tgz archive."),
    ("failed to parse", Kind.CHART, "Correct what the values are made from: they are not YAML."),
    ("release: not found", Kind.NOT_FOUND, "There is no such release or revision."),
    ("release has no ", Kind.NOT_FOUND, "There is no such release or revision."),
    (
        "provide credentials",
        Kind.UNAUTHORIZED,
        "Renew the token or certificate, or name another kubeconfig or context.",
    ),
    (
        "x509: ",
        Kind.CONNECTION,
        "Check ca_cert: the API server's certificate is not signed by a CA that is trusted here.",
    ),
    ("connection refused", Kind.CONNECTION, "Check that the API server is running and can be reached from here."),
    ("kubernetes cluster unreachable", Kind.CONNECTION, "Check the address, the network and the credentials."),
    ("i/o timeout", Kind.CONNECTION, "Check the network."),
)


def error_text(text: str) -> str:
    """The sentence that matters of what helm wrote to its standard error."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _NOISE.match(line.strip())]
    starts = [number for number, line in enumerate(lines) if line.startswith("Error:")]
    if starts:
        lines = lines[starts[-1] :]
        lines[0] = lines[0].removeprefix("Error:").strip()
    joined = " ".join(lines)
    for prefix in ("UPGRADE FAILED: ", "INSTALLATION FAILED: ", "ROLLBACK FAILED: "):
        joined = joined.removeprefix(prefix)
    return joined


def template_position(text: str) -> tuple[str, int] | None:
    """The innermost template file and line that an error names."""
    found = list(_AT.finditer(text))
    return (found[-1]["file"], int(found[-1]["line"])) if found else None


def failure(subcommand: str, outcome: Outcome, timeout: float) -> KubefateError:
    """The error for a helm that did not succeed."""
    if outcome.timed_out:
        return KubefateError(
            f"helm {subcommand} did not answer within {int(timeout)} s and was stopped.",
            Kind.TIMEOUT,
            hint="Check that the API server answers and that no hook of the chart hangs; raise wait_timeout.",
        )
    text = error_text(outcome.err) or outcome.out.strip()[:500] or f"exit code {outcome.rc}"
    for mark, kind, hint in _KINDS:
        if mark in text.lower():
            return KubefateError(f"helm {subcommand}: {text}", kind, hint=hint)
    return KubefateError(f"helm {subcommand}: {text}", Kind.HELM)
