"""What stands in a member's calendar: when a clock of the law or a hold ends, without saying whose, where or about
what; and the member's own shifts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from efface.accounts.models import Member, Role
from efface.cases import absence
from efface.cases.models import Case, Duty, Hold
from efface.engine.base import sealing
from efface.engine.base.models import Deadline
from efface.takedown import timing
from efface.takedown.ical import Entry
from efface.takedown.models import ClockFact, Notice

BACK = timedelta(days=30)
"""How long a moment that has passed, or was taken away, is still told."""
MOST = 2_000


def entries(member: Member, now: datetime) -> list[Entry]:
    """Clocks of the law, ends of holds, and the member's own shifts. A lead's calendar has every case of the
    organisation, a caseworker's the own ones, those of colleagues who are away and for whom they stand in, and those of
    nobody. Call it inside the organisation."""
    cases = Case.objects.filter(state__in=(Case.State.OPEN, Case.State.PAUSED))
    if member.role != Role.LEAD:
        cases = cases.filter(Q(worker__in=absence.users_of(member, now)) | Q(worker=None))
    ids = cases.values("pk")
    return [*of_cases(ids, now), *_holds(ids, now), *_shifts(member, now)]


def of_cases(
    cases: Any, now: datetime, names: Mapping[uuid.UUID, str] | None = None, whose: str = ""
) -> list[Entry]:
    """The clocks of the law in these ``cases`` (ids, or a query of them). ``names``: numbers of cases to say whose each
    is; ``whose`` keeps the entries of one calendar apart from those of another."""
    rows = Deadline.objects.filter(kind=timing.KIND, due__gte=now - BACK, case_id__in=cases)
    found = list(rows.exclude(state=Deadline.State.FAILED).order_by("due")[:MOST])
    changes = _changes({one.subject for one in found})
    ended = _ended({one.subject for one in found if one.state == Deadline.State.WAITING}, now)
    return [
        _entry(one, ended.get(one.key, one.original_due), changes.get(one.subject, []),
               (names or {}).get(one.case_id, "") if one.case_id else "", whose)
        for one in found
    ]  # fmt: skip


def _holds(cases: Any, now: datetime) -> Iterator[Entry]:
    """When each hold ends by itself; one that was lifted before is taken out."""
    rows = Hold.objects.filter(case__in=cases, ends__gte=now - BACK).order_by("ends")[:MOST]
    for one in rows.values("pk", "begins", "ends", "lifted_at"):
        lifted = one["lifted_at"] is not None and one["lifted_at"] < one["ends"]
        # A hold that was extended moves: its end counts as the change, so that calendars take it.
        yield Entry(
            uid=_uid(f"hold:{one['pk']}"), at=one["ends"], changed=one["lifted_at"] or one["begins"],
            sequence=int((one["ends"] - one["begins"]).total_seconds() // 60) + lifted,
            summary=_("Efface: a hold ends"), description=_("Open Efface to see what this is about."), cancelled=lifted,
        )  # fmt: skip


def _shifts(member: Member, now: datetime) -> Iterator[Entry]:
    for one in Duty.objects.filter(member=member, ends__gte=now - BACK).order_by("begins")[:MOST]:
        yield Entry(
            uid=_uid(f"duty:{one.pk}"), at=one.begins, changed=one.begins, sequence=0, summary=_("Efface: on duty"),
            lasts=one.ends - one.begins, busy=True,
        )  # fmt: skip


def _uid(key: str) -> str:
    return f"{sealing.digest('calendar-entry', key).hex()[:32]}@efface"


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


def _entry(row: Deadline, at: datetime, changes: list[datetime], name: str, whose: str) -> Entry:
    cancelled = row.state == Deadline.State.CANCELLED
    window = row.key.rpartition(":")[2].startswith("restore_")
    whom = {"name": name or _("Efface")}
    return Entry(
        uid=_uid(f"{whose}:{row.key}" if whose else row.key),
        at=at, changed=max(changes, default=at), sequence=len(changes) + cancelled,
        summary=_("%(name)s: look again") % whom if window else _("%(name)s: an answer is due") % whom,
        description=_("Open Efface to see what this is about."), cancelled=cancelled,
    )  # fmt: skip
