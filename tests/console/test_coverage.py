"""The coverage page: every kind told in words, at fifty thousand sites as at five, and no address of anything found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from efface.accounts import doorkeeper
from efface.accounts.models import AuditEntry
from efface.engine.base import tenancy
from efface.search import coverage, frontier
from efface.search.models import Frontier, SiteLore, SiteRule
from efface.sites.models import Site
from tests import people

pytestmark = pytest.mark.django_db


def _site(now: Any, domain: str, **more: Any) -> Site:
    return Site.objects.create(domain=domain, start_url=f"https://{domain}/", added_at=now, **more)


@pytest.fixture
def sites(now: Any) -> dict[str, Site]:
    made = {
        "paused": _site(now, "a.example", state="paused"), "stopped": _site(now, "b.example", state="stopped"),
        "robots": _site(now, "c.example", last_error="robots.txt forbids", visited_at=now),
        "blocked": _site(now, "d.example", last_error="challenge", failures=2), "new": _site(now, "e.example"),
        "dead": _site(now, "f.example", last_error="refused", failures=1), "browser": _site(now, "g.example"),
        "budget": _site(now, "h.example", visited_at=now, day=now.date(), day_pages=400),
        "stale": _site(now, "i.example", visited_at=now - timedelta(days=30)),
        "read": _site(now, "j.example", visited_at=now),
    }  # fmt: skip
    SiteLore.objects.create(site=made["browser"], unseen=3)
    return made


def test_every_kind_is_told_the_same_by_the_rule_and_by_the_database(sites: dict[str, Site], now: Any) -> None:
    assert {one: number for one, _words, number in coverage.counts(now, 400)} == dict.fromkeys(coverage.WORDS, 1)
    for kind, site in sites.items():
        rows, _next = coverage.sites(kind, "", now, 400)
        assert [(row.site.pk, row.kind) for row in rows] == [(site.pk, kind)]
        assert rows[0].why


def test_what_is_wrong_is_said_in_words_and_not_by_the_crawl_s_own() -> None:
    assert "(a log-in)" in coverage.why("blocked", "login") and "(our requests are refused)" in coverage.why(
        "blocked", "blocked"
    )
    assert coverage.outcome(200, "login", 0) == "wall: a log-in"
    said = coverage.why("dead", "timeout", 7)
    assert said.startswith("It did not answer 7 times in a row (no answer in time).") and "tried again" in said
    assert coverage.why("dead", "", 1).startswith("It did not answer. It is tried")
    assert "not visited" in coverage.why("dead", "", 0, offline=True), "nobody tries again what a person called offline"


def test_every_wall_that_the_crawl_writes_down_has_its_words() -> None:
    from efface.search import reading

    assert set(reading.WALLS) <= set(coverage.WALLS)


def test_the_page_takes_as_many_queries_for_many_sites_as_for_few(
    organisation: Any, sites: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A session is written once a minute: not between these two.
    monkeypatch.setattr(doorkeeper, "MINUTE_S", 1e9)
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    desk.get("/console/coverage/")  # what a session's first request asks once
    with CaptureQueriesContext(connection) as few:
        assert desk.get("/console/coverage/").status_code == 200
    Site.objects.bulk_create(
        [Site(domain=f"s{n}.example", start_url="https://x/", added_at=now, visited_at=now) for n in range(2000)]
    )
    with CaptureQueriesContext(connection) as many:
        page = desk.get("/console/coverage/").content.decode()
    assert len(many) == len(few)
    assert page.count("<tr>") == coverage.PAGE + 1
    assert "after=" in page


def test_keyset_pages_show_every_site_once(sites: Any, now: Any) -> None:
    Site.objects.bulk_create([Site(domain=f"s{n:03}.example", start_url="x", added_at=now) for n in range(250)])
    seen: list[str] = []
    after = ""
    while True:
        rows, after = coverage.sites("", after, now, 400)
        seen += [row.site.domain for row in rows]
        if not after:
            break
    assert seen == sorted(set(seen)) and len(seen) == 260


def test_a_sites_log_shows_no_address(organisation: Any, sites: dict[str, Site], now: Any) -> None:
    row = frontier.ensure(sites["read"], "https://j.example/secret-name-of-her", now)
    Frontier.objects.filter(pk=row.pk).update(visited_at=now, status=200, shows=3)
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    page = desk.get(f"/console/coverage/{sites['read'].pk}/").content.decode()
    assert "What was read last" in page and "secret-name" not in page and ">3<" in page


def test_a_lead_pauses_resumes_and_sets_a_budget_that_can_be_undone(
    organisation: Any, sites: dict[str, Site], now: Any
) -> None:
    lead, site = people.signed_in(people.worker(organisation, "lead")), sites["read"]
    change = f"/console/coverage/{site.pk}/change/"
    for choice, state in (("pause", "paused"), ("resume", "active")):
        assert lead.post(change, {"choice": choice}).status_code == 302
        assert Site.objects.get(pk=site.pk).state == state
    assert lead.post(change, {"choice": "budget", "pages": "40", "reason": "short"}).status_code == 302
    assert not SiteRule.objects.exists(), "a reason is a sentence"
    for pages in ("40", "80"):
        lead.post(change, {"choice": "budget", "pages": pages, "reason": "many new pages each day"})
    assert "80" in lead.get(f"/console/coverage/{site.pk}/").content.decode()
    lead.post(change, {"choice": "undo"})
    latest = SiteRule.objects.order_by("-decided_at", "-pk").first()
    assert latest is not None and latest.pages == 40
    with tenancy.organisation(organisation.pk):
        assert AuditEntry.objects.filter(action="site.pause").exists()
    assert lead.post(change, {"choice": "elsewhere"}).status_code == 404


def test_a_caseworker_sees_and_changes_nothing(organisation: Any, sites: dict[str, Site]) -> None:
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    site = sites["read"]
    assert b'value="pause"' not in desk.get(f"/console/coverage/{site.pk}/").content
    assert desk.post(f"/console/coverage/{site.pk}/change/", {"choice": "pause"}).status_code in (403, 404)
    assert Site.objects.get(pk=site.pk).state == "active"


def test_an_empty_installation_says_so(organisation: Any) -> None:
    page = people.signed_in(people.worker(organisation, "coordinator")).get("/console/coverage/").content.decode()
    assert "No site is known yet" in page and "Nothing waits" in page
