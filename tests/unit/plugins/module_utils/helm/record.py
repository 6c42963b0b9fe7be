# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes ``fixtures/*.json`` anew: what both helms say in trouble, and the release records that they write.

Run it when a new version of helm is to be supported, against an API server of which you are an administrator::

    KUBEFATE_HELM3=... KUBEFATE_HELM4=... KUBECTL=... python record.py KUBECONFIG

It works in namespaces that begin with ``ut-`` and removes them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "fixtures"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: {{ .Values.name | default "web" }}}
spec:
  type: {{ .Values.type | default "ClusterIP" }}
  selector: {app: web}
  ports: [{port: 80{{ with .Values.nodePort }}, nodePort: {{ . }}{{ end }}}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:{{ .Values.tag | default 1 }}"}]}
"""
STATEFUL_SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: {{ .Values.serviceName | default "db" }}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {kubefate.federatedai.org/simulate: {{ .Values.mode | default "none" }}}}
    spec:
      restartPolicy: Never
      nodeSelector: {no-such: {{ .Values.node | default "node" }}}
      containers: [{name: hook, image: hook}]
"""
POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: ut-no-web}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [services]}]
  validations: [{expression: "object.metadata.name != 'refused'", message: "no such name here"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ut-no-web}
spec: {policyName: ut-no-web, validationActions: [Deny]}
"""
SCHEMA = '{"properties": {"port": {"type": "integer"}}}'
DEPENDENCY = "dependencies: [{name: sub, version: 1.0.0, repository: 'https://x.invalid'}]"
NOTHING = "apiVersion: nowhere/v1\nkind: Nothing\nmetadata: {name: a}\n"
RECORD_VALUES = {"name": "web", "note": "record", "list": [1, 2.5, None, "x"]}


class Recorder:
    """One helm against one API server."""

    def __init__(self, helm: str, kubectl: str, kubeconfig: str, major: int):
        self.helm, self.kubectl, self.kubeconfig, self.major = helm, kubectl, kubeconfig, major
        self.found: dict[str, Any] = {}

    def kube(self, *argv: str, stdin: str = "", check: bool = True) -> str:
        command = [self.kubectl, "--kubeconfig", self.kubeconfig, *argv]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=check).stdout

    def run(self, *argv: str, values: Any = None, kubeconfig: str = "") -> subprocess.CompletedProcess[str]:
        text = values if isinstance(values, str) else json.dumps(values or {})
        known = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": kubeconfig or self.kubeconfig}
        return subprocess.run([self.helm, *argv], input=text, capture_output=True, text=True, check=False, env=known)

    def note(self, name: str, *argv: str, values: Any = None, kubeconfig: str = "") -> None:
        done = self.run(*argv, values=values, kubeconfig=kubeconfig)
        assert done.returncode, (name, done.stdout)
        self.found[name] = {"subcommand": argv[0], "rc": done.returncode, "out": done.stdout, "err": done.stderr}

    @contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        space = f"ut-{self.major}-{name}"
        self.kube("create", "namespace", space)
        try:
            yield space
        finally:
            self.kube("delete", "namespace", space, "--wait=false")

    @contextmanager
    def chart(self, manifest: str, meta: str = "", **files: str) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="ut-") as folder:
            path = Path(folder, "web")
            (path / "templates").mkdir(parents=True)
            (path / "Chart.yaml").write_text(f"apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: '4'\n{meta}")
            (path / "templates" / "web.yaml").write_text(manifest)
            for file, text in files.items():
                (path / file.replace("_", ".")).write_text(text)
            yield str(path)

    def upgrade(self, space: str, chart: str, *extra: str) -> list[str]:
        return ["upgrade", "--install", *extra, "--namespace", space, "--values", "-", "--", "web", chart]

    def templates(self) -> None:
        for name, manifest, meta, files, values in (
            ("nil-pointer", "a: {{ .Values.x.y.z }}", "", {}, {}),
            ("fail", '\n{{ fail "osx needs a port: give one" }}', "", {}, {}),
            ("required", '{{ required "osx needs a port: give one" .Values.port }}', "", {}, {}),
            ("parse-error", "a: 1\n{{ if }}", "", {}, {}),
            ("not-yaml", "a: b: c", "", {}, {}),
            ("schema", "a: 1", "", {"values_schema_json": SCHEMA}, {"port": "a"}),
            ("dependency", "a: 1", DEPENDENCY, {}, {}),
            ("kube-version", SERVICE, "kubeVersion: '>=99.0'", {}, {}),
            ("values-not-yaml", SERVICE, "", {}, "a: b: c"),
            ("values-no-mapping", SERVICE, "", {}, "[1, 2]"),
        ):
            with self.chart(manifest, meta, **files) as chart:
                self.note(name, "template", "--values", "-", "--", "web", chart, values=values)
        self.note("no-chart", "template", "--values", "-", "--", "web", "/nonexistent/web")
        with tempfile.TemporaryDirectory(prefix="ut-") as folder:
            self.note("no-chart-yaml", "template", "--values", "-", "--", "web", folder)

    def connections(self) -> None:
        config = json.loads(self.kube("config", "view", "--raw", "--minify", "-o", "json"))
        cluster = config["clusters"][0]["cluster"]
        real = cluster["server"]
        with tempfile.TemporaryDirectory(prefix="ut-") as folder, self.chart(SERVICE) as chart:
            path = str(Path(folder, "config"))
            cluster["server"] = "https://127.0.0.1:9"
            Path(path).write_text(json.dumps(config))
            self.note("refused-connection", *self.upgrade("default", chart), kubeconfig=path)
            cluster["server"] = "https://no-such-host.invalid"
            Path(path).write_text(json.dumps(config))
            self.note("no-such-host", *self.upgrade("default", chart), kubeconfig=path)
            cluster["server"] = real
            config["users"][0]["user"] = {"token": "wrong"}
            Path(path).write_text(json.dumps(config))
            self.note("unauthorized", *self.upgrade("default", chart), kubeconfig=path)
            cluster.pop("certificate-authority-data", None)
            cluster.pop("certificate-authority", None)
            Path(path).write_text(json.dumps(config))
            self.note("unknown-ca", *self.upgrade("default", chart), kubeconfig=path)
            with self.namespace("rights") as space:
                self.kube("--namespace", space, "create", "serviceaccount", "nobody")
                token = self.kube("--namespace", space, "create", "token", "nobody").strip()
                config = json.loads(self.kube("config", "view", "--raw", "--minify", "-o", "json"))
                config["users"][0]["user"] = {"token": token}
                Path(path).write_text(json.dumps(config))
                self.note("forbidden", *self.upgrade(space, chart), kubeconfig=path)

    def releases(self) -> None:
        with self.chart(SERVICE) as chart:
            self.note("no-namespace", *self.upgrade(f"ut-{self.major}-nowhere", chart))
            with self.namespace("owner") as space:
                self.kube("--namespace", space, "create", "service", "clusterip", "web", "--tcp=80")
                self.note("foreign-object", *self.upgrade(space, chart))
            with self.namespace("quota") as space:
                self.kube("--namespace", space, "create", "quota", "none", "--hard=services=0")
                self.note("quota", *self.upgrade(space, chart))
            with self.namespace("port") as space, self.namespace("port-2") as other:
                node = {"type": "NodePort", "nodePort": 32700 + self.major}
                self.run(*self.upgrade(space, chart), values=node)
                self.note("node-port-taken", *self.upgrade(other, chart), values=node)
                self.note("invalid-object", *self.upgrade(other, chart), values={"type": "Nonsense"})
            with self.namespace("policy") as space:
                self.kube("apply", "-f", "-", stdin=POLICY)
                for _try in range(60):
                    argv = ["create", "service", "clusterip", "refused", "--tcp=80", "--dry-run=server"]
                    if not self.kube("--namespace", space, *argv, check=False):
                        break
                self.note("policy", *self.upgrade(space, chart), values={"name": "refused"})
                self.kube("delete", "-f", "-", stdin=POLICY)
            with self.namespace("missing") as space:
                self.note("rollback-no-release", "rollback", "--namespace", space, "--", "web", "5")
                self.run(*self.upgrade(space, chart))
                self.note("rollback-no-revision", "rollback", "--namespace", space, "--", "web", "5")
                self.pending(space)
                self.note("pending", *self.upgrade(space, chart))
            with self.namespace("record") as space:
                self.run(*self.upgrade(space, chart, "--labels", "proof=r1"), values=RECORD_VALUES)
                self.run(*self.upgrade(space, chart), values={**RECORD_VALUES, "note": "second"})
                self.run(*self.upgrade(space, chart), values={"type": "Nonsense"})
                listed = json.loads(self.kube("--namespace", space, "get", "secrets", "-o", "json"))["items"]
                for secret in listed:
                    secret["metadata"].pop("managedFields", None)
                (HERE / f"records-helm{self.major}.json").write_text(json.dumps(listed, indent=1) + "\n")
        with self.chart(NOTHING) as chart, self.namespace("crd") as space:
            self.note("unknown-kind", *self.upgrade(space, chart))
        with self.chart(STATEFUL_SET) as chart, self.namespace("immutable") as space:
            self.run(*self.upgrade(space, chart))
            self.note("immutable", *self.upgrade(space, chart), values={"serviceName": "other"})
        with self.chart(HOOK) as chart, self.namespace("hook") as space:
            self.note("hook-timeout", *self.upgrade(space, chart, "--timeout", "2s"))
        if self.major == 4:
            with self.chart(DEPLOYMENT) as chart, self.namespace("conflict") as space:
                self.run(*self.upgrade(space, chart))
                self.kube("--namespace", space, "scale", "deployment", "web", "--replicas=3")
                self.note("conflict", *self.upgrade(space, chart), values={"replicas": 2})
        with self.chart(SERVICE, "", big_txt=os.urandom(1200000).hex()) as chart, self.namespace("large") as space:
            self.note("too-large", *self.upgrade(space, chart))

    def pending(self, space: str) -> None:
        """Make the newest revision look as if helm worked on it."""
        import base64
        import gzip

        name = "sh.helm.release.v1.web.v1"
        secret = json.loads(self.kube("--namespace", space, "get", "secret", name, "-o", "json"))
        body = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
        body["info"]["status"] = secret["metadata"]["labels"]["status"] = "pending-upgrade"
        packed = base64.b64encode(gzip.compress(json.dumps(body).encode()))
        secret["data"]["release"] = base64.b64encode(packed).decode()
        self.kube("replace", "-f", "-", stdin=json.dumps(secret))


def main(kubeconfig: str) -> None:
    kubectl = os.environ.get("KUBECTL") or shutil.which("kubectl") or "kubectl"
    for major in (3, 4):
        recorder = Recorder(os.environ[f"KUBEFATE_HELM{major}"], kubectl, kubeconfig, major)
        recorder.templates()
        recorder.connections()
        recorder.releases()
        path = HERE / f"errors-helm{major}.json"
        path.write_text(json.dumps(recorder.found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
