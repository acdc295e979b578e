"""A notice becomes a ticket, is handed in once, and its state is asked for until the desk is done with it.

Handing in may be repeated: the desk knows the ticket by its key. What cannot be handed in goes by mail or form after
all, under the same approval."""

from __future__ import annotations

import base64
import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from efface.accounts.models import Organisation
from efface.cases import events
from efface.engine.base import addresses, clock, deadlines, outbox, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.takedown.channels import registry
from efface.takedown.channels.contract import Task
from efface.takedown.channels.models import Ticket
from efface.takedown.channels.ticket import client, endpoints
from efface.takedown.models import Notice

log = logging.getLogger(__name__)
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 480, 960, 1440, 1440))
WAIT = timedelta(hours=6)
ASK_SOON, ASK_LATER = timedelta(hours=6), timedelta(hours=24)
SOON_FOR, ASK_FOR = timedelta(days=3), timedelta(days=60)
"""A fresh ticket is asked about four times a day, then daily, and given up on after two months: checks of the page say
how it stands anyway."""


def desk_for(notice: Notice) -> endpoints.Endpoint | None:
    """The desk that takes this notice as a ticket; None where there is none, or where it did not work before."""
    try:
        known = endpoints.load()
    except endpoints.EndpointsUnusable as error:
        log.error("%s", error)
        return None
    route = notice.route
    fit = next((one for one in known if one.takes(route.party_key, notice.contact, notice.notice_type)), None)
    if fit is None or notice.channel not in ("email", "form", "api"):
        return None
    tried = Ticket.objects.filter(notice__route=route, state=Ticket.State.FAILED)
    return None if tried.exists() else fit


def queue(notice: Notice, desk: endpoints.Endpoint, organisation: Organisation, now: datetime) -> Ticket:
    """Put a notice in line. The caller holds its lock; again: no effect. Raises ``CannotPrepare``."""
    report: Any = notice.xarf
    urls: Any = notice.urls
    task = Task(
        notice_type=notice.notice_type, role=notice.route.role, name=notice.route.party_name, contact=notice.contact,
        language=notice.language, reference=notice.reference, subject=str(notice.subject_line), text=str(notice.text),
        urls=tuple(urls or ()), organisation=organisation.name, signatory=organisation.signatory,
        reply_to=addresses.reply(notice.pk), more={"xarf": report or None},
    )  # fmt: skip
    body = registry.channel("ticket").prepare(task).payload
    row, _made = Ticket.objects.get_or_create(
        notice=notice,
        defaults={
            "organisation_id": notice.organisation_id, "case_id": notice.case_id, "desk": desk.name,
            "key": outbox.message_id(f"ticket:{notice.pk}").strip("<>"), "made_at": now,
            "body": base64.b64encode(body).decode("ascii"),
        },
    )  # fmt: skip
    if row.state == Ticket.State.CANCELLED:
        row.state, row.body = Ticket.State.READY, base64.b64encode(body).decode("ascii")
        row.save(update_fields=["state", "body"])
    if row.state == Ticket.State.READY:
        _defer(row)
    return row


def cancel(notice: uuid.UUID) -> int:
    """Take back what was not handed in yet. A request whose answer is still missing may have been handed in: it is
    not taken back."""
    rows = Ticket.objects.filter(notice_id=notice, state=Ticket.State.READY, attempts=0)
    return rows.update(state=Ticket.State.CANCELLED)


def _defer(row: Ticket) -> None:
    submit.defer(organisation=row.organisation_id, once=f"ticket:{row.pk}", lock=f"ticket:{row.pk}", ticket=row.pk)


@job("mail")
def submit(organisation: uuid.UUID, ticket: uuid.UUID) -> None:
    """Hand one ticket in. Twice, or after a crash: the same ticket at the desk."""
    with tenancy.organisation(organisation):
        ready = _begin(ticket, clock.now())
    if ready is None:
        return
    desk, key, data = ready
    answer = client.submit(desk, data, key, clock.now())
    with tenancy.organisation(organisation):
        _end(ticket, answer, clock.now())


def _locked(ticket: uuid.UUID) -> tuple[Ticket, Notice] | None:
    """The notice's locks first, as everywhere, then the ticket's."""
    from efface.takedown import locking

    found = Ticket.objects.filter(pk=ticket).values_list("notice_id", flat=True).first()
    notice = locking.notice(found) if found is not None else None
    row = Ticket.objects.select_for_update().filter(pk=ticket).first()
    return (row, notice) if row is not None and notice is not None else None


