"""Pages that no test of a journey opens, at both widths: proof, reachability, a check, the first page, how a
site is visited, an older public report."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.cases import conversing
from efface.engine.base import tenancy
from efface.takedown.figures import keeping
from efface.takedown.figures.models import StatisticsDay
from tests import people
from tests.chromium import chromium
from tests.console.test_browser import SIZES, look
from tests.console.test_browser_statistics import year

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


def test_the_rest(organisation: Any, case: Any, now: Any) -> None:
    worker = people.worker(organisation, "caseworker")
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    figures, kept = keeping.made(year(now), now.date(), {})
    with tenancy.organisation(organisation.pk):
        check = people.make_check(people.make_finding(case))
        talk = conversing.begin(case, worker, "video", now)
        for step, given in (("alone", "yes"), ("listening", "no"), ("word", "-")):
            talk = conversing.answer(talk, worker, step, given, now)
        StatisticsDay.objects.create(organisation=organisation, day=now.date(), at=now, figures=figures, kept=kept)
    for title in ("A year", "The same, said better"):
        coordinator.post("/console/statistics/publish/", {"title": title, "day": str(now.date())})
    coordinator.post("/console/statistics/switch/", {"public": "yes"})
    place = f"/console/cases/{case.pk}/"
    hers = {"proof": place + "proof/", "reach": place + "reach/", "check": f"/console/checks/{check.pk}/"}
    doors = (
        (people.signed_in(worker), hers),
        (people.signed_in(people.worker(organisation, "operator")), {"first": "/console/"}),
        (coordinator, {"visiting": f"/console/sites/{people.make_site().pk}/visiting/"}),
        (Client(), {"older-report": f"/console/report/{organisation.short}/1/"}),
    )
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            for client, pages in doors:
                look(browser, client, pages, problems, scheme)
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)
