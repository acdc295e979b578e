"""What a survivor sees of her case. Never a picture, never an address that can be clicked."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from efface.accounts.access import PORTAL, view
from efface.cases import attesting, drafts, opening, reaching, telling
from efface.cases.may import as_if, may
from efface.cases.models import Age, Case, CaseEvent, CaseKind, Level, Message, Purpose, Telling
from efface.engine.base import clock, settings
from efface.engine.base.models import Deadline
from efface.law import load
from efface.portal import carrying, house, keeping, public, walking, words
from efface.search import revising, sweep
from efface.search.models import Finding, FindingState, Match
from efface.takedown import facts, saying
from efface.takedown.models import Check, Notice, Route

OUT = (Notice.State.SENT, Notice.State.FILED, Notice.State.QUEUED)
WAITING = (Notice.State.DRAFT, Notice.State.PREPARED)
SETTLED = (FindingState.GONE_CONFIRMED, FindingState.GONE_PROVISIONAL)
HEARD = (FindingState.GONE_CONFIRMED, FindingState.REAPPEARED)
"""What she sees of who wants to hear only of what is gone."""


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
    from efface.portal import reporting, reviewing, waits

    now = clock.now()
    level = attesting.shown(one, now)
    if one.kind == CaseKind.BLOCK:
        return show(request, "portal/keep_out.html", one, {
            "level": level, "face": one.fingerprints.filter(retired_at=None).exists(),
            "used": bool(may(one, Purpose.BLOCK_FACE, now)), **more,
        }, status)  # fmt: skip
    held = reaching.rules(one)
    whole = everything(request, held)
    known = findings(one)
    found = known if whole else [row for row in known if held.told == reaching.GONE and row["finding"].state in HEARD]
    review = reviewing.shown(one, now)
    if not whole:
        review = {"put_aside": review["waiting"] + sum(row["ask_age"] for row in known)}
    return show(request, "portal/case.html", one, {
        **walking.lane(one), **review, "findings": found,
        "ages": [row for row in known if row["ask_age"]] if whole else [],
        "held": held, "told_choices": reaching.TOLD, "whole": whole, "news": news(one, now),
        "looking": bool(may(one, Purpose.HASH_MATCH, now)), "level": level,
        "looking_face": bool(as_if(one, Purpose.FACE_SEARCH, _level(level), now)),
        "sweep": sweep.progress(one, settings.get("crawl_pages"), now) if one.state == Case.State.OPEN else None,
        "writing": bool(may(one, Purpose.NOTIFY, now)), "waits": waits.lines(one, now),
        "prints": one.fingerprints.filter(retired_at=None).count(),
        "links": reporting.reported(one, 10),
        "gone": sum(1 for row in found if row["finding"].state in words.GONE),
        "place": load().jurisdictions.get(one.country.upper()), "minor": one.age == Age.MINOR, **more,
    }, status)  # fmt: skip


def _level(shown: attesting.Shown) -> str:
    """The level as her pages show it."""
    return Level.ATTESTED if shown.stage == "attested" else Level.DECLARED


def everything(request: Any, held: reaching.Rules) -> bool:
    """Whether all is shown: because she wants to hear of everything, or asked to see it this once."""
    return held.told == reaching.EVERYTHING or request.GET.get("show") == "all"


def news(one: Case, now: datetime) -> list[dict[str, Any]]:
    """What is new since she was here, in a line for each kind of news. Shown once."""
    found: dict[str, list[Telling]] = {}
    for row in telling.seen(one, now):
        found.setdefault(row.occasion, []).append(row)
    return [
        {"words": words.news_words(kind, len({row.subject for row in rows})), "at": rows[-1].at}
        for kind, rows in found.items()
    ]


def candidate(row: Match) -> dict[str, Any]:
    """A match a worker asked her about: site, day, how alike in words, where on the picture where that is known."""
    assert row.sighting is not None
    return {"match": row, "site": row.sighting.site.domain, "region": _region(row.reasons)}


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
    standing = Finding.objects.filter(case=one).exclude(stopped__in=revising.NO_LONGER).select_related("site", "match")
    rows = list(standing.order_by("-confirmed_at"))
    said = _said_gone(one)
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
        stands = words.Standing(
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
            said_gone=said.get(row.pk),
        )
        ask = row.age == Age.UNKNOWN and one.state == Case.State.OPEN and not row.stopped
        may_say = row.state not in SETTLED and row.age == Age.ADULT and not row.stopped and one.state == Case.State.OPEN
        told.append({
            "finding": row, "told": words.told(stands), "ask_age": ask, "settled": row.state in words.GONE,
            "may_say": may_say and row.pk not in said,
        })  # fmt: skip
    return told


def _said_gone(one: Case) -> dict[uuid.UUID, datetime]:
    """Finding to the moment she last said that it is gone, where nobody has looked since."""
    found: dict[uuid.UUID, datetime] = {}
    rows = CaseEvent.objects.filter(case=one, kind=saying.SAID, subject__isnull=False).order_by("at")
    for subject, at in rows.values_list("subject", "at"):
        if subject is not None:
            found[subject] = at
    if found:
        looked = Check.objects.filter(case=one, finding__in=list(found)).values_list("finding", "at")
        for finding, at in looked:
            if finding in found and at > found[finding]:
                del found[finding]
    return found
