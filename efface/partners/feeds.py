"""A partner's calendar: its secret address, made by the partner and ended by either side, and what stands in it.

Moments of the cases it brought, each with the case's number and one of a few words; nothing of what was found, where,
or whom anybody wrote to.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases.models import Case
from efface.engine.base import sealing, tenancy
from efface.partners import keys
from efface.partners.casework import actor
from efface.partners.models import Partner, PartnerCase, PartnerFeed, Scope
from efface.search.models import Finding, FindingState
from efface.takedown import agenda
from efface.takedown.ical import Entry

DIGEST = "partner-calendar"
LONGEST = 64
BACK = timedelta(days=90)
MOST = 2_000


def make(partner: Partner, now: datetime) -> str:
    """A new token, told once; the one before it ends. 256 bits."""
    token = secrets.token_urlsafe(32)
    Partner.objects.select_for_update().get(pk=partner.pk)
    PartnerFeed.objects.filter(partner=partner, ended_at=None).update(ended_at=now)
    row = PartnerFeed.objects.create(
        organisation_id=partner.organisation_id, partner=partner, digest=sealing.digest(DIGEST, token), made_at=now
    )
    audit.record(partner.organisation_id, actor(partner), "partner.calendar-made", str(row.pk), now)
    return token


def standing(partner: Partner) -> PartnerFeed | None:
    return PartnerFeed.objects.filter(partner=partner, ended_at=None).first()


def end(partner: Partner, by: str, now: datetime) -> bool:
    """The address works no more. False where there was none."""
    row = standing(partner)
    if row is None or not PartnerFeed.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
        return False
    audit.record(partner.organisation_id, by, "partner.calendar-ended", str(row.pk), now)
    return True


def partner_of(token: str, now: datetime) -> Partner | None:
    """Whose calendar this token opens; None where it opens none (any more), or the key may not read."""
    if not token or len(token) > LONGEST:
        return None
    digest = sealing.digest(DIGEST, token)
    with tenancy.looking_up(lookup=digest.hex()):
        row = PartnerFeed.objects.filter(digest=digest, ended_at=None).values("organisation_id", "partner").first()
    if row is None:
        return None
    with tenancy.organisation(row["organisation_id"]):
        partner = Partner.objects.get(pk=row["partner"])
    good = keys.standing(partner, now) == "good" and Scope.CASES_READ in partner.scopes
    return partner if good else None


def was_read(partner: Partner, now: datetime) -> None:
    PartnerFeed.objects.filter(partner=partner, ended_at=None).update(read_at=now)


def entries(partner: Partner, now: datetime) -> list[Entry]:
    """Inside the organisation: when its cases were opened and closed, when pages were found to be gone, and when
    answers are due."""
    seen = PartnerCase.objects.filter(partner=partner, ended_at=None).values("case")
    cases = {one.pk: one for one in Case.objects.filter(pk__in=seen).exclude(state=Case.State.ERASED)}
    running = [pk for pk, one in cases.items() if one.closed_at is None]
    names = {pk: one.reference for pk, one in cases.items()}
    # What is due comes first, where there is more than a calendar holds.
    made = list(agenda.of_cases(running, now, names, whose=str(partner.pk)))
    made += [*_of_findings(partner, cases, now), *_of_cases(partner, cases.values(), now)]
    return made[:MOST]


def _of_cases(partner: Partner, cases: Iterable[Case], now: datetime) -> Iterator[Entry]:
    for one in cases:
        if one.opened_at >= now - BACK:
            yield _entry(partner, f"{one.pk}:opened", one.opened_at, _("%(case)s: opened") % {"case": one.reference})
        if one.closed_at is not None and one.closed_at >= now - BACK:
            yield _entry(partner, f"{one.pk}:closed", one.closed_at, _("%(case)s: closed") % {"case": one.reference})


def _of_findings(partner: Partner, cases: dict[uuid.UUID, Case], now: datetime) -> Iterator[Entry]:
    rows = Finding.objects.filter(case__in=list(cases), state=FindingState.GONE_CONFIRMED, gone_at__gte=now - BACK)
    for pk, case, episode, gone in rows.values_list("pk", "case", "episode", "gone_at").order_by("-gone_at")[:MOST]:
        if gone is not None:
            words = _("%(case)s: a page is gone") % {"case": cases[case].reference}
            yield _entry(partner, f"{pk}:gone:{episode}", gone, words)


def _entry(partner: Partner, key: str, at: datetime, words: str) -> Entry:
    uid = sealing.digest("partner-calendar-entry", f"{partner.pk}:{key}").hex()[:32]
    return Entry(uid=f"{uid}@efface", at=at, changed=at, sequence=0, summary=words)
