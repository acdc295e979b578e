"""What an investigator does: ask, answer, ask for a hold, give a key, take a pack. Everything is written by the
organisation on their word (``tenancy.on_their_word``), after their referral was found to stand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events, holds, retention
from efface.cases.models import Case, CaseEvent, Hold
from efface.engine.base import age, deadlines, tenancy
from efface.engine.base.models import Deadline
from efface.evidence.models import Fact, InvestigatorKey, Pack, PoliceRequest, Question, Referral, ReferralPack
from efface.evidence.packs import making
from efface.evidence.referrals import referring

KEPT_ENDS = "request.ends"
ANSWER_WITHIN = timedelta(days=7)
"""What is asked to be kept is kept so long while nobody has answered."""
LONGEST, MOST_WORDS = 4000, 1000
MOST_DAYS = {
    PoliceRequest.Kind.HOLD: 30, PoliceRequest.Kind.EXTEND: 30, PoliceRequest.Kind.PRESERVE: 180,
    PoliceRequest.Kind.ACCESS: 90, PoliceRequest.Kind.RESEAL: 30,
}  # fmt: skip


class CannotAsk(ValueError):
    """The message says what would do."""


def standing(referral: uuid.UUID, investigator: uuid.UUID, now: datetime) -> Referral | None:
    """Their own referral, while it stands. The database says the same."""
    return (
        Referral.objects.select_related("case__organisation", "investigator")
        .filter(pk=referral, investigator_id=investigator, ended_at=None, until__gt=now).first()
    )  # fmt: skip


def _must_stand(row: Referral, now: datetime) -> None:
    if standing(row.pk, row.investigator_id, now) is None:
        raise CannotAsk(_("Your access to this case has ended."))


def ask(row: Referral, text: str, now: datetime, once: str = "") -> Question:
    """An investigator's question or answer. Raises ``CannotAsk``."""
    _must_stand(row, now)
    with tenancy.on_their_word():
        made = _say(row, text, f"investigator:{row.investigator_id}", True, now, once)
        referring.seen(row, "question", now)
    return made


def answer(row: Referral, text: str, actor: str, now: datetime, once: str = "") -> Question:
    """The desk's question or answer; what the police wrote counts as read. Raises ``CannotAsk``."""
    if row.ended_at is not None or row.until <= now:
        raise CannotAsk(_("Their access has ended: they could not read it. Refer the case again first."))
    made = _say(row, text, actor, False, now, once)
    Question.objects.filter(referral=row, from_police=True, read_at=None).update(read_at=now)
    return made


def _say(row: Referral, text: str, by: str, from_police: bool, now: datetime, once: str) -> Question:
    text = text.replace("\x00", "").strip()
    if not text:
        raise CannotAsk(_("Write something first."))
    if len(text) > LONGEST:
        raise CannotAsk(_("This is longer than %(n)d characters; please send it in two parts.") % {"n": LONGEST})
    try:
        with transaction.atomic():
            made = Question.objects.create(
                organisation_id=row.organisation_id, case_id=row.case_id, referral=row, from_police=from_police,
                by=by, at=now, text=text, once=once[:40],
            )  # fmt: skip
    except IntegrityError:
        return Question.objects.get(referral=row, once=once[:40])
    events.record(row.case, "referral.said", by, subject=row.pk, now=now)
    return made


def request(
    row: Referral, kind: str, days: str, why: str, now: datetime, once: str = "", hold: uuid.UUID | None = None
) -> PoliceRequest:
    """Asked of a lead; nothing happens before one decides. Raises ``CannotAsk``."""
    _must_stand(row, now)
    if kind not in PoliceRequest.Kind.values:
        raise CannotAsk(_("Choose what you ask for."))
    why = why.replace("\x00", "").strip()
    if not why:
        raise CannotAsk(_("Write why, for the lead who decides."))
    most = MOST_DAYS[PoliceRequest.Kind(kind)]
    if not days.isascii() or not days.isdigit() or len(days) > 6 or not 1 <= int(days) <= most:
        raise CannotAsk(_("Choose from 1 to %(n)d days.") % {"n": most})
    with tenancy.on_their_word():
        stands = Hold.objects.filter(case_id=row.case_id, lifted_at=None, ends__gt=now).order_by("-ends").first()
        if kind == PoliceRequest.Kind.EXTEND and stands is None:
            raise CannotAsk(_("No hold stands at the moment. Ask for a new one."))
        try:
            with transaction.atomic():
                made = PoliceRequest.objects.create(
                    organisation_id=row.organisation_id, case_id=row.case_id, referral=row, kind=kind,
                    why=why[:MOST_WORDS], owner=f"{row.investigator.name}, {row.desk}"[:80], asked_at=now,
                    asked_until=_until(row, kind, int(days), stands, now),
                    hold=stands if kind == PoliceRequest.Kind.EXTEND else None, once=once[:40],
                )  # fmt: skip
        except IntegrityError:
            return PoliceRequest.objects.get(referral=row, once=once[:40])
        by = f"investigator:{row.investigator_id}"
        events.record(row.case, "request.asked", by, subject=made.pk, now=now, what=kind)
        audit.record(row.organisation_id, by, f"request.{kind}", str(made.pk), now)
    return made


