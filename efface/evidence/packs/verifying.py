"""Is a pack what it was when it was made? Reads every byte; needs no installation and no connection.

What is found, and by what: any byte that was changed by accident, by the seal, by the layout (``container``) or by a
digest; anything changed on purpose, by the signature and timestamp of the manifest, as far as their certificates are
trusted (``certificate``, ``authority``: from elsewhere than the pack).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from efface.engine.base import age
from efface.evidence import chain, stamp, wacz
from efface.evidence.packs import container, signing

MANIFEST, SIGNATURE, TOKEN = "manifest.json", "manifest.p7s", "manifest.tsr"
CERTIFICATE, AUTHORITY, REPORT = "organisation.pem", "authority/tsa.pem", "report.pdf"
OUTSIDE = (MANIFEST, SIGNATURE, TOKEN)
"""What the manifest does not list: itself, and what vouches for it."""
_SEALED = b"age-encryption.org/v1"
_HELD = frozenset({MANIFEST, SIGNATURE, TOKEN, CERTIFICATE, AUTHORITY, REPORT, "custody.json"})
_SPOOL = 64 * 1024 * 1024


@dataclass(slots=True)
class Verdict:
    """``problems`` in words, empty when all holds; ``notes`` what could not be told and is no problem in itself."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    reference: str = ""
    made: str = ""
    stamped_at: datetime | None = None
    certificate: str = ""

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok, "problems": self.problems, "notes": self.notes, "files": self.files, "case": self.reference,
            "made": self.made, "stamped_at": self.stamped_at.isoformat() if self.stamped_at else None,
            "certificate_sha256": self.certificate,
        }  # fmt: skip


def verify(file: BinaryIO, identity: str = "", *, certificate: bytes = b"", authority: str = "") -> Verdict:
    """``file``: a pack, sealed (then ``identity`` is the secret key) or opened. ``certificate``: PEM the signature must
    be of; ``authority``: path of a PEM file to check timestamps with. Never raises for what the bytes are."""
    verdict = Verdict()
    begin = file.read(len(_SEALED))
    file.seek(0)
    if begin != _SEALED:
        # A byte of the very first word may be the one that was changed.
        if begin[:2] != b"PK":
            verdict.problems.append("this is neither a sealed pack nor an opened one: its first bytes are wrong")
            return verdict
        _opened(file, verdict, certificate, authority)
        return verdict
    if not identity:
        verdict.problems.append(
            "the pack is sealed: give the recipient's secret key with --identity, or open it with age"
        )
        return verdict
    # Nothing that was opened reaches a disk: beyond what memory may hold it is sealed again to a key that is forgotten.
    with _Memory() as plain:
        try:
            age.opened(file, identity, cast(BinaryIO, plain))
        except (age.CannotOpen, age.KeyUnusable) as error:
            verdict.problems.append(str(error))
            return verdict
        plain.rewind()
        _opened(cast(BinaryIO, plain), verdict, certificate, authority)
    return verdict


