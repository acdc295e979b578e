"""What waits because of partners: reports that others sent, and news that could not be brought to them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from efface.accounts.models import Member
from efface.cases.models import Case
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.waiting_case import Within, narrowed
from efface.engine.base.text import defang
from efface.partners import hooks
from efface.partners import reports as received
from efface.partners.models import Hook, News, Report

FEW = 3
"""Addresses that stand in the queue itself; all of them stand below."""


def reports(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Drafts, for whoever decides: a report belongs to no case before somebody says so, so in a part of the cases
    there is none."""
    if case and case.ids is None:
        return
    rows = Report.objects.filter(state=Report.State.DRAFT).select_related("partner")
    found = narrowed(rows.order_by("at", "pk"), case, only, lock)
    cases = received.whose(found)
    for one in found:
        yield _report(one, cases[one.pk])


def _report(one: Report, cases: list[Case]) -> Decision:
    content: Any = one.content if isinstance(one.content, dict) else {}
    addresses = received.addresses(one)
    proposed, reason, options, harm = _asked(one, cases)
    left_out = int(content.get("more", 0))
    return Decision(
        kind="report", id=one.pk, case_id=None, reference="", danger=any(known.danger for known in cases),
        title=_("A report that others sent"), proposed=proposed, reason=reason, options=options,
        blanks=(Blank("reference", _("Reference of the case"), needed_for=("link",)),)
        if any(option.value == "link" for option in options) else (),
        facts=(
            Fact("kind", _("Kind, as they say"), str(content.get("kind", ""))),
            Fact("reporter", _("Reported by"), str(content.get("reporter", ""))),
            Fact("partner", _("Sent with the key of"), one.partner.name if one.partner is not None else ""),
            Fact("known", _("Known in"), ", ".join(known.reference for known in cases)),
            Fact("description", _("Their words"), str(content.get("description", ""))),
            *(Fact("url", _("Address"), url, address=True) for url in addresses[:FEW]),
            Fact("left-out", _("Addresses that were left out"), str(left_out) if left_out else ""),
        ),
        text_label=ngettext("One address", "All %(n)d addresses", len(addresses)) % {"n": len(addresses)},
        text="\n".join(defang(url) for url in addresses) if len(addresses) > FEW else "",
        notes=(_("Please do not open the addresses: the scanner looks for you."),),
        harm=harm, since=one.at, mark=mark(one.pk, one.state, *(known.pk for known in cases)),
    )  # fmt: skip


def _asked(one: Report, cases: list[Case]) -> tuple[str, str, tuple[Option, ...], int]:
    """Proposal, reason, answers, harm."""
    aside, other = Option("drop", _("Set aside")), Option("link", _("Add to another case"))
    if received.of_children(one):
        return (
            _("Have its sites stopped: a lead reports them to a hotline, with the addresses alone."),
            _("Whoever sent it calls it child material. Nobody here looks at it to make sure."),
            (Option("child", _("Stop its sites"), "careful"), aside), 0,
        )  # fmt: skip
    if len(cases) == 1:
        named = {"reference": cases[0].reference}
        known = Option("known", _("Add to %(reference)s") % named, "primary")
        return (
            _("Add its addresses to the case %(reference)s.") % named,
            _("An address in it is known in this case; the others may be copies."), (known, other, aside), 2,
        )  # fmt: skip
    add = Option("link", _("Add to this case"), "primary")
    if cases:
        return (
            _("Say which of the cases it belongs to, or set it aside."),
            _("Addresses in it are known in more than one case."), (add, aside), 2,
        )  # fmt: skip
    return (
        _("Say which case it belongs to, or set it aside."),
        _("None of its addresses is known in an open case."), (add, aside), 3,
    )  # fmt: skip


def undelivered(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Addresses of partners that took nothing for three weeks: a person says what becomes of them. One decision for
    each address, however many cases it is about."""
    if case and case.ids is None:
        return
    stuck = News.objects.filter(hook=OuterRef("pk"), state=News.State.STUCK)
    rows = Hook.objects.filter(Exists(stuck), ended_at=None).select_related("partner")
    for one in narrowed(rows.order_by("made_at", "pk"), case, only, lock):
        waiting = hooks.lines(one)
        given_up = next(line for line in waiting if line.stuck)
        yield Decision(
            kind="undelivered", id=one.pk, case_id=None, reference="",
            title=_("A partner could not be told"),
            proposed=_("Ask the partner whether its address works again, then send it once more."),
            reason=_("It was tried for three weeks. What happened since waits behind it, in order."),
            options=(
                Option("again", _("Send it again"), "primary"), Option("end", _("Tell it nothing any more"), "careful"),
            ),
            facts=(
                Fact("partner", _("Partner"), one.partner.name),
                Fact("answer", _("What its address answered last"), given_up.answer),
                Fact("tries", _("Tries"), str(given_up.tries)),
                Fact("cases", _("Cases it is about"), str(len(waiting))),
                Fact("news", _("News that wait"), str(sum(line.waiting for line in waiting))),
            ),
            harm=6, since=given_up.since, mark=mark(one.pk, given_up.tries, str(one.url)),
        )  # fmt: skip
