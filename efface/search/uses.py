"""What this room did under a consent: the days on which her fingerprints were compared, and what was found on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from django.utils import timezone

from efface.cases import uses
from efface.cases.may import NEEDS_ATTESTED
from efface.cases.models import Case, ComparedDay, Purpose
from efface.search.matching import PURPOSE
from efface.search.models import Match

COUNTED = {
    Purpose.HASH_MATCH: "pictures", Purpose.COPY_MATCH: "pictures", Purpose.FACE_SEARCH: "faces",
    Purpose.TEXT_SEARCH: "pages",
}  # fmt: skip
"""What the matchers compared that day, by purpose."""


@uses.tells
def compared(case: Case, purpose: str, since: date, now: datetime) -> Iterator[uses.Use]:
    """One line a day on which the consent stood and something was met. Numbers are the day's, of everything met."""
    if purpose not in COUNTED:
        return
    days = uses.days_of(uses.in_force(case, purpose, now, attested=purpose in NEEDS_ATTESTED))
    found = _found(case, purpose, since)
    rows = ComparedDay.objects.filter(day__gte=since, day__in=days).values_list("day", COUNTED[Purpose(purpose)])
    counted = {day: number for day, number in rows if number}
    for day in {*counted, *found}:
        yield uses.Use(day, "compared", "", counted.get(day, 0), found.get(day, 0))


def _found(case: Case, purpose: str, since: date) -> Counter[date]:
    kinds = [kind for kind, of in PURPOSE.items() if of == purpose and kind != "reported"]
    rows = Match.objects.filter(case=case, kind__in=kinds).values_list("made_at", flat=True)
    return Counter(day for at in rows if (day := timezone.localtime(at).date()) >= since)
