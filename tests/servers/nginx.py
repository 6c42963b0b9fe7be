# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx with the modules for Lua and for streams."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .debian import Wanted, programs
from .errors import RefusedError
from .process import Process, free_ports

WANTED = Wanted(
    name="nginx",
    packages=("nginx", "libnginx-mod-http-lua", "libnginx-mod-stream"),
    programs=("nginx",),
    paths=(
        "usr/lib*/nginx/modules/ngx_http_lua_module.so",
        "usr/lib*/nginx/modules/ngx_stream_module.so",
        "usr/share/lua/5.1/resty/core.lua",
    ),
    version=("-v",),
    least=(1, 18),
)
MODULES = ("ndk_http_module", "ngx_http_lua_module", "ngx_stream_module")


@dataclass(slots=True)
class Nginx:
    """A server.

    :param conf: text of its nginx.conf, which is used as it is.
    :param files: further files of its prefix, below which relative names of the configuration lie.
    :param listens: address and port of the loopback that the configuration listens on, to ask whether it runs.
    """

    folder: Path
    conf: str
    files: Mapping[str, str] = field(default_factory=dict)
    listens: tuple[str, int] = ("127.0.0.1", 0)
    _process: Process | None = None

    def lay_out(self) -> list[str | Path]:
        """Write its files; the command line, less what it is to do."""
        got = programs(WANTED)
        for folder in ("conf", "logs", "temp"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for name, text in {"conf/nginx.conf": self.conf, **self.files}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        modules = got.path("usr/lib*/nginx/modules/ngx_http_lua_module.so").parent
        own = "".join(f"load_module {modules / name}.so; " for name in MODULES)
        own += f"pid {self.folder / 'nginx.pid'}; "
        early = ["-e", "stderr"]
        return [self._own(got.program("nginx")), *early, "-p", f"{self.folder}/", "-c", "conf/nginx.conf", "-g", own]

    def _own(self, program: Path) -> Path:
        """A copy of the program that has its folders for temporary files and logs below its prefix, as OpenResty has,
        and not where the distribution put them: settings for them would have to stand in the configuration."""
        own = self.folder / "nginx"
        if not own.exists():
            data = program.read_bytes()
            for path, below in ((b"/var/lib/nginx/", b"temp"), (b"/var/log/nginx/", b"logs")):
                data = data.replace(path, below.ljust(len(path), b"/"))
            own.write_bytes(data)
            own.chmod(0o755)
        return own

    def environment(self) -> dict[str, str]:
        got = programs(WANTED)
        lua = got.path("usr/share/lua/5.1/resty/core.lua").parents[1]
        return got.environment(LUA_PATH=f"{lua}/?.lua;{lua}/?/init.lua;;")

    def check(self) -> None:
        """Whether nginx takes the configuration (``nginx -t``). Raises RefusedError."""
        argv = [*self.lay_out(), "-t"]
        done = subprocess.run(argv, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RefusedError(done.stdout + done.stderr)

    def __enter__(self) -> Self:
        argv = self.lay_out()
        foreground = f"{argv[-1]}daemon off; " + ("user root; " if os.geteuid() == 0 else "")
        self._process = Process(
            "nginx", [*argv[:-1], foreground], self.folder, self.environment(), ("logs/*.log",), signal.SIGQUIT
        )
        self._process.start(self._answers)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def _answers(self) -> bool:
        with socket.create_connection(self.listens, timeout=5):
            return True

    def load_again(self) -> None:
        """What ``nginx -s reload`` does: workers with the new files take over."""
        assert self._process is not None
        self._process.signal(signal.SIGHUP)

    def log(self) -> str:
        return self._process.log() if self._process else ""


def with_tls(folder: Path, certificates: Path, *, clients: bool = False, backend: str = "") -> Nginx:
    """A server that terminates TLS.

    :param certificates: a folder with tls.crt, tls.key and ca.crt.
    :param clients: whether clients must show a certificate of that CA.
    :param backend: URL (``http://`` or ``grpc://``) that it passes requests on to; without one it answers ``ok``.
    """
    (port,) = free_ports(1)
    verify = f"ssl_client_certificate {certificates}/ca.crt; ssl_verify_client on;" if clients else ""
    kind = "grpc_pass" if backend.startswith("grpc") else "proxy_pass"
    answer = f"{kind} {backend};" if backend else "return 200 'ok';"
    conf = f"""\
worker_processes 1;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {certificates}/tls.crt;
    ssl_certificate_key {certificates}/tls.key;
    {verify}
    client_max_body_size 1m;
    location / {{ {answer} }}
  }}
}}
"""
    return Nginx(folder, conf, listens=("127.0.0.1", port))