def _begin(ticket: uuid.UUID, now: datetime) -> tuple[endpoints.Endpoint, str, bytes] | None:
    from efface.takedown import courier

    held = _locked(ticket)
    if held is None or held[0].state != Ticket.State.READY:
        return None
    row, notice = held
    word = courier.last_word(notice, now)
    body: Any = row.body
    desk = next((one for one in _known() if one.name == row.desk), None)
    if row.attempts == 0 and (word.word == "drop" or body is None):
        row.state = Ticket.State.CANCELLED
        row.save(update_fields=["state"])
        if notice.state == Notice.State.QUEUED:
            notice.state, notice.state_why = Notice.State.CANCELLED, word.why[:200]
            notice.save(update_fields=["state", "state_why"])
            events.record(notice.case, "notice.dropped", "engine", subject=notice.pk, now=now, why=word.why)
        return None
    if word.word == "wait" and row.attempts == 0:
        _later(row, word.until or clock.align(now + WAIT))
        return None
    if body is None:
        return None
    if desk is None:
        _otherwise(row, notice, "the desk is no longer set up for tickets", now)
        return None
    # Once a request is out its answer is asked for, whatever happened since: the desk may have the ticket.
    row.attempts += 1
    row.save(update_fields=["attempts"])
    return desk, row.key, base64.b64decode(body)


def _known() -> tuple[endpoints.Endpoint, ...]:
    try:
        return endpoints.load()
    except endpoints.EndpointsUnusable as error:
        log.error("%s", error)
        return ()


def _end(ticket: uuid.UUID, answer: client.Answer, now: datetime) -> None:
    from efface.takedown import courier

    held = _locked(ticket)
    if held is None or held[0].state != Ticket.State.READY:
        return
    row, notice = held
    if answer.outcome == "taken" and answer.ticket is not None:
        row.state, row.outside_id, row.sent_at = Ticket.State.OPEN, answer.ticket.id, now
        row.save(update_fields=["state", "outside_id", "sent_at"])
        if notice.state == Notice.State.QUEUED:
            courier.has_left(notice, now, answer.ticket.id)
        _ask_at(row, now + ASK_SOON)
    elif answer.outcome == "later" and row.attempts <= len(BACKOFF):
        _later(row, now + BACKOFF[row.attempts - 1])
    else:
        _otherwise(row, notice, answer.text, now)


def _otherwise(row: Ticket, notice: Notice, why: str, now: datetime) -> None:
    """It goes by mail, or in front of a person, under the approval it has."""
    from efface.takedown import sending

    row.state = Ticket.State.FAILED
    row.words = why[:500]
    row.save(update_fields=["state", "words"])
    events.record(notice.case, "ticket.failed", "engine", subject=notice.pk, now=now, why=why[:200])
    if notice.state == Notice.State.QUEUED and notice.approval is not None:
        notice.channel = "email" if "@" in notice.contact and "/" not in notice.contact else "form"
        notice.state = Notice.State.DRAFT
        notice.save(update_fields=["channel", "state"])
        sending.release(notice, notice.approval, now)


def _later(row: Ticket, due: datetime) -> None:
    deadlines.set_deadline("ticket.submit", row.pk, due, organisation=row.organisation_id, case=row.case_id)


def _ask_at(row: Ticket, due: datetime) -> None:
    deadlines.set_deadline(
        "ticket.ask", row.pk, clock.align(due), organisation=row.organisation_id, case=row.case_id
    )


@deadlines.handler("ticket.submit")
def _again(deadline: Deadline, now: datetime) -> None:
    row = Ticket.objects.filter(pk=deadline.subject, state=Ticket.State.READY).first()
    if row is not None:
        _defer(row)


@deadlines.handler("ticket.ask")
def _due(deadline: Deadline, now: datetime) -> None:
    row = Ticket.objects.filter(pk=deadline.subject, state__in=(Ticket.State.OPEN, Ticket.State.NEEDS)).first()
    if row is not None and row.sent_at is not None and now - row.sent_at < ASK_FOR:
        _ask_at(row, now + (ASK_SOON if now - row.sent_at < SOON_FOR else ASK_LATER))
        ask.defer(organisation=row.organisation_id, once=f"ticket.ask:{row.pk}", ticket=row.pk)


@job("mail")
def ask(organisation: uuid.UUID, ticket: uuid.UUID) -> None:
    """How does it stand? Whatever the desk says, the page is looked at."""
    with tenancy.organisation(organisation):
        row = Ticket.objects.filter(pk=ticket, state__in=(Ticket.State.OPEN, Ticket.State.NEEDS)).first()
        desk = next((one for one in _known() if row is not None and one.name == row.desk), None)
    if row is None or desk is None:
        return
    answer = client.state(desk, row.outside_id, clock.now())
    if answer.outcome == "taken" and answer.ticket is not None and answer.ticket.id == row.outside_id:
        with tenancy.organisation(organisation):
            _heard(ticket, answer.ticket.state, answer.ticket.words, clock.now())


def _heard(ticket: uuid.UUID, state: str, words: str, now: datetime) -> None:
    from efface.takedown import ladder, verifying

    held = _locked(ticket)
    if held is None or held[0].state not in (Ticket.State.OPEN, Ticket.State.NEEDS):
        return
    row, notice = held
    before, row.state, row.asked_at = row.state, state, now
    row.words = words or row.words
    row.save(update_fields=["state", "asked_at", "words"])
    if state == before:
        return
    events.record(notice.case, f"ticket.{state}", "engine", subject=notice.pk, now=now)
    if state == Ticket.State.DONE:
        verifying.request(notice.finding)
    elif state == Ticket.State.REFUSED:
        ladder.give_up(notice.route, f"the desk refuses: {words}", now)
