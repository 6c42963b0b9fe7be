# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/certificates.md says nothing that no test runs, and leaves out no variable."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.federatedai.kubefate.plugins.module_utils import errors

ROOT = Path(errors.__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "certificates.md").read_text()
INTERNAL = {
    "fate_authority_certificate",
    "fate_certificate_authority",
    "fate_certificate_info",
    "fate_certificate",
    "fate_certificates_of",
    "fate_certificates_wanted",
    "fate_facts",
    "fate_facts_from",
    "fate_facts_info",
    "fate_facts_known",
    "fate_facts_to",
    "fate_verify_info",
    "fate_ca_",
    "fate_ca_cert",
}
"""Modules, what one playbook tells another, what comes out of facts, and an option of the connection."""


def test_every_command_is_run_by_a_test_of_the_playbooks() -> None:
    commands = re.findall(r"^    (ansible-playbook .*)$", DOCUMENT, re.MULTILINE)
    assert len(commands) > 5
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "playbooks").glob("test_*.py"))
    for name, value in re.findall(r'^(\w+) = f?"(ansible-playbook [^"]*|\{\w+\} [^"]*)"$', tests, re.MULTILINE):
        tests = tests.replace(f"{{{name}}}", value)
    assert [command for command in commands if f'"{command}"' not in tests] == []


def test_every_variable_of_certificates_facts_and_proofs_is_listed() -> None:
    sources = [path for folder in ("playbooks", "plugins/filter") for path in (ROOT / folder).rglob("*.*")]
    text = "".join(path.read_text() for path in sources if path.suffix in (".yml", ".py"))
    used = set(re.findall(r"\bfate_(?:ca|certificate|certificates|facts|verify)(?:_[a-z_]+)?\b", text))
    assert len(used) > 30
    assert sorted(name for name in used - INTERNAL if name not in DOCUMENT) == []


def test_every_playbook_that_looks_at_a_federation_knows_the_public_facts_of_others() -> None:
    parts = {"plan_federation.yml", "verify_federation.yml"}  # what playbooks import for that
    looks = re.compile(r"tasks/look\.yml|fate_(?:federation|preflight|verify)_info|" + "|".join(map(re.escape, parts)))
    found = {}
    for path in (ROOT / "playbooks").glob("*.yml"):
        text = path.read_text()
        looking = looks.search(text)
        if looking and path.name not in parts:
            known = text.find("import_playbook: known_facts.yml")
            found[path.name] = 0 <= known < looking.start()
    assert {"deploy_fate.yml", "preflight.yml", "status.yml", "verify.yml"} <= set(found)
    assert [name for name, first in found.items() if not first] == []
