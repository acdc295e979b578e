"""What is counted, from the tables of one organisation: cases whose person allowed it, and what was found for them."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from efface.accounts.models import Member, Role
from efface.cases.models import Case, CaseKind, Consent, Purpose
from efface.law import load
from efface.search.models import Finding
from efface.sites.models import Site
from efface.takedown.models import Route

AGES = ((30, "month"), (90, "quarter"), (180, "half"), (365, "year"))
"""An open case younger than so many days is counted under this name; older ones under ``older``."""
MONTHS, DAYS = 12, 30
BY = ("route", "host", "country", "network")
_ASKED = (Route.State.ACTIVE, Route.State.DONE, Route.State.DEAD)


@dataclass(slots=True)
class Group:
    """What was found and belongs together: (days, went) of each finding, and the cases behind them."""

    times: list[tuple[float, bool]] = field(default_factory=list)
    cases: Counter[uuid.UUID] = field(default_factory=Counter)

    def add(self, case: uuid.UUID, days: float, went: bool) -> None:
        self.times.append((days, went))
        self.cases[case] += 1

    @property
    def people(self) -> int:
        """How many people it tells of. Where over three of four findings are one person's, it tells of her."""
        most = max(self.cases.values(), default=0)
        return 1 if most * 4 > len(self.times) * 3 else len(self.cases)


@dataclass(slots=True)
class Truth:
    """The plain counts. They leave this room protected (``keeping``) or not at all."""

    cases: Counter[str]
    open_age: Counter[str]
    months: Counter[str]
    everything: Group
    groups: dict[str, dict[str, Group]]
    returned: Group
    sites: list[tuple[str, int]]
    workers: int
    open_all: int


def count(organisation: uuid.UUID, now: datetime) -> Truth:
    """Count one organisation. Runs in its transaction; some seconds at a hundred thousand findings."""
    cases = list(_counted(now).values_list("pk", "state", "opened_at", "closed_at"))
    closed_at = {pk: closed for pk, _state, _opened, closed in cases}
    findings = list(
        Finding.objects.filter(case__in=_counted(now).values("pk")).values_list(
            "pk", "case_id", "site__network__name", "site__country", "confirmed_at", "gone_at", "episode"
        )
    )
    stands: Counter[uuid.UUID] = Counter()
    found: set[uuid.UUID] = set()
    everything, returned = Group(), Group()
    groups: dict[str, dict[str, Group]] = {by: defaultdict(Group) for by in BY}
    words = _words_of_routes(now)
    for pk, case, network, country, confirmed, gone, episode in findings:
        found.add(case)
        stands[case] += gone is None
        days = ((gone or closed_at[case] or now) - confirmed).total_seconds() / 86400
        route, host, host_country = words.get(pk, ("", "", ""))
        everything.add(case, days, gone is not None)
        names = {"route": route, "host": host, "country": host_country or country, "network": network or ""}
        for by, name in names.items():
            groups[by][name].add(case, days, gone is not None)
        if gone is not None or episode > 1:
            returned.add(case, 0.0, episode > 1)
    return Truth(
        Counter(_state(state, pk in found, stands[pk]) for pk, state, _opened, _closed in cases),
        Counter(_age((now - opened).days) for _pk, state, opened, _closed in cases if state != Case.State.CLOSED),
        _by_month((opened for _pk, _state, opened, _closed in cases), now.date()),
        everything, groups, returned, _sites_added(now.date()),
        Member.objects.filter(organisation_id=organisation, role__in=(Role.CASEWORKER, Role.LEAD)).count(),
        Case.objects.filter(state__in=(Case.State.OPEN, Case.State.PAUSED), kind=CaseKind.HELP).count(),
    )  # fmt: skip


def _counted(now: datetime) -> QuerySet[Case]:
    """Cases for help whose person allows counting, and who did not ask for erasure."""
    allowed = Consent.objects.filter(
        Q(withdrawn_at=None), purpose=Purpose.STATISTICS, given_at__lte=now, expires_at__gt=now
    )
    rows = Case.objects.filter(kind=CaseKind.HELP, erase_at=None, pk__in=allowed.values("case_id"))
    return rows.exclude(state=Case.State.ERASED)


def _state(state: str, found: bool, stands: int) -> str:
    """Solved: over, and everything that was found is gone, looked at more than once. Failed: over, and some of it
    stands or was lost from sight."""
    if state != Case.State.CLOSED:
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


def _by_month(opened: Iterable[datetime], today: date) -> Counter[str]:
    """By month of opening; what is older, or of this month, which is not over, under "other"."""
    shown = set(months(today))
    return Counter(name if (name := f"{at:%Y-%m}") in shown else "other" for at in opened)


def _words_of_routes(now: datetime) -> dict[uuid.UUID, tuple[str, str, str]]:
    """Of each finding: the kind of notice first sent, its host's key, and that host's country."""
    found: dict[uuid.UUID, tuple[str, str, str]] = {}
    rows = Route.objects.filter(state__in=_ASKED).order_by("finding_id", "episode", "position")
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


def name_of(by: str, name: str) -> str:
    """A group's name in words."""
    if by == "route" and name in load().notices:
        return load().notices[name].name
    return name
