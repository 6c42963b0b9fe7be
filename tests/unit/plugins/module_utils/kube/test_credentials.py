# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube import credentials as module
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.credentials import (
    Credentials,
    authority,
    credentials,
    private_file,
)

PEM = "-----BEGIN CERTIFICATE-----\nc\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nk\n-----END PRIVATE KEY-----\n"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def of(user: dict[str, Any]) -> Credentials:
    data = {
        "clusters": [{"name": "a", "cluster": {"server": "https://a.example"}}],
        "users": [{"name": "a", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    return credentials(resolve({"kubeconfig": data}, {}).kubeconfig)


def headers(user: dict[str, Any]) -> dict[str, str]:
    return dict(of(user).request_headers())


def test_a_token_is_sent_as_bearer() -> None:
    assert headers({"token": "t"}) == {"Authorization": "Bearer t"}


def test_a_token_goes_before_a_token_file_and_both_before_a_password(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    everything = {"token": "t", "tokenFile": str(tmp_path / "token"), "username": "u", "password": "p"}
    assert headers(everything) == {"Authorization": "Bearer t"}
    del everything["token"]
    assert headers(everything) == {"Authorization": "Bearer from-file"}


def test_name_and_password_are_sent_as_basic() -> None:
    assert headers({"username": "u", "password": "p:ä"}) == {"Authorization": f"Basic {b64('u:p:ä')}"}


def test_nobody_sends_nothing() -> None:
    found = of({})
    assert found.request_headers() == []
    assert found.certificate is None


def test_impersonation_repeats_the_header_for_each_group() -> None:
    sent = of({"token": "t", "as": "alice", "as-groups": ["x", "y"]}).request_headers()
    assert sent == [
        ("Authorization", "Bearer t"),
        ("Impersonate-User", "alice"),
        ("Impersonate-Group", "x"),
        ("Impersonate-Group", "y"),
    ]


def test_a_token_file_is_read_again_when_a_minute_has_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a machine that was started a moment ago, whose clock stands near zero."""
    moment = 5.0
    monkeypatch.setattr("time.monotonic", lambda: moment)
    path = tmp_path / "token"
    path.write_text("first\n")
    found = of({"tokenFile": str(path)})
    assert found.request_headers() == [("Authorization", "Bearer first")]
    path.write_text("second\n")
    moment = 64.0
    assert found.request_headers() == [("Authorization", "Bearer first")]
    moment = 66.0
    assert found.request_headers() == [("Authorization", "Bearer second")]


def test_a_token_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(KubefateError, match="names a file that cannot be read") as caught:
        of({"tokenFile": str(tmp_path / "gone")}).request_headers()
    assert caught.value.kind is Kind.INPUT


def test_certificates_come_from_data_or_from_files(tmp_path: Path) -> None:
    (tmp_path / "c").write_text(PEM)
    (tmp_path / "k").write_text(KEY)
    by_data = of({"client-certificate-data": b64(PEM), "client-key-data": b64(KEY)})
    by_file = of({"client-certificate": str(tmp_path / "c"), "client-key": str(tmp_path / "k")})
    mixed = of({"client-certificate-data": b64(PEM), "client-key": str(tmp_path / "k")})
    assert by_data.certificate == by_file.certificate == mixed.certificate == (PEM, KEY)


def test_a_certificate_without_a_key_is_none() -> None:
    assert of({"client-certificate-data": b64(PEM)}).certificate is None


def test_data_that_is_not_base64_is_named() -> None:
    with pytest.raises(KubefateError, match="client-key-data of the kubeconfig is not base64"):
        of({"client-certificate-data": b64(PEM), "client-key-data": "***"})


def test_the_authority_comes_from_data_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text(PEM)
    assert authority({"certificate-authority-data": b64(PEM)}) == PEM
    assert authority({"certificate-authority": str(tmp_path / "ca")}) == PEM
    assert authority({}) == ""
    with pytest.raises(KubefateError, match="certificate-authority-data of the kubeconfig is not base64"):
        authority({"certificate-authority-data": "***"})


# plugins ---------------------------------------------------------------------------------------------------------
def plugin(folder: Path, program: str) -> dict[str, Any]:
    """A user entry with a credentials plugin that runs these lines of Python."""
    path = folder / "login"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{program}\n")
    path.chmod(0o755)
    run = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), "interactiveMode": "Never"}
    return {"exec": {**run, "args": ["--for", "me"], "env": [{"name": "WHO", "value": "alice"}]}}


def credential(**status: str) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(answer)!r})"


def test_a_plugin_s_token_is_sent(tmp_path: Path) -> None:
    assert headers(plugin(tmp_path, credential(token="from-plugin"))) == {"Authorization": "Bearer from-plugin"}


def test_a_plugin_gets_its_arguments_and_environment(tmp_path: Path) -> None:
    program = (
        "token = '-'.join(sys.argv[1:] + [os.environ['WHO']])\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': token}}))"
    )
    assert headers(plugin(tmp_path, program)) == {"Authorization": "Bearer --for-me-alice"}


def test_a_plugin_s_certificate_is_used(tmp_path: Path) -> None:
    program = credential(clientCertificateData=PEM, clientKeyData=KEY)
    found = of(plugin(tmp_path, program))
    assert found.certificate == (PEM, KEY)


def test_impersonation_goes_with_a_plugin(tmp_path: Path) -> None:
    user = {**plugin(tmp_path, credential(token="t")), "as": "alice"}
    assert headers(user) == {"Authorization": "Bearer t", "Impersonate-User": "alice"}


@pytest.mark.parametrize("program", ["sys.exit('no login')", "print('not json')", credential(), "print('{}')"])
def test_a_plugin_that_gives_nothing_is_an_error_of_credentials(tmp_path: Path, program: str) -> None:
    with pytest.raises(KubefateError, match="credentials plugin of the kubeconfig") as caught:
        of(plugin(tmp_path, program))
    assert caught.value.kind is Kind.UNAUTHORIZED


def test_a_plugin_that_does_not_exist_is_an_error_of_credentials(tmp_path: Path) -> None:
    user = plugin(tmp_path, "")
    user["exec"]["command"] = str(tmp_path / "gone")
    with pytest.raises(KubefateError) as caught:
        of(user)
    assert caught.value.kind is Kind.UNAUTHORIZED


def test_only_a_plugin_needs_the_kubernetes_package(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['kubernetes'] = None\n"
        f"from {module.__name__} import credentials\n"
        "from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError\n"
        "def of(user): return credentials({'users': [{'user': user}]})\n"
        "print(of({'token': 't'}).request_headers())\n"
        "try: of({'exec': {'command': 'login'}})\n"
        "except KubefateError as error: print(error.kind, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "[('Authorization', 'Bearer t')]"
    assert second.startswith("missing_library")
    assert "pip install kubernetes" in second


# files -----------------------------------------------------------------------------------------------------------
def test_a_private_file_is_for_its_owner_alone_and_does_not_stay(tmp_path: Path) -> None:
    with private_file("secret", ".pem", str(tmp_path)) as name:
        path = Path(name)
        assert path.read_text() == "secret"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (path.parent, path.suffix) == (tmp_path, ".pem")
    assert not path.exists()


def test_a_private_file_does_not_stay_when_something_fails(tmp_path: Path) -> None:
    def use() -> None:
        with private_file("secret", folder=str(tmp_path)):
            raise ValueError

    with pytest.raises(ValueError):
        use()
    assert list(tmp_path.iterdir()) == []