def _until(row: Referral, kind: str, days: int, stands: Hold | None, now: datetime) -> datetime:
    begins = now
    if kind == PoliceRequest.Kind.EXTEND and stands is not None:
        begins = stands.ends
    if kind == PoliceRequest.Kind.ACCESS:
        begins = row.until
    return begins + timedelta(days=days)


def decide(made: PoliceRequest, grant: bool, words: str, actor: str, now: datetime) -> PoliceRequest:
    """A lead's answer, once; what was granted happens now. Raises ``CannotAsk``."""
    row = PoliceRequest.objects.select_for_update(of=("self",)).select_related("referral__case", "hold").get(pk=made.pk)
    if not actor.startswith("lead:"):
        raise CannotAsk(_("A lead decides this."))
    if row.state != PoliceRequest.State.ASKED:
        raise CannotAsk(_("This was decided already. Nothing was done a second time."))
    if not grant and not words.strip():
        raise CannotAsk(_("Write why not: they read it."))
    if grant:
        try:
            _grant(row, actor, now)
        except (holds.CannotHold, referring.CannotRefer, making.PackRefused) as refusal:
            raise CannotAsk(str(refusal)) from refusal
    row.state = PoliceRequest.State.GRANTED if grant else PoliceRequest.State.REFUSED
    row.decided_at, row.decided_by = now, actor
    row.answer = words.strip()[:MOST_WORDS]
    row.save()
    if row.kind == PoliceRequest.Kind.PRESERVE and not grant:
        retention.released(row.case_id, now)
    events.record(row.referral.case, f"request.{row.state}", actor, subject=row.pk, now=now, what=row.kind)
    audit.record(row.organisation_id, actor, f"request.{row.state}", str(row.pk), now)
    return row


def _grant(row: PoliceRequest, actor: str, now: datetime) -> None:
    row.until = row.asked_until
    if row.asked_until <= now:
        raise CannotAsk(_("The time they asked for is over already. They can ask again."))
    case = row.referral.case
    if row.kind == PoliceRequest.Kind.HOLD:
        reason = _("asked for by the police")
        row.hold = holds.place(case, reason=reason, owner=row.owner, ends=row.asked_until, actor=actor, now=now)
    elif row.kind == PoliceRequest.Kind.EXTEND and row.hold is not None:
        holds.extend(row.hold, row.asked_until, actor, now)
    elif row.kind == PoliceRequest.Kind.ACCESS:
        referring.extend(row.referral, row.asked_until, actor, now)
    elif row.kind == PoliceRequest.Kind.RESEAL:
        row.until = None
        _reseal(row.referral, actor, now)
    elif row.kind == PoliceRequest.Kind.PRESERVE:
        deadlines.set_deadline(
            KEPT_ENDS, row.pk, row.asked_until, organisation=row.organisation_id, case=row.case_id
        )


def _reseal(row: Referral, actor: str, now: datetime) -> None:
    """Packs sealed to a key that is not theirs any more go; the same, sealed to the new one, take their place."""
    key = referring.key_of(row)
    if key is None:
        raise CannotAsk(_("They have not given a new key yet."))
    rows = ReferralPack.objects.filter(referral=row).exclude(pack__key=key.key).exclude(pack__state=Pack.State.ENDED)
    for one in list(rows.select_related("pack__case")):
        made = making.again(one.pack, key.key, actor, now)
        ReferralPack.objects.create(
            organisation_id=row.organisation_id, case_id=row.case_id, referral=row, pack=made
        )
        making.end(one.pack, actor, now)


