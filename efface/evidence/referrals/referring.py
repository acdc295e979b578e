"""Referring a case to an investigator, for a time; ending it; and what ends by itself.

To the police only with her consent, or where a lead names the statute that obliges. Whom a report may hurt was said to
her before.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from efface.accounts import audit, programmes
from efface.accounts.models import AuditEntry, Member, Role, User
from efface.cases import events, messages, uses
from efface.cases.may import may
from efface.cases.models import Age, Case, CaseEvent, Purpose
from efface.engine.base import deadlines, moments
from efface.engine.base.models import Deadline
from efface.evidence.models import InvestigatorKey, Pack, PoliceRequest, Referral, ReferralPack
from efface.evidence.packs import making
from efface.evidence.referrals import desks

ENDS = "referral.ends"
USUAL, LONGEST = timedelta(days=30), timedelta(days=180)
PARTS: dict[str, str] = {
    "name": "her name", "pages": "addresses of pages", "proof": "captures of pages, with timestamps",
    "demands": "who demands what: accounts, wallets, sums, deadlines",
}  # fmt: skip
"""What of a case an investigator may be shown."""
OF_A_MINOR = ("pages",)
"""Of somebody who is, or may be, under 18: addresses and nothing else."""
SEEN = "referral.seen."
PAGES = ("case", "table", "letter", "pack", "question")


class CannotRefer(ValueError):
    """It is not referred, or not any more; the message says what would do."""


@dataclass(frozen=True, slots=True)
class Order:
    """``investigator`` a user's id; ``days`` from 1 to 180; ``risks_told``: she heard whom a report may hurt;
    ``statute``: what obliges, where it goes without her consent; ``once``: the form it came from;
    ``programme``: id of the agency's terms, "" where it is served like everybody, free."""

    investigator: uuid.UUID | None
    desk: str
    parts: Sequence[str]
    days: int = USUAL.days
    ground: str = Referral.Ground.CONSENT
    statute: str = ""
    risks_told: bool = False
    file_number: str = ""
    once: str = ""
    programme: str = ""


def investigators(organisation: uuid.UUID) -> list[User]:
    rows = Member.objects.filter(organisation_id=organisation, role=Role.INVESTIGATOR, user__is_active=True)
    return [row.user for row in rows.select_related("user").order_by("user__name", "pk")]


def parts_of(case: Case) -> dict[str, str]:
    """What may be shown of this case."""
    return PARTS if case.age == Age.ADULT else {name: PARTS[name] for name in OF_A_MINOR}


def refused(case: Case, ground: str, statute: str, actor: str, now: datetime) -> str:
    """Why it may not be referred on this ground, in words; "" where it may."""
    if case.state == Case.State.ERASED:
        return _("The case was erased.")
    if ground == Referral.Ground.STATUTE:
        if not actor.startswith("lead:"):
            return _("Only a lead can say that a statute obliges.")
        return "" if statute.strip() else _("Write which statute obliges, as it is cited.")
    answer = may(case, Purpose.POLICE, now)
    return "" if answer else _("She has not agreed that the police get it: %(why)s") % {"why": answer.reason}


def refer(case: Case, given: Order, actor: str, now: datetime) -> Referral:
    """The same form twice gives the referral it gave before. Raises ``CannotRefer``."""
    person = next((one for one in investigators(case.organisation_id) if one.pk == given.investigator), None)
    problem = _problem(case, given, person, actor, now)
    if problem or person is None:
        raise CannotRefer(problem)
    parts = [name for name in parts_of(case) if name in given.parts]
    try:
        with transaction.atomic():
            row = Referral.objects.create(
                organisation_id=case.organisation_id, case=case, investigator=person, reference=case.reference,
                desk=_line(given.desk, 120), file_number=_line(given.file_number, 60), ground=given.ground,
                statute=_line(given.statute, 200) if given.ground == Referral.Ground.STATUTE else "", parts=parts,
                terms=_terms(given.programme),
                by=actor, at=now, until=now + timedelta(days=given.days), once=given.once[:40],
            )  # fmt: skip
    except IntegrityError:
        before = Referral.objects.filter(case=case, once=given.once[:40]).exclude(once="").first()
        if before is not None:
            return before
        raise CannotRefer(_("This case stands referred to them already.")) from None
    deadlines.set_deadline(ENDS, row.pk, row.until, organisation=row.organisation_id, case=row.case_id)
    events.record(case, "referral.made", actor, subject=row.pk, now=now, ground=row.ground, parts=parts)
    audit.record(row.organisation_id, actor, "referral.made", str(row.pk), now)
    if row.ground == Referral.Ground.CONSENT:
        uses.note(case, Purpose.POLICE, "passed-on", now, by=row.desk)
    return row


