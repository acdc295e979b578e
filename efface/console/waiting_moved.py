"""Notices that were held back because their party is not in charge of the site any more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import Case
from efface.console.decision import Blank, Decision, Fact, Option, exposures, mark
from efface.console.waiting_case import Within, narrowed
from efface.takedown.models import Notice


def moved_rows() -> QuerySet[Notice]:
    return Notice.objects.filter(state=Notice.State.HELD, case__state=Case.State.OPEN, finding__stopped="")


def moved(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = moved_rows().select_related("case", "route", "finding__site")
    for one in narrowed(rows.order_by("drafted_at"), case, only, lock):
        route = one.route
        yield Decision(
            kind="moved", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("This party is not in charge any more"),
            proposed=_("Drop it; whoever is in charge now gets a notice of their own."),
            reason=_("Before this notice left, the look-up named others: %(why)s") % {"why": one.state_why},
            options=(
                Option("drop", _("Drop it"), "primary"),
                Option("keep", _("Write to them all the same"), "careful"),
            ),
            blanks=(Blank("why", _("Why they can still act"), needed_for=("keep",)),),
            facts=(
                Fact("recipient", _("Recipient"), one.contact),
                Fact("party", _("Party"), route.party_name or route.party_key),
                Fact("role", _("Their part"), route.role),
                Fact("site", _("Site"), one.finding.site.domain),
                Fact("page", _("Page"), one.finding.page_url or "", address=True),
                Fact("reference", _("Our reference"), one.reference, side=True),
            ),
            exposure=exposures(one.exposure_lines or route.exposure_lines),
            harm=2, since=one.drafted_at, mark=mark(one.pk, one.state, one.contact, one.state_why),
        )  # fmt: skip
