"""The one question every use asks: may this case's data be used for this purpose, now? Fails closed."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from efface.accounts.models import FaceSearchPermission
from efface.cases.models import Age, Case, CaseKind, Consent, FaceAlarm, Hold, Level, PoliceWish, Purpose
from efface.engine.base import clock

WISH_COUNTS = timedelta(days=90)
"""How long the wish for the police of somebody who was under 18 counts after a lead confirmed it."""

NEEDS_ATTESTED = {Purpose.FACE_SEARCH, Purpose.TEXT_SEARCH, Purpose.BLOCK_FACE}
SENDS = {Purpose.NOTIFY, Purpose.CONTACT_OPERATOR}


@dataclass(frozen=True, slots=True)
class May:
    """An answer with its reason. False in a condition where it is no."""

    yes: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.yes


def decide(
    *,
    kind: str,
    state: str,
    level: str,
    age: str,
    consented_until: datetime | None,
    face_search_on: bool,
    on_hold: bool,
    face_alarm: bool,
    purpose: str,
    now: datetime,
    wished: bool = False,
) -> May:
    """The rule itself, without a database. ``consented_until`` is the latest end of a consent that stands, or None;
    ``face_alarm``: the face is in another case too, or somebody blocked it, and no lead has decided yet; ``wished``: of
    somebody under 18, or whose age is not known, that she wants the police was heard and confirmed (``young``)."""
    if purpose not in Purpose.values:
        return May(False, _("This use is not known."))
    if (kind == CaseKind.BLOCK) != (purpose == Purpose.BLOCK_FACE):
        return May(False, _("This is not what this case is for."))
    if state != Case.State.OPEN:
        return May(False, _("The case is not open."))
    if age != Age.ADULT and purpose == Purpose.POLICE and not wished:
        return May(False, _("Under 18 then, or age not known: a worker hears the wish for the police first. "
                            "A second worker confirms it."))  # fmt: skip
    if age != Age.ADULT and purpose != Purpose.POLICE:
        return May(False, _("The person's age when the pictures were made is not known to be 18 or more."))
    if consented_until is None:
        return May(False, _("There is no consent for this."))
    if consented_until <= now:
        return May(False, _("The consent for this has expired."))
    if purpose in NEEDS_ATTESTED and level != Level.ATTESTED:
        return May(False, _("The case is not attested."))
    if purpose == Purpose.FACE_SEARCH and not face_search_on:
        return May(False, _("Face search is switched off in this organisation."))
    if purpose == Purpose.FACE_SEARCH and face_alarm:
        return May(False, _("A lead of your organisation looks at this first."))
    if purpose in SENDS and on_hold:
        return May(False, _("A hold stops notices for now."))
    return May(True)


def may(case: Case, purpose: str, now: datetime | None = None) -> May:
    """See the module. Reads what stands in the database at this moment; any failed look-up is a no."""
    return _answer(case, purpose, now or clock.now())


def may_many(
    cases: Collection[uuid.UUID], purposes: Collection[str], now: datetime
) -> dict[tuple[uuid.UUID, str], May]:  # fmt: skip
    """The same for many cases and purposes with a handful of questions. A case that is not there is a no."""
    missing = May(False, _("The case is not there."))
    found = {(case, purpose): missing for case in cases for purpose in purposes}
    consents: dict[tuple[uuid.UUID, str], datetime] = {}
    given = Consent.objects.filter(case__in=cases, purpose__in=purposes, withdrawn_at=None, given_at__lte=now)
    for case_id, purpose, until in given.values_list("case_id", "purpose", "expires_at"):
        consents[case_id, purpose] = max(until, consents.get((case_id, purpose), until))
    holds = Hold.objects.filter(case__in=cases, lifted_at=None, begins__lte=now, ends__gt=now)
    held = set(holds.values_list("case_id", flat=True))
    alarmed, permitted = set(), set()
    if Purpose.FACE_SEARCH in purposes:
        alarms = FaceAlarm.objects.filter(case__in=cases, outcome=FaceAlarm.Outcome.OPEN)
        alarmed = set(alarms.values_list("case_id", flat=True))
        standing = FaceSearchPermission.objects.filter(withdrawn_at=None)
        permitted = set(standing.values_list("organisation_id", flat=True))
    rows = list(Case.objects.filter(pk__in=cases).only("kind", "state", "level", "age", "organisation"))
    young = [case.pk for case in rows if case.age != Age.ADULT] if Purpose.POLICE in purposes else []
    wished = _wished(young, now)
    for case in rows:
        for purpose in purposes:
            found[case.pk, purpose] = decide(
                kind=case.kind, state=case.state, level=case.level, age=case.age,
                consented_until=consents.get((case.pk, purpose)), purpose=purpose, now=now,
                face_search_on=case.organisation_id in permitted,
                on_hold=case.pk in held, face_alarm=case.pk in alarmed, wished=case.pk in wished,
            )  # fmt: skip
    return found


def as_if(case: Case, purpose: str, level: str, now: datetime) -> May:
    """What ``may`` would say at another level. For pages to show, never before a use."""
    return _answer(case, purpose, now, level)


def _answer(case: Case, purpose: str, now: datetime, level: str = "") -> May:
    try:
        consent = (
            Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None, given_at__lte=now)
            .order_by("-expires_at")
            .first()
        )
        case = Case.objects.get(pk=case.pk)
        return decide(
            kind=case.kind,
            state=case.state,
            level=level or case.level,
            age=case.age,
            consented_until=consent.expires_at if consent else None,
            face_search_on=FaceSearchPermission.objects.filter(
                organisation_id=case.organisation_id, withdrawn_at=None
            ).exists(),
            on_hold=Hold.objects.filter(case=case, lifted_at=None, begins__lte=now, ends__gt=now).exists(),
            face_alarm=FaceAlarm.objects.filter(case=case, outcome=FaceAlarm.Outcome.OPEN).exists(),
            purpose=purpose,
            now=now,
            wished=bool(_wished([case.pk] if purpose == Purpose.POLICE and case.age != Age.ADULT else [], now)),
        )
    except Case.DoesNotExist:
        return May(False, _("The case is not there."))


def _wished(young: Collection[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Of these cases the ones whose wish for the police was heard and confirmed, not longer ago than it counts."""
    if not young:
        return set()
    rows = PoliceWish.objects.filter(
        case__in=young, state=PoliceWish.State.CONFIRMED, decided_at__gt=now - WISH_COUNTS
    )  # fmt: skip
    return set(rows.values_list("case_id", flat=True))
