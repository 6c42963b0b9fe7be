# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts from real servers: a Helm repository with TLS and a login, an OCI registry, an archive at a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.lookup import ChartFinder, Wanted
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, write_archive
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.remote import explained
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.repository import Repository
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart, write_folder
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import RealRunner, helm_binary
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.sources import (
    PASSWORD,
    USER,
    Place,
    push,
    registry,
    web_server,
    write_repository,
)

pytestmark = pytest.mark.once

FATE = "annotations: {kubefate.federatedai.org/fate-versions: '2.0.0, 2.2.0'}\n"


def made(version: str, name: str = "fate", extra: str = "", **files: str) -> Chart:
    return chart(
        {"values-template.yaml": "a: 1\n", **files}, f"apiVersion: v2\nname: {name}\nversion: {version}\n{extra}"
    )


CHARTS = (
    made("1.0.0"),
    made("1.2.0"),
    made("1.10.0", extra=FATE),
    made("2.0.0-rc.1"),
    made("v3.0.0"),
    made("0.1.0+build.5", "exchange"),
)


class User:
    """Somebody who looks for charts, with one of the helms. nothing: is bundled or stored."""

    def __init__(self, helm: int, folder: Path):
        self.runner, self.binary, self.folder = RealRunner(), helm_binary(helm), folder

    def finder(self, repository: Repository, **bundled: str) -> ChartFinder:
        return ChartFinder(
            bundled, str(self.folder), repository, lambda home: Helm(self.runner, self.binary, home=home)
        )

    def find(self, repository: Repository, name: str, version: str = "", digest: str = "") -> Chart:
        return self.finder(repository).find(Wanted(name, version, digest=digest))

    def fails(self, repository: Repository, name: str, version: str = "", digest: str = "") -> KubefateError:
        with pytest.raises(KubefateError) as caught:
            self.find(repository, name, version, digest)
        assert caught.value.phase == "chart"
        assert caught.value.hint
        assert PASSWORD not in caught.value.msg + caught.value.hint
        return caught.value


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def user(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[User]:
    """Nothing secret is on a command line, and what helm writes stays in the call's folder."""
    found = User(request.param, tmp_path)
    yield found
    for run in found.runner.runs:
        assert PASSWORD not in " ".join(run.argv)
        assert {
            value for name, value in run.env.items() if name.startswith("HELM_") and value and name != "HELM_DRIVER"
        }
        assert all(
            value.startswith(str(tmp_path))
            for name, value in run.env.items()
            if name.startswith("HELM_") and value and name != "HELM_DRIVER"
        )
    for folder, _folders, files in os.walk(tmp_path):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as stream:
                assert os.stat(path).st_mode & 0o077 == 0 or PASSWORD.encode() not in stream.read(), path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with web_server(write_repository(tmp_path_factory.mktemp("web") / "charts", *CHARTS)) as found:
        yield found


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Its charts are pushed by helm."""
    with registry(tmp_path_factory.mktemp("registry")) as found:
        push(found, helm_binary(4), *CHARTS)
        yield found


# a Helm repository -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("1.2.0", "1.2.0"),
        ("v1.2.0", "1.2.0"),
        ("3.0.0", "v3.0.0"),
        ("^1.0", "1.10.0"),
        ("~1.2", "1.2.0"),
        ("", "v3.0.0"),
    ],
)
def test_a_repository_is_asked_for_a_version_or_a_range(place: Place, user: User, version: str, found: str) -> None:
    chart = user.find(place.repository(), "fate", version)
    assert (chart.version, chart.source, chart.origin) == (found, "repository", place.url)
    assert chart.digest == next(item.digest for item in CHARTS if item.version == found), "nothing is lost on the way"


def test_a_chart_that_says_so_is_meant_by_a_version_of_fate(place: Place, user: User) -> None:
    assert user.find(place.repository(), "fate", "2.2.0").version == "1.10.0"


def test_what_is_here_goes_before_the_repository(place: Place, user: User) -> None:
    bundled = write_folder(user.folder / "bundled", made("1.2.0", mine="1"))
    finder = user.finder(place.repository(), fate=bundled)
    assert finder.find(Wanted("fate", "1.2.0")).source == "bundled"
    assert finder.find(Wanted("fate", "^1.0")).source == "bundled", "the first place that has one in the range"
    assert finder.find(Wanted("fate", "1.10.0")).source == "repository"


def test_a_repository_that_asks_for_a_login_says_so(place: Place, user: User) -> None:
    for login in ({"username": "", "password": ""}, {"password": "wrong-password"}):
        error = user.fails(place.repository(**login), "fate")
        assert error.kind is Kind.UNAUTHORIZED
        assert error.msg == f"{place.url} asks for a login, or does not accept the one that was given."
        assert "chart_repo_username" in error.hint


def test_a_repository_whose_ca_is_unknown_is_not_trusted(place: Place, user: User) -> None:
    error = user.fails(place.repository(ca_cert=""), "fate")
    assert error.kind is Kind.CONNECTION
    assert f"The certificate of {place.url} is not trusted here" in error.msg
    assert "chart_repo_ca_cert" in error.hint
    assert user.find(place.repository(ca_cert="", validate_certs=False), "fate", "1.0.0").version == "1.0.0"


def test_a_client_certificate_lets_in(user: User) -> None:
    with web_server(write_repository(user.folder / "mutual", *CHARTS), client=True) as found:
        certificate, key = found.client
        repository = found.repository(client_cert=certificate, client_key=key)
        assert user.find(repository, "fate", "1.0.0").version == "1.0.0"
        assert user.fails(found.repository(), "fate", "1.0.0").kind is Kind.CONNECTION


def test_a_chart_that_a_repository_lacks_is_told_with_those_that_it_has(place: Place, user: User) -> None:
    error = user.fails(place.repository(), "fate", "^7")
    assert (error.kind, error.msg) == (Kind.CHART, "There is no chart fate ^7.")
    assert f"fate 1.2.0 ({place.url})" in error.hint
    assert f"exchange ({place.url})" in error.hint


def test_what_is_no_repository_is_told(user: User) -> None:
    (user.folder / "empty").mkdir()
    with web_server(user.folder / "empty") as found:
        assert user.fails(found.repository(), "fate").kind is Kind.CONNECTION
        (user.folder / "empty" / "index.yaml").write_text("entries: none\n")
        assert user.fails(found.repository(), "fate").msg


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("failed to fetch https://127.0.0.1:40355/index.yaml : 404 Not Found", Kind.CHART),
        ("127.0.0.1:40155/fate/fate:1.0.0: not found", Kind.CHART),
        ("registry:403/fate/fate@sha256:ab-401-4036: not found", Kind.CHART),
        ("failed to fetch https://127.0.0.1:40355/index.yaml : 403 Forbidden", Kind.FORBIDDEN),
        ("GET https://charts.example/v2: response status code 403: forbidden", Kind.FORBIDDEN),
        ("unexpected status from HEAD request to https://charts.example/v2: 401", Kind.UNAUTHORIZED),
    ],
)
def test_a_status_is_no_part_of_a_port_or_a_digest(said: str, kind: Kind) -> None:
    assert explained(KubefateError(f"helm pull: {said}", Kind.HELM), "https://charts.example", "fate 1").kind is kind


def test_a_repository_that_is_not_there_is_told(user: User) -> None:
    error = user.fails(Repository("http://127.0.0.1:9"), "fate")
    assert error.kind is Kind.CONNECTION
    assert "http://127.0.0.1:9 cannot be reached" in error.msg
    assert user.fails(Repository(str(user.folder / "nowhere")), "fate").kind is Kind.CONNECTION


def test_an_archive_that_is_not_what_the_index_says_is_refused(user: User) -> None:
    folder = write_repository(user.folder / "tampered", made("1.0.0"))
    write_archive(made("1.0.0", evil="1"), str(folder))
    with web_server(folder) as found:
        for repository in (found.repository(), Repository(str(folder))):
            error = user.fails(repository, "fate", "1.0.0")
            assert error.kind is Kind.CHART
            assert "is not what the repository's index says" in error.msg


# a folder of archives --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("index", [True, False])
def test_a_folder_of_archives_is_a_repository(user: User, index: bool) -> None:
    folder = write_repository(user.folder / "archives", *CHARTS, index=index)
    for url in (str(folder), f"file://{folder}"):
        repository = Repository.of({"chart_repo_url": url}, {})
        assert user.find(repository, "fate", "^1").version == "1.10.0"
        assert user.find(repository, "exchange").source == "repository"
    assert user.runner.runs == [], "no program is needed"


# a registry ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "version", "found"),
    [
        ("fate", "1.2.0", "1.2.0"),
        ("fate", "v1.2.0", "1.2.0"),
        ("fate", "^1.0", "1.10.0"),
        ("fate", ">=1.0 <1.5", "1.2.0"),
        ("exchange", "0.1.0+build.5", "0.1.0+build.5"),
    ],
)
def test_a_registry_is_asked_for_a_version_or_a_range(
    harbor: Place, user: User, name: str, version: str, found: str
) -> None:
    chart = user.find(harbor.repository(), name, version)
    assert (chart.version, chart.source, chart.origin) == (found, "oci", f"{harbor.url}/{name}")
    assert chart.digest == next(item.digest for item in CHARTS if (item.name, item.version) == (name, found))


def test_a_reference_is_what_it_says_whatever_is_here(harbor: Place, user: User) -> None:
    bundled = write_folder(user.folder / "bundled", made("1.2.0", mine="1"))
    credentials = Repository.of(harbor.params(), {})
    finder = user.finder(Repository(credentials.url, USER, PASSWORD, harbor.ca), fate=bundled)
    assert finder.find(Wanted(f"{harbor.url}/fate", "1.2.0")).source == "oci"


def test_a_chart_of_a_registry_is_pinned_by_its_manifest_its_archive_or_its_content(harbor: Place, user: User) -> None:
    found = user.find(harbor.repository(), "fate", "1.2.0")
    assert len(found.archives) == 2
    for digest in (found.digest, *found.archives):
        assert user.find(harbor.repository(), "fate", "1.2.0", digest).digest == found.digest
    for digest in ("a" * 52, f"sha256:{'0' * 64}"):
        error = user.fails(harbor.repository(), "fate", "1.2.0", digest)
        assert error.kind is Kind.CHART
        assert found.digest in error.msg
        assert f"not {digest}" in error.msg
    assert user.fails(harbor.repository(), "fate", "1.2.0", "1234").kind is Kind.INPUT


def test_a_registry_that_asks_for_a_login_says_so(harbor: Place, user: User) -> None:
    for login in ({"username": "", "password": ""}, {"password": "wrong-password"}):
        error = user.fails(harbor.repository(**login), "fate", "1.2.0")
        assert error.kind is Kind.UNAUTHORIZED, error.msg


def test_a_registry_whose_ca_is_unknown_is_not_trusted(harbor: Place, user: User) -> None:
    error = user.fails(harbor.repository(ca_cert=""), "fate", "1.2.0")
    assert error.kind is Kind.CONNECTION
    assert "is not trusted here" in error.msg
    assert user.find(harbor.repository(ca_cert="", validate_certs=False), "fate", "1.2.0").version == "1.2.0"


def test_a_registry_without_tls_is_used_only_when_that_is_said(user: User) -> None:
    with registry(user.folder / "plain", tls=False, login=False) as found:
        login = {"username": "", "password": "", "ca_cert": ""}
        plain = found.repository(**login, plain_http=True)
        error = user.fails(found.repository(**login), "fate", "1.0.0")
        assert error.kind is Kind.CONNECTION
        assert "chart_repo_plain_http" in error.hint
        assert user.fails(plain, "fate", "1.0.0").kind is Kind.CHART, "it answers, and has no such chart"


def test_a_chart_that_a_registry_lacks_is_told(harbor: Place, user: User) -> None:
    for name, version in (("fate", "9.9.9"), ("fate", "^9"), ("nothing", "1.0.0")):
        error = user.fails(harbor.repository(), name, version)
        assert (error.kind, error.msg) == (Kind.CHART, f"There is no chart {name} {version}.")


# an archive at a URL ---------------------------------------------------------------------------------------------
def test_an_archive_at_a_url_is_downloaded_with_the_credentials_of_its_host(place: Place, user: User) -> None:
    url = f"{place.url}/fate-1.2.0.tgz"
    found = user.find(place.repository(), url)
    assert (found.version, found.source, found.origin) == ("1.2.0", "url", url)
    assert user.find(place.repository(), url, "^1.0").version == "1.2.0"
    assert "is chart fate 1.2.0, not version ^2" in user.fails(place.repository(), url, "^2").msg


def test_credentials_are_not_sent_to_another_host(place: Place, user: User) -> None:
    with web_server(place.folder, login=False) as other:
        both = user.folder / "both.pem"
        both.write_text(Path(place.ca).read_text() + Path(other.ca).read_text())
        repository = place.repository(ca_cert=str(both))
        assert user.find(repository, f"{other.url}/fate-1.2.0.tgz").version == "1.2.0"
        with web_server(place.folder, moved_to=other.url) as moved:
            both.write_text(Path(moved.ca).read_text() + Path(other.ca).read_text())
            given = moved.repository(ca_cert=str(both))
            assert user.find(given, f"{moved.url}/fate-1.2.0.tgz").version == "1.2.0"
        assert [headers for _path, headers in other.requests if "Authorization" in headers] == []
        assert len(other.requests) == 2


def test_a_url_that_gives_no_chart_is_told(place: Place, user: User) -> None:
    no_login = {"username": "", "password": ""}
    cases = [
        (place.repository(), f"{place.url}/nothing.tgz", Kind.CHART, "There is nothing at"),
        (place.repository(), f"{place.url}/index.yaml", Kind.CHART, "is not a readable .tgz archive"),
        (place.repository(**no_login), f"{place.url}/fate-1.2.0.tgz", Kind.UNAUTHORIZED, "asks for a login"),
        (place.repository(ca_cert=""), f"{place.url}/fate-1.2.0.tgz", Kind.CONNECTION, "is not trusted here"),
        (Repository(""), "http://127.0.0.1:9/x.tgz", Kind.CONNECTION, "cannot be reached"),
        (Repository(""), f"{place.url.replace('https', 'http')}/x.tgz", Kind.CONNECTION, "cannot be reached"),
    ]
    for repository, url, kind, said in cases:
        error = user.fails(repository, url)
        assert said in error.msg
        assert error.kind is kind


# options ---------------------------------------------------------------------------------------------------------
def test_the_default_repository_is_the_one_of_the_environment() -> None:
    kubefate = {"FATECLOUD_REPO_URL": "https://old.example/charts"}
    assert Repository.of({}, kubefate).url == "https://old.example/charts"
    assert (
        Repository.of({}, {**kubefate, "KUBEFATE_CHART_REPO_URL": "https://new.example"}).url == "https://new.example"
    )
    assert Repository.of({"chart_repo_url": "https://mine.example"}, kubefate).url == "https://mine.example"
    assert Repository.of({}, {}).url == ""


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"chart_repo_url": "https://user:secret@host/charts"}, "holds credentials"),
        ({"chart_repo_url": "ftp://host/charts"}, "no kind of chart repository"),
        ({"chart_repo_url": "https://host", "chart_repo_username": "a"}, "a user name and a password, or none"),
    ],
)
def test_a_repository_that_makes_no_sense_is_refused(params: dict[str, str], said: str) -> None:
    with pytest.raises(KubefateError, match=said) as caught:
        Repository.of(params, {})
    assert caught.value.kind is Kind.INPUT
    assert "secret" not in caught.value.msg


def test_a_certificate_that_is_not_there_is_named(user: User) -> None:
    error = user.fails(Repository("https://127.0.0.1:9", ca_cert="/nowhere/ca.pem"), "fate")
    assert error.msg == "chart_repo_ca_cert: there is no file /nowhere/ca.pem."