class _Memory:
    """Bytes written once and read once. Up to ``_SPOOL`` in memory; the rest in a file without a name, each block
    sealed with a key that lives in this process alone."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._key = AESGCM(AESGCM.generate_key(256))
        self._head = bytearray()
        self._block = bytearray()
        self._file: Any = None
        self._blocks = self._next = 0
        self._held = memoryview(b"")

    def __enter__(self) -> _Memory:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, data: Any) -> int:
        part = bytes(data)
        room = _SPOOL - len(self._head)
        if room > 0 and not self._block:
            self._head += part[:room]
            rest = part[room:]
        else:
            rest = part
        self._block += rest
        while len(self._block) >= 1 << 20:
            self._put(bytes(self._block[: 1 << 20]))
            del self._block[: 1 << 20]
        return len(part)

    def flush(self) -> None:
        pass

    def _put(self, data: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this
        nonce = self._blocks.to_bytes(12, "big")
        sealed = self._key.encrypt(nonce, data, b"")
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._blocks += 1

    def rewind(self) -> None:
        if self._block:
            self._put(bytes(self._block))
            self._block.clear()
        if self._file is not None:
            self._file.seek(0)
        self._held = memoryview(bytes(self._head))
        self._head = bytearray()

    def read(self, size: int = -1) -> bytes:
        parts, left = [], size
        while left:
            if not self._held:
                if self._file is None or self._next >= self._blocks:
                    break
                length = int.from_bytes(self._file.read(4), "big")
                sealed = self._file.read(length)
                self._held = memoryview(self._key.decrypt(self._next.to_bytes(12, "big"), sealed, b""))
                self._next += 1
            taken = self._held if left < 0 else self._held[:left]
            parts.append(bytes(taken))
            self._held = self._held[len(taken) :]
            left = left if left < 0 else left - len(taken)
        return b"".join(parts)


def _opened(file: BinaryIO, verdict: Verdict, certificate: bytes, authority: str) -> None:
    digests: dict[str, tuple[str, int]] = {}
    held: dict[str, bytes] = {}
    captures: dict[str, str] = {}
    try:
        for name, data in container.read(file):
            verdict.files += 1
            digests[name] = (hashlib.sha256(data).hexdigest(), len(data))
            if name in _HELD:
                held[name] = data
            elif name.endswith(".wacz"):
                _wacz(name, data, verdict, captures)
            elif name.endswith(".warc.gz.tsr"):
                held[name] = data
    except container.Altered as error:
        verdict.problems.append(str(error))
    _manifest(held, digests, verdict)
    _signature(held, verdict, certificate)
    _timestamps(held, captures, verdict, authority)
    _custody(held, verdict)


def _manifest(held: dict[str, bytes], digests: dict[str, tuple[str, int]], verdict: Verdict) -> None:
    try:
        manifest = json.loads(held[MANIFEST])
        listed = {str(name): (str(one["sha256"]), int(one["bytes"])) for name, one in manifest["files"].items()}
        verdict.reference, verdict.made = str(manifest["case"]), str(manifest["made"])
    except KeyError:
        verdict.problems.append("the manifest is missing, or not whole")
        return
    except (ValueError, TypeError, AttributeError, RecursionError):
        verdict.problems.append("the manifest cannot be read")
        return
    for name, found in digests.items():
        if name not in OUTSIDE and name not in listed:
            verdict.problems.append(f"{name} is not in the manifest: it was put in later")
        elif name in listed and listed[name] != found:
            verdict.problems.append(f"{name} is not what the manifest says")
    verdict.problems += [f"{name} is missing" for name in listed if name not in digests]


def _signature(held: dict[str, bytes], verdict: Verdict, trusted: bytes) -> None:
    if CERTIFICATE not in held or SIGNATURE not in held:
        verdict.problems.append("the manifest is not signed")
        return
    try:
        own = x509.load_pem_x509_certificates(held[CERTIFICATE])[0]
        expected = x509.load_pem_x509_certificates(trusted)[0] if trusted else None
    except (ValueError, IndexError):
        verdict.problems.append("a certificate cannot be read")
        return
    verdict.certificate = own.fingerprint(hashes.SHA256()).hex()
    if expected is None:
        verdict.notes.append(
            "the signature was checked with the certificate in the pack; compare its SHA-256 with what the "
            "organisation tells you"
        )
    elif expected != own:
        verdict.problems.append("the pack was signed with another certificate than the one you gave")
    problem = cms_problem(held[SIGNATURE], held.get(MANIFEST, b""), own)
    if problem:
        verdict.problems.append(problem)
    if REPORT in held:
        verdict.problems += signing.pdf_problems(held[REPORT], own)
    else:
        verdict.problems.append("the report is missing")


def cms_problem(signature: bytes, data: bytes, by: x509.Certificate) -> str:
    """What is wrong with a detached CMS signature (RFC 5652) of ``data``; "" when it holds and is of ``by``."""
    from asn1crypto import cms  # type: ignore[import-untyped]

    try:
        info = cms.ContentInfo.load(signature, strict=True)
        signed = info["content"]
        signer = signed["signer_infos"][0]
        attributes = signer["signed_attrs"]
        told = next(one["values"][0].native for one in attributes if one["type"].native == "message_digest")
        raw = signer["signature"].native
        covered = attributes.untag().dump(force=True)
        sent = [one.chosen.dump() for one in signed["certificates"]]
    except (ValueError, TypeError, KeyError, IndexError, StopIteration, AttributeError):
        return "the manifest's signature cannot be read"
    if told != hashlib.sha256(data).digest():
        return "the manifest was changed after it was signed"
    if by.public_bytes(serialization.Encoding.DER) not in sent:
        return "the manifest was signed with another certificate than the pack's"
    key = by.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, covered, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, covered, padding.PKCS1v15(), hashes.SHA256())
        else:
            return "the certificate's kind of key is not known here"
    except InvalidSignature:
        return "the manifest's signature does not hold"
    return ""


def _timestamps(held: dict[str, bytes], captures: dict[str, str], verdict: Verdict, authority: str) -> None:
    """Of the manifest and every capture, with the authority's certificates that were given, else those of the pack."""
    with tempfile.TemporaryDirectory() as folder:
        path = authority
        if not path and AUTHORITY in held:
            Path(folder, "tsa.pem").write_bytes(held[AUTHORITY])  # public certificates, nothing of the case
            path = str(Path(folder, "tsa.pem"))
            verdict.notes.append(
                "timestamps were checked with the certificates in the pack; --authority gives your own"
            )
        if TOKEN in held:
            try:
                found = stamp.check_digest(held[TOKEN], hashlib.sha256(held.get(MANIFEST, b"")).digest(), path)
                verdict.stamped_at = found.at
                if not found.signed:
                    verdict.notes.append(
                        "no certificate of the authority is at hand: timestamps were read, not checked"
                    )
            except stamp.StampError as error:
                verdict.problems.append(f"the manifest's timestamp: {error}")
        else:
            verdict.notes.append("the manifest has no timestamp")
        for name, digest in captures.items():
            token = held.get(name.replace("page.wacz", "page.warc.gz.tsr"))
            if token is None:
                continue
            try:
                stamp.check_digest(token, bytes.fromhex(digest), path)
            except stamp.StampError as error:
                verdict.problems.append(f"the timestamp of {name}: {error}")


