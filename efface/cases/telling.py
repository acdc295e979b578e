"""Telling her that there is news: once, by the way she chose, in words that say nothing.

``tell`` is called by whoever has news; ``reaching.way`` alone says whether, how and when anything leaves. A mail goes
through the outbox; a call or a messenger is work for a person, shown in the console within her hours; everything else
waits for her in the portal.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.cases import events, reaching
from efface.cases.models import Case, CaseEvent, Telling
from efface.engine.base import addresses, outbox
from efface.engine.base.models import Outbox

KIND = "telling"
OCCASIONS = ("returned", "gone", "question", "message", "permission", "trial")
GAP = timedelta(hours=24)
"""Between two mails or calls; they would say the same. A return does not wait for it, nor does what she tries out."""
AT_ONCE = ("returned", "trial")


def tell(case: Case, occasion: str, subject: uuid.UUID, now: datetime, key: str = "") -> Telling | None:
    """Note that there is news of this ``occasion``, once for each ``key`` (default: occasion and subject), and let her
    know by the way she chose. None where she was told of it before, or wants to hear nothing of the kind."""
    if occasion not in OCCASIONS:
        raise ValueError(f"no such occasion: {occasion}")
    if occasion != "trial" and not reaching.wants(case, occasion):
        return None
    row, made = Telling.objects.get_or_create(
        case=case, key=(key or f"{occasion}:{subject}")[:120],
        defaults={"organisation_id": case.organisation_id, "occasion": occasion, "subject": subject, "at": now},
    )  # fmt: skip
    if not made:
        return None
    _route(row, now)
    return row


def _route(row: Telling, now: datetime) -> None:
    """Put it on its way as her rules stand now. One that waits carries the next ones with it: it would say the same."""
    way = reaching.way(row.case, now)
    row.channel, row.state = way.channel, Telling.State.HERE
    row.due = None
    if way.channel != reaching.PORTAL and not _carried(row):
        row.due = max(way.opens or now, now if row.occasion in AT_ONCE else _rested(row, now))
        row.state = Telling.State.MAIL if way.channel == reaching.MAIL else Telling.State.HAND
    row.save(update_fields=["channel", "state", "due"])
    if row.state == Telling.State.MAIL:
        _queue(row, way, now)


def _carried(row: Telling) -> bool:
    waiting = (Telling.State.MAIL, Telling.State.HAND)
    return Telling.objects.filter(case=row.case_id, state__in=waiting).exclude(pk=row.pk).exists()


def _rested(row: Telling, now: datetime) -> datetime:
    last = Telling.objects.filter(case=row.case_id, done_at__isnull=False).order_by("-done_at").first()
    return max(now, last.done_at + GAP) if last is not None and last.done_at else now


def _queue(row: Telling, way: reaching.Way, now: datetime) -> None:
    key = f"{KIND}:{row.pk}"
    outbox.queue_message(
        KIND, row.pk, key=key, organisation=row.organisation_id, case=row.case_id,
        sender=addresses.news(row.pk), recipient=way.to, data=letter(way, _message_id(key), now), now=now,
    )  # fmt: skip


def _message_id(key: str) -> str:
    """The outbox's, under the domain of the quiet sender: the one of the letters would name the organisation."""
    return f"{outbox.message_id(key).partition('@')[0]}@{reaching.sender().rpartition('@')[2]}>"


