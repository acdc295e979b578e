"""What waits for a lead about crime and police: signals, and what investigators ask; and for all, what they wrote."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import Case, PoliceWish
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.waiting_case import LIVING, Within, narrowed
from efface.evidence.models import PoliceRequest, Question, Signal
from efface.evidence.referrals import desks, young


def signal_rows() -> QuerySet[Signal]:
    return Signal.objects.filter(outcome=Signal.Outcome.OPEN, case__state__in=LIVING)


def request_rows() -> QuerySet[PoliceRequest]:
    """Also whether what a closed case holds is to be kept: it would go by age."""
    kept = Q(kind=PoliceRequest.Kind.PRESERVE, case__state=Case.State.CLOSED)
    return PoliceRequest.objects.filter(Q(case__state__in=LIVING) | kept, state=PoliceRequest.State.ASKED)


def question_rows() -> QuerySet[Question]:
    return Question.objects.filter(from_police=True, read_at=None, case__state__in=LIVING)


def signals(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """On top of everything, until a lead took it in hand."""
    rows = signal_rows().select_related("case")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        prepared = desks.prepared(one.case, member.organisation.country)
        yield Decision(
            kind="signal", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=True,
            title=_("Signalled: %(what)s") % {"what": one.get_kind_display()},
            proposed=_("Think of her safety first, then go through the desks with her."),
            reason=_("Nobody outside was told. The police hear of it with her consent, or where a statute obliges."),
            options=(Option("taken", _("I have it in hand"), "primary"),
                     Option("not-so", _("It was no such thing"), "careful")),
            blanks=(Blank("why", _("Why it was no such thing"), needed_for=("not-so",)),),
            facts=(Fact("note", _("What was said"), str(one.note or "")),
                   Fact("by", _("Signalled by"), one.by.partition(":")[0]),
                   Fact("place", _("Where she is"), one.case.country or _("not known"))),
            reasons=tuple(f"{place}: {who}: {how}" for place, who, how in prepared.risks),
            text_label=_("Desks that are prepared"), text=_desks(prepared),
            notes=(_("The list under “Why” says whom a report to the police may hurt. Tell her before she decides. "
                     "The page “Police and hotlines” of the case has the way on."),),
            harm=0, since=one.at, mark=mark(one.pk, one.outcome),
        )  # fmt: skip


def _desks(prepared: desks.Prepared) -> str:
    lines: list[str] = []
    if prepared.unknown:
        lines += [_("It is not known where she is. Ask her: the desks below are those of this organisation."), ""]
    for place in prepared.places:
        lines.append(place.name)
        if place.emergency:
            lines.append("- " + _("In danger now: %(number)s") % {"number": place.emergency})
        for desk in (*place.helplines, *place.police):
            lines.append("- " + ": ".join(filter(None, (desk.name, desk.contact))))
        lines.append("")
    lines += [f"- {way.name}: {way.url or way.contact}" for way in prepared.hotlines]
    return "\n".join(lines)


def requests(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = request_rows().select_related("case", "referral")
    for one in narrowed(rows.order_by("asked_at"), case, only, lock):
        why = {
            PoliceRequest.Kind.HOLD: _("No notice leaves while it stands. It ends by itself."),
            PoliceRequest.Kind.EXTEND: _("The hold ends later, by itself."),
            PoliceRequest.Kind.PRESERVE: _("What the case holds is not deleted by age until then. She can still have "
                                           "everything erased."),
            PoliceRequest.Kind.ACCESS: _("They can read the case for longer."),
            PoliceRequest.Kind.RESEAL: _("Packs sealed to the old key are removed, and made again for the new one. "
                                         "Read the new key's first and last letters to each other by telephone."),
        }[PoliceRequest.Kind(one.kind)]  # fmt: skip
        yield Decision(
            kind="police-request", id=one.pk, case_id=one.case_id, reference=one.case.reference,
            danger=one.case.danger,
            title=_("Police ask: %(what)s") % {"what": one.get_kind_display()},
            proposed=_("Grant it for the time they ask, or say why not."), reason=why,
            options=(Option("grant", _("Grant it"), "primary"), Option("refuse", _("Refuse"), "careful")),
            blanks=(Blank("answer", _("Your answer to them"), needed_for=("refuse",)),),
            facts=(Fact("owner", _("Who asks"), one.owner), Fact("why", _("Why"), str(one.why or "")),
                   Fact("until", _("Until"), one.asked_until.strftime("%Y-%m-%d %H:%M UTC"))),
            harm=1, since=one.asked_at, mark=mark(one.pk, one.state, one.asked_until),
        )  # fmt: skip


def wish_rows(member: Member) -> QuerySet[PoliceWish]:
    """Those that somebody else heard."""
    rows = PoliceWish.objects.filter(state=PoliceWish.State.ASKED, case__state__in=LIVING)
    return rows.exclude(by__endswith=f":{member.user_id}")


def wishes(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Of somebody under 18, or whose age is not known: to be confirmed by a lead who did not note it."""
    for one in narrowed(wish_rows(member).select_related("case").order_by("at"), case, only, lock):
        prepared = desks.prepared(one.case, member.organisation.country)
        grown = young.of_age(one.case.country)
        age = _("%(age)s years; where she is one decides alone from %(from)d on") % {
            "age": one.age_now, "from": one.of_age
        }  # fmt: skip
        yield Decision(
            kind="police-wish", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("She wants the police"), proposed=_("Confirm it, if nobody pressed her."),
            reason=_("She was, or may have been, under 18. Addresses alone may go, to whom you choose afterwards. "
                     "Nothing goes by itself."),
            options=(Option("confirm", _("I confirm it"), "primary"), Option("refuse", _("Not yet"), "careful")),
            facts=(Fact("who", _("Who wants it"), one.get_who_display()), Fact("age", _("How old she is now"), age),
                   Fact("alone", _("Spoken with alone"), _("yes") if one.alone else _("no")),
                   Fact("why", _("Why, or how"), str(one.why or "")),
                   Fact("by", _("Heard by"), one.by.partition(":")[0])),
            reasons=tuple(f"{place}: {who}: {how}" for place, who, how in prepared.risks),
            notes=() if grown.sure else (
                _("From which age one decides alone there is not checked. Ask a lawyer where it matters."),
            ),
            harm=1, since=one.at, mark=mark(one.pk, one.state),
        )  # fmt: skip


def questions(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    for one in narrowed(question_rows().select_related("case", "referral").order_by("at"), case, only, lock):
        yield Decision(
            kind="police-question", id=one.pk, case_id=one.case_id, reference=one.case.reference,
            danger=one.case.danger, title=_("The police wrote"), proposed=_("Read it and answer."),
            reason=_("Say nothing that she has not agreed to."),
            options=(Option("read", _("Read")), Option("answer", _("Send the answer"), "primary")),
            blanks=(Blank("text", _("Answer"), long=True, needed_for=("answer",)),),
            facts=(Fact("desk", _("From"), one.referral.desk),),
            text_label=_("What they wrote"), text=str(one.text or ""), harm=1, since=one.at, mark=mark(one.pk),
        )  # fmt: skip
