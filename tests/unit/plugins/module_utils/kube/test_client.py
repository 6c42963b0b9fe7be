# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a real server on the loopback."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import PAGE, Api, ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.stop import Stop
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Request, Server, status

POD = Ref("v1", "Pod", "ns", "osx-0")
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns"}}


def api(server: Server, *, timeout: float = 5.0, **options: Any) -> Api:
    given = {"host": server.url, "api_key": "t", **options}
    return Api(resolve({name: value for name, value in given.items() if value is not None}, {}), timeout)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Between tries nobody sleeps; how long it would have been is remembered."""
    slept: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", slept.append)
    return slept


def failure(api: Api, method: str = "GET", path: str = "/api/v1/pods", body: Any = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        api.request(method, path, None, body)
    return caught.value


# verbs -----------------------------------------------------------------------------------------------------------
def test_each_verb_is_the_right_request() -> None:
    with Server(Answer(body={"kind": "x", "metadata": {}})) as server:
        client = api(server)
        client.read(POD)
        client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, "ns")
        client.create(CONFIG_MAP, dry_run=True)
        client.replace(CONFIG_MAP, dry_run=True)
        client.patch(POD, {"a": None})
        client.patch(Ref("apps/v1", "Deployment", "ns", "d"), [{"op": "add"}], subresource="scale", dry_run=True)
        client.apply(CONFIG_MAP, "ns", "helm", force=True, dry_run=False)
        client.delete(Ref("v1", "Namespace", "", "ns"), propagation="Foreground")
        client.sub("POST", Ref("v1", "ServiceAccount", "ns", "sa"), "token", {"x": 1}, a="b")
        seen = [
            f"{request.method} {request.target} {request.header('content-type')} {request.body.decode()}".strip()
            for request in server.requests
        ]
    whole = json.dumps(CONFIG_MAP)
    assert seen == [
        "GET /api/v1/namespaces/ns/pods/osx-0",
        'POST /api/v1/namespaces/ns/configmaps application/json {"apiVersion": "v1", "kind": "ConfigMap", '
        '"metadata": {"name": "a"}}',
        f"POST /api/v1/namespaces/ns/configmaps?dryRun=All application/json {whole}",
        f"PUT /api/v1/namespaces/ns/configmaps/a?dryRun=All application/json {whole}",
        'PATCH /api/v1/namespaces/ns/pods/osx-0 application/merge-patch+json {"a": null}',
        'PATCH /apis/apps/v1/namespaces/ns/deployments/d/scale?dryRun=All application/json-patch+json [{"op": "add"}]',
        "PATCH /api/v1/namespaces/ns/configmaps/a?fieldManager=helm&force=true application/apply-patch+yaml " + whole,
        "DELETE /api/v1/namespaces/ns?propagationPolicy=Foreground",
        'POST /api/v1/namespaces/ns/serviceaccounts/sa/token?a=b application/json {"x": 1}',
    ]


def test_every_request_carries_the_credentials_and_says_who_we_are() -> None:
    with Server(Answer(body={})) as server:
        client = api(server, impersonate_user="alice", impersonate_groups=["x", "y"])
        client.request("GET", "/version")
        (request,) = server.requests
    assert request.header("authorization") == "Bearer t"
    assert request.header("impersonate-user") == "alice"
    assert list(request.headers["impersonate-group"]) == ["x", "y"]
    assert request.header("user-agent") == "federatedai.kubefate"
    assert request.header("accept") == "application/json"


def test_a_server_below_a_path_keeps_its_path() -> None:
    with Server(Answer(body={})) as server:
        api(server, host=f"{server.url}/k8s/clusters/c-1/").request("GET", "/version")
        assert server.requests[0].path == "/k8s/clusters/c-1/version"


def test_an_object_that_is_missing_is_none_and_any_other_failure_is_raised() -> None:
    with Server(status(404, "not found"), status(403, "no")) as server:
        client = api(server)
        assert client.find(POD) is None
        with pytest.raises(ApiError, match="Not permitted: no"):
            client.find(POD)


def test_deleting_what_is_not_there_is_fine() -> None:
    with Server(status(404, "not found"), status(409, "busy")) as server:
        client = api(server)
        client.delete(POD)
        with pytest.raises(ApiError):
            client.delete(POD)


def test_a_list_is_read_page_by_page_and_each_object_gets_its_kind() -> None:
    def page(request: Request) -> Answer:
        start = int(request.query.get("continue") or 0)
        names = [f"pod-{number}" for number in range(start, start + 2)]
        metadata = {"resourceVersion": "77", "continue": str(start + 2) if start < 4 else ""}
        return Answer(body={"items": [{"metadata": {"name": name}} for name in names], "metadata": metadata})

    with Server(page) as server:
        items, version = api(server).snapshot("v1", "Pod", "ns", labels="a in (b,c)", fields="x=y")
        queries = [request.query for request in server.requests]
    assert [item["metadata"]["name"] for item in items] == [f"pod-{number}" for number in range(6)]
    assert {(item["apiVersion"], item["kind"]) for item in items} == {("v1", "Pod")}
    assert version == "77"
    first = {"limit": str(PAGE), "labelSelector": "a in (b,c)", "fieldSelector": "x=y"}
    assert queries == [first, {**first, "continue": "2"}, {**first, "continue": "4"}]


def test_a_list_over_all_namespaces_and_an_empty_one() -> None:
    with Server(Answer(body={"items": None, "metadata": {}})) as server:
        assert api(server).list_objects("apps/v1", "Deployment") == []
        assert server.requests[0].path == "/apis/apps/v1/deployments"


def test_the_text_of_a_subresource() -> None:
    with Server(Answer(body="last words \xff\n".encode("latin-1")), status(400, "no log")) as server:
        client = api(server)
        assert client.text(POD, "log", previous="true", tailLines="20") == "last words \ufffd\n"
        assert server.requests[0].target == "/api/v1/namespaces/ns/pods/osx-0/log?previous=true&tailLines=20"
        assert server.requests[0].header("accept") == "*/*"
        with pytest.raises(ApiError, match="no log"):
            client.text(POD, "log")


def test_a_log_that_breaks_off_is_an_error_and_no_crash() -> None:
    with Server(Answer(body="half", broken=True)) as server, pytest.raises(ApiError) as caught:
        api(server).text(POD, "log")
    assert caught.value.kind is Kind.CONNECTION


# kinds -----------------------------------------------------------------------------------------------------------
def test_kinds_of_charts_need_no_request() -> None:
    with Server(Answer(500)) as server:
        client = api(server)
        assert client.ref({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}, "ns").namespace == "ns"
        assert client.ref({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, "ns").namespace == ""
        assert server.requests == []


def test_an_unknown_kind_is_asked_for_once() -> None:
    resources = [
        {"name": "gateways", "kind": "Gateway", "namespaced": True},
        {"name": "gateways/status", "kind": "Gateway", "namespaced": True},
        {"name": "zones", "kind": "Zone", "namespaced": False},
    ]
    with Server(Answer(body={"resources": resources})) as server:
        client = api(server)
        for _again in range(2):
            assert client.type_of("net.example/v1", "Gateway").path("ns", "a") == (
                "/apis/net.example/v1/namespaces/ns/gateways/a"
            )
        assert client.type_of("net.example/v1", "Zone").path("ns", "a") == "/apis/net.example/v1/zones/a"
        assert [request.path for request in server.requests] == ["/apis/net.example/v1"]
        with pytest.raises(ApiError, match=r"knows no Nothing in net\.example/v1") as caught:
            client.type_of("net.example/v1", "Nothing")
        assert caught.value.status == 404


def test_a_group_that_the_server_does_not_have_is_a_missing_kind() -> None:
    with Server(status(404, "page not found")) as server:
        with pytest.raises(ApiError, match="knows no Gateway") as caught:
            api(server).type_of("net.example/v1", "Gateway")
        assert "CustomResourceDefinition" in caught.value.hint
        with pytest.raises(ApiError, match="knows no Odd in v1"):
            api(server).type_of("v1", "Odd")
        assert [request.path for request in server.requests] == ["/apis/net.example/v1", "/api/v1"]


# refusals --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (400, Kind.REFUSED, "GET /api/v1/pods: the message"),
        (401, Kind.UNAUTHORIZED, "does not accept the credentials (connection: option host, with option api_key)"),
        (403, Kind.FORBIDDEN, "Not permitted: the message (connection: option host, with option api_key)"),
        (404, Kind.NOT_FOUND, "GET /api/v1/pods: the message"),
        (405, Kind.REFUSED, "GET /api/v1/pods: the message"),
        (409, Kind.CONFLICT, "GET /api/v1/pods: the message"),
        (410, Kind.REFUSED, "GET /api/v1/pods: the message"),
        (422, Kind.REFUSED, "GET /api/v1/pods: the message"),
        (500, Kind.REFUSED, "GET /api/v1/pods: the message"),
    ],
)
def test_each_refusal_has_its_kind(code: int, kind: Kind, said: str) -> None:
    with Server(status(code, "the message")) as server:
        error = failure(api(server))
        assert (error.kind, error.status) == (kind, code)
        assert said in error.msg
        assert len(server.requests) == 1, "a refusal is not asked for again"


def test_the_server_s_own_causes_are_kept() -> None:
    causes = [{"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": "conflict with kubectl"}]
    with Server(status(409, "Apply failed", causes=causes)) as server:
        error = failure(api(server))
    assert error.causes == causes
    assert error.server_message == "Apply failed"


@pytest.mark.parametrize("body", ["<html>teapot</html>", b"\xff\xfe", "", "[1]", '"text"'])
def test_a_refusal_without_a_status_object_shows_what_was_said(body: Any) -> None:
    with Server(Answer(418, body)) as server:
        error = failure(api(server))
    assert error.kind is Kind.REFUSED
    assert error.causes == []
    assert ("teapot" in error.msg) == ("teapot" in str(body))


@pytest.mark.parametrize("body", ["<html>Please log in</html>", "", "[]", "null", "plain text"])
def test_an_answer_that_is_not_of_a_kubernetes_is_told(body: str) -> None:
    with Server(Answer(200, body)) as server:
        error = failure(api(server))
    assert error.kind is Kind.CONNECTION
    assert "does not answer like a Kubernetes API server" in error.msg


def test_a_redirect_to_a_login_page_is_not_followed() -> None:
    with Server(Answer(302, "", {"Location": "/login"})) as server:
        assert failure(api(server)).kind is Kind.CONNECTION
        assert [request.path for request in server.requests] == ["/api/v1/pods"]


# what is tried again ---------------------------------------------------------------------------------------------
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(pauses: list[float]) -> None:
    busy = Answer(429, "{}", {"Retry-After": "3"})
    with Server(busy, busy, Answer(body={"ok": 1})) as server:
        assert api(server).request("GET", "/version") == {"ok": 1}
    assert pauses == [3.0, 3.0]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_write_that_a_busy_server_turned_away_is_made_again(method: str) -> None:
    with Server(Answer(429, "{}", {"Retry-After": "1"}), Answer(body={"ok": 1})) as server:
        assert api(server).request(method, "/api/v1/namespaces", None, {"a": 1}) == {"ok": 1}
        assert [request.json for request in server.requests] == [{"a": 1}, {"a": 1}]


def test_a_server_that_stays_busy_is_an_error_in_the_end() -> None:
    with Server(Answer(429, json.dumps({"message": "too many requests"}), {"Retry-After": "1"})) as server:
        error = failure(api(server))
        assert "too many requests" in error.msg
        assert error.status == 429
        assert 3 <= len(server.requests) <= 10


def test_a_request_that_the_api_server_passes_on_is_made_once(pauses: list[float]) -> None:
    """The one who is busy is somebody else, and the caller asks again when it likes."""
    with Server(status(503, "no endpoints available", x=1)) as server, pytest.raises(ApiError) as caught:
        api(server).request("GET", "/api/v1/namespaces/ns/services/a:1/proxy/", once=True)
    assert (caught.value.status, len(server.requests), pauses) == (503, 1, [])


def test_a_read_whose_answer_was_lost_is_made_again() -> None:
    with Server(Answer(broken=True), Answer(body={"ok": 1})) as server:
        assert api(server).request("GET", "/version") == {"ok": 1}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_whose_answer_was_lost_is_not_made_again(method: str) -> None:
    """It may have been done: made again it would meet its own work, as a conflict or as missing."""
    with Server(Answer(broken=True), Answer(body={"ok": 1})) as server:
        assert failure(api(server), method, body={}).kind is Kind.CONNECTION
        assert len(server.requests) == 1


# connections -----------------------------------------------------------------------------------------------------
def test_a_port_where_nobody_listens_is_told_with_the_origin() -> None:
    with Server() as server:
        url = server.url
    error = failure(Api(resolve({"host": url}, {})))
    assert error.kind is Kind.CONNECTION
    assert error.status == 0
    assert error.msg.startswith(f"The API server {url} cannot be reached: ")
    assert "refused" in error.msg.lower()
    assert "(connection: option host)" in error.msg
    assert "0x" not in error.msg


def test_a_server_that_does_not_answer_in_time_is_told() -> None:
    from threading import Event

    release = Event()

    def late(request: Request) -> Answer:
        release.wait(5)
        return Answer(body={})

    with Server(late) as server:
        error = failure(api(server, timeout=0.1), "POST", body={})
        release.set()
    assert error.kind is Kind.CONNECTION
    assert "timed out" in error.msg.lower()


@pytest.mark.parametrize("host", ["10.0.0.1:6443", "localhost", "ftp://a.example", "https://", "https://a b:1"])
def test_a_host_that_is_no_url_is_refused(host: str) -> None:
    with pytest.raises(KubefateError) as caught:
        Api(resolve({"host": host}, {})).request("GET", "/version")
    assert caught.value.kind is (Kind.CONNECTION if host.startswith("https") else Kind.INPUT)
    assert host in caught.value.msg


class Tls:
    """A server with a certificate, and authorities that signed it and that did not."""

    def __init__(self, folder: Path):
        self.authority, self.other = Authority("ours"), Authority("theirs")
        self.folder = folder
        self.ca = self.write("ca.pem", self.authority.pem)
        self.wrong_ca = self.write("wrong-ca.pem", self.other.pem)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def server(self, *names: str) -> Server:
        issued = self.authority.issue("server", *(names or ("127.0.0.1",)))
        server = Server(Answer(body={"ok": 1}), certificate=issued, clients=self.authority.pem)
        return server.use_tls(self.folder)

    def client(self, name: str, authority: Authority | None = None) -> dict[str, Any]:
        issued = (authority or self.authority).issue(name)
        return {
            "client_cert": self.write(f"{name}.crt", issued.certificate),
            "client_key": self.write(f"{name}.key", issued.key),
        }


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


def test_a_server_with_a_certificate_of_the_right_authority_is_trusted(tls: Tls) -> None:
    with tls.server() as server:
        assert api(server, ca_cert=tls.ca).request("GET", "/version") == {"ok": 1}


@pytest.mark.parametrize("authority", ["wrong_ca", None])
def test_a_certificate_of_another_authority_is_told_as_such(tls: Tls, authority: str | None) -> None:
    with tls.server() as server:
        error = failure(api(server, ca_cert=getattr(tls, authority) if authority else None))
        assert server.requests == []
    assert error.kind is Kind.CONNECTION
    assert "certificate" in error.msg.lower()
    assert "ca_cert" in error.hint


def test_what_does_not_speak_tls_is_told_as_such(tls: Tls) -> None:
    with Server(Answer(body={"ok": 1})) as server:
        error = failure(api(server, host=server.url.replace("http:", "https:"), ca_cert=tls.ca))
    assert error.kind is Kind.CONNECTION
    assert "ssl" in error.msg.lower()
    assert "port" in error.hint
    assert "ca_cert" not in error.hint


def test_a_certificate_for_another_name_is_told_and_may_be_named(tls: Tls) -> None:
    with tls.server("kube.example") as server:
        assert failure(api(server, ca_cert=tls.ca)).kind is Kind.CONNECTION
        connection = resolve({"host": server.url, "ca_cert": tls.ca}, {})
        connection.cluster["tls-server-name"] = "kube.example"
        assert Api(connection).request("GET", "/version") == {"ok": 1}


def test_validation_may_be_switched_off(tls: Tls) -> None:
    with tls.server("kube.example") as server:
        assert api(server, validate_certs=False).request("GET", "/version") == {"ok": 1}


def test_a_client_s_certificate_says_who_it_is(tls: Tls) -> None:
    with tls.server() as server:
        api(server, api_key=None, ca_cert=tls.ca, **tls.client("alice")).request("GET", "/version")
        api(server, ca_cert=tls.ca).request("GET", "/version")
        assert [request.client for request in server.requests] == ["alice", ""]


def test_no_key_stays_on_disk(tls: Tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with tls.server() as server:
        api(server, api_key=None, ca_cert=tls.ca, **tls.client("bob")).request("GET", "/version")
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_with_the_key_of_another_is_told(tls: Tls) -> None:
    mixed = {**tls.client("carol"), "client_key": tls.client("dave")["client_key"]}
    with tls.server() as server, pytest.raises(KubefateError) as caught:
        api(server, api_key=None, ca_cert=tls.ca, **mixed).request("GET", "/version")
    assert caught.value.kind is Kind.INPUT
    assert "client certificate" in caught.value.msg


def test_an_authority_that_is_no_certificate_is_told(tls: Tls) -> None:
    for text in ("garbage", "", "-----BEGIN CERTIFICATE-----\nxxx\n-----END CERTIFICATE-----\n"):
        with tls.server() as server, pytest.raises(KubefateError) as caught:
            api(server, ca_cert=tls.write("garbage.pem", text)).request("GET", "/version")
        assert caught.value.kind in ((Kind.INPUT, Kind.CONNECTION) if not text else (Kind.INPUT,))


# proxies ---------------------------------------------------------------------------------------------------------
LOCAL = "127.0.0.2"
"""An address of this machine that counts as remote."""


@pytest.fixture
def remote() -> Iterator[Server]:
    with Server(Answer(body={"by": "server"}), host=LOCAL) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Server]:
    with Server(Answer(body={"by": "proxy"})) as server:
        yield server


def way(server: Server, **options: Any) -> str:
    answer: str = api(server, **options).request("GET", "/version")["by"]
    return answer


def test_the_proxy_that_is_named_is_used_and_sees_the_whole_address(remote: Server, proxy: Server) -> None:
    assert way(remote, proxy=proxy.url) == "proxy"
    assert proxy.requests[0].target == f"{remote.url}/version"


def test_a_proxy_with_a_password_gets_it(remote: Server, proxy: Server) -> None:
    way(remote, proxy=proxy.url.replace("://", "://user:HUSH4711@"))
    assert proxy.requests[0].header("proxy-authorization") == "Basic dXNlcjpIVVNINDcxMQ=="


@pytest.mark.parametrize(
    ("no_proxy", "by"),
    [
        (LOCAL, "server"),
        ("other.example, 127.0.0.2", "server"),
        ("*", "server"),
        ("127.0.0.0/24", "server"),
        ("10.0.0.0/8,other.example", "proxy"),
        ("127.0.0.0/32", "proxy"),
        ("", "proxy"),
    ],
)
def test_hosts_that_the_proxy_is_not_for(remote: Server, proxy: Server, no_proxy: str, by: str) -> None:
    assert way(remote, proxy=proxy.url, no_proxy=no_proxy) == by


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_the_environment_s_proxy_is_used(
    remote: Server, proxy: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, proxy.url)
    assert way(remote) == "proxy"


@pytest.mark.parametrize("no_proxy", [LOCAL, "127.0.0.0/8"])
def test_the_environment_s_exceptions_count(
    remote: Server, proxy: Server, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", no_proxy)
    assert way(remote) == "server"


def test_the_environment_s_proxy_is_not_for_this_machine(proxy: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    with Server(Answer(body={"by": "server"})) as server:
        assert way(server) == "server"
        assert way(server, host=server.url.replace("127.0.0.1", "localhost")) == "server"


def test_an_https_server_is_reached_through_a_tunnel(tls: Tls) -> None:
    with Server(Answer(403, "no tunnel")) as proxy:
        error = failure(Api(resolve({"host": "https://kube.example:6443", "proxy": proxy.url}, {})))
        assert {(request.method, request.target) for request in proxy.requests} == {("CONNECT", "kube.example:6443")}
    assert error.kind is Kind.CONNECTION
    assert "proxy" in (error.msg + error.hint).lower()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "proxy:3128", "nonsense"])
def test_a_proxy_that_cannot_be_used_is_told(proxy: str) -> None:
    with pytest.raises(KubefateError) as caught:
        Api(resolve({"host": "https://kube.example:6443", "proxy": proxy}, {})).request("GET", "/version")
    assert caught.value.kind in (Kind.INPUT, Kind.CONNECTION)


# watches ---------------------------------------------------------------------------------------------------------
def event(kind: str, name: str, version: int) -> dict[str, Any]:
    return {"type": kind, "object": {"metadata": {"name": name, "resourceVersion": str(version)}}}


def test_a_watch_gives_every_event_however_the_bytes_are_cut() -> None:
    events = [event("ADDED", "a", 1), event("MODIFIED", "ä", 2), event("BOOKMARK", "", 3), event("DELETED", "a", 4)]
    text = "\n".join(json.dumps(item, ensure_ascii=False) for item in events).encode() + b"\n\n"
    for size in (1, 7, 50, len(text)):
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        with Server(Answer(chunks=chunks)) as server:
            seen = list(api(server).watch("v1", "Pod", "ns", version="12", seconds=9, fields="a=b"))
            assert seen == events
            (request,) = server.requests
    assert request.path == "/api/v1/namespaces/ns/pods"
    assert request.query == {
        "watch": "true",
        "timeoutSeconds": "9",
        "resourceVersion": "12",
        "fieldSelector": "a=b",
        "allowWatchBookmarks": "true",
    }


def halting(going_on: threading.Event) -> Callable[[Request], Answer]:
    """A server that sends one event at once, and the next one when it may go on."""

    def answer(_request: Request) -> Answer:
        class Slowly(list[bytes]):
            def __iter__(self) -> Iterator[bytes]:
                yield json.dumps(event("ADDED", "a", 1)).encode() + b"\n"
                going_on.wait(30)
                yield json.dumps(event("ADDED", "b", 2)).encode() + b"\n"

        return Answer(chunks=Slowly())

    return answer


def test_an_event_is_there_before_the_next_one_comes() -> None:
    taken = threading.Event()
    with Server(halting(taken)) as server:
        watch = api(server).watch("v1", "Pod", "ns")
        assert next(watch)["object"]["metadata"]["name"] == "a"
        taken.set()
        assert [item["object"]["metadata"]["name"] for item in watch] == ["b"]


def test_an_error_event_is_handed_on() -> None:
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
    with Server(Answer(chunks=[json.dumps(gone).encode() + b"\n"])) as server:
        assert list(api(server).watch("v1", "Pod", "ns")) == [gone]


def test_a_half_written_last_line_is_not_an_event() -> None:
    with Server(Answer(chunks=[json.dumps(event("ADDED", "a", 1)).encode() + b'\n{"type": "ADD'])) as server:
        assert len(list(api(server).watch("v1", "Pod", "ns"))) == 1


def test_a_watch_that_breaks_off_gives_what_it_had_and_is_an_error() -> None:
    chunk = json.dumps(event("ADDED", "a", 1)).encode() + b"\n"
    with Server(Answer(chunks=[chunk], broken=True)) as server:
        watch = api(server).watch("v1", "Pod", "ns")
        assert next(watch)["type"] == "ADDED"
        with pytest.raises(ApiError, match="The watch of Pod ended") as caught:
            next(watch)
    assert caught.value.kind is Kind.CONNECTION


def test_a_watch_of_garbage_is_an_error() -> None:
    with Server(Answer(chunks=[b"<html>\n"])) as server, pytest.raises(ApiError, match="The watch of Pod ended"):
        list(api(server).watch("v1", "Pod", "ns"))


@pytest.mark.parametrize(("code", "kind"), [(410, Kind.REFUSED), (403, Kind.FORBIDDEN), (401, Kind.UNAUTHORIZED)])
def test_a_watch_that_is_refused_says_why(code: int, kind: Kind) -> None:
    with Server(status(code, "too old resource version")) as server, pytest.raises(ApiError) as caught:
        list(api(server).watch("v1", "Pod", "ns"))
    assert (caught.value.status, caught.value.kind) == (code, kind)


def test_a_watch_that_is_left_early_frees_its_connection() -> None:
    chunk = json.dumps(event("ADDED", "a", 1)).encode() + b"\n"
    with Server(Answer(chunks=[chunk] * 3), Answer(body={"ok": 1})) as server:
        client = api(server)
        for _item in client.watch("v1", "Pod", "ns"):
            break
        assert client.request("GET", "/version") == {"ok": 1}


def test_a_watch_in_which_nothing_happens_ends_when_it_is_told_to() -> None:
    over, stop, seen = threading.Event(), Stop(), threading.Event()

    def follow() -> None:
        with suppress(ApiError):
            for _item in api(server).watch("v1", "Pod", "ns", stop=stop):
                seen.set()

    with Server(halting(over)) as server:
        follower = threading.Thread(target=follow)
        follower.start()
        assert seen.wait(10)
        stop.set()
        follower.join(10)
        assert not follower.is_alive()
        late = threading.Thread(target=follow)
        late.start()
        late.join(10)
        assert not late.is_alive(), "what is asked for after that ends, too"
        over.set()


# several at once -------------------------------------------------------------------------------------------------
def test_parallel_work_keeps_the_order_and_raises_the_first_error() -> None:
    with Server() as server:
        client = api(server)
        assert client.parallel(lambda number: number * 2, range(50)) == [number * 2 for number in range(50)]
        assert client.parallel(lambda number: number, []) == []

        def work(number: int) -> int:
            if number in (3, 7):
                raise KubefateError(f"number {number}", Kind.INTERNAL)
            return number

        with pytest.raises(KubefateError, match="number 3"):
            client.parallel(work, range(10))


def test_many_threads_share_one_client() -> None:
    with Server(lambda request: Answer(body={"path": request.path})) as server:
        client = api(server)
        found = client.parallel(lambda number: client.request("GET", f"/{number}")["path"], range(60))
        assert found == [f"/{number}" for number in range(60)]


def test_the_environment_of_this_test_names_no_proxy() -> None:
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]


def test_a_name_with_slashes_stays_one_step_on_the_wire() -> None:
    with Server(status(404, "no")) as server:
        assert api(server).find(Ref("v1", "ConfigMap", "ns", "job-x/../../secrets/y")) is None
        assert server.requests[0].target == "/api/v1/namespaces/ns/configmaps/job-x%2F..%2F..%2Fsecrets%2Fy"
