# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shell text that containers of FATE-Serving run: it parses, and passwords of any kind reach the files as they are."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .kit import Helm, Manifests
from .serving import CHART, HOME, MODULES, NAMES, serving
from .test_scripts import PASSWORDS, java_value, properties, run_start, scripts

ACL = {
    "modules": [name for name in MODULES if name != "servingZookeeper"],
    "externalZookeeperUrl": "zookeeper:2181",
    "externalZookeeperAcl": True,
}


def render(helm: Helm, **changes: Any) -> Manifests:
    return helm.render(serving(**changes), CHART)


def start(manifests: Manifests, name: str, root: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the start of a container below a folder, with the files that are mounted there."""
    config = next(iter(manifests.get("ConfigMap", f"{name}-config")["data"].items()))
    source = root / "etc/fate" / config[0]
    source.parent.mkdir(parents=True)
    source.write_text(config[1], encoding="utf-8")
    (root / HOME.lstrip("/") / name / "conf").mkdir(parents=True)
    (root / "run/fate").mkdir(parents=True)
    return run_start(manifests, name, root, env, HOME, "/run/fate")


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_script_parses(helm: Helm, shell: str) -> None:
    found = scripts(render(helm, servingProxy={"enableTLS": True}))
    assert set(found) == {*(NAMES[name] for name in MODULES if name != "servingZookeeper"), "test"}
    for name, (_rest, text) in found.items():
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_kubernetes_replaces_nothing_in_a_script(helm: Helm) -> None:
    for name, (_rest, text) in scripts(render(helm, **ACL)).items():
        assert "$$" not in text, name
        assert not re.search(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)", text), name


@pytest.mark.parametrize("password", PASSWORDS)
def test_server_reads_passwords_as_they_are(helm3: Helm, tmp_path: Path, password: str) -> None:
    env = {"REDIS_PASSWORD": password, "ZOOKEEPER_USERNAME": "me", "ZOOKEEPER_PASSWORD": password[::-1]}
    done = start(render(helm3, **ACL), "serving-server", tmp_path, env)
    assert done.returncode == 0 and done.stdout + done.stderr == ""
    file = tmp_path / HOME.lstrip("/") / "serving-server/conf/serving-server.properties"
    assert java_value(properties(file)["redis.password"]) == password
    assert java_value(properties(file)["acl.password"]) == password[::-1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_redis_without_a_password_is_sent_none(helm: Helm, tmp_path: Path) -> None:
    """An empty one would be refused by it."""
    rest = [name for name in MODULES if name != "servingRedis"]
    manifests = render(helm, modules=rest, externalRedisIp="redis")
    done = start(manifests, "serving-server", tmp_path, {"REDIS_PASSWORD": ""})
    assert done.returncode == 0, done.stderr
    settings = properties(tmp_path / HOME.lstrip("/") / "serving-server/conf/serving-server.properties")
    assert "redis.password" not in settings and settings["redis.ip"] == "redis"


@pytest.mark.parametrize("password", PASSWORDS)
def test_admin_reads_the_password_as_it_is(helm3: Helm, tmp_path: Path, password: str) -> None:
    env = {"ADMIN_USERNAME": "admin", "ADMIN_PASSWORD": password}
    done = start(render(helm3), "serving-admin", tmp_path, env)
    assert done.returncode == 0, done.stderr
    file = tmp_path / HOME.lstrip("/") / "serving-admin/conf/application.properties"
    assert java_value(properties(file)["admin.password"]) == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("password", ["a${b}", "a#{b}"])
def test_admin_refuses_a_password_that_it_would_misread_and_does_not_say_it(
    helm3: Helm, tmp_path: Path, password: str
) -> None:
    done = start(render(helm3), "serving-admin", tmp_path, {"ADMIN_USERNAME": "admin", "ADMIN_PASSWORD": password})
    assert done.returncode == 1 and "takes no user name or password" in done.stderr and password not in done.stderr


@pytest.mark.parametrize("password", PASSWORDS)
def test_redis_gets_the_password_between_quotes_of_its_own(helm3: Helm, tmp_path: Path, password: str) -> None:
    done = start(render(helm3), "serving-redis", tmp_path, {"REDIS_PASSWORD": password})
    assert done.returncode == 0, done.stderr
    file = tmp_path / "run/fate/redis.conf"
    (line,) = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("requirepass ")]
    quoted = line.removeprefix("requirepass ")
    assert quoted[0] == quoted[-1] == '"'
    assert re.sub(r"\\(.)", r"\1", quoted[1:-1]) == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_proxy_starts_without_any_password(helm: Helm, tmp_path: Path) -> None:
    done = start(render(helm), "serving-proxy", tmp_path, {})
    assert done.returncode == 0, done.stderr
    file = tmp_path / HOME.lstrip("/") / "serving-proxy/conf/application.properties"
    assert properties(file)["coordinator"] == "9999"