def letter(way: reaching.Way, message_id: str, now: datetime) -> bytes:
    """A mail that holds her words and nothing else: no name of ours, no link, no picture, no second part."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"], mail["To"], mail["Subject"] = reaching.sender(), way.to, way.words
    mail["Date"], mail["Message-ID"] = format_datetime(now), message_id
    mail.set_content(way.words + "\n", charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()


class Courier:
    """Registered for outbox messages of kind ``telling``: her rules are asked again right before the first byte."""

    def may(self, row: Outbox, now: datetime) -> outbox.May:
        told = _locked(row)
        if told is None or told.state != Telling.State.MAIL:
            return outbox.May("drop", "it is not to be told any more")
        if told.case.state == Case.State.PAUSED:
            return outbox.May("wait", "everything is paused")
        way = reaching.way(told.case, now)
        if way.channel != reaching.MAIL or way.to != row.recipient:
            return outbox.May("drop", "she chose another way")
        if told.occasion != "trial" and not reaching.wants(told.case, told.occasion):
            return outbox.May("drop", "she does not want to hear of it")
        if told.due is not None and told.due > now:
            return outbox.May("wait", "it is not time", told.due)
        if not way.open:
            return outbox.May("wait", "outside of her hours", way.opens)
        return outbox.May("go")

    def sent(self, row: Outbox, now: datetime) -> None:
        _ended(row, Telling.State.SENT, now)

    def refused(self, row: Outbox, code: int, text: str, now: datetime) -> None:
        told = _ended(row, Telling.State.FAILED, now)
        if told is not None:
            events.record(told.case, "telling.failed", "engine", subject=told.pk, now=now, code=code)
            if 500 <= code < 600:
                reaching.close(told.case, str(row.recipient), now)

    def ambiguous(self, row: Outbox, now: datetime) -> None:
        """Never sent a second time: two would be noticed. The news stands in the portal, and a worker sees that it is
        not certain that it reached her."""
        told = _ended(row, Telling.State.FAILED, now)
        if told is not None:
            events.record(told.case, "telling.failed", "engine", subject=told.pk, now=now, code=0)

    def dropped(self, row: Outbox, why: str, now: datetime) -> None:
        Telling.objects.filter(pk=row.subject, state=Telling.State.MAIL).update(state=Telling.State.HERE, due=None)


outbox.courier(KIND, Courier())


def _locked(row: Outbox) -> Telling | None:
    return Telling.objects.select_for_update(of=("self",)).select_related("case").filter(pk=row.subject).first()


def _ended(row: Outbox, state: str, now: datetime) -> Telling | None:
    told = _locked(row)
    if told is None or told.state != Telling.State.MAIL:
        return None
    told.state, told.done_at = state, now
    if state == Telling.State.FAILED:
        told.due = now
    told.save(update_fields=["state", "done_at", "due"])
    return told


def came_back(telling: uuid.UUID, now: datetime) -> bool:
    """A mail to her came back for good. It is not sent again, nor to any other address: the way she chose counts as
    closed until she chooses one anew, the news waits in the portal, and a worker is told. False: nothing was open."""
    told = Telling.objects.select_for_update(of=("self",)).select_related("case").filter(pk=telling).first()
    if told is None or told.state not in (Telling.State.SENT, Telling.State.FAILED) or told.channel != reaching.MAIL:
        return False
    letter_out = Outbox.objects.filter(kind=KIND, subject=told.pk).order_by("-created").first()
    if letter_out is None:
        return False
    again = told.state == Telling.State.FAILED
    told.state, told.due = Telling.State.FAILED, told.due if again else now
    told.save(update_fields=["state", "due"])
    marked = reaching.close(told.case, str(letter_out.recipient), now)
    if not again:
        events.record(told.case, "telling.failed", "engine", subject=told.pk, now=now, back=True)
    return marked or not again


def unreached(now: datetime) -> QuerySet[Telling]:
    """News that did not reach her, and that no worker has looked at."""
    return Telling.objects.filter(state=Telling.State.FAILED, due__lte=now)


def looked_at(row: Telling, actor: str, now: datetime) -> None:
    """A worker knows of it, and asked her in the portal for another way."""
    if Telling.objects.filter(pk=row.pk, state=Telling.State.FAILED).exclude(due=None).update(due=None):
        events.record(row.case, "telling.looked_at", actor, subject=row.pk, now=now)


def by_hand(row: Telling, said: str, actor: str, now: datetime) -> None:
    """What came of a call or a messenger: "reached", "again" (tomorrow, in her hours) or "dropped"."""
    if row.state != Telling.State.HAND:
        raise ValueError(_("This was settled already."))
    if said == "again":
        row.due = reaching.next_open(reaching.rules(row.case), now + GAP)
        row.save(update_fields=["due"])
        return
    row.state = {"reached": Telling.State.SENT, "dropped": Telling.State.HERE}[said]
    row.done_at = now if said == "reached" else None
    row.due = None
    row.save(update_fields=["state", "done_at", "due"])
    if said == "reached":
        events.record(row.case, "telling.done", actor, subject=row.pk, now=now)


def seen(case: Case, now: datetime) -> list[Telling]:
    """What is new since she was here last. From now on it is no news: what still waits to go out is taken back."""
    rows = list(Telling.objects.select_for_update().filter(case=case, seen_at=None).order_by("at", "id"))
    if not rows:
        return []
    Telling.objects.filter(pk__in=[row.pk for row in rows]).update(seen_at=now)
    waiting = [row for row in rows if row.state in (Telling.State.MAIL, Telling.State.HAND) and row.occasion != "trial"]
    _take_back(waiting)
    return [row for row in rows if row.occasion != "trial"]


def _take_back(rows: list[Telling]) -> None:
    for row in rows:
        if row.state == Telling.State.MAIL:
            outbox.cancel(row.pk)
    Telling.objects.filter(pk__in=[row.pk for row in rows]).update(state=Telling.State.HERE, due=None)


@events.on("contact.changed", "contact.closed", "case.resumed")
def _anew(event: CaseEvent) -> None:
    """What waits goes by the rules as they are now, or not at all."""
    waiting = (Telling.State.MAIL, Telling.State.HAND)
    rows = list(
        Telling.objects.select_for_update(of=("self",)).select_related("case").filter(
            case=event.case_id, state__in=waiting
        ).order_by("at")
    )  # fmt: skip
    _take_back(rows)
    if event.kind == "case.resumed":
        rows += _while_paused(event)
    for row in rows:
        row.case = event.case
        if row.occasion == "trial" or reaching.wants(event.case, row.occasion):
            _route(row, event.at)


def _while_paused(event: CaseEvent) -> list[Telling]:
    """Returns that came while everything was paused, and that she has not seen yet."""
    paused = CaseEvent.objects.filter(case=event.case_id, kind="case.paused").order_by("-at", "-pk").first()
    if paused is None:
        return []
    rows = Telling.objects.select_for_update().filter(
        case=event.case_id, occasion="returned", state=Telling.State.HERE, seen_at=None, at__gte=paused.at
    )
    return list(rows.order_by("at"))


@events.on("case.paused", "case.closed", "case.erased")
def _quiet(event: CaseEvent) -> None:
    """Closed: nothing goes out any more. Paused: the courier and the console wait by themselves."""
    if event.kind != "case.paused":
        waiting = (Telling.State.MAIL, Telling.State.HAND)
        _take_back(list(Telling.objects.select_for_update().filter(case=event.case_id, state__in=waiting)))


@events.on("finding.reappeared")
def _returned(event: CaseEvent) -> None:
    """Once a return: the event that names its episode is the certain one; what a crawl says first may still be
    doubted."""
    episode = (event.data or {}).get("episode") if isinstance(event.data, dict) else None
    if event.subject is not None and episode:
        tell(event.case, "returned", event.subject, event.at, key=f"returned:{event.subject}:{episode}")


@events.on("finding.gone")
def _gone(event: CaseEvent) -> None:
    if event.subject is not None:
        tell(event.case, "gone", event.subject, event.at, key=f"gone:{event.subject}:{event.pk}")


@events.on("match.asked")
def _asked(event: CaseEvent) -> None:
    if event.subject is not None:
        tell(event.case, "question", event.subject, event.at)


@events.on("message.written")
def _written(event: CaseEvent) -> None:
    if event.subject is not None and event.actor != "survivor":
        tell(event.case, "message", event.subject, event.at)
