"""What she may change about an answer: leave it for later, or take it back for a while.

An answer taken back stops what it began and is asked anew. "Under 18" is never taken back here, and nothing can be once
a letter has gone out because of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.models import Age, Case
from efface.search.models import Finding, Match

TAKEN_BACK = "she took her answer back"
RECONSIDERED = "a worker took it back"
NO_LONGER = (TAKEN_BACK, RECONSIDERED)
"""Findings that are none until somebody confirms them again."""
UNDO_FOR = timedelta(minutes=30)
LATER = timedelta(days=7)
SURVIVOR = "survivor"
ANSWERED = (Match.State.CONFIRMED, Match.State.REJECTED, Match.State.OWN)
LEFT = ("queued", "sent", "filed", "ambiguous", "bounced", "failed")
"""States of a notice after which its recipient may know of it (``takedown``)."""


class TooLate(ValueError):
    """The answer cannot be taken back any more; the message says why, and what can be done."""


def waiting(case: Case, now: datetime) -> QuerySet[Match]:
    """What she is asked about now: without what she put off."""
    rows = Match.objects.filter(case=case, state=Match.State.ASKED, sighting__isnull=False)
    return rows.filter(Q(put_off=None) | Q(put_off__lte=now)).select_related("sighting__site", "sighting__media")


def put_off_until(case: Case, now: datetime) -> list[datetime]:
    """When each of those she put off is asked about again."""
    rows = Match.objects.filter(case=case, state=Match.State.ASKED, put_off__gt=now, sighting__isnull=False)
    return [moment for moment in rows.order_by("put_off").values_list("put_off", flat=True) if moment]


def put_off(matches: Iterable[Match], actor: str, now: datetime) -> int:
    """Not now: asked again in a week, or when she wants. Nothing else changes. Returns how many."""
    done = 0
    for match in matches:
        if Match.objects.filter(pk=match.pk, state=Match.State.ASKED).update(put_off=now + LATER):
            events.record(match.case, "match.put_off", actor, subject=match.pk, now=now)
            done += 1
    return done


def ask_again(case: Case) -> int:
    """What she put off is asked about now."""
    return Match.objects.filter(case=case, state=Match.State.ASKED).exclude(put_off=None).update(put_off=None)


def recent(case: Case, now: datetime) -> list[Match]:
    """Her own answers that can still be taken back, the latest first."""
    rows = Match.objects.filter(
        case=case, state__in=ANSWERED, decided_by=SURVIVOR, decided_at__gt=now - UNDO_FOR, sighting__isnull=False
    )
    return list(rows.select_related("sighting__site").order_by("-decided_at"))


def take_back(case: Case, match: uuid.UUID, actor: str, now: datetime) -> Match:
    """It is asked anew, and what the answer began stops. Raises ``TooLate``; ``Match.DoesNotExist``."""
    row = Match.objects.select_for_update(of=("self",)).select_related("case").get(pk=match, case=case)
    if row.state == Match.State.ASKED:
        return row
    if row.state not in ANSWERED or row.decided_by != SURVIVOR or not row.decided_at:
        raise TooLate(_("A person decided this meanwhile. Please write to your caseworker."))
    if row.decided_at <= now - UNDO_FOR:
        raise TooLate(_("This answer is used already. Please write to your caseworker; it can still be changed."))
    finding = Finding.objects.select_for_update().filter(match=row).first()
    if finding is not None:
        _stop(finding, actor, now)
    row.state, row.decided_at, row.decided_by, row.decided_why = Match.State.ASKED, None, "", ""
    row.save(update_fields=["state", "decided_at", "decided_by", "decided_why"])
    events.record(case, "match.taken_back", actor, subject=row.pk, now=now)
    return row


def reopen(match: Match, actor: str, now: datetime) -> Match:
    """A worker takes their own answer back: it is to be decided again, and what the answer began stops. Raises
    ``TooLate`` where she or somebody else answered meanwhile, or a letter has gone out."""
    row = Match.objects.select_for_update(of=("self",)).select_related("case").get(pk=match.pk)
    if row.state == Match.State.CANDIDATE:
        return row
    # A question to her has no decider: it can be taken back as long as she has not answered.
    if row.state != Match.State.ASKED and row.decided_by != actor[:60]:
        raise TooLate(_("Somebody else decided this meanwhile."))
    finding = Finding.objects.select_for_update().filter(match=row).first()
    if finding is not None and row.state == Match.State.CONFIRMED:
        _stop(finding, actor, now, RECONSIDERED)
    row.state, row.decided_at, row.decided_by, row.decided_why = Match.State.CANDIDATE, None, "", ""
    row.save(update_fields=["state", "decided_at", "decided_by", "decided_why"])
    events.record(row.case, "match.reopened", actor, subject=row.pk, now=now)
    return row


def _stop(finding: Finding, actor: str, now: datetime, why: str = TAKEN_BACK) -> None:
    if finding.age == Age.MINOR:
        raise TooLate(_("For pictures of somebody under 18 the answer stays. Please write to your caseworker."))
    if finding.notices.filter(state__in=LEFT).exists():
        raise TooLate(_("A letter has gone out already. Please write to your caseworker."))
    if finding.stopped:
        return
    finding.stopped = why
    finding.save(update_fields=["stopped"])
    events.record(finding.case, "finding.stopped", actor, subject=finding.pk, now=now, reason=why)


def confirmed_again(match: Match, finding: Finding, actor: str, why: str, now: datetime) -> Finding:
    """It was confirmed before, and that was taken back: the same finding goes on. The caller holds both locks."""
    match.state, match.decided_at, match.decided_by, match.decided_why = (
        Match.State.CONFIRMED, now, actor[:60], why[:200],
    )  # fmt: skip
    match.save(update_fields=["state", "decided_at", "decided_by", "decided_why"])
    if finding.stopped in NO_LONGER:
        reason, finding.stopped = finding.stopped, ""
        finding.save(update_fields=["stopped"])
        events.record(match.case, "finding.resumed", actor, subject=finding.pk, now=now, reason=reason)
    return finding


def of_site(rows: Sequence[Match]) -> list[tuple[str, list[Match]]]:
    """Candidates by site, each site where its first one stands; those of one site can be answered at once."""
    found: dict[str, list[Match]] = {}
    for row in rows:
        if row.sighting is not None:
            found.setdefault(row.sighting.site.domain, []).append(row)
    return list(found.items())
