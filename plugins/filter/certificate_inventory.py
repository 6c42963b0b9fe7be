# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventory variables to the certificates of a federation, and from what was found to text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_inventory
short_description: Who issues certificates for whom, from an inventory
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Turns inventory hosts and their variables C(fate_*) into what M(federatedai.kubefate.fate_certificate_info) takes,
    and into how each host reaches its issuer.
positional: hostvars, planned
options:
  _input:
    description: Names of inventory hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  planned:
    description: Result of M(federatedai.kubefate.fate_federation_info), for what it adds to specs.
    type: dict
"""

EXAMPLES = r"""
- name: Look at the certificates of the group fate
  federatedai.kubefate.fate_certificate_info:
    parties: "{{ known.parties }}"
    authorities: "{{ known.authorities }}"
  vars:
    known: "{{ groups['fate'] | federatedai.kubefate.certificate_inventory(hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - C(parties) and C(authorities) are the options of M(federatedai.kubefate.fate_certificate_info). C(issuers) says
      for each authority how it is reached, and C(external) which names the parties that are not managed may have.
  type: dict
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.federatedai.kubefate.plugins.filter.parties import connection, host_names, spec
from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.wanted import member_name, names_of
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import STORE_NAMESPACE
from ansible_collections.federatedai.kubefate.plugins.module_utils.data import merge, plain
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.certificates import BY_MODULE

MODES = ("none", "federation", "own")


