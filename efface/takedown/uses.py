"""Letters and forms that went out under her consent, and what was handed on by hand, each with who got it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from django.utils import timezone

from efface.cases import uses
from efface.cases.models import Case, Purpose
from efface.takedown.channels.models import Step
from efface.takedown.models import Notice


@uses.tells
def written(case: Case, purpose: str, since: date, now: datetime) -> Iterator[uses.Use]:
    if purpose not in (Purpose.NOTIFY, Purpose.CONTACT_OPERATOR, Purpose.POLICE):
        return
    rows = Notice.objects.filter(case=case, sent_at__isnull=False, sent_at__date__gte=since).select_related("route")
    counted: dict[tuple[date, str], int] = {}
    for row in rows:
        if _purpose(row.route.role) == purpose:
            key = timezone.localtime(row.sent_at).date(), row.route.party_name or row.route.party_key.partition(":")[2]
            counted[key] = counted.get(key, 0) + 1
    for (day, name), times in counted.items():
        yield uses.Use(day, "written", name, times)


@uses.tells
def by_hand(case: Case, purpose: str, since: date, now: datetime) -> Iterator[uses.Use]:
    """What a person did by hand under it: the case handed to the police, a form filled in, a list she used herself."""
    rows = Step.objects.filter(case=case, purpose=purpose, state=Step.State.DONE, done_at__date__gte=since)
    counted: Counter[tuple[date, str, str]] = Counter()
    for row in rows:
        assert row.done_at is not None
        what = "by-her" if row.done_by == "survivor" else "passed-on" if purpose in PASSES_ON else "written"
        who = row.party_name or row.desk or row.role
        counted[timezone.localtime(row.done_at).date(), what, who] += 1
    for (day, what, who), times in counted.items():
        yield uses.Use(day, what, who, times)


PASSES_ON = (Purpose.POLICE, Purpose.HASH_LISTS)


def _purpose(role: str) -> str:
    return {"operator": Purpose.CONTACT_OPERATOR, "police": Purpose.POLICE}.get(role, Purpose.NOTIFY)
