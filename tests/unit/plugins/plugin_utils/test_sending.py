# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.plugins.plugin_utils.sending import Parcel, with_files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the controller, which is also its home."""
    (tmp_path / "chart" / "templates").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: chart")
    (tmp_path / "chart" / "templates" / "all.yaml").symlink_to(tmp_path / "chart" / "Chart.yaml")
    (tmp_path / "config").write_text("kubeconfig")
    (tmp_path / "chart" / "Chart.yaml").chmod(0o666)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def moved(path: str) -> str:
    return f"/there/{os.path.basename(path)}"


def test_files_of_the_controller_are_sent_and_other_paths_are_meant_over_there(here: Path) -> None:
    options = {
        "path": str(here / "chart"),
        "chart_path": "~/nowhere",
        "spec_files": ["~/config", "/x"],
        "name": "config",
    }
    assert with_files(options, moved) == {
        "path": "/there/chart",
        "chart_path": "~/nowhere",
        "spec_files": ["/there/config", "/x"],
        "name": "config",
    }


def test_a_kubeconfig_may_be_several_paths_or_data(here: Path) -> None:
    assert with_files({"kubeconfig": "/x:~/config"}, moved) == {"kubeconfig": "/x:/there/config"}
    data = {"clusters": [{"cluster": {"certificate-authority": str(here / "config")}}]}
    assert with_files({"kubeconfig": data}, moved) == {"kubeconfig": data}


def test_files_of_parties_and_their_connections_are_sent(here: Path) -> None:
    party = {"host": "one", "spec_files": ["~/config"], "connection": {"ca_cert": "~/config", "host": "https://x"}}
    assert with_files({"parties": [party]}, moved)["parties"] == [
        {
            "host": "one",
            "spec_files": ["/there/config"],
            "connection": {"ca_cert": "/there/config", "host": "https://x"},
        }
    ]


def test_a_parcel_holds_each_thing_once_for_its_owner_alone_and_without_links(here: Path, tmp_path: Path) -> None:
    parcel = Parcel("/there")
    assert parcel.add(str(here / "chart")) == "/there/0/chart"
    assert parcel.add(str(here / "config")) == "/there/1/config"
    assert parcel.add(f"{here}/chart/") == "/there/0/chart"
    archive = tmp_path / "sent.tar"
    paths = parcel.write(str(archive))
    assert {"/there/0", "/there/0/chart/templates/all.yaml", "/there/1/config"} <= set(paths)
    with tarfile.open(archive) as tar:
        modes = {entry.name: entry.mode for entry in tar}
        linked = tar.extractfile("0/chart/templates/all.yaml")
        assert linked is not None
        assert linked.read() == b"name: chart"
    assert modes["0/chart"] == 0o700
    assert modes["0/chart/Chart.yaml"] == modes["1/config"] == 0o600


def test_an_empty_parcel_has_no_paths(tmp_path: Path) -> None:
    assert Parcel("/there").write(str(tmp_path / "sent.tar")) == []
