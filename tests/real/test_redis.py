# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts render for Redis, given to Redis: its settings, and a password of any kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.federatedai.kubefate.tests.real.pods import Pod
from ansible_collections.federatedai.kubefate.tests.servers.errors import NotStartedError, RefusedError
from ansible_collections.federatedai.kubefate.tests.servers.redis import Redis
from ansible_collections.federatedai.kubefate.tests.unit.charts.combinations import COMBINATIONS
from ansible_collections.federatedai.kubefate.tests.unit.charts.kit import Helm

WITH_REDIS = [item for item in COMBINATIONS if item.has("servingRedis")]


def server(helm: Helm, root: Path, password: str, old: str = "", new: str = "") -> Redis:
    """Redis with the file that the start of its pod writes. old, new: a text in it put in place of another."""
    secrets = {"fate-serving-redis": {"password": password}}
    pod = Pod(WITH_REDIS[0].render(helm), "serving-redis", root, secrets=secrets)
    pod.mount()
    pod.inside("/run/fate").mkdir(parents=True, exist_ok=True)
    pod.run()
    settings = pod.inside("/run/fate/redis.conf").read_text()
    assert old in settings
    # The folder is the test's own, and given as an argument.
    settings = settings.replace("dir /data\n", "").replace(old, new)
    return Redis(root / "redis", settings, password=password)


@pytest.mark.parametrize("password", ["plain123", r"""a "b" \c 'd' $e %f @g@ #h""", "  x  "])
def test_it_takes_the_settings_and_the_password_as_it_is(helm3: Helm, tmp_path: Path, password: str) -> None:
    with server(helm3, tmp_path, password) as redis:
        assert redis.command("CONFIG", "GET", "databases") == "databases\n50"
        assert redis.command("CONFIG", "GET", "maxmemory-policy") == "maxmemory-policy\nallkeys-lru"
        assert redis.command("SET", "model", "cached") == "OK"
        for wrong in ("", "wrong"):
            with pytest.raises(RefusedError, match=r"NOAUTH|WRONGPASS"):
                redis.command("GET", "model", password=wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [("databases 50", "database 50"), ("databases 50", "databases many"), ("allkeys-lru", "lru"), ('"', "'\"")],
    ids=["key", "type", "value", "quotes"],
)
def test_a_mistake_keeps_it_from_starting(helm3: Helm, tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(NotStartedError, match="FATAL CONFIG FILE ERROR"), server(helm3, tmp_path, "secret", old, new):
        pass
