"""Opening a case, and the survivor's way into it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from efface.accounts import audit
from efface.cases import events
from efface.cases.models import AccessCode, Age, Case
from efface.engine.base import sealing, tenancy

#: Letters and digits that are not taken for one another when read aloud or copied by hand.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 4, 4

#: 64 MB are too much beside a crawl on a small machine; 19 MB and two passes are OWASP's second choice.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True, slots=True)
class Opened:
    case: Case
    access_code: str


def open_case(
    organisation_id: uuid.UUID,
    actor: str,
    *,
    age: str,
    country: str,
    language: str,
    now: datetime,
    name: str | None = None,
    acquisition: str = "unknown",
    danger: bool = False,
    worker: uuid.UUID | None = None,
    by_herself: bool = False,
) -> Opened:
    """Make a case with its own key, and an access code that is shown once. Nothing is used until consents are given."""
    if age not in Age.values:
        raise ValueError(f"age must be one of {', '.join(Age.values)}")
    case = Case(
        organisation_id=organisation_id,
        reference=_reference(),
        age=age,
        country=country.upper()[:2],
        language=language,
        acquisition=acquisition,
        danger=danger,
        worker_id=worker,
        by_herself=by_herself,
        opened_at=now,
    )
    sealing.make_case_key(case.pk, organisation_id)
    case.name = name
    case.save()
    code = new_access_code(case, now)
    events.record(case, "case.opened", actor, now=now)
    audit.record(organisation_id, actor, "case.opened", str(case.pk), now)
    return Opened(case, code)


def _reference() -> str:
    """Nine characters to name a case by in speech. Says nothing about when or who."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}".upper()


def new_access_code(case: Case, now: datetime) -> str:
    """A new code; codes made before stop working. About 79 bits."""
    AccessCode.objects.filter(case=case, revoked_at=None).update(revoked_at=now)
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    AccessCode.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        lookup=_lookup(code),
        proof=_hasher.hash(_plain(code)),
        created=now,
    )
    return code


def _plain(code: str) -> str:
    """What counts of a typed code: letters and digits, whatever stands between them."""
    return "".join(letter for letter in code.lower() if letter in ALPHABET)


def _lookup(code: str) -> bytes:
    half = _plain(code)[: GROUPS * GROUP // 2]
    return sealing.digest("access-code", hashlib.sha256(half.encode()).hexdigest())


def standing_code(case_id: uuid.UUID) -> str:
    """The id of the code that opens this case now, "" where none does. A session opened by an earlier one is over."""
    row = AccessCode.objects.filter(case_id=case_id, revoked_at=None).order_by("-created").first()
    return str(row.pk) if row else ""


def enter(code: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The organisation and case a code opens, or None. Takes as long for a wrong code as for a right one."""
    plain = _plain(code)
    if len(plain) != GROUPS * GROUP:
        burn(plain)
        return None
    lookup = _lookup(plain)
    with tenancy.looking_up(lookup=lookup.hex()):
        row = AccessCode.objects.filter(lookup=lookup, revoked_at=None).first()
    if row is None:
        burn(plain)
        return None
    try:
        _hasher.verify(row.proof, plain)
    except (VerificationError, InvalidHashError):
        return None
    return row.organisation_id, row.case_id


def prove(word: str) -> str:
    """An Argon2 proof of a secret word."""
    return _hasher.hash(word)


def verify(proof: str, word: str) -> None:
    """Raises argon2's ``VerificationError`` or ``InvalidHashError`` where the word is not the one."""
    _hasher.verify(proof, word)


_DUMMY = _hasher.hash("no such code")


def burn(plain: str) -> None:
    """Take as long as a real comparison takes."""
    try:
        _hasher.verify(_DUMMY, plain or "-")
    except VerificationError:
        pass


def same_code(typed: str, code: str) -> bool:
    """Whether what was typed is the code, whatever stands between its letters."""
    return secrets.compare_digest(_plain(typed), _plain(code))
