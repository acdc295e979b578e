"""Notes between workers about a case: sealed, never shown to her, in no letter and no export of a recipient's."""

from __future__ import annotations

import uuid
from datetime import datetime

from efface.accounts.models import User
from efface.cases.models import Case, Note

LONGEST = 4_000
SHOWN = 100


class NoteRefused(ValueError):
    """The note cannot be kept; the argument is one word for why."""


def write(case: Case, text: str, author: User, now: datetime) -> Note:
    """Keep a note. The same words of the same person as their last note are one note: a form sent twice does no more.
    Raises ``NoteRefused``."""
    words = text.strip()
    if not words:
        raise NoteRefused("empty")
    if len(words) > LONGEST:
        raise NoteRefused("too-long")
    if case.state == Case.State.ERASED:
        raise NoteRefused("erased")
    Case.objects.select_for_update().get(pk=case.pk)
    last = Note.objects.filter(case=case, author=author, taken_back_at=None).order_by("-at", "-pk").first()
    if last is not None and last.text == words:
        return last
    row = Note(organisation_id=case.organisation_id, case=case, author=author, at=now)
    row.text = words
    row.save()
    return row


def take_back(case: Case, note: uuid.UUID, author: User, now: datetime) -> bool:
    """One's own note: its text goes, that there was one stays. False where there is none to take back."""
    row = Note.objects.select_for_update().filter(pk=note, case=case, author=author, taken_back_at=None).first()
    if row is None:
        return False
    row.text, row.taken_back_at = None, now
    row.save(update_fields=["text", "taken_back_at"])
    return True


def of(case: Case) -> list[Note]:
    """The latest first."""
    return list(Note.objects.filter(case=case).select_related("author").order_by("-at", "-pk")[:SHOWN])
