"""The one way back in without the code: a word she set before, with the number of her case.

Nobody else can let her in without it but a worker who knows her. The word is never stored, only an Argon2 proof of it.
"""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime

from argon2.exceptions import InvalidHashError, VerificationError
from django.utils.translation import gettext as _

from efface.cases import events, opening
from efface.cases.models import Case, RecoveryWord
from efface.engine.base import sealing, tenancy

SHORTEST, LONGEST = 8, 100


class WordRefused(ValueError):
    """This word would not protect her; the message says what would do."""


def plain(word: str) -> str:
    """What counts of a typed word or sentence: small letters, one blank between words, no accents lost."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def number(reference: str) -> str:
    """What counts of a typed number of a case: its letters and digits, whatever stands between them."""
    return "".join(one for one in reference.upper() if one.isascii() and one.isalnum())


def _lookup(reference: str) -> bytes:
    return sealing.digest("recovery", number(reference))


def set_word(case: Case, word: str, actor: str, now: datetime) -> None:
    """Set or change it. Raises ``WordRefused``."""
    kept = plain(word)
    if len(kept) < SHORTEST:
        raise WordRefused(
            _("Please take at least %(n)d letters: a few words that only you would think of.") % {"n": SHORTEST}
        )
    if len(kept) > LONGEST:
        raise WordRefused(_("Please take at most %(n)d letters.") % {"n": LONGEST})
    if len(set(kept)) < 4:
        raise WordRefused(_("This is easy to guess. Please take a few words that only you would think of."))
    if case.reference.casefold() in kept:
        raise WordRefused(_("The number of your case must not stand in it."))
    RecoveryWord.objects.filter(case=case).delete()
    RecoveryWord.objects.create(
        organisation_id=case.organisation_id, case=case, lookup=_lookup(case.reference),
        proof=opening.prove(kept), created=now,
    )  # fmt: skip
    events.record(case, "recovery.set", actor, now=now)


def forget_word(case: Case, actor: str, now: datetime) -> None:
    if RecoveryWord.objects.filter(case=case).delete()[0]:
        events.record(case, "recovery.ended", actor, now=now)


def is_set(case: Case) -> bool:
    return RecoveryWord.objects.filter(case=case).exists()


def recover(reference: str, word: str, now: datetime) -> tuple[uuid.UUID, uuid.UUID, str] | None:
    """Organisation, case and a new access code (the old one ends), or None. As long for a wrong word as for a right
    one, and for a number that is none."""
    lookup, kept = _lookup(reference[:40]), plain(word[:400])
    with tenancy.looking_up(lookup=lookup.hex()):
        row = RecoveryWord.objects.filter(lookup=lookup).first()
    if row is None:
        opening.burn(kept)
        return None
    try:
        opening.verify(row.proof, kept or "-")
    except (VerificationError, InvalidHashError):
        return None
    with tenancy.organisation(row.organisation_id, row.case_id):
        case = Case.objects.filter(pk=row.case_id).exclude(state=Case.State.ERASED).first()
        if case is None:
            return None
        code = opening.new_access_code(case, now)
        events.record(case, "code.renewed", "survivor", now=now)
    return row.organisation_id, row.case_id, code