def _terms(programme: str) -> str:
    """As they stand now, in words: what a coordinator changes later changes no referral that stands."""
    row = next((one for one in programmes.for_agencies() if str(one.pk) == programme), None)
    return programmes.said(row)[:200] if row else ""


def _problem(case: Case, given: Order, person: User | None, actor: str, now: datetime) -> str:
    if given.ground not in Referral.Ground.values:
        return _("Choose whether she wants it or a statute obliges.")
    reason = refused(case, given.ground, given.statute, actor, now)
    if reason:
        return reason
    if person is None:
        return _("Choose the investigator. Whoever is not in the list has to be invited first.")
    if given.programme and not _terms(given.programme):
        return _("These terms are not open any more. Choose again, or leave it free.")
    if not given.desk.strip():
        return _("Write which police unit or desk it is.")
    if not 1 <= given.days <= LONGEST.days:
        return _("Choose from 1 to %(n)d days.") % {"n": LONGEST.days}
    if not any(name in parts_of(case) for name in given.parts):
        return _("Choose at least one thing that they are shown.")
    risks = desks.prepared(case, case.organisation.country).risks
    if given.ground == Referral.Ground.CONSENT and risks and not given.risks_told:
        return _("Tell her first whom a report can hurt, and tick that she heard it.")
    return ""


def _line(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest]


def end(row: Referral, why: str, actor: str, now: datetime) -> bool:
    """From now on the investigator sees nothing of the case, and packs that lie here go. False: it had ended."""
    if not Referral.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now, ended_by=actor, ended_why=why):
        return False
    deadlines.cancel(subject=row.pk, kind=ENDS)
    for one in ReferralPack.objects.filter(referral=row).select_related("pack__case"):
        making.end(one.pack, actor, now)
    PoliceRequest.objects.filter(referral=row, state=PoliceRequest.State.ASKED).update(
        state=PoliceRequest.State.ENDED, decided_at=now, decided_by=actor
    )
    events.record(row.case, "referral.ended", actor, subject=row.pk, now=now, why=why)
    audit.record(row.organisation_id, actor, "referral.ended", str(row.pk), now)
    return True


def extend(row: Referral, until: datetime, actor: str, now: datetime) -> None:
    """Raises ``CannotRefer``."""
    reason = refused(row.case, row.ground, row.statute, actor, now)
    if reason:
        raise CannotRefer(reason)
    if until > now + LONGEST:
        raise CannotRefer(_("Choose from 1 to %(n)d days.") % {"n": LONGEST.days})
    if not Referral.objects.filter(pk=row.pk, ended_at=None, until__gt=now, until__lt=until).update(until=until):
        raise CannotRefer(_("It has ended, or ends later already. Refer the case again."))
    row.until = until
    deadlines.set_deadline(ENDS, row.pk, until, organisation=row.organisation_id, case=row.case_id)
    events.record(row.case, "referral.extended", actor, subject=row.pk, now=now)
    audit.record(row.organisation_id, actor, "referral.extended", str(row.pk), now)


def seen(row: Referral, page: str, now: datetime) -> None:
    """An investigator opened or took something: one link of the audit chain, which the desk reads."""
    audit.record(row.organisation_id, f"investigator:{row.investigator_id}", SEEN + page, str(row.pk), now)


