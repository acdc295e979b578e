"""Statistics and the published report in Chromium, at a phone's width and a desk's: nothing too wide, axe content."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import Grant
from efface.engine.base import tenancy
from efface.takedown.figures import counting, keeping
from efface.takedown.figures.counting import Truth
from efface.takedown.figures.models import StatisticsDay
from efface.takedown.figures.tally import Group, Tally
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look, shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


def year(now: Any) -> Truth:
    """A year of a service of some size."""

    def group(number: int, share: int, pace: int) -> Group:
        made = Group()
        for n in range(number // 3):
            went = n % 100 < share
            made.add([(0.4 + n * 7 % pace if went else 20 + n * 11 % 200, went)] * (1 + n % 5))
        return made

    hosts = {"as:64500": 800, "host:a-rather-long-provider-name-somewhere.example": 300, "cloud.example": 120, "x": 2}
    tally = Tally()
    tally.groups["all"][""] = group(1220, 64, 60)
    tally.groups["route"] = {"dsa16": group(700, 70, 40), "gdpr17": group(300, 45, 90), "dmca": group(220, 80, 20)}
    tally.groups["host"] = {name: group(number, 40 + number % 50, 60) for name, number in hosts.items()}
    tally.groups["country"] = {"NL": group(700, 70, 40), "US": group(500, 60, 40), "": group(20, 5, 30)}
    tally.groups["network"] = {"": group(900, 60, 40), "Twelve mirrors": group(320, 20, 150)}
    tally.counts["months"].update({name: 20 + n * 13 % 47 for n, name in enumerate(counting.months(now.date()))})
    tally.counts["months"]["other"] = 300
    tally.counts["cases"].update(solved=402, failed=44, unfound=3, open=610)
    tally.counts["open_age"].update(month=90, quarter=160, half=170, year=140, older=50)
    tally.counts["returned"].update(gone_once=380, came_back=46)
    sites = [(f"{now.date() - timedelta(days=30 - n)}", 15 + n * 7 % 6) for n in range(30)]
    return Truth(tally, sites, 9, 640)


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
            report = f"/console/report/{organisation.short}/"
            public = {"public-report": report + "?l=en", "public-report-de": report + "?l=de&by=country"}
            look(browser, Client(), public, problems, scheme)
    assert not problems, "\n".join(problems)


def test_a_report_is_printed_with_all_its_tables(organisation: Any, now: Any) -> None:
    """Also those that stand folded on screen; nothing to press is left on paper."""
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    figures, kept = keeping.made(year(now), now.date(), {})
    with tenancy.organisation(organisation.pk):
        StatisticsDay.objects.create(organisation=organisation, day=now.date(), at=now, figures=figures, kept=kept)
    coordinator.post("/console/statistics/publish/", {"title": "A year", "day": str(now.date())})
    coordinator.post("/console/statistics/switch/", {"public": "yes"})
    with chromium() as browser, browser.page(Client(), width=794, height=1123) as page:
        page.goto(f"{ORIGIN}/console/report/{organisation.short}/?l=en")
        folded = page.locator("details:not([open]) table")
        assert folded.count() >= 1 and not folded.first.is_visible()
        page.emulate_media(media="print")
        shot(page, "public-report-print")
        tables = page.locator("table")
        assert all(tables.nth(n).is_visible() for n in range(tables.count())) and tables.count() >= 5
        assert not page.locator("nav").first.is_visible() and not page.locator("a.button").first.is_visible()
        bars = page.locator("svg .measure")
        assert bars.count() > 40 and all(bars.nth(n).is_visible() for n in range(bars.count()))


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
    bill = {"customer": "An agency", "address": "1 Street", "supplier": "2 Lane", "no_tax": "exempt", "currency": "EUR",
            "words1": "Search", "each1": "10.50", "key": "k"}
    coordinator.post(where + "invoices/add/", bill)
    with tenancy.organisation(organisation.pk):
        row = Grant.objects.get()
    coordinator.post(f"{where}grants/{row.pk}/spend/", {"amount": "90", "what": "stamps", "key": "s"})
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, coordinator, {"programmes": where}, problems, scheme)
            look(browser, worker, {"case-terms": f"/console/cases/{case.pk}/terms/"}, problems, scheme)
    assert not problems, "\n".join(problems)
