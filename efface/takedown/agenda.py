"""What stands in a member's calendar: when a clock of the law ends, without saying whose, where or about what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from efface.accounts.models import Member, Role
from efface.cases import absence
from efface.cases.models import Case
from efface.engine.base import sealing
from efface.engine.base.models import Deadline
from efface.takedown import timing
from efface.takedown.ical import Entry
from efface.takedown.models import ClockFact, Notice

BACK = timedelta(days=30)
"""How long a moment that has passed, or was taken away, is still told."""
MOST = 2_000


def entries(member: Member, now: datetime) -> list[Entry]:
    """A lead's calendar has every case of the organisation, a caseworker's the own ones, those of colleagues who are
    away and for whom they stand in, and those of nobody. Call it inside the organisation."""
    cases = Case.objects.filter(state__in=(Case.State.OPEN, Case.State.PAUSED))
    if member.role != Role.LEAD:
        cases = cases.filter(Q(worker__in=absence.users_of(member, now)) | Q(worker=None))
    rows = Deadline.objects.filter(kind=timing.KIND, due__gte=now - BACK, case_id__in=cases.values("pk"))
    found = list(rows.exclude(state=Deadline.State.FAILED).order_by("due")[:MOST])
    changes = _changes({one.subject for one in found})
    ended = _ended({one.subject for one in found if one.state == Deadline.State.WAITING}, now)
    return [_entry(one, ended.get(one.key, one.original_due), changes.get(one.subject, [])) for one in found]


def _ended(notices: Iterable[object], now: datetime) -> dict[str, datetime]:
    """By the name of the deadline, when a clock ended that is asked about again and again since: it does not move in a
    calendar."""
    rows = Notice.objects.filter(pk__in=list(notices), clock_due__lte=now).select_related("route")
    return {
        timing.key_of(row.pk, one): one.due
        for row in rows.prefetch_related("clock_facts")
        for one in timing.counted(row)
        if one.due is not None and one.due <= now
    }


def _changes(notices: Iterable[object]) -> dict[object, list[datetime]]:
    """When each notice left and each time something was written down or taken back since."""
    made: dict[object, list[datetime]] = {}
    for pk, sent in Notice.objects.filter(pk__in=list(notices)).values_list("pk", "sent_at"):
        made[pk] = [sent] if sent else []
    facts = ClockFact.objects.filter(notice__in=list(made)).values_list("notice", "noted_at", "taken_back_at")
    for pk, noted, back in facts:
        made[pk] += [one for one in (noted, back) if one is not None]
    return made


def _entry(row: Deadline, at: datetime, changes: list[datetime]) -> Entry:
    cancelled = row.state == Deadline.State.CANCELLED
    window = row.key.rpartition(":")[2].startswith("restore_")
    return Entry(
        uid=f"{sealing.digest('calendar-entry', row.key).hex()[:32]}@efface",
        at=at, changed=max(changes, default=at), sequence=len(changes) + cancelled,
        summary=_("Efface: look again") if window else _("Efface: an answer is due"),
        description=_("Open Efface to see what this is about."), cancelled=cancelled,
    )  # fmt: skip
