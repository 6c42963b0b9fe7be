# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public facts: what a party tells the others about itself, and the document that carries it. Pure.

The document is JSON with four keys::

    {"format": "kubefate-public-facts/1",
     "facts": {"federation": "fate", "role": "party", "party_id": "9999", "name": "fate-9999",
               "advertise_host": "fate.bank.example", "advertise_port": 30091, "versions": {"fate": "2.2.0"},
               "authorities": "-----BEGIN CERTIFICATE-----...", "authority_fingerprints": ["ab12..."],
               "certificates": {"osx": {"fingerprint": "cd34...", "issuer": "ab12...",
                                        "not_after": "2027-01-01T00:00:00Z"}},
               "trusts": ["ab12..."],
               "serial": 1767225600, "issued": "2026-01-01T00:00:00Z", "expires": "2026-04-01T00:00:00Z"},
     "public_key": base64 of the 32 bytes of an Ed25519 key,
     "signature": base64 of 64 bytes}

What is signed is the format's name, a line feed, and the facts as canonical JSON: keys sorted, no spaces, UTF-8, no
escapes but those that JSON demands; the only numbers are integers. A fingerprint is the SHA-256 of the public key's 32
bytes, or of a certificate's DER form, in hexadecimal digits. Facts that a reader does not know are ignored.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..certificates.model import moment
from ..data import canonical
from ..errors import Kind, KubefateError

FORMAT = "kubefate-public-facts/1"
MOST_BYTES = 256 * 1024
_FINGERPRINT = re.compile(r"^[0-9a-f]{64}\Z")
TEXTS = ("federation", "role", "party_id", "name", "advertise_host", "authorities")


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose form is right; whether its signature is, ``signing`` tells."""

    facts: Mapping[str, Any]
    public_key: bytes
    signature: bytes

    @property
    def serial(self) -> int:
        return int(self.facts["serial"])

    @property
    def expires(self) -> datetime:
        return moment(str(self.facts["expires"]))

    @property
    def issued(self) -> datetime:
        return moment(str(self.facts["issued"]))

    @property
    def whose(self) -> str:
        return f"{self.facts['role']} {self.facts['party_id'] or self.facts['name']}"

    def signed_bytes(self) -> bytes:
        return to_sign(self.facts)

    def text(self) -> str:
        """As it is written to a file."""
        return (
            json.dumps(
                {
                    "format": FORMAT,
                    "facts": self.facts,
                    "public_key": base64.b64encode(self.public_key).decode(),
                    "signature": base64.b64encode(self.signature).decode(),
                },
                indent=2,
                sort_keys=True,
                ensure_ascii=False,
            )
            + "\n"
        )


def to_sign(facts: Mapping[str, Any]) -> bytes:
    return f"{FORMAT}\n{canonical(facts)}".encode()


def read(text: str | bytes, where: str) -> Document:
    """A document from its text. where: for errors. Raises ``KubefateError`` for what does not have the form."""
    data = text.encode() if isinstance(text, str) else text
    if len(data) > MOST_BYTES:
        raise malformed(where, f"it is larger than {MOST_BYTES >> 10} KiB")
    try:
        found = json.loads(
            data.decode(), object_pairs_hook=_without_twice, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise malformed(where, str(error) or "it is nested too deeply") from None
    if not isinstance(found, dict) or set(found) != {"format", "facts", "public_key", "signature"}:
        raise malformed(where, "it does not have just the keys format, facts, public_key and signature")
    if found["format"] != FORMAT:
        raise malformed(where, f"its format is {found['format']!r}; {FORMAT} is known here")
    facts = found["facts"]
    complaint = _complaint(facts)
    if complaint:
        raise malformed(where, complaint)
    try:
        to_sign(facts)
    except UnicodeEncodeError:
        raise malformed(where, "it holds half a character") from None
    return Document(facts, _bytes(found, "public_key", 32, where), _bytes(found, "signature", 64, where))


def malformed(where: str, what: str) -> KubefateError:
    return KubefateError(
        f"{where} does not have the form of public facts: {what}.",
        Kind.INPUT,
        "input",
        "Ask whoever sent it to export it again (export_facts).",
    )


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no integer")


def _bytes(found: Mapping[str, Any], key: str, length: int, where: str) -> bytes:
    try:
        data = base64.b64decode(str(found[key]), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != length:
        raise malformed(where, f"{key} is not {length} bytes in base64")
    return data


def _complaint(facts: Any) -> str:
    """What is wrong with the form of facts; empty if nothing is."""
    if not isinstance(facts, dict):
        return "facts is no mapping"
    for name in TEXTS:
        if not isinstance(facts.get(name), str):
            return f"{name} is no text"
    if facts["role"] not in ("party", "exchange"):
        return "role is neither party nor exchange"
    if facts["role"] == "party" and not facts["party_id"].isdigit():
        return "party_id is no number"
    for name in ("advertise_port", "serial"):
        if not isinstance(facts.get(name), int) or isinstance(facts[name], bool) or facts[name] < 0:
            return f"{name} is no whole number"
    for name in ("issued", "expires"):
        try:
            moment(str(facts[name]))
        except (KeyError, ValueError):
            return f"{name} is no point in time"
    return _complaint_about_certificates(facts)


def _complaint_about_certificates(facts: Mapping[str, Any]) -> str:
    versions = facts.get("versions")
    if not isinstance(versions, dict) or not all(isinstance(value, str) for value in versions.values()):
        return "versions is no mapping of texts"
    for name in ("trusts", "authority_fingerprints"):
        prints = facts.get(name)
        if not isinstance(prints, list) or not all(isinstance(it, str) and _FINGERPRINT.match(it) for it in prints):
            return f"{name} is no list of fingerprints"
    certificates = facts.get("certificates")
    if not isinstance(certificates, dict):
        return "certificates is no mapping"
    for module, entry in certificates.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("not_after"), str):
            return f"certificates.{module} has no end"
        if not all(
            _FINGERPRINT.match(str(entry.get(name))) or entry.get(name) == "" for name in ("fingerprint", "issuer")
        ):
            return f"certificates.{module} has no fingerprint"
    return ""


def fingerprint_of(text: str) -> str:
    """A fingerprint as people write it, with or without ``sha256:``, colons and capitals, in its one form. Raises
    ``KubefateError``."""
    plain = re.sub(r"^sha256:", "", text.strip().lower()).replace(":", "")
    if not _FINGERPRINT.match(plain):
        raise KubefateError(
            f"{text!r} is no fingerprint.",
            Kind.INPUT,
            "input",
            "It is the SHA-256 of a public key: 64 hexadecimal digits, as export_facts says it.",
        )
    return plain


def variables(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The inventory variables that make a party which is not managed routable."""
    found: dict[str, Any] = {
        "fate_party_id": facts["party_id"],
        "fate_name": facts["name"],
        "fate_advertise_host": facts["advertise_host"],
        "fate_advertise_port": facts["advertise_port"],
        "fate_versions": dict(facts["versions"]),
    }
    return {name: value for name, value in found.items() if value not in ("", 0)} | {
        "fate_versions": found["fate_versions"]
    }


def certificate_variables(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The inventory variables about its certificates."""
    issuers = sorted({entry["issuer"] for entry in facts["certificates"].values() if entry["issuer"]})
    found: dict[str, Any] = {"fate_trusts": list(facts["trusts"]), "fate_issuers": issuers}
    if facts["authorities"]:
        found["fate_authority_certificate"] = facts["authorities"]
    return found
