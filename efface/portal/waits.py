"""What waits or is kept because somebody asked for it, and until when: as far as it may be said to her."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases.may import SENDS
from efface.cases.models import Case, Consent, Hold
from efface.engine.base import moments
from efface.evidence.models import PoliceRequest, Referral
from efface.evidence.referrals import room
from efface.portal import walking


def lines(case: Case, now: datetime) -> list[str]:
    """One sentence for each hold but her own, where letters go at all, and one where the case is kept for the police.
    That the police asked is said where she passed the case on to them; where a statute did, her caseworker knows what
    may be said."""
    rows = Hold.objects.filter(case=case, lifted_at=None, begins__lte=now, ends__gt=now).exclude(reason=walking.HOLD)
    allowed = Consent.objects.filter(case=case, purpose__in=SENDS, withdrawn_at=None, expires_at__gt=now)
    holds = list(rows.order_by("ends")) if case.state == Case.State.OPEN and allowed.exists() else []
    hers = set(
        PoliceRequest.objects.filter(hold__in=holds, referral__ground=Referral.Ground.CONSENT)
        .values_list("hold_id", flat=True)
    ) if holds else set()  # fmt: skip
    found = [_hold(one, one.pk in hers) for one in holds]
    kept = room.preserved_until(case.pk, now)
    return [*found, _kept(kept)] if kept else found


def _hold(hold: Hold, police: bool) -> str:
    words = (
        _("Our letters wait until %(day)s, because the police asked for it. Then they go out by themselves.")
        if police else
        _("Our letters wait until %(day)s. Then they go out by themselves. Your caseworker can tell you more.")
    )  # fmt: skip
    return words % {"day": moments.day(hold.ends)}


def _kept(until: datetime) -> str:
    words = _("We were asked to keep what we have of your case until %(day)s. You can still erase everything yourself "
              "at any time.")  # fmt: skip
    return words % {"day": moments.day(until)}
