# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_certificate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..access.namespaces import ensure_namespace
from ..arguments import CONNECTION, Arguments
from ..call import Call, Entry
from ..certificates.authority import Signer, Vault, given, issue, public
from ..certificates.authority import signers_of as held_signers
from ..certificates.model import Certificate, now
from ..certificates.pem import bundle, certificate, certificates
from ..certificates.planning import Action, Decision, Federation, decide, trust
from ..certificates.planning import Entry as Holding
from ..certificates.report import certificate_result, secret_diff
from ..certificates.store import Shelf
from ..certificates.wanted import Wanted, checked_name, names_of
from ..errors import bad_input
from ..facts.certificates import BY_MODULE, DOMAIN, EXCHANGE_NAME
from ..spec.names import check_namespace
from .certificate_survey import TIMES, policy_of

ALONE = "this party"


def change_certificate(call: Call) -> dict[str, Any]:
    """``fate_certificate``."""
    params = call.params
    check_namespace(params["namespace"])
    policy_of(params)
    asked = [_wanted(entry, params) for entry in params["certificates"]]
    issued = _issued(params["issued"], asked)
    trusted = certificates(params["trust"], "trust") if (params["trust"] or "").strip() else ()
    shelf = Shelf(call.api(), params["namespace"], params["name"] or "")
    match params["state"]:
        case "absent":
            gone = [name for entry in asked for name in shelf.remove(entry, dry=call.check_mode)]
            return {"changed": bool(gone), "changes": [{"secret": name, "action": "delete"} for name in gone]}
        case "requested":
            return _request(call, shelf, asked)
        case _ if params["authority"]:
            return _alone(call, shelf, asked, trusted)
        case _:
            return _install(call, shelf, asked, issued, trusted)


def _wanted(entry: Mapping[str, Any], params: Mapping[str, Any]) -> Wanted:
    server = BY_MODULE[entry["module"]]
    member = f"{params['party_id'] or EXCHANGE_NAME}.{params['domain'] or DOMAIN}"
    common_name = checked_name(entry.get("common_name") or member)
    own = names_of(server.module, {}, params["party_id"] or "", params["namespace"], params["domain"] or DOMAIN)
    names = entry.get("names")
    chosen = frozenset(checked_name(name) for name in names) if names else own
    return Wanted(server, entry.get("secret") or server.secret, False, common_name, chosen | {common_name})


def _issued(entries: Sequence[Mapping[str, Any]], asked: Sequence[Wanted]) -> dict[str, Certificate]:
    found = {
        entry["module"]: certificate(entry["certificate"], f"The certificate for {entry['module']}")
        for entry in entries
    }
    unknown = sorted(set(found) - {entry.module for entry in asked})
    if unknown:
        raise bad_input(f"There is a certificate for {', '.join(unknown)}, which certificates does not list.")
    return found


def _request(call: Call, shelf: Shelf, asked: Sequence[Wanted]) -> dict[str, Any]:
    """Keys and requests. In check mode, those that are there already."""
    if call.check_mode:
        known = {entry.module: shelf.requested(entry) for entry in asked}
        requests = [_request_result(entry, found.pem) for entry in asked if (found := known[entry.module])]
        return {"changed": len(requests) < len(asked), "requests": requests, "changes": []}
    _make_namespace(call, shelf)
    requests, changes = [], []
    for entry in asked:
        found, made = shelf.request(entry, call.params["organisation"])
        requests.append(_request_result(entry, found.pem))
        if made:
            changes.append({"secret": f"{entry.secret}-request", "action": "create"})
    return {"changed": bool(changes), "requests": requests, "changes": changes}


def _request_result(entry: Wanted, text: str) -> dict[str, Any]:
    return {"module": entry.module, "request": text, "names": sorted(entry.names), "common_name": entry.common_name}


def _make_namespace(call: Call, shelf: Shelf) -> None:
    ensure_namespace(shelf.api, shelf.namespace, call.params["create_namespace"])


def _install(
    call: Call,
    shelf: Shelf,
    asked: Sequence[Wanted],
    issued: Mapping[str, Certificate],
    trusted: Sequence[Certificate],
) -> dict[str, Any]:
    if not trusted:
        raise bad_input("There is no authority to trust.", "Give trust: the issuer's certificates, as PEM text.")
    moment = now()
    changes, shown = [], []
    for entry in asked:
        before, fresh = shelf.held(entry), issued.get(entry.module)
        if shelf.install(entry, fresh, trusted, moment, dry=call.check_mode):
            action = Action.ISSUE if fresh else Action.TRUST
            changes.append({"secret": entry.secret, "action": str(action)})
            shown.append(secret_diff(shelf.namespace, entry.secret, action, before, fresh, trusted))
    held = [] if call.check_mode else [_held_result(shelf, entry, moment) for entry in asked]
    return {"changed": bool(changes), "changes": changes, "certificates": held, "diff": shown}


