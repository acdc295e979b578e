"""How old she was when the pictures were made, said for the whole case. Each finding is asked about of its own."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import active, events
from efface.cases.models import Age, Case, Fingerprint


class AgeStands(ValueError):
    """Under 18 was said before, and is not taken back by another press of a button."""


def declare(case: Case, age: str, actor: str, now: datetime) -> None:
    """Adult opens what her consents allow; minor stops it all, and nothing taken of her pictures or face is kept.
    Saying the same twice does nothing.

    Raises ``AgeStands`` where the case is a minor's, ``ValueError`` for a word that is none."""
    if age not in Age.values:
        raise ValueError(f"age must be one of {', '.join(Age.values)}")
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    case.age = row.age
    if row.age == age:
        return
    if row.age == Age.MINOR:
        raise AgeStands(
            _("Under 18 was said before. The lead of your organisation opens a new case if that was a mistake.")
        )
    Case.objects.filter(pk=case.pk).update(age=age)
    case.age = age
    if age == Age.MINOR:
        Fingerprint.objects.filter(case=case).delete()
    active.announce(case.pk)
    events.record(case, "case.age_declared", actor, now=now, age=age)
