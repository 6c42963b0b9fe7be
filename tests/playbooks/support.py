"""Running the collection's playbooks as a user does: the installed tarball, an inventory, a kubeconfig."""

from __future__ import annotations

import functools
import json
import os
import shlex
import signal
import subprocess
import tempfile
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from forking import Plays

TIMEOUT = 300
"""Seconds for one play."""
ROOT = Path(__file__).resolve().parents[2]
STATE = "Bring the cluster to what its spec says"
"""The task of the playbooks that works on a party."""
HELM4_AND_IN_LONG_HELM3 = pytest.mark.parametrize(
    "federation",
    [pytest.param("KUBEFATE_HELM3", marks=pytest.mark.long), "KUBEFATE_HELM4"],
    indirect=True,
    ids=["helm3", "helm4"],
)


def required(name: str) -> str:
    """An environment variable that the runner sets."""
    value = os.environ.get(name)
    assert value, f"{name} is not set: run these tests with tests/run.py --suite playbooks"
    return value


@dataclass(frozen=True, slots=True)
class Run:
    """One ansible-playbook run. tasks: (play, task) names in order to results by host."""

    code: int
    text: str
    stats: dict[str, dict[str, int]]
    results: list[tuple[str, str, dict[str, Any]]]

    def changed(self) -> int:
        return sum(counts["changed"] for counts in self.stats.values())

    def failed(self) -> list[str]:
        return sorted(host for host, counts in self.stats.items() if counts["failures"])

    def of(self, task: str) -> dict[str, Any]:
        """Results of a task by host; the last task of that name."""
        found = [results for _play, name, results in self.results if name.endswith(task)]
        assert found, f"no task {task!r} ran: {[name for _play, name, _results in self.results]}"
        return found[-1]

    def message(self, task: str) -> str:
        return str(next(iter(self.of(task).values()))["msg"])


TLS_SPEC = {
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "modules": ["osx", "clustermanager", "nodemanager", "mysql"],
    "osx": {"enableTLS": True},
}
"""For a party of few modules whose OSX speaks TLS."""
OBJECTS_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: objects\nversion: 0.1.0\nappVersion: 1.0.0\n",
    "values-template.yaml": "objects:\n{{ toYaml (default (list) .objects) | indent 2 }}\n",
    "templates/all.yaml": "{{ range .Values.objects }}\n---\n{{ toYaml . }}\n{{ end }}\n",
}
"""A chart that deploys the objects of its spec: for what the charts of FATE never do."""


def workload(name: str, kind: str = "Deployment", **pod: Any) -> dict[str, Any]:
    """A workload with one pod. pod: annotations, resources, image, or parts of the pod's spec."""
    labels = {"fateMoudle": name}
    container = {
        "name": "main",
        "image": pod.pop("image", "example.test/program:1"),
        "resources": pod.pop("resources", {}),
    }
    template = {
        "metadata": {"labels": labels, "annotations": pod.pop("annotations", {})},
        "spec": {"containers": [container], **pod},
    }
    spec: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": template}
    if kind == "Job":
        template["spec"] = {"restartPolicy": "Never", **template["spec"]}
        spec = {"backoffLimit": 0, "template": template}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }


