"""Undo where the world allows: an answer of one's own, some minutes long, as long as nothing of it has left the house.

What cannot be undone is not offered: a letter that went, an answer she was sent, a word to the outside.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Member
from efface.cases.models import Case, Message
from efface.console.models import Taken

UNDO_FOR = timedelta(minutes=10)
SHOWN = 3


class TooLate(ValueError):
    """It cannot be undone (any more); the message says why."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """What a member can undo now: one answer, or a batch of ``count``."""

    id: uuid.UUID
    words: str
    references: str
    count: int
    until: datetime


def note(
    member: Member, kind: str, subject: uuid.UUID, case: uuid.UUID | None, choice: str, now: datetime,
    batch: uuid.UUID | None = None,
) -> None:  # fmt: skip
    """Remember an answer, if it is one that can be undone."""
    if (kind, choice) in _VERBS:
        Taken.objects.create(
            organisation_id=member.organisation_id, member=member, kind=kind, subject=subject, case_id=case,
            choice=choice, at=now, batch=batch,
        )  # fmt: skip


def recent(member: Member, now: datetime) -> list[Undoable]:
    """The latest first; a batch is one."""
    rows = list(
        Taken.objects.filter(member=member, undone_at=None, at__gt=now - UNDO_FOR, at__lte=now).order_by("-at", "-pk")[
            :200
        ]
    )
    groups: dict[uuid.UUID, list[Taken]] = {}
    for row in rows:
        groups.setdefault(row.batch or row.pk, []).append(row)
    shown = list(groups.items())[:SHOWN]
    cases = {row.case_id for _id, members in shown for row in members if row.case_id}
    names = dict(Case.objects.filter(pk__in=cases).values_list("pk", "reference"))
    return [
        Undoable(
            id, _words(members[0]), ", ".join(sorted({names[row.case_id] for row in members if row.case_id})[:3]),
            len(members), members[0].at + UNDO_FOR,
        )
        for id, members in shown
    ]  # fmt: skip


def _words(row: Taken) -> str:
    return {
        ("match", "confirm"): _("Confirmed"), ("match", "reject"): _("Not hers"), ("match", "ask"): _("She is asked"),
        ("notice", "approve"): _("Notice approved"), ("message", "read"): _("Message read"),
        ("report", "known"): _("Report added to a case"), ("report", "link"): _("Report added to a case"),
        ("report", "drop"): _("Report set aside"),
    }.get((row.kind, row.choice), row.kind)  # fmt: skip


def undo(member: Member, id: uuid.UUID, now: datetime) -> tuple[int, list[str]]:
    """Undo one answer or all of a batch. Returns how many were undone, and why others were not. Raises ``TooLate``
    where there is nothing to undo."""
    rows = list(
        Taken.objects.select_for_update()
        .filter(member=member, undone_at=None, at__gt=now - UNDO_FOR)
        .filter(Q(pk=id, batch=None) | Q(batch=id)).order_by("-at", "-pk")
    )  # fmt: skip
    if not rows:
        raise TooLate(_("This was undone already, or its time is over."))
    done, refused = 0, []
    for row in rows:
        try:
            with transaction.atomic():
                _VERBS[(row.kind, row.choice)](row, member, now)
                Taken.objects.filter(pk=row.pk).update(undone_at=now)
                actor = f"{member.role}:{member.user_id}"
                audit.record(row.organisation_id, actor, f"{row.kind}.undone", str(row.subject), now)
            done += 1
        except ValueError as error:
            refused.append(str(error))
    return done, refused


def _match(row: Taken, member: Member, now: datetime) -> None:
    from efface.search import revising
    from efface.search.models import Match

    match = Match.objects.filter(pk=row.subject).first()
    if match is None:
        raise TooLate(_("It is not there any more."))
    revising.reopen(match, f"{member.role}:{member.user_id}", now)


def _approved(row: Taken, member: Member, now: datetime) -> None:
    from efface.takedown import approving, four_eyes
    from efface.takedown.models import Notice

    notice = Notice.objects.select_related("route", "case", "approval").filter(pk=row.subject).first()
    if notice is None:
        raise TooLate(_("It is not there any more."))
    if notice.state == Notice.State.DRAFT:
        if four_eyes.take_back(notice, member.user, now):
            return
        raise TooLate(_("It waits for approval already."))
    approval = notice.approval
    if approval is None or approval.revoked_at is not None or approval.by_id != member.user_id:
        raise TooLate(_("It stands under another approval by now."))
    left = approval.notices.exclude(state__in=(Notice.State.QUEUED, Notice.State.PREPARED)).exists()
    together = approval.notices.count()
    if left or approving.revoke(approval, member.user, now) < together:
        raise TooLate(_("It has left already. What was sent cannot be taken back."))


def _read(row: Taken, member: Member, now: datetime) -> None:
    Message.objects.filter(pk=row.subject).update(read_at=None)


def _report(row: Taken, member: Member, now: datetime) -> None:
    from efface.partners import reports
    from efface.partners.models import Report

    report = Report.objects.filter(pk=row.subject).first()
    if report is None:
        raise TooLate(_("It is not there any more."))
    reports.reopen(report, f"{member.role}:{member.user_id}", now)


_VERBS: dict[tuple[str, str], Callable[[Taken, Member, datetime], None]] = {
    ("match", "confirm"): _match,
    ("match", "reject"): _match,
    ("match", "ask"): _match,
    ("notice", "approve"): _approved,
    ("message", "read"): _read,
    ("report", "known"): _report,
    ("report", "link"): _report,
    ("report", "drop"): _report,
}