def views(row: Referral) -> list[AuditEntry]:
    """What its investigator opened, the latest first."""
    rows = AuditEntry.objects.filter(organisation_id=row.organisation_id, subject=str(row.pk))
    return list(rows.filter(action__startswith=SEEN).order_by("-number"))


def pack(row: Referral, actor: str, now: datetime, once: str = "") -> Pack:
    """Have the evidence made and sealed to the investigator's key. Raises ``CannotRefer`` and ``PackRefused``."""
    key = key_of(row)
    if key is None:
        raise CannotRefer(_("They have not given a public key yet. They do so on their first page."))
    if row.case.age != Age.ADULT:
        raise CannotRefer(_("Of somebody who is, or may be, under 18 no pack is made: addresses alone are passed on."))
    parts = [*row.parts, "custody"]
    given = making.Order(
        Pack.For.POLICE, f"{row.desk}, {row.investigator.name}", key.key, parts, ground=row.statute, once=once
    )
    made = making.order(row.case, given, actor, now)
    ReferralPack.objects.get_or_create(
        pack=made, defaults={"organisation_id": row.organisation_id, "case_id": row.case_id, "referral": row}
    )
    return made


def key_of(row: Referral) -> InvestigatorKey | None:
    return InvestigatorKey.objects.filter(
        organisation_id=row.organisation_id, user_id=row.investigator_id, ended_at=None
    ).first()


@deadlines.handler(ENDS)
def _over(deadline: Deadline, now: datetime) -> None:
    row = Referral.objects.select_related("case").filter(pk=deadline.subject, ended_at=None, until__lte=now).first()
    if row is not None:
        end(row, Referral.Why.TIME, "engine", now)


@events.on("consent.withdrawn", "consent.expired")
def _taken_back(event: CaseEvent) -> None:
    """She is told what the police have already, and what ends now. What a statute demands does not end."""
    if (event.data or {}).get("purpose") != Purpose.POLICE:
        return
    rows = list(Referral.objects.filter(case_id=event.case_id, ended_at=None).select_related("case"))
    ended = [one for one in rows if one.ground == Referral.Ground.CONSENT and end(
        one, Referral.Why.HER if event.kind == "consent.withdrawn" else Referral.Why.TIME, event.actor, event.at)]
    if rows:
        _tell_her(event.case, ended, [one for one in rows if one not in ended], event.at)


def _tell_her(case: Case, ended: list[Referral], stays: list[Referral], now: datetime) -> None:
    with override(case.language):
        lines = []
        for row in ended:
            lines.append(
                _("%(desk)s can read nothing of your case here any more, from now on.") % {"desk": row.desk}
            )
            taken = [one.at for one in views(row) if one.action in (SEEN + "pack", SEEN + "table", SEEN + "letter")]
            lines.append(
                _("They took files on %(day)s. Those stay with them; only they can delete them.")
                % {"day": moments.day(max(taken))} if taken else _("They had taken no file.")
            )
        for row in stays:
            lines.append(
                _("%(desk)s keeps access until %(day)s, because a law demands it: %(law)s.")
                % {"desk": row.desk, "day": moments.day(row.until), "law": row.statute}
            )
    messages.write(case, from_survivor=False, author="engine", text="\n".join(lines), now=now)


@events.on("case.erased")
def _erased(event: CaseEvent) -> None:
    for row in Referral.objects.filter(case_id=event.case_id, ended_at=None):
        Referral.objects.filter(pk=row.pk).update(
            ended_at=event.at, ended_by=event.actor, ended_why=Referral.Why.ERASED
        )
        audit.record(row.organisation_id, event.actor, "referral.ended", str(row.pk), event.at)
    Referral.objects.filter(case_id=event.case_id).update(statute="", file_number="", desk="", terms="")
    PoliceRequest.objects.filter(case_id=event.case_id).update(owner="", state=PoliceRequest.State.ENDED)
    from efface.evidence.models import Question, Signal

    Question.objects.filter(case_id=event.case_id).delete()
    Signal.objects.filter(case_id=event.case_id, outcome="").update(
        outcome=Signal.Outcome.ENDED, decided_at=event.at, decided_by=event.actor
    )
