"""The police, for somebody who was under 18 in a picture, or may have been: on her own wish, as it was heard.

Who decides depends on how old she is now and on the age at which a person decides alone where she lives (``law``).
Whoever is of age decides alone. Before that her own wish is heard too, alone, and a parent or guardian agrees, or it is
written down why nobody asks them: it may be them she has to be safe from. A second person, a lead, confirms each; it
never happens by itself, and addresses are all that may go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import consents, events, may
from efface.cases.models import Age, Case, CaseEvent, Consent, PoliceWish, Purpose
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.law import Law, load

USUAL = 18
"""The age at which a person decides alone, where the law of the place is not known here."""
OLDEST, LONGEST, DAYS = 120, 500, may.WISH_COUNTS.days
ENDS = "wish.ends"
Who = PoliceWish.Who
STANDING = (PoliceWish.State.ASKED, PoliceWish.State.CONFIRMED)


class CannotNote(ValueError):
    """It cannot be noted or confirmed; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class OfAge:
    """``age`` from which somebody decides alone in ``place`` ("" where she lives is not known); ``sure`` False: the law
    data do not say it of this place, or say that a lawyer has to check."""

    age: int
    place: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """``who`` wants it (``PoliceWish.Who``); ``age`` now, in years; ``alone``: a worker spoke with her alone;
    ``risks``: she heard whom a report may hurt; ``why``: why no guardian is asked, or how a child was heard."""

    who: str
    age: int | None
    alone: bool = False
    risks: bool = False
    why: str = ""


def of_age(country: str, law: Law | None = None) -> OfAge:
    law = law or load()
    place = law.place(country) if country else None
    if place is None or place.majority is None:
        return OfAge(USUAL, place.name if place else "")
    return OfAge(place.majority.age, place.name, not law.to_verify(place.majority))


def problem(said: Said, of_age: int) -> str:
    """What is missing, in words; "" where nothing is. Pure."""
    if said.who not in Who.values:
        return _("Choose who wants it.")
    if said.age is None or not 0 <= said.age <= OLDEST:
        return _("Write how old she is now, in years.")
    if said.who == Who.GUARDIAN and said.age >= of_age:
        return _("She is of age: nobody else can say it for her.")
    if not said.risks:
        return _("Tell her first whom a report can hurt, and tick that she heard it.")
    if not said.why.strip() and said.who == Who.GUARDIAN:
        return _("Write how she herself was heard, and that she does not object; or why a child so young could not be.")
    if said.who == Who.GUARDIAN:
        return ""
    if not said.alone:
        return _("Speak with her alone first, and tick that you did.")
    if said.who == Who.HERSELF and said.age < of_age and not said.why.strip():
        return _("Write why no parent or guardian is asked: that it may harm her, for example.")
    return ""


def note(case: Case, said: Said, actor: str, now: datetime) -> PoliceWish:
    """What was heard; a lead confirms it. Raises ``CannotNote``."""
    if case.age == Age.ADULT:
        raise CannotNote(_("She was 18 or older: her consent is noted on the case's page."))
    if case.state != Case.State.OPEN:
        raise CannotNote(_("The case is not open."))
    grown = of_age(case.country)
    words = problem(said, grown.age)
    if words:
        raise CannotNote(words)
    try:
        with transaction.atomic():
            row = PoliceWish.objects.create(
                organisation_id=case.organisation_id, case=case, who=said.who, age_now=str(said.age),
                of_age=grown.age, alone=said.alone, why=said.why.strip()[:LONGEST], by=actor, at=now,
            )  # fmt: skip
    except IntegrityError:
        raise CannotNote(_("This is noted already.")) from None
    events.record(case, "wish.noted", actor, subject=row.pk, now=now)
    audit.record(case.organisation_id, actor, "wish.noted", str(row.pk), now)
    return row


def standing(case: Case) -> bool:
    """Whether one waits for a lead, or was confirmed."""
    return PoliceWish.objects.filter(case=case, state__in=STANDING).exists()


def decide(row: PoliceWish, confirm: bool, actor: str, now: datetime) -> None:
    """A lead's word, who did not note it. From then on, and for 90 days, the police may get addresses. Raises
    ``CannotNote``."""
    locked = PoliceWish.objects.select_for_update(of=("self",)).select_related("case").get(pk=row.pk)
    if locked.state != PoliceWish.State.ASKED:
        raise CannotNote(_("This was decided already. Nothing was done a second time."))
    if not actor.startswith("lead:") or actor.partition(":")[2] == locked.by.partition(":")[2]:
        raise CannotNote(_("A lead confirms it who did not note it."))
    locked.state = PoliceWish.State.CONFIRMED if confirm else PoliceWish.State.REFUSED
    locked.decided_by, locked.decided_at = actor, now
    locked.save(update_fields=["state", "decided_by", "decided_at"])
    if confirm:
        consents.give(locked.case, Purpose.POLICE, actor, now, days=DAYS)
        deadlines.set_deadline(
            ENDS, locked.pk, now + timedelta(days=DAYS), organisation=locked.organisation_id, case=locked.case_id
        )
    events.record(locked.case, f"wish.{locked.state}", actor, subject=locked.pk, now=now)
    audit.record(locked.organisation_id, actor, f"wish.{locked.state}", str(locked.pk), now)


@deadlines.handler(ENDS)
def _over(deadline: Deadline, now: datetime) -> None:
    """After its days a wish is heard anew, however long a consent was given or renewed for."""
    confirmed = PoliceWish.objects.filter(pk=deadline.subject, state=PoliceWish.State.CONFIRMED)
    row = confirmed.select_related("case").first()
    if row is None:
        return
    standing: list[Any] = []
    if row.case.age != Age.ADULT:  # an adult's own consent stands
        given = Consent.objects.filter(case=row.case, purpose=Purpose.POLICE, withdrawn_at=None, expires_at__gt=now)
        standing = list(given.values_list("pk", flat=True))
    if not standing:
        confirmed.update(state=PoliceWish.State.ENDED)
        return
    for pk in standing:
        deadlines.cancel(subject=pk, kind=consents.EXPIRES)
        deadlines.cancel(subject=pk, kind=consents.REMINDS)
    Consent.objects.filter(pk__in=standing).update(expires_at=now)
    events.record(row.case, "consent.expired", "engine", subject=row.pk, now=now, purpose=Purpose.POLICE)


@events.on("consent.withdrawn", "consent.expired")
def _taken_back(event: CaseEvent) -> None:
    """What she takes back is over: given anew, it is heard anew."""
    if (event.data or {}).get("purpose") == Purpose.POLICE:
        PoliceWish.objects.filter(case_id=event.case_id, state__in=STANDING).update(state=PoliceWish.State.ENDED)
