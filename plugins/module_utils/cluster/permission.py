# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether we have all rights that an operation needs, asked before it changes anything.

An operation that is refused half-way leaves a mess, and says only what was refused first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..access.identity import whoami
from ..access.model import Purpose, Right, serving
from ..access.parts import parts_in
from ..access.reviews import missing_rights
from ..access.rules import deployer_rules, store_rules
from ..errors import Kind, KubefateError, Resource
from ..kube.client import Api
from ..objects import Object
from .context import Context

SHOWN = 4
"""Missing rights that one sentence names; the result has them all."""


def needed_rights(
    api: Api,
    namespace: str,
    store_namespace: str,
    purposes: Sequence[Purpose],
    objects: Iterable[Object],
    hooks: Iterable[Object] = (),
) -> list[Right]:
    """The rights that operations on a cluster of these objects need."""
    rules = serving(deployer_rules(parts_in(api, objects), parts_in(api, hooks)), *purposes)
    rights = [right for rule in rules for right in rule.rights(namespace)]
    return rights + [right for rule in serving(store_rules(), *purposes) for right in rule.rights(store_namespace)]


def require(
    context: Context,
    namespace: str,
    purposes: Sequence[Purpose],
    objects: Iterable[Object],
    hooks: Iterable[Object] = (),
    *,
    secrets: bool = True,
) -> None:
    """Raise ``KubefateError`` (forbidden) naming the rights that are missing, and what each is for.

    secrets: whether the release is known from its record, which is a Secret.
    """
    api = context.api
    rights = needed_rights(api, namespace, context.options.store_namespace, purposes, objects, hooks)
    spared = set() if secrets else {"secrets"}
    spared |= {"services/proxy"} if context.options.running_fate_jobs == "ignore" else set()
    missing = missing_rights(api, [right for right in rights if right.resource not in spared])
    if not missing:
        return
    named = "; ".join(f"{right.text} ({right.why})" for right in missing[:SHOWN])
    more = f"; and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    raise KubefateError(
        f"Not permitted: {whoami(api) or 'this user'} has no right to {named}{more}. The operation "
        f"{' with '.join(purposes)} needs it (connection: {api.connection.origin}).",
        Kind.FORBIDDEN,
        "rbac",
        "Nothing was changed. Grant it: the role federatedai.kubefate.rbac makes an account with exactly the rights "
        "that are needed.",
        [Resource("Right", right.text, right.namespace, "missing", right.why) for right in missing],
    )
