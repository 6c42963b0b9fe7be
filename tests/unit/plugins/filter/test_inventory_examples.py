# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topologies of docs/inventory.md, read by Ansible itself: each does what the text beside it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.federatedai.kubefate.plugins.filter.parties import links, parties
from ansible_collections.federatedai.kubefate.plugins.module_utils import errors
from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call
from ansible_collections.federatedai.kubefate.plugins.module_utils.calls.federation import federation_of
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.federating import Federation
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import merge
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Routing
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.routes import plan_routes
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.tables import additions
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.proxies import LostError, Site

DOCUMENT = Path(errors.__file__).parents[2] / "docs" / "inventory.md"
SECTION = "How parties reach each other"


def examples() -> dict[str, str]:
    """Heading to the inventory below it."""
    section = DOCUMENT.read_text().split(f"## {SECTION}\n")[1].split("\n## ")[0]
    found = {}
    for part in section.split("\n### ")[1:]:
        heading, _newline, text = part.partition("\n")
        blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
        if blocks:
            found[heading] = max(blocks, key=len)
    return found


EXAMPLES = examples()


class Read:
    """An example as the collection takes it: members, links, and who sends what where."""

    def __init__(self, text: str, folder: Path, **differing: Any):
        path = folder / "inventory.yml"
        path.write_text(text)
        loader = DataLoader()
        inventory = InventoryManager(loader=loader, sources=[str(path)])
        manager = VariableManager(loader=loader, inventory=inventory)
        hostvars = HostVars(inventory=inventory, variable_manager=manager, loader=loader)
        hosts = [str(host) for host in inventory.groups["fate"].get_hosts()]
        given = [{**party, **differing.get(party["host"], {})} for party in parties(hosts, hostvars)]
        params = {
            "store_namespace": "kubefate",
            "use_current_context": False,
            "kubeconfig": str(folder / "none"),
            "links": links(hosts, hostvars),
        }
        call = Call(params, True, lambda *_argv, **_options: pytest.fail("nothing is run"), str(folder))
        self.federation: Federation = federation_of(call, given)
        self.federation._read()
        self.members = [party.member for party in self.federation.parties if party.member]

    def route(self, down: tuple[str, ...] = ()) -> Routing:
        routing = plan_routes(self.members, self.federation.links, down=down)
        assert routing.problems == []
        return routing

    def site(self, down: tuple[str, ...] = ()) -> Site:
        routing, site = self.route(down), Site()
        for member in self.members:
            site.specs[member.host] = merge(member.spec, additions(member, routing.tables.get(member.host, {})))
            site.kubernetes[member.host] = member.host
            at = member.advertise[""]
            site.listeners[at["host"], int(at.get("port") or 9370)] = (member.host, "osx")
        return site

    def ways(self, down: tuple[str, ...] = ()) -> dict[str, str]:
        """``a b`` to the hosts in between, for each pair of which the one reaches the other."""
        site, found = self.site(down), {}
        senders = [member for member in self.members if member.managed and member.role == "party"]
        for origin in senders:
            for target in self.members:
                if target.role == "party" and target is not origin:
                    try:
                        passed = site.send("osx", origin.host, target.party_id)
                    except LostError:
                        continue
                    found[f"{origin.host} {target.host}"] = " ".join(passed[1:-1])
        return found


def test_every_topology_has_an_example() -> None:
    assert list(EXAMPLES) == [
        "Everybody with everybody",
        "Through an exchange",
        "Two exchanges, each the other's stand-in",
        "A mixture, and who must never talk",
        "Parties of other organisations",
    ]


def pairs(*hosts: str, over: str = "") -> dict[str, str]:
    return {f"{left} {right}": over for left in hosts for right in hosts if left != right}


def test_a_mesh(tmp_path: Path) -> None:
    assert Read(EXAMPLES["Everybody with everybody"], tmp_path).ways() == pairs("bank", "shop", "clinic")


def test_a_star(tmp_path: Path) -> None:
    assert Read(EXAMPLES["Through an exchange"], tmp_path).ways() == pairs("bank", "shop", over="hub")


def test_two_exchanges(tmp_path: Path) -> None:
    read = Read(EXAMPLES["Two exchanges, each the other's stand-in"], tmp_path)
    assert read.ways() == {"bank shop": "hub-east", "shop bank": "hub-west"}
    assert read.ways(down=("hub-east",)) == pairs("bank", "shop", over="hub-west")
    both = {host: [hop.party_id for hop in read.route().tables[host]["osx"].hops] for host in ("hub-east", "hub-west")}
    assert both == {"hub-east": ["9999", "10000"], "hub-west": ["9999", "10000"]}


def test_a_mixture(tmp_path: Path) -> None:
    assert Read(EXAMPLES["A mixture, and who must never talk"], tmp_path).ways() == {
        "bank shop": "",
        "shop bank": "",
        "bank trust": "hub",
        "trust bank": "hub",
        "trust shop": "hub",
        "shop trust": "hub",
        "shop clinic": "",
        "clinic shop": "hub",
    }


def test_parties_of_other_organisations(tmp_path: Path) -> None:
    read = Read(EXAMPLES["Parties of other organisations"], tmp_path)
    assert [(member.host, member.managed, member.version) for member in read.members] == [
        ("bank", True, ""),
        ("shop", False, "2.2.0"),
    ]
    assert read.ways() == {"bank shop": ""}


def test_who_left_is_reached_by_nobody(tmp_path: Path) -> None:
    read = Read(EXAMPLES["Everybody with everybody"], tmp_path, shop={"state": "left"})
    assert read.ways() == pairs("bank", "clinic")
