# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.runner import Outcome
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Run, helm_binary, real_helm

SECRET = "HUSH4711"
VALUES = f"password: {SECRET}\n"
RELEASE = Outcome(0, json.dumps({"name": "fate-9999", "version": 3}), "")


def fake(*answers: Outcome | Callable[[Run], Outcome]) -> tuple[Helm, FakeRunner]:
    runner = FakeRunner(answers or (RELEASE,))
    return Helm(runner, "helm", "/run/kubeconfig-1"), runner


CALLS: dict[str, Callable[[Helm], Any]] = {
    "template": lambda helm: helm.template("fate-9999", "/charts/fate", VALUES, namespace="ns"),
    "preview": lambda helm: helm.preview("fate-9999", "/charts/fate", VALUES, "ns"),
    "upgrade": lambda helm: helm.upgrade(
        "fate-9999",
        "/charts/fate",
        VALUES,
        "ns",
        labels={"a/b": "r1-x", "c": "d"},
        timeout=300.7,
        history=10,
        description="by hand",
    ),
    "rollback": lambda helm: helm.rollback("fate-9999", 4, "ns", timeout=60, history=5),
    "uninstall": lambda helm: helm.uninstall("fate-9999", "ns", timeout=60),
    "package": lambda helm: helm.package("/charts/fate", "/target"),
    "version": lambda helm: helm.version(),
}
ARGV = {
    "template": "helm template --namespace ns --values - -- fate-9999 /charts/fate",
    "preview": "helm upgrade --install --dry-run=server --output json --namespace ns "
    "--values - -- fate-9999 /charts/fate",
    "upgrade": "helm upgrade --install --output json --namespace ns --disable-openapi-validation --history-max 10 "
    "--timeout 300s "
    "--labels a/b=r1-x,c=d --description by_hand --values - -- fate-9999 /charts/fate",
    "rollback": "helm rollback --namespace ns --timeout 60s --history-max 5 -- fate-9999 4",
    "uninstall": "helm uninstall --ignore-not-found --namespace ns --timeout 60s -- fate-9999",
    "package": "helm package --destination /target -- /charts/fate",
    "version": "helm version --short",
}


@pytest.fixture(params=list(CALLS))
def call(request: pytest.FixtureRequest) -> tuple[str, Run]:
    """Each call of helm, as the runner saw it."""
    name: str = request.param
    helm, runner = fake(Outcome(0, "v4.3.1", "")) if name == "version" else fake()
    CALLS[name](helm)
    (run,) = runner.runs
    return name, run


def test_the_command_line_of_each_call(call: tuple[str, Run]) -> None:
    name, run = call
    assert [part.replace("_", " ") for part in ARGV[name].split()] == run.argv


def test_values_go_in_by_stdin_and_no_secret_is_in_argv_or_environment(call: tuple[str, Run]) -> None:
    name, run = call
    assert SECRET not in " ".join(run.argv) + " ".join(run.env.values())
    assert run.stdin == (VALUES if name in ("template", "preview", "upgrade") else "")


def test_what_a_user_named_comes_after_the_end_of_options(call: tuple[str, Run]) -> None:
    name, run = call
    if name != "version":
        end = run.argv.index("--")
        assert {"fate-9999", "/charts/fate"} & set(run.argv[end:])
        assert not {"fate-9999", "/charts/fate"} & set(run.argv[:end])


