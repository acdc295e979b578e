"""What waits of letters beyond a reply itself: that somebody shows our notices to others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.console.decision import Decision, Fact, Option, mark
from efface.console.waiting_case import Within, narrowed
from efface.takedown.models import Publication


def publication_rows() -> QuerySet[Publication]:
    return Publication.objects.filter(seen_at=None)


def publications(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = publication_rows().select_related("case", "notice__route", "notice__finding__site")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        notice = one.notice
        operator = notice.route.role == "operator"
        yield Decision(
            kind="publication",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("Our notice is shown to others"),
            proposed=_("Read where it stands, tell her in the words you agreed on, and say that you have seen it."),
            reason=_("Nobody writes to this operator any more, in any case; what waited for them was taken back.")
            if operator
            else _("This party is not the operator: whether it is written to again is for you to say."),
            options=(Option("seen", _("I have seen it"), "primary"),),
            facts=(
                Fact("site", _("Site"), notice.finding.site.domain),
                Fact("party", _("Who shows it"), notice.route.party_name or notice.route.party_key),
                Fact("how", _("How we know"), str(Publication.How(one.how).label)),
                Fact("where", _("Where"), str(one.where or ""), address=one.how == Publication.How.PAGE),
                Fact("notice", _("Our notice"), notice.reference),
            ),
            harm=1,
            since=one.at,
            mark=mark(one.pk, one.how),
        )
