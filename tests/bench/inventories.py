"""Inventories of federations to measure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

MODULES = ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"]


def party(name: str, number: int) -> dict[str, Any]:
    """The variables of one party, in a namespace of its own."""
    return {"fate_party_id": str(1000 + number), "fate_name": name, "fate_namespace": name}


def write_inventory(path: Path, prefix: str, hosts: Mapping[str, Mapping[str, Any]], **defaults: Any) -> Path:
    """A federation with Eggroll and OSX, with a store of its own. defaults: of the parties' specs."""
    group = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "fate_chart": "fate",
        "fate_chart_version": "2.2.0",
        "fate_store_namespace": f"{prefix}-store",
        "fate_spec_defaults": {
            "computing": "Eggroll",
            "federation": "OSX",
            "storage": "Eggroll",
            "modules": MODULES,
            **defaults,
        },
    }
    path.write_text(yaml.safe_dump({"fate": {"hosts": dict(hosts), "vars": group}}, sort_keys=False))
    return path
