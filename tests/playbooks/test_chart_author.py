"""docs/charts.md, executed: what it says an author does, with the playbooks behind the make targets; then a cluster
from what came of it, with a third-party chart as a dependency and with hooks."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml
from support import ROOT, Federation

GUIDE = ROOT / "docs" / "charts.md"
STEP = re.compile(
    r"^ *<!-- file: (?P<file>\S+?)(?:, (?P<how>[^>]+))? -->\n\n(?P<text>(?: {7,}.*\n|\n)+)|^ *make (?P<make>.+)$", re.M
)
PLAYBOOKS = {
    "chart-create": "chart_create",
    "chart-lock": "chart_lock",
    "chart-lint": "chart_lint",
    "chart-render": "chart_render",
    "chart-package": "chart_package",
}
"""Of each make target."""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-prepare
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {{ .Values.hookAnnotations | default dict | toJson }}}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "example.test/prepare:1"}]
"""
CACHE = {
    "Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.3.0\n",
    "values.yaml": "size: small\n",
    "templates/all.yaml": """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, labels: {app.kubernetes.io/component: cache, size: "{{ .Values.size }}"}}
spec:
  serviceName: cache
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: main, image: "example.test/cache:1"}]}
""",
}


def steps() -> Iterator[tuple[str, str, str]]:
    """What the guide has one do, in its order: (make, command, "") or (file, path and how, text)."""
    guide = GUIDE.read_text().partition("## A chart of your own")[2].partition("\n## ")[0]
    for found in STEP.finditer(guide):
        if found["make"]:
            yield "make", found["make"], ""
        else:
            yield found["file"], found["how"] or "", textwrap.dedent(found["text"]).strip() + "\n"


def apply(path: Path, how: str, text: str) -> None:
    match how:
        case "":
            path.write_text(text)
        case "at the end":
            path.write_text(path.read_text() + text)
        case "in properties":
            schema = json.loads(path.read_text())
            schema["properties"] |= json.loads("{" + text + "}")
            path.write_text(json.dumps(schema, indent=2))
        case _:
            raise AssertionError(how)


def make(federation: Federation, command: str) -> None:
    """A make target's playbook with what the target gives it."""
    target, *words = shlex.split(command)
    given = dict(word.split("=", 1) for word in words)
    extra = {"fate_chart_path": str(federation.folder / given["CHART"])}
    if "FROM" in given:
        extra["fate_chart_source"] = given["FROM"]
    if "VERSION" in given:
        extra["fate_chart_version"] = given["VERSION"]
    if "DEST" in given:
        extra["fate_chart_dest"] = str(federation.folder / given["DEST"])
    assert f"\n{target}: ##" in (ROOT / "Makefile").read_text()
    run = federation.play(PLAYBOOKS[target], named=False, **extra)
    assert run.code == 0


def test_the_guide_for_authors_leads_to_a_cluster(federation: Federation) -> None:
    for name, text in CACHE.items():
        path = federation.folder / "charts" / "cache" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = list(steps())
    assert [name for name, *_rest in done].count("make") == 6
    assert len(done) == 11
    for name, how, text in done:
        if name == "make":
            make(federation, how)
        else:
            apply(federation.folder / name, how, text)
    rendered = federation.folder / "rendered" / "greeter"
    values = yaml.safe_load((rendered / "values.yaml").read_text())
    assert values["greeting"] == "good day"
    assert 'greeting: "good day"' in (rendered / "manifests" / "greeting.yaml").read_text()
    assert (federation.folder / "charts" / "my-fate" / "Chart.yaml").exists()
    deploy(federation, str(federation.folder / "dist" / "greeter-0.1.0.tgz"))


def deploy(federation: Federation, archive: str) -> None:
    """The dependency's objects and the chart's hooks are waited for."""
    chart = federation.folder / "charts" / "greeter"
    (chart / "templates" / "prepare.yaml").write_text(HOOK)
    spec = {"name": "greeter", "greeting": "good morning", "nodeSelector": {}}
    options = {"spec": spec, "name": "greeter", "chart_path": archive, "wait_timeout": 90}
    first = federation.play(federation.objects_playbook(**options))
    assert first.code == 0
    cluster = first.of("Deploy objects")["localhost"]["cluster"]
    assert {module["module"]: module["state"] for module in cluster["modules"]}["cache"] == "ready"
    text = federation.in_objects("get", "configmap", "greeter-greeting", "-o", "jsonpath={.data.greeting}")
    assert text == "good morning"
    options["chart_path"] = str(chart)
    second = federation.play(federation.objects_playbook(**options))
    assert second.code == 0, "the hook runs, and is waited for"
    job = json.loads(federation.in_objects("get", "job", "greeter-prepare", "-o", "json"))
    assert job["status"]["succeeded"] == 1
    again = federation.play(federation.objects_playbook(**options))
    assert (again.code, again.changed()) == (0, 0)


def test_a_chart_that_is_wrong_fails_the_look_over_with_file_and_line(federation: Federation) -> None:
    chart = Path(federation.objects_chart())
    (chart / "values-template.yaml").write_text("a: 1\nobjects: {{ .objects.first.second }}\n")
    (chart / "values-template-example.yaml").write_text("name: objects\nobjects: [1]\n")
    run = federation.play("chart_lint", named=False, fate_chart_path=str(chart))
    assert run.code == 2
    result = run.of("Look it over")["localhost"]
    assert not result["ok"]
    finding = next(item for item in result["findings"] if item["severity"] == "error")
    assert (finding["check"], finding["file"], finding["line"]) == ("specs", "values-template.yaml", 2)
    assert "values-template.yaml, line 2" in result["msg"]


def test_a_kubernetes_that_is_named_is_asked_about_each_object(federation: Federation) -> None:
    chart = Path(federation.objects_chart())
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "good"}, "data": {"a": "b"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"ports": [{"prot": 1}]}},
        {"apiVersion": "some.test/v1", "kind": "Thing", "metadata": {"name": "unknown"}},
    ]
    (chart / "values-template-example.yaml").write_text(yaml.safe_dump({"name": "objects", "objects": objects}))
    run = federation.play("chart_lint", fate_chart_path=str(chart), fate_chart_fail_on="never")
    assert run.code == 0
    result = run.of("Look it over")["localhost"]
    assert "kubernetes" in result["checks"]
    said = {item["message"]: item["severity"] for item in result["findings"] if item["check"] == "kubernetes"}
    assert any("Service bad" in text and "prot" in text and level == "error" for text, level in said.items()), said
    assert any("Thing unknown" in text and level == "warning" for text, level in said.items())
    assert not any("ConfigMap good" in text for text in said)
    assert federation.kubectl("get", "configmap", "good", "--ignore-not-found") == "", "nothing is kept"
