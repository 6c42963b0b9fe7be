# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the API server what an object would be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rendering import Telling, render_manifest
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.trials import ask
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.cli import Helm
from ansible_collections.federatedai.kubefate.plugins.module_utils.helm.previews import Previews
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import ApiError
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.making import Gathered
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import Status

REF = Ref("v1", "ConfigMap", "ns", "settings")


def settings(version: str) -> dict[str, Any]:
    metadata = {"name": "settings", "namespace": "ns", "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


class Busy:
    """An API server on which somebody writes an object again and again. writes: how often."""

    def __init__(self, writes: int, status: int = 409):
        self.version, self.writes, self.status = 1, writes, status

    def parallel(self, work: Any, items: Any) -> list[Any]:
        return [work(item) for item in items]

    def read(self, _ref: Ref) -> dict[str, Any]:
        return settings(str(self.version))

    def replace(self, obj: dict[str, Any], *, dry_run: bool, strict: bool) -> dict[str, Any]:
        assert dry_run and strict
        if self.writes:
            self.writes -= 1
            self.version += 1
        if obj["metadata"]["resourceVersion"] != str(self.version):
            raise ApiError("the object has been modified", Kind.REFUSED, status=self.status)
        return obj


def answer(api: Any) -> Any:
    gathered = Gathered("r", "ns", True, (), {REF: settings("")}, None, {REF: settings("1")})
    return ask(api, gathered, [REF])[REF]


@pytest.mark.parametrize("writes", [0, 1, 3])
def test_an_object_that_somebody_writes_meanwhile_is_read_again(writes: int) -> None:
    found = answer(Busy(writes))
    assert found.refused == ""
    assert found.obj["data"] == {"a": "1"}


def test_what_is_refused_for_another_reason_is_told() -> None:
    assert answer(Busy(1, status=422)).obj is None


class LockedHelm:
    """A helm for which another operation began a moment ago. kind: how its preview fails."""

    binary, server, previews = "helm", "https://here", Previews()

    def __init__(self, kind: Kind):
        self.kind = kind

    def preview(self, *_arguments: Any, **_options: Any) -> dict[str, Any]:
        raise KubefateError("another operation (install/upgrade/rollback) is in progress", self.kind)

    def ask_the_server(self) -> list[str]:
        return ["--dry-run=server"]

    def template(self, *_arguments: Any, namespace: str, extra: list[str]) -> str:
        assert "--is-upgrade" in extra
        return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}}}\n"


def test_a_release_that_somebody_locks_this_very_moment_can_still_be_planned() -> None:
    wanted: Any = SimpleNamespace(name="r", namespace="ns", chart=SimpleNamespace(path="/chart", digest="d"))
    values: Any = SimpleNamespace(text="{}")
    helm: Any = LockedHelm(Kind.LOCKED)
    assert [obj["metadata"]["name"] for obj in render_manifest(helm, wanted, values, None).objects] == ["a"]
    broken: Any = LockedHelm(Kind.HELM)
    with pytest.raises(KubefateError, match="in progress"):
        render_manifest(broken, wanted, values, None)


class LonelyHelm:
    """A helm that is told of the Kubernetes and does not ask it."""

    binary, server = "helm", "https://here"

    def __init__(self, major: int):
        self.previews, self.major, self.told = Previews(), major, [""]

    def version(self) -> tuple[int, int]:
        return (self.major, 1)

    tell = Helm.tell

    def template(self, name: str, *_arguments: Any, namespace: str, extra: list[str]) -> str:
        self.told = extra
        hook = "metadata: {name: b, annotations: {helm.sh/hook: 'post-install,test'}}"
        return (
            f"---\n# Source: a/templates/a.yaml\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
            f"data:\n  text: |\n    ---\n    # Source: a text\n---\n# Source: a/templates/b.yaml\nkind: Job\n{hook}\n"
        )


def test_what_helm_renders_alone_is_as_if_it_had_asked_the_server() -> None:
    wanted: Any = SimpleNamespace(name="r", namespace="ns", chart=SimpleNamespace(path="/chart", digest="d"))
    values: Any = SimpleNamespace(text="{}")
    helm: Any = LonelyHelm(4)
    found = render_manifest(helm, wanted, values, None, Telling("v1.30.1", ("a.example/v1",)))
    assert helm.told == ["--kube-version", "v1.30.1", "--api-versions", "a.example/v1"]
    (shown,) = found.objects
    assert shown["metadata"] == {"name": "r", "namespace": "ns"}
    assert shown["data"]["text"] == "---\n# Source: a text\n"
    assert [hook["kind"] for hook in found.hooks] == ["Job"]
    assert found.hook_texts[0].startswith("kind: Job")
    assert found.server_side, "helm 4 applies what is new on the server"

    release: Any = SimpleNamespace(uid="u", revision=1, status=Status.DEPLOYED, body={}, server_side=False)
    again = render_manifest(helm, wanted, values, release, Telling("v1.30.1"))
    assert helm.told == ["--kube-version", "v1.30.1", "--is-upgrade"]
    assert not again.server_side, "and goes on as the release began"
    release.server_side = True
    for major, goes_on in ((4, True), (3, False)):
        other: Any = LonelyHelm(major)
        assert render_manifest(other, wanted, values, release, Telling("v1.30.1")).server_side == goes_on


class CountingHelm:
    """A helm that counts its previews."""

    binary, server = "helm", "https://here"

    def __init__(self, folder: str):
        self.previews, self.made = Previews(folder), 0

    def preview(self, name: str, *_arguments: Any, **_options: Any) -> dict[str, Any]:
        self.made += 1
        manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"
        return {"manifest": manifest, "hooks": [], "apply_method": "ssa", "chart": {"not": "kept"}}


def test_what_was_previewed_in_a_run_is_not_rendered_again_unless_anything_differs(tmp_path: Path) -> None:
    wanted = SimpleNamespace(name="r", namespace="ns", chart=SimpleNamespace(path="/chart", digest="d"))
    values = SimpleNamespace(text="{}")
    release = SimpleNamespace(uid="u", revision=1, status=Status.DEPLOYED, body={})

    def render(helm: CountingHelm, **differing: Any) -> Any:
        said: dict[str, Any] = {"target": wanted, "values": values, "current": release, **differing}
        return render_manifest(helm, said["target"], said["values"], said["current"])  # type: ignore[arg-type]

    helm = CountingHelm(str(tmp_path))
    first = render(helm)
    assert render(CountingHelm(str(tmp_path))) == first
    assert first.server_side
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
    assert "not" not in next(tmp_path.iterdir()).read_text()
    changed = SimpleNamespace(**{**vars(wanted), "chart": SimpleNamespace(path="/chart", digest="e")})
    upgraded = SimpleNamespace(**{**vars(release), "revision": 2})
    for number, differing in enumerate(
        ({"target": changed}, {"values": SimpleNamespace(text="{a: 1}")}, {"current": upgraded}, {"current": None}), 2
    ):
        render(helm, **differing)
        assert helm.made == number
    elsewhere = CountingHelm(str(tmp_path))
    elsewhere.server = "https://there"
    render(elsewhere)
    assert elsewhere.made == 1
    nothing_kept = CountingHelm("")
    render(nothing_kept), render(nothing_kept)
    assert nothing_kept.made == 2
