"""The pages of partners, reports and help in Chromium: no accessibility violation, nothing too wide, no complaint."""

from __future__ import annotations

from typing import Any

import pytest

from efface.cases import consents
from efface.cases.models import Case
from efface.engine.base import tenancy
from efface.partners import casework, feeds, hooks, lookups, reports
from efface.partners.models import LookupDay, News
from efface.search import urls
from efface.search.models import Match
from tests import people
from tests.api.conftest import make_partner
from tests.chromium import chromium
from tests.console.test_browser import look
from tests.console.test_partners import XARF

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
GIVEN = {"age": "adult", "country": "DE", "language": "en", "acquisition": "unknown", "danger": False}


@pytest.fixture
def pages(organisation: Any, now: Any) -> tuple[dict[str, str], dict[str, str]]:
    one, empty = make_partner(organisation).partner, make_partner(organisation, ["cases.read"]).partner
    with tenancy.organisation(organisation.pk):
        hooks.set_hook(one, "https://a-rather-long-name-of-a-shelter.example/news/of/cases?kind=all", "c", now)
        case = casework.open_case(one, GIVEN, now)[0].case
        consents.stop(case, "survivor", now)
        consents.resume(case, "survivor", now)
        News.objects.update(state="stuck", attempts=47, answer="status 503")
        lookups.halt(one, "asked again and again just beside the border of a hash", now)
        LookupDay.objects.create(organisation=organisation, partner=one, day=now.date(), asked=1200, known=3, brinks=26)
        feeds.make(one, now)
        row, _new = reports.take(organisation.pk, XARF, now, one)
        child, _new = reports.take(organisation.pk, XARF | {"report_id": "another-one", "type": "csam"}, now, one)
        match = people.make_match(case, page="https://pictures.example/p/1")
        Match.objects.filter(pk=match.pk).update(page_digest=urls.digest("https://pictures.example/p/1"))
        Case.objects.filter(pk=case.pk).update(state="open")
    coordination = {"partners": "/console/partners/", "partner": f"/console/partners/{one.pk}/",
                    "partner-empty": f"/console/partners/{empty.pk}/"}  # fmt: skip
    work = {"case-partners": f"/console/cases/{case.pk}/partners/",
            "reports": "/console/queue/?kind=report&kind=undelivered",
            "report": f"/console/decision/report/{row.pk}/", "report-child": f"/console/decision/report/{child.pk}/",
            "case-with-link": f"/console/cases/{case.pk}/",
            "help": "/console/knowledge/?place=DE", "help-none": "/console/knowledge/?q=zzzz",
            "guide": "/console/knowledge/extortion/"}  # fmt: skip
    return coordination, work


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page(organisation: Any, pages: Any, scheme: str) -> None:
    problems: list[str] = []
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    lead = people.signed_in(people.worker(organisation, "lead"))
    with chromium() as browser:
        look(browser, coordinator, pages[0], problems, scheme)
        look(browser, lead, pages[1], problems, scheme)
        assert problems == [] and browser.outside == [] and browser.complaints == []
