# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_facts`` and ``fate_facts_info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..arguments import CONNECTION, STORE, Arguments
from ..call import Call, Entry
from ..certificates.model import now
from ..certificates.pem import bundle, certificates
from ..data import canonical
from ..errors import KubefateError, bad_input
from ..kube.client import Api
from ..kube.login import connect
from ..publicfacts.document import Document, certificate_variables, fingerprint_of, read, variables
from ..publicfacts.ledger import Ledger
from ..publicfacts.signing import check, fingerprint
from ..spec.names import check_namespace


def change_facts(call: Call) -> dict[str, Any]:
    """``fate_facts``."""
    params = call.params
    check_namespace(params["store_namespace"])
    match params["state"]:
        case "exported":
            return _export(call)
        case "imported":
            return _import(call)
        case _:
            gone = _ledger(call).forget(_identity(params), dry=call.check_mode)
            return {"changed": gone, "facts": {}}


def _ledger(call: Call) -> Ledger:
    return Ledger(call.api(), call.params["store_namespace"], call.params["create_namespace"])


def _identity(params: Mapping[str, Any]) -> dict[str, Any]:
    """Whose facts these are."""
    role, party_id, name = params["role"], params["party_id"] or "", params["name"] or ""
    if role == "party" and not party_id.isdigit():
        raise bad_input(f"{party_id!r} is no party id.", "Give party_id, a number.")
    if role == "exchange" and (party_id or not name):
        raise bad_input("An exchange has a name and no party id.", "Give name, and leave party_id out.")
    return {"federation": params["federation"], "role": role, "party_id": party_id, "name": name}


def _export(call: Call) -> dict[str, Any]:
    params, moment = call.params, now()
    text = str(params["authorities"] or "")
    authorities = certificates(text, "authorities") if text.strip() else ()
    facts = {
        **_identity(params),
        "advertise_host": params["advertise_host"] or "",
        "advertise_port": params["advertise_port"] or 0,
        "versions": {str(name): str(value) for name, value in params["versions"].items() if value not in (None, "")},
        "authorities": bundle(authorities),
        "authority_fingerprints": sorted(found.fingerprint for found in authorities),
        "certificates": {
            entry["module"]: {name: entry[name] or "" for name in ("fingerprint", "issuer", "not_after")}
            for entry in params["certificates"]
        },
        "trusts": sorted(set(params["trusts"])),
    }
    if params["days"] < 1:
        raise bad_input(f"Facts that are valid for {params['days']} days are of no use.", "Give days of 1 or more.")
    ledger = _ledger(call)
    key = params["private_key"] or ledger.signing_key(params["secret"], dry=call.check_mode)
    if not key:  # in check mode, before there is a key
        return {"changed": True, "facts": facts, "document": "", "fingerprint": "", "serial": 0}
    document, fresh = ledger.export(facts, key, params["days"], moment, dry=call.check_mode)
    read(document.text(), "What would be exported")
    return {
        "changed": fresh,
        "facts": document.facts,
        "document": document.text(),
        "fingerprint": fingerprint(document.public_key),
        "serial": document.serial,
    }


def _import(call: Call) -> dict[str, Any]:
    params, moment = call.params, now()
    where = f"The file {params['path']}"
    document = read(_content(params["path"]), where)
    role = document.facts["role"]
    expected = params["party_id"] if params["party_id"] is not None or params["role"] == "party" else ""
    check(
        document,
        where,
        pinned=params["fingerprint"],
        federation=params["federation"],
        party_id=expected,
        now=moment,
    )
    if params["role"] != role:
        raise bad_input(f"{where} is about {document.whose}, which is no {params['role']}.", "Give role as it is.")
    fresh = _ledger(call).accept(document, where, moment, dry=call.check_mode)
    return {"changed": fresh, **_told(document, moment)}


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise bad_input(f"The file {path} cannot be read: {error.strerror}.", "Give the file that was sent.") from None


