"""What happens to a notice when its mail is about to leave, has left, was refused or may have left."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from efface.cases import events
from efface.cases.may import may
from efface.cases.models import Case, Purpose
from efface.engine.base import outbox
from efface.engine.base.models import Outbox
from efface.search.models import FindingState
from efface.sites import contacts, learning
from efface.sites.models import ContactState
from efface.takedown import facts, ladder, locking, planning, scope, sending, together
from efface.takedown.channels.email import guard, recent, refusals
from efface.takedown.models import Notice, Route


class Courier:
    """Registered for outbox messages of kind "notice". The outbox row is locked and the transaction is the effect's."""

    def may(self, row: Outbox, now: datetime) -> outbox.May:
        """The last word before the first byte: everything is asked again."""
        found = Notice.objects.filter(pk=row.subject).first()
        if found is not None and not together.alone(found):
            return outbox.May("wait", "others to this desk are gathered at this moment", now + ASK_AGAIN)
        notice = locking.notice(row.subject)
        parted = notice is not None and together.part(notice, now)
        if notice is not None:
            together.restore(notice, row, now)
        word = last_word(notice, now)
        if word.word != "go" or notice is None:
            return word
        paced = recent.wait(notice, row, now)
        if paced is not None:
            return outbox.May("wait", paced.why, paced.until)
        gathered = together.wait(notice, now)
        if gathered is not None and not parted:
            return gathered
        together.gather(notice, row, last_word, now)
        return _without_imagery(row)

    def sent(self, row: Outbox, now: datetime) -> None:
        for notice in _mail(row):
            if notice.state in (Notice.State.QUEUED, Notice.State.AMBIGUOUS):
                has_left(notice, now)

    def refused(self, row: Outbox, code: int, text: str, now: datetime) -> None:
        for notice in _mail(row):
            _refused(notice, code, text, now)

    def ambiguous(self, row: Outbox, now: datetime) -> None:
        for notice in _mail(row):
            if notice.state == Notice.State.QUEUED:
                notice.state = Notice.State.AMBIGUOUS
                notice.save(update_fields=["state"])
                events.record(notice.case, "notice.ambiguous", "engine", subject=notice.pk, now=now)

    def dropped(self, row: Outbox, why: str, now: datetime) -> None:
        notice = locking.notice(row.subject)
        if notice is not None and notice.state == Notice.State.QUEUED:
            notice.state, notice.state_why = Notice.State.CANCELLED, why[:200]
            notice.save(update_fields=["state", "state_why"])
            events.record(notice.case, "notice.dropped", "engine", subject=notice.pk, now=now, why=why)


ASK_AGAIN = timedelta(minutes=1)


def _mail(row: Outbox) -> list[Notice]:
    """The notices of a message: the one it is of, and those that leave with it."""
    lead = locking.notice(row.subject)
    return [lead, *together.members(lead)] if lead is not None else []


def _refused(notice: Notice, code: int, text: str, now: datetime) -> None:
    notice.state, notice.state_why = Notice.State.FAILED, f"{code} {text}"[:200]
    notice.save(update_fields=["state", "state_why"])
    contacts.delivery("email", notice.contact, STATES[refusals.read(code, text)], now)
    # What is refused at the door was sent, and did not arrive.
    learning.sent(notice.pk, "email", notice.contact, notice.route.role, notice.notice_type, notice.language, now)
    learning.bounced(notice.pk)
    events.record(notice.case, "notice.bounced", "engine", subject=notice.pk, now=now, code=code)
    ladder.contact_dead(notice, now)


STATES = {
    "full": ContactState.FULL, "rate": ContactState.SOFT, "soft": ContactState.SOFT, "sender": ContactState.POLICY,
    "policy": ContactState.POLICY, "hard": ContactState.HARD,
}  # fmt: skip
"""What a refusal makes of the contact."""


def has_left(notice: Notice, now: datetime, reference: str = "") -> None:
    """The recipient's server, or desk, has it: its clocks begin. The caller holds its lock."""
    notice.state, notice.sent_at = Notice.State.SENT, now
    notice.outside_reference = reference[:80] or notice.outside_reference
    notice.save(update_fields=["state", "sent_at", "outside_reference"])
    contacts.delivery(notice.channel, notice.contact, ContactState.ACCEPTED, now)
    ladder.sent(notice, now)
    events.record(
        notice.case, "notice.sent", "engine", subject=notice.pk, now=now, role=notice.route.role, step=notice.step
    )


def last_word(notice: Notice | None, now: datetime) -> outbox.May:
    """May this notice leave at this moment, whichever way it goes? The caller holds its lock."""
    if notice is None or notice.state != Notice.State.QUEUED:
        return outbox.May("drop", "the notice does not stand any more")
    finding, route = notice.finding, notice.route
    if (route.role == "operator" and facts.hostile(finding.site)) or facts.hostile_desk(notice):
        return outbox.May("drop", "the operator is hostile: never written to")
    if facts.never_told(notice):
        return outbox.May("drop", "the recipient must never hear of it")
    if finding.stopped or finding.state == FindingState.GONE_CONFIRMED:
        return outbox.May("drop", finding.stopped or "it is gone")
    if route.state not in (Route.State.ACTIVE, Route.State.PLANNED) or route.episode != finding.episode:
        return outbox.May("drop", "another way is taken now")
    if scope.standing(notice) is None:
        return outbox.May("drop", "the approval was taken back")
    if notice.case.state in (Case.State.CLOSED, Case.State.ERASED):
        return outbox.May("drop", "the case is closed")
    purpose = Purpose.CONTACT_OPERATOR if route.role == "operator" else Purpose.NOTIFY
    for one in {purpose, Purpose.NOTIFY}:
        word = may(notice.case, one, now)
        if not word:
            return outbox.May("wait", str(word.reason))
    if ladder.quiet(finding):
        return outbox.May("wait", "a check will say whether it is still there")
    if route.gone_since is not None and route.kept_at is None:
        return outbox.May("wait", "who is in charge is looked up again first")
    if route.confirmed_at is None or now - route.confirmed_at > planning.FRESH:
        planning.request(finding)
        return outbox.May("wait", "who is in charge is looked up again first")
    return outbox.May("go")


def _without_imagery(row: Outbox) -> outbox.May:
    """The bytes that are about to leave are looked at once more: nothing that was put together wrongly gets out."""
    message: Any = row.message
    if message is None:
        return outbox.May("drop", "the case was erased")
    try:
        guard.check(base64.b64decode(message["data"]))
    except guard.ImageryRefused as refused:
        return outbox.May("drop", f"not sent: {refused}")
    return outbox.May("go")


def register() -> None:
    outbox.courier(sending.KIND, Courier())



