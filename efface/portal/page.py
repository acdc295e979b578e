"""What a survivor sees of her case. Never a picture, never an address that can be clicked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from efface.accounts.access import PORTAL, view
from efface.cases import attesting, drafts, opening, safety
from efface.cases.may import as_if, may
from efface.cases.models import Age, Case, CaseEvent, CaseKind, Level, Message, Purpose
from efface.engine.base import clock, settings
from efface.engine.base.models import Deadline
from efface.law import load
from efface.portal import carrying, house, keeping, public, walking, words
from efface.search import sweep
from efface.search.models import Finding, Match
from efface.takedown import facts
from efface.takedown.models import Notice, Route

OUT = (Notice.State.SENT, Notice.State.FILED, Notice.State.QUEUED)
WAITING = (Notice.State.DRAFT, Notice.State.PREPARED)


def own_case(request: Any) -> Case | None:
    """The case of this session, or None where it is no longer there, or where its code was renewed meanwhile."""
    if request.session.get(public.CODE) != opening.standing_code(request.case_id):
        return None
    return Case.objects.filter(pk=request.case_id).exclude(state=Case.State.ERASED).first()


def show(
    request: Any, template: str, case: Case, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page inside the case: with what every one of them needs."""
    unread = Message.objects.filter(case=case, from_survivor=False, read_at=None).count()
    return render(request, template, {
        "case": case, "now": clock.now(), "unread": unread, "aid": house.aid(case) if case.danger else None,
        "idle_s": settings.get("session_minutes") * 30, **(more or {}),
    }, status=status)  # fmt: skip


