# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking FATE-Flow from inside its own pod, where a network policy keeps the API server out."""

from __future__ import annotations

import json
from typing import Any

from ..errors import KubefateError
from ..facts.flow import JOBS, MODULE, PORT
from ..kube.client import Api
from ..objects import Object, Ref, name_of
from .model import Verdict
from .parsing import verdict_of

SECONDS = 40.0
# FATE-Flow listens at its pod's address, as charts have it, or at all of them. It keeps to what Python 3.8 knows.
PROGRAM = """
import http.client, socket, sys
port, path = int(sys.argv[1]), sys.argv[2]
try:
    found = [item[4][0] for item in socket.getaddrinfo(socket.gethostname(), port, type=socket.SOCK_STREAM)]
except OSError:
    found = []
for address in dict.fromkeys(found + ["127.0.0.1"]):
    try:
        connection = http.client.HTTPConnection(address, port, timeout=15)
        connection.request("GET", path)
        sys.stdout.write(connection.getresponse().read().decode())
        break
    except OSError as error:
        said = error
else:
    sys.exit(str(said))
"""
SHELL = 'python=$(command -v python3 || command -v python) || exit 127; exec "$python" -c "$0" "$1" "$2"'


def ask_inside(api: Api, pod: Object, namespace: str) -> Verdict | None:
    """What FATE-Flow answers in that pod; None where it cannot be asked there."""
    command = ("sh", "-c", SHELL, PROGRAM, str(PORT), f"/{JOBS}")
    try:
        ran = api.execute(Ref("v1", "Pod", namespace, name_of(pod)), _container(pod), command, "", SECONDS)
        return verdict_of(json.loads(ran.out)) if ran.code == 0 else None
    except (KubefateError, ValueError):
        return None


def _container(pod: Object) -> str:
    names: list[Any] = [item.get("name") for item in (pod.get("spec") or {}).get("containers") or []]
    return MODULE if MODULE in names or not names else str(names[0])
