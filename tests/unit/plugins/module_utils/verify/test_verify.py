# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.protocols import SPOKEN
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Endpoint, Hop
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify import probe
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.handshakes import (
    check_certificates,
    check_handshakes,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.links import (
    check_link,
    check_links,
    judge,
    links_of,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.model import Limits, Verdict
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.report import counts, lines
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.spots import Here
from ansible_collections.federatedai.kubefate.plugins.module_utils.verify.tables import check_mounts, check_routes
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import refusal
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import new_signer
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.verify.kit import (
    PodApi,
    config,
    hop,
    identity,
    one_by_one,
    pod,
    site,
    table,
    verdicts,
    world,
)

ROUTE = {"10000": {"default": [{"ip": "fate.insurer.example", "port": 9370}]}}
HOP = hop("osx", "10000", "fate.insurer.example", 9370)


def osx_table(*extra: Any, **changes: Any) -> dict[str, Any]:
    own = {"9999": {"fateflow": [{"ip": "fateflow", "port": 9360}]}}
    return {"route_table": {**own, **ROUTE, **changes}, "self_party": ["9999"]}


def routes(content: Any, *hops: Hop, **changes: Any) -> list[tuple[str, str]]:
    objects = [config("osx", content)] if content else []
    here = site("9999", tables={"osx": table("osx", *(hops or (HOP,)))}, objects=objects, **changes)
    return verdicts(check_routes(world(here)))


def test_a_table_that_says_what_the_inventory_does_passes_also_behind_simulated_pods() -> None:
    simulated = {"pods": {"osx": [pod("osx", simulated=True)]}}
    expected = [("PASS", "route_table.json has the 1 route of the inventory, and no others")]
    assert routes(osx_table(), **simulated) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no ConfigMap of bank has a route_table.json"),
        ({"route_table": {}}, "party 10000 is missing"),
        (osx_table(**{"10000": {"default": [{"ip": "evil.example", "port": 9370}]}}), "is at evil.example, and should"),
        (osx_table(**{"10000": {"default": [{"ip": "fate.insurer.example", "port": 1}]}}), "is at port 1, and should"),
        (
            osx_table(**{"10000": {"default": [{"ip": "fate.insurer.example", "port": 9370, "useSSL": True}]}}),
            "is called with TLS, and should be without",
        ),
        (osx_table(**{"7": {"default": [{"ip": "x", "port": 1}]}}), "party 7 is there and should not be"),
        (osx_table(default={"default": [{"ip": "x", "port": 1}]}), "a way to everybody else that should not be"),
    ],
    ids=["none", "missing", "address", "port", "tls", "extra", "default"],
)
def test_a_table_that_says_something_else_fails_with_what(content: Any, words: str) -> None:
    ((verdict, text),) = routes(content)
    assert verdict == "FAIL"
    assert words in text


def test_tls_in_a_table_is_what_the_party_itself_speaks_unless_it_says_otherwise() -> None:
    spec = {"partyId": "9999", "osx": {"enableTLS": True}}
    secure = hop("osx", "10000", "fate.insurer.example", 9370, tls=True)
    entry = {"ip": "fate.insurer.example", "port": 9370, "useSSL": True, "caFile": "ca.crt"}
    content = osx_table(**{"10000": {"default": [entry]}})
    assert routes(content, secure, spec=spec)[0][0] == "PASS"
    written = Hop("10000", "", Endpoint("fate.insurer.example", {"port": 9370}, "spec"), written={"partyId": "10000"})
    assert routes(content, written, spec=spec)[0][0] == "PASS", "what was written by hand means the same"
    plain = osx_table()
    assert "without TLS, and should be with" in routes(plain, secure, spec=spec)[0][1]


def test_a_chart_that_keeps_routes_elsewhere_is_a_warning_where_the_inventory_adds_none() -> None:
    written = Hop("10000", "", Endpoint("fate.insurer.example", {"port": 9370}, "spec"), written={"partyId": "10000"})
    assert routes(None, written)[0][0] == "WARN"
    assert routes(None, written, HOP)[0][0] == "FAIL"


