# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of a federation: which there are, and what an answer from their other end means. Pure but for ``look``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..errors import KubefateError
from ..facts.certificates import EXCHANGE_NAME
from ..facts.protocols import PYTHON_MODULE, SPOKEN, Spoken
from ..facts.routing import Proxy
from ..federation.model import Hop
from ..health.pods import is_ready, is_simulated
from .model import Finding, Limits, Site, Verdict, World
from .spots import Here, Spot, inside

PINGS = 2
"""Servers of gRPC end a connection on which more come than they permit, which is two at once."""


@dataclass(frozen=True, slots=True)
class Link:
    """One port of a next hop, as one party calls it. name: that the certificate there has to have. through: the next
    hop passes TLS on to whoever has that name, and shows no certificate of its own."""

    source: str
    target: str
    proxy: Proxy
    port: str
    address: str
    number: int
    tls: bool
    name: str
    spoken: Spoken
    through: bool = False

    @property
    def subject(self) -> str:
        return f"{self.proxy.name} {self.address}:{self.number}"


def links_of(world: World) -> list[Link]:
    """All links, each once, in both directions wherever both sides have a table."""
    found: dict[tuple[str, str, str, str, int, str], Link] = {}
    for site in world.managed():
        for table in site.tables.values():
            hops = [*table.hops, *([table.rest] if table.rest else [])]
            for hop in hops:
                for link in _links(world, site, table.proxy, hop):
                    key = (link.source, link.proxy.name, link.port, link.address, link.number, link.name)
                    found.setdefault(key, link)
    return list(found.values())


def _links(world: World, site: Site, proxy: Proxy, hop: Hop) -> Iterator[Link]:
    at = hop.endpoint
    target = world.sites.get(hop.target)
    through_names = hop.relayed and proxy.shape == "pulsar"
    for port, number in at.ports.items():
        spoken = SPOKEN["traffic_server", "port"] if through_names else SPOKEN.get((proxy.name, port))
        if spoken is None or (spoken.tls and not (at.tls or through_names)):
            continue
        tls = at.tls if spoken.tls is None else spoken.tls
        if tls is False and spoken.tls is False and at.tls:
            continue  # the plain port of a server that others reach with TLS
        yield Link(
            site.host,
            hop.target,
            proxy,
            port,
            at.host,
            number,
            tls,
            _name(site, target, hop, spoken, through_names),
            spoken,
            through_names,
        )


def _name(site: Site, target: Site | None, hop: Hop, spoken: Spoken, through_names: bool) -> str:
    if not spoken.by_name:
        return hop.endpoint.host
    if through_names and hop.party_id:
        return f"{hop.party_id}.{site.domain}"
    who = (target.member.party_id if target else hop.party_id) or EXCHANGE_NAME
    return f"{who}.{site.domain}"


# looking -----------------------------------------------------------------------------------------------------------
def request_of(link: Link, site: Site, limits: Limits) -> dict[str, Any]:
    """What ``probe`` is asked. Raises ``KubefateError`` where the party has nothing to show to a server with TLS."""
    asked: dict[str, Any] = {
        "address": link.address,
        "port": link.number,
        "protocol": link.spoken.protocol,
        "timeout": limits.timeout,
        "tls": None,
        "pings": PINGS,
        "body": limits.body if link.spoken.protocol in ("grpc", "http") else 0,
    }
    if link.tls:
        identity = site.identities.get(link.proxy.block)
        if identity is None:
            raise no_identity(link)
        asked["tls"] = {
            "authorities": "".join(found.pem for found in identity.trusted),
            "certificate": identity.certificate.pem,
            "key": identity.key,
            "name": link.name,
        }
    return asked


def no_identity(link: Link) -> KubefateError:
    from ..errors import bad_input

    return bad_input(
        f"{link.source} has no certificate of {link.proxy.block} to call with", "Issue one: certificates.", "verify"
    )


def look(link: Link, site: Site, asked: Mapping[str, Any]) -> tuple[dict[str, Any], Spot, str]:
    """The answer, where it was looked from, and why it was not from inside the party; empty where it was.

    From here first; where the address is not reached from here, from a pod of the party itself.
    """
    here = Here()
    pod = inside(site, PYTHON_MODULE)
    if pod is None:
        return here.look(asked), here, f"{site.host} has no pod with a Python to look from"
    answer: dict[str, Any] = {} if _is_inside(link) else here.look(asked)
    if answer and (answer.get("error") or {}).get("step") != "tcp":
        return answer, here, ""
    try:
        return pod.look(asked), pod, ""
    except KubefateError as error:
        return answer or here.look(asked), here, error.msg


def _is_inside(link: Link) -> bool:
    """Whether an address is a Service's name, which only pods of that Kubernetes know."""
    return link.address.endswith((".svc", ".svc.cluster.local")) or "." not in link.address


def check_links(world: World, pooled: Any) -> Iterable[Finding]:
    """TCP, TLS, protocol, round trip and size of bodies, for every link in each of its directions."""
    found = links_of(world)
    world.tell(f"looking at {len(found)} links")
    return list(pooled(lambda link: check_link(world, link), found))