def _wacz(name: str, data: bytes, verdict: Verdict, captures: dict[str, str]) -> None:
    """Its own digests, and the digest of the WARC in it, which the capture's timestamp is of."""
    import io

    try:
        inner = dict(container.read(io.BytesIO(data)))
        package = json.loads(inner["datapackage.json"])
        for one in package["resources"]:
            if f"sha256:{hashlib.sha256(inner[one['path']]).hexdigest()}" != one["hash"]:
                verdict.problems.append(f"{name}: {one['path']} is not what its own list says")
        captures[name] = hashlib.sha256(inner[wacz.WARC]).hexdigest()
    except (container.Altered, KeyError, ValueError, TypeError, RecursionError) as error:
        verdict.problems.append(f"{name} is damaged ({type(error).__name__})")


def _custody(held: dict[str, bytes], verdict: Verdict) -> None:
    if "custody.json" not in held:
        return
    try:
        body = json.loads(held["custody.json"])
        case = str(body["case"])
        rows = [one for one in body["lines"] if one["number"]]
        older = [one for one in body["lines"] if not one["number"]]
        begin = b""
        for one in older:
            begin = chain.digest(begin, _fields(case, one))
        lines = [(bytes.fromhex(one["before"]), bytes.fromhex(one["digest"]), _fields(case, one)) for one in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        verdict.problems.append("the chain of custody cannot be read")
        return
    verdict.problems += chain.wrong(lines, begin)


def _fields(case: str, one: dict[str, Any]) -> list[str]:
    return [case, str(one["number"]), one["at"], one["by"], one["what"], one["about"], one["subject"], one["sha256"]]
