# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which security context constraint pods get: the least that lets them run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.access.openshift import (
    constraint_made,
    constraints_for,
)


def deployment(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    listed = [{"name": "main", "securityContext": context} for context in containers or ({},)]
    template = {"metadata": {}, "spec": {"containers": listed, **spec}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template}}


def adding(*names: str, **context: Any) -> dict[str, Any]:
    return {"capabilities": {"drop": ["ALL"], "add": list(names)}, **context}


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (deployment(), ""),
        (deployment(adding("NET_BIND_SERVICE")), ""),
        (deployment({"runAsUser": 999}), "nonroot-v2"),
        (deployment(securityContext={"fsGroup": 999}), "nonroot-v2"),
        (deployment(adding("NET_BIND_SERVICE", runAsUser=999)), "nonroot-v2"),
        (deployment({"runAsUser": 0}), "anyuid"),
        (deployment(securityContext={"runAsUser": 0}), "anyuid"),
        (deployment(adding("DAC_OVERRIDE", runAsUser=0)), "fate-anyuid-dac-override"),
        (deployment(adding("NET_BIND_SERVICE", runAsUser=0)), "fate-anyuid-net-bind-service"),
        (deployment(adding("CHOWN", runAsUser=5)), "fate-chown"),
        (deployment(adding("CHOWN")), "fate-anyuid-chown"),
        (deployment({"runAsUser": 0}, adding("CHOWN"), adding("KILL")), "fate-anyuid-chown-kill"),
        (deployment(volumes=[{"name": "v", "hostPath": {"path": "/x"}}]), "hostmount-anyuid"),
        (deployment(adding("CHOWN"), volumes=[{"name": "v", "hostPath": {"path": "/x"}}]), "privileged"),
        (deployment(adding("CHOWN", privileged=True)), "privileged"),
        (deployment(hostNetwork=True), "privileged"),
    ],
)
def test_pods_get_the_least_constraint_that_lets_them_run(obj: dict[str, Any], name: str) -> None:
    assert [found.name for found in constraints_for([obj])] == ([name] if name else [])


def test_the_pods_of_an_account_share_one_and_accounts_have_their_own() -> None:
    found = constraints_for(
        [
            deployment({"runAsUser": 5}),
            deployment(adding("CHOWN", runAsUser=0)),
            deployment({"runAsUser": 7}, serviceAccountName="flow"),
        ]
    )
    assert [(entry.account, entry.name) for entry in found] == [
        ("default", "fate-anyuid-chown"),
        ("flow", "nonroot-v2"),
    ]
    assert found[0].why == "Deployment/a runs as root, and CHOWN is added"


def test_one_that_is_made_allows_the_capabilities_and_nothing_of_the_host() -> None:
    (root,) = constraints_for([deployment(adding("DAC_OVERRIDE", runAsUser=0))])
    (other,) = constraints_for([deployment(adding("CHOWN", runAsUser=5))])
    made = constraint_made(root)
    assert made["allowedCapabilities"] == ["DAC_OVERRIDE"]
    assert made["runAsUser"] == {"type": "RunAsAny"}
    assert constraint_made(other)["runAsUser"] == {"type": "MustRunAsNonRoot"}
    assert not any(value for key, value in made.items() if key.startswith("allow") and key != "allowedCapabilities")
    assert made["users"] == made["groups"] == []
    assert "hostPath" not in made["volumes"]