def test_tables_of_other_proxies_are_compared_too() -> None:
    there = hop("nginx", "10000", "192.0.2.1", 9300, 9310)
    place = {"host": "192.0.2.1", "http_port": 9300, "grpc_port": 9310}
    here = site("9999", tables={"nginx": table("nginx", there)})
    here.objects = [config("nginx", {"10000": {"fateflow": [place], "proxy": [place]}, "9999": {"proxy": []}})]
    assert [str(finding.verdict) for finding in check_routes(world(here))] == ["PASS"]
    here.objects = [config("nginx", {"10000": {"fateflow": [{**place, "grpc_port": 1}]}})]
    assert "grpc_port 1, and should be at 9310" in verdicts(check_routes(world(here)))[0][1]
    queue = site("9999", tables={"rabbitmq": table("rabbitmq", hop("rabbitmq", "10000", "192.0.2.1", 30094))})
    queue.objects = [config("rabbitmq", "10000: {host: 192.0.2.1, port: 30094}\n9999: {host: rabbitmq, port: 5672}\n")]
    assert [str(finding.verdict) for finding in check_routes(world(queue))] == ["PASS"]


def test_a_route_that_waits_for_an_address_is_a_warning() -> None:
    waiting = table("osx", HOP)
    waiting.unresolved.add("8888")
    here = site("9999", tables={"osx": waiting}, objects=[config("osx", osx_table())])
    assert verdicts(check_routes(world(here)))[0][0] == "WARN"


# mounted files -----------------------------------------------------------------------------------------------------
def mounts(answer: Any = None, **changes: Any) -> list[tuple[str, str]]:
    shown = pod("osx", mounts="osx-route-table", **changes)
    objects = [config("osx", "the table")]
    here = site("9999", tables={"osx": table("osx")}, objects=objects, pods={"osx": [shown]}, api=PodApi(answer))
    return verdicts(check_mounts(world(here)))


def test_a_file_in_a_pod_is_compared_with_its_config_map() -> None:
    assert mounts(lambda argv: Ran(0, "the table", "")) == [
        ("PASS", "/etc/fate/route_table.json is what the ConfigMap says")
    ]
    ((verdict, text),) = mounts(lambda argv: Ran(0, "an old table", ""))
    assert verdict == "FAIL" and "is not what the ConfigMap says" in text
    ((verdict, text),) = mounts(lambda argv: Ran(1, "", "cat: no such file"))
    assert verdict == "FAIL" and "no such file" in text


def test_what_cannot_be_seen_of_a_file_is_no_pass() -> None:
    def forbidden(_argv: Any) -> Ran:
        raise refusal(403, "pods/exec is forbidden")

    assert mounts(forbidden)[0][0] == "WARN"
    assert mounts(ready=False)[0] == ("FAIL", "the pod is not ready")


def test_a_simulated_pod_mounts_nothing() -> None:
    def never(_argv: Any) -> Ran:
        raise AssertionError("it was looked into")

    assert mounts(never, simulated=True) == [("SIMULATED", "nothing is mounted in a simulated pod")]


# links -------------------------------------------------------------------------------------------------------------
def test_links_are_there_in_both_directions_each_once() -> None:
    one = site("9999", tables={"osx": table("osx", hop("osx", "10000", "192.0.2.2", 9370))})
    other = site("10000", tables={"osx": table("osx", hop("osx", "9999", "192.0.2.1", 9370))})
    found = [(link.source, link.target, link.address) for link in links_of(world(one, other))]
    assert found == [("party-9999", "party-10000", "192.0.2.2"), ("party-10000", "party-9999", "192.0.2.1")]


def test_an_exchange_is_one_link_however_many_parties_are_behind_it() -> None:
    hops = [hop("osx", str(number), "192.0.2.9", 9370, target="exchange") for number in range(5)]
    here = site("9999", tables={"osx": table("osx", *hops, rest=hop("osx", "", "192.0.2.9", 9370, target="exchange"))})
    assert len(links_of(world(here))) == 1


def test_names_and_ports_are_those_that_the_callers_use() -> None:
    tables = {
        "nginx": table("nginx", hop("nginx", "10000", "192.0.2.1", 9300, 9310, tls=True)),
        "pulsar": table("pulsar", hop("pulsar", "10000", "192.0.2.1", 6650, 6651, tls=True)),
        "rabbitmq": table("rabbitmq", hop("rabbitmq", "10000", "192.0.2.1", 5672)),
    }
    found = links_of(world(site("9999", tables=tables), site("10000")))
    assert [(link.number, link.tls, link.name, link.spoken.protocol) for link in found] == [
        (9300, True, "10000.fate.org", "http"),
        (9310, True, "10000.fate.org", "grpc"),
        (6651, True, "10000.fate.org", "tcp"),
        (5672, False, "10000.fate.org", "amqp"),
    ]