@dataclass(slots=True)
class Federation:
    """An inventory of its own, with namespaces that no other test uses."""

    folder: Path
    prefix: str
    kubeconfig: Path
    helm: str
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def add(self, party_id: str, **variables: Any) -> str:
        """A party; its inventory name."""
        host = f"party-{party_id}"
        self.hosts[host] = {
            "fate_party_id": party_id,
            "fate_name": f"{self.prefix}-{party_id}",
            "fate_namespace": f"{self.prefix}-{party_id}",
            **variables,
        }
        return host

    def add_exchange(self, host: str, **variables: Any) -> str:
        """An exchange with OSX; its inventory name."""
        self.hosts[host] = {
            "fate_role": "exchange",
            "fate_chart": "fate-exchange",
            "fate_name": f"{self.prefix}-{host}",
            "fate_namespace": f"{self.prefix}-{host}",
            "fate_spec": {"modules": ["osx"]},
            **variables,
        }
        return host

    def namespace(self, host: str) -> str:
        return str(self.hosts[host]["fate_namespace"])

    def group(self) -> dict[str, Any]:
        """The variables that all parties have in common."""
        return {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "fate_chart": "fate",
            "fate_chart_version": "2.2.0",
            "fate_store_namespace": f"{self.prefix}-store",
            "fate_spec_defaults": {
                "computing": "Eggroll",
                "federation": "OSX",
                "storage": "Eggroll",
                "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"],
            },
            **self.defaults,
        }

    def write(self) -> Path:
        path = self.folder / "inventory.yml"
        path.write_text(yaml.safe_dump({"fate": {"hosts": self.hosts, "vars": self.group()}}, sort_keys=False))
        return path

    def play(
        self, playbook: str, *arguments: str, named: bool = True, env: dict[str, str] | None = None, **extra: Any
    ) -> Run:
        """Run one of the collection's playbooks, or a file. named: whether to say which Kubernetes is meant."""
        return ansible_playbook(self._argv(playbook, arguments, extra, named=named), self.folder, env or {})

    def documented(self, line: str) -> Run:
        """Run a command just as the documentation has it, with the inventory of the test, where the test is."""
        texts = [path.read_text() for path in (ROOT / "docs").glob("*.md")]
        assert any(f"\n    {line}\n" in text for text in texts), f"no document has the command {line}"
        program, name, *arguments = shlex.split(line)
        assert (program, arguments[:2]) == ("ansible-playbook", ["-i", "inventory"])
        return self.play(name.removeprefix("federatedai.kubefate."), *arguments[2:], env={"PWD": str(self.folder)})

    def start(self, playbook: str, *arguments: str, **extra: Any) -> subprocess.Popen[str]:
        """The same, in the background and in a process group of its own."""
        argv = self._argv(playbook, arguments, extra, named=True)
        return start_playbook(argv, self.folder, {})

    def _argv(self, playbook: str, arguments: tuple[str, ...], extra: dict[str, Any], *, named: bool) -> list[str]:
        values = {"fate_helm_binary": self.helm, **self.extra, **extra}
        if named:
            values["fate_kubeconfig"] = str(self.kubeconfig)
        name = playbook if playbook.endswith(".yml") else f"federatedai.kubefate.{playbook}"
        return [name, "-i", str(self.write()), "-e", json.dumps(values), *arguments]

    def objects_chart(self) -> str:
        """Where ``OBJECTS_CHART`` lies."""
        chart = self.folder / "objects"
        for name, text in OBJECTS_CHART.items():
            (chart / name).parent.mkdir(parents=True, exist_ok=True)
            (chart / name).write_text(text)
        return str(chart)

    def deploy_objects(self, *objects: dict[str, Any], **options: Any) -> Run:
        """Deploy these objects as cluster ``objects``, with ``fate_cluster`` alone."""
        return self.play(self.objects_playbook(*objects, **options))

    def objects_playbook(self, *objects: dict[str, Any], **options: Any) -> str:
        """A playbook that does."""
        module = {
            "kubeconfig": str(self.kubeconfig),
            "helm_binary": self.helm,
            "store_namespace": f"{self.prefix}-store",
            "chart_path": self.objects_chart(),
            "name": "objects",
            "namespace": f"{self.prefix}-objects",
            "spec": {"objects": list(objects)},
            **options,
        }
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [{"name": "Deploy objects", "federatedai.kubefate.fate_cluster": module}],
        }
        return self.write_playbook(yaml.safe_dump([play]))

    def in_objects(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """kubectl in the namespace of ``deploy_objects``."""
        return self.kubectl("--namespace", f"{self.prefix}-objects", *arguments, stdin=stdin, check=check)

    def write_playbook(self, text: str) -> str:
        path = self.folder / f"{uuid.uuid4().hex[:8]}.yml"
        path.write_text(textwrap.dedent(text))
        return str(path)

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        argv = [required("KUBEFATE_KUBECTL"), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def objects(self, kind: str, host: str) -> list[dict[str, Any]]:
        listed = self.kubectl("get", kind, "--namespace", self.namespace(host), "--output", "json")
        return list(json.loads(listed)["items"])

    def one(self, kind: str, name: str, host: str) -> dict[str, Any]:
        return dict(
            json.loads(self.kubectl("get", kind, name, "--namespace", self.namespace(host), "--output", "json"))
        )


def ansible_playbook(argv: list[str], folder: Path, env: dict[str, str], tool: str = "") -> Run:
    """ansible-playbook with a machine-readable report beside the usual output."""
    report = folder / f"report-{uuid.uuid4().hex[:8]}.json"
    own = {"KUBEFATE_REPORT": str(report), **env}
    known = environment(folder) | own
    plays = None if tool else forked_plays()
    if plays and plays.takes(known):
        code, text = plays.run(argv, folder, known, TIMEOUT)
    else:
        code, text = _run(start_playbook(argv, folder, own, tool))
    print(text)
    found = json.loads(report.read_text()) if report.exists() else {"stats": {}, "tasks": []}
    results = [(entry["play"], entry["task"], entry["results"]) for entry in found["tasks"]]
    return Run(code, text, found["stats"], results)


def _run(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        text, _nothing = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, text


@functools.cache
def forked_plays() -> Plays | None:
    """What runs plays fast; None where the runner wants the command itself, as on the oldest ansible-core."""
    if not os.environ.get("KUBEFATE_FORKED_PLAYS"):
        return None
    folder = Path(tempfile.mkdtemp(prefix="kubefate-plays-"))
    return Plays(Path(required("KUBEFATE_ANSIBLE_BIN")) / "python", folder, environment(folder))


def environment(folder: Path) -> dict[str, str]:
    """Of a play. folder: its HOME."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": required("KUBEFATE_COLLECTIONS"),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "federatedai.kubefate.progress,report",
    }


def start_playbook(argv: list[str], folder: Path, env: dict[str, str], tool: str = "") -> subprocess.Popen[str]:
    binary = tool or required("KUBEFATE_ANSIBLE_BIN")
    return subprocess.Popen(
        [f"{binary}/ansible-playbook", *argv],
        cwd=folder,
        env=environment(folder) | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
