"""News that a person tells her, by telephone or messenger: shown within her hours only, with what may be said."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases import reaching, telling
from efface.cases.models import Telling
from efface.console.decision import Decision, Fact, Option, mark
from efface.console.waiting_case import LIVING, Within, narrowed
from efface.engine.base import clock, sealing


def telling_rows(now: datetime) -> QuerySet[Telling]:
    return Telling.objects.filter(state=Telling.State.HAND, due__lte=now, case__state__in=LIVING)


def in_her_hours(rows: list[Telling]) -> list[Telling]:
    """Those of whom a person may ring or write to her at this moment."""
    now = clock.now()
    sealing.hold_case_keys({one.case_id for one in rows})
    ways = [(one, reaching.way(one.case, now)) for one in rows]
    return [one for one, way in ways if way.open and way.channel in (reaching.PHONE, reaching.MESSENGER)]


def unreached_rows(now: datetime) -> QuerySet[Telling]:
    return telling.unreached(now).filter(case__state__in=LIVING)


def tellings(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Where she may be rung or written to at this very moment; at any other there is nothing to do."""
    now = clock.now()
    for one in narrowed(telling_rows(now).select_related("case").order_by("at"), case, only, lock, in_her_hours):
        way = reaching.way(one.case, now)
        if not way.open or way.channel not in (reaching.PHONE, reaching.MESSENGER):
            continue
        by_phone = way.channel == reaching.PHONE
        yield Decision(
            kind="telling", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("Let her know that there is something new"),
            proposed=_(
                "Ring her, and say these words and no others. If somebody else answers, or a machine: say nothing and "
                "hang up."
            ) if by_phone else _("Write these words and no others. No picture, no link, no name."),
            reason=_("She chose this way, and these are her hours."),
            options=(Option("reached", _("Done"), "primary"), Option("again", _("Not reached: try tomorrow")),
                     Option("dropped", _("Leave it to the portal"))),
            facts=(
                Fact("to", _("Reach her under"), f"{way.service} {way.to}".strip()),
                Fact("words", _("All that may be said"), way.words),
                Fact("reader", _("Who might read or hear it"), str(dict(reaching.READERS)[way.reader])),
            ),
            harm=1 if one.occasion == "returned" else 3, since=one.at, mark=mark(one.pk, one.due, way.to, way.words),
        )  # fmt: skip


def unreached(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """News whose mail came back, or of which it is not certain that it arrived."""
    rows = unreached_rows(clock.now())
    for one in narrowed(rows.select_related("case").order_by("due"), case, only, lock):
        closed = reaching.rules(one.case).closed
        yield Decision(
            kind="unreached", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("A mail did not reach her"),
            proposed=_("Ask her in the portal for another way. Never write or ring by any that she did not choose."),
            reason=_("It came back. Nothing more is sent there until she chooses anew.") if closed else
            _("Perhaps it arrived, perhaps not. It is not sent a second time."),
            options=(Option("seen", _("I have seen it"), "primary"),),
            facts=(Fact("news", _("What it was about waits for her in the portal"), _("yes")),),
            harm=1 if one.occasion == "returned" else 3, since=one.at, mark=mark(one.pk, one.due, closed),
        )  # fmt: skip
