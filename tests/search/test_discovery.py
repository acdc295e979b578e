"""Sites met on the way wait for a person, few at a time, and are not visited."""

from __future__ import annotations

from datetime import datetime

import pytest

from efface.search import discovery
from efface.sites import registry
from efface.sites.models import Site

pytestmark = pytest.mark.django_db


def test_where_a_page_moved_to_waits_in_the_queue(now: datetime) -> None:
    site = registry.register("a.example", now)
    found = discovery.moved(site, "https://www.elsewhere.example/v/her-name?x=1", now)
    assert found is not None and (found.domain, found.review, found.state, found.origin) == (
        "elsewhere.example", "new", "paused", "redirect",
    )  # fmt: skip
    assert "her-name" not in found.start_url
    for url in ("https://www.a.example/b", "https://youtube.com/x", "http://127.0.0.1/", "", "http://[::1/"):
        assert discovery.moved(site, url, now) is None


def test_of_a_pages_links_a_few_other_sites(now: datetime) -> None:
    site = registry.register("a.example", now)
    links = ["https://a.example/1", "https://t.me/x", *(f"https://n{n}.example/p" for n in range(20))]
    assert discovery.linked(site, links, now) == discovery.MOST_LINKS
    assert discovery.linked(site, links, now) == 0
    assert set(Site.objects.filter(origin="link").values_list("state", "review")) == {("paused", "new")}
