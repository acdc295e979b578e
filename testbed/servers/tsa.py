"""A time-stamp authority (RFC 3161) whose clock is the world's.

Tokens are CMS SignedData with signed attributes contentType, messageDigest and signingCertificateV2, signed with
ECDSA P-256 over SHA-256. Certificates are left out of the token: a verifier is given ``tsa.pem`` and ``tsa-root.pem``.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed.servers import der
from testbed.state import State

POLICY = "1.3.6.1.4.1.55555.1.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"


class Authority:
    """Root and signing certificate made anew for each world run; ``write`` leaves them in a folder as PEM."""

    def __init__(self, now: datetime) -> None:
        self._serial = 1000
        root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testbed TSA Root")])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testbed TSA")])
        begin, end = now - timedelta(days=400), now + timedelta(days=4000)
        self.root = (
            x509.CertificateBuilder()
            .subject_name(root_name)
            .issuer_name(root_name)
            .public_key(root_key.public_key())
            .serial_number(1)
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
            .sign(root_key, hashes.SHA256())
        )
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(self._key.public_key())
            .serial_number(2)
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
            .sign(root_key, hashes.SHA256())
        )

    def write(self, folder: Path) -> None:
        for name, certificate in (("tsa-root.pem", self.root), ("tsa.pem", self.certificate)):
            (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        both = [one.public_bytes(serialization.Encoding.PEM) for one in (self.certificate, self.root)]
        (folder / "tsa-chain.pem").write_bytes(b"".join(both))

    def answer(self, request: bytes, now: datetime) -> bytes:
        """TimeStampReq to TimeStampResp; a request that cannot be read is rejected with badDataFormat."""
        try:
            imprint, nonce = _read_request(request)
        except ValueError:
            status = der.sequence(der.integer(2), der.tlv(0x03, b"\x02\x04"))
            return der.sequence(status)
        self._serial += 1
        return der.sequence(der.sequence(der.integer(0)), self._token(imprint, nonce, now))

    def _token(self, imprint: bytes, nonce: bytes, now: datetime) -> bytes:
        stamp = der.tlv(0x18, now.strftime("%Y%m%d%H%M%SZ").encode())
        info = der.sequence(der.integer(1), der.oid(POLICY), imprint, der.integer(self._serial), stamp, nonce)
        content = der.sequence(der.oid(_TST_INFO), der.tlv(0xA0, der.octets(info)))
        certificate = self.certificate.public_bytes(serialization.Encoding.DER)
        identifier = der.sequence(der.octets(hashlib.sha256(certificate).digest()))
        attributes = [
            der.sequence(der.oid(_CONTENT_TYPE), der.set_of(der.oid(_TST_INFO))),
            der.sequence(der.oid(_MESSAGE_DIGEST), der.set_of(der.octets(hashlib.sha256(info).digest()))),
            der.sequence(der.oid(_SIGNING_CERTIFICATE_V2), der.set_of(der.sequence(der.sequence(identifier)))),
        ]
        signed = der.set_of(*attributes)
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        digest = der.sequence(der.oid(_SHA256), der.null())
        signer = der.sequence(
            der.integer(1),
            der.sequence(self.certificate.issuer.public_bytes(), der.integer(self.certificate.serial_number)),
            digest,
            b"\xa0" + signed[1:],
            der.sequence(der.oid(_ECDSA_SHA256)),
            der.octets(signature),
        )
        data = der.sequence(der.integer(3), der.set_of(digest), content, der.set_of(signer))
        return der.sequence(der.oid(_SIGNED_DATA), der.tlv(0xA0, data))


def _read_request(data: bytes) -> tuple[bytes, bytes]:
    """(messageImprint as it stood, nonce as it stood or b""). Raises ``ValueError``."""
    tag, body, _ = der.read(data)
    members = der.elements(body)
    if tag != 0x30 or len(members) < 2 or members[0][0] != 0x02 or members[1][0] != 0x30:
        raise ValueError("not a TimeStampReq")
    imprint = der.tlv(0x30, members[1][1])
    nonce = b"".join(der.tlv(0x02, inner) for kind, inner in members[2:] if kind == 0x02)
    return imprint, nonce


def app(state: State, authority: Authority) -> web.Application:
    """``POST /tsa`` with ``application/timestamp-query``."""

    async def stamp(request: web.Request) -> web.Response:
        body = await request.content.read(100_000)
        return web.Response(body=authority.answer(body, state.now), content_type="application/timestamp-reply")

    made = web.Application()
    made.router.add_post("/tsa", stamp)
    return made


async def listen(state: State, authority: Authority, address: str, port: int) -> web.AppRunner:
    """Bind. Raises ``OSError`` when taken."""
    runner = web.AppRunner(app(state, authority), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    await asyncio.sleep(0)
    return runner