def check_link(world: World, link: Link) -> Finding:
    site = world.sites[link.source]
    target = world.sites.get(link.target)
    early = _not_looked_at(link, target)
    if early is not None:
        return early
    try:
        asked = request_of(link, site, world.limits)
        answer, spot, why_not_inside = look(link, site, asked)
    except KubefateError as error:
        return finding(link, Verdict.FAIL, error.msg, error.hint)
    verdict, text, hint = judge(answer, link.spoken, world.limits)
    failed = (answer.get("error") or {}).get("step")
    if verdict is Verdict.FAIL and failed == "tcp" and why_not_inside:
        verdict = Verdict.WARN
        text = f"not reached from where this runs ({text}), and {why_not_inside}"
        hint = "Run verify where the address is reached, such as in the party's network (fate_delegate_to)."
    if verdict is Verdict.FAIL and not link.target:
        verdict, hint = Verdict.WARN, f"The spec has this route, to who is not in the inventory. {hint}"
    return finding(link, verdict, text, hint, spot.name, measured(answer))


def _not_looked_at(link: Link, target: Site | None) -> Finding | None:
    """What is said without looking: there is nothing real to look at."""
    if target is None or target.api is None:
        return None
    pods = target.pods.get(link.proxy.block) or target.pods.get(link.proxy.relay) or ()
    if pods and all(is_simulated(pod) for pod in pods):
        return finding(link, Verdict.SIMULATED, "nothing listens behind a simulated pod")
    if not any(is_ready(pod) for pod in pods):
        return finding(
            link, Verdict.FAIL, f"no pod of {link.proxy.block} of {link.target} is ready", "Look at: status."
        )
    return None


def finding(
    link: Link,
    verdict: Verdict,
    text: str,
    hint: str = "",
    seen_from: str = "",
    figures: Mapping[str, Any] | None = None,
) -> Finding:
    return Finding("link", link.source, verdict, text, hint, link.target, link.subject, seen_from, figures or {})


# judging -----------------------------------------------------------------------------------------------------------
_STEPS = {
    "tcp": "There is no way there: look at address and port (fate_advertise_host), and at firewalls between.",
    "tls": "Compare the authorities that both sides trust: certificates, and its report.",
    "protocol": "Something else listens there, or what lies between does not pass it on.",
    "body": "What lies between ended the connection: look at its limits.",
}


def judge(answer: Mapping[str, Any], spoken: Spoken, limits: Limits) -> tuple[Verdict, str, str]:
    """Verdict, sentence and hint."""
    error = answer.get("error")
    if error:
        return Verdict.FAIL, f"{error['step'].upper()}: {error['text']}", _STEPS[error["step"]]
    body = answer.get("body") or {}
    if body.get("refused"):
        text = f"bodies of {body['bytes']} bytes are refused (status {body['status']})"
        return Verdict.FAIL, text, "Raise the limit of what lies between, such as client_max_body_size of an Ingress."
    if spoken.protocol == "grpc" and answer.get("spoken") != "grpc" and not spoken.any_answer:
        status = answer.get("status") or "nothing"
        text = f"what answers speaks HTTP/2 and is no gRPC server: it answered {status}"
        return Verdict.FAIL, text, "An Ingress in between has to pass gRPC on to the right Service."
    trip = _trip(answer)
    if limits.rtt_fail and trip is not None and trip > limits.rtt_fail:
        return Verdict.FAIL, f"a round trip takes {trip:.1f} ms", f"At most {limits.rtt_fail:g} ms are allowed."
    if limits.rtt_warn and trip is not None and trip > limits.rtt_warn:
        return Verdict.WARN, f"a round trip takes {trip:.1f} ms", f"More than {limits.rtt_warn:g} ms slow training."
    return Verdict.PASS, _good(answer, trip), ""


def _good(answer: Mapping[str, Any], trip: float | None) -> str:
    parts = ["TCP"]
    if "tls" in answer:
        parts.append(str(answer["tls"]["version"]))
    names = {"grpc": "gRPC", "h2": "HTTP/2", "http": "HTTP", "amqp": "AMQP"}
    parts += [names[answer["spoken"]]] if answer.get("spoken") in names else []
    if trip is not None:
        parts.append(f"{trip:.1f} ms")
    if answer.get("body"):
        parts.append(f"{answer['body']['bytes']} bytes")
    return ", ".join(parts)


def _trip(answer: Mapping[str, Any]) -> float | None:
    """Milliseconds of a round trip: what the protocol measured, else the time of a TCP connection."""
    times = answer.get("rtt") or [answer["tcp"]["seconds"]] if "tcp" in answer else []
    return 1000 * median(times) if times else None


def measured(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of an answer, rounded."""
    found: dict[str, Any] = {}
    if "tcp" in answer:
        found["tcp_ms"] = round(1000 * answer["tcp"]["seconds"], 1)
    if "tls" in answer:
        found |= {"tls_ms": round(1000 * answer["tls"]["seconds"], 1), "tls_version": answer["tls"]["version"]}
        found["certificate"] = answer["tls"]["fingerprint"]
    if answer.get("rtt"):
        found["rtt_ms"] = round(1000 * median(answer["rtt"]), 1)
    if answer.get("body"):
        found["body_bytes"] = answer["body"]["bytes"]
    return found
