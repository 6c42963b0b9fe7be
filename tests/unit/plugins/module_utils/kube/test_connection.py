# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube import connection as module
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import (
    ENVIRONMENT,
    Connection,
    is_named,
    resolve,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import dump_yaml


def config(name: str, **user: Any) -> dict[str, Any]:
    """A kubeconfig with one context, all of whose parts have that name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example:6443"}}],
        "users": [{"name": name, "user": user or {"token": f"token-of-{name}"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        "current-context": name,
    }


def write(path: Path, content: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else dump_yaml(content), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without a kubeconfig, and no pod around."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr(module, "IN_CLUSTER", str(tmp_path / "no-pod"))
    return folder


def refused(options: dict[str, Any], environ: dict[str, str] | None = None) -> KubefateError:
    with pytest.raises(KubefateError) as caught:
        resolve(options, environ or {})
    assert (caught.value.kind, caught.value.phase) == (Kind.INPUT, "connect")
    return caught.value


# precedence ------------------------------------------------------------------------------------------------------
def test_an_option_goes_before_variables_before_the_default_file(tmp_path: Path, home: Path) -> None:
    given, k8s_auth, kubeconfig = (write(tmp_path / name, config(name)) for name in ("option", "auth", "variable"))
    write(home / ".kube" / "config", config("default"))
    environ = {"K8S_AUTH_KUBECONFIG": k8s_auth, "KUBECONFIG": kubeconfig}
    origins = []
    for options, known in (
        ({"kubeconfig": given}, environ),
        ({}, environ),
        ({}, {"KUBECONFIG": kubeconfig}),
        ({}, {}),
    ):
        found = resolve(options, known)
        origins.append((found.server, found.origin))
    assert origins == [
        ("https://option.example:6443", f"context option of {given} (option kubeconfig)"),
        ("https://auth.example:6443", f"context auth of {k8s_auth} (environment variable K8S_AUTH_KUBECONFIG)"),
        ("https://variable.example:6443", f"context variable of {kubeconfig} (environment variable KUBECONFIG)"),
        ("https://default.example:6443", f"context default of {home}/.kube/config (the default kubeconfig)"),
    ]


def test_inside_a_pod_without_anything_else_its_service_account_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_CLUSTER", str(tmp_path))
    write(tmp_path / "token", "pod-token")
    write(tmp_path / "namespace", "fate-9999\n")
    found = resolve({}, {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"})
    assert found.server == "https://[fd00::1]:6443"
    assert found.namespace == "fate-9999"
    assert found.user == {"tokenFile": f"{tmp_path}/token"}
    assert found.cluster["certificate-authority"] == f"{tmp_path}/ca.crt"
    assert "service account of this pod" in found.origin


def test_a_default_file_goes_before_the_pod(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_CLUSTER", str(tmp_path))
    write(tmp_path / "token", "pod-token")
    write(home / ".kube" / "config", config("default"))
    assert resolve({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}).server == "https://default.example:6443"


def test_nothing_at_all_says_what_was_looked_for() -> None:
    error = refused({})
    for word in ("kubeconfig", "context", "host", "K8S_AUTH_", "KUBECONFIG", "~/.kube/config"):
        assert word in error.msg


def test_a_host_alone_needs_no_file(home: Path) -> None:
    write(home / ".kube" / "config", config("default"))
    found = resolve({"host": "https://other.example", "api_key": "t"}, {"KUBECONFIG": "/nowhere"})
    assert (found.server, found.user, found.origin) == (
        "https://other.example",
        {"token": "t"},
        "option host, with option api_key",
    )


def test_every_option_has_a_variable_that_stands_in_for_it(tmp_path: Path) -> None:
    certificate = write(tmp_path / "cert.pem", "c")
    values = {
        "host": "https://a.example",
        "username": "u",
        "password": "p",
        "ca_cert": certificate,
        "validate_certs": "yes",
        "proxy": "http://proxy:3128",
        "no_proxy": "a,b",
        "impersonate_user": "alice",
        "impersonate_groups": "x,y",
    }
    by_variable = resolve({}, {ENVIRONMENT[name]: value for name, value in values.items()})
    options: dict[str, Any] = {**values, "validate_certs": True, "impersonate_groups": ["x", "y"]}
    by_option = resolve(options, {})
    assert by_variable.kubeconfig == by_option.kubeconfig
    assert by_variable.no_proxy == by_option.no_proxy == "a,b"
    assert by_variable.origin.startswith(
        "environment variable K8S_AUTH_HOST, with environment variable K8S_AUTH_USERNAME"
    )
    assert all(ENVIRONMENT[name] in by_variable.origin for name in values), "each one that was used is named"


def test_an_empty_option_counts_as_not_given() -> None:
    environ = {"K8S_AUTH_HOST": "https://a.example", "K8S_AUTH_API_KEY": "t"}
    found = resolve({"host": "", "api_key": None, "impersonate_groups": [], "kubeconfig": {}}, environ)
    assert (found.server, found.user) == ("https://a.example", {"token": "t"})


def test_options_that_name_a_kubernetes() -> None:
    assert is_named({"context": "a"})
    assert is_named({"kubeconfig": {"clusters": []}})
    assert not is_named({"api_key": "t", "validate_certs": False, "context": "", "host": None})


# contexts --------------------------------------------------------------------------------------------------------
def two(tmp_path: Path) -> str:
    both = config("one")
    other = config("two")
    for section in ("clusters", "users", "contexts"):
        both[section] += other[section]
    return write(tmp_path / "both", both)


def test_the_context_that_is_named_is_used(tmp_path: Path) -> None:
    path = two(tmp_path)
    assert resolve({"kubeconfig": path}, {}).server == "https://one.example:6443"
    named = resolve({"kubeconfig": path, "context": "two"}, {})
    assert (named.server, named.user, named.namespace) == (
        "https://two.example:6443",
        {"token": "token-of-two"},
        "ns-two",
    )
    by_variable = resolve({"kubeconfig": path}, {"K8S_AUTH_CONTEXT": "two"})
    assert by_variable.server == named.server


def test_the_result_holds_nothing_but_what_is_used(tmp_path: Path) -> None:
    found = resolve({"kubeconfig": two(tmp_path), "context": "two"}, {}).kubeconfig
    assert [len(found[section]) for section in ("clusters", "users", "contexts")] == [1, 1, 1]
    assert "one" not in dump_yaml(found)


def test_an_unknown_context_is_named_with_its_origin_and_the_choices(tmp_path: Path) -> None:
    error = refused({"kubeconfig": two(tmp_path), "context": "three"})
    assert f"no context three (option context) in {tmp_path}/both (option kubeconfig)" in error.msg
    assert error.hint == "Contexts there: one, two."
    error = refused({"kubeconfig": two(tmp_path)}, {"K8S_AUTH_CONTEXT": "three"})
    assert "(environment variable K8S_AUTH_CONTEXT)" in error.msg


def test_a_single_context_needs_not_to_be_current(tmp_path: Path) -> None:
    data = config("one")
    del data["current-context"]
    assert resolve({"kubeconfig": data}, {}).server == "https://one.example:6443"


def test_several_contexts_of_which_none_is_current_are_a_question(tmp_path: Path) -> None:
    both = config("one")
    both["contexts"] += config("two")["contexts"]
    both["current-context"] = ""
    error = refused({"kubeconfig": both})
    assert "(none is current)" in error.msg
    assert "one, two" in error.hint


@pytest.mark.parametrize("part", ["cluster", "user"])
def test_a_context_that_leads_nowhere_is_told(part: str) -> None:
    data = config("one")
    data["contexts"][0]["context"][part] = "gone"
    assert f"names the {part} gone, which is not there" in refused({"kubeconfig": data}).msg


def test_a_context_without_a_user_has_no_credentials() -> None:
    data = config("one")
    del data["contexts"][0]["context"]["user"]
    assert resolve({"kubeconfig": data}, {}).user == {}


def test_a_cluster_without_a_server_is_told() -> None:
    data = config("one")
    data["clusters"][0]["cluster"] = {}
    assert "No API server is named by context one of option kubeconfig (data)" in refused({"kubeconfig": data}).msg


def test_data_that_was_given_is_not_changed() -> None:
    data = config("one")
    before = copy.deepcopy(data)
    resolve({"kubeconfig": data, "host": "https://b.example", "ca_cert": __file__, "api_key": "t"}, {})
    assert data == before


# files -----------------------------------------------------------------------------------------------------------
def test_of_several_files_the_first_to_name_a_thing_wins(tmp_path: Path) -> None:
    first, second = config("one"), config("one", token="second")
    second["contexts"] += config("two")["contexts"]
    second["clusters"] += config("two")["clusters"]
    second["users"] += config("two")["users"]
    second["current-context"] = "two"
    paths = os.pathsep.join(
        [write(tmp_path / "a", first), str(tmp_path / "missing"), write(tmp_path / "b", second), ""]
    )
    for options, environ in (({"kubeconfig": paths}, {}), ({}, {"KUBECONFIG": paths})):
        assert resolve(options, environ).user == {"token": "token-of-one"}
        assert resolve({**options, "context": "two"}, environ).user == {"token": "token-of-two"}


def test_the_current_context_is_that_of_the_first_file_that_names_one(tmp_path: Path) -> None:
    users = {"clusters": [], "users": config("two")["users"]}
    paths = os.pathsep.join([write(tmp_path / "a", users), write(tmp_path / "b", config("two"))])
    assert resolve({"kubeconfig": paths}, {}).server == "https://two.example:6443"


def test_relative_paths_are_relative_to_their_own_file(tmp_path: Path) -> None:
    data = config("one", **{"client-certificate": "certs/c.pem", "client-key": "/abs/k.pem", "tokenFile": "../token"})
    data["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    found = resolve({"kubeconfig": write(tmp_path / "deep" / "config", data)}, {})
    assert found.cluster["certificate-authority"] == f"{tmp_path}/deep/ca.pem"
    assert found.user["client-certificate"] == f"{tmp_path}/deep/certs/c.pem"
    assert found.user["client-key"] == "/abs/k.pem"
    assert os.path.normpath(found.user["tokenFile"]) == f"{tmp_path}/token"


def test_a_plugin_s_command_with_a_slash_is_relative_to_its_file_and_a_bare_one_is_not(tmp_path: Path) -> None:
    for command, expected in (("bin/login", f"{tmp_path}/bin/login"), ("aws", "aws"), ("/usr/bin/aws", "/usr/bin/aws")):
        path = write(tmp_path / "config", config("one", exec={"command": command}))
        assert resolve({"kubeconfig": path}, {}).user["exec"]["command"] == expected


def test_a_tilde_is_the_home_folder(home: Path) -> None:
    write(home / "my" / "config", config("mine"))
    assert resolve({"kubeconfig": "~/my/config"}, {}).server == "https://mine.example:6443"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("just text", "is not a kubeconfig: it has no list of clusters"),
        ("[]", "is not a kubeconfig"),
        ("clusters: none", "is not a kubeconfig"),
        ("a: b: c", "is not valid YAML: line 1"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_told(tmp_path: Path, content: str, said: str) -> None:
    path = write(tmp_path / "config", content)
    with pytest.raises(KubefateError, match=said) as caught:
        resolve({"kubeconfig": path}, {})
    assert caught.value.kind is Kind.INPUT
    assert path in caught.value.msg


def test_a_file_that_does_not_exist_is_told_with_who_named_it() -> None:
    assert "/no/where (option kubeconfig) does not exist" in refused({"kubeconfig": "/no/where"}).msg
    error = refused({}, {"KUBECONFIG": "/no/where:/no/there"})
    assert "/no/where:/no/there (environment variable KUBECONFIG) does not exist" in error.msg


@pytest.mark.parametrize(
    "broken",
    [
        {"clusters": ["text"]},
        {"clusters": [{"cluster": {"server": "https://a"}}]},
        {"contexts": ["text"]},
        {"contexts": [{"context": {}}]},
        {"contexts": {"a": 1}},
        {"users": "text"},
        {"users": [{"name": "one", "user": "text"}]},
        {"clusters": [{"name": "one", "cluster": ["text"]}]},
    ],
    ids=str,
)
def test_a_kubeconfig_of_the_wrong_form_is_an_error_and_no_crash(tmp_path: Path, broken: dict[str, Any]) -> None:
    data = {**config("one"), **broken}
    for given in (data, write(tmp_path / "config", data)):
        with pytest.raises(KubefateError):
            resolve({"kubeconfig": given}, {})


# overrides -------------------------------------------------------------------------------------------------------
BASE = config(
    "one",
    **{"client-certificate-data": "Yw==", "client-key-data": "aw==", "as": "bob", "as-groups": ["g"]},
)
BASE["clusters"][0]["cluster"]["certificate-authority-data"] = "Y2E="


def over(**options: Any) -> Connection:
    return resolve({"kubeconfig": BASE, **options}, {})


def test_a_host_replaces_the_server_and_keeps_the_credentials() -> None:
    found = over(host="https://10.0.0.9:6443")
    assert found.server == found.cluster["server"] == "https://10.0.0.9:6443"
    assert found.user["client-key-data"] == "aw=="


def test_a_ca_replaces_embedded_data(tmp_path: Path) -> None:
    found = over(ca_cert=write(tmp_path / "ca.pem", "x"))
    assert found.cluster == {"server": "https://one.example:6443", "certificate-authority": f"{tmp_path}/ca.pem"}


def test_no_validation_drops_the_ca_since_the_two_exclude_each_other() -> None:
    assert over(validate_certs=False).cluster == {
        "server": "https://one.example:6443",
        "insecure-skip-tls-verify": True,
    }


def test_validation_can_be_switched_on_again() -> None:
    data = copy.deepcopy(BASE)
    data["clusters"][0]["cluster"] = {"server": "https://one.example", "insecure-skip-tls-verify": True}
    assert "insecure-skip-tls-verify" in resolve({"kubeconfig": data}, {}).cluster
    assert "insecure-skip-tls-verify" not in resolve({"kubeconfig": data, "validate_certs": True}, {}).cluster


@pytest.mark.parametrize(("word", "off"), [("no", True), ("False", True), ("0", True), ("off", True), ("true", False)])
def test_validation_by_variable(word: str, off: bool) -> None:
    found = resolve({"kubeconfig": BASE}, {"K8S_AUTH_VERIFY_SSL": word})
    assert ("insecure-skip-tls-verify" in found.cluster) is off


def test_the_option_against_validation_wins_over_the_variable_for_it() -> None:
    found = resolve({"kubeconfig": BASE, "validate_certs": False}, {"K8S_AUTH_VERIFY_SSL": "true"})
    assert found.cluster["insecure-skip-tls-verify"] is True


def test_a_proxy_is_set() -> None:
    found = over(proxy="http://proxy:3128", no_proxy=".example")
    assert found.cluster["proxy-url"] == "http://proxy:3128"
    assert found.no_proxy == ".example"


def test_credentials_replace_those_of_the_file_and_keep_the_impersonation(tmp_path: Path) -> None:
    acting = {"as": "bob", "as-groups": ["g"]}
    pem, key = write(tmp_path / "c.pem", "x"), write(tmp_path / "k.pem", "x")
    assert over(api_key="t").user == {**acting, "token": "t"}
    assert over(username="u", password="p").user == {**acting, "username": "u", "password": "p"}
    assert over(client_cert=pem, client_key=key).user == {**acting, "client-certificate": pem, "client-key": key}


def test_impersonation_replaces_that_of_the_file() -> None:
    user = over(impersonate_user="alice", impersonate_groups=["x", "y"]).user
    assert (user["as"], user["as-groups"]) == ("alice", ["x", "y"])


def test_groups_without_a_user_are_refused() -> None:
    data = config("one")
    assert "impersonate_groups needs impersonate_user" in refused({"kubeconfig": data, "impersonate_groups": ["x"]}).msg


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_file_that_is_missing_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    both = {"client_cert": write(tmp_path / "c", "x"), "client_key": write(tmp_path / "k", "x")}
    options = {**(both if option != "ca_cert" else {}), option: "/no/such.pem"}
    error = refused({"kubeconfig": BASE, **options})
    assert error.msg == f"The file /no/such.pem (option {option}) does not exist."


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    pem = write(tmp_path / "c.pem", "x")
    for option in ("client_cert", "client_key"):
        assert "client_cert and client_key go together" in refused({"kubeconfig": BASE, option: pem}).msg


def test_no_secret_is_in_the_origin_or_in_an_error() -> None:
    found = over(api_key="HUSH4711", username="u", password="HUSH4711")
    assert "4711" not in found.origin
    assert "4711" not in refused({"kubeconfig": {**BASE, "current-context": "x"}, "api_key": "HUSH4711"}).msg


# another identity ------------------------------------------------------------------------------------------------
def test_with_a_token_only_the_token_is_left() -> None:
    found = over(no_proxy="x").with_token("t", "service account fate-9999/deployer")
    assert found.user == {"token": "t"}
    assert found.cluster == over().cluster
    assert (found.namespace, found.no_proxy) == ("ns-one", "x")
    assert found.origin == "service account fate-9999/deployer at https://one.example:6443"
