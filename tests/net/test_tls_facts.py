"""The chain a server sent is what is written down, without a connection of anybody."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from efface.net.connect import Tls, _tls
from testbed.servers.tsa import Authority


def shaken(folder: Path) -> tuple[ssl.SSLObject, bytes]:
    """A client's side after the handshake, and the PEM the server shows."""
    made = Authority(datetime.now(UTC))
    key = made._key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.write(folder)
    (folder / "key.pem").write_bytes(key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "tsa-chain.pem", folder / "key.pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    ours = client.wrap_bio(to_client, to_server)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours, (folder / "tsa-chain.pem").read_bytes()


def test_the_whole_chain_is_written_down(tmp_path: Path) -> None:
    sealed, pem = shaken(tmp_path)
    found = _tls(sealed)
    assert found.how.startswith("TLSv1.") and " " in found.how
    shown = [one.public_bytes(serialization.Encoding.DER) for one in x509.load_pem_x509_certificates(pem)]
    assert list(found.chain) == shown and len(shown) == 2


def test_nothing_is_said_of_a_connection_that_is_not_sealed() -> None:
    assert _tls(None) == Tls()
