"""What is counted, from the tables of one organisation: cases whose person allowed it, and what was found for them.

Counted in pieces of ``PIECE`` cases, so that no transaction lasts and little is held at once."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from efface.accounts.models import Member, Role
from efface.cases.models import Case, CaseKind, Consent, Purpose
from efface.search.models import Finding
from efface.sites.models import Site
from efface.takedown.figures.tally import Group, Tally
from efface.takedown.models import Route

AGES = ((30, "month"), (90, "quarter"), (180, "half"), (365, "year"))
"""An open case younger than so many days is counted under this name; older ones under ``older``."""
MONTHS, DAYS = 12, 30
BY = ("route", "host", "country", "network")
PIECE = 250
ALL = "all"
_ASKED = (Route.State.ACTIVE, Route.State.DONE, Route.State.DEAD)


@dataclass(slots=True)
class Truth:
    """The plain counts. They leave this room protected (``keeping``) or not at all."""

    tally: Tally
    sites: list[tuple[str, int]]
    workers: int
    open_all: int

    def group(self, by: str, name: str = "") -> Group:
        return self.tally.groups.get(by, {}).get(name, Group())


@dataclass(frozen=True, slots=True)
class Piece:
    """What ``cases`` cases after one another come to; ``last`` of them, None where there are no more."""

    tally: Tally
    cases: int
    last: uuid.UUID | None


def piece(moment: datetime, after: uuid.UUID | None, most: int = PIECE) -> Piece:
    """Count the next ``most`` cases behind ``after`` as they stood at ``moment``. Runs inside the organisation."""
    rows = _counted(moment)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    rows = rows.order_by("pk")[:most]
    cases = [_at(moment, *row) for row in rows.values_list("pk", "state", "opened_at", "closed_at")]
    tally, of_case = Tally(), _findings(moment, [case.pk for case in cases])
    for case in cases:
        _add(tally, case, of_case.get(case.pk, []), moment)
    return Piece(tally, len(cases), cases[-1].pk if len(cases) == most else None)


@dataclass(frozen=True, slots=True)
class _Case:
    pk: uuid.UUID
    opened: datetime
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class _Found:
    confirmed: datetime
    gone: datetime | None
    episode: int
    names: dict[str, str]


def _at(moment: datetime, pk: uuid.UUID, state: str, opened: datetime, closed: datetime | None) -> _Case:
    """The case as it stood at a moment: what was closed since then was open."""
    over = state == Case.State.CLOSED and (closed is None or closed <= moment)
    return _Case(pk, opened, (closed or moment) if over else None)


def _add(tally: Tally, case: _Case, found: list[_Found], moment: datetime) -> None:
    stands = any(one.gone is None for one in found)
    tally.counts["cases"][_state(case, bool(found), stands)] += 1
    tally.counts["months"][f"{case.opened:%Y-%m}"] += 1
    if case.closed is None:
        tally.counts["open_age"][_age((moment - case.opened).days)] += 1
    times = [(((one.gone or case.closed or moment) - one.confirmed).total_seconds() / 86400, one.gone is not None)
             for one in found]  # fmt: skip
    tally.group(ALL, "").add(times)
    for by in BY:
        hers: dict[str, list[tuple[float, bool]]] = {}
        for one, time in zip(found, times, strict=True):
            hers.setdefault(one.names[by], []).append(time)
        for name, some in hers.items():
            tally.group(by, name).add(some)
    tally.counts["returned"]["gone_once"] += any(one.gone is not None or one.episode > 1 for one in found)
    tally.counts["returned"]["came_back"] += any(one.episode > 1 for one in found)


def _findings(moment: datetime, cases: list[uuid.UUID]) -> dict[uuid.UUID, list[_Found]]:
    words = _words_of_routes(cases)
    rows = Finding.objects.filter(case__in=cases, confirmed_at__lte=moment).order_by("case_id").values_list(
        "case_id", "pk", "site__network__name", "site__country", "confirmed_at", "gone_at", "episode"
    )  # fmt: skip
    return {case: [_found(moment, words, *row[1:]) for row in some] for case, some in groupby(rows, lambda row: row[0])}


def _found(moment: datetime, words: dict[uuid.UUID, Any], pk: uuid.UUID, network: str | None, country: str,
           confirmed: datetime, gone: datetime | None, episode: int) -> _Found:  # fmt: skip
    route, host, host_country = words.get(pk, ("", "", ""))
    names = {"route": route, "host": host, "country": host_country or country, "network": network or ""}
    return _Found(confirmed, gone if gone is not None and gone <= moment else None, episode, names)


def whole(organisation: uuid.UUID, tally: Tally, now: datetime) -> Truth:
    """With what is counted in one go."""
    shown = set(months(now.date()))
    by_month = tally.counts["months"]
    made = Counter({name: by_month[name] for name in shown})
    made["other"] = sum(count for name, count in by_month.items() if name not in shown)
    told = replace(tally, counts=tally.counts | {"months": made})
    return Truth(
        told, _sites_added(now.date()),
        Member.objects.filter(organisation_id=organisation, role__in=(Role.CASEWORKER, Role.LEAD)).count(),
        Case.objects.filter(state__in=(Case.State.OPEN, Case.State.PAUSED), kind=CaseKind.HELP).count(),
    )  # fmt: skip


def _counted(now: datetime) -> QuerySet[Case]:
    """Cases for help whose person allows counting, and who did not ask for erasure."""
    allowed = Consent.objects.filter(
        case=OuterRef("pk"), purpose=Purpose.STATISTICS, withdrawn_at=None, given_at__lte=now, expires_at__gt=now
    )
    rows = Case.objects.filter(Exists(allowed), kind=CaseKind.HELP, erase_at=None, opened_at__lte=now)
    return rows.exclude(state=Case.State.ERASED)


def _state(case: _Case, found: bool, stands: bool) -> str:
    """Solved: over, and everything that was found is gone, looked at more than once. Failed: over, and some of it
    stands or was lost from sight."""
    if case.closed is None:
        return "open"
    if not found:
        return "unfound"
    return "failed" if stands else "solved"


def _age(days: int) -> str:
    return next((name for limit, name in AGES if days < limit), "older")


def months(today: date) -> list[str]:
    """The twelve whole months before this one, oldest first, as "2026-02"."""
    first = today.replace(day=1)
    names = []
    for _ in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        names.append(f"{first:%Y-%m}")
    return names[::-1]


def _words_of_routes(cases: list[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str, str]]:
    """Of each finding: the kind of notice first sent, its host's key, and that host's country."""
    found: dict[uuid.UUID, tuple[str, str, str]] = {}
    rows = Route.objects.filter(case__in=cases, state__in=_ASKED).order_by("finding_id", "episode", "position")
    for finding, role, party, country, notice in rows.values_list(
        "finding_id", "role", "party_key", "country", "notice_type"
    ).iterator():
        route, host, where = found.get(finding, ("", "", ""))
        if role == "host" and not host:
            host, where = party, country
        found[finding] = (route or notice, host, where)
    return found


def _sites_added(today: date) -> list[tuple[str, int]]:
    """Sites that came into the register, by day. They are of the whole installation, and of nobody."""
    begin = today - timedelta(days=DAYS)
    added = Site.objects.filter(added_at__date__gte=begin, merged=None).values_list("added_at", flat=True)
    days = Counter(at.date() for at in added)
    return [(f"{day:%Y-%m-%d}", days[day]) for day in (begin + timedelta(days=n) for n in range(DAYS))]
