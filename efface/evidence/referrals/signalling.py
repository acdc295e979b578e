"""Crime, assault, a threat to life, somebody under 18: a lead is told at once, on top of the queue and by mail.

Nothing goes to anybody outside. What is said by mail holds no name, no number and nothing of what it is about.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from efface.accounts.models import Member, Role, User
from efface.cases import duty, events, intake
from efface.cases.models import Age, Case, CaseEvent
from efface.engine.base import outbox, settings, smtp
from efface.engine.base.models import Outbox
from efface.evidence.models import Signal
from efface.search.models import Finding

KIND = "signal"
LONGEST = 500
OnDuty = Callable[[uuid.UUID, datetime], list[User]]


class CannotSignal(ValueError):
    """The message says what would do."""


def leads(organisation: uuid.UUID, now: datetime) -> list[User]:
    """Everybody who leads and can sign in."""
    rows = Member.objects.filter(organisation_id=organisation, role=Role.LEAD, user__is_active=True)
    return [row.user for row in rows.select_related("user").order_by("pk")]


def by_rota(organisation: uuid.UUID, now: datetime) -> list[User]:
    """The leads whose shift it is."""
    shifts = [one.member for one in duty.on_duty(now) if one.organisation_id == organisation]
    return [one.user for one in shifts if one.role == Role.LEAD and one.user.is_active]


_on_duty: list[OnDuty] = [by_rota]
"""Who of the leads is told. Where it names nobody all are told: an alarm that nobody hears is none."""


def signal(case: Case, kind: str, actor: str, now: datetime, note: str = "") -> Signal | None:
    """Put it on top of the leads' queue and write to those on duty. None: one of this kind waits already."""
    if kind not in Signal.Kind.values:
        raise CannotSignal(_("Choose what it is."))
    try:
        with transaction.atomic():
            row = Signal.objects.create(
                organisation_id=case.organisation_id, case=case, kind=kind, at=now, by=actor,
                note=" ".join(note.split())[:LONGEST],
            )  # fmt: skip
    except IntegrityError:
        return None
    events.record(case, "signal.raised", actor, subject=row.pk, now=now, what=kind)
    _tell(row, now)
    return row


def decide(row: Signal, outcome: str, why: str, actor: str, now: datetime) -> None:
    """Once: taken in hand, or not so. Raises ``CannotSignal``."""
    if outcome not in (Signal.Outcome.TAKEN, Signal.Outcome.NOT_SO):
        raise CannotSignal(_("Please choose one of the answers."))
    locked = Signal.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if locked.outcome != Signal.Outcome.OPEN:
        raise CannotSignal(_("This was decided already. Nothing was done a second time."))
    locked.outcome, locked.decided_at, locked.decided_by = outcome, now, actor
    locked.why = why[:LONGEST]
    locked.save()
    events.record(row.case, f"signal.{outcome}", actor, subject=row.pk, now=now, what=row.kind)


def _tell(row: Signal, now: datetime) -> None:
    sender = desk_sender()
    if not sender:
        return
    for user in _on_duty[0](row.organisation_id, now) or leads(row.organisation_id, now):
        key = f"{KIND}:{row.pk}:{user.pk}"
        outbox.queue_message(
            KIND, row.pk, key=key, organisation=row.organisation_id, case=row.case_id, sender=sender,
            recipient=user.email, data=letter(sender, user.email, outbox.message_id(key), now), now=now,
        )  # fmt: skip


def desk_sender() -> str:
    """Where such mails come from; "" where this installation sends none."""
    found = f"desk@{settings.get('mail_domain')}"
    return found if smtp.ADDRESS.fullmatch(found) else ""


def letter(sender: str, to: str, message_id: str, now: datetime) -> bytes:
    """A mail that says that something waits, and nothing else."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    words = _("Something waits for you at the desk. Please look at it as soon as you can.")
    mail["From"], mail["To"], mail["Subject"] = sender, to, _("Please look at the desk")
    mail["Date"], mail["Message-ID"] = format_datetime(now), message_id
    mail.set_content(words + "\n", charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()


class Courier:
    """Registered for outbox messages of kind ``signal``: not sent any more once somebody took it in hand."""

    def may(self, row: Outbox, now: datetime) -> outbox.May:
        if Signal.objects.filter(pk=row.subject, outcome=Signal.Outcome.OPEN).exists():
            return outbox.May("go")
        return outbox.May("drop", "a lead has it in hand")

    def sent(self, row: Outbox, now: datetime) -> None:
        """It stands in the queue all the same."""

    def refused(self, row: Outbox, code: int, text: str, now: datetime) -> None:
        """It stands in the queue all the same."""

    def ambiguous(self, row: Outbox, now: datetime) -> None:
        """Not sent a second time; it stands in the queue."""

    def dropped(self, row: Outbox, why: str, now: datetime) -> None:
        """Nothing to note: somebody looked before it left."""


outbox.courier(KIND, Courier())


@events.on("case.alarm")
def _danger(event: CaseEvent) -> None:
    signal(event.case, Signal.Kind.THREAT, event.actor, event.at)


@events.on("case.age_declared")
def _young(event: CaseEvent) -> None:
    if (event.data or {}).get("age") == Age.MINOR:
        signal(event.case, Signal.Kind.MINOR, event.actor, event.at)


@events.on("finding.age_known")
def _young_in_one(event: CaseEvent) -> None:
    row = Finding.objects.filter(pk=event.subject).first() if event.subject else None
    if row is not None and row.age == Age.MINOR:
        signal(event.case, Signal.Kind.MINOR, event.actor, event.at)


@events.on("case.opened", "fact.answered")
def _coerced(event: CaseEvent) -> None:
    """How the pictures were obtained, as a worker noted it or she said."""
    case = Case.objects.get(pk=event.case_id)
    said = intake.said(case)
    if case.acquisition == "coerced_or_assault" or intake.HOW.get(said.get("obtained", "")) == "coerced_or_assault":
        signal(case, Signal.Kind.ASSAULT, event.actor, event.at)
    if case.age == Age.MINOR and event.kind == "case.opened":
        signal(case, Signal.Kind.MINOR, event.actor, event.at)