def test_a_broker_behind_an_exchange_is_asked_for_by_its_name() -> None:
    relayed = Hop("10000", "exchange", Endpoint("192.0.2.9", {"port": 443}, "given", True), relayed=True)
    (link,) = links_of(world(site("9999", tables={"pulsar": table("pulsar", relayed)})))
    assert (link.number, link.tls, link.name, link.through) == (443, True, "10000.fate.org", True)


def test_nothing_is_contacted_where_pods_are_simulated_or_missing() -> None:
    here = site("9999", tables={"osx": table("osx", hop("osx", "10000", "127.0.0.1", 1))})
    simulated = site("10000", pods={"osx": [pod("osx", simulated=True)]})
    assert verdicts(check_links(world(here, simulated), one_by_one)) == [
        ("SIMULATED", "nothing listens behind a simulated pod")
    ]
    gone = site("10000", pods={"osx": [pod("osx", ready=False)]})
    assert verdicts(check_links(world(here, gone), one_by_one))[0][0] == "FAIL"
    assert here.api is not None and not here.api.ran  # type: ignore[attr-defined]


def test_what_is_not_reached_from_here_is_no_failure_of_the_link() -> None:
    here = site("9999", tables={"osx": table("osx", hop("osx", "10000", "127.0.0.1", 1))})
    (link,) = links_of(world(here, site("10000")))
    found = check_link(world(here, site("10000")), link)
    assert found.verdict is Verdict.WARN
    assert "party-9999 has no pod with a Python to look from" in found.text


def test_a_broken_link_to_who_is_not_in_the_inventory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Here, "look", lambda _self, _asked: {**GOOD, "spoken": "h2", "status": 404})
    outside = Hop("7", "", Endpoint("192.0.2.7", {"port": 9370}, "spec"), written={"partyId": "7"})
    here = site("9999", tables={"osx": table("osx", outside, hop("osx", "10000", "192.0.2.1", 9370))})
    found = {one.target: one for one in check_links(world(here, site("10000")), one_by_one)}
    assert {target: str(one.verdict) for target, one in found.items()} == {"": "WARN", "party-10000": "FAIL"}
    assert "not in the inventory" in found[""].hint


GOOD = {"tcp": {"seconds": 0.001}, "spoken": "grpc", "rtt": [0.002, 0.001, 0.5]}


@pytest.mark.parametrize(
    ("answer", "limits", "verdict", "words"),
    [
        (GOOD, {}, "PASS", "TCP, gRPC, 2.0 ms"),
        (GOOD, {"rtt_warn": 1}, "WARN", "a round trip takes 2.0 ms"),
        (GOOD, {"rtt_fail": 1}, "FAIL", "a round trip takes 2.0 ms"),
        ({**GOOD, "spoken": "h2", "status": 404}, {}, "FAIL", "no gRPC server: it answered 404"),
        ({**GOOD, "body": {"bytes": 9, "status": 413, "refused": True}}, {}, "FAIL", "bodies of 9 bytes are refused"),
        ({"error": {"step": "tls", "text": "expired"}}, {}, "FAIL", "TLS: expired"),
    ],
)
def test_what_an_answer_means(answer: Any, limits: dict[str, float], verdict: str, words: str) -> None:
    found, text, hint = judge(answer, SPOKEN["osx", "port"], Limits(**limits))
    assert (str(found), bool(hint)) == (verdict, verdict != "PASS")
    assert words in text


# certificates ------------------------------------------------------------------------------------------------------
SIGNER = new_signer(now=now())
SECURE = {"osx": table("osx", hop("osx", "10000", "192.0.2.1", 9370, tls=True))}


def certificates(mine: Any, theirs: Any) -> list[tuple[str, str]]:
    one = site("9999", tables=SECURE, identities={"osx": mine} if mine else {})
    other = site("10000", identities={"osx": theirs} if theirs else {})
    return [found for found in verdicts(check_certificates(world(one, other))) if found[0] != "PASS"]


