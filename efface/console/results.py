"""What came of notices, for everybody who works with sites. No case contents; small numbers are kept back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from efface.accounts.access import SITES, view
from efface.engine.base import clock
from efface.law import load
from efface.takedown import statistics


@view(access=SITES)
@require_GET
def results(request: Any) -> HttpResponse:
    """``by``: site, host, route, language or role."""
    by = request.GET.get("by", "route")
    by = by if by in statistics.BY else "route"
    rows = statistics.groups(by, clock.now())
    return render(request, "console/results.html", {
        "by": by, "choices": choices(), "fewest": statistics.FEWEST,
        "rows": [{"one": one, "name": _name(by, one), "line": statistics.polyline(one.curve)} for one in rows],
    })  # fmt: skip


def choices() -> list[tuple[str, str]]:
    return [
        ("route", _("Kind of notice")), ("role", _("Kind of recipient")), ("site", _("Site")), ("host", _("Host")),
        ("language", _("Language")),
    ]  # fmt: skip


def _name(by: str, one: statistics.Group) -> str:
    if by == "route" and one.name in load().notices:
        return load().notices[one.name].name
    return one.name
