# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RabbitMQ, with its management interface."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib import error, request

from .asking import opened
from .debian import Programs, Wanted, programs
from .process import Process, free_ports

WANTED = Wanted(
    name="RabbitMQ",
    packages=("rabbitmq-server",),
    programs=("epmd",),
    paths=("usr/lib/rabbitmq/lib/rabbitmq_server-[34].*/sbin/rabbitmq-server", "usr/lib/erlang/erts-*/bin/erlexec"),
    version=("-names",),
    least=(),
)
PLUGINS = "[rabbitmq_federation_management,rabbitmq_federation,rabbitmq_management]."
"""What is enabled unless a test says otherwise."""
TIMEOUT = 10.0
FIGURES_SECONDS = 30.0


@dataclass(slots=True)
class RabbitMQ:
    """A broker of one node.

    :param plugins: text of its file enabled_plugins; management has to be among them.
    :param settings: text of its rabbitmq.conf. It listens on the test's address, and on the given ports unless it says
        others.
    :param definitions: JSON of what it is to have at its start, in place of the first user.
    :param erlang_arguments: RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS.
    :param certificates: a folder with tls.crt, tls.key and ca.crt: it also listens with TLS and wants certificates of
        its clients.
    :param gracefully: whether it is asked to end, which takes seconds, for who starts it again in its folder.
    """

    folder: Path
    plugins: str = PLUGINS
    settings: str = ""
    definitions: str = ""
    user: str = "fate"
    password: str = "fate"
    erlang_arguments: str = ""
    certificates: Path | None = None
    gracefully: bool = False
    address: str = "127.0.0.1"
    ports: list[int] = field(default_factory=lambda: free_ports(5))
    """Of AMQP, management, its nodes among each other, names of nodes, and AMQP with TLS."""
    _processes: list[Process] = field(default_factory=list)
    _environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def port(self) -> int:
        """Of AMQP."""
        return self.ports[0]

    @property
    def management_port(self) -> int:
        return self.ports[1]

    @property
    def tls_port(self) -> int:
        """Of AMQP with TLS."""
        return self.ports[4]

    def __enter__(self) -> Self:
        got = programs(WANTED)
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = self._environment = self._lay_out(got)
        try:
            # The node would start it as a daemon, which nobody stops.
            names = Process("epmd", [got.program("epmd")], self.folder, environment)
            self._processes.append(names)
            names.start(self._names_answer)
            script = got.path("usr/lib/rabbitmq/lib/rabbitmq_server-[34].*/sbin/rabbitmq-server")
            node = Process("rabbitmq-server", [script], self.folder, environment, logs=("log/*.log",))
            node.stop_signal = signal.SIGTERM if self.gracefully else signal.SIGKILL
            self._processes.append(node)
            node.start(self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        while self._processes:
            self._processes.pop().stop()

    def _lay_out(self, got: Programs) -> dict[str, str]:
        (self.folder / "enabled_plugins").write_text(self.plugins)
        conf = self.folder / "rabbitmq.conf"
        conf.write_text(self._own_settings())
        conf.chmod(0o600)
        (self.folder / "bin").mkdir(exist_ok=True)
        erl = self.folder / "bin" / "erl"
        runtime = got.path("usr/lib/erlang/erts-*/bin/erlexec").parent
        erl.write_text(
            f"#!/bin/sh\nexport ROOTDIR='{runtime.parents[1]}' BINDIR='{runtime}' EMU=beam PROGNAME=erl\n"
            'exec "$BINDIR/erlexec" "$@"\n'
        )
        erl.chmod(0o755)
        local = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false +sbwt none +S 1:1"
        return got.environment(
            self.folder / "bin",
            # The script then becomes the node and does not stay as its parent.
            detached="true",
            HOME=str(self.folder),
            RABBITMQ_NODENAME=f"test{self.port}@localhost",
            RABBITMQ_MNESIA_BASE=str(self.folder / "mnesia"),
            RABBITMQ_LOG_BASE=str(self.folder / "log"),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(self.folder / "enabled_plugins"),
            RABBITMQ_CONFIG_FILE=str(conf.with_suffix("")),
            RABBITMQ_CONF_ENV_FILE=os.devnull,
            RABBITMQ_DIST_PORT=str(self.ports[2]),
            ERL_EPMD_PORT=str(self.ports[3]),
            ERL_EPMD_ADDRESS="127.0.0.1",
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=f"{local} {self.erlang_arguments}".strip(),
        )

    def environment(self) -> dict[str, str]:
        """In which scripts find rabbitmqctl, which speaks to this node."""
        script = programs(WANTED).path("usr/lib/rabbitmq/lib/rabbitmq_server-[34].*/sbin/rabbitmqctl")
        return {**self._environment, "PATH": os.pathsep.join([str(script.parent), self._environment["PATH"]])}

    def _own_settings(self) -> str:
        """The given settings, listening on the test's address."""
        listener = re.compile(r"^\s*(listeners\.(?:tcp|ssl)\.\w+)\s*=\s*(?:[\w.:]*:)?(\d+)\s*$", re.MULTILINE)
        lines = [listener.sub(rf"\1 = {self.address}:\2", self.settings), f"management.tcp.ip = {self.address}"]
        if "listeners.tcp." not in self.settings:
            lines.append(f"listeners.tcp.test = {self.address}:{self.port}")
        if "management.tcp.port" not in self.settings:
            lines.append(f"management.tcp.port = {self.management_port}")
        if "collect_statistics_interval" not in self.settings:
            lines.append("collect_statistics_interval = 1000")
        if self.certificates is not None:
            lines += [
                f"listeners.ssl.test = {self.address}:{self.tls_port}",
                f"ssl_options.certfile = {self.certificates / 'tls.crt'}",
                f"ssl_options.keyfile = {self.certificates / 'tls.key'}",
                f"ssl_options.cacertfile = {self.certificates / 'ca.crt'}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
            ]
        if self.definitions:
            path = self.folder / "definitions.json"
            path.write_text(self.definitions)
            path.chmod(0o600)
            lines.append(f"load_definitions = {path}")
        elif "default_user" not in self.settings:
            lines += [f"default_user = {self.user}", f"default_pass = {self.password}"]
        return "\n".join(lines) + "\n"

    def _names_answer(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.ports[3]), timeout=TIMEOUT) as connection:
            connection.sendall(b"\x00\x01n")
            return bool(connection.recv(4))

    def _answers(self) -> bool:
        """Whether a message goes through it: it is made, sent and received by the broker itself."""
        return bool(self.call("GET", "/aliveness-test/%2F")["status"] == "ok")

    def call(self, method: str, path: str, body: Any = None, *, user: str = "", password: str | None = None) -> Any:
        """One request to the management interface. Raises urllib's HTTPError, which is an OSError."""
        known = f"{user or self.user}:{self.password if password is None else password}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(known.encode()).decode(),
            "Content-Type": "application/json",
        }
        url = f"http://{self.address}:{self.management_port}/api{path}"
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(url, data, headers, method=method)
        with opened(asked, TIMEOUT) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def accepts(self, user: str, password: str) -> bool:
        """Whether somebody may log in."""
        try:
            self.call("GET", "/whoami", user=user, password=password)
        except error.HTTPError as refused:
            if refused.code != 401:
                raise
            return False
        return True

    def running_plugins(self) -> set[str]:
        """What runs, as the node itself says once it has collected its first figures: it starts without the plugins
        that it does not know, and calls them enabled."""
        end = time.monotonic() + FIGURES_SECONDS
        while time.monotonic() < end:
            (node,) = self.call("GET", "/nodes")
            if "applications" in node:
                return {item["name"] for item in node["applications"]}
            time.sleep(0.2)
        raise AssertionError(f"the node has no figures after {FIGURES_SECONDS:g} s")
