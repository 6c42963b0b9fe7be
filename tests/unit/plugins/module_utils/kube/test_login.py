# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User name and password: exchanged for a token by an OpenShift, sent as they are to any other API server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.login import connect
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.openshift import OAuth, basic
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.server import Answer, Request, Server, status

PASSWORD = "s3cret: with spaces"
USERS = {"ann": PASSWORD}


class OpenShift(Server):
    """An API server with an OAuth server beside it."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(self._serve, certificate=authority.issue("openshift", "127.0.0.1"))
        self.oauth = OAuth(USERS, lambda user: f"sha256~{user}")

    def _serve(self, request: Request) -> Answer:
        headers = {name: ", ".join(values) for name, values in request.headers.items()}
        found = self.oauth.answer(self.url, request.method, request.target, headers, request.body)
        return found or Answer(body={"kind": "Status", "user": request.header("authorization")})


@pytest.fixture
def authority() -> Authority:
    return Authority("somebody")


@pytest.fixture
def openshift(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenShift]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with OpenShift(authority).use_tls(tmp_path) as server:
        yield server


@pytest.fixture
def options(openshift: OpenShift, authority: Authority, tmp_path: Path) -> dict[str, Any]:
    trusted = tmp_path / "ca.pem"
    trusted.write_text(authority.pem)
    return {"host": openshift.url, "username": "ann", "password": PASSWORD, "ca_cert": str(trusted)}


def refused(options: dict[str, Any]) -> KubefateError:
    with pytest.raises(KubefateError) as caught:
        connect(options, {})
    assert PASSWORD not in caught.value.msg + caught.value.hint
    return caught.value


def test_an_openshift_exchanges_them_for_a_token_and_its_api_never_sees_the_password(
    openshift: OpenShift, options: dict[str, Any]
) -> None:
    found = connect(options, {})
    assert found.user == {"token": "sha256~ann"}
    assert found.origin.endswith("logged in as ann")
    assert Api(found).request("GET", "/api")["user"] == "Bearer sha256~ann"
    assert openshift.oauth.logins == ["ann"]
    told = [request.path for request in openshift.requests if basic(request.header("authorization"))[1] == PASSWORD]
    assert told == ["/oauth/authorize"]


def test_the_kubeconfig_of_the_login_is_trusted_and_acting_as_others_stays(
    openshift: OpenShift, options: dict[str, Any], authority: Authority
) -> None:
    import base64

    cluster = {
        "server": openshift.url,
        "certificate-authority-data": base64.b64encode(authority.pem.encode()).decode(),
    }
    kubeconfig = {
        "clusters": [{"name": "a", "cluster": cluster}],
        "users": [{"name": "a", "user": {"username": "ann", "password": PASSWORD}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    found = connect({"kubeconfig": kubeconfig, "impersonate_user": "bob", "impersonate_groups": ["g"]}, {})
    assert found.user == {"token": "sha256~ann", "as": "bob", "as-groups": ["g"]}
    assert found.cluster == cluster


def test_nothing_is_verified_only_where_that_is_asked_for(options: dict[str, Any], recwarn: Any) -> None:
    unsafe = {**options, "ca_cert": None, "validate_certs": False}
    assert connect(unsafe, {}).user == {"token": "sha256~ann"}
    assert not [warning for warning in recwarn if "Unverified" in str(warning.message)]
    assert "certificate" in refused({**options, "ca_cert": None}).msg


def test_a_wrong_password_is_said_so(openshift: OpenShift, options: dict[str, Any]) -> None:
    error = refused({**options, "username": "eve"})
    assert error.kind is Kind.UNAUTHORIZED
    assert error.msg == f"The OpenShift at {openshift.url} does not take the password of eve."
    assert "oc login" in error.hint


def test_an_oauth_server_out_of_order_is_named_with_a_way_round(openshift: OpenShift, options: dict[str, Any]) -> None:
    openshift.oauth.broken = True
    error = refused(options)
    assert error.kind is Kind.CONNECTION
    assert f"{openshift.url}/oauth/token answers 503" in error.msg
    assert "ca_cert may hold both" in error.hint


def test_without_the_openshift_package_it_is_named_and_other_credentials_work(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openshift.helper.userpassauth", None)
    error = refused(options)
    assert (error.kind, error.hint.split()[-1]) == (Kind.LIBRARY, "openshift")
    token = {**options, "username": None, "password": None, "api_key": "t"}
    assert connect(token, {}).user == {"token": "t"}


def test_a_proxy_that_the_login_would_go_past_is_refused(options: dict[str, Any]) -> None:
    kubeconfig = {
        "clusters": [{"name": "a", "cluster": {"server": options["host"]}}],
        "contexts": [{"name": "a", "context": {"cluster": "a"}}],
    }
    proxied = {
        **options,
        "host": None,
        "kubeconfig": kubeconfig,
        "proxy": "http://127.0.0.1:1",
        "no_proxy": "127.0.0.1",
    }
    assert "HTTPS_PROXY" in refused(proxied).msg


def test_another_api_server_is_sent_them_as_they_are() -> None:
    for code in (401, 403, 404):
        with Server(status(code, "no such path")) as server:
            given = {"host": server.url, "username": "ann", "password": PASSWORD}
            assert connect(given, {}).user == {"username": "ann", "password": PASSWORD}
            assert [request.header("authorization") for request in server.requests] == [""]


def test_no_other_credential_is_asked_about() -> None:
    with Server(status(500, "nobody should ask")) as server:
        connect({"host": server.url, "api_key": "t"}, {})
        connect({"host": server.url}, {})
        assert server.requests == []
