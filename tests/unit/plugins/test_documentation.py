# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is documented is what there is: roles, modules, playbooks, links."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.federatedai.kubefate.plugins.module_utils import errors
from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Entry

ROOT = Path(errors.__file__).parents[2]
PACKAGE = "ansible_collections.federatedai.kubefate.plugins"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("fate_*.py"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_the_options_of_a_role_are_its_defaults(role: str) -> None:
    options = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read(ROOT / "roles" / role / "defaults" / "main.yml")
    optional = {name: option.get("default") for name, option in options.items() if not option.get("required")}
    assert optional == defaults


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_each_of_its_options(role: str) -> None:
    options = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    tasks = "".join(path.read_text() for path in (ROOT / "roles" / role / "tasks").glob("*.yml"))
    assert [name for name in options if not re.search(rf"\b{name}\b", tasks)] == []


def entry_of(module: str) -> Entry:
    found = importlib.import_module(f"{PACKAGE}.modules.{module}")
    entries = [value for value in vars(found).values() if isinstance(value, Entry)]
    assert len(entries) == 1
    return entries[0]


def documented(module: str) -> dict[str, Any]:
    """The options of a module's documentation, with those of its fragments."""
    found = importlib.import_module(f"{PACKAGE}.modules.{module}")
    text = yaml.safe_load(found.DOCUMENTATION)
    options = dict(text.get("options") or {})
    for name in text.get("extends_documentation_fragment") or []:
        fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{name.split('.')[2]}")
        options.update(yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION or "{}").get("options") or {})
    return options


def compare(options: dict[str, Any], texts: dict[str, Any], where: str) -> None:
    assert set(options) == set(texts), where
    for name, option in options.items():
        text, place = texts[name], f"{where}.{name}"
        for key in ("type", "elements", "choices", "default", "required"):
            assert option.get(key) == text.get(key), f"{place}: {key}"
        assert sorted(option.get("aliases") or []) == sorted(text.get("aliases") or []), place
        if option.get("options"):
            compare(option["options"], text["suboptions"], place)


@pytest.mark.parametrize("module", MODULES)
def test_the_options_of_a_module_are_those_of_its_documentation(module: str) -> None:
    compare(entry_of(module).arguments.options, documented(module), module)


def playbooks() -> set[str]:
    """Those that users run: not those that are parts of others."""
    files = list((ROOT / "playbooks").glob("*.yml"))
    imported = {match[1] for path in files for match in re.finditer(r"import_playbook: (\w+)\.yml", path.read_text())}
    return {path.stem for path in files} - imported


def test_every_playbook_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert sorted(name for name in playbooks() if name not in readme) == []


def test_every_playbook_is_executed_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if "unit" not in path.parts)
    ways = ('"{}"', "={}", "federatedai.kubefate.{} ")
    assert sorted(name for name in playbooks() if not any(way.format(name) in tests for way in ways)) == []


def test_what_is_done_to_a_party_begins_with_the_question_which_kubernetes_is_meant() -> None:
    books = "".join(path.read_text() for path in (ROOT / "playbooks").glob("*.yml"))
    done_to_each = set(re.findall(r"fate_tasks: (\w+)", books))
    assert done_to_each

    def first(name: str) -> Any:
        """The first task that can reach a Kubernetes."""
        tasks = read(ROOT / "playbooks" / "tasks" / f"{name}.yml")
        return next(task for task in tasks if not {"ansible.builtin.meta", "ansible.builtin.fail"} & set(task))

    asking = {name for name in done_to_each if first(name).get("ansible.builtin.include_tasks") == "named.yml"}
    assert done_to_each - asking == set()


def test_every_module_that_reaches_a_kubernetes_is_in_the_action_group() -> None:
    """Defaults of the group are options of a connection, which another module would refuse."""
    groups = read(ROOT / "meta" / "runtime.yml")["action_groups"]
    assert sorted(groups["all"]) == [name for name in MODULES if "kubeconfig" in entry_of(name).arguments.options]


@pytest.mark.parametrize("version", ["2.18", "2.19", "2.20", "2.21"])
def test_sanity_tests_leave_out_nothing_but_what_is_no_yaml_for_them_and_links_between_charts(version: str) -> None:
    lines = (ROOT / "tests" / "sanity" / f"ignore-{version}.txt").read_text().splitlines()
    charts = [*(ROOT / "charts").glob("**/templates/**/*.yaml"), *(ROOT / "charts").glob("*/values-template.yaml")]
    sandbox = [*(ROOT / "sandbox" / "objects").glob("*.yaml"), *(ROOT / "sandbox" / "stages").glob("**/*.yaml")]
    wanted = {f"{path.relative_to(ROOT)} yamllint!skip" for path in (*charts, *sandbox)}
    links = [path for path in (ROOT / "charts").glob("*/charts/*") if path.is_symlink()]
    wanted |= {f"{path.relative_to(ROOT)}/ symlinks!skip" for path in links}
    assert set(lines) == wanted, "run scripts/sanity-ignores"


def test_the_files_that_documents_link_to_exist() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
