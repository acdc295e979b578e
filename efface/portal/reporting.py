"""Links she reports: many at once, what became of each, and how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases.models import Case
from efface.engine.base import clock
from efface.portal import page, words
from efface.portal.answers import ACTOR
from efface.search import reporting

LONGEST = 60_000
AGAIN = ("nonsense", "many")
"""What stands in the form again, to be mended or sent once more."""


@view(access=PORTAL)
@require_GET
@page.of_case
def links(request: Any, case: Case) -> HttpResponse:
    return page.show(request, "portal/links.html", case, _context(case))


def _context(case: Case) -> dict[str, Any]:
    rows = reported(case)
    return {
        "links": rows, "open": case.state in (Case.State.OPEN, Case.State.PAUSED),
        "done": sum(row["done"] for row in rows), "total": len(rows),
    }  # fmt: skip


def reported(case: Case, most: int = 200) -> list[dict[str, Any]]:
    """Links she or a worker named, the newest first, each with words for what became of it."""
    rows = case.reportedlinks.exclude(by__startswith="source:").order_by("-at", "-pk")[:most]
    return [
        {
            "url": row.url, "at": row.at, "done": row.handled_at is not None,
            "words": words.link_words(row.outcome, row.handled_at is not None),
        }
        for row in rows
    ]  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def report(request: Any, case: Case) -> HttpResponse:
    """``url``: addresses, one a line. One that is taken leads back; of several, each is told about."""
    text = request.POST.get("url", "")[:LONGEST]
    said = reporting.report_many(case, text, ACTOR, clock.now())
    again = "\n".join(one.typed for one in said if one.outcome in AGAIN)
    taken = sum(one.outcome == "taken" for one in said)
    if len(said) == 1 and taken:
        messages.success(request, _("Thank you. A machine looks at the page; no person has to."))
        return redirect("portal:case")
    if len(said) <= 1:
        problem = said[0].words if said else _("Please write the address of a page first.")
        return page.case_page(request, case, status=422, link_problem=problem, link_typed=text[:2000])
    result = ngettext("One page was taken.", "%(n)d pages were taken.", taken) % {"n": taken}
    more = {"said": said, "result": result, "link_typed": again, **_context(case)}
    return page.show(request, "portal/links.html", case, more, 200 if taken else 422)
