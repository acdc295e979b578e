"""What a case page tells: fingerprints by label, findings with routes, notices and checks, the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from efface.accounts.models import User
from efface.cases.models import Case, Fingerprint
from efface.console.words import actor_words, event_words
from efface.search.models import Finding


@dataclass(frozen=True, slots=True)
class Line:
    """One event: when, who, what, and what was written beside it."""

    at: datetime
    who: str
    what: str
    kind: str
    details: tuple[tuple[str, str], ...]


def timeline(case: Case, *, limit: int) -> list[Line]:
    """Newest first."""
    names = {str(user.pk): user.name for user in User.objects.all()}
    found = []
    for event in case.caseevents.order_by("-at", "-id")[:limit]:
        data = event.data if isinstance(event.data, dict) else {}
        details = tuple(
            (name.replace("_", " "), _flat(value)) for name, value in data.items() if value not in (None, "", [], {})
        )
        found.append(Line(event.at, actor_words(event.actor, names), event_words(event.kind), event.kind, details))
    return found


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_flat(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_flat, value))
    return str(value)


def fingerprints(case: Case) -> list[Fingerprint]:
    """In use and retired; the page shows label, kind and day, never a value."""
    return list(case.fingerprints.defer("value").order_by("retired_at", "-created")[:200])


def findings(case: Case) -> list[dict[str, Any]]:
    """Each finding with its routes in order, their notices, and the last checks with their reasons."""
    rows = (
        Finding.objects.filter(case=case)
        .select_related("site", "match")
        .prefetch_related("routes__notices", "checks", "captures")
        .order_by("-confirmed_at")
    )
    told = []
    for one in rows:
        routes = [route for route in one.routes.all() if route.episode == one.episode]
        checks = sorted(one.checks.all(), key=lambda check: check.at, reverse=True)
        told.append({
            "finding": one, "routes": routes, "earlier": len(one.routes.all()) - len(routes), "checks": checks[:8],
            "more_checks": max(0, len(checks) - 8), "captures": list(one.captures.all()),
        })  # fmt: skip
    return told
