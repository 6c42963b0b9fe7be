# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxies a member runs, by its spec."""

from __future__ import annotations

from ..facts import routing as facts
from ..facts.routing import PROXIES, Proxy
from .model import Member, Role


def modules_of(member: Member) -> tuple[str, ...] | None:
    """The modules that a spec lists; None where it lists none, which stands for all."""
    named = member.spec.get("modules")
    return tuple(str(name) for name in named) if isinstance(named, list) else None


def is_serving(member: Member) -> bool:
    """Whether a member is a cluster of FATE-Serving, whose proxies are a network of their own."""
    chart = member.chart or str(member.spec.get("chartName") or "")
    if chart:
        return chart == facts.SERVING_CHART
    return facts.SERVING_MODULE in (modules_of(member) or ())


def engine_of(member: Member) -> str:
    """The word for what carries data between parties."""
    return str(member.spec.get("federation") or facts.ENGINE)


def mode_of(member: Member) -> str:
    """What has to be the same on both sides of a job, in words."""
    if is_serving(member):
        return "FATE-Serving"
    engine = engine_of(member)
    modules = modules_of(member) or ()
    if engine == facts.OLD_ENGINE[0] and facts.OLD_ENGINE[1] in modules:
        return "rollsite (FATE 1.x)"
    if engine in (facts.ENGINE, facts.OLD_ENGINE[0]):
        computing = str(member.spec.get("computing") or facts.STREAM)
        mode = member.says(facts.MODE_PATH) or ("stream" if computing == facts.STREAM else "queue")
        return f"{facts.ENGINE}, {mode} mode"
    return engine


def proxies_of(member: Member) -> tuple[Proxy, ...]:
    """The proxies by which a member talks to others, or relays what others say."""
    modules = modules_of(member)
    if member.role is Role.EXCHANGE:
        relaying = {proxy.relay for proxy in PROXIES.values() if proxy.relay}
        if modules is None:
            return (PROXIES["serving"],) if is_serving(member) else (PROXIES["osx"],)
        return tuple(proxy for proxy in PROXIES.values() if proxy.name in relaying and proxy.block in modules)
    if is_serving(member):
        return (PROXIES["serving"],)
    engine = engine_of(member)
    if engine == facts.OLD_ENGINE[0]:
        name = facts.OLD_ENGINE[1] if facts.OLD_ENGINE[1] in (modules or ()) else facts.DATA[facts.ENGINE]
        return (PROXIES[name],) if modules is None or name in modules else ()
    if engine not in facts.DATA:
        return ()
    names = dict.fromkeys([_control(member, modules), facts.DATA[engine]])
    if engine == facts.ENGINE and modules is not None and facts.DATA[engine] not in modules:
        names.pop(facts.DATA[engine])  # a server for messages may be elsewhere, OSX is always the party's own
    return tuple(PROXIES[name] for name in names if name)


def _control(member: Member, modules: tuple[str, ...] | None) -> str:
    """What carries FATE-Flow's own messages to other parties; empty where nothing does."""
    said = str(member.says(facts.CONTROL_PATH) or "")
    if said in PROXIES:
        return said
    spark = str(member.spec.get("computing") or "").startswith("Spark")
    queue = modules is None and engine_of(member) != facts.ENGINE
    order = facts.CONTROL_OF_SPARK if spark or queue else facts.CONTROL
    for name in order:
        if modules is None or name in modules or member.says(f"python.{name}.host"):
            return name
    return ""


def relays(exchange: Member, proxy: Proxy) -> bool:
    """Whether an exchange passes on what goes through that proxy of a party."""
    return bool(proxy.relay) and any(found.name == proxy.relay for found in proxies_of(exchange))


def speaks_tls(member: Member, proxy: Proxy) -> bool:
    return member.says(f"{proxy.block}.enableTLS") is True
