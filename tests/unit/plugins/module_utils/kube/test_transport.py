# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when a connection to an API server begins."""

from __future__ import annotations

import ssl
from contextlib import suppress

from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.transport import tls_context

PROTOCOLS = b"\x00\x10\x00\x0b\x00\x09\x08http/1.1"
"""The extension ALPN with HTTP/1.1 alone (RFC 7301)."""


def first_words(context: ssl.SSLContext) -> bytes:
    """What a client with this context sends first."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(received, sent, server_hostname="example.test").do_handshake()
    return sent.read()


def test_a_context_of_all_threads_stays_as_it_is_when_urllib3_names_protocols_for_a_connection() -> None:
    context = tls_context(resolve({"host": "https://example.test"}, {}), None)
    assert PROTOCOLS in first_words(context)
    context.set_alpn_protocols(["spdy/3"])
    assert PROTOCOLS in first_words(context)
