# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at one endpoint: TCP, TLS, the protocol behind it, round trips, and whether large bodies pass.

This file is also sent to pods and run there by whatever Python their image has: it imports nothing but the standard
library and keeps to what Python 3.8 knows. A request and an answer are JSON.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import struct
import tempfile
import time
from typing import Any

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
ACK, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
AMQP = b"AMQP\x00\x00\x09\x01"
PATH = "/org.federatedai.kubefate/Verify"
"""A gRPC method that nobody has: every gRPC server answers, and nothing is done."""
FIRST_BYTES = 16384
WAIT_SECONDS = 2.0
"""For the answer to a large body: a server that takes it waits for the rest."""

STATIC_STATUS = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
"""Entries of HPACK's static table with a status. Source: RFC 7541, appendix A."""
CONTENT_TYPE = 31
HUFFMAN_LENGTHS = (
    "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 "
    "6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 "
    "13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6 "
    "15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28"
)
"""Bits of the code of each ASCII character. The code is canonical. Source: RFC 7541, appendix B."""
LONGEST = 15
"""Bits of the longest code that matters here."""


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """One endpoint.

    request: address, port, protocol (grpc, http, amqp or tcp), timeout (seconds); tls: None for none, else a mapping
    with authorities, certificate and key (PEM, each may be empty) and name; pings and body (bytes), 0 for none. The
    answer has tcp, tls, spoken, rtt and body, each as far as it came, and error with the step that failed.
    """
    answer: dict[str, Any] = {}
    step = "tcp"
    began = time.monotonic()
    timeout = float(request["timeout"])
    try:
        plain = socket.create_connection((request["address"], int(request["port"])), timeout=timeout)
        answer["tcp"] = {"seconds": time.monotonic() - began}
        with plain:
            stream: socket.socket = plain
            if request.get("tls") is not None:
                step = "tls"
                began = time.monotonic()
                stream = _secured(plain, request)
                answer["tls"] = dict(_shown(stream), seconds=time.monotonic() - began)
            step = "protocol"
            answer.update(_spoken(stream, request))
            if request.get("body") and request["protocol"] == "http":
                step = "body"
                answer["body"] = _post(request)
    except (OSError, ValueError) as error:
        answer["error"] = {"step": step, "text": _text(error)}
    return answer