def test_certificates_have_to_be_valid_and_trusted_by_those_who_call() -> None:
    fine = identity(SIGNER)
    assert certificates(fine, fine) == []
    assert "expires on" in certificates(fine, identity(SIGNER, days=5))[0][1]
    stranger = new_signer(now=now())
    assert certificates(fine, identity(stranger)) == [
        ("FAIL", "it does not trust the authority that signed the certificate of party-10000")
    ]
    both = identity(SIGNER, trusted=(SIGNER, stranger))
    assert certificates(both, identity(stranger)) == []
    assert certificates(fine, None) == [("FAIL", "party-10000 has no certificate of osx")]


def test_a_link_with_tls_needs_a_certificate_to_call_with() -> None:
    one, other = site("9999", tables=SECURE), site("10000")
    assert verdicts(check_links(world(one, other), one_by_one)) == [
        ("FAIL", "party-9999 has no certificate of osx to call with")
    ]
    simulated = site("10000", pods={"osx": [pod("osx", simulated=True)]})
    assert [str(found.verdict) for found in check_handshakes(world(one, simulated), one_by_one)] == ["SIMULATED"]


def test_no_private_key_is_in_what_is_shown_of_an_identity() -> None:
    mine = identity(SIGNER)
    assert mine.key not in repr(mine) and "PRIVATE" not in repr(site("9999", identities={"osx": mine}))


# the report --------------------------------------------------------------------------------------------------------
def result(verdict: str, **changes: str) -> dict[str, Any]:
    texts = {"check": "link", "host": "bank", "target": "insurer", "subject": "osx", "text": "said", "hint": "do it"}
    return {"verdict": verdict, "seen_from": "", "measured": {}, **texts, **changes}


def test_a_report_says_first_that_something_is_simulated_and_lists_the_worst_first() -> None:
    results = [result("PASS"), result("SIMULATED"), result("WARN", host="one"), result("FAIL", host="two")]
    text = lines({"results": results, "counts": counts(results)})
    assert text[0].startswith("SIMULATED: 1 of these checks were not made")
    assert [line.split()[0] for line in text[1:4]] == ["verdict", "FAIL", "WARN"]
    assert text[4:] == ["two: do it", "one: do it"]
    assert len(lines({"results": results, "counts": counts(results)}, every=True)) == 1 + 1 + 4 + 3
    passed = [result("PASS", hint="")]
    assert lines({"results": passed, "counts": counts(passed)}) == ["1 PASS"]
    assert lines({"results": [], "counts": counts([])}) == ["There was nothing to check."]


# the probe ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("huffman", [True, False])
@pytest.mark.parametrize("status", ["200", "404", "413", "502"])
def test_status_and_content_type_are_read_from_any_header_block(status: str, huffman: bool) -> None:
    blocks = {
        # Made with the package hpack 4.0.0, with a table of size 0: :status, server: nginx, content-type: text/html.
        ("200", True): "20887684aa6355e75f87497ca589d34d1f",
        ("404", True): "208d7684aa6355e75f87497ca589d34d1f",
        ("413", True): "204883682cff7684aa6355e75f87497ca589d34d1f",
        ("502", True): "2048826c027684aa6355e75f87497ca589d34d1f",
        ("200", False): "208876056e67696e785f09746578742f68746d6c",
        ("404", False): "208d76056e67696e785f09746578742f68746d6c",
        ("413", False): "20480334313376056e67696e785f09746578742f68746d6c",
        ("502", False): "20480335303276056e67696e785f09746578742f68746d6c",
    }
    found = probe._headers(bytes.fromhex(blocks[status, huffman]), 0)
    assert found == {"status": int(status), "type": "text/html"}


def test_the_probe_runs_alone_as_it_has_to_in_a_pod(tmp_path: Path) -> None:
    text = Path(probe.__file__).read_text()
    script = f"{text}\nprint(probe({{'address': '127.0.0.1', 'port': 1, 'protocol': 'tcp', 'timeout': 1}}))"
    done = subprocess.run([sys.executable, "-I", "-"], input=script, capture_output=True, text=True, check=True)
    assert "'step': 'tcp'" in done.stdout
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