def _told(document: Document, moment: datetime) -> dict[str, Any]:
    return {
        "facts": document.facts,
        "serial": document.serial,
        "fingerprint": fingerprint(document.public_key),
        "days_left": (document.expires - moment).days,
        "vars": variables(document.facts),
        "certificate_vars": certificate_variables(document.facts),
    }


def inform_facts(call: Call) -> dict[str, Any]:
    """``fate_facts_info``."""
    params, moment = call.params, now()
    parties = params["parties"]
    pins = {str(party["host"]): fingerprint_of(party["fingerprint"]) for party in parties}
    documents, problems = _stored(call)
    found: dict[str, Any] = {}
    for party in parties:
        host = str(party["host"])
        try:
            document = _newest(documents, party, pins[host], params["federation"])
            where = f"What was imported about {host}"
            check(
                document,
                where,
                pinned=pins[host],
                federation=params["federation"],
                party_id=party.get("party_id"),
                now=moment,
            )
        except KubefateError as error:
            problems.append({"host": host, "text": error.msg, "hint": error.hint})
            continue
        found[host] = _told(document, moment)
    return {"facts": found, "problems": problems}


def _newest(documents: Sequence[Document], party: Mapping[str, Any], pinned: str, federation: str) -> Document:
    """The facts with the highest serial that the pinned key signed for this federation."""
    mine = [
        document
        for document in documents
        if fingerprint(document.public_key) == pinned
        and document.facts["federation"] == federation
        and party.get("party_id") in (None, document.facts["party_id"])
    ]
    if not mine:
        raise bad_input(
            f"No public facts of {party['host']} are there that the key {pinned} signed for {federation!r}.",
            "Import them: import_facts.",
        )
    return max(mine, key=lambda document: document.serial)


def _stored(call: Call) -> tuple[list[Document], list[dict[str, str]]]:
    """What is in the stores that are named, or in the module's own."""
    apis = [(call.api(), call.params["store_namespace"])] if not call.params["stores"] else []
    seen = set()
    for store in call.params["stores"]:
        connection = connect(store.get("connection") or {})
        key = canonical([connection.kubeconfig, store["namespace"]])
        if key not in seen:
            seen.add(key)
            apis.append((Api(connection), store["namespace"]))
    found: list[Document] = []
    problems: list[dict[str, str]] = []
    for api, namespace in apis:
        try:
            found += Ledger(api, namespace).accepted()
        except KubefateError as error:
            text = f"The facts in namespace {namespace} cannot be read: {error.msg}"
            problems.append({"host": "", "text": text, "hint": error.hint})
    return found, problems


CHANGE_FACTS = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "state": {"type": "str", "choices": ["exported", "imported", "absent"], "required": True},
            "federation": {"type": "str", "required": True},
            "role": {"type": "str", "choices": ["party", "exchange"], "default": "party"},
            "party_id": {"type": "str"},
            "name": {"type": "str"},
            "advertise_host": {"type": "str"},
            "advertise_port": {"type": "int"},
            "versions": {"type": "dict", "default": {}},
            "authorities": {"type": "str"},
            "certificates": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "module": {"type": "str", "required": True},
                    "fingerprint": {"type": "str", "required": True},
                    "issuer": {"type": "str", "default": ""},
                    "not_after": {"type": "str", "required": True},
                },
            },
            "trusts": {"type": "list", "elements": "str", "default": []},
            "days": {"type": "int", "default": 90},
            "secret": {"type": "str", "default": "fate-facts-key", "no_log": False},
            "private_key": {"type": "str", "no_log": True},
            "path": {"type": "path"},
            "fingerprint": {"type": "str"},
            "create_namespace": {"type": "bool", "default": True},
        },
        required_if=[("state", "imported", ("path", "fingerprint"))],
    ),
    change_facts,
)
INFORM_FACTS = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "federation": {"type": "str", "required": True},
            "parties": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "host": {"type": "str", "required": True},
                    "fingerprint": {"type": "str", "required": True},
                    "party_id": {"type": "str"},
                },
            },
            "stores": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "connection": {"type": "dict", "default": {}, "no_log": False},
                    "namespace": {"type": "str", "required": True},
                },
            },
        }
    ),
    inform_facts,
)
