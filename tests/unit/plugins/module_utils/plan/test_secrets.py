# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says about Secrets that are there already."""

from __future__ import annotations

import base64

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.rotation import Rotation
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.secrets import SecretKey, SecretRequest
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.making import Gathered, make

KEY = SecretKey("password", "from the spec", 24, "mysql.password")


def hint(request: SecretRequest) -> str:
    live = {"kind": "Secret", "data": {"password": base64.b64encode(b"another").decode()}}
    plan = make(Gathered("r", "ns", True, (), {}, {}, {}, [(request, live)]))
    (finding,) = plan.findings
    assert "mysql.password of the spec is not what key password" in finding.text
    return finding.hint


def test_a_password_that_the_spec_changes_says_how_it_reaches_the_server() -> None:
    assert "rotate_secrets" in hint(SecretRequest("fate-mysql", (KEY,), rotation=Rotation(("password",))))
    assert "rotate_secrets" not in hint(SecretRequest("fate-mysql", (KEY,)))
    assert "rotate_secrets" not in hint(SecretRequest("fate-mysql", (KEY,), rotation=Rotation(("root-password",))))
