"""What a case page tells: fingerprints by label, findings with routes, notices and checks, the timeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as Case_
from django.db.models import Prefetch, When
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import Case, Fingerprint, Purpose
from efface.console import clock_words, heard
from efface.console.words import actor_words, event_words
from efface.search.models import Finding, FindingState
from efface.takedown.models import Check, Notice

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Line:
    """One event: when, who, what, and what was written beside it."""

    at: datetime
    who: str
    what: str
    kind: str
    details: tuple[tuple[str, str], ...]


def timeline(case: Case, *, limit: int) -> list[Line]:
    """Newest first. Ids of rows are left out: they say nothing to a reader."""
    members = Member.objects.select_related("user")
    names = {str(member.user_id): member.user.name for member in members}
    found = []
    for event in case.caseevents.order_by("-at", "-id")[:limit]:
        data = event.data if isinstance(event.data, dict) else {}
        details = tuple((name.replace("_", " "), words) for name, value in data.items() if (words := _flat(value)))
        found.append(Line(event.at, actor_words(event.actor, names), event_words(event.kind), event.kind, details))
    return found


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {words}" for name, one in value.items() if (words := _flat(one)))
    if isinstance(value, list | tuple):
        return "; ".join(words for one in value if (words := _flat(one)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    words = "" if value is None or ID.fullmatch(str(value)) else str(value)
    return str(Purpose(words).label) if words in Purpose.values else words


def fingerprints(case: Case) -> list[Fingerprint]:
    """In use and retired; the page shows label, kind and day, never a value."""
    return list(case.fingerprints.defer("value").order_by("retired_at", "-created")[:200])


def findings(case: Case, now: datetime, most: int | None = None) -> list[dict[str, Any]]:
    """Each finding with its routes in order, their notices, and the last checks with their reasons. At most ``most``;
    what still stands comes before what is gone, the latest first."""
    notices = Notice.objects.defer("text", "xarf", "answers", "urls", "confirmation", "subject_line")
    rows = (
        Finding.objects.filter(case=case)
        .select_related("site", "match").defer("baseline", "match__baseline", "match__media_url", "match__reasons")
        .prefetch_related(
            Prefetch("routes__notices", notices.prefetch_related("clock_facts")),
            Prefetch("checks", Check.objects.defer("observation")), "captures",
        )
        .order_by(Case_(When(state=FindingState.GONE_CONFIRMED, then=1), default=0), "-confirmed_at", "-pk")
    )  # fmt: skip
    told = []
    answers = heard.by_notice(heard.heard(case))
    for one in rows if most is None else rows[:most]:
        routes = [route for route in one.routes.all() if route.episode == one.episode]
        for route in routes:
            for notice in route.notices.all():
                notice.route, notice.finding = route, one
                notice.clock_lines = clock_words.lines(notice, now)  # type: ignore[attr-defined]
                notice.heard = answers.get(notice.pk, [])  # type: ignore[attr-defined]
        checks = sorted(one.checks.all(), key=lambda check: check.at, reverse=True)
        told.append({
            "finding": one, "routes": routes, "earlier": len(one.routes.all()) - len(routes), "checks": checks[:8],
            "more_checks": max(0, len(checks) - 8), "captures": list(one.captures.all()),
        })  # fmt: skip
    return told