@retention.promise
def preserved_until(case_id: uuid.UUID, now: datetime) -> datetime | None:
    """Until when a lead granted that what the case holds is kept; None where nobody did. Whoever deletes by age asks
    ``retention.kept_until``, which asks this; her own word to erase is not stopped by it."""
    rows = PoliceRequest.objects.filter(case_id=case_id, kind=PoliceRequest.Kind.PRESERVE)
    standing = rows.filter(state=PoliceRequest.State.GRANTED, until__gt=now)
    return standing.order_by("-until").values_list("until", flat=True).first()


@retention.promise
def _asked_to_keep(case_id: uuid.UUID, now: datetime) -> datetime | None:
    """While a lead has not answered whether it is kept, nothing goes by age; not for longer than they asked."""
    rows = PoliceRequest.objects.filter(case_id=case_id, kind=PoliceRequest.Kind.PRESERVE)
    waits = rows.filter(state=PoliceRequest.State.ASKED, asked_until__gt=now).order_by("-asked_until")
    until = waits.values_list("asked_until", flat=True).first()
    return min(now + ANSWER_WITHIN, until) if until else None


@deadlines.handler(KEPT_ENDS)
def _kept_ends(deadline: Deadline, now: datetime) -> None:
    _request_over(deadline.subject, now)


@events.on("hold.ended", "hold.lifted")
def _hold_over(event: CaseEvent) -> None:
    kinds = (PoliceRequest.Kind.HOLD, PoliceRequest.Kind.EXTEND)
    granted = PoliceRequest.objects.filter(hold_id=event.subject or event.pk, kind__in=kinds)
    for row in granted.filter(state=PoliceRequest.State.GRANTED):
        _request_over(row.pk, event.at)


def _request_over(request_id: uuid.UUID, now: datetime) -> None:
    row = PoliceRequest.objects.select_related("case").filter(pk=request_id, state=PoliceRequest.State.GRANTED).first()
    if row is not None:
        PoliceRequest.objects.filter(pk=row.pk).update(state=PoliceRequest.State.ENDED)
        events.record(row.case, "request.ended", "engine", subject=row.pk, now=now, what=row.kind)
        if row.kind == PoliceRequest.Kind.PRESERVE:
            retention.released(row.case_id, now)


def give_key(organisation: uuid.UUID, user: uuid.UUID, text: str, lost: bool, now: datetime) -> InvestigatorKey:
    """Their public key; an older one is ended, and for each referral with packs sealed to it a lead is asked to seal
    them anew. Raises ``age.KeyUnusable``."""
    key = age.recipient(text)
    with tenancy.on_their_word():
        before = InvestigatorKey.objects.filter(organisation_id=organisation, user_id=user, ended_at=None).first()
        if before is not None and before.key == key:
            return before
        if before is not None:
            before.ended_at, before.ended_why = now, "lost" if lost else "changed"
            before.save()
        made = InvestigatorKey.objects.create(organisation_id=organisation, user_id=user, key=key, at=now)
        audit.record(organisation, f"investigator:{user}", "key.given", str(made.pk), now)
        if before is not None:
            _ask_to_reseal(organisation, user, before, now)
    return made


def _ask_to_reseal(organisation: uuid.UUID, user: uuid.UUID, before: InvestigatorKey, now: datetime) -> None:
    why = _("The old key was lost.") if before.ended_why == "lost" else _("There is a new key.")
    rows = Referral.objects.filter(organisation_id=organisation, investigator_id=user, ended_at=None, until__gt=now)
    for row in rows.select_related("case__organisation", "investigator"):
        packs = ReferralPack.objects.filter(referral=row, pack__key=before.key).exclude(pack__state=Pack.State.ENDED)
        if packs.exists():
            request(row, PoliceRequest.Kind.RESEAL, "30", why, now, once=f"key:{before.pk.hex[:30]}")


def take(row: Referral, pack_id: uuid.UUID, now: datetime) -> tuple[Pack, Iterator[bytes]]:
    """The sealed file of a pack that was made for them. Raises ``CannotAsk`` and ``PackRefused``."""
    _must_stand(row, now)
    pack = Pack.objects.select_related("case").filter(pk=pack_id, case_id=row.case_id).first()
    if pack is None:
        raise CannotAsk(_("There is no such pack."))
    with tenancy.on_their_word():
        pieces = making.open_for(pack, f"investigator:{row.investigator_id}", now)
        referring.seen(row, "pack", now)
    return pack, pieces


def demanded(case: Case) -> bool:
    """Whether somebody demands something of her, as far as a person confirmed it."""
    return Fact.objects.filter(case=case, state=Fact.State.CONFIRMED).exists()
