"""The plan, its changes and steps, questions, results and the law in Chromium: phone and desk, no violation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import User
from efface.cases import avoiding
from efface.engine.base import tenancy
from efface.engine.base.ids import uuid7
from efface.sites import learning
from efface.takedown import planning, steering
from efface.takedown.models import Outcome, Route
from tests import people
from tests.casework import make_case, make_finding
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, dossier

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def planned(organisation: Any, now: Any) -> Any:
    """A plan with everything that can stand on its page."""
    worker = people.worker(organisation, "caseworker", "Kim First")
    for number in range(12):
        Outcome.objects.create(
            party_key=HOST.key, role="host", notice_type="eu_dsa_art16", sent_at=now, removed=number < 7, hours=20.0
        )
        one = uuid7()
        learning.sent(one, "email", "a@h.example", "host", "eu_dsa_art16", "de", now - timedelta(days=40),
                      site="s.example")  # fmt: skip
        if number < 7:
            learning.removed(one, 24.0 * (number + 1))
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, country="es")
        finding = make_finding(case)
        there = dossier(OPERATOR, HOST, MEDIA_HOST, REGISTRAR, SEARCH)
        there.beside.append(type(HOST)("host", "host:AS64999", "Origin Hosting", reasons=["an old record names it"]))
        planning.apply(finding, there, now)
        user = User.objects.get(pk=worker.pk)
        steering.change(finding, "skip", OPERATOR.key, user, "she knows the people who run it", now)
        steering.change(finding, "postpone", REGISTRAR.key, user, "trial", now, until=now + timedelta(days=30))
        planning.apply(finding, there, now)
        avoiding.add(case, "John Doe", "survivor", now)
        assert Route.objects.filter(state="dropped").exists()
    finding.worker = worker
    return finding


def test_every_new_page_for_everybody(organisation: Any, planned: Any, now: Any) -> None:
    desk = people.signed_in(planned.worker)
    opened = people.open_case(organisation, country="US")
    with tenancy.organisation(organisation.pk):
        avoiding.add(opened.case, "his-shop.example", "survivor", now)
        bare = make_finding(make_case(organisation), page="http://pictures.example/v/2")
    her = people.entered(opened.access_code)
    plan = f"/console/cases/{planned.case_id}/plan/{planned.pk}/"
    console = {
        "plan": plan, "plan-none": f"/console/cases/{bare.case_id}/plan/{bare.pk}/",
        "plan-skip": f"{plan}change/?verb=skip&party={HOST.key}",
        "plan-before": f"{plan}change/?verb=before&party={REGISTRAR.key}",
        "plan-postpone": f"{plan}change/?verb=postpone&party={HOST.key}",
        "plan-use": f"{plan}change/?verb=use&party={HOST.key}&notice_type=generic_host_abuse",
        "plan-ask": f"{plan}change/?verb=ask&party=host:AS64999",
        "steps": f"/console/cases/{planned.case_id}/by-hand/", "asking": f"/console/cases/{planned.case_id}/asking/",
        "particulars": f"/console/cases/{planned.case_id}/particulars/",
        "results": "/console/results/", "results-none": "/console/results/?by=language", "law": "/console/law/",
        "law-place": "/console/law/places/US/", "law-notice": "/console/law/notices/us_tida/",
        "law-desk": "/console/law/desks/stopncii/",
    }  # fmt: skip
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, Client(), {"places": "/places/", "place": "/places/us/"}, problems, scheme)
            look(browser, her, {"questions": "/case/questions/"}, problems, scheme)
            look(browser, desk, console, problems, scheme)
        with browser.page(desk, width=390, height=844, java_script_enabled=False) as page:
            page.goto(ORIGIN + plan)
            page.locator("summary", has_text="Change this").first.click()
            page.locator("button", has_text="Ask first").first.click()
            page.fill("#why", "it answers fast")
            page.locator("#change button").click()
            assert "it answers fast" in page.inner_text("main")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)
