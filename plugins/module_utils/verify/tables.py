# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables: whether every ConfigMap says what the inventory does, and every pod sees what its ConfigMap says."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import KubefateError
from ..facts.routing import TABLE_FILES, Proxy
from ..federation.model import Endpoint, Hop, Member, Table
from ..federation.proxies import speaks_tls
from ..federation.reading import lines_of
from ..federation.tables import read_line, read_rest
from ..health.pods import is_ready, is_simulated
from ..kube.mounts import MountedFile, mounted_file
from ..objects import Object, Ref, name_of
from .model import Finding, Site, Verdict, World

LOOK_SECONDS = 3.0
MORE_SECONDS = 20.0
"""That a command in a pod may take besides."""
HINT = "Deploy again: deploy_fate, with fate_drift: repair if somebody changed the ConfigMap by hand."


def check_routes(world: World) -> Iterator[Finding]:
    """Each table as it is in its ConfigMap against the one that the inventory makes. This is so for simulated pods,
    too: ConfigMaps are real."""
    for site in world.managed():
        for table in site.tables.values():
            yield _table(site, table)


def _table(site: Site, table: Table) -> Finding:
    name = TABLE_FILES[table.proxy.name]
    if table_of(site, table.proxy) is None:
        return _without_table(site, table)
    wrong = list(differences(site.member, table, site.objects))
    if wrong:
        return Finding("routes", site.host, Verdict.FAIL, "; ".join(wrong), HINT, subject=table.proxy.name)
    if not table.resolved:
        text = "some addresses are not known yet, and what the table says about them is kept"
        return Finding("routes", site.host, Verdict.WARN, text, "Deploy again later.", subject=table.proxy.name)
    count = len(table.hops) + (table.rest is not None)
    text = f"{name} has the {count} route{'s' if count != 1 else ''} of the inventory, and no others"
    return Finding("routes", site.host, Verdict.PASS, text, subject=table.proxy.name)


def _without_table(site: Site, table: Table) -> Finding:
    """What it means that no ConfigMap has the table."""
    name, subject = TABLE_FILES[table.proxy.name], table.proxy.name
    if not table.hops and table.rest is None and table.resolved:
        return Finding("routes", site.host, Verdict.PASS, "there is nobody to route to", subject=subject)
    if table.hops and table.rest is None and all(hop.written is not None for hop in table.hops):
        text = f"no ConfigMap has a {name}: the chart keeps its routes elsewhere, and the inventory adds none"
        return Finding("routes", site.host, Verdict.WARN, text, "Look at them yourself.", subject=subject)
    text = f"no ConfigMap of {site.member.namespace} has a {name}"
    return Finding("routes", site.host, Verdict.FAIL, text, HINT, subject=subject)


def table_of(site: Site, proxy: Proxy) -> tuple[Object, str] | None:
    """The ConfigMap with a proxy's table, and the table's text."""
    name = TABLE_FILES[proxy.name]
    for obj in site.objects:
        text = (obj.get("data") or {}).get(name)
        if text:
            return obj, str(text)
    return None


def differences(member: Member, table: Table, objects: Any) -> Iterator[str]:
    """What a live table says otherwise, in words."""
    proxy = table.proxy
    lines, rest = lines_of(member, proxy, objects)
    wanted = {hop.party_id: hop for hop in table.hops}
    for party_id, hop in wanted.items():
        line = lines.get(party_id)
        if line is None:
            yield f"party {party_id} is missing"
        else:
            yield from _differs(f"party {party_id}", _wanted(member, proxy, hop), _live(member, proxy, line, hop))
    for party_id in sorted(set(lines) - set(wanted)):
        if party_id not in table.unresolved and not table.unresolved_strangers:
            yield f"party {party_id} is there and should not be"
    if table.rest is not None and rest is None:
        yield "the way to everybody else is missing"
    elif table.rest is None and rest is not None and not table.unresolved_rest:
        yield "there is a way to everybody else that should not be"
    elif table.rest is not None and rest is not None:
        live = read_rest(rest, proxy)
        yield from _differs("everybody else", table.rest.endpoint, live)


