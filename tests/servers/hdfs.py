# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HDFS: a namenode and a datanode."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

from .asking import opened
from .errors import NotStartedError, RefusedError
from .java import Jars, fetched, java
from .process import Process, own_address

WANTED = Jars("hdfs-3.3.6", "hdfs-3.3.6.xml", "hadoop-client-minicluster")
NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
DATANODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"


@dataclass(slots=True)
class Hdfs:
    """Both nodes, on one address of the loopback with the ports that they have in a cluster.

    :param core: properties of core-site.xml.
    :param hdfs: properties of hdfs-site.xml. Addresses and folders are the test's own, whatever it says.
    """

    folder: Path
    core: Mapping[str, str]
    hdfs: Mapping[str, str]
    address: str = field(default_factory=own_address)
    _processes: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        conf = self.folder / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        (conf / "core-site.xml").write_text(_xml(self.core))
        (conf / "hdfs-site.xml").write_text(_xml({**self.hdfs, **self._own()}))
        known, base = self._environment, self._base
        argv = [*base, NAMENODE, "-format", "-nonInteractive"]
        done = subprocess.run(argv, cwd=self.folder, env=known, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStartedError(f"the namenode could not be formatted: {done.stderr[-3000:]}")
        try:
            for name, main, ready in (
                ("namenode", NAMENODE, lambda: self.asked("NameNodeInfo")),
                ("datanode", DATANODE, self._takes_files),
            ):
                process = Process(name, [*base, main], self.folder, known)
                self._processes.append(process)
                process.start(ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        while self._processes:
            self._processes.pop().stop()

    @property
    def _environment(self) -> dict[str, str]:
        runtime = java()
        return runtime.environment(runtime.program("java").parent, HADOOP_CONF_DIR=str(self.folder / "conf"))

    @property
    def _base(self) -> list[str]:
        class_path = f"{self.folder / 'conf'}:{fetched(WANTED).class_path}"
        return [str(java().program("java")), "-Xmx256m", "-cp", class_path]

    def _own(self) -> dict[str, str]:
        binds = {name: self.address for name in self.hdfs if name.endswith("-bind-host")}
        return {
            **binds,
            # The datanode calls from another address of the loopback, so its name has to be what it is found by.
            "dfs.datanode.hostname": self.address,
            "dfs.client.use.datanode.hostname": "true",
            "dfs.namenode.http-address": f"{self.address}:9870",
            "dfs.datanode.address": f"{self.address}:9866",
            "dfs.datanode.http.address": f"{self.address}:9864",
            "dfs.datanode.ipc.address": f"{self.address}:9867",
            "dfs.namenode.name.dir": f"file://{self.folder}/name",
            "dfs.datanode.data.dir": f"file://{self.folder}/data",
        }

    def _takes_files(self) -> bool:
        """Whether the datanode has said what room it has, which it does some time after it is known."""
        state = self.asked("FSNamesystemState")
        operational = (state.get("FSState"), state.get("NumLiveDataNodes")) == ("Operational", 1)
        return operational and int(state.get("CapacityRemaining") or 0) > 0

    def asked(self, bean: str) -> dict[str, Any]:
        """What the namenode says of itself."""
        url = f"http://{self.address}:9870/jmx?qry=Hadoop:service=NameNode,name={bean}"
        with opened(url, 20) as answer:
            beans = json.load(answer)["beans"]
        return dict(beans[0]) if beans else {}

    def shell(self, *words: str) -> str:
        """What `hdfs dfs` prints, with the same settings. Raises RefusedError."""
        argv = [*self._base, "org.apache.hadoop.fs.FsShell", *words]
        done = subprocess.run(argv, env=self._environment, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise RefusedError(done.stderr[-3000:])
        return done.stdout


def _xml(properties: Mapping[str, str]) -> str:
    parts = [f"<property><name>{escape(k)}</name><value>{escape(v)}</value></property>" for k, v in properties.items()]
    return '<?xml version="1.0"?>\n<configuration>\n' + "\n".join(parts) + "\n</configuration>\n"
