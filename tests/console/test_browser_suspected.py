"""The pages of a stopped site in Chromium, at a phone's width and a desk's."""

from __future__ import annotations

from typing import Any

import pytest

from efface.engine.base import tenancy
from efface.search import stopping
from efface.search.models import HotlineDraft
from efface.search.stopping import Cause
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]
PAGE = "https://a-site-with-a-rather-long-name.example/gallery/2026/a-page-whose-address-never-seems-to-end/index.html"


def test_flagging_reporting_and_letting_it_go_on(organisation: Any, case: Any, now: Any) -> None:
    first, second = (people.worker(organisation, "lead", f"Lee Lead {n}") for n in (1, 2))
    lead, other = people.signed_in(first), people.signed_in(second)
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
    crawl, doubted = people.make_site("lantern.example"), people.make_site("a-site-with-a-rather-long-name.example")
    doubted.dossier = {"parties": [{"key": "host:AS64500", "role": "host", "name": "Example Hosting", "country": "GB"}]}
    doubted.save(update_fields=["dossier"])
    stopping.stop(crawl, Cause("terms", ("en.age", "own.12")), ["https://lantern.example/p"], now)
    stop = stopping.stop(doubted, Cause("person", ("match",), f"lead:{first.pk}", organisation.pk), [PAGE], now)
    with tenancy.organisation(organisation.pk):
        stopping.doubt(stop.pk, "It sells lanterns; I know the shop.", f"lead:{first.pk}", now)
        drafts = {one.stop.site.domain: one.pk for one in HotlineDraft.objects.select_related("stop__site")}
    pages = {
        "suspect": f"/console/suspect/match/{match.pk}/",
        "suspect-again": f"/console/suspect/site/{crawl.pk}/",
        "suspected": f"/console/decision/suspected/{drafts['lantern.example']}/",
        "suspected-mine": f"/console/decision/suspected/{drafts[doubted.domain]}/",
        "suspected-queue": "/console/queue/",
        "coverage-stopped": "/console/coverage/?kind=stopped",
        "coverage-stopped-empty": "/console/coverage/?kind=paused",
        "coverage-stopped-site": f"/console/coverage/{doubted.pk}/",
        "stopped-site": f"/console/sites/{doubted.pk}/",
    }
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, pages, problems, scheme)
            look(browser, other, {"suspected-theirs": pages["suspected-mine"]}, problems, scheme)
        with browser.page(lead, width=390, height=844) as page:
            page.goto(ORIGIN + pages["suspect"])
            page.get_by_role("button", name="Stop this site").click()
            page.get_by_text("Draft for a hotline").wait_for()
            assert "hxxps://pictures[.]example/p/1" in page.inner_text("main")
            links = page.eval_on_selector_all("main a", "all => all.map(one => one.href)")
            assert all(one.startswith(ORIGIN) for one in links)
            assert page.locator("main img").count() == 0
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)
