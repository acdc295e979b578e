"""The organisation's signature: on the report (PAdES baseline, inside the PDF) and on the manifest (CMS, beside it).

The certificate is the one of ``pack_certificate`` with its key in ``secrets/pack-signing.key``. Without one a
certificate is made on this installation: it proves that all packs came from the same house, and not which. The report
says which of the two it is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from efface.engine.base import clock, sealing, settings

T = TypeVar("T")
MADE, KEY = "pack-signing-made.pem", "pack-signing.key"
YEARS = 10


class CannotSign(ValueError):
    """There is no usable certificate or key; the message says what belongs where."""


@dataclass(frozen=True, slots=True)
class Signer:
    """``chain``: the own certificate first. ``made_here``: nobody outside vouches for it."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    chain: tuple[x509.Certificate, ...]
    made_here: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    @property
    def pem(self) -> bytes:
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self.chain)

    def words(self) -> str:
        subject = self.chain[0].subject.rfc4514_string()
        if self.made_here:
            return (
                f"Signed with a certificate made on this installation ({subject}). Nobody outside vouches for it: "
                "compare its fingerprint with one the organisation tells you by another way."
            )
        return (
            f"Signed with the organisation's certificate: {subject}, issued by {self.chain[0].issuer.rfc4514_string()}."
        )


def signer(now: datetime) -> Signer:
    """The one in force. Raises ``CannotSign``."""
    path = settings.get("pack_certificate")
    return _configured(path, str(sealing.secrets_folder() / KEY)) if path else _made(str(sealing.secrets_folder()), now)


@lru_cache(maxsize=4)
def _configured(path: str, key_path: str) -> Signer:
    try:
        chain = tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError):
        raise CannotSign(f"pack_certificate: {path} must be a PEM file, the organisation's certificate first") from None
    try:
        key = serialization.load_pem_private_key(Path(key_path).read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise CannotSign(f"the key of pack_certificate belongs in {key_path}, as PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise CannotSign("pack_certificate: the key must be RSA or of an elliptic curve")
    if key.public_key() != chain[0].public_key():
        raise CannotSign(f"the key in {key_path} is not the one of the first certificate in {path}")
    return Signer(key, chain, False)


def _made(folder: str, now: datetime) -> Signer:
    path = Path(folder) / MADE
    if not path.exists():
        _make(path, now)
    return _read_made(str(path))


@lru_cache(maxsize=4)
def _read_made(path: str) -> Signer:
    data = Path(path).read_bytes()
    key = serialization.load_pem_private_key(data, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CannotSign(f"{path} is damaged; move it away and another is made")
    return Signer(key, tuple(x509.load_pem_x509_certificates(data)), True)


def _make(path: Path, now: datetime) -> None:
    """Once: two processes that make it at the same time use the one that was there first."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Efface evidence packs (made here)")])
    moment = min(now.astimezone(UTC), clock.wall())
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def detached(data: bytes, by: Signer) -> bytes:
    """A CMS signature of ``data`` that stands beside it, DER; ``openssl cms -verify`` checks it."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(by.chain[0], by.key, hashes.SHA256())
    for certificate in by.chain[1:]:
        builder = builder.add_certificate(certificate)
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


def sign_pdf(pdf: bytes, by: Signer, reason: str) -> bytes:
    """The PDF with a signature inside (PAdES-B-B); it is added at the end, so that tags and text stay as they were."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    own = signers.SimpleSigner(
        signing_cert=_asn1(by.chain[0]), signing_key=_asn1_key(by.key),
        cert_registry=SimpleCertificateStore.from_certs([_asn1(one) for one in by.chain]),
    )  # fmt: skip
    about = signers.PdfSignatureMetadata(
        field_name="Signature", md_algorithm="sha256", reason=reason, subfilter=fields.SigSeedSubFilter.PADES
    )
    out = io.BytesIO()
    _apart(lambda: signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), about, signer=own, output=out))
    return out.getvalue()


def pdf_problems(pdf: bytes, by: x509.Certificate) -> list[str]:
    """What is wrong with the PDF's signature, in words; empty when it is whole, covers the whole file and is of this
    certificate."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import SuspiciousModification
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if not found:
            return ["the report is not signed"]
        context = ValidationContext(trust_roots=[_asn1(by)], allow_fetching=False)
        status = _apart(lambda: validate_pdf_signature(found[0], context))
    except (PdfError, SigningError, SuspiciousModification, ValueError, LookupError, TypeError) as error:
        return [f"the report's signature cannot be read: {type(error).__name__}"]
    problems = []
    if not status.intact or not status.valid:
        problems.append("the report was changed after it was signed")
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        problems.append("something was added to the report after it was signed")
    if status.signing_cert.dump() != by.public_bytes(serialization.Encoding.DER):
        problems.append("the report was signed with another certificate than the pack's")
    return problems


def _apart(call: Callable[[], T]) -> T:
    """``call`` in a thread of its own: the library starts an event loop, which a thread that has one refuses."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def _asn1(certificate: x509.Certificate) -> Any:
    from asn1crypto import x509 as plain  # type: ignore[import-untyped]

    return plain.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _asn1_key(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Any:
    from asn1crypto import keys

    return keys.PrivateKeyInfo.load(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
