# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for HDFS, given to a namenode and a datanode."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError
from ansible_collections.federatedai.kubefate.tests.servers.hdfs import Hdfs
from ansible_collections.federatedai.kubefate.tests.servers.process import own_address
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

COMBINATION = next(item for item in COMBINATIONS if item.has("hdfs"))


def properties(variables: dict[str, str], prefix: str, address: str) -> dict[str, str]:
    """What the image's entry point makes of variables: `___` is a dash, `__` an underscore, `_` a dot. The name of the
    namenode becomes its address, as names do not lead to it here."""
    found = {}
    for name, value in variables.items():
        if name.startswith(prefix):
            key = name.removeprefix(prefix).replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")
            found[key] = value.replace("//namenode:", f"//{address}:")
    return found


def cluster(helm: Helm, root: Path, old: str = "", new: str = "") -> Hdfs:
    """Both nodes with the properties of the namenode's pod. old, new: a text in names and values."""
    address = own_address()
    variables = Pod(COMBINATION.render(helm), "namenode", root).environment()
    assert variables["CORE_CONF_fs_defaultFS"] == "hdfs://namenode:9000"
    assert any(old in name or old in value for name, value in variables.items())
    variables = {name.replace(old, new): value.replace(old, new) for name, value in variables.items()}
    core, hdfs = (properties(variables, f"{kind}_CONF_", address) for kind in ("CORE", "HDFS"))
    return Hdfs(root / "hdfs", core, {**hdfs, "dfs.replication": "1"}, address)


def test_files_written_are_read_again(helm3: Helm, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("id,x0\n1,0.5\n")
    with cluster(helm3, tmp_path) as hdfs:
        assert hdfs.asked("FSNamesystemState")["NumLiveDataNodes"] == 1
        hdfs.shell("-put", str(tmp_path / "data.csv"), "/data.csv")
        assert hdfs.shell("-cat", "/data.csv") == "id,x0\n1,0.5\n"


@pytest.mark.parametrize(("old", "new"), [("fs_defaultFS", "fs_defaultF"), ("hdfs://", "hdf://")], ids=["key", "value"])
def test_a_mistake_keeps_the_nodes_from_finding_each_other(helm3: Helm, tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(NotStartedError), cluster(helm3, tmp_path, old, new):
        pass
