"""Signed statements that an organisation makes about a person it knows, and checking them. No database.

A statement is JSON: ``signed`` (base64 of the exact bytes that are signed, themselves JSON), ``signature`` (base64,
Ed25519, RFC 8032) and ``key`` (PEM). What is signed names nobody: the person's name stands in it as a salted digest.
Only who is given the ``Opening`` (name and salt) by her can check the name, and a wrong name cannot be opened to.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORM = "efface-statement/1"
MOST_BYTES = 20_000
SAYS = (
    "{organisation} states that one of its workers spoke with a person, saw an identity document of that person with "
    "everything but the face and the name covered, and found on {day} that the name and the face matched. The "
    "document without covers was neither seen nor kept. This statement names nobody; with the person's consent the "
    "name can be checked against the digest."
)


class StatementInvalid(ValueError):
    """It is no statement, was altered, or was signed with another key; the message says which."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What she may hand to somebody who should be able to check her name. ``salt`` is hex."""

    name: str
    salt: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a valid document says."""

    id: str
    organisation: str
    made: date
    valid_until: date
    says: str
    name_sha256: str
    key_sha256: str


def private_key() -> Ed25519PrivateKey:
    """The installation's signing key, derived from the installation key. Raises ``KeyMissing``."""
    from efface.engine.base import sealing

    return Ed25519PrivateKey.from_private_bytes(sealing.derive("statements/ed25519"))


def public_pem(key: Ed25519PrivateKey | None = None) -> str:
    """The public key as PEM, to be published."""
    return _pem((key or private_key()).public_key())


def make(organisation: str, name: str, now: datetime, until: datetime, key: Ed25519PrivateKey | None = None,
         ) -> tuple[dict[str, str], Opening]:  # fmt: skip
    """The document to hand on and the opening to keep."""
    key = key or private_key()
    opening = Opening(" ".join(name.split()), secrets.token_hex(32))
    says = {
        "form": FORM, "id": str(uuid.uuid4()), "organisation": organisation, "made": now.date().isoformat(),
        "valid_until": until.date().isoformat(), "name_sha256": name_digest(opening.name, opening.salt),
        "says": SAYS.format(organisation=organisation, day=now.date().isoformat()),
    }  # fmt: skip
    signed = json.dumps(says, ensure_ascii=False, sort_keys=True, indent=1).encode()
    document = {
        "signed": b64encode(signed).decode(), "signature": b64encode(key.sign(signed)).decode(),
        "key": _pem(key.public_key()),
    }  # fmt: skip
    return document, opening


def name_digest(name: str, salt: str) -> str:
    """SHA-256 (hex) of salt (hex), a line feed and the name, NFC, in small letters, single spaces."""
    plain = " ".join(unicodedata.normalize("NFC", name).lower().split())
    return hashlib.sha256(f"{salt}\n{plain}".encode()).hexdigest()


def read(document: Any, trusted: str = "") -> Statement:
    """What a document says, once its signature holds. ``trusted``: the PEM of the key it must be signed with, as the
    organisation publishes it; without one only that nothing was altered since it was signed is told.

    Raises ``StatementInvalid``."""
    try:
        signed, signature = (b64decode(document[one], validate=True) for one in ("signed", "signature"))
        key = serialization.load_pem_public_key(str(document["key"]).encode())
        wanted = serialization.load_pem_public_key(trusted.encode()) if trusted else key
    except (KeyError, TypeError, ValueError):
        raise StatementInvalid("This is not a statement, or the key is not a PEM key.") from None
    if not isinstance(key, Ed25519PublicKey) or not isinstance(wanted, Ed25519PublicKey):
        raise StatementInvalid("The key is not an Ed25519 key.")
    if key.public_bytes_raw() != wanted.public_bytes_raw():
        raise StatementInvalid("It was signed with another key than the one the organisation publishes.")
    try:
        key.verify(signature, signed)
        says = json.loads(signed)
        if says["form"] != FORM:
            raise StatementInvalid("The statement has a form this version does not know.")
        return Statement(
            str(says["id"]), str(says["organisation"]), date.fromisoformat(says["made"]),
            date.fromisoformat(says["valid_until"]), str(says["says"]), str(says["name_sha256"]),
            hashlib.sha256(key.public_bytes_raw()).hexdigest(),
        )  # fmt: skip
    except InvalidSignature:
        raise StatementInvalid("The signature does not hold: the statement was altered.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise error if isinstance(error, StatementInvalid) else StatementInvalid("This is not a statement.") from None


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")  # fmt: skip