def _text(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "%s (certificate verify failed)" % error.verify_message
    if isinstance(error, socket.timeout):
        return "nothing came in time"
    if isinstance(error, socket.gaierror):
        return "the name cannot be looked up: %s" % error.strerror
    return str(getattr(error, "strerror", None) or error)


# TLS ---------------------------------------------------------------------------------------------------------------
def _secured(plain: socket.socket, request: dict[str, Any]) -> ssl.SSLSocket:
    wanted = request["tls"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if wanted.get("authorities"):
        context.load_verify_locations(cadata=wanted["authorities"])
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if wanted.get("certificate"):
        _load(context, wanted["certificate"] + wanted["key"])
    if request["protocol"] == "grpc":
        context.set_alpn_protocols(["h2"])
    return context.wrap_socket(plain, server_hostname=wanted.get("name") or request["address"])


def _load(context: ssl.SSLContext, text: str) -> None:
    """A certificate and its key, which Python reads from files only: from memory where that has a name, else from a
    file that only its owner reads and that is gone at once."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("identity", 1)  # 1: MFD_CLOEXEC
        path = "/proc/self/fd/%d" % handle
    else:
        handle, path = tempfile.mkstemp()
    try:
        os.write(handle, text.encode())
        context.load_cert_chain(path)
    finally:
        os.close(handle)
        if not path.startswith("/proc/"):
            os.unlink(path)


def _shown(stream: ssl.SSLSocket) -> dict[str, Any]:
    shown = stream.getpeercert(binary_form=True) or b""
    return {
        "version": stream.version(),
        "fingerprint": hashlib.sha256(shown).hexdigest() if shown else "",
        "alpn": stream.selected_alpn_protocol() or "",
    }


# protocols ---------------------------------------------------------------------------------------------------------
def _spoken(stream: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    protocol = request["protocol"]
    if protocol == "grpc":
        return _grpc(stream, request)
    if protocol == "amqp":
        began = time.monotonic()
        stream.sendall(AMQP)
        frame = _exactly(stream, 11)
        started = frame[:1] == b"\x01" and frame[7:11] == b"\x00\x0a\x00\x0a"
        if not started:
            raise ValueError("what answers is not AMQP 0-9-1")
        return {"spoken": "amqp", "rtt": [time.monotonic() - began]}
    if protocol == "http":
        began = time.monotonic()
        stream.sendall(("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % request["address"]).encode())
        status, _rest = _http_status(stream)
        return {"spoken": "http", "status": status, "rtt": [time.monotonic() - began]}
    if request.get("tls") is not None:
        _still_open(stream)
    return {"spoken": "tcp"}


def _still_open(stream: socket.socket) -> None:
    """A server that does not like the client's certificate says so after the handshake, with TLS 1.3."""
    stream.settimeout(1.0)
    try:
        if stream.recv(1) == b"":
            raise ValueError("the connection was closed")
    except socket.timeout:
        pass


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise ValueError("the connection was closed")
        data += more
    return data


def _http_status(stream: socket.socket) -> tuple[int, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(4096)
        if not more or len(data) > 65536:
            raise ValueError("what answers is not HTTP")
        data += more
    first = data.split(b"\r\n", 1)[0].split(b" ")
    if not first[0].startswith(b"HTTP/1.") or len(first) < 2 or not first[1].isdigit():
        raise ValueError("what answers is not HTTP")
    return int(first[1]), data


def _post(request: dict[str, Any]) -> dict[str, Any]:
    """Whether a server refuses a body for its size alone. It is announced; only its beginning is sent."""
    with socket.create_connection((request["address"], int(request["port"])), timeout=float(request["timeout"])) as new:
        stream = _secured(new, request) if request.get("tls") is not None else new
        head = "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
        stream.sendall((head % (PATH, request["address"], int(request["body"]))).encode() + b"\x00" * FIRST_BYTES)
        stream.settimeout(min(WAIT_SECONDS, float(request["timeout"])))
        try:
            status = _http_status(stream)[0]
        except socket.timeout:
            status = 0
        return {"bytes": int(request["body"]), "status": status, "refused": status == 413}


# HTTP/2 ------------------------------------------------------------------------------------------------------------
def _grpc(stream: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    if isinstance(stream, ssl.SSLSocket) and stream.selected_alpn_protocol() != "h2":
        raise ValueError("the server does not offer HTTP/2 (ALPN h2)")
    # HEADER_TABLE_SIZE 0: the answer's headers refer to nothing that came before.
    stream.sendall(PREFACE + _frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 0)))
    kind, flags, _number, _payload = _next(stream)
    if kind != SETTINGS or flags & ACK:
        raise ValueError("what answers is not HTTP/2")
    found: dict[str, Any] = {
        "spoken": "h2",
        "rtt": [_ping(stream, number) for number in range(int(request.get("pings") or 0))],
    }
    headers = _call(stream, request)
    found["status"] = headers.get("status", 0)
    if headers.get("type", "").startswith("application/grpc"):
        found["spoken"] = "grpc"
    if request.get("body"):
        refused = headers.get("status") == 413
        found["body"] = {"bytes": int(request["body"]), "status": headers.get("status", 0), "refused": refused}
    return found


def _frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, number) + payload


def _next(stream: socket.socket) -> tuple[int, int, int, bytes]:
    head = _exactly(stream, 9)
    length = int(struct.unpack(">I", b"\x00" + head[:3])[0])
    kind, flags, number = struct.unpack(">BBI", head[3:])
    if length > 1048576 or kind > 16:
        raise ValueError("what answers is not HTTP/2")
    payload = _exactly(stream, length)
    if kind == SETTINGS and not flags & ACK:
        stream.sendall(_frame(SETTINGS, ACK, 0, b""))
    if kind == GOAWAY:
        raise ValueError("the server ended the connection: %s" % payload[8:].decode("utf-8", "replace"))
    return kind, flags, number & 0x7FFFFFFF, payload


def _ping(stream: socket.socket, number: int) -> float:
    mark = struct.pack(">Q", number + 1)
    began = time.monotonic()
    stream.sendall(_frame(PING, 0, 0, mark))
    while True:
        kind, flags, _number, payload = _next(stream)
        if kind == PING and flags & ACK and payload == mark:
            return time.monotonic() - began


def _call(stream: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    """A call of a method that nobody has, with a body of the announced size of which the beginning is sent."""
    size = int(request.get("body") or 5)
    scheme = "https" if request.get("tls") is not None else "http"
    fields = (
        (":method", "POST"),
        (":scheme", scheme),
        (":path", PATH),
        (":authority", "%s:%s" % (request["address"], request["port"])),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("content-length", str(size)),
    )
    block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)
    body = struct.pack(">BI", 0, max(0, size - 5))[:size] + b"\x00" * max(0, min(size, FIRST_BYTES) - 5)
    last = 1 if len(body) == size else 0
    stream.sendall(_frame(HEADERS, END_HEADERS, 1, block) + _frame(DATA, last, 1, body))
    stream.settimeout(min(WAIT_SECONDS if request.get("body") else 60.0, float(request["timeout"])))
    try:
        return _answer(stream)
    except socket.timeout:
        if not last:
            return {}  # it waits for the rest: it does not refuse the size
        raise


def _answer(stream: socket.socket) -> dict[str, Any]:
    while True:
        kind, flags, number, payload = _next(stream)
        if number != 1:
            continue
        if kind == RST_STREAM:
            raise ValueError("the server refused the call (RST_STREAM %d)" % struct.unpack(">I", payload)[0])
        if kind == HEADERS:
            while not flags & END_HEADERS:
                kind, flags, number, more = _next(stream)
                payload += more
            return _headers(payload, flags)


def _string(text: str) -> bytes:
    data = text.encode()
    return bytes([len(data)]) + data  # all are shorter than 127 bytes


def _headers(payload: bytes, flags: int) -> dict[str, Any]:
    """Status and content type of a header block."""
    if flags & PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    if flags & PRIORITY:
        payload = payload[5:]
    found: dict[str, Any] = {}
    place = 0
    while place < len(payload):
        first = payload[place]
        if first & 0x80:
            index, place = _number(payload, place, 7)
            if index in STATIC_STATUS:
                found["status"] = int(STATIC_STATUS[index])
            continue
        if first & 0xE0 == 0x20:
            _size, place = _number(payload, place, 5)
            continue
        index, place = _number(payload, place, 6 if first & 0x40 else 4)
        name = ""
        if index == 0:
            name, place = _read_string(payload, place)
        value, place = _read_string(payload, place)
        if index in STATIC_STATUS or name == ":status":
            found["status"] = int(value)
        elif index == CONTENT_TYPE or name == "content-type":
            found["type"] = value
    return found


def _number(data: bytes, place: int, bits: int) -> tuple[int, int]:
    """An integer with a prefix of so many bits, and where it ends."""
    most = (1 << bits) - 1
    value = data[place] & most
    place += 1
    if value < most:
        return value, place
    shift = 0
    while True:
        byte = data[place]
        place += 1
        value += (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, place


def _read_string(data: bytes, place: int) -> tuple[str, int]:
    coded = data[place] & 0x80
    length, place = _number(data, place, 7)
    raw = data[place : place + length]
    return (_decoded(raw) if coded else raw.decode("latin-1")), place + length


def _codes() -> dict[tuple[int, int], str]:
    """(bits, code) to character. Codes of one length count up in the order of the characters."""
    lengths = [(int(bits), place) for place, bits in enumerate(HUFFMAN_LENGTHS.split())]
    found: dict[tuple[int, int], str] = {}
    code = last = 0
    for bits, place in sorted(lengths):
        if bits > LONGEST:
            break  # the longer codes are interleaved with those of other characters
        code <<= bits - last
        found[bits, code] = chr(place)
        code, last = code + 1, bits
    return found


def _decoded(raw: bytes) -> str:
    codes = _codes()
    text: list[str] = []
    code = bits = 0
    for byte in raw:
        for place in range(7, -1, -1):
            code, bits = (code << 1) | (byte >> place & 1), bits + 1
            if (bits, code) in codes:
                text.append(codes[bits, code])
                code = bits = 0
            elif bits > LONGEST:
                return ""  # a character that no status and no content type has
    return "".join(text)
