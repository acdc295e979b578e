"""Letting an approved notice go: into the outbox, or in front of the person who files the form."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import Q

from efface.accounts import audit
from efface.accounts.models import Organisation, User
from efface.engine.base import addresses, outbox
from efface.engine.base.models import Outbox
from efface.takedown import composing, together
from efface.takedown.channels.ticket import tickets
from efface.takedown.models import Approval, Notice

KIND = "notice"


def release(notice: Notice, approval: Approval, now: datetime) -> None:
    """A draft under an approval: queued or prepared. The caller holds the notice's lock. Again: no effect."""
    if notice.state != Notice.State.DRAFT:
        return
    notice.approval = approval
    desk = tickets.desk_for(notice)
    if desk is not None:
        notice.channel = "api"
    notice.state = Notice.State.QUEUED if notice.channel in ("email", "api") else Notice.State.PREPARED
    notice.save(update_fields=["approval", "state", "channel"])
    organisation = Organisation.objects.get(pk=notice.organisation_id)
    if desk is not None:
        tickets.queue(notice, desk, organisation, now)
    elif notice.channel == "email":
        queue(notice, organisation, now)


def queue(notice: Notice, organisation: Organisation, now: datetime) -> None:
    """Its own message into the outbox, or back into it. Again: no effect."""
    outbox.queue_message(
        KIND, notice.pk, key=composing.key(notice), organisation=notice.organisation_id, case=notice.case_id,
        sender=addresses.bounce(notice.pk), recipient=notice.contact,
        data=composing.compose(notice, organisation, now), now=now,
    )  # fmt: skip


def take_back(notice: Notice, why: str, now: datetime) -> bool:
    """Cancel a notice that has not begun to leave. True when it had not. The caller holds the notice's lock."""
    open_states = (Notice.State.DRAFT, Notice.State.QUEUED, Notice.State.PREPARED, Notice.State.HELD)
    if notice.state not in open_states:
        return False
    if notice.state == Notice.State.QUEUED and not stopped(notice, now):
        return False
    notice.state, notice.state_why = Notice.State.CANCELLED, why[:200]
    notice.save(update_fields=["state", "state_why"])
    return True


def stopped(notice: Notice, now: datetime) -> bool:
    """Keep a queued notice from leaving. False where it has begun to. What was to leave in its mail waits for itself;
    from a mail in which it was to leave with others it is taken out, as long as that one has not begun."""
    if notice.channel == "api":
        return bool(tickets.cancel(notice.pk))
    if notice.together_id is not None:
        rows = Outbox.objects.select_for_update(skip_locked=True).filter(subject=notice.together_id, kind=KIND)
        if not rows.filter(state=Outbox.State.READY):
            return False
        Notice.objects.filter(pk=notice.pk).update(together=None)
        notice.together = None
        return True
    done = bool(outbox.cancel(notice.pk))
    if done:
        together.part(notice, now)
    return done


def resolve(row: Outbox, word: Literal["sent", "again"], user: User, now: datetime) -> None:
    """A person says what became of an unclear message. Raises ``outbox.NotAmbiguous``."""
    with transaction.atomic():
        if word == "again":
            mail = Notice.objects.filter(Q(pk=row.subject) | Q(together=row.subject))
            mail.filter(state=Notice.State.AMBIGUOUS).update(state=Notice.State.QUEUED)
        outbox.resolve(row, word, now)
        audit.record(row.organisation_id, f"user:{user.pk}", f"outbox.{word}", str(row.pk), now)
