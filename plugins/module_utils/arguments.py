# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that modules share, each group with the rules that belong to it.

Groups are joined with ``|``. Their documentation is in ``plugins/doc_fragments``; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .cluster.options import STORE_NAMESPACE
from .health.model import Trouble


@dataclass(frozen=True, slots=True)
class Arguments:
    """A part of an argument spec, with its validators."""

    options: dict[str, Any] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    required_by: dict[str, Any] = field(default_factory=dict)

    def __or__(self, other: Arguments) -> Arguments:
        return Arguments(
            {**self.options, **other.options},
            [*self.mutually_exclusive, *other.mutually_exclusive],
            [*self.required_together, *other.required_together],
            [*self.required_one_of, *other.required_one_of],
            [*self.required_if, *other.required_if],
            {**self.required_by, **other.required_by},
        )

    def as_kwargs(self) -> dict[str, Any]:
        """For ``AnsibleModule(**...)``."""
        return {
            "argument_spec": self.options,
            "mutually_exclusive": list(self.mutually_exclusive),
            "required_together": list(self.required_together),
            "required_one_of": list(self.required_one_of),
            "required_if": list(self.required_if),
            "required_by": self.required_by,
        }


def connection_options() -> dict[str, Any]:
    """The options of a connection, also for use inside other options."""
    return {
        "kubeconfig": {"type": "raw", "no_log": False},
        "context": {"type": "str"},
        "host": {"type": "str"},
        "api_key": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "client_cert": {"type": "path", "aliases": ["cert_file"]},
        "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
        "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
        "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
        "proxy": {"type": "str"},
        "no_proxy": {"type": "str"},
        "impersonate_user": {"type": "str"},
        "impersonate_groups": {"type": "list", "elements": "str"},
        "service_account": {"type": "str"},
    }


CONNECTION = Arguments(
    connection_options(),
    required_together=[("username", "password"), ("client_cert", "client_key")],
    mutually_exclusive=[("api_key", "username"), ("api_key", "client_cert")],
)

HELM = Arguments({"helm_binary": {"type": "path"}})

STORE = Arguments({"store_namespace": {"type": "str", "default": STORE_NAMESPACE}})

PROGRESS = Arguments({"progress_dir": {"type": "path"}})

CHART_REPO = Arguments(
    {
        "chart_repo_url": {"type": "str", "aliases": ["repo_url", "chart_repository"]},
        "chart_repo_username": {"type": "str", "aliases": ["repo_username"]},
        "chart_repo_password": {"type": "str", "aliases": ["repo_password"], "no_log": True},
        "chart_repo_ca_cert": {"type": "path", "aliases": ["chart_ca_cert"]},
        "chart_repo_client_cert": {"type": "path", "aliases": ["chart_ssl_cert_file"]},
        "chart_repo_client_key": {"type": "path", "aliases": ["chart_ssl_key_file"], "no_log": False},
        "chart_repo_validate_certs": {"type": "bool"},
        "chart_repo_plain_http": {"type": "bool", "aliases": ["plain_http"]},
        "chart_repo_pass_credentials": {"type": "bool", "aliases": ["pass_credentials"], "no_log": False},
        "bundled_charts": {"type": "dict"},
    },
    required_together=[("chart_repo_username", "chart_repo_password")],
)

CHART_CHOICE = Arguments(
    {
        "chart": {"type": "str", "aliases": ["chart_name", "chart_ref"]},
        "chart_version": {"type": "str"},
        "chart_path": {"type": "path"},
        "chart_digest": {"type": "str"},
    }
)

CHART = CHART_CHOICE | CHART_REPO

SPEC = Arguments(
    {
        "name": {"type": "str", "aliases": ["release_name"]},
        "namespace": {"type": "str", "aliases": ["release_namespace"]},
        "spec": {"type": "dict", "no_log": False},
        "spec_files": {"type": "list", "elements": "path", "default": []},
    }
)

WAIT = Arguments(
    {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        "patience": {
            "type": "dict",
            "default": {},
            "options": {str(trouble): {"type": "int"} for trouble in Trouble},
        },
    }
)

APPLY = Arguments(
    {
        "drift": {"type": "str", "choices": ["ignore", "report", "repair"], "default": "report"},
        "ignore_differences": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "kind": {"type": "str", "default": "*"},
                "name": {"type": "str", "default": "*"},
                "pointers": {"type": "list", "elements": "str", "default": ["*"]},
            },
        },
        "on_failure": {"type": "str", "choices": ["keep", "rollback"], "default": "keep"},
        "running_fate_jobs": {"type": "str", "choices": ["wait", "fail", "ignore"], "default": "fail"},
        "lock_timeout": {"type": "int", "default": 120},
        "pending_timeout": {"type": "int", "default": 600},
        "force_unlock": {"type": "bool", "default": False},
        "history_max": {"type": "int", "default": 10},
        "job_history_max": {"type": "int", "default": 50},
        "create_namespace": {"type": "bool", "default": True},
    }
)
