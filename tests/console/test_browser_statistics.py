"""Statistics and the published report in Chromium, at a phone's width and a desk's: nothing too wide, axe content."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import Grant
from efface.engine.base import tenancy
from efface.takedown.figures import counting, keeping
from efface.takedown.figures.counting import Group, Truth
from efface.takedown.figures.models import StatisticsDay
from tests import people
from tests.chromium import chromium
from tests.console.test_browser import SIZES, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


def year(now: Any) -> Truth:
    """A year of a service of some size."""
    cases = [f"{n:04}" for n in range(400)]

    def group(number: int, share: int, pace: int) -> Group:
        made = Group()
        for n in range(number):
            went = n % 100 < share
            made.add(cases[n % len(cases)], 0.4 + n * 7 % pace if went else 20 + n * 11 % 200, went)  # type: ignore[arg-type]
        return made

    hosts = {"as:64500": 800, "host:a-rather-long-provider-name-somewhere.example": 300, "cloud.example": 120, "x": 2}
    groups = {
        "route": {"dsa16": group(700, 70, 40), "gdpr17": group(300, 45, 90), "dmca": group(220, 80, 20)},
        "host": {name: group(number, 40 + number % 50, 60) for name, number in hosts.items()},
        "country": {"NL": group(700, 70, 40), "US": group(500, 60, 40), "": group(20, 5, 30)},
        "network": {"": group(900, 60, 40), "Twelve mirrors": group(320, 20, 150)},
    }
    months = Counter({name: 20 + n * 13 % 47 for n, name in enumerate(counting.months(now.date()))})
    sites = [(f"{now.date() - timedelta(days=30 - n)}", 15 + n * 7 % 6) for n in range(30)]
    states = Counter(solved=402, failed=44, unfound=3, open=610)
    return Truth(
        states, Counter(month=90, quarter=160, half=170, year=140, older=50), Counter(months, other=300),
        group(1220, 64, 60), groups, group(780, 12, 5), sites, 9, 640,
    )  # fmt: skip


def test_statistics_and_the_report(organisation: Any, now: Any) -> None:
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    figures, kept = keeping.made(year(now), now.date(), {})
    figures["workload"]["reveals_a_shift"] = 2.4
    with tenancy.organisation(organisation.pk):
        StatisticsDay.objects.create(organisation=organisation, day=now.date(), at=now, figures=figures, kept=kept)
    coordinator.post("/console/statistics/publish/", {"title": "A year", "day": str(now.date())})
    coordinator.post("/console/statistics/switch/", {"public": "yes"})
    own = {"statistics": "/console/statistics/", "statistics-host": "/console/statistics/?by=host",
           "statistics-sample": "/console/statistics/?sample=1"}  # fmt: skip
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, coordinator, own, problems, scheme)
            look(browser, Client(), {"public-report": f"/console/report/{organisation.short}/"}, problems, scheme)
    assert not problems, "\n".join(problems)


def test_before_anything_was_counted(organisation: Any, now: Any) -> None:
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, coordinator, {"statistics-empty": "/console/statistics/"}, problems, scheme)
    assert not problems, "\n".join(problems)


def test_programmes(organisation: Any, case: Any, now: Any) -> None:
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    worker = people.signed_in(people.worker(organisation, "caseworker"))
    where = "/console/programmes/"
    problems: list[str] = []
    coordinator.post(where + "add/", {"name": "Scale", "kind": "sliding", "price": "40", "scale": "0, 50, 100"})
    coordinator.post(where + "grants/add/", {"name": "Year", "funder": "Funds", "currency": "EUR", "budget": "100"})
    bill = {"customer": "An agency", "currency": "EUR", "words1": "Search", "each1": "10.50", "key": "k"}
    coordinator.post(where + "invoices/add/", bill)
    with tenancy.organisation(organisation.pk):
        row = Grant.objects.get()
    coordinator.post(f"{where}grants/{row.pk}/spend/", {"amount": "90", "what": "stamps", "key": "s"})
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, coordinator, {"programmes": where}, problems, scheme)
            look(browser, worker, {"case-terms": f"/console/cases/{case.pk}/terms/"}, problems, scheme)
    assert not problems, "\n".join(problems)