def _wanted(member: Member, proxy: Proxy, hop: Hop) -> Endpoint:
    at = hop.endpoint
    if isinstance(hop.written, Mapping) and proxy.shape == "party_list":
        return Endpoint(at.host, at.ports, at.how, _tls(member, proxy, hop.written))
    return at


def _live(member: Member, proxy: Proxy, line: Mapping[str, Any], hop: Hop) -> Endpoint:
    at = read_line(line, proxy)
    if proxy.shape == "party_list":
        return Endpoint(at.host, at.ports, at.how, _tls(member, proxy, line))
    return Endpoint(at.host, at.ports, at.how, hop.endpoint.tls)  # these tables do not say it


def _tls(member: Member, proxy: Proxy, line: Mapping[str, Any]) -> bool:
    said = line.get("useSSL")
    return said if isinstance(said, bool) else speaks_tls(member, proxy)


def _differs(who: str, wanted: Endpoint, live: Endpoint) -> Iterator[str]:
    if wanted.host != live.host:
        yield f"{who} is at {live.host or 'no address'}, and should be at {wanted.host}"
        return
    for name, number in live.ports.items():
        if name in wanted.ports and wanted.ports[name] != number:
            yield f"{who} is at {name} {number}, and should be at {wanted.ports[name]}"
    if wanted.tls != live.tls:
        how = ("without", "with") if wanted.tls else ("with", "without")
        yield f"{who} is called {how[0]} TLS, and should be {how[1]}"


# the mounted file --------------------------------------------------------------------------------------------------
def check_mounts(world: World) -> Iterator[Finding]:
    """Whether each pod that mounts a table sees what the ConfigMap says."""
    for site in world.managed():
        for table in site.tables.values():
            found = table_of(site, table.proxy)
            if found is not None:
                yield from _mounts(world, site, table.proxy, *found)


def _mounts(world: World, site: Site, proxy: Proxy, config: Object, text: str) -> Iterator[Finding]:
    name, key = name_of(config), TABLE_FILES[proxy.name]
    for pod in (pod for pods in site.pods.values() for pod in pods):
        place = mounted_file(pod, "ConfigMap", name, key)
        if place is not None:
            yield _mount(world, site, proxy, pod, place, text)


def _mount(world: World, site: Site, proxy: Proxy, pod: Object, place: MountedFile, text: str) -> Finding:
    def said(verdict: Verdict, what: str, hint: str = "") -> Finding:
        return Finding("mounted", site.host, verdict, what, hint, subject=f"{proxy.name} in {name_of(pod)}")

    if is_simulated(pod):
        return said(Verdict.SIMULATED, "nothing is mounted in a simulated pod")
    if not is_ready(pod) or site.api is None:
        return said(Verdict.FAIL, "the pod is not ready", "Look at it: status.")
    end = time.monotonic() + world.limits.mount
    ref = Ref("v1", "Pod", site.member.namespace, name_of(pod))
    while True:
        try:
            done = site.api.execute(ref, place.container, ("cat", place.path), "", world.limits.timeout + MORE_SECONDS)
        except KubefateError as error:
            return said(Verdict.WARN, f"{place.path} cannot be read: {error.msg.rstrip('.')}", error.hint)
        if done.code:
            what = (done.err or done.out).strip()[-200:]
            return said(Verdict.FAIL, f"{place.path} cannot be read: {what}", "Restart the module: restart_fate.")
        if done.out == text:
            return said(Verdict.PASS, f"{place.path} is what the ConfigMap says")
        if place.frozen:
            how = f"{place.path} is not what the ConfigMap says, and never will: it is mounted alone (subPath)"
            return said(Verdict.FAIL, how, "Restart the module: restart_fate.")
        if time.monotonic() >= end:
            how = f"{place.path} is not what the ConfigMap says after {world.limits.mount:g} s"
            return said(Verdict.FAIL, how, "Look at the pod's node: its kubelet brings changes within a minute or so.")
        time.sleep(LOOK_SECONDS)
