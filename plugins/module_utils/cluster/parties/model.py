# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member of a federation while it is planned and changed, and the API server that it is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ...access.openshift import OpenShift
from ...errors import KubefateError, bad_input
from ...federation.model import Member, Role
from ...helm.cli import Helm
from ...kube.client import Api
from ...kube.connection import Connection
from ...objects import Object
from ...plan.making import Gathered
from ...plan.model import Plan
from ...spec.loading import Spec
from ...values import Values
from ..gather import SECRETS, Found, Prepared, sort_found
from ..listing import Objects
from ..options import Options
from ..target import Target

T = TypeVar("T")


@dataclass(slots=True)
class Server:
    """One API server, reached with one set of credentials, and what was read from it.

    secrets: release records and generated Secrets by namespace; of the records only what their labels say, but for
    namespaces that are in ``whole`` (None: all are). nodes: None where they may not be read. simulated: whether all
    pods are or none is, where its nodes tell that. openshift: what it has of that.
    """

    api: Api
    helm: Helm
    objects: Objects
    secrets: dict[str, Sequence[Object]] = field(default_factory=dict)
    whole: set[str] | None = None
    nodes: Sequence[Object] | None = ()
    simulated: bool | None = None
    openshift: OpenShift = field(default_factory=OpenShift)


@dataclass(slots=True)
class Party:
    """One member. error ends its planning; the others go on. options: how it is planned and applied.

    added: what the federation adds to its spec. result: what is told about it.
    """

    host: str
    given: Mapping[str, Any]
    options: Options
    error: KubefateError | None = None
    connection: Connection | None = None
    key: str = ""
    spec: Spec | None = None
    member: Member | None = None
    name: str = ""
    namespace: str = ""
    server: Server | None = None
    added: dict[str, Any] = field(default_factory=dict)
    target: Target | None = None
    found: Found | None = None
    values: Values | None = None
    prepared: Prepared | None = None
    gathered: Gathered | None = None
    plan: Plan | None = None
    result: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def managed(self) -> bool:
        """Whether it is ours to plan and change."""
        return bool(self.given.get("managed", True))

    @property
    def role(self) -> Role:
        return Role(self.given.get("role") or Role.PARTY)

    @property
    def alive(self) -> bool:
        return self.managed and self.error is None

    def attempt(self, work: Callable[[Party], T]) -> T | None:
        """Do a part of the planning unless an earlier one failed."""
        if not self.alive:
            return None
        try:
            return work(self)
        except KubefateError as error:
            self.error = error
            return None

    def on(self) -> Server:
        """Its API server. Raises ``KubefateError`` where it was not opened."""
        if self.server is None:
            raise bad_input(f"{self.host} was not planned.")
        return self.server

    def wanted(self) -> Target:
        """What it should be. Raises ``KubefateError`` where that was not found out."""
        if self.target is None:
            raise bad_input(f"{self.host} was not planned.")
        return self.target

    def there(self) -> Found:
        """What is there of it, among the Secrets of its namespace. Its record may lack its contents."""
        if self.found is None:
            self.found = sort_found(self.on().secrets.get(self.namespace, ()), self.name, self.namespace)
        return self.found

    def there_in_full(self) -> Found:
        """The same with the contents of the record."""
        server = self.on()
        if server.whole is not None and self.namespace not in server.whole:
            server.secrets[self.namespace] = server.api.list_objects("v1", "Secret", self.namespace, labels=SECRETS)
            server.whole.add(self.namespace)
            self.found = None
        return self.there()
