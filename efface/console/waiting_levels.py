"""What only a lead decides about level L1: her word was said, or a face is in more than one case."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import FaceAlarm, SafetySign
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.waiting_case import LIVING, Within, narrowed


def sign_rows() -> QuerySet[SafetySign]:
    return SafetySign.objects.filter(outcome="", case__state__in=LIVING)


def alarm_rows() -> QuerySet[FaceAlarm]:
    return FaceAlarm.objects.filter(outcome="", case__state__in=LIVING)


def signs(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """She said or typed her word. What is shown to her, and to whoever is with her, has not changed."""
    rows = sign_rows().select_related("case")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        where = {"conversation": _("in the conversation"), "message": _("in a message")}.get(one.where, one.where)
        yield Decision(
            kind="sign", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=True,
            title=_("She said her word"),
            proposed=_("Think of her safety first. Do not write or call about it."),
            reason=_("Somebody may be making her do this. Search for face and names is off already; her pages look as "
                     "they did, so that nobody beside her notices."),
            options=(Option("safe", _("She is safe: a new conversation may be held")),
                     Option("stays", _("Search stays off"), "careful")),
            blanks=(Blank("why", _("How you know that she is safe"), needed_for=("safe",)),),
            facts=(Fact("where", _("Where"), where),),
            notes=(
                _("Her colleague saw an ordinary end of the conversation. Tell only who has to know.")
                if one.where == "conversation" else
                _("Her message stands in her thread and is not put to anybody to answer. Tell only who has to know."),
            ),
            harm=0, since=one.at, mark=mark(one.pk, one.outcome),
        )  # fmt: skip


def alarms(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """One face in two cases, or one that somebody blocked. Which other case it is cannot be seen from here."""
    rows = alarm_rows().select_related("case")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        title, reason = {
            FaceAlarm.Kind.SAME: (
                _("The same face is in another case"),
                _("She may have asked for help twice. Or somebody who is not her enrolled her photos, here or there."),
            ),
            FaceAlarm.Kind.BLOCKED: (
                _("Somebody with this face asked not to be searched for"),
                _("She may have done so herself. Or the person who was attested here is not the person in the photos."),
            ),
        }.get(FaceAlarm.Kind(one.kind), (
            _("A face was refused at enrolment"),
            _("Somebody with this face asked not to be searched for. Nothing of the photos was kept."),
        ))  # fmt: skip
        yield Decision(
            kind="face-alarm", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=title,
            proposed=_("Before you decide, let a colleague who does not know the case speak with her, alone and live."),
            reason=reason,
            options=(Option("goes-on", _("It is her: it goes on")),
                     Option("ended", _("End search for this face"), "careful")),
            blanks=(Blank("why", _("Why"), needed_for=("goes-on", "ended")),),
            facts=(),
            notes=(_("Until you decide the face of this case is not used. Which other case it is, and whose, is "
                     "told to nobody."),),
            harm=0, since=one.at, mark=mark(one.pk, one.outcome),
        )  # fmt: skip