def test_the_environment_cannot_point_helm_to_another_kubernetes(call: tuple[str, Run]) -> None:
    """Every variable by which ``helm env`` says that helm is steered to a Kubernetes is emptied or set."""
    _name, run = call
    assert run.env["KUBECONFIG"] == "/run/kubeconfig-1"
    assert run.env["HELM_DRIVER"] == "secret"
    for variable in [
        "KUBECONTEXT",
        "KUBETOKEN",
        "KUBEAPISERVER",
        "KUBEASUSER",
        "KUBEASGROUPS",
        "KUBECAFILE",
        "NAMESPACE",
    ]:
        assert run.env[f"HELM_{variable}"] == ""
    assert run.env["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] == run.env["HELM_KUBETLS_SERVER_NAME"] == ""


@pytest.mark.parametrize("major", [3, 4])
def test_every_variable_that_this_helm_knows_of_kubernetes_is_neutral(major: int) -> None:
    helm, runner = real_helm(major)
    helm.version()
    listed = runner([helm_binary(major), "env"], stdin="", env={}, timeout=60, bound=False).out
    known = {line.partition("=")[0] for line in listed.splitlines()}
    assert {name for name in known if "KUBE" in name or name == "HELM_NAMESPACE"} <= set(runner.runs[0].env)


def test_every_call_has_a_time_out_and_only_what_changes_something_dies_with_us(call: tuple[str, Run]) -> None:
    name, run = call
    assert run.timeout > 0
    assert run.bound == (name in ("upgrade", "rollback", "uninstall"))


def test_helm_gets_a_little_longer_than_it_was_told_so_that_it_can_say_why() -> None:
    helm, runner = fake()
    CALLS["upgrade"](helm)
    assert runner.runs[0].timeout == pytest.approx(315.7)


def test_without_a_kubeconfig_helm_finds_none() -> None:
    runner = FakeRunner([Outcome(0, "", "")])
    Helm(runner, "helm").template("a", "/c", "")
    assert runner.runs[0].env["KUBECONFIG"] == os.devnull


@pytest.mark.parametrize(
    ("version", "options"),
    [("v3.22.0", ["--dry-run=server", "--validate"]), ("v4.3.1", ["--dry-run=server"])],
)
def test_a_template_is_rendered_for_the_server_that_is_there(version: str, options: list[str]) -> None:
    """Helm 3 needs --validate for that, helm 4 refuses both together."""
    assert fake(Outcome(0, version, ""))[0].ask_the_server() == options


@pytest.mark.parametrize(("version", "forced"), [("v3.22.0", False), ("v4.3.1", True)])
def test_conflicts_are_forced_only_where_helm_knows_how(version: str, forced: bool) -> None:
    helm, runner = fake(Outcome(0, version, ""), RELEASE)
    helm.upgrade("a", "/c", "", "ns", labels={"a": "b"}, timeout=5, history=1, force_conflicts=True)
    assert ("--force-conflicts" in runner.runs[-1].argv) is forced


# versions --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("v3.13.0+g825e86f", (3, 13)),
        ("v3.22.0", (3, 22)),
        ("v3.22", (3, 22)),
        ("v4.0.0-beta.1", (4, 0)),
        ("v4.3.1+gdeadbee", (4, 3)),
        ("WARNING: Kubernetes configuration file is group-readable\nv4.3.1", (4, 3)),
    ],
)
def test_a_helm_that_is_new_enough(said: str, version: tuple[int, int]) -> None:
    assert fake(Outcome(0, said, ""))[0].version() == version


@pytest.mark.parametrize("said", ["Client: v2.17.0+ga690bad", "v3.12.3", "v3.0.0", "v2.17.0"])
def test_an_old_helm_is_refused_by_its_version(said: str) -> None:
    with pytest.raises(KubefateError, match=r"helm is helm v[23]\.\d+\.\d+\. Helm 3\.13 or newer, or helm 4") as caught:
        fake(Outcome(0, said, ""))[0].version()
    assert caught.value.kind is Kind.TOOL
    assert "helm_binary" in caught.value.hint


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(0, "GNU bash, 5.2", ""), "GNU bash, 5.2"),
        (Outcome(127, "", "helm: not found"), "helm: not found"),
        (Outcome(1, "", ""), r"nothing \(exit code 1\)"),
        (Outcome(-9, "v4", "", timed_out=True), "v4"),
    ],
)
def test_what_is_no_helm_is_refused_with_what_it_said(outcome: Outcome, said: str) -> None:
    with pytest.raises(KubefateError, match=f"helm does not answer like helm. It said: {said}") as caught:
        fake(outcome)[0].version()
    assert caught.value.kind is Kind.TOOL


def test_the_version_is_asked_once() -> None:
    helm, runner = fake(Outcome(0, "v4.3.1", ""))
    assert helm.version() == helm.version()
    assert len(runner.runs) == 1


