"""Approval: a person allows a recipient party, a notice type, a wording and an exposure, for one case.

Inside a standing approval machines repeat: other findings, identical copies, returns, reminders, another mailbox of the
same party.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.takedown import four_eyes, ladder, locking, scope, sending
from efface.takedown.models import Approval, Notice, Route


class NotWaiting(ValueError):
    """The notice is not (any more) waiting for this decision."""


SECOND_PERSON = -1
"""What ``approve`` returns where another person has to say so too (``four_eyes``)."""


def approve(notice: Notice, user: User, now: datetime) -> int:
    """Allow this notice and everything of its scope. Returns how many notices of the case that set going.

    Where the organisation wants four eyes on first notices, the first person's word is noted, nothing is set going, and
    ``SECOND_PERSON`` is returned. Pressing twice changes nothing. Raises ``NotWaiting`` for a notice that was refused
    or taken back."""
    with transaction.atomic():
        row = _locked(notice)
        if row.state != Notice.State.DRAFT:
            if row.approval_id is not None:
                return 0
            raise NotWaiting(f"the notice is {row.state}")
        if four_eyes.needs_second(row, user, now):
            return SECOND_PERSON
        approval, made = Approval.objects.get_or_create(
            **scope.of(row),
            revoked_at=None,
            defaults={"organisation_id": row.organisation_id, "by": user, "at": now},
        )
        if made:
            audit.record(row.organisation_id, f"user:{user.pk}", "notice.approved", str(approval.pk), now)
        events.record(row.case, "notice.approved", f"caseworker:{user.pk}", subject=row.pk, now=now)
        count = 0
        for one in _drafts(approval):
            sending.release(one, approval, now)
            count += 1
        return count


def approve_all(notices: list[Notice], user: User, now: datetime) -> int:
    """The same for several; those that another approval of the list has set going already are passed over."""
    return sum(max(0, approve(one, user, now)) for one in notices)


def refuse(notice: Notice, user: User, why: str, now: datetime) -> None:
    """This party is not written to about this finding: the route ends, the next ones go on in their turn. Also for a
    form that cannot be filed. Raises ``NotWaiting``."""
    with transaction.atomic():
        row = _locked(notice)
        if row.state not in (Notice.State.DRAFT, Notice.State.PREPARED):
            raise NotWaiting(f"the notice is {row.state}")
        row.state, row.state_why = Notice.State.CANCELLED, f"refused: {why}"[:200]
        row.save(update_fields=["state", "state_why"])
        ladder.close(row.route, Route.State.DROPPED, f"refused by a person: {why}", now)
        audit.record(row.organisation_id, f"user:{user.pk}", "notice.refused", str(row.pk), now)
        events.record(row.case, "notice.refused", f"caseworker:{user.pk}", subject=row.pk, now=now, why=why[:500])


def revoke(approval: Approval, user: User, now: datetime) -> int:
    """Take an approval back: what has not left stays here. Returns how many notices that stopped."""
    with transaction.atomic():
        if not Approval.objects.filter(pk=approval.pk, revoked_at=None).update(revoked_at=now):
            return 0
        audit.record(approval.organisation_id, f"user:{user.pk}", "approval.revoked", str(approval.pk), now)
        stopped = 0
        waiting = (Notice.State.QUEUED, Notice.State.PREPARED)
        for row in Notice.objects.select_for_update(of=("self",)).filter(approval=approval, state__in=waiting):
            if row.state == Notice.State.QUEUED and not sending.stopped(row, now):
                continue
            row.state, row.approval = Notice.State.DRAFT, None
            row.save(update_fields=["state", "approval"])
            stopped += 1
        return stopped


def _drafts(approval: Approval) -> list[Notice]:
    rows = Notice.objects.select_for_update(of=("self",)).select_related("route", "case", "finding")
    return list(
        rows.filter(
            case_id=approval.case_id, route__party_key=approval.party_key, notice_type=approval.notice_type,
            template=approval.template, route__exposure=approval.exposure, state=Notice.State.DRAFT,
        ).order_by("drafted_at")
    )  # fmt: skip


def _locked(notice: Notice) -> Notice:
    row = locking.notice(notice.pk)
    if row is None:
        raise NotWaiting("the notice is not there")
    return row
