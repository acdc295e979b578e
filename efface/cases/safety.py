"""A word she chose. Said to the worker or typed as a message it ends everything about level L1, quietly.

Of the word only an Argon2 proof is kept. Setting one looks the same whether there was one before or not, adds to those
that stand and takes none away: whoever holds her phone cannot make hers void by setting his. After the word the portal
goes on looking as it did; a lead is told, and nothing of it stands in a timeline, a message or an export.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import active
from efface.cases.models import Attestation, Case, Conversation, Level, SafetySign, SafetyWord
from efface.engine.base import deadlines

ATTESTED_DUE = "case.attested"
MOST_WORDS = 4
SHORTEST, LONGEST, PARTS = 4, 60, 6
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_GREETINGS = (
    "hello", "hallo", "hola", "okay", "danke", "thanks", "gracias", "bitte", "please", "yeah", "nein", "adios",
    "bueno", "genau", "nothing", "nichts", "nada", "dobrze", "prosze", "dziekuje", "czesc", "dzien dobry",
    "do widzenia", "добре", "дякую", "будь ласка", "привіт", "добрий день", "так так", "нічого",
)  # fmt: skip


class UnfitWord(ValueError):
    """The word would be said by chance, or cannot be kept; the message says what to choose."""


def normal(text: str) -> str:
    """What counts of a word: letters and digits in small, with single blanks, and without accents, which are left out
    by who types in a hurry."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return " ".join(re.findall(r"\w+", "".join(one for one in letters if not unicodedata.combining(one))))


_BY_CHANCE = frozenset(map(normal, _GREETINGS))


def choose(case: Case, word: str, now: datetime) -> None:
    """Keep the proof of one more word. Of more than four the earliest three stay and the latest is replaced."""
    plain = normal(word)
    if len(plain) < SHORTEST or len(plain) > LONGEST or plain in _BY_CHANCE or len(plain.split()) > PARTS:
        raise UnfitWord(
            _("Choose a word of at least four letters that you would not say by chance, for example a plant or a town.")
        )
    rows = list(SafetyWord.objects.filter(case=case).order_by("set_at", "pk"))
    if any(_is(row, plain) for row in rows):
        return
    for row in rows[MOST_WORDS - 1 :]:
        row.delete()
    SafetyWord.objects.create(
        organisation_id=case.organisation_id, case=case, proof=_hasher.hash(plain), set_at=now
    )  # fmt: skip


def heard(case: Case, text: str) -> bool:
    """Whether one of her words is in what she said or typed: as the whole, or as one word of a short sentence."""
    plain = normal(text)
    if not plain or len(plain) > 2 * LONGEST:
        return False
    rows = list(SafetyWord.objects.filter(case=case))
    return any(_is(row, part) for row in rows for part in _parts(plain))


def _parts(plain: str) -> Iterator[str]:
    words = plain.split()
    yield plain
    if 1 < len(words) <= PARTS:
        yield from (word for word in dict.fromkeys(words) if len(word) >= SHORTEST)


def _is(row: SafetyWord, plain: str) -> bool:
    try:
        return _hasher.verify(row.proof, plain)
    except (VerificationError, InvalidHashError):
        return False


def signal(case: Case, where: str, now: datetime) -> None:
    """She said it: conversations end, an attestation that waits or stands has no effect any more, the matcher stops
    using face and names, and a lead is asked. Consents and templates stay as they are, so that nothing looks changed;
    without the level they are not used."""
    Conversation.objects.filter(case=case, ended_at=None).update(
        ended_at=now, outcome=Conversation.Outcome.ENDED, said=None
    )  # fmt: skip
    standing = Attestation.objects.filter(case=case, refused_at=None, stopped_at=None)
    for pk in standing.values_list("pk", flat=True):
        deadlines.cancel(subject=pk, kind=ATTESTED_DUE)
    standing.update(stopped_at=now, quiet=True)
    Case.objects.filter(pk=case.pk).update(level=Level.DECLARED)
    active.announce(case.pk)
    SafetySign.objects.create(organisation_id=case.organisation_id, case=case, at=now, where=where)
    audit.record(case.organisation_id, "engine", "case.sign", str(case.pk), now)


def closed(case: Case) -> bool:
    """Whether L1 is closed to this case: her word was said, and no lead has said since that she is safe."""
    return SafetySign.objects.filter(case=case).exclude(outcome=SafetySign.Outcome.SAFE).exists()


def decide(sign: SafetySign, outcome: str, why: str, actor: str, now: datetime) -> None:
    """A lead's answer: ``safe`` (a new conversation may be held; nothing comes back by itself) or ``stays``."""
    if outcome not in (SafetySign.Outcome.SAFE, SafetySign.Outcome.STAYS):
        raise ValueError('outcome must be "safe" or "stays"')
    row = SafetySign.objects.select_for_update().get(pk=sign.pk)
    if row.outcome != SafetySign.Outcome.OPEN:
        raise ValueError(_("This was decided already."))
    row.outcome, row.decided_at, row.decided_by, row.why = outcome, now, actor[:60], why[:300]
    row.save()
    if outcome == SafetySign.Outcome.SAFE:
        # From here on the portal tells the truth again: search has not begun.
        Attestation.objects.filter(case=row.case_id, quiet=True).update(quiet=False)


def quiet(case: Case) -> Any:
    """The attestation that the portal shows as if it stood, or None."""
    return Attestation.objects.filter(case=case, quiet=True).order_by("-first_at").first()
