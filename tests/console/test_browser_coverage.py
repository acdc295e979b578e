"""Coverage in Chromium with a world in it: sites read, walled, dead, paused and stopped, at a phone's width and a
desk's; and figures that go on by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections

from efface.engine.base import tenancy
from efface.search import coverage, frontier, stopping
from efface.search.models import Frontier, SiteLore, SiteRule, Sweep
from efface.search.stopping import Cause
from efface.sites.models import Site
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]
LONG = "a-site-with-a-rather-long-name-that-somebody-took-for-fun.example"


def filled(now: datetime) -> dict[str, Site]:
    """Some of every kind, with pages read and waiting."""

    def made(domain: str, **more: Any) -> Site:
        return Site.objects.create(domain=domain, start_url=f"https://{domain}/", added_at=now, **more)

    walled = {"visited_at": now, "failures": 1}
    sites = {f"wall-{wall}": made(f"wall-{wall}.example", last_error=wall, **walled) for wall in coverage.WALLS}
    sites |= {
        "read": made(LONG, visited_at=now, visits=12), "new": made("new.example"),
        "paused": made("paused.example", state="paused", visited_at=now - timedelta(days=3)),
        "dead": made("dead.example", last_error="timeout", failures=7, backoff_until=now + timedelta(days=2)),
        "gone": made("gone.example", state="gone", visited_at=now - timedelta(days=40)),
        "robots": made("robots.example", last_error="robots.txt forbids", visited_at=now),
        "browser": made("scripted.example", visited_at=now),
        "budget": made("large.example", visited_at=now, day=now.date(), day_pages=400),
        "stale": made("stale.example", visited_at=now - timedelta(days=30)),
        "stopped": made("stopped.example", visited_at=now),
    }  # fmt: skip
    SiteLore.objects.create(site=sites["browser"], unseen=9)
    SiteRule.objects.create(site=sites["read"], decided_in="00000000-0000-0000-0000-000000000001", pages=120,
                            decided_by="coordinator:1", decided_at=now, reason="a large archive")  # fmt: skip
    outcomes = [(200, "", 6), (304, "", 6), (404, "", 0), (403, "login", 0), (200, "double", 2), (0, "", 0)]
    for number in range(60):
        row = frontier.ensure(sites["read"], f"https://{LONG}/v/{number}", now)
        status, wall, shows = outcomes[number % len(outcomes)]
        at = now - timedelta(minutes=7 * number) if number < 48 else None
        Frontier.objects.filter(pk=row.pk).update(
            visited_at=at, read_at=at, status=status, wall=wall, shows=shows, sweep=number % 5 == 0,
            failures=int(not status),
        )  # fmt: skip
    return sites


def test_coverage_of_a_filled_world(organisation: Any, case: Any, now: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    auditor = people.signed_in(people.worker(organisation, "coordinator"))
    sites = filled(now)
    stopping.stop(sites["stopped"], Cause("terms", ("en.age",)), ["https://stopped.example/p"], now)
    with tenancy.organisation(organisation.pk):
        Sweep.objects.create(
            organisation=organisation, case=case, began_at=now - timedelta(days=1), planned_at=now, pages=40
        )
    pages = {"coverage-filled": "/console/coverage/"}
    pages |= {f"coverage-kind-{kind}": f"/console/coverage/?kind={kind}" for kind in ("blocked", "dead", "paused")}
    pages |= {
        f"coverage-of-{name}": f"/console/coverage/{sites[name].pk}/"
        for name in ("read", "wall-login", "dead", "gone", "paused", "robots", "browser", "budget", "stopped", "new")
    }
    pages["coverage-case"] = f"/console/cases/{case.pk}/"
    pages["queue-filled"] = "/console/queue/"
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, pages, problems, scheme)
        look(browser, auditor, {"coverage-coordinator": pages["coverage-of-read"]}, problems, "light")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_figures_go_on_by_themselves(organisation: Any, now: Any) -> None:
    sites = filled(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    cache.clear()
    with chromium() as browser, browser.page(lead, width=390, height=844) as page:
        page.clock.install()
        page.goto(ORIGIN + "/console/coverage/")
        before = page.inner_text("[data-fact=due]")
        connections["default"] = browser.connection  # not one that Playwright's loop would open, blind to the test
        Frontier.objects.filter(site=sites["read"]).update(due_at=now + timedelta(days=2))
        cache.clear()  # a minute later
        with page.expect_response("**/console/coverage/speed/"):
            page.clock.run_for(21_000)
        page.clock.run_for(1_000)  # htmx puts what came into the page a moment later
        assert before == "60" and page.inner_text("[data-fact=due]") == "0"
        assert browser.outside == [] and browser.complaints == []
