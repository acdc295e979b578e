"""Notices that a person files in a form: noted when done, with the number the form gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.cases.may import May, may, may_many
from efface.cases.models import Purpose
from efface.takedown import facts, ladder, locking, timing
from efface.takedown.approving import NotWaiting
from efface.takedown.models import Notice


def allowed(notice: Notice, now: datetime) -> May:
    """May this form be filed at this moment? To be asked before it is put in front of anybody: a hold, a pause or a
    consent that ended stops forms as it stops mails."""
    if notice.finding.stopped:
        return May(False, _("Work on this page was stopped."))
    if facts.never_told(notice) or facts.hostile_desk(notice):
        return May(False, _("This form leads to somebody who must never hear of it."))
    return may(notice.case, purpose(notice.route.role), now)


def purpose(role: str) -> Purpose:
    """What writing to a party of this role is for."""
    return Purpose.CONTACT_OPERATOR if role == "operator" else Purpose.NOTIFY


def sendable(rows: QuerySet[Notice], now: datetime) -> QuerySet[Notice]:
    """Of these notices those that are ``allowed`` at this moment."""
    cases = set(rows.order_by().values_list("case_id", flat=True))
    words = may_many(cases, (Purpose.CONTACT_OPERATOR, Purpose.NOTIFY), now)
    operator = [case for case in cases if words[case, Purpose.CONTACT_OPERATOR]]
    others = [case for case in cases if words[case, Purpose.NOTIFY]]
    may_go = Q(case_id__in=operator, route__role="operator") | (Q(case_id__in=others) & ~Q(route__role="operator"))
    return rows.filter(may_go, finding__stopped="")


def sendable_of(rows: Sequence[Notice], now: datetime) -> list[Notice]:
    """The same of notices that were read already, with their findings and routes at hand."""
    words = may_many({one.case_id for one in rows}, (Purpose.CONTACT_OPERATOR, Purpose.NOTIFY), now)
    return [one for one in rows if not one.finding.stopped and words[one.case_id, purpose(one.route.role)]]


LONGEST = 5_000


def mark_all_filed(
    notice: Notice, others: Sequence[Notice], user: User, outside_reference: str, now: datetime, confirmation: str = ""
) -> int:
    """One form took the addresses of several findings: each notice is filed, with the number the form gave. An answer
    to it is about all of them unless it names addresses. All or none. Returns how many; raises as ``mark_filed``."""
    with transaction.atomic():
        for one in (notice, *others):
            mark_filed(one, user, outside_reference, now, confirmation)
        Notice.objects.filter(pk__in=[one.pk for one in others]).update(together=notice)
    return 1 + len(others)


def mark_filed(notice: Notice, user: User, outside_reference: str, now: datetime, confirmation: str = "") -> None:
    """The person filed it; ``confirmation`` is what the form said, kept sealed. Twice: no effect. Raises ``NotWaiting``
    for a notice that is not prepared, ``ValueError`` where it may not be filed now."""
    with transaction.atomic():
        row = locking.notice(notice.pk)
        if row is not None and row.state == Notice.State.FILED:
            return
        if row is None or row.state != Notice.State.PREPARED:
            raise NotWaiting(f"the notice is {row.state if row else 'not there'}")
        word = allowed(row, now)
        if not word:
            raise ValueError(_("This form cannot be filed now. %(why)s") % {"why": word.reason})
        row.state, row.sent_at, row.outside_reference = Notice.State.FILED, now, outside_reference.strip()[:80]
        row.confirmation = confirmation.strip()[:LONGEST] or None
        row.save(update_fields=["state", "sent_at", "outside_reference", "confirmation"])
        ladder.sent(row, now)
        if row.outside_reference:
            # The desk that gave a number has it.
            timing.note(row, "receipt", now, "form", now, f"user:{user.pk}")
        audit.record(row.organisation_id, f"user:{user.pk}", "notice.filed", str(row.pk), now)
        events.record(row.case, "notice.filed", f"caseworker:{user.pk}", subject=row.pk, now=now)