def _held_result(shelf: Shelf, entry: Wanted, moment: datetime) -> dict[str, Any]:
    return certificate_result(Decision(Holding("", entry, shelf.held(entry)), Action.KEEP, "it is there"), moment)


def _alone(call: Call, shelf: Shelf, asked: Sequence[Wanted], trusted: Sequence[Certificate]) -> dict[str, Any]:
    """Keys, requests, certificates from an authority that the same credentials reach, and the Secrets with them."""
    moment, options, policy = now(), call.params["authority"], policy_of(call.params)
    vault = Vault(
        shelf.api, options.get("namespace") or shelf.namespace, options["secret"], call.params["organisation"]
    )
    signers, is_given = given(ALONE, options), bool(options.get("certificate"))
    if not signers:
        signers = held_signers(vault.read())
    changes: list[dict[str, str]] = []
    if not signers:
        changes.append({"secret": vault.secret, "action": "create"})
        if not call.check_mode:
            ensure_namespace(shelf.api, vault.namespace, call.params["create_namespace"])
            signers = vault.make(options["days"], moment)
    entries = [Holding(ALONE, entry, shelf.held(entry), ALONE) for entry in asked]
    federation = Federation(entries, [public(ALONE, signers, is_given=is_given)], extra=trusted)
    decisions = decide(federation, policy, moment)
    wanted_trust = trust(federation)
    shown = []
    for decision in decisions:
        entry, before = decision.entry.wanted, decision.entry.held
        if decision.action is Action.REFUSED:
            shelf.install(entry, None, wanted_trust, moment, dry=True)  # says what is wrong
        if not decision.changes:
            continue
        fresh = None
        if not call.check_mode:
            _make_namespace(call, shelf)
            if decision.action is Action.ISSUE:
                fresh = _issue_one(shelf, entry, signers, decision, call.params, moment)
            shelf.install(entry, fresh, wanted_trust, moment, dry=False)
        changes.append({"secret": entry.secret, "action": str(decision.action), "reason": decision.reason})
        shown.append(secret_diff(shelf.namespace, entry.secret, decision.action, before, fresh, wanted_trust))
    held = [] if call.check_mode else [_held_result(shelf, entry, moment) for entry in asked]
    out = {"changes": changes, "certificates": held, "trust": bundle(wanted_trust), "diff": shown}
    return {"changed": bool(changes), **out}


def _issue_one(
    shelf: Shelf,
    entry: Wanted,
    signers: Sequence[Signer],
    decision: Decision,
    params: Mapping[str, Any],
    moment: datetime,
) -> Certificate:
    request, _made = shelf.request(entry, params["organisation"])
    return issue(signers, request, entry.names, entry.module, signer=decision.signer, days=params["days"], now=moment)


CERTIFICATE = {
    "module": {"type": "str", "required": True, "choices": sorted(BY_MODULE)},
    "secret": {"type": "str", "no_log": False},
    "common_name": {"type": "str"},
    "names": {"type": "list", "elements": "str", "default": []},
}
AUTHORITY = {
    "secret": {"type": "str", "default": "fate-ca", "no_log": False},
    "namespace": {"type": "str"},
    "days": {"type": "int", "default": 3650},
    "certificate": {"type": "str"},
    "key": {"type": "str", "no_log": True},
    "previous_certificate": {"type": "str"},
    "previous_key": {"type": "str", "no_log": True},
}
CHANGE_CERTIFICATE = Entry(
    CONNECTION
    | TIMES
    | Arguments(
        {
            "namespace": {"type": "str", "required": True},
            "name": {"type": "str"},
            "state": {
                "type": "str",
                "choices": ["present", "requested", "absent"],
                "default": "present",
            },
            "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
            "issued": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "host": {"type": "str"},
                    "module": {"type": "str", "required": True, "choices": sorted(BY_MODULE)},
                    "certificate": {"type": "str", "required": True},
                },
            },
            "trust": {"type": "str"},
            "authority": {"type": "dict", "options": AUTHORITY},
            "party_id": {"type": "str"},
            "domain": {"type": "str"},
            "organisation": {"type": "str", "default": "fate", "aliases": ["organization"]},
            "force": {"type": "bool", "default": False},
            "create_namespace": {"type": "bool", "default": True},
        },
        mutually_exclusive=[("issued", "authority")],
    ),
    change_certificate,
)
