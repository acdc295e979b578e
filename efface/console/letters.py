"""The letters about a case: what went out and what came back, in the order of time, for each notice a thread."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit
from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.console.heard import Heard, heard, mails
from efface.console.opening import actor, living
from efface.console.typed import one_line
from efface.console.words import reply_kinds, wanted
from efface.engine.base import clock
from efface.takedown import answering, publishing
from efface.takedown.models import Notice, Publication, Route

MOST_THREADS = 50
"""Of one case; the newest."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. ``ours``: it went out from here. ``kind`` says what a reply is taken for, ``because`` for which
    sentence, ``sure`` 0..1; ``asks`` what it asks for; ``notice`` is the id of what went out; ``about`` says which of
    several findings an answer is about."""

    at: datetime
    ours: bool
    title: str
    text: str
    state: str = ""
    sender: str = ""
    kind: str = ""
    because: str = ""
    sure: float = 0.0
    asks: str = ""
    waits: str = ""
    notice: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    route: Route
    notice: Notice
    letters: list[Letter] = field(default_factory=list)
    shown_to_others: bool = False
    named: list[Notice] = field(default_factory=list)
    """Of a mail that names several findings, each one's notice; else empty."""


def threads(case: Case) -> list[Thread]:
    """The threads of a case, the newest first; a notice that never left has none. What left in another notice's mail
    stands in that one's thread."""
    notices = (
        Notice.objects.filter(case=case, sent_at__isnull=False)
        .select_related("route", "finding__site")
        .order_by("sent_at")
    )
    came: dict[uuid.UUID, list[Heard]] = {}
    for one in heard(case):
        came.setdefault(one.row.notice_id, []).append(one)
    groups = mails(case)
    shown = set(Publication.objects.filter(case=case).values_list("notice__route", flat=True))
    found: dict[uuid.UUID, Thread] = {}
    for notice in notices:
        if notice.together_id is not None and notice.pk not in came:
            continue
        thread = found.setdefault(
            notice.route_id, Thread(notice.route, notice, shown_to_others=notice.route_id in shown)
        )
        thread.letters.append(_sent(notice))
        thread.letters.extend(_came(one) for one in came.get(notice.pk, []))
        thread.named.extend(one for one in groups.get(notice.pk, ()) if one not in thread.named)
    for thread in found.values():
        thread.letters.sort(key=lambda one: one.at)
    return sorted(found.values(), key=lambda one: one.letters[-1].at, reverse=True)[:MOST_THREADS]


def _sent(notice: Notice) -> Letter:
    assert notice.sent_at is not None
    return Letter(
        notice.sent_at, True, str(notice.subject_line or notice.reference), str(notice.text or ""),
        str(notice.get_state_display()), notice.contact, notice=str(notice.pk),
    )  # fmt: skip


def _about(one: Heard) -> str:
    """Said where the mail named several findings."""
    if not one.shared:
        return ""
    if one.all_of_it:
        return _("about all %(n)d findings the mail named") % {"n": one.named}
    return _("about %(references)s alone") % {"references": ", ".join(notice.reference for notice in one.about[:12])}


def _came(one: Heard) -> Letter:
    row = one.row
    kinds, asked = reply_kinds(), answering.wants(str(row.text or ""))
    return Letter(
        row.at, False, str(row.subject_line or _("(no subject)")), str(row.text or ""), "", str(row.sender or ""),
        kinds.get(row.kind, _("not read yet")), str(row.because or ""), row.confidence,
        ", ".join(wanted()[name] for name in asked), str(row.pk) if row.kind and row.handled_at is None else "",
        about=_about(one),
    )  # fmt: skip


@view(access=STAFF_CASES)
@require_GET
def letters(request: Any, id: uuid.UUID) -> HttpResponse:
    case = get_object_or_404(Case, pk=id)
    return render(request, "console/letters.html", {"case": case, "threads": threads(case), "most": MOST_THREADS})


@view(access=STAFF_CASES)
@require_POST
def shown(request: Any, id: uuid.UUID, notice_id: uuid.UUID) -> HttpResponse:
    """A person saw that a recipient shows this notice to others."""
    case = living(id)
    notice = get_object_or_404(Notice.objects.select_related("route", "finding__site", "case"), pk=notice_id, case=case)
    where = one_line(request.POST.get("where", ""), 500)
    if not where:
        messages.warning(request, _("Say where it is shown: an address, or who told you."))
    elif publishing.published(notice, Publication.How.PERSON, where, actor(request), clock.now()) is None:
        messages.info(request, _("That was noted already."))
    else:
        audit.record(case.organisation_id, actor(request), "notice.published", str(notice.pk), clock.now())
        messages.success(request, _("Noted. What waited for them was taken back where they run the site."))
    return redirect("console:case-letters", id)
