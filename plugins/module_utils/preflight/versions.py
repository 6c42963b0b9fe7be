# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions: of Kubernetes, of its APIs, of helm; and the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..facts.kubernetes import OLDEST, REMOVED
from ..objects import Object, name_of
from .model import Check, Finding, PartyFacts, ServerFacts, failed, hidden, passed, warned

LATE = 5.0
"""Seconds by which clocks may differ without anybody noticing."""
TOO_LATE = 60.0
"""Seconds from which on certificates and tokens are not valid yet, and Leases look abandoned."""


def check_server(facts: ServerFacts) -> Iterator[Finding]:
    """What is the same for all parties on one Kubernetes."""
    if facts.helm:
        yield passed(Check.HELM, f"helm {facts.helm}")
    yield _version(facts)
    yield _clock(facts)


def _version(facts: ServerFacts) -> Finding:
    match = re.match(r"v?(\d+)\.(\d+)", facts.version)
    if not match:
        return hidden(
            Check.KUBERNETES, "the version of the Kubernetes", "get /version", "It is unknown what it can do."
        )
    if (int(match[1]), int(match[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return failed(Check.KUBERNETES, f"Kubernetes {facts.version} is too old.", f"Use Kubernetes {wanted} or newer.")
    return passed(Check.KUBERNETES, f"Kubernetes {facts.version}" + (", OpenShift" if facts.openshift else ""))


def _clock(facts: ServerFacts) -> Finding:
    if facts.skew is None:
        return warned(
            Check.CLOCK, "not visible: the API server does not say what time it is", "Compare the clocks yourself."
        )
    text = f"the API server's clock is {abs(facts.skew):.0f} s {'ahead' if facts.skew > 0 else 'behind'}"
    hint = "Let both machines take their time from the network (NTP)."
    if abs(facts.skew) >= TOO_LATE:
        return failed(Check.CLOCK, f"{text}: certificates and tokens count as not valid yet, or no longer.", hint)
    if abs(facts.skew) >= LATE:
        return warned(Check.CLOCK, text, hint)
    return passed(Check.CLOCK, f"clocks differ by less than {LATE:.0f} s")


def check_apis(facts: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    """API versions that this Kubernetes has no longer, or not yet."""
    if facts.served is None:
        yield hidden(
            Check.APIS, "the API versions that there are", "get /apis", "It is unknown whether the chart fits them."
        )
        return
    unknown = list(_unknown(party.objects, facts.served))
    stale = [text for text in _unknown(party.recorded, facts.served) if text not in unknown]
    for text, api_version, kind in unknown:
        yield failed(Check.APIS, f"there is no {api_version} for {text}", _remedy(api_version, kind), text)
    for text, api_version, _kind in stale:
        yield failed(
            Check.APIS,
            f"the release that is deployed has {text} in {api_version}, which is gone: helm cannot update it",
            "Rewrite the release record with the helm plugin mapkubeapis, then run again.",
            text,
        )
    if not unknown and not stale:
        versions = {str(obj.get("apiVersion")) for obj in party.objects}
        yield passed(Check.APIS, f"all {len(versions)} API versions of the chart are there")


def _unknown(objects: Iterable[Object], served: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    for obj in objects:
        api_version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        if api_version not in served:
            yield f"{kind}/{name_of(obj)}", api_version, kind


def _remedy(api_version: str, kind: str) -> str:
    removed = REMOVED.get((api_version, kind))
    if removed:
        return f"It was removed in Kubernetes {removed[0]}. Use a chart that has {removed[1]}."
    return "Install what brings it (a CustomResourceDefinition), or leave out what needs it."
