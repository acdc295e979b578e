"""RFC 3161 timestamps: asking the configured authority, and checking what it said.

Only the digest of a file goes out. The answer is kept as it came. Where ``tsa_certificate`` is set, the signature is
checked too. Its PEM file holds the root that everything is held against, with those between and the authority's own
where the authority does not send them along, in any order.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from efface.engine.base import training

MOST_BYTES = 64 * 1024
PATIENCE_S = 20.0


class StampError(Exception):
    """No usable timestamp; the message says why, without anything of a case. ``passing``: it may work later."""

    def __init__(self, words: str, passing: bool = True) -> None:
        super().__init__(words)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Stamp:
    """``token`` is the authority's raw answer, ``at`` the time it swears to, ``signed`` whether the signature was held
    against a certificate."""

    token: bytes
    at: datetime
    signed: bool


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The trusted side dials what the operator configured and nothing an answer names."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def ask(url: str, data: bytes, certificate: str = "") -> Stamp:
    """Have ``data``'s SHA-256 stamped by the authority at ``url``; ``certificate`` is a PEM file. ``StampError``."""
    if training.here():
        raise StampError(training.STAYS, passing=False)
    if not url.startswith(("http://", "https://")):
        raise StampError("tsa_url must begin with http:// or https://", passing=False)
    builder = TimestampRequestBuilder(data).hash_algorithm(HashAlgorithm.SHA256)
    # The authority sends its own certificate along unless it is known here already.
    known = bool(certificate) and any(_stamps(one) for one in _certificates(certificate))
    request = builder.cert_request(cert_request=not known).build()
    call = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, request.as_bytes(), {"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with _opener.open(call, timeout=PATIENCE_S) as answer:
            token = answer.read(MOST_BYTES + 1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise StampError(f"the authority could not be asked: {type(error).__name__}") from None
    if len(token) > MOST_BYTES:
        raise StampError("the authority's answer is too long")
    return check(token, data, certificate, request.nonce)


def check(token: bytes, data: bytes, certificate: str = "", nonce: int | None = None) -> Stamp:
    """What a raw answer proves about ``data``. Raises ``StampError``."""
    return check_digest(token, hashlib.sha256(data).digest(), certificate, nonce)


def check_digest(token: bytes, digest: bytes, certificate: str = "", nonce: int | None = None) -> Stamp:
    """The same about what has this SHA-256."""
    try:
        answer = decode_timestamp_response(token)
        status = PKIStatus(answer.status)
        if status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
            raise StampError(f"the authority refused: {status.name}")
        info = answer.tst_info
    except ValueError as error:
        raise StampError(f"the answer is no timestamp: {type(error).__name__}") from None
    if info.message_imprint.message != digest:
        raise StampError("the timestamp is of something else", passing=False)
    if nonce is not None and info.nonce != nonce:
        raise StampError("the timestamp answers another question")
    if certificate:
        _signature(answer, digest, certificate, nonce)
    return Stamp(token, info.gen_time.astimezone(UTC), bool(certificate))


def _signature(answer: Any, digest: bytes, certificate: str, nonce: int | None) -> None:
    chain = _certificates(certificate)
    own = next((one for one in chain if _stamps(one)), None)
    roots = [one for one in chain if one.issuer == one.subject]
    if not roots:
        raise StampError("tsa_certificate must hold the root certificate of the authority")
    between = [one for one in chain if one is not own and one not in roots]
    builder = VerifierBuilder(tsa_certificate=own, roots=roots, intermediates=between, nonce=nonce)
    try:
        builder.build().verify(answer, digest)
    except (VerificationError, ValueError) as error:
        raise StampError(f"the signature does not hold: {error}"[:200], passing=False) from None


def _certificates(path: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise StampError(f"tsa_certificate cannot be read: {type(error).__name__}") from None


def _stamps(certificate: x509.Certificate) -> bool:
    """Made for time stamping (RFC 3161 section 2.3)."""
    try:
        use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return x509.ExtendedKeyUsageOID.TIME_STAMPING in use