def certificate_inventory(
    hosts: Iterable[str], hostvars: Mapping[str, Any], planned: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Parties, authorities and issuers. planned: the plan of the federation, with what it adds to specs."""
    parties: list[dict[str, Any]] = []
    issuers: dict[str, dict[str, Any]] = {}
    external = []
    for host in host_names(hosts, "certificate_inventory"):
        variables = hostvars[host]
        issuer = _issuer(host, variables, hostvars)
        if issuer:
            issuers.setdefault(issuer["name"], issuer)
        added = ((planned or {}).get("parties") or {}).get(host, {}).get("additions") or {}
        parties.append(_party(host, variables, issuer, added))
        if not _managed(variables):
            external += _external(host, variables, issuer)
    return {
        "parties": parties,
        "authorities": [_authority(issuer) for issuer in issuers.values()],
        "issuers": issuers,
        "external": external,
    }


def _managed(variables: Mapping[str, Any]) -> bool:
    return bool(variables.get("fate_managed", True))


def _party(
    host: str, variables: Mapping[str, Any], issuer: Mapping[str, Any] | None, added: Mapping[str, Any]
) -> dict[str, Any]:
    party: dict[str, Any] = {
        "host": host,
        "managed": _managed(variables),
        "role": variables.get("fate_role") or "party",
        "names": _addresses(variables),
        "issuer": issuer["name"] if issuer else "",
    }
    if not party["managed"]:
        return {**party, **_public(variables)}
    files = variables.get("fate_spec_files") or []
    party |= {
        "connection": connection(variables),
        "spec": merge(plain(spec(variables)), plain(added)),
        "spec_files": [files] if isinstance(files, str) else list(files),
    }
    for name in ("name", "namespace"):
        if variables.get(f"fate_{name}"):
            party[name] = variables[f"fate_{name}"]
    return party


def _public(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the certificates of a party that is not managed: its public facts."""
    found = {
        "authority": variables.get("fate_authority_certificate"),
        "trusts": variables.get("fate_trusts"),
        "issuers": variables.get("fate_issuers"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _addresses(variables: Mapping[str, Any]) -> list[str]:
    more = variables.get("fate_certificate_names") or []
    own = [variables["fate_advertise_host"]] if variables.get("fate_advertise_host") else []
    return [str(name) for name in [*own, *([more] if isinstance(more, str) else more)]]


def _issuer(host: str, variables: Mapping[str, Any], hostvars: Mapping[str, Any]) -> dict[str, Any] | None:
    """Who issues the certificates of a host, and how to reach that."""
    mode = variables.get("fate_certificates") or "none"
    if mode not in MODES:
        raise AnsibleFilterError(f"fate_certificates of {host} is {mode!r}; it can be {', '.join(MODES)}.")
    if mode == "none" or (mode == "own" and not _managed(variables)):
        return None
    federation = str(variables.get("fate_federation") or "fate")
    if mode == "own":
        return _kept(host, variables, f"{federation}-{host}", federation)
    if variables.get("fate_ca_certificate"):
        return _given("authority of the federation", variables, federation)
    owner = variables.get("fate_ca_host")
    if not owner:
        raise AnsibleFilterError(
            f"fate_certificates of {host} is federation, and nothing says who issues: give fate_ca_host, the inventory "
            "host whose Kubernetes keeps the authority, or fate_ca_certificate and fate_ca_key."
        )
    if owner not in hostvars:
        raise AnsibleFilterError(f"fate_ca_host of {host} is {owner}, which is not in the inventory.")
    theirs = hostvars[owner]
    if _managed(theirs):
        return _kept(owner, theirs, federation, federation)
    if not theirs.get("fate_authority_certificate"):
        raise AnsibleFilterError(
            f"{owner} issues certificates for {host} and is not managed: import its public facts (import_facts), or "
            f"give fate_authority_certificate of {owner} after comparing its fingerprint with what they say."
        )
    return {
        **_given(f"authority of {owner}", {"fate_ca_certificate": theirs["fate_authority_certificate"]}, federation),
        "external": True,
    }


def _given(name: str, variables: Mapping[str, Any], federation: str) -> dict[str, Any]:
    known = {
        part: str(variables[f"fate_ca_{part}"])
        for part in ("certificate", "key", "previous_certificate", "previous_key")
        if variables.get(f"fate_ca_{part}")
    }
    return {"name": name, "external": False, "organisation": federation, "connection": {}, "delegate_to": "", **known}


def _kept(owner: str, variables: Mapping[str, Any], name: str, federation: str) -> dict[str, Any]:
    """An authority in a Secret of a host's Kubernetes."""
    plain = re.sub(r"[^a-z0-9]+", "-", f"fate-ca-{name}".lower()).strip("-")[:253]
    return {
        "name": f"authority of {owner}",
        "external": False,
        "organisation": federation,
        "connection": connection(variables),
        "delegate_to": variables.get("fate_delegate_to") or "",
        "namespace": variables.get("fate_ca_namespace") or variables.get("fate_store_namespace") or STORE_NAMESPACE,
        "secret": variables.get("fate_ca_name") or plain,
    }


def _authority(issuer: Mapping[str, Any]) -> dict[str, Any]:
    """The public part."""
    names = ("name", "connection", "namespace", "secret", "certificate", "previous_certificate")
    return {name: issuer[name] for name in names if name in issuer}


def _external(host: str, variables: Mapping[str, Any], issuer: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What a party that is not managed may ask its issuer for."""
    if issuer is None or issuer["external"]:
        return []
    party_id = "" if variables.get("fate_role") == "exchange" else str(variables.get("fate_party_id") or "")
    namespace = str(variables.get("fate_namespace") or variables.get("fate_name") or host)
    own = spec(variables)
    return [
        {
            "host": host,
            "module": module,
            "issuer": issuer["name"],
            "file": f"{member_name(own, party_id)}-{module}",
            "names": sorted({*names_of(module, own, party_id, namespace), *_addresses(variables)}),
        }
        for module in sorted(BY_MODULE)
    ]


def signing_requests(
    requests: Iterable[Mapping[str, Any]], party: Mapping[str, Any], host: str
) -> list[dict[str, Any]]:
    """Requests of a party as its issuer takes them: with the names that the plan says it may have."""
    planned = {entry["module"]: entry for entry in party["certificates"]}
    return [
        {
            "host": host,
            "module": request["module"],
            "request": request["request"],
            "common_name": request["common_name"],
            "names": planned[request["module"]]["names"] + [planned[request["module"]]["common_name"]],
            "signer": planned[request["module"]]["signer"],
        }
        for request in requests
    ]


def certificate_report(found: Mapping[str, Any]) -> str:
    """What there is and what is to be done, in lines for a person."""
    # Imported late: to find one filter, Ansible loads them all.
    from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.report import lines

    return "\n".join(lines(found))


def _safe(work: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*arguments: Any, **keywords: Any) -> Any:
        try:
            return work(*arguments, **keywords)
        except KubefateError as error:
            raise AnsibleFilterError(f"{error.msg} {error.hint}".strip()) from None

    return filtered


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "certificate_inventory": _safe(certificate_inventory),
            "signing_requests": signing_requests,
            "certificate_report": certificate_report,
        }
