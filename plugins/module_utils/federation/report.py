"""A federation's state in a few lines for a person. Pure: from results to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MARKS = {"ready": "ok", "suspended": "--"}
SHOWN_ROUTES = 12
"""Routes of one party that are listed one by one, in a report and in a brief result."""


def report(planned: Mapping[str, Any], clusters: Mapping[str, Any]) -> list[str]:
    """First whether pods are simulated, then a paragraph for each party, then how to look further.

    planned: result of ``fate_federation_info``. clusters: newer ``cluster`` values by inventory host.
    """
    parties: Mapping[str, Any] = planned["parties"]
    states = {host: clusters.get(host) or party.get("cluster") or {} for host, party in parties.items()}
    lines = [_simulation(states.values())]
    titles = {host: _title(host, str(party["party_id"])) for host, party in parties.items()}
    for host, party in parties.items():
        lines += _party(host, party, states[host], titles)
    for problem in planned.get("problems") or []:
        lines.append(f"PROBLEM {problem['text']} {problem['hint']}")
    return [*lines, *_further(parties)]


def _title(host: str, party_id: str) -> str:
    return host if not party_id or party_id in host else f"{host} (party {party_id})"


def _simulation(states: Iterable[Mapping[str, Any]]) -> str:
    known = [state.get("simulated") for state in states if state.get("simulated") is not None]
    if not known:
        return "No pods are there."
    if all(known):
        return "SIMULATED: these pods are played by the sandbox. Nothing listens, mounts or routes behind them."
    return "Some pods are SIMULATED." if any(known) else "Pods are real."


def _party(host: str, party: Mapping[str, Any], state: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    title = titles[host]
    if party["failed"]:
        return [f"{title}: FAILED: {party['msg']} {(party.get('failure') or {}).get('hint', '')}".rstrip()]
    if not party["managed"]:
        return [f"{title}: of another organisation{', FATE ' + party['version'] if party['version'] else ''}"]
    chart = state.get("chart") or {}
    what = f"{chart['name']} {chart['version']}, FATE {chart['app_version']}" if chart else "not deployed"
    lines = [
        f"{title}: {str(state.get('state', 'unknown')).upper()}, {what}, revision {state.get('revision', 0)}, "
        "namespace "
        f"{party['namespace']} at {party['kubernetes']}"
    ]
    modules = [_module(module) for module in state.get("modules") or []]
    if modules:
        lines.append("  modules: " + ", ".join(modules))
    lines.append("  routes: " + (_routes(party, titles) or "none"))
    urls = [entry["address"] for entry in state.get("endpoints") or [] if entry["scope"] != "cluster"]
    if urls:
        lines.append("  addresses: " + ", ".join(dict.fromkeys(urls)))
    drift = (party.get("plan") or {}).get("drift") or []
    if drift:
        lines.append("  drift: " + ", ".join(f"{change['kind']}/{change['name']}" for change in drift))
    return lines


def _routes(party: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """The hops of a party; of many only how many there are."""
    ways: Sequence[Mapping[str, Any]] = party["routes"]
    if len(ways) > SHOWN_ROUTES:
        return f"{len(ways)}, over {', '.join(dict.fromkeys(way['proxy'] for way in ways))}"
    if not ways and party["routes_total"]:
        return str(party["routes_total"])
    return ", ".join(_route(way, titles) for way in ways)


def _route(way: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    target = titles.get(way["to"], way["to"]) or f"party {', '.join(way['party_ids'])}"
    if way["default"]:
        target = f"everybody else through {target}" if way["to"] else "everybody else"
    elif way["to"] and len(way["party_ids"]) > 1:
        target = f"{len(way['party_ids'])} parties through {target}"
    marks = [mark for mark, there in _marks(way) if there]
    return f"to {target} by {way['address']}:{way['port']}" + (f" ({', '.join(marks)})" if marks else "")


def _marks(way: Mapping[str, Any]) -> Iterable[tuple[str, bool]]:
    yield way["proxy"], way["proxy"] != "osx"
    yield "TLS", way["tls"]
    yield "written by hand", way["how"] == "spec"
    yield "kept, its address is not known now", way["how"] == "held"


def _module(module: Mapping[str, Any]) -> str:
    mark = _MARKS.get(module["state"])
    if mark:
        return f"{module['module']} {mark} {module['ready']}/{module['wanted']}"
    return (
        f"{module['module']} {str(module['state']).upper()} {module['ready']}/{module['wanted']} ({module['message']})"
    )


def _further(parties: Mapping[str, Any]) -> list[str]:
    spaces = [party["namespace"] for party in parties.values() if party["namespace"]]
    if not spaces:
        return []
    return [f"Look further: kubectl --namespace {spaces[0]} get pods, or ansible-playbook federatedai.kubefate.status"]


def cluster_lines(clusters: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each cluster, of whatever federation."""
    found = []
    for cluster in clusters:
        chart = cluster["chart"]
        found.append(
            f"{cluster['namespace']}/{cluster['name']}: {str(cluster['state']).upper()}, {chart['name']} "
            f"{chart['version']}, FATE {chart['app_version']}, revision {cluster['revision']}, {cluster['reason']}"
        )
    return found or ["There is no cluster of FATE."]


def plan_lines(planned: Mapping[str, Any]) -> list[str]:
    """What is going to be changed, and where: the API servers first."""
    parties: Mapping[str, Any] = planned["parties"]
    lines = [f"Kubernetes: {server}" for server in planned["servers"]]
    same = 0
    for host, party in parties.items():
        name = f"{host} ({party['namespace']}, {party['connection']})"
        if not party["managed"]:
            lines.append(f"{host}: of another organisation")
            continue
        if party["failed"]:
            hint = (party.get("failure") or {}).get("hint", "")
            lines.append(f"{name}: cannot be planned: {party['msg']} {hint}".rstrip())
            continue
        if not party["changed"]:
            same += 1
            if len(parties) <= SHOWN_PARTIES:
                lines.append(f"{name}: nothing changes")
            continue
        lines.append(f"{name}: {_counted(party)}")
        lines += [f"  {text}" for text in _notable(party)]
    if len(parties) > SHOWN_PARTIES:
        lines.append(f"nothing changes for {same} of {len(parties)} parties")
    failing = set(planned["failing"])
    others = [problem for problem in planned["problems"] if not failing & set(problem["hosts"])]
    lines += [f"PROBLEM {problem['text']} {problem['hint']}" for problem in others]
    return lines


SHOWN_PARTIES = 20
"""Members of which those that stay as they are are listed one by one, too."""


def _counted(party: Mapping[str, Any]) -> str:
    plan = party["plan"]
    counts: dict[str, int] = {}
    for change in [*party["access"]["changes"], *plan["changes"]]:
        counts[change["action"]] = counts.get(change["action"], 0) + 1
    number = ", ".join(
        f"{count} to {action}" if action != "generated" else f"{count} generated" for action, count in counts.items()
    )
    return f"{plan['operation']}: {number or 'nothing'} ({plan['reason']})"


def _notable(party: Mapping[str, Any]) -> list[str]:
    """Everything but plain creations, of which there are many."""
    return [text for text in party["summary"] if not text.startswith(("create ", "generated "))]