def test_an_old_helm_explains_a_failure_better_than_its_own_words() -> None:
    helm, _runner = fake(Outcome(1, "", "Error: unknown flag: --labels"), Outcome(0, "v3.5.0", ""))
    with pytest.raises(KubefateError, match=r"is helm v3\.5\.0"):
        CALLS["upgrade"](helm)


def test_a_good_helm_s_own_words_explain_a_failure() -> None:
    helm, runner = fake(Outcome(1, "", "Error: something odd"), Outcome(0, "v4.3.1", ""))
    with pytest.raises(KubefateError, match="helm upgrade: something odd"):
        CALLS["upgrade"](helm)
    assert [run.argv[1] for run in runner.runs] == ["upgrade", "version"]
    assert helm.calls == ["upgrade", "version"]


# finding it ------------------------------------------------------------------------------------------------------
def test_helm_is_found_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = tmp_path / "helm"
    binary.write_text("#!/bin/sh\necho v4.3.1\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    runner = FakeRunner([Outcome(0, "v4.3.1", "")])
    assert Helm(runner).version() == (4, 3)
    assert runner.runs[0].argv[0] == str(binary)


def test_no_helm_in_path_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KubefateError, match="There is no helm in PATH") as caught:
        Helm(FakeRunner()).version()
    assert caught.value.kind is Kind.TOOL


def test_a_path_that_is_no_executable_is_named(tmp_path: Path) -> None:
    (tmp_path / "helm").write_text("not executable")
    for path in (tmp_path / "helm", tmp_path / "nowhere"):
        with pytest.raises(KubefateError, match=f"{path} is not an executable file"):
            Helm(FakeRunner(), str(path)).version()


# answers ---------------------------------------------------------------------------------------------------------
def test_the_release_is_read_from_json_that_follows_other_lines() -> None:
    text = 'level=WARN msg="x"\nRelease "a" does not exist. Installing it now.\n{"name": "a", "version": 1}\n'
    helm, _runner = fake(Outcome(0, text, ""))
    assert CALLS["preview"](helm) == {"name": "a", "version": 1}


@pytest.mark.parametrize("text", ["", "done", "{broken", "[1]"])
def test_success_without_a_release_in_json_is_an_error(text: str) -> None:
    helm, _runner = fake(Outcome(0, text, ""))
    with pytest.raises(KubefateError, match="is not the JSON of a release") as caught:
        CALLS["upgrade"](helm)
    assert caught.value.kind is Kind.HELM


def test_the_template_of_a_chart_comes_back_as_text(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 0.0.0\n")
    (tmp_path / "templates" / "a.yaml").write_text("release: {{ .Release.Name }}\nspace: {{ .Release.Namespace }}\n")
    text = helm.template("web", str(tmp_path), "{}", namespace="ns")
    assert text == "---\n# Source: a/templates/a.yaml\nrelease: web\nspace: ns\n"


def test_both_helms_accept_every_option_that_is_used(helm: Helm, tmp_path: Path) -> None:
    """Each call fails for want of a Kubernetes and not for an option that this helm does not know."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 0.0.0\n")
    chart = str(tmp_path)
    calls: list[Callable[[], Any]] = [
        lambda: helm.preview("web", chart, "{}", "ns"),
        lambda: helm.upgrade(
            "web", chart, "{}", "ns", labels={"a": "b"}, timeout=5, history=1, description="d e", force_conflicts=True
        ),
        lambda: helm.rollback("web", 1, "ns", timeout=5, history=1),
        lambda: helm.uninstall("web", "ns", timeout=5),
        lambda: helm.template("web", chart, "{}", extra=[*helm.ask_the_server(), "--is-upgrade", "--no-hooks"]),
    ]
    for call in calls:
        with pytest.raises(KubefateError) as caught:
            call()
        assert caught.value.kind is Kind.CONNECTION, caught.value.msg


def test_packing_a_chart_writes_its_archive(helm: Helm, tmp_path: Path) -> None:
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.2.3\n")
    helm.package(str(chart), str(tmp_path))
    assert (tmp_path / "web-1.2.3.tgz").exists()
