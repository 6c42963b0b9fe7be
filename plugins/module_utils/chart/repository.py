# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where charts are that are not here: a Helm repository, an OCI registry, a folder of archives.

What is needed to reach one is written to files that only the user can read, never to a command line.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..errors import bad_input
from ..helm.cli import REGISTRIES, REPOSITORIES
from ..yamltext import dump_yaml

URL_VARIABLES = ("KUBEFATE_CHART_REPO_URL", "FATECLOUD_REPO_URL")
"""Environment variables that name the default repository; the second is KubeFATE's."""
NAME = "source"
"""The repository's name in helm's own list."""
OCI = "oci://"
_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Repository:
    """url: ``http(s)://`` of a Helm repository, ``oci://host/path`` in a registry, or a folder of archives.
    ca_cert, client_cert, client_key: paths. pass_credentials: also to another host that the repository's index names.
    plain_http: the registry speaks no TLS. by_default: the URL is the environment's, and nobody gave it."""

    url: str
    username: str = ""
    password: str = ""
    ca_cert: str = ""
    client_cert: str = ""
    client_key: str = ""
    validate_certs: bool = True
    plain_http: bool = False
    pass_credentials: bool = False
    by_default: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], environment: Mapping[str, str]) -> Repository:
        """The repository that options named ``chart_repo_*`` describe, by default that of the environment; without a
        URL where there is none. Raises ``KubefateError`` (bad_input)."""
        given = {name: params[f"chart_repo_{name}"] for name in cls.__slots__ if params.get(f"chart_repo_{name}")}
        if params.get("chart_repo_validate_certs") is False:
            given["validate_certs"] = False
        if "url" not in given:
            given["url"] = next((environment[name] for name in URL_VARIABLES if environment.get(name)), "")
            given["by_default"] = True
        given["url"] = str(given["url"]).removeprefix("file://")
        found = cls(**given)
        found._check()
        return found

    def _check(self) -> None:
        parts = urlsplit(self.url)
        if parts.password or (parts.username and not self.url.startswith(os.sep)):
            raise bad_input(
                "The URL of the chart repository holds credentials.",
                "Give them as chart_repo_username and chart_repo_password: a URL is shown in logs.",
                "chart",
            )
        if "://" in self.url and not self.url.startswith((*_WEB, OCI)):
            raise bad_input(
                f"{parts.scheme}:// is no kind of chart repository.",
                "Give http://, https:// or oci://, or the path of a folder.",
                "chart",
            )
        if bool(self.username) != bool(self.password):
            raise bad_input(
                "A chart repository takes a user name and a password, or none.",
                "Give both, chart_repo_username and chart_repo_password.",
                "chart",
            )

    @property
    def is_oci(self) -> bool:
        return self.url.startswith(OCI)

    @property
    def is_web(self) -> bool:
        return self.url.startswith(_WEB)

    @property
    def registry(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    def at(self, url: str) -> Repository:
        """Another address, with the same credentials if they were given for it: with no URL, or one on that host."""
        here, there = urlsplit(self.url), urlsplit(url)
        if self.by_default or (here.scheme, here.netloc) == (there.scheme, there.netloc) or self.pass_credentials:
            found = replace(self, url=url, by_default=False)
        else:
            found = Repository(url, ca_cert=self.ca_cert, validate_certs=self.validate_certs)
        found._check()
        return found

    def options(self) -> list[str]:
        """For ``helm pull``. No secret is among them."""
        if self.is_web:  # the rest is in the list of repositories
            return [] if self.validate_certs else ["--insecure-skip-tls-verify"]
        if self.plain_http:
            return ["--plain-http"]
        found: list[str] = []
        # Without any of these, helm 3 speaks plain HTTP to a registry that answers so, credentials included.
        authority = self.ca_cert or (system_authorities() if self.validate_certs else "")
        for path, flag in (
            (authority, "--ca-file"),
            (self.client_cert, "--cert-file"),
            (self.client_key, "--key-file"),
        ):
            if path:
                found += [flag, os.path.abspath(os.path.expanduser(path))]
        return found if self.validate_certs else [*found, "--insecure-skip-tls-verify"]


def system_authorities() -> str:
    """The file with the certificates that this machine trusts; empty where there is none at the usual places."""
    import ssl  # imported late: only registries need it

    usual = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    known = ssl.get_default_verify_paths()
    return next((path for path in (known.cafile, known.openssl_cafile, *usual) if path and os.path.isfile(path)), "")


def shown(url: str) -> str:
    """A URL without what may be secret in it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) if "://" in url else url


def write_settings(home: str, repositories: Mapping[str, Repository]) -> None:
    """Helm's own files for these repositories, by name: a list of those with an index, and a list of logins."""
    os.makedirs(home, mode=0o700, exist_ok=True)
    entries = [_entry(name, found) for name, found in repositories.items() if found.is_web]
    logins = {found.registry: _login(found) for found in repositories.values() if found.is_oci and found.username}
    _private(os.path.join(home, REPOSITORIES), dump_yaml({"apiVersion": "v1", "repositories": entries}))
    _private(os.path.join(home, REGISTRIES), json.dumps({"auths": logins}))


def _entry(name: str, found: Repository) -> dict[str, Any]:
    def path(given: str) -> str:
        return os.path.abspath(os.path.expanduser(given)) if given else ""

    return {
        "name": name,
        "url": found.url,
        "username": found.username,
        "password": found.password,
        "caFile": path(found.ca_cert),
        "certFile": path(found.client_cert),
        "keyFile": path(found.client_key),
        "insecure_skip_tls_verify": not found.validate_certs,
        "pass_credentials_all": found.pass_credentials,
    }


def _login(found: Repository) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{found.username}:{found.password}".encode()).decode()}


def _private(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def check_files(found: Repository) -> None:
    """Raises ``KubefateError`` (bad_input) for a certificate or key that is not there."""
    for name in ("ca_cert", "client_cert", "client_key"):
        path = getattr(found, name)
        if path and not os.path.isfile(os.path.expanduser(path)):
            hint = "Give the path of a PEM file on the machine that the module runs on."
            raise bad_input(f"chart_repo_{name}: there is no file {path}.", hint, "chart")
