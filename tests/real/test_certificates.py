# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What running servers do when their certificates change under their feet: what facts/certificates.py says of them."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.federatedai.kubefate.plugins.module_utils.certificates.model import now
from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.certificates import BY_MODULE, TakesUp
from ansible_collections.federatedai.kubefate.tests.servers import nginx
from ansible_collections.federatedai.kubefate.tests.servers.rabbitmq import RabbitMQ
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.certificates.kit import (
    issued,
    new_signer,
    osx,
)

FIRST, SECOND = new_signer(now=now()), new_signer(now=now())


def write(folder: Path, *signers: object, by: object = FIRST) -> tuple[bytes, str]:
    """A new certificate by one authority, trusting all of these, written as the kubelet does it: a folder of files is
    exchanged at once. The certificate as DER, and certificate and key as PEM."""
    found, key = issued(by, osx("insurer", "127.0.0.1"), 365, now())  # type: ignore[arg-type]
    generation = folder.with_name(f"{folder.name}-{time.monotonic_ns()}")
    generation.mkdir()
    trusted = "".join(signer.certificate.pem for signer in signers)  # type: ignore[attr-defined]
    for name, text in (("tls.crt", found.pem), ("tls.key", key), ("ca.crt", trusted)):
        (generation / name).write_text(text)
    link = folder.with_name(f"{folder.name}-next")
    link.symlink_to(generation)
    os.replace(link, folder)
    return ssl.PEM_cert_to_DER_cert(found.pem), found.pem + key


def shown(port: int, identity: Path, authority: str) -> bytes:
    """The certificate that a server shows to a client with this identity, which is taken. Raises OSError."""
    context = ssl.create_default_context(cadata=authority)
    context.check_hostname = False
    context.load_cert_chain(identity)
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as stream,
    ):
        stream.settimeout(1)
        stream.sendall(b"AMQP\x00\x00\x09\x01")  # to nginx, which has port numbers of its own, it is a bad request
        assert stream.recv(1), "the client's certificate was not taken"
        return stream.getpeercert(binary_form=True) or b""


def until(look: Callable[[], bytes], wanted: bytes, seconds: float = 20.0) -> float:
    """How long it took until the wanted certificate was shown."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if look() == wanted:
                return time.monotonic() - began
        except (OSError, AssertionError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"the new certificate was not shown within {seconds:g} s")


def client(folder: Path, signer: object) -> Path:
    found, key = issued(signer, osx("bank"), 365, now())  # type: ignore[arg-type]
    path = folder / f"client-{time.monotonic_ns()}.pem"
    path.write_text(found.pem + key)
    return path


def test_nginx_takes_up_certificates_and_authorities_on_a_signal_and_keeps_open_connections(tmp_path: Path) -> None:
    assert BY_MODULE["nginx"].takes_up is TakesUp.WATCHES
    folder = tmp_path / "certs"
    old, _pem = write(folder, FIRST)
    mine, theirs = client(tmp_path, FIRST), client(tmp_path, SECOND)
    with nginx.with_tls(tmp_path / "nginx", folder, clients=True) as server:
        port = server.listens[1]
        assert shown(port, mine, FIRST.certificate.pem) == old
        context = ssl.create_default_context(cadata=FIRST.certificate.pem)
        context.load_cert_chain(mine)
        plain = socket.create_connection(("127.0.0.1", port), 5)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as stays:
            new, _pem = write(folder, FIRST, SECOND)
            assert shown(port, mine, FIRST.certificate.pem) == old, "by itself it does not look"
            server.load_again()
            until(lambda: shown(port, mine, FIRST.certificate.pem), new)
            assert shown(port, theirs, FIRST.certificate.pem) == new, "and the new authority is trusted"
            stays.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert stays.recv(12) == b"HTTP/1.1 200", "who was connected goes on"


def test_rabbitmq_takes_up_certificates_and_authorities_by_itself(tmp_path: Path) -> None:
    """Erlang throws away what it knows of PEM files every two minutes; here every second."""
    assert BY_MODULE["rabbitmq"].takes_up is TakesUp.WATCHES
    folder = tmp_path / "certs"
    old, _pem = write(folder, FIRST)
    mine, theirs = client(tmp_path, FIRST), client(tmp_path, SECOND)
    quick = "-ssl ssl_pem_cache_clean 1000"
    with RabbitMQ(tmp_path / "mq", certificates=folder, erlang_arguments=quick) as broker:
        assert shown(broker.tls_port, mine, FIRST.certificate.pem) == old
        new, _pem = write(folder, FIRST, SECOND)
        until(lambda: shown(broker.tls_port, mine, FIRST.certificate.pem), new)
        until(lambda: shown(broker.tls_port, theirs, FIRST.certificate.pem), new)
