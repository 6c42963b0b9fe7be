# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``fate_certificate_authority``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..access.namespaces import ensure_namespace
from ..arguments import CONNECTION, STORE, Arguments
from ..call import Call, Entry
from ..certificates.authority import Signer, Vault, given, issue, signers_of
from ..certificates.model import now
from ..certificates.pem import SigningRequest, bundle, signing_request
from ..certificates.wanted import checked_name
from ..errors import bad_input
from ..facts.certificates import BY_MODULE
from ..kube.client import Api
from ..kube.login import connect
from ..spec.names import check_namespace


def change_authority(call: Call) -> dict[str, Any]:
    """``fate_certificate_authority``."""
    params, moment = call.params, now()
    if params["rotate"] and params["retire"]:
        raise bad_input("rotate and retire exclude each other.", "Retire the older authority first.")
    asked = [_asked(entry) for entry in params["requests"]]
    signers = given(params["secret"], params)
    changes: list[dict[str, str]] = []
    if not signers:
        signers, changes = _kept(call, moment)
    issued = []
    for entry, request in asked:
        if call.check_mode and not signers:
            break
        allowed = frozenset(checked_name(name) for name in entry["names"])
        who = f"{entry.get('host') or 'somebody'} for {entry['module']}"
        found = issue(signers, request, allowed, who, signer=entry.get("signer") or "", days=params["days"], now=moment)
        issued.append({"host": entry.get("host") or "", "module": entry["module"], "certificate": found.pem})
    own = [signer.certificate for signer in signers]
    shown = [found.as_result(moment) for found in own]
    return {
        "changed": bool(changes or issued),
        "changes": changes,
        "authority": {"certificates": shown, "given": bool(params.get("certificate"))},
        "trust": bundle(own),
        "issued": issued if not call.check_mode else [],
        "diff": [_diff(entry) for entry in changes],
    }


def _diff(change: Mapping[str, str]) -> dict[str, str]:
    header = f"Secret/{change['secret']}: {change['action']}"
    return {"before_header": header, "after_header": header, "before": "", "after": f"{change['action']}\n"}


def _asked(entry: Mapping[str, Any]) -> tuple[Mapping[str, Any], SigningRequest]:
    where = f"The request of {entry.get('host') or 'somebody'} for {entry['module']}"
    return entry, signing_request(entry["request"], where)


def _api(call: Call) -> Api:
    """The Kubernetes of the authority: that of the option ``connection``, which stands for all others."""
    given_options = call.params["connection"]
    if given_options is None:
        return call.api()
    unknown = sorted(set(given_options) - set(CONNECTION.options))
    if unknown:
        raise bad_input(f"The connection of the authority has unknown options: {', '.join(unknown)}.")
    return Api(connect(given_options))


def _kept(call: Call, moment: datetime) -> tuple[tuple[Signer, ...], list[dict[str, str]]]:
    """The authority in its Secret, brought to the state that is asked for."""
    params = call.params
    space = params["namespace"] or params["store_namespace"]
    check_namespace(space)
    vault = Vault(_api(call), space, params["secret"], params["organisation"])
    known = signers_of(vault.read())
    action = "create" if not known else "introduce" if params["rotate"] else "retire" if params["retire"] else ""
    if action == "retire" and len(known) < 2:
        action = ""
    if not action:
        return known, []
    changes = [{"secret": vault.secret, "action": action}]
    if call.check_mode:
        return known, changes
    match action:
        case "create":
            ensure_namespace(vault.api, space, params["create_namespace"])
            return vault.make(params["ca_days"], moment), changes
        case "introduce":
            return vault.introduce(params["ca_days"], moment), changes
        case _:
            return vault.retire(), changes


CHANGE_AUTHORITY = Entry(
    CONNECTION
    | STORE
    | Arguments(
        {
            "connection": {"type": "dict", "no_log": False},
            "secret": {"type": "str", "default": "fate-ca", "no_log": False},
            "namespace": {"type": "str"},
            "organisation": {"type": "str", "default": "fate", "aliases": ["organization"]},
            "certificate": {"type": "str"},
            "key": {"type": "str", "no_log": True},
            "previous_certificate": {"type": "str"},
            "previous_key": {"type": "str", "no_log": True},
            "ca_days": {"type": "int", "default": 3650},
            "days": {"type": "int", "default": 365},
            "rotate": {"type": "bool", "default": False},
            "retire": {"type": "bool", "default": False},
            "requests": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "host": {"type": "str"},
                    "module": {"type": "str", "required": True, "choices": sorted(BY_MODULE)},
                    "request": {"type": "str", "required": True},
                    "names": {"type": "list", "elements": "str", "required": True},
                    "common_name": {"type": "str"},
                    "signer": {"type": "str"},
                },
            },
            "create_namespace": {"type": "bool", "default": True},
        },
        required_together=[("certificate", "key"), ("previous_certificate", "previous_key")],
        required_by={"previous_certificate": ["certificate"]},
    ),
    change_authority,
)
