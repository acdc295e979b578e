"""The clocks of a notice kept in step with what is known of it: facts written down, deadlines set from them.

Everything here runs inside a transaction. A fact is only added or taken back; after each the clocks are counted anew,
so a deadline in the table is always what the law makes of what is known now.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.law import Clock, ClockError
from efface.law.notices import Event
from efface.takedown import answering, clocks, locking
from efface.takedown.channels import registry
from efface.takedown.channels.contract import LEFT as LEFT_OUR_HANDS
from efface.takedown.clocks import Known
from efface.takedown.models import ClockFact, Inbound, Notice, Route

KIND = "notice.clock"
FOLDERS = {"api": "ticket"}
"""A notice's word for its channel to the channel's id, where they differ."""
HEARD = {
    "acknowledged": ("acknowledgement", "auto-reply"), "claims_removal": ("receipt", "reply"),
    "asks_more": ("receipt", "reply"), "refuses": ("receipt", "reply"), "forwards": ("receipt", "reply"),
    "counter_notice": ("counter_notice", "reply"),
}  # fmt: skip
"""What a mail that came back proves, by its kind: whoever answers has received. A delay or a bounce proves nothing."""
OVER = (Route.State.DONE, Route.State.DEAD, Route.State.DROPPED)
LEFT = (Notice.State.SENT, Notice.State.FILED)
HAVE = (*LEFT, Notice.State.AMBIGUOUS)
"""Who answers a notice of which it is unclear whether it left has it all the same."""


def known(notice: Notice, facts: Iterable[ClockFact] | None = None) -> list[Known]:
    """What starts, stops and lengthens its clocks: that it left, and what was written down since."""
    found = []
    # A reminder starts nothing by itself: only where they prove that they have it, and not the first.
    if notice.sent_at is not None and notice.state in LEFT and notice.step == 1:
        found += [Known(event, notice.sent_at) for event in left(notice.channel)]
    rows = notice.clock_facts.all() if facts is None else facts
    return [*found, *(Known(one.kind, one.at) for one in rows if one.taken_back_at is None)]


def left(channel: str) -> list[Event]:
    """The events of the law that have happened the moment a notice leaves by this channel, as the channel itself says:
    there is one account of that. A word that is no channel's ("api" is the tickets') has what its folder says."""
    one = registry.all_channels().get(FOLDERS.get(channel, channel))
    return [event for event, moment in one.starts.items() if moment in LEFT_OUR_HANDS] if one is not None else []


def counted(notice: Notice) -> tuple[Clock, ...]:
    """Its clocks as they stand. One that did not leave, or came back, has none; nor has a notice type the law data do
    not know (any more)."""
    if notice.state not in HAVE:
        return ()
    try:
        return clocks.count(notice.notice_type, known(notice), notice.route.country)
    except ClockError:
        return ()


def note(
    notice: Notice, kind: str, at: datetime, how: str, now: datetime, by: str = "engine"
) -> ClockFact | None:  # fmt: skip
    """Write down what was seen; None where it is written down already. The caller holds the notice's lock.

    Raises ``ClockError`` where no clock can start then; nothing is changed by that."""
    moment = clocks.seen_at(at, now)
    if kind not in ClockFact.Kind.values or how not in ClockFact.How.values:
        raise ClockError("Choose what happened, and how you know it.")
    if notice.sent_at is not None and moment < notice.sent_at:
        raise ClockError("This is before our notice left. Look at date, time and zone again.")
    if notice.state not in HAVE:
        raise ClockError("This notice has not left, so nothing can have begun with it.")
    if notice.clock_facts.filter(kind=kind, at=moment, taken_back_at=None).exists():
        return None
    row = ClockFact.objects.create(
        organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, kind=kind, at=moment, how=how,
        noted_at=now, by=by[:60],
    )  # fmt: skip
    recount(notice, now)
    return row


def say(notice: uuid.UUID, kind: str, at: datetime, how: str, user: User, now: datetime) -> bool:
    """A person writes down what happened; False where it was known. Raises ``ClockError``."""
    with transaction.atomic():
        row = locking.notice(notice)
        if row is None:
            raise ClockError("This notice is not there (any more).")
        made = note(row, kind, at, how, now, f"user:{user.pk}")
        if made is not None:
            audit.record(row.organisation_id, f"user:{user.pk}", "clock.noted", str(made.pk), now)
            events.record(row.case, "clock.noted", f"caseworker:{user.pk}", subject=row.pk, now=now, what=kind, how=how,
                          happened=made.at.isoformat())  # fmt: skip
        return made is not None


def take_back(fact: uuid.UUID, user: User, now: datetime) -> bool:
    """A person wrote something down by mistake: it counts no more. Twice: no effect, and False."""
    with transaction.atomic():
        found = ClockFact.objects.filter(pk=fact).values_list("notice", flat=True).first()
        row = locking.notice(found) if found else None
        if row is None or not ClockFact.objects.filter(pk=fact, taken_back_at=None).update(taken_back_at=now):
            return False
        recount(row, now)
        audit.record(row.organisation_id, f"user:{user.pk}", "clock.taken_back", str(fact), now)
        events.record(row.case, "clock.taken_back", f"caseworker:{user.pk}", subject=row.pk, now=now)
        return True


def heard(notice: Notice, kind: str, at: datetime, now: datetime) -> None:
    """A mail came back and was understood as ``kind`` (the values of ``inbox.KINDS``)."""
    proof = HEARD.get(kind)
    if proof is not None and notice.state in HAVE and (notice.sent_at is None or at >= notice.sent_at):
        note(notice, proof[0], min(at, now), proof[1], now)


def answered(notice: Notice, now: datetime) -> None:
    """A reminder has left. Where it answers a letter that asked who she is, that letter stopped the clock of the first
    notice until now. Both are written down together: a question we only believe to have read stops nothing."""
    first = Notice.objects.select_related("route").filter(route=notice.route_id, step=1, state__in=HAVE).last()
    asked = Inbound.objects.filter(notice__route=notice.route_id, kind="asks_more", at__lt=now).order_by("at").last()
    if notice.step == 1 or first is None or asked is None or "identity" not in answering.wants(str(asked.text or "")):
        return
    if first.clock_facts.filter(kind=clocks.GIVEN, at__gte=asked.at, taken_back_at=None).exists():
        return
    if first.sent_at is None or first.sent_at <= asked.at:
        note(first, clocks.ASKED, asked.at, "reply", now)
        note(first, clocks.GIVEN, now, "reply", now)


def recount(notice: Notice, now: datetime) -> tuple[Clock, ...]:
    """Count the clocks anew and bring the deadlines in line: moved, set, or taken away. What was fired for exactly this
    moment is not fired again."""
    found = counted(notice)
    rows = list(Deadline.objects.filter(kind=KIND, subject=notice.pk))
    waiting = {row.key: row.original_due for row in rows if row.state == Deadline.State.WAITING}
    fired = {row.key: row.original_due for row in rows if row.state == Deadline.State.DONE}
    wanted = {key_of(notice.pk, one): one.due for one in found if one.due is not None and runs(notice, one)}
    put_at, gone = clocks.moves(wanted, waiting, fired)
    for key, due in put_at.items():
        put(notice, key, due)
    for key in gone:
        deadlines.cancel(key=key)
    _remember(notice, found, now)
    return found


def runs(notice: Notice, one: Clock) -> bool:
    """Whether anything follows when it ends. After a counter-notice the way is closed, and the window stays open."""
    return one.part in clocks.WINDOW or notice.route.state not in OVER


def key_of(notice: uuid.UUID, one: Clock) -> str:
    return f"{KIND}:{notice}:{one.key}"


def put(notice: Notice, key: str, due: datetime) -> None:
    deadlines.set_deadline(
        KIND, notice.pk, due, organisation=notice.organisation_id, case=notice.case_id, key=key, statutory=True
    )


def stop(notice: uuid.UUID) -> None:
    """None of its clocks is watched any more."""
    deadlines.cancel(subject=notice, kind=KIND)


def _remember(notice: Notice, found: tuple[Clock, ...], now: datetime) -> None:
    """On the notice: the clock of the recipient; and that it is not late after all, where that moved."""
    main = clocks.theirs(found)
    due, basis = (main.due, main.citation[:200]) if main is not None else (None, "")
    overdue = notice.overdue_at if due is not None and due <= now else None
    if (notice.clock_due, notice.clock_basis, notice.overdue_at) != (due, basis, overdue):
        notice.clock_due, notice.clock_basis, notice.overdue_at = due, basis, overdue
        notice.save(update_fields=["clock_due", "clock_basis", "overdue_at"])
