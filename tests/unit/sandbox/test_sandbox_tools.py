# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.gomodule import GoVersion, read_go_module
from sandbox.layout import MODULE_FILES, Home
from sandbox.tools import digest, list_tools, toolbox


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.25.9", "go1.26.0"), ("go1.9.7", "go1.10"), ("go1.26rc1", "1.26.0"), ("go1.27beta2", "go1.27rc1")],
)
def test_versions_of_go_are_ordered(older: str, newer: str) -> None:
    assert GoVersion.parse(older) < GoVersion.parse(newer)


def test_a_version_without_patch_is_its_first_release() -> None:
    assert GoVersion.parse("go1.26") == GoVersion.parse("1.26.0")
    assert str(GoVersion.parse("go1.27rc2 X:none")) == "1.27.0rc2"


@pytest.mark.parametrize("text", ["", "devel", "go", "1"])
def test_anything_else_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a version of Go"):
        GoVersion.parse(text)


def test_the_pinned_versions_are_read_from_go_mod() -> None:
    module = read_go_module(MODULE_FILES)
    text = (MODULE_FILES / "go.mod").read_text()
    for path in ("k8s.io/kubernetes", "helm.sh/helm/v3", "helm.sh/helm/v4", "sigs.k8s.io/kwok"):
        assert f"{path} {module.version(path)}" in text
    assert module.go >= GoVersion.parse("1.26.0")


def test_a_module_that_go_mod_does_not_pin_is_an_error() -> None:
    with pytest.raises(SandboxError, match=r"does not pin example\.org/none"):
        read_go_module(MODULE_FILES).version("example.org/none")


def test_a_missing_or_damaged_go_mod_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot read"):
        read_go_module(tmp_path)
    (tmp_path / "go.mod").write_text("module x\n")
    with pytest.raises(SandboxError, match="has no go line"):
        read_go_module(tmp_path)


def test_every_tool_of_go_mod_is_built() -> None:
    text = (MODULE_FILES / "go.mod").read_text()
    block = text.split("tool (", 1)[1].split(")", 1)[0].split()
    assert sorted(block) == sorted(tool.package for tool in list_tools(read_go_module(MODULE_FILES)))


def test_tools_are_told_their_versions() -> None:
    module = read_go_module(MODULE_FILES)
    flags = {tool.name: tool.link_flags.split() for tool in list_tools(module)}
    kubernetes = module.version("k8s.io/kubernetes")
    for name in ("kube-apiserver", "kubectl"):
        assert f"k8s.io/component-base/version.gitVersion={kubernetes}" in flags[name]
        assert f"k8s.io/client-go/pkg/version.gitVersion={kubernetes}" in flags[name]
    assert f"helm.sh/helm/v3/internal/version.version={module.version('helm.sh/helm/v3')}" in flags["helm3"]
    assert f"helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor={kubernetes.split('.')[1]}" in flags["helm3"]
    assert f"helm.sh/helm/v4/internal/version.version={module.version('helm.sh/helm/v4')}" in flags["helm4"]
    assert f"sigs.k8s.io/kwok/pkg/consts.Version={module.version('sigs.k8s.io/kwok')}" in flags["kwok"]


def test_the_two_helms_do_not_overwrite_each_other(home: Home) -> None:
    box = toolbox(home)
    assert box.path("helm3") == box.folder / "helm3" / "helm"
    assert box.path("helm4") == box.folder / "helm4" / "helm"
    with pytest.raises(KeyError):
        box.path("helm")


@pytest.fixture
def module_files(tmp_path: Path) -> Path:
    for name in ("go.mod", "go.sum"):
        shutil.copy(MODULE_FILES / name, tmp_path)
    return tmp_path


def test_the_digest_depends_on_the_content_only(module_files: Path) -> None:
    tools = list_tools(read_go_module(MODULE_FILES))
    assert digest(module_files, tools) == digest(MODULE_FILES, tools)


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_the_digest_changes_with_the_pinned_modules(module_files: Path, name: str) -> None:
    tools = list_tools(read_go_module(MODULE_FILES))
    before = digest(module_files, tools)
    (module_files / name).write_text((module_files / name).read_text() + "\n// changed\n")
    assert digest(module_files, tools) != before


def test_the_digest_changes_with_the_tools_and_their_flags() -> None:
    tools = list_tools(read_go_module(MODULE_FILES))
    digests = {
        digest(MODULE_FILES, tools),
        digest(MODULE_FILES, tools[1:]),
        digest(MODULE_FILES, (replace(tools[0], variables=(("a.b", "c"),)), *tools[1:])),
    }
    assert len(digests) == 3


def test_a_tool_is_missing_until_its_executable_is_there(home: Home) -> None:
    box = toolbox(home)
    assert box.missing() == list(box.tools)
    etcd = box.path("etcd")
    etcd.parent.mkdir(parents=True)
    etcd.write_text("not executable")
    assert len(box.missing()) == len(box.tools)
    etcd.chmod(0o755)
    assert [tool.name for tool in box.missing()] == [tool.name for tool in box.tools if tool.name != "etcd"]
