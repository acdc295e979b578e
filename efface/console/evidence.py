"""What a check saw, in words a caseworker can read: each kind of visitor and each place has a column, side by side."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.console.opening import actor
from efface.console.typed import one_line
from efface.engine.base import clock
from efface.search.models import Finding
from efface.takedown import seen, verifying
from efface.takedown.models import Check


@dataclass(frozen=True, slots=True)
class Row:
    """One question, and what each column answers. ``address``: the answers are addresses."""

    label: str
    cells: tuple[str, ...]
    address: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """``columns`` are the visitors, ``rows`` what they were shown; ``media`` are (address, words) lines; ``notes`` what
    else the verdict rests on."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    media: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def sheet(check: Check, walls: frozenset[str] | None = None) -> Sheet | None:
    """What ``check`` saw; None where it cannot be read any more. ``walls``: what stood before the page when it was
    first looked at, where that was read already."""
    observation = verifying.last_observation(check)
    if observation is None:
        return None
    walls = verifying.walls_before(check.finding) if walls is None else walls
    told = seen.seen(observation, walls, verifying.baseline(check.finding))
    views = told.views
    rows = [
        Row(_("Answer of the server"), tuple(_answer(one.status, one.error) for one in views)),
        Row(_("What is shown"), tuple(page_words(one.kind) for one in views)),
        Row(_("Shows the picture"), tuple(_("yes") if one.shows else _("no") for one in views)),
        Row(_("Led on to"), tuple(one.led_to for one in views), address=True),
        Row(_("Text as of pages that never were"), tuple(_percent(one.like_never) for one in views)),
        Row(_("Text as when it was confirmed"), tuple(_percent(one.like_before) for one in views)),
    ]
    return Sheet(
        tuple(visitor(one.who, one.where) for one in views),
        tuple(row for row in rows if any(row.cells)),
        tuple((one.url, _medium(one)) for one in told.pieces),
        tuple(_notes(told, check)),
    )


def visitor(who: str, where: str) -> str:
    return {
        "bot": _("as our program"), "browser": _("as a browser"), "from-site": _("as a browser, from the site itself"),
        "from-search": _("as a browser, from a search engine"), "other": _("another address: %(host)s"),
        "place": _("as a browser, from %(place)s"),
    }.get(who, who) % {"host": seen.host(where), "place": where}  # fmt: skip


def page_words(kind: str) -> str:
    return {
        "served": _("the picture"), "moved": _("the picture, at another address"), "live": _("a page without it"),
        "gone": _("that there is nothing"), "soft": _("the same as for addresses that never were"),
        "elsewhere": _("a page of another site"), "gated": _("a door: sign-in, age or payment"),
        "blocked": _("a test for robots"), "geo": _("not for this country"), "suspended": _("site suspended or parked"),
        "no-domain": _("the name leads nowhere"), "unreachable": _("nothing, it does not answer"),
        "infra": _("nothing: our side failed"), "unseen": _("a page that could not be seen whole"),
    }.get(kind, kind)  # fmt: skip


def media_words(kind: str) -> str:
    return {
        "alive": _("still the picture"), "cached": _("still there, but only in a cache"), "gone": _("not there"),
        "replaced": _("another picture"), "near": _("another picture that resembles it"),
        "unlike": _("another picture; not compared closely"), "unread": _("something that could not be read"),
        "gated": _("behind a door"), "blocked": _("a test for robots"), "geo": _("not for this country"),
        "no-domain": _("the name leads nowhere"), "unreachable": _("no answer"), "infra": _("our side failed"),
        "listed": _("a search engine still leads there"), "not-listed": _("not listed any more"),
    }.get(kind, kind)  # fmt: skip


def role_words(role: str) -> str:
    return {
        "media": _("Full picture or video"), "thumbnail": _("Small version"), "poster": _("Still of a video"),
        "cdn": _("Copy on another host"), "segment": _("Piece of a video"), "search": _("Search result"),
    }.get(role, role)  # fmt: skip


def _answer(status: int, error: str) -> str:
    return error or str(status or "")


def _percent(value: int) -> str:
    return f"{value} %" if value >= 0 else ""


def _medium(one: seen.Piece) -> str:
    whom = visitor(one.who, one.where)
    answer = _answer(one.status, one.error)
    words = f"{role_words(one.role)}, {whom}: {media_words(one.kind)}"
    return f"{words} ({answer})" if answer else words


def _notes(told: seen.Seen, check: Check) -> list[str]:
    notes = []
    if told.control_ok:
        notes.append(_("Another page of the site was seen to work in the same minutes."))
    else:
        notes.append(_("No other page of the site could be seen to work: nothing may be called gone."))
    if not told.elsewhere_ok:
        notes.append(_("Other sites could not be reached either: the fault may be ours."))
    for name in told.useless:
        notes.append(_("From %(place)s nothing could be told: the way there fails, or the site lets nobody in.") % {
            "place": name,
        })  # fmt: skip
    if check.places < 2:
        notes.append(_("Looked at from one place only: what is hidden from this place alone would look gone."))
    return notes


@view(access=STAFF_CASES)
@require_GET
def check(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Check.objects.select_related("finding__site", "case"), pk=id)
    return render(request, "console/check.html", {"check": one, "finding": one.finding, "sheet": sheet(one)})


@view(access=STAFF_CASES)
@require_POST
def listing(request: Any, id: uuid.UUID) -> HttpResponse:
    """A search engine's result that still leads to the finding is looked at with every check from now on."""
    from django.contrib import messages

    finding = get_object_or_404(Finding.objects.select_related("case"), pk=id)
    try:
        verifying.note_listing(finding, one_line(request.POST.get("url", ""), 2000), actor(request), clock.now())
    except ValueError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It is looked at with every check."))
    return redirect("console:case", finding.case_id)