def with_code(work: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that is given her case after the request; whoever has none is shown out."""

    @functools.wraps(work)
    def inside(request: Any, *args: Any, **named: Any) -> HttpResponse:
        case = own_case(request)
        return work(request, case, *args, **named) if case is not None else out(request)

    return inside


def of_case(work: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As ``with_code``, and only once she has typed a new code back: before that it would be lost with the session.
    What was sent is no draft any more."""

    @functools.wraps(work)
    def inside(request: Any, case: Case, *args: Any, **named: Any) -> HttpResponse:
        if keeping.waiting(request):
            return redirect("portal:code")
        response = work(request, case, *args, **named)
        if request.method == "POST" and response.status_code == 302:
            drafts.drop(case, request.path)
        return response

    return with_code(inside)


def out(request: Any) -> HttpResponse:
    request.session.flush()
    return carrying.shut_out(request)


@view(access=PORTAL)
@require_GET
@of_case
def case(request: Any, one: Case) -> HttpResponse:
    return case_page(request, one)


def case_page(request: Any, one: Case, *, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    level = attesting.shown(one, now)
    if one.kind == CaseKind.BLOCK:
        return show(request, "portal/keep_out.html", one, {
            "level": level, "face": one.fingerprints.filter(retired_at=None).exists(),
            "used": bool(may(one, Purpose.BLOCK_FACE, now)), **more,
        }, status)  # fmt: skip
    found = findings(one)
    return show(request, "portal/case.html", one, {
        **walking.lane(one), "candidates": candidates(one), "findings": found,
        "ages": [row for row in found if row["ask_age"]],
        "looking": bool(may(one, Purpose.HASH_MATCH, now)), "level": level,
        "looking_face": bool(as_if(one, Purpose.FACE_SEARCH, _level(level), now)),
        "sweep": sweep.progress(one, settings.get("crawl_pages"), now) if one.state == Case.State.OPEN else None,
        "writing": bool(may(one, Purpose.NOTIFY, now)), "prints": one.fingerprints.filter(retired_at=None).count(),
        "links": [
                {"url": row.url, "at": row.at, "words": words.link_words(row.outcome, row.handled_at is not None)}
                for row in one.reportedlinks.exclude(by__startswith="source:").order_by("-at")[:10]
            ],
            "gone": sum(1 for row in found if row["finding"].state in words.GONE),
        "place": load().jurisdictions.get(one.country.upper()), "minor": one.age == Age.MINOR, **more,
    }, status)  # fmt: skip


def _level(shown: attesting.Shown) -> str:
    """The level as her pages show it."""
    return Level.ATTESTED if shown.stage == "attested" else Level.DECLARED


def candidates(one: Case) -> list[dict[str, Any]]:
    """Matches a worker asked her about: site, day, how alike in words, where on the picture where that is known."""
    if one.state != Case.State.OPEN:
        return []
    rows = Match.objects.filter(case=one, state=Match.State.ASKED).select_related("sighting__site", "sighting__media")
    return [
        {"match": row, "site": row.sighting.site.domain, "region": _region(row.reasons)}
        for row in rows.order_by("made_at")
        if row.sighting is not None
    ]


def _region(reasons: Any) -> dict[str, Any] | None:
    """Where on the picture a face, or a part of her picture, was met: percent of its width and height. None where no
    reason says so."""
    for one in reasons if isinstance(reasons, list) else ():
        box = _box(one.get("region")) if isinstance(one, dict) else []
        if box:
            x, y, width, height = (min(100.0, max(0.0, share * 100)) for share in box)
            return {
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "words": words.place(x + width / 2, y + height / 2),
            }
    return None


def _box(region: Any) -> list[float]:
    """Left, top, width and height of a region, as shares; the smallest upright box around a polygon. Empty where it is
    neither."""
    if not isinstance(region, list) or not all(isinstance(share, int | float) for share in region):
        return []
    if len(region) == 4:
        return region
    if len(region) < 6 or len(region) % 2:
        return []
    across, down = ([min(1.0, max(0.0, share)) for share in region[start::2]] for start in (0, 1))
    return [min(across), min(down), max(across) - min(across), max(down) - min(down)]


def findings(one: Case) -> list[dict[str, Any]]:
    rows = list(Finding.objects.filter(case=one).select_related("site", "match").order_by("-confirmed_at"))
    notices, routes = list(Notice.objects.filter(case=one)), list(Route.objects.filter(case=one))
    looks = dict(
        Deadline.objects.filter(case_id=one.pk, kind="finding.check", state=Deadline.State.WAITING).values_list(
            "subject", "due"
        )
    )
    told = []
    for row in rows:
        mine = [notice for notice in notices if notice.finding_id == row.pk]
        clocks = [
            notice.clock_due
            for notice in mine
            if notice.clock_due and notice.state in OUT and notice.clock_due > clock.now()
        ]
        standing = words.Standing(
            state=row.state,
            age=row.age,
            paused=one.state == Case.State.PAUSED,
            stopped=row.stopped,
            waiting=sum(notice.state in WAITING for notice in mine),
            sent=len({n.route_id for n in mine if n.state in OUT}),
            planned=sum(r.finding_id == row.pk and r.state == Route.State.PLANNED for r in routes),
            next_look=looks.get(row.pk),
            law_date=min(clocks, default=None),
            claim=facts.claim(row) if row.state in words.GONE else None,
        )
        ask = row.age == Age.UNKNOWN and one.state == Case.State.OPEN
        told.append({"finding": row, "told": words.told(standing), "ask_age": ask, "settled": row.state in words.GONE})
    return told


@view(access=PORTAL)
@require_GET
@of_case
def messages_page(request: Any, one: Case) -> HttpResponse:
    thread = list(Message.objects.filter(case=one).order_by("at"))
    typed = drafts.fields(one, reverse("portal:write")).get("text", "")
    response = show(request, "portal/messages.html", one, {"thread": thread, "typed": typed})
    Message.objects.filter(case=one, from_survivor=False, read_at=None).update(read_at=clock.now())
    return response


def _events(one: Case) -> list[CaseEvent]:
    """Newest first. After her word there is the line that would stand there without it."""
    rows = list(CaseEvent.objects.filter(case=one).order_by("-at", "-id")[:500])
    quiet, now = safety.quiet(one), clock.now()
    begun = quiet.effective_at if quiet is not None else None
    if begun is None or begun > now or any(row.kind == "case.attested" and row.at >= begun for row in rows):
        return rows
    return sorted([*rows, CaseEvent(case=one, kind="case.attested", at=begun)], key=lambda row: row.at, reverse=True)


@view(access=PORTAL)
@require_GET
@of_case
def timeline(request: Any, one: Case) -> HttpResponse:
    labels = {each.purpose: each.label for each in words.permissions()}
    lines = []
    for event in _events(one):
        said = words.event_words(event.kind)
        if said:
            data = event.data if isinstance(event.data, dict) else {}
            lines.append({"at": event.at, "words": said, "about": labels.get(str(data.get("purpose", "")), "")})
    return show(request, "portal/timeline.html", one, {"lines": lines})
