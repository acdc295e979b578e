"""The queue on screen: list, one decision a page, taking a decision."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import MEMBERS, STAFF_CASES, view
from efface.accounts.models import Member, Role
from efface.cases import absence
from efface.console import decide, filtering, opinions, revealing, typed, undoing, views
from efface.console import queue as waiting
from efface.console.decision import Decision
from efface.console.typed import one_line
from efface.engine.base import clock

MOST_PAGES = 40
#: Fields of the form of a decision that nobody types.
_OURS = frozenset({"csrfmiddlewaretoken", "mark", "next", "choice", "unsent"})


#: Where each role's work is.
FIRST_PAGES = {
    Role.CASEWORKER: "console:queue", Role.LEAD: "console:queue", Role.COORDINATOR: "console:statistics",
    Role.INVESTIGATOR: "police:home", Role.AUDITOR: "console:demands", Role.OPERATOR: "console:members",
}  # fmt: skip


@view(access=MEMBERS)
@require_GET
def home(request: Any) -> HttpResponse:
    """Each role begins where its work is."""
    return redirect(FIRST_PAGES[Role(request.member.role)])


def _page_of(request: Any) -> int:
    try:
        return min(MOST_PAGES, max(1, int(request.GET.get("page", "1"))))
    except ValueError:
        return 1


def _kinds(member: Member) -> list[tuple[str, Any]]:
    """What this member may decide; of what only others do nothing is said."""
    return [(kind, words) for kind, words in filtering.KINDS.items() if member.role in waiting.KINDS[kind][0]]


@view(access=STAFF_CASES)
@require_GET
def queue(request: Any) -> HttpResponse:
    now, view_ = clock.now(), filtering.read(request.GET)
    page = _page_of(request)
    line = waiting.line(request.member, now, view=view_, page=page)
    found, begin, end = line.places, (page - 1) * waiting.SHOWN, page * waiting.SHOWN
    query = view_.query()
    shown = {
        "decisions": waiting.dressed(waiting.made(request.member, found[begin:end])),
        "count": len(found),
        "more": max(0, len(found) - end),
        "next_page": page + 1, "page": page,
        "capped": line.capped,
        "stamp": line.stamp(),
        "filter": view_, "query": query, "kinds": _kinds(request.member),
        "whose": filtering.WHOSE.items(),
        "views": views.of(request.member), "undoable": undoing.recent(request.member, now),
        "here": f"{reverse('console:queue')}?{query}" if query else "",
        "alone": [one for one in absence.standing(now) if one.member_id == request.member.pk and one.begins <= now],
    }  # fmt: skip
    return render(request, "console/queue.html", shown)


@view(access=STAFF_CASES)
@require_GET
def fresh(request: Any) -> HttpResponse:
    """For the queue page's own refresh: a line that says whether the queue changed since it was shown."""
    view_, seen = filtering.read(request.GET), request.GET.get("seen", "")
    changed = waiting.line(request.member, clock.now(), view=view_, page=_page_of(request)).stamp() != seen
    context = {"changed": changed, "query": view_.query()}
    return render(request, "console/fresh.html", context)


@view(access=STAFF_CASES)
@require_POST
def save_view(request: Any) -> HttpResponse:
    """``name`` for the filter in ``query``."""
    wanted = filtering.read(QueryDict(request.POST.get("query", "")[:300]))
    try:
        views.save(request.member, one_line(request.POST.get("name", ""), 40), wanted, clock.now())
    except views.ViewRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Saved. It stands above the queue."))
    return redirect(f"{reverse('console:queue')}?{wanted.query()}")


@view(access=STAFF_CASES)
@require_POST
def drop_view(request: Any, id: uuid.UUID) -> HttpResponse:
    views.drop(request.member, id)
    return redirect("console:queue")


@view(access=STAFF_CASES)
@require_POST
def undo(request: Any, id: uuid.UUID) -> HttpResponse:
    """One's own answer, or all of a batch, as far as nothing has left."""
    try:
        done, refused = undoing.undo(request.member, id, clock.now())
    except undoing.TooLate as refusal:
        messages.warning(request, str(refusal))
        return redirect(_next(request))
    if done:
        words = ngettext("Undone. It waits for a decision again.", "Undone: %(n)d wait for a decision again.", done)
        messages.success(request, words % {"n": done})
    for line in dict.fromkeys(refused):
        messages.warning(request, line)
    return redirect(_next(request))


@view(access=STAFF_CASES)
@require_GET
def decision(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    found = waiting.find(request.member, kind, id)
    if found is None:
        return _decided(request) if kind in waiting.KINDS else render(request, "404.html", status=404)
    return _one(request, found, {})


def _decided(request: Any, typed_here: Mapping[str, str] | None = None, status: int = 200) -> HttpResponse:
    """Nothing waits there; what somebody had filled in meanwhile is not lost."""
    words = [text for name, text in (typed_here or {}).items() if name not in _OURS and text.strip()]
    return render(request, "console/decided.html", {"typed": words}, status=status)


def _one(request: Any, found: Decision, filled: Mapping[str, str], status: int = 200) -> HttpResponse:
    shown = {
        "decision": waiting.dressed([found])[0], "filled": filled, "now": clock.now(),
        "said": opinions.of(found.kind, found.id), "look": revealing.offered(request.member, found, clock.now()),
    }  # fmt: skip
    return render(request, "console/one.html", shown, status=status)


@view(access=STAFF_CASES)
@require_POST
def take(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    """One decision: ``choice``, ``mark`` (what was shown), and what was filled in. Answers with a redirect."""
    if kind not in waiting.KINDS:
        return render(request, "404.html", status=404)
    filled = {name: typed.lines(value) for name, value in request.POST.items() if isinstance(value, str)}
    try:
        words = decide.take(
            request.member, kind, id, request.POST.get("mark", ""), request.POST.get("choice", ""), filled, clock.now()
        )
    except decide.Refused as refusal:
        messages.warning(request, str(refusal))
        found, status = waiting.find(request.member, kind, id), 409 if refusal.stale else 422
        # The decision as it is now, with what was typed: nobody writes an answer twice.
        return _one(request, found, filled, status) if found else _decided(request, filled, status)
    messages.success(request, words)
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    return typed.place(request.POST.get("next", "")) or "console:queue"
